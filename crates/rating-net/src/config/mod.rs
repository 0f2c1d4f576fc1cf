//! The configuration of a study: what was asked for, typed and complete.
//!
//! A configuration file says everything that decides a bundle but the data:
//! network shape, preprocessing, augmentation, starting weights, the recipe
//! of each kind of training. [`Config::from_toml`] reads and checks it in one
//! step; [`Config::to_toml`] writes it back with every default filled in.

mod check;
mod recipe;
mod schedule;

use serde::{Deserialize, Serialize};

use rating::network::Question;
use rating::preprocess::Preprocess;
use rating::protocol::toml_problem;
use rating::{Problem, augment, threshold};

pub use recipe::{Recipe, Select};
pub use schedule::{Place, Schedule};

/// A study: everything that decides a bundle but the data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name of the study, part of the bundle.
    pub name: String,
    /// `eoss`, or the path of a protocol file.
    #[serde(default = "eoss")]
    pub protocol: String,
    /// Folds, and so scoring models.
    pub folds: u8,
    /// Networks for each fold and task, which differ in their seed.
    pub seeds: u8,
    /// The number all chance of the study comes from.
    pub study_seed: u64,
    /// What networks are asked about a measurement.
    #[serde(default, skip_serializing_if = "Questions::is_method")]
    pub questions: Questions,
    /// Where probabilities are cut.
    pub threshold: threshold::Rule,
    /// Shape of the networks.
    pub network: Shape,
    /// What networks see.
    #[serde(default)]
    pub preprocess: Preprocess,
    /// How training images vary.
    #[serde(default)]
    pub augment: augment::Settings,
    /// What trainings start from.
    #[serde(default)]
    pub start: Start,
    /// The puzzles of the pretraining.
    #[serde(default)]
    pub jigsaw: Jigsaw,
    /// The head on top of several extractors.
    pub fusion: Fusion,
    /// How each kind of training runs.
    pub training: Trainings,
    /// The cohorts the demonstration draws.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub demo: Option<Demo>,
}

/// What networks are asked about a measurement: the method's questions, or
/// those of methods to compare with (method, section 7).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Questions {
    /// A network for each cut-off: is the grade above it?
    #[default]
    Thermometer,
    /// One network with a class for each grade.
    Grade,
    /// A network for each grade but the last, taught on pairs of that grade and
    /// more: is the grade greater?
    Cascade,
}

impl Questions {
    fn is_method(&self) -> bool {
        *self == Questions::Thermometer
    }

    /// The questions about a measurement of so many grades.
    #[must_use]
    pub fn of(self, grades: u8) -> Vec<Question> {
        let cuts = 0..grades.saturating_sub(1);
        match self {
            Questions::Thermometer => cuts.map(Question::Above).collect(),
            Questions::Grade => vec![Question::Grade],
            Questions::Cascade => cuts.map(Question::Next).collect(),
        }
    }
}

fn eoss() -> String {
    "eoss".to_owned()
}

/// Shape of the ResNet-18s.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// Channels of the first stage (the paper: 64); features are eight times as many.
    pub width: usize,
}

/// What trainings start from (method, section 4, "Starting weights").
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// A file of ImageNet weights, `.pth` or `.safetensors`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imagenet: Option<String>,
    /// What extractors of modalities without jigsaws start from.
    #[serde(default)]
    pub g_init: GInit,
    /// Whether the tasks of a measurement start from one another.
    #[serde(default)]
    pub warm_start: WarmStart,
}

/// What extractors of modalities without jigsaws start from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GInit {
    /// ImageNet weights if given, else the jigsaw's.
    #[default]
    Imagenet,
    /// The jigsaw's: the paper's wording.
    Jigsaw,
}

/// Whether the tasks of a measurement start from one another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WarmStart {
    /// Each task starts afresh.
    #[default]
    None,
    /// Every other task of a measurement starts from its trained `> 1` network.
    Gt1,
}

/// The puzzles of the pretraining.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Jigsaw {
    /// How many orders of the nine tiles there are to tell apart, 2 to 1,512.
    pub permutations: usize,
    /// Units between the nine feature vectors and the answer; none when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<usize>,
    /// Whether each tile is brought to mean 0 and deviation 1, so that the
    /// brightness of tiles does not give their places away.
    pub standardise_tiles: bool,
}

