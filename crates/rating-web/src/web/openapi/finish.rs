//! What the table of routes knows about an operation: who may use it, how
//! callers prove who they are, what is in the path, and how it refuses.

use axum::http::StatusCode;
use serde_json::json;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    ComponentsBuilder, Content, OpenApi, Ref, RefOr, Required, Response, ResponseBuilder,
};
use utoipa::{PartialSchema, ToSchema};

use crate::people::Role;
use crate::web::access::{Access, COOKIE};
use crate::web::respond::Refused;
use crate::web::routes::Route;

/// Adds what the table of routes knows.
pub(super) fn finish(document: &mut OpenApi, routes: &[Route]) {
    let components = document.components.take().unwrap_or_default();
    let mut components =
        ComponentsBuilder::from(components).schema(Refused::name(), Refused::schema()).build();
    for (name, scheme) in schemes() {
        components.add_security_scheme(name, scheme);
    }
    document.components = Some(components);
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            let known = routes.iter().find(|one| one.path == path && one.method.as_str() == method);
            if let (Some(route), Some(operation)) = (known, operation) {
                describe(operation, route);
            }
        }
    }
}

fn operations(item: &mut PathItem) -> [(&'static str, Option<&mut Operation>); 4] {
    [
        ("GET", item.get.as_mut()),
        ("PUT", item.put.as_mut()),
        ("POST", item.post.as_mut()),
        ("DELETE", item.delete.as_mut()),
    ]
}

fn describe(operation: &mut Operation, route: &Route) {
    let changes = !route.method.is_safe();
    let is_open = route.access == Access::Anyone;
    let parameters = operation.parameters.get_or_insert_default();
    for name in names(route.path) {
        if !parameters.iter().any(|known| matches!(known, RefOr::T(one) if one.name == name)) {
            parameters.push(RefOr::T(parameter(name)));
        }
    }
    let roles = Role::ALL.into_iter().filter(|role| match route.access {
        Access::Anyone | Access::SignedIn => true,
        Access::Needs(ability) => role.may(ability),
    });
    let roles: Vec<&str> = roles.map(Role::word).collect();
    let who = if is_open { "anybody".to_owned() } else { roles.join(", ") };
    let words = operation.description.take().filter(|text| !text.is_empty());
    let words = words.map(|text| text + "\n\n").unwrap_or_default();
    operation.description = Some(format!("{words}For: {who}."));
    let extension = ExtensionsBuilder::new().add("x-roles", json!(roles)).build();
    operation.extensions.get_or_insert_default().merge(extension);
    operation.security = Some(if is_open { Vec::new() } else { ways_in(changes) });
    refusals(operation, is_open);
}

/// The names between braces.
fn names(path: &'static str) -> impl Iterator<Item = &'static str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn parameter(name: &str) -> Parameter {
    let text = ObjectBuilder::new().schema_type(Type::String);
    let (words, schema) = match name {
        "code" => (
            "The pair's code, which readers see instead of a name.",
            text.examples([json!("7QK2MX")]),
        ),
        "modality" => {
            ("A modality of the protocol.", text.examples([json!("grayscale"), json!("doppler")]))
        }
        "stage" => (
            "Which reading: the second one, knowing what the others said, or a senior reader's decision.",
            text.enum_values(Some(["first", "consensus", "adjudication"])),
        ),
        "name" => ("The study's name.", text),
        "item" => (
            "The number of the reading, as the case told it.",
            ObjectBuilder::new().schema_type(Type::Integer),
        ),
        "answer" => (
            "The number of the answer, as the lesson told it.",
            ObjectBuilder::new().schema_type(Type::Integer),
        ),
        "id" => ("What the beginning of the import answered.", text),
        _ => ("", text),
    };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(words))
        .schema(Some(Schema::Object(schema.build())))
        .build()
}

/// Names of the ways in, in the document.
const TOKEN: &str = "token";
const SESSION: &str = "session";
const CSRF: &str = "csrf";

fn schemes() -> [(&'static str, SecurityScheme); 3] {
    let token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("Made on the page \"Your account\"; it acts as that account."));
    let session = ApiKeyValue::with_description(COOKIE, "The session of a browser.");
    let csrf = "The word of the session that its pages hold, in every change a browser makes.";
    let csrf = ApiKeyValue::with_description("x-csrf", csrf);
    [
        (TOKEN, SecurityScheme::Http(token.build())),
        (SESSION, SecurityScheme::ApiKey(ApiKey::Cookie(session))),
        (CSRF, SecurityScheme::ApiKey(ApiKey::Header(csrf))),
    ]
}

/// Either of these.
fn ways_in(changes: bool) -> Vec<SecurityRequirement> {
    let none: [&str; 0] = [];
    let session = SecurityRequirement::new(SESSION, none);
    let session = if changes { session.add(CSRF, none) } else { session };
    vec![SecurityRequirement::new(TOKEN, none), session]
}

/// Gives each status of a refusal its words and body, and adds those that
/// every operation has.
fn refusals(operation: &mut Operation, is_open: bool) {
    let common: &[u16] = if is_open { &[500] } else { &[401, 403, 429, 500] };
    let responses = &mut operation.responses.responses;
    for status in common {
        let empty = RefOr::T(Response::default());
        responses.entry(status.to_string()).or_insert(empty);
    }
    for (status, response) in responses {
        let Some(words) = words(status) else { continue };
        let body = Content::new(Some(RefOr::Ref(Ref::from_schema_name(Refused::name()))));
        let refused = ResponseBuilder::new().description(words).content("application/json", body);
        *response = RefOr::T(refused.build());
    }
}

/// What a refusal of this status says; `None` where the status is no refusal.
fn words(status: &str) -> Option<&'static str> {
    let status = StatusCode::from_bytes(status.as_bytes()).ok()?;
    Some(match status.as_u16() {
        400 => "The request itself makes no sense.",
        401 => {
            "Nobody is signed in: no token or session, or one that is unknown, revoked or ended."
        }
        403 => {
            "Not for this caller: the role does not include it, the word of the session is missing, \
             or what is asked for is not to be told yet."
        }
        404 => "There is no such thing, or the caller may not know that there is.",
        409 => "Something else stands there by now; `state` says what. Nothing was overwritten.",
        413 => "Too much at once; the sentence names the limit.",
        415 => "No image that is read here.",
        422 => "Understood, but it does not fit; the sentence says what.",
        429 => "Too many requests, or uploads at a time: wait a moment.",
        500 => "A failure of the server. Nothing was changed.",
        _ => return None,
    })
}
