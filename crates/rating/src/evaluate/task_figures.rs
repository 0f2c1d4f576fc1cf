//! From the probabilities of each binary task to its figures.

use std::collections::BTreeMap;

use rand::Rng;
use serde::Serialize;

use super::calibration::{Calibration, decision_curve};
use super::figure::{Figure, NO_PATIENTS, usable};
use super::networks::NetworkMeans;
use super::tasks::Task;
use crate::stats::decision_curve::NetBenefit;
use crate::stats::ranked::Ranked;
use crate::stats::weighted::SumsByPatient;
use crate::stats::{Bootstrap, Interval, Patients, Resamples, RocPoint, Scored, Undefined};

/// By measurement, then by task (`gt0`, `gt1`, ...).
pub type Tasks = BTreeMap<String, BTreeMap<String, TaskFigures>>;

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
    /// Its interval after DeLong, pairs taken as independent.
    pub auc_delong_interval: Option<Interval>,
    /// ROC curve of the mean probability; of a curve with more than a thousand
    /// points every so many, ends included.
    pub roc: Vec<RocPoint>,
    /// Whether the mean probability means what it says.
    pub calibration: Option<Calibration>,
    /// Net benefit of acting on the mean probability.
    pub decision_curve: Vec<NetBenefit>,
    /// The paper's figures: mean over the task's networks, each at its own
    /// threshold, +- 1.96 s / sqrt(networks). Absent without probabilities, or
    /// where they lack networks for some pairs.
    pub networks: Option<NetworkMeans>,
    /// Why `auc` is `null`, or only its interval.
    pub undefined: Option<String>,
    /// Why `auc_delong_interval` is `null`.
    pub auc_delong_undefined: Option<String>,
}

/// Points of a ROC curve that are kept.
const MOST_POINTS: usize = 1000;

