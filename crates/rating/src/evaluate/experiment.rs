//! The results of an experiment, as `experiment.json` holds them.

use serde::Serialize;

use super::arms::{ArmFigures, Compared, Verdict};
use crate::Origin;

/// Figures of all arms and what they say about the claims.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// `rating.experiment/1`.
    pub schema: &'static str,
    /// The most doubtful origin of the pairs.
    pub origin: Origin,
    /// Always true.
    pub research_use_only: bool,
    /// The experiment's name.
    pub name: String,
    /// The seeds it was repeated for.
    pub study_seeds: Vec<u64>,
    /// Bootstrap samples behind each interval.
    pub bootstrap_samples: usize,
    /// Test pairs over all repetitions.
    pub pairs: usize,
    /// In the experiment's order.
    pub arms: Vec<ArmResult>,
    /// In the experiment's order.
    pub claims: Vec<ClaimResult>,
}

/// What an arm reached.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ArmResult {
    /// Its name.
    pub name: String,
    /// The learning curve that its figures are a point of.
    pub curve: Option<String>,
    /// How many pairs it learned from, for each study seed; empty where no
    /// network was asked.
    pub training_pairs: Vec<usize>,
    /// By quantity and test cohort, where it grades that quantity.
    pub figures: Vec<(String, String, ArmFigures)>,
}

/// What a claim came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClaimResult {
    /// The claim as a sentence.
    pub says: String,
    /// Where it is made.
    pub source: String,
    /// The source's own figures.
    pub figures: Option<String>,
    /// The arm it is about.
    pub first: String,
    /// What it is compared with.
    pub second: String,
    /// The measurement, or `combined`.
    pub measurement: String,
    /// The cohorts whose pairs count.
    pub cohorts: Vec<String>,
    /// What the difference must exceed.
    pub limit: f64,
    /// Whether it does.
    pub verdict: Verdict,
    /// The figures behind it.
    pub compared: Compared,
}
