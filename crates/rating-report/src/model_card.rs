//! The model card of a bundle, in Markdown.
//!
//! After Mitchell M, Wu S, Zaldivar A, et al. Model cards for model reporting.
//! FAT* 2019, <https://doi.org/10.1145/3287560.3287596>. What the bundle and the
//! evaluation say is written down; the rest is asked.

mod bundle;
mod study;

use std::fmt::Write;

use rating::evaluate::Evaluation;
use rating::preprocess::Preprocess;
use rating::{Origin, Protocol};

use crate::label::Label;

/// Everything on a model card.
#[derive(Debug, Clone, Copy)]
pub struct ModelCard<'a> {
    /// Its figures on the test cohorts.
    pub evaluation: &'a Evaluation,
    /// What it grades.
    pub protocol: &'a Protocol,
    /// What the bundle says of itself, where one is given.
    pub model: Option<&'a Model<'a>>,
}

/// What a bundle says of itself.
#[derive(Debug, Clone)]
pub struct Model<'a> {
    /// What the study calls it.
    pub name: &'a str,
    /// BLAKE3 of the bundle.
    pub hash: &'a str,
    /// Version of the software that trained it.
    pub version: &'a str,
    /// What the networks learned from.
    pub origin: Origin,
    /// How many networks.
    pub networks: usize,
    /// Scoring models, one for each fold.
    pub folds: u8,
    /// Networks for each task and fold.
    pub seeds: u8,
    /// The networks of each measurement, in words.
    pub shapes: Vec<String>,
    /// How images become inputs.
    pub preprocess: &'a Preprocess,
    /// How thresholds were set, in words.
    pub thresholds: &'a str,
    /// What parts of networks started from, each named once.
    pub starts: Vec<String>,
    /// The root of all chance in the study.
    pub study_seed: u64,
    /// BLAKE3 of the training manifest's content.
    pub trained_on: &'a str,
    /// How each task did on its validation folds.
    pub validation: Vec<ValidationLine>,
    /// The resolved configuration, as TOML.
    pub config: &'a str,
}

/// One task on its validation folds.
#[derive(Debug, Clone, PartialEq)]
pub struct ValidationLine {
    /// Name of the measurement.
    pub measurement: String,
    /// The task asks whether the grade is greater than this.
    pub above: u8,
    /// Mean over networks; `None` where every fold has one class.
    pub auc: Option<f64>,
    /// Networks that have an AUC.
    pub with_auc: usize,
    /// Networks of the task.
    pub networks: usize,
}

const NO_BUNDLE: &str = "No bundle was given (`rating evaluate --bundle`): for you to fill in.\n";

/// The model card as Markdown. Headings are fixed: the reporting checklists
/// name them.
#[must_use]
pub fn model_card(card: &ModelCard<'_>) -> String {
    let label = Label::new(card.evaluation.origin);
    let mut text = format!(
        "# {}Model card\n\n**Research use only, not for diagnosis.** {}\n",
        label.prefix(),
        label.sentence_with_stop(),
    );
    let of_model = |words: &dyn Fn(&Model<'_>) -> String| {
        card.model.map_or_else(|| NO_BUNDLE.to_owned(), words)
    };
    let sections = [
        ("Model", of_model(&bundle::model)),
        ("Intended use", study::intended_use(card.protocol)),
        ("What it grades", study::grades(card.protocol)),
        ("Input", of_model(&|model| bundle::input(card.protocol, model))),
        ("From images to grades", of_model(&bundle::decision)),
        ("Training", of_model(&bundle::training)),
        ("Figures", study::figures(card.evaluation)),
        ("Validation figures", of_model(&bundle::validation)),
        ("Heatmaps", study::heatmaps(card.protocol)),
        ("Limits", study::limits(card)),
    ];
    for (title, body) in sections {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n## {title}\n\n{body}");
    }
    text
}