/// Puts the figures of all tasks together; intervals come from one pass over the
/// samples, because drawing is what takes long.
pub(super) fn gather<R: Rng + Clone + Sync>(
    tasks: &[Task<'_>],
    answered: impl Iterator<Item = Answered>,
    patients: Option<&Patients>,
    resamples: Option<&Resamples<R>>,
) -> Tasks {
    let mut all: Vec<TaskFigures> = Vec::new();
    let mut sampled = Vec::new();
    for answered in answered {
        let (figures, of_task) = answered.figures(patients);
        if let Some(of_task) = of_task {
            sampled.push((all.len(), of_task));
        }
        all.push(figures);
    }
    let figures = |weights: &[u32]| {
        sampled
            .iter()
            .flat_map(|(_, task)| [task.auc.auc(weights), task.brier.mean(weights)])
            .collect()
    };
    let bootstraps =
        resamples.map_or(Vec::new(), |resamples| resamples.of_all(2 * sampled.len(), figures));
    let mut bootstraps = bootstraps.into_iter();
    for (place, _) in &sampled {
        if let (Some(auc), Some(brier)) = (bootstraps.next(), bootstraps.next()) {
            all[*place].set_intervals(auc, brier);
        }
    }
    let mut by_name = Tasks::new();
    for (task, figures) in tasks.iter().zip(all) {
        let of_measurement = by_name.entry(task.name.to_owned()).or_default();
        of_measurement.insert(format!("gt{}", task.above), figures);
    }
    by_name
}

impl TaskFigures {
    fn set_intervals(
        &mut self,
        auc: Result<Bootstrap, Undefined>,
        brier: Result<Bootstrap, Undefined>,
    ) {
        let interval = usable(auc);
        if let (Some(_), Err(reason)) = (self.auc, &interval) {
            self.undefined = Some(reason.to_string());
        }
        self.auc_interval = interval.ok();
        if let Some(calibration) = &mut self.calibration {
            let value = calibration.brier.value.ok_or(Undefined::NoCases);
            calibration.brier = Figure::resampled(value, Some(brier));
        }
    }
}

/// A pair's place among the cases, its truth and its probability.
pub(super) type Known = (usize, bool, f64);

/// What is known about the pairs of one task.
pub(super) struct Answered {
    pub(super) known: Vec<Known>,
    pub(super) networks: Option<NetworkMeans>,
    /// Why the pairs that are known cannot stand for all.
    pub(super) selection: Option<String>,
}

/// What intervals are drawn from.
struct Sampled {
    auc: Ranked,
    brier: SumsByPatient,
}

impl Answered {
    /// The figures without the clustered intervals, and what those are drawn from.
    fn figures(self, patients: Option<&Patients>) -> (TaskFigures, Option<Sampled>) {
        let truth: Vec<bool> = self.known.iter().map(|case| case.1).collect();
        let means: Vec<f64> = self.known.iter().map(|case| case.2).collect();
        let n = truth.len();
        let positives = truth.iter().filter(|&&positive| positive).count();
        if self.selection.is_some() {
            return (TaskFigures::without(n, positives, self.selection), None);
        }
        let scored = Scored::new(&truth, &means).expect("probabilities were checked when read");
        drop((truth, means));
        let auc = scored.auc();
        let delong = scored.auc_estimate().and_then(|auc| auc.interval_within(0.0, 1.0));
        let places: Vec<usize> = self.known.iter().map(|case| case.0).collect();
        let patients = patients.map(|patients| patients.keep(&places));
        let sampled = patients.as_ref().map(|patients| Sampled::new(&scored, patients));
        let no_patients = sampled.is_none().then(|| NO_PATIENTS.to_owned());
        let undefined = auc.err().map(|reason| reason.to_string()).or(no_patients);
        let figures = TaskFigures {
            auc: auc.ok(),
            auc_delong_undefined: delong.err().map(|reason| reason.to_string()),
            auc_delong_interval: delong.ok(),
            roc: thinned(scored.roc().unwrap_or_default()),
            calibration: Calibration::of(&scored, patients.as_ref()),
            decision_curve: decision_curve(&scored),
            networks: self.networks,
            ..TaskFigures::without(n, positives, undefined)
        };
        (figures, sampled)
    }
}

impl TaskFigures {
    fn without(n: usize, positives: usize, undefined: Option<String>) -> TaskFigures {
        TaskFigures {
            n,
            positives,
            auc: None,
            auc_interval: None,
            auc_delong_interval: None,
            roc: Vec::new(),
            calibration: None,
            decision_curve: Vec::new(),
            networks: None,
            auc_delong_undefined: undefined.clone(),
            undefined,
        }
    }
}

impl Sampled {
    fn new(scored: &Scored, patients: &Patients) -> Sampled {
        let error = |(truth, probability): (bool, f64)| {
            Some((probability - f64::from(u8::from(truth))).powi(2))
        };
        let errors: Vec<Option<f64>> = scored.iter().map(error).collect();
        Sampled {
            auc: Ranked::new(scored, patients).expect("one patient a pair"),
            brier: SumsByPatient::new(&errors, patients).expect("one patient a pair"),
        }
    }
}

/// At most [`MOST_POINTS`] of a curve, evenly in its order, ends included.
fn thinned(curve: Vec<RocPoint>) -> Vec<RocPoint> {
    if curve.len() <= MOST_POINTS {
        return curve;
    }
    let last = curve.len() - 1;
    (0..MOST_POINTS).map(|place| curve[place * last / (MOST_POINTS - 1)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_curve_keeps_its_ends() {
        let curve: Vec<RocPoint> = (0..=2500)
            .map(|place| RocPoint {
                false_positive_rate: f64::from(place) / 2500.0,
                sensitivity: 1.0,
            })
            .collect();
        let thin = thinned(curve.clone());
        assert_eq!(thin.len(), MOST_POINTS);
        assert_eq!((thin[0], thin[MOST_POINTS - 1]), (curve[0], curve[2500]));
        assert_eq!(thinned(curve[..7].to_vec()), curve[..7]);
    }
}
