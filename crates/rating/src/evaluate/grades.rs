//! The figures of one quantity: grades against reference grades.

use std::collections::BTreeMap;

use rand::Rng;
use serde::Serialize;

use super::common_errors::{CommonError, OnlyRight, commonest_errors, only_right};
use super::counts::{Counts, FIGURES, Measurements, Next};
use super::cut_off::CutOff;
use super::figure::{Figure, NO_PATIENTS, usable};
use super::quantity::Columns;
use super::subgroups::{GroupFigures, Grouping};
use super::{Case, keep};
use crate::Grade;
use crate::stats::weighted::CountsByPatient;
use crate::stats::{Confusion, Interval, Patients, Resamples, Weights};

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
    /// Kappa as if all grades were equally frequent (PABAK, of more than two
    /// grades also Bennett's S).
    pub pabak: Option<f64>,
    /// Gwet's AC1, unweighted.
    pub ac1: Option<f64>,
    /// Gwet's AC2, linearly weighted.
    pub ac2_linear: Option<f64>,
    /// `confusion[reference][predicted]`.
    pub confusion: Confusion,
    /// 95 % intervals, patients resampled; absent where patients are unknown,
    /// `null` where no sample has a value or all have the same.
    pub intervals: BTreeMap<&'static str, Option<Interval>>,
    /// The accuracy when pairs with a conflict are left out, where there are any.
    pub accuracy_without_conflicts: Option<f64>,
    /// The same votes decided by majority, measurement by measurement; absent
    /// when the scores hold no votes, or not all of them.
    pub majority: Option<MajorityFigures>,
    /// The grades as yes-or-no answers, "is it greater than ...?": `gt0`, ...
    pub cut_offs: BTreeMap<String, CutOff>,
    /// The four commonest ways to differ from the reference, commonest first.
    pub commonest_errors: Vec<CommonError>,
    /// Why a figure above is `null`, or only its interval.
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
    /// Pairs that MULTITUDE gets right and the majority does not.
    pub only_multitude_right: OnlyRight,
    /// Pairs that the majority gets right and MULTITUDE does not.
    pub only_majority_right: OnlyRight,
}

/// The figures of one quantity, and those of each group of `groupings`. Pairs of
/// `cases` without a reference grade are not in `columns`.
pub(super) fn figures(
    columns: &Columns,
    cases: &[Case<'_>],
    groupings: &[Grouping],
    resamples: Option<&Resamples<impl Rng + Clone + Sync>>,
) -> (GradeFigures, Vec<Vec<GroupFigures>>) {
    let patients = match resamples {
        Some(resamples) => resamples.patients().keep(&columns.cases),
        None => Patients::one_per_case(columns.cases.len()),
    };
    let counts = Counts::new(columns, groupings, &patients);
    let mut measured = Measurements::new(&counts, &patients, resamples);

    // Read in the order in which `Counts::figures` gives them.
    let mut undefined = BTreeMap::new();
    let mut intervals = BTreeMap::new();
    let [accuracy, close_agreement, kappa, kappa_linear, kappa_quadratic, pabak, ac1, ac2_linear] =
        FIGURES.map(|(name, _)| {
            let (value, bootstrap) = measured.next();
            if let Some(bootstrap) = bootstrap {
                let interval = usable(bootstrap).map_err(|reason| {
                    undefined.insert(name, reason.to_string());
                });
                intervals.insert(name, interval.ok());
            }
            // Why there is no value goes before why it has no interval.
            keep(&mut undefined, name, value)
        });
    if resamples.is_none() {
        undefined.insert("intervals", NO_PATIENTS.to_owned());
    }
    let confusion = columns.graded().confusion();
    let cut_offs = cut_offs(columns.grades, &confusion, &mut measured);
    let majority = majority(columns, cases, measured.next(), &mut undefined);
    let groups = counts.groups.iter().map(|groups| {
        let of_group = |counts| group(counts, &patients, resamples.is_some(), &mut measured);
        groups.iter().map(of_group).collect()
    });
    let groups = groups.collect();

    let figures = GradeFigures {
        n: columns.cases.len(),
        missing: cases.len() - columns.cases.len(),
        accuracy,
        close_agreement,
        kappa,
        kappa_linear,
        kappa_quadratic,
        pabak,
        ac1,
        ac2_linear,
        commonest_errors: commonest_errors(columns, &confusion, cases),
        confusion,
        intervals,
        accuracy_without_conflicts: without_conflicts(columns, &mut undefined),
        majority,
        cut_offs,
        undefined,
    };
    (figures, groups)
}

fn cut_offs(
    grades: u8,
    confusion: &Confusion,
    measured: &mut Measurements,
) -> BTreeMap<String, CutOff> {
    let cut_off = |above: Grade| {
        let figures = std::array::from_fn(|_| measured.figure());
        (format!("gt{above}"), CutOff::new(confusion.outcomes(above), figures))
    };
    (0..grades.saturating_sub(1)).map(cut_off).collect()
}

fn majority(
    columns: &Columns,
    cases: &[Case<'_>],
    (gained, bootstrap): Next,
    undefined: &mut BTreeMap<&'static str, String>,
) -> Option<MajorityFigures> {
    let majority = columns.graded_by_majority()?.confusion();
    let gained = Figure::resampled(gained, bootstrap);
    undefined.extend(gained.undefined.map(|reason| ("accuracy_gained", reason)));
    let kappa = majority.kappa(Weights::Linear);
    let [only_multitude_right, only_majority_right] = only_right(columns, cases);
    Some(MajorityFigures {
        accuracy: keep(undefined, "majority_accuracy", majority.accuracy()),
        kappa_linear: keep(undefined, "majority_kappa_linear", kappa),
        accuracy_gained: gained.value,
        accuracy_gained_interval: gained.interval,
        only_multitude_right,
        only_majority_right,
    })
}

fn group(
    counts: &CountsByPatient,
    patients: &Patients,
    are_patients_known: bool,
    measured: &mut Measurements,
) -> GroupFigures {
    GroupFigures {
        n: counts.weighted(&vec![1; patients.count()]).cases(),
        patients: are_patients_known.then(|| counts.patients()),
        accuracy: measured.figure(),
        close_agreement: measured.figure(),
        kappa_linear: measured.figure(),
    }
}

fn without_conflicts(
    columns: &Columns,
    undefined: &mut BTreeMap<&'static str, String>,
) -> Option<f64> {
    if !columns.is_conflict.contains(&true) {
        return None;
    }
    let clear: Vec<usize> =
        (0..columns.cases.len()).filter(|&place| !columns.is_conflict[place]).collect();
    keep(undefined, "accuracy_without_conflicts", columns.graded_at(&clear).confusion().accuracy())
}
