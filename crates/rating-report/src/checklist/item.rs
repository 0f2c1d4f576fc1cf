//! What a checklist, an item and its answer are.

use serde::Serialize;
use serde::ser::Serializer;

/// A reporting guideline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Checklist {
    /// Its short name, such as `TRIPOD+AI`.
    pub name: &'static str,
    /// Unique on the page: `checklist-tripod-ai`.
    #[serde(skip)]
    pub id: &'static str,
    /// The article.
    pub citation: &'static str,
    /// Where to read it, as a DOI: the page links to nothing outside.
    pub address: &'static str,
    /// What numbers and subjects were compared with.
    pub checked: &'static str,
    /// In the guideline's order.
    pub items: &'static [Item],
}

/// One thing a guideline wants reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Item {
    /// The guideline's number, such as `5a`; `None` where it could not be
    /// checked.
    pub number: Option<&'static str>,
    /// Our own words for it.
    pub title: &'static str,
    /// Where it is answered.
    pub answer: Answer,
}

/// Who answers an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase", tag = "by", content = "at")]
pub enum Answer {
    /// The program, at these places.
    Program(&'static [Place]),
    /// The program in part, at these places; the authors add the rest.
    Both(&'static [Place]),
    /// The authors: nothing the program reads says it.
    Authors,
}

/// Where an answer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A section of the evaluation page: its anchor, and words for it.
    Page(&'static str, &'static str),
    /// A heading of `model-card.md`.
    ModelCard(&'static str),
    /// A heading of `datasheet.md`.
    Datasheet(&'static str),
    /// A key of the bundle's `bundle.json`.
    Bundle(&'static str),
}

impl Answer {
    /// The places, none where the authors answer alone.
    #[must_use]
    pub fn places(self) -> &'static [Place] {
        match self {
            Answer::Program(places) | Answer::Both(places) => places,
            Answer::Authors => &[],
        }
    }
}

impl Place {
    /// The place in words.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Place::Page(_, words) => format!("this page: {words}"),
            Place::ModelCard(heading) => format!("model-card.md: {heading}"),
            Place::Datasheet(heading) => format!("datasheet.md: {heading}"),
            Place::Bundle(key) => format!("bundle.json: {key}"),
        }
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Place::Page(anchor, _) => {
                serializer.serialize_str(&format!("evaluation.html#{anchor}"))
            }
            other => serializer.serialize_str(&other.words()),
        }
    }
}

/// An item that the program answers.
pub(super) const fn program(
    number: &'static str,
    title: &'static str,
    places: &'static [Place],
) -> Item {
    Item { number: Some(number), title, answer: Answer::Program(places) }
}

/// An item that the program answers in part.
pub(super) const fn both(
    number: &'static str,
    title: &'static str,
    places: &'static [Place],
) -> Item {
    Item { number: Some(number), title, answer: Answer::Both(places) }
}

/// An item that the authors answer.
pub(super) const fn authors(number: &'static str, title: &'static str) -> Item {
    Item { number: Some(number), title, answer: Answer::Authors }
}

/// What the first two lists and CLAIM were compared with.
pub(super) const COMPARED: &str = "numbers and subjects compared with two public transcriptions \
    that agree; the article itself was not at hand";

// The places answers stand at.

pub(super) const COHORTS: Place = Place::Page("cohort-1", "the cohorts, one after another");
pub(super) const WHO: Place = Place::Page("who", "pairs and patients");
pub(super) const YARDSTICKS: Place = Place::Page("yardsticks", "yardsticks");
pub(super) const ERRORS: Place = Place::Page("errors", "the commonest errors");
pub(super) const READING: Place = Place::Page("about", "how to read this page");

pub(super) const MODEL: Place = Place::ModelCard("Model");
pub(super) const USE: Place = Place::ModelCard("Intended use");
pub(super) const GRADES: Place = Place::ModelCard("What it grades");
pub(super) const INPUT: Place = Place::ModelCard("Input");
pub(super) const TRAINING: Place = Place::ModelCard("Training");
pub(super) const DECISION: Place = Place::ModelCard("From images to grades");
pub(super) const VALIDATION: Place = Place::ModelCard("Validation figures");
pub(super) const LIMITS: Place = Place::ModelCard("Limits");
pub(super) const HEATMAPS: Place = Place::ModelCard("Heatmaps");

pub(super) const COUNTS: Place = Place::Datasheet("Counts");
pub(super) const MIX: Place = Place::Datasheet("Grade mix");
pub(super) const ACQUISITION: Place = Place::Datasheet("Acquisition");
pub(super) const PATIENTS: Place = Place::Datasheet("Patients");
pub(super) const SPLIT: Place = Place::Datasheet("Split");
pub(super) const MISSING: Place = Place::Datasheet("What is missing");
pub(super) const PROVENANCE: Place = Place::Datasheet("Provenance");

pub(super) const NETWORKS: Place = Place::Bundle("networks");
pub(super) const CONFIG: Place = Place::Bundle("config");