impl Default for Jigsaw {
    fn default() -> Jigsaw {
        Jigsaw { permutations: 1000, hidden: None, standardise_tiles: false }
    }
}

/// The head on top of several extractors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fusion {
    /// Units of its hidden layer (the paper: 256).
    pub hidden: usize,
    /// Whether the hidden layer has a ReLU; the authors' code has none.
    #[serde(default = "relu")]
    pub relu: bool,
    /// Share of hidden units left out in training.
    #[serde(default)]
    pub dropout: f64,
    /// Whether features are brought to mean 0 and deviation 1 over the
    /// training set; folded into the head's weights in the bundle.
    #[serde(default)]
    pub standardise: bool,
    /// Where the features of training images come from.
    #[serde(default)]
    pub head_features: HeadFeatures,
    /// Augmented copies of each image whose features are cached.
    #[serde(default = "eight")]
    pub copies: usize,
}

fn relu() -> bool {
    true
}

fn eight() -> usize {
    8
}

/// Where the features that a head learns from come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeadFeatures {
    /// Computed once for augmented copies, among which epochs draw.
    #[default]
    Cached,
    /// Computed anew for every image of every epoch, as in the paper.
    Live,
}

/// How each kind of training runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trainings {
    /// Jigsaws; no pretraining when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jigsaw: Option<Recipe>,
    /// The extractors of measurements with several modalities.
    pub extractor: Recipe,
    /// The heads on top of them.
    pub fusion: Recipe,
    /// The networks of measurements with one modality.
    pub single: Recipe,
}

/// The cohorts the demonstration draws.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demo {
    /// What the networks are trained on.
    pub train: CohortSize,
    /// The test cohort of the same hospital.
    pub prospective: CohortSize,
    /// The test cohort of another hospital.
    pub external: CohortSize,
}

/// The size of a drawn cohort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CohortSize {
    /// Pairs of images.
    pub pairs: usize,
    /// Patients they belong to.
    pub patients: usize,
}

impl Config {
    /// Reads and checks a configuration file.
    ///
    /// # Errors
    /// What TOML or the types refuse (one problem), else every value out of
    /// range, each with its row and key.
    pub fn from_toml(text: &str) -> Result<Config, Vec<Problem>> {
        let config: Config =
            toml::from_str(text).map_err(|error| vec![toml_problem(text, &error)])?;
        let problems = check::problems(&config, text);
        if problems.is_empty() { Ok(config) } else { Err(problems) }
    }

    /// The configuration as a file, with every default written out.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a configuration is plain data")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: [(&str, &str); 3] = [
        ("paper", include_str!("../../../../configs/paper.toml")),
        ("quick", include_str!("../../../../configs/quick.toml")),
        ("nano", include_str!("../../../../configs/nano.toml")),
    ];

    #[test]
    fn shipped_configurations_are_read_and_survive_their_file() {
        for (name, text) in SHIPPED {
            let config = Config::from_toml(text).unwrap_or_else(|problems| panic!("{problems:?}"));
            assert_eq!(config.name, name);
            assert_eq!(Config::from_toml(&config.to_toml()).unwrap(), config);
        }
    }

    #[test]
    fn refusals_name_row_and_key() {
        let (_, text) = SHIPPED[2];
        for (from, to, expected) in [
            ("folds = 2", "folds = 1", "row 5, column folds"),
            ("width = 4", "width = 0", "column network.width"),
            ("width = 4", "with = 4", "unknown field `with`"),
            ("permutations = 20", "permutations = 2000", "column jigsaw.permutations"),
            ("input_px = 32", "input_px = 8", "column preprocess.input_px"),
            ("dropout = 0.3", "dropout = 1.0", "column fusion.dropout"),
        ] {
            assert!(text.contains(from), "{from}");
            let problems = Config::from_toml(&text.replacen(from, to, 1)).unwrap_err();
            let found = problems.iter().any(|problem| problem.to_string().contains(expected));
            assert!(found, "{problems:?} should say {expected}");
        }
    }
}
