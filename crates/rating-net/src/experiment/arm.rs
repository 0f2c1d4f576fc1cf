//! One arm: how it departs from the base.

use std::collections::BTreeMap;

use rating::protocol::toml_problem;
use rating::{Problem, Protocol};
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::config::Config;

/// One way to train and decide, as a difference from the base.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// Its name, for the report.
    pub name: String,
    /// Values of the configuration that differ.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub set: Table,
    /// Keys of the configuration that are left out, such as `training.jigsaw`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
    /// The modalities a measurement is read from, by its name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub read: BTreeMap<String, Vec<String>>,
    /// A measurement is read from one modality by the extractors that the
    /// base's fusion networks rest on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extractor: Option<Extractor>,
    /// Only the combined grade is learned, as one measurement read from these
    /// modalities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub combined_from: Option<Vec<String>>,
    /// How many patients of the training cohort it learns from; all when left
    /// out. Of two arms the smaller has some of the larger's patients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patients: Option<usize>,
    /// Whose grades it learns.
    #[serde(default, skip_serializing_if = "Grader::is_reference")]
    pub learns_from: Grader,
    /// No network is asked: these grades are the answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_by: Option<Grader>,
    /// The learning curve that its figures are a point of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curve: Option<String>,
    /// How votes become grades.
    #[serde(default)]
    pub decide: Decide,
}

/// Whose grades of a pair.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grader {
    /// The reference grades of the manifest.
    #[default]
    Reference,
    /// The first readings of one reader in `readings.csv` beside the manifest.
    Reader(String),
    /// A column `x_*` of the manifest for each measurement, by its name.
    Columns(BTreeMap<String, String>),
}

impl Grader {
    /// Whether these are the reference grades.
    #[must_use]
    pub fn is_reference(&self) -> bool {
        *self == Grader::Reference
    }
}

/// The extractors of one modality, as networks of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extractor {
    /// The measurement's name.
    pub measurement: String,
    /// The modality's name.
    pub modality: String,
}

/// How the votes of the scoring models become grades.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decide {
    /// The valid combination with the largest weight.
    #[default]
    Multitude,
    /// The commonest vote of each measurement by itself.
    Majority,
    /// Each model alone; figures are means over the models.
    EachModel,
}

impl Arm {
    /// The base itself.
    #[must_use]
    pub fn base() -> Arm {
        Arm {
            name: "base".to_owned(),
            set: Table::new(),
            without: Vec::new(),
            read: BTreeMap::new(),
            extractor: None,
            combined_from: None,
            patients: None,
            learns_from: Grader::Reference,
            answered_by: None,
            curve: None,
            decide: Decide::Multitude,
        }
    }

    /// Its name as part of a file's name.
    #[must_use]
    pub fn slug(&self) -> String {
        let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        let words: String = self.name.chars().map(letter).collect();
        words.split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
    }

    /// Its configuration, from the text of the base's.
    ///
    /// # Errors
    /// A key in `without` that the base does not have; what
    /// [`Config::from_toml`] refuses; several seeds a fold for networks that
    /// are one model each.
    pub fn config(&self, base: &str, study_seed: u64) -> Result<Config, Vec<Problem>> {
        let told = |problem: Problem| vec![problem.hint(format!("see arm {:?}", self.name))];
        let mut table: Table = base.parse().map_err(|error| told(toml_problem(base, &error)))?;
        merge(&mut table, &self.set);
        for key in &self.without {
            if !remove(&mut table, key) {
                return Err(told(
                    Problem::new(format!("the base has no {key}")).in_column("without"),
                ));
            }
        }
        let seed = i64::try_from(study_seed).map_err(|_| {
            told(Problem::new("a study seed is too large").in_column("study_seeds"))
        })?;
        table.insert("study_seed".to_owned(), Value::Integer(seed));
        Config::from_toml(&table.to_string())
    }

    /// Its protocol, from the base's.
    ///
    /// # Errors
    /// A measurement or modality the base does not have.
    pub fn protocol(&self, base: &Protocol) -> Result<Protocol, Problem> {
        let mut protocol = base.clone();
        for (name, modalities) in &self.read {
            protocol = protocol.reading(name, modalities)?;
        }
        match &self.combined_from {
            Some(modalities) => protocol.combined_alone(modalities),
            None => Ok(protocol),
        }
    }
}

/// Puts the values of `set` into `table`, tables key by key.
fn merge(table: &mut Table, set: &Table) {
    for (key, value) in set {
        match (table.get_mut(key), value) {
            (Some(Value::Table(old)), Value::Table(new)) => merge(old, new),
            _ => drop(table.insert(key.clone(), value.clone())),
        }
    }
}

/// Removes a dotted key; whether it was there.
fn remove(table: &mut Table, key: &str) -> bool {
    match key.split_once('.') {
        None => table.remove(key).is_some(),
        Some((first, rest)) => table
            .get_mut(first)
            .and_then(Value::as_table_mut)
            .is_some_and(|table| remove(table, rest)),
    }
}
