//! The figures of one cohort.

use std::collections::BTreeMap;

use rand::Rng;
use serde::Serialize;

use super::grades::{self, GradeFigures};
use super::patient_level::{self, PatientLevel};
use super::quantity::{Majority, Quantity};
use super::role::Role;
use super::subgroups::{self, Grouping, Subgroups};
use super::task_figures::Tasks;
use super::tasks;
use super::{Case, resamples_of};
use crate::Protocol;
use crate::manifest::Reference;

/// The figures of one cohort.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cohort {
    /// Whether the networks learned from these pairs.
    pub role: Role,
    /// Pairs of the manifest that belong to it.
    pub pairs: usize,
    /// Patients of the pairs that are evaluated, `None` where some are unknown;
    /// then no interval is clustered.
    pub patients: Option<usize>,
    /// Pairs without a score.
    pub without_score: usize,
    /// Every pair that is not evaluated; not in the JSON.
    #[serde(skip)]
    pub left_out: Vec<LeftOut>,
    /// Pairs whose reference grades medicine excludes; counted nowhere else.
    pub invalid_reference: usize,
    /// Pairs in which the models contradict the protocol.
    pub conflicts: usize,
    /// By measurement, and `combined`.
    #[serde(flatten)]
    pub measurements: BTreeMap<String, GradeFigures>,
    /// The figures of each binary task.
    pub tasks: Tasks,
    /// The same figures for joints, sides, machines, Doppler modes, sites, sexes
    /// and ages, as far as the manifest names them.
    pub subgroups: Subgroups,
    /// The sum of combined grades of each patient; absent where the protocol
    /// has no combined grade.
    pub patient_level: Option<PatientLevel>,
}

/// A pair that is not evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The pair.
    pub pair_id: String,
    /// Why it is not.
    pub why: &'static str,
}

/// `rows` of the manifest belong to the cohort of this role; `cases` are those with a score, in
/// the same order.
pub(super) fn figures(
    protocol: &Protocol,
    role: Role,
    rows: &[&Reference],
    cases: &[Case<'_>],
    samples: usize,
    rng: &mut (impl Rng + Clone + Sync),
) -> Cohort {
    let (invalid, valid): (Vec<Case<'_>>, Vec<Case<'_>>) =
        cases.iter().partition(|case| case.row.is_invalid(protocol));
    // One set of samples for all figures, so that any two can be compared.
    let resamples = resamples_of(&valid, samples, rng);
    let majority = Majority::of_cases(protocol, &valid);
    let groupings = Grouping::all(&valid);

    let mut measurements = BTreeMap::new();
    let mut subgroups = Subgroups::new();
    for quantity in Quantity::all(protocol) {
        let columns = quantity.columns(&valid, &majority);
        let (figures, groups) = grades::figures(&columns, &valid, &groupings, resamples.as_ref());
        measurements.insert(quantity.name.to_owned(), figures);
        subgroups::add(&mut subgroups, quantity.name, &groupings, groups);
    }

    Cohort {
        role,
        pairs: rows.len(),
        patients: resamples.as_ref().map(|resamples| resamples.patients().count()),
        without_score: rows.len() - cases.len(),
        left_out: left_out(protocol, rows, cases),
        invalid_reference: invalid.len(),
        conflicts: cases.iter().filter(|case| case.score.is_conflict()).count(),
        measurements,
        tasks: tasks::figures(protocol, &valid, resamples.as_ref()),
        subgroups,
        patient_level: patient_level::figures(protocol, &valid),
    }
}

fn left_out(protocol: &Protocol, rows: &[&Reference], cases: &[Case<'_>]) -> Vec<LeftOut> {
    let mut scored = cases.iter().peekable();
    let why = |row: &&Reference| {
        if scored.next_if(|case| std::ptr::eq(case.row, *row)).is_none() {
            return Some("without a score");
        }
        row.is_invalid(protocol).then_some("reference grades exclude each other")
    };
    let whys: Vec<Option<&'static str>> = rows.iter().map(why).collect();
    let named = rows.iter().zip(whys);
    named
        .filter_map(|(row, why)| Some(LeftOut { pair_id: row.pair_id.to_string(), why: why? }))
        .collect()
}
