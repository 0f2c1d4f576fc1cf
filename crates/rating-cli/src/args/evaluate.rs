//! Grades from votes, and scores against reference grades.

use std::path::PathBuf;

use clap::ValueEnum;

/// Turn votes or probabilities into grades, without any image.
///
/// Prints one JSON line for each pair.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("input").required(true)))]
pub struct DecodeArgs {
    /// `eoss`, or a protocol file.
    #[arg(long, default_value = "eoss")]
    pub protocol: String,
    /// Votes, one JSON object a line:
    /// {"votes": {"synovial_hypertrophy": [1, 1, 2, 1, 1], "vascularity": [0, 0, 0, 1, 0]}}.
    #[arg(long, group = "input")]
    pub votes: Option<PathBuf>,
    /// Probabilities of the networks, as `rating score` writes them.
    #[arg(long, group = "input")]
    pub probabilities: Option<PathBuf>,
    /// How votes become grades.
    #[arg(long, default_value = "multitude")]
    pub method: DecodeMethod,
    /// JSON lines (there is no other format).
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DecodeMethod {
    /// The valid combination with the largest weight (the paper's).
    Multitude,
    /// The commonest vote of each measurement by itself.
    Majority,
}

/// Compare scores with the reference grades of a manifest.
///
/// Writes OUT/evaluation.json, OUT/evaluation.html and a CSV for each table: who
/// is in each cohort and what became of every pair; agreement, kappas and
/// confusion for each measurement; sensitivity, specificity and predictive values
/// at each cut-off; AUC, calibration and decision curves of the probabilities;
/// subgroups; sums of whole patients. Intervals are clustered by patient.
#[derive(Debug, clap::Args)]
pub struct EvaluateArgs {
    /// scores.csv of `rating score`.
    #[arg(long)]
    pub scores: PathBuf,
    /// probabilities.csv of `rating score`, for the figures of each task.
    #[arg(long)]
    pub probabilities: Option<PathBuf>,
    /// validation_probabilities.csv of `rating train`, for ROC curves and figures
    /// of the validation folds; the manifest must hold the training pairs.
    #[arg(long)]
    pub validation: Option<PathBuf>,
    /// The manifest with reference grades. patients.csv beside it is read too.
    #[arg(long)]
    pub manifest: PathBuf,
    /// `eoss`, or a protocol file.
    #[arg(long, default_value = "eoss")]
    pub protocol: String,
    /// The bundle that gave the scores: its model card is filled in, and pairs
    /// with the commonest errors are shown under their heatmaps (a tenth of the
    /// paper's gradients).
    #[arg(long)]
    pub bundle: Option<PathBuf>,
    /// Most pairs with the commonest errors that the page shows in pictures, cut
    /// out around the ROI; 0 for a page without pictures.
    #[arg(long, default_value_t = 24)]
    pub pictures: usize,
    /// Folder for the results.
    #[arg(long)]
    pub out: PathBuf,
    /// Seed of the bootstrap.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Bootstrap samples.
    #[arg(long, default_value_t = 1000)]
    pub samples: usize,
    /// Print the evaluation as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Compare two or more score files on the same pairs.
///
/// The first file is what the others are compared with. For each cohort and for
/// all together: exact and close agreement, linear kappa, absolute error and
/// the AUC of each task, every file's and the difference, with intervals that
/// resample patients; McNemar's, Wilcoxon's and DeLong's tests, p alone and
/// corrected for all of them (Holm). Pairs that not every file scores are left
/// out and named. Writes OUT/comparison.html, comparison.json and
/// comparison.csv.
#[derive(Debug, clap::Args)]
pub struct CompareArgs {
    /// scores.csv of `rating score`, two or more of them; called by the name in
    /// front, or by their folder.
    #[arg(long, required = true, value_name = "[NAME=]FILE")]
    pub scores: Vec<String>,
    /// The manifest with reference grades.
    #[arg(long)]
    pub manifest: PathBuf,
    /// `eoss`, or a protocol file.
    #[arg(long, default_value = "eoss")]
    pub protocol: String,
    /// Folder for the results.
    #[arg(long)]
    pub out: PathBuf,
    /// Seed of the bootstrap.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Bootstrap samples.
    #[arg(long, default_value_t = 1000)]
    pub samples: usize,
    /// Print the comparison as JSON.
    #[arg(long)]
    pub json: bool,
}
