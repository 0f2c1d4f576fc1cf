//! Scores against reference grades: the figures of a cohort.
//!
//! This is the only place where reference grades of test cohorts are read.

pub mod arms;
mod beside;
mod cohort;
pub mod compare;
pub mod comparison;
pub mod experiment;
mod tasks;

use std::collections::BTreeMap;

use rand::Rng;
use serde::Serialize;

use crate::manifest::Row;
use crate::network::NetworkId;
use crate::scores::{PairScore, Probability};
use crate::stats::{Bootstrap, Confusion, Interval, Measured, Resamples, RocPoint, Undefined};
use crate::{Origin, Problem, Protocol};

/// The evaluation of a score file, as `evaluation.json` holds it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// `rating.evaluation/1`.
    pub schema: &'static str,
    /// The most doubtful origin of images, grades and weights.
    pub origin: Origin,
    /// Always true.
    pub research_use_only: bool,
    /// Name of the protocol.
    pub protocol: String,
    /// Bundles the scores come from (hashes).
    pub bundles: Vec<String>,
    /// Bootstrap samples behind each clustered interval.
    pub bootstrap_samples: usize,
    /// By name of the cohort.
    pub cohorts: BTreeMap<String, Cohort>,
    /// The figures of each binary task over all cohorts together: by
    /// measurement, then `gt0`, `gt1`, ...
    pub tasks: Tasks,
}

/// By measurement, then by task (`gt0`, `gt1`, ...).
pub type Tasks = BTreeMap<String, BTreeMap<String, TaskFigures>>;

/// The figures of one cohort.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cohort {
    /// Pairs of the manifest that belong to it.
    pub pairs: usize,
    /// Patients, `None` where some are unknown; then no interval is clustered.
    pub patients: Option<usize>,
    /// Pairs without a score.
    pub without_score: usize,
    /// Pairs whose reference grades medicine excludes; counted nowhere else.
    pub invalid_reference: usize,
    /// Pairs in which the models contradict the protocol.
    pub conflicts: usize,
    /// By measurement, and `combined`.
    #[serde(flatten)]
    pub measurements: BTreeMap<String, GradeFigures>,
    /// The figures of each binary task.
    pub tasks: Tasks,
}

/// How well grades agree with the reference. Undefined figures are `null`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GradeFigures {
    /// Pairs with a score and a reference grade.
    pub n: usize,
    /// Pairs with a score but no reference grade.
    pub missing: usize,
    /// Share graded alike: percent exact agreement (PEA).
    pub accuracy: Option<f64>,
    /// Share within one grade: percent close agreement (PCA).
    pub close_agreement: Option<f64>,
    /// Cohen's kappa, unweighted.
    pub kappa: Option<f64>,
    /// Linearly weighted kappa (the paper's).
    pub kappa_linear: Option<f64>,
    /// Quadratically weighted kappa.
    pub kappa_quadratic: Option<f64>,
    /// `confusion[reference][predicted]`.
    pub confusion: Confusion,
    /// 95 % intervals, patients resampled; absent where patients are unknown.
    pub intervals: BTreeMap<&'static str, Option<Interval>>,
    /// The accuracy when pairs with a conflict are left out, where there are any.
    pub accuracy_without_conflicts: Option<f64>,
    /// The same votes decided by majority, measurement by measurement; absent
    /// when the scores hold no votes, or not all of them.
    pub majority: Option<MajorityFigures>,
    /// Why a figure above is `null`.
    pub undefined: BTreeMap<&'static str, String>,
}

/// The same votes without the rules between measurements.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MajorityFigures {
    /// Share graded alike.
    pub accuracy: Option<f64>,
    /// Linearly weighted kappa.
    pub kappa_linear: Option<f64>,
    /// Accuracy of MULTITUDE minus accuracy of majority vote.
    pub accuracy_gained: Option<f64>,
    /// Its interval on the same bootstrap samples.
    pub accuracy_gained_interval: Option<Interval>,
}

/// How well the networks of one binary task tell its two classes apart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TaskFigures {
    /// Pairs with a score and a reference grade.
    pub n: usize,
    /// Those whose reference grade is greater than the cut-off.
    pub positives: usize,
    /// AUC of the mean probability of the task's networks.
    pub auc: Option<f64>,
    /// Its interval, patients resampled.
    pub auc_interval: Option<Interval>,
    /// ROC curve of the mean probability.
    pub roc: Vec<RocPoint>,
    /// The paper's figures: mean over the task's networks, each at its own
    /// threshold, +- 1.96 s / sqrt(networks). Absent without probabilities, or
    /// where they lack networks for some pairs.
    pub networks: Option<NetworkMeans>,
    /// Why `auc` is `null`.
    pub undefined: Option<String>,
}

