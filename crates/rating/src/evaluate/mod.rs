//! Scores against reference grades: the figures of a cohort.
//!
//! This is the only place where reference grades of test cohorts are read.

pub mod arms;
mod belonging;
mod beside;
mod calibration;
mod census;
mod cohort;
mod common_errors;
pub mod compare;
pub mod comparison;
mod counts;
mod cut_off;
pub mod experiment;
mod figure;
mod grades;
mod networks;
mod patient_level;
mod quantity;
mod role;
mod spread;
mod subgroups;
pub mod tables;
mod task_figures;
mod tasks;
mod validation;
pub mod yardsticks;

use std::collections::{BTreeMap, HashMap};

use rand::Rng;
use serde::Serialize;

use crate::manifest::patients::PatientFile;
use crate::manifest::{Reference, References};
use crate::network::NetworkId;
use crate::scores::{Probability, Score, ScoreTable};
use crate::stats::{Bootstrap, Interval, Measured, Resamples, Undefined};
use crate::{Origin, Problem, Protocol};

pub use belonging::WithoutProbabilities;
pub use calibration::Calibration;
pub use census::{Categories, Census, GradeMix};
pub use cohort::{Cohort, LeftOut};
pub use common_errors::{CommonError, OnlyRight};
pub use cut_off::CutOff;
pub use figure::Figure;
use figure::usable;
pub use grades::{GradeFigures, MajorityFigures};
pub use networks::NetworkMeans;
pub use patient_level::{ExaminationSums, PatientLevel, SumCount};
pub use role::Role;
pub use spread::Spread;
pub use subgroups::{GroupFigures, Subgroups};
pub use task_figures::{TaskFigures, Tasks};
pub use yardsticks::Yardstick;

/// What is evaluated: scores, and what is known about the pairs.
#[derive(Debug, Clone, Copy)]
pub struct Study<'a> {
    /// The manifest's rows, with reference grades.
    pub rows: &'a [Reference],
    /// `patients.csv`, where there is one.
    pub patients: Option<&'a PatientFile>,
    /// The scores of these rows. Only cohorts that have some are evaluated.
    pub scores: &'a ScoreTable,
    /// What single networks said, by pair; may be empty, then the figures of
    /// each task come from the scores' mean probabilities alone.
    pub probabilities: &'a [(String, Vec<Probability>)],
    /// What networks said about their own validation fold; may be empty.
    pub validation: &'a [(String, Vec<Probability>)],
}

impl<'a> Study<'a> {
    /// Scores of the pairs of a manifest, and nothing else.
    #[must_use]
    pub fn new(references: &'a References, scores: &'a ScoreTable) -> Study<'a> {
        Study {
            rows: references.rows(),
            patients: None,
            scores,
            probabilities: &[],
            validation: &[],
        }
    }
}

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
    /// Their seed, where the caller says it.
    pub bootstrap_seed: Option<u64>,
    /// Who is in each cohort of the manifest, scored or not.
    pub census: BTreeMap<String, Census>,
    /// Pairs of the manifest, all cohorts together.
    pub manifest_pairs: usize,
    /// By name of the cohort, of those that have scores.
    pub cohorts: BTreeMap<String, Cohort>,
    /// Cohorts whose pairs are behind `tasks`: the test cohorts, or the training
    /// cohort where no other has scores.
    pub pooled: Vec<String>,
    /// The figures of each binary task over these cohorts together: by
    /// measurement, then `gt0`, `gt1`, ...
    pub tasks: Tasks,
    /// The same on the validation folds of the training, where the study holds
    /// them. Optimistic: the folds chose epochs and thresholds.
    pub validation: Option<Tasks>,
    /// Scored pairs that the probabilities of single networks leave out; `None`
    /// where there are none of either.
    pub without_probabilities: Option<WithoutProbabilities>,
    /// Published figures to read these beside.
    pub yardsticks: &'static [Yardstick],
}

/// One pair with what is known about it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case<'a> {
    row: &'a Reference,
    score: Score<'a>,
    /// What single networks said; `None` where nobody says it of any pair.
    probabilities: Option<&'a [Probability]>,
}

