//! The OpenAPI document as a judge of answers.

use std::collections::BTreeSet;

use axum::http::{Method, header};
use serde_json::{Value, json};

use crate::support::Answer;

pub struct Description {
    pub document: Value,
    /// Schemas that know every field: one that is not described is refused.
    components: Value,
}

impl Description {
    pub fn new(document: Value) -> Description {
        let mut components = document["components"].clone();
        let mut parts = BTreeSet::new();
        loop {
            let before = parts.len();
            for (name, schema) in components["schemas"].as_object_mut().unwrap() {
                close(schema, parts.contains(name), &mut parts, false);
            }
            if parts.len() == before {
                break;
            }
        }
        for (name, schema) in components["schemas"].as_object_mut().unwrap() {
            let is_part = parts.contains(name);
            close(schema, is_part, &mut parts.clone(), true);
        }
        Description { document, components }
    }

    /// Every operation: method and path.
    pub fn operations(&self) -> BTreeSet<(String, String)> {
        let paths = self.document["paths"].as_object().unwrap().iter();
        let of_path = |(path, item): (&String, &Value)| {
            let methods = item.as_object().unwrap().keys();
            methods.map(|method| (method.to_uppercase(), path.clone())).collect::<Vec<_>>()
        };
        paths.flat_map(of_path).collect()
    }

    pub fn operation(&self, method: &Method, path: &str) -> &Value {
        &self.document["paths"][path][method.as_str().to_lowercase()]
    }

    /// Panics unless the answer is one that is described.
    pub fn judge(&self, method: &Method, path: &str, answer: &Answer) {
        let what = format!("{method} {path}: {}", answer.status);
        let response = &self.operation(method, path)["responses"][answer.status.as_str()];
        assert!(response.is_object(), "{what} is not described: {}", answer.text());
        let Some(content) = response.get("content") else {
            assert!(answer.bytes.is_empty(), "{what}: a body is not described");
            return;
        };
        let kind = answer.headers[header::CONTENT_TYPE].to_str().unwrap();
        let media = &content[kind.split(';').next().unwrap()];
        assert!(media.is_object(), "{what}: {kind} is not described");
        if kind == "application/json" {
            let schema = json!({
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "allOf": [media["schema"]],
                "components": self.components,
            });
            let validator = jsonschema::validator_for(&schema).unwrap();
            let value = answer.json();
            let wrong: Vec<String> = validator
                .iter_errors(&value)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(wrong.is_empty(), "{what}: {wrong:#?}\nin {value:#}");
        }
    }
}

/// Closes objects to fields that are not described. Parts of an `allOf` stay
/// open, and the whole is closed instead; `parts` gathers the schemas they name.
fn close(schema: &mut Value, is_part: bool, parts: &mut BTreeSet<String>, closes: bool) {
    if is_part && let Some(name) = schema["$ref"].as_str() {
        parts.insert(name.rsplit('/').next().unwrap().to_owned());
    }
    let Some(object) = schema.as_object_mut() else { return };
    let has_parts = object.contains_key("allOf");
    let is_closed = object.contains_key("additionalProperties");
    if closes && !is_part {
        if has_parts {
            object.insert("unevaluatedProperties".to_owned(), json!(false));
        } else if object.contains_key("properties") && !is_closed {
            object.insert("additionalProperties".to_owned(), json!(false));
        }
    }
    for (key, inner) in object.iter_mut() {
        match (key.as_str(), inner) {
            ("allOf", Value::Array(list)) => {
                list.iter_mut().for_each(|one| close(one, true, parts, closes));
            }
            ("oneOf" | "anyOf", Value::Array(list)) => {
                list.iter_mut().for_each(|one| close(one, is_part, parts, closes));
            }
            ("properties", Value::Object(fields)) => {
                fields.values_mut().for_each(|one| close(one, false, parts, closes));
            }
            ("items", one) => close(one, false, parts, closes),
            _ => {}
        }
    }
}