/// Means over the networks of a task (paper, "Statistical analysis").
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NetworkMeans {
    /// How many networks.
    pub networks: usize,
    /// Area under the ROC curve.
    pub auc: MeanFigure,
    /// Sensitivity.
    pub sensitivity: MeanFigure,
    /// Specificity.
    pub specificity: MeanFigure,
    /// Positive predictive value.
    pub ppv: MeanFigure,
    /// Negative predictive value.
    pub npv: MeanFigure,
    /// Youden index.
    pub youden: MeanFigure,
}

/// A mean over networks, `null` when the figure is undefined for one of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MeanFigure {
    /// The mean.
    pub value: Option<f64>,
    /// Its interval; needs two networks.
    pub interval: Option<Interval>,
}

/// One pair with what is known about it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case<'a> {
    row: &'a Row,
    score: &'a PairScore,
    probabilities: &'a [Probability],
}

/// Evaluates scores against the reference grades of a manifest.
///
/// Only pairs of cohorts that have a score are evaluated. `probabilities` may
/// be empty; then the figures of each task come from the scores' mean
/// probabilities alone.
///
/// # Errors
/// A score or probability of a pair that the manifest does not have.
pub fn evaluate(
    protocol: &Protocol,
    rows: &[Row],
    scores: &[PairScore],
    probabilities: &[(String, Vec<Probability>)],
    samples: usize,
    rng: &mut (impl Rng + Clone),
) -> Result<Evaluation, Problem> {
    let by_pair: BTreeMap<&str, &Row> =
        rows.iter().map(|row| (row.pair_id.as_str(), row)).collect();
    let answers: BTreeMap<&str, &[Probability]> =
        probabilities.iter().map(|(pair, answers)| (pair.as_str(), answers.as_slice())).collect();
    let unknown = scores
        .iter()
        .map(|score| score.pair_id.as_str())
        .chain(answers.keys().copied())
        .find(|pair| !by_pair.contains_key(pair));
    if let Some(pair) = unknown {
        return Err(Problem::new(format!("pair {pair} is not in the manifest"))
            .hint("evaluate with the manifest that was scored"));
    }
    let scored: BTreeMap<&str, &PairScore> =
        scores.iter().map(|score| (score.pair_id.as_str(), score)).collect();

    let mut cases: BTreeMap<&str, Vec<Case<'_>>> = BTreeMap::new();
    for row in rows {
        if let Some(score) = scored.get(row.pair_id.as_str()).copied() {
            let probabilities = answers.get(row.pair_id.as_str()).copied().unwrap_or_default();
            cases.entry(&row.cohort).or_default().push(Case { row, score, probabilities });
        }
    }
    let mut cohorts = BTreeMap::new();
    for (name, cases) in &cases {
        let pairs = rows.iter().filter(|row| row.cohort == *name).count();
        cohorts.insert((*name).to_owned(), cohort::figures(protocol, pairs, cases, samples, rng));
    }
    let origins = cases.values().flatten().map(|case| case.row.origin.with(case.score.origin));
    let origin = origins.max().unwrap_or(Origin::Clinical);
    let everything: Vec<Case<'_>> =
        cases.into_values().flatten().filter(|case| !case.row.is_invalid(protocol)).collect();
    let resamples = resamples_of(&everything, samples, rng);
    let tasks = tasks::figures(protocol, &everything, resamples.as_ref());

    let mut bundles: Vec<String> = scores.iter().map(|score| score.bundle.clone()).collect();
    bundles.sort();
    bundles.dedup();
    Ok(Evaluation {
        schema: "rating.evaluation/1",
        origin,
        research_use_only: true,
        protocol: protocol.name().to_owned(),
        bundles,
        bootstrap_samples: samples,
        cohorts,
        tasks,
    })
}

/// Bootstrap samples by patient; `None` where a patient is unknown, because
/// an interval that treats joints of one patient as strangers is too narrow.
fn resamples_of<R: Rng + Clone>(
    cases: &[Case<'_>],
    samples: usize,
    rng: &mut R,
) -> Option<Resamples<R>> {
    let patients: Option<Vec<&str>> =
        cases.iter().map(|case| case.row.patient_id.as_deref()).collect();
    Some(Resamples::by_patient(&patients?, samples, rng))
}

/// The interval of a bootstrap, where there is one.
fn interval(bootstrap: Result<Bootstrap, Undefined>) -> Option<Interval> {
    bootstrap.ok().map(|bootstrap| bootstrap.interval)
}

/// The figure, with its reason kept when there is none.
fn keep(
    undefined: &mut BTreeMap<&'static str, String>,
    name: &'static str,
    measured: Measured,
) -> Option<f64> {
    match measured {
        Ok(value) => Some(value),
        Err(reason) => {
            undefined.insert(name, reason.to_string());
            None
        }
    }
}

/// Whether a network answers this task.
fn answers_task(network: &NetworkId, short: &str, above: u8) -> bool {
    network.measurement == short && network.above == above
}