/// Evaluates scores against the reference grades of a manifest.
///
/// # Errors
/// As [`Study::check_probabilities`] and [`Study::check_validation`].
pub fn evaluate(
    protocol: &Protocol,
    study: &Study<'_>,
    samples: usize,
    rng: &mut (impl Rng + Clone + Sync),
) -> Result<Evaluation, Problem> {
    study.check_probabilities(protocol)?;
    study.check_validation(protocol)?;
    let by_cohort = cases_by_cohort(study);
    let mut cohorts = BTreeMap::new();
    for (name, cases) in &by_cohort {
        let rows: Vec<&Reference> = study.rows.iter().filter(|row| row.cohort == *name).collect();
        let figures = cohort::figures(protocol, Role::of(name), &rows, cases, samples, rng);
        cohorts.insert((*name).to_owned(), figures);
    }
    let pooled = role::pooled(by_cohort.keys().copied());
    // Pairs of other cohorts are described too, and trained those who scored.
    let rows = study.rows.iter().map(|row| row.origin);
    let origin = rows.chain(study.scores.iter().map(|score| score.origin())).max();
    let tasks = match pooled.as_slice() {
        // All of them together are this one.
        [only] => cohorts.get(*only).map(|cohort| cohort.tasks.clone()).unwrap_or_default(),
        _ => {
            let cases = pooled.iter().filter_map(|name| by_cohort.get(name)).flatten();
            let valid = |case: &&Case<'_>| !case.row.is_invalid(protocol);
            let everything: Vec<Case<'_>> = cases.filter(valid).copied().collect();
            tasks::figures(protocol, &everything, resamples_of(&everything, samples, rng).as_ref())
        }
    };
    let validation =
        (!study.validation.is_empty()).then(|| validation::figures(protocol, study, samples, rng));
    Ok(Evaluation {
        schema: "rating.evaluation/1",
        origin: origin.unwrap_or(Origin::Clinical),
        research_use_only: true,
        protocol: protocol.name().to_owned(),
        bundles: study.scores.bundles(),
        bootstrap_samples: samples,
        bootstrap_seed: None,
        census: census::of_cohorts(protocol, study.rows, study.patients),
        manifest_pairs: study.rows.len(),
        pooled: pooled.into_iter().map(str::to_owned).collect(),
        cohorts,
        tasks,
        without_probabilities: study.without_probabilities(),
        validation,
        yardsticks: yardsticks::yardsticks(protocol),
    })
}

/// The pairs that have a score, by cohort, in the order of the manifest.
fn cases_by_cohort<'a>(study: &Study<'a>) -> BTreeMap<&'a str, Vec<Case<'a>>> {
    // scored[row]
    let mut scored: Vec<Option<Score<'_>>> = vec![None; study.rows.len()];
    study.scores.iter().for_each(|score| scored[score.place()] = Some(score));
    let answers: HashMap<&str, &[Probability]> =
        study.probabilities.iter().map(|(pair, all)| (pair.as_str(), all.as_slice())).collect();
    let mut cases: BTreeMap<&str, Vec<Case<'_>>> = BTreeMap::new();
    for (row, score) in study.rows.iter().zip(scored) {
        if let Some(score) = score {
            let of_pair = || answers.get(row.pair_id.as_ref()).copied().unwrap_or_default();
            let probabilities = (!answers.is_empty()).then(of_pair);
            cases.entry(row.cohort.as_ref()).or_default().push(Case { row, score, probabilities });
        }
    }
    cases
}

/// Bootstrap samples by patient; `None` where a patient is unknown, because
/// an interval that treats joints of one patient as strangers is too narrow.
fn resamples_of<R: Rng + Clone + Sync>(
    cases: &[Case<'_>],
    samples: usize,
    rng: &mut R,
) -> Option<Resamples<R>> {
    let patients: Option<Vec<&str>> =
        cases.iter().map(|case| case.row.patient_id.as_deref()).collect();
    Some(Resamples::by_patient(&patients?, samples, rng))
}

/// The interval of a bootstrap, where there is one with width.
fn interval(bootstrap: Result<Bootstrap, Undefined>) -> Option<Interval> {
    usable(bootstrap).ok()
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
