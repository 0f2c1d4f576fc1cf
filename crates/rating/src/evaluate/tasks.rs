//! The figures of the binary tasks "is the grade greater than ...?".

use std::collections::{BTreeMap, BTreeSet};

use rand::Rng;

use super::{Case, MeanFigure, NetworkMeans, TaskFigures, Tasks, answers_task, interval};
use crate::Protocol;
use crate::network::NetworkId;
use crate::scores::Probability;
use crate::stats::ranked::Ranked;
use crate::stats::{Interval, Measured, Outcomes, Patients, Resamples, Scored, interval::mean};
use crate::threshold;

/// `resamples` are drawn over the same `cases`.
pub(super) fn figures(
    protocol: &Protocol,
    cases: &[Case<'_>],
    resamples: Option<&Resamples<impl Rng + Clone>>,
) -> Tasks {
    let patients = resamples.map(Resamples::patients);
    let mut all = Tasks::new();
    let mut places = Vec::new();
    let mut ranked = Vec::new();
    for (position, measurement) in protocol.measurements().iter().enumerate() {
        for above in 0..measurement.tasks() {
            let task = Task { measurement: position, short: &measurement.short, above };
            let (figures, of_task) = task.figures(cases, patients);
            let name = format!("gt{above}");
            if let Some(of_task) = of_task {
                places.push((measurement.name.clone(), name.clone()));
                ranked.push(of_task);
            }
            all.entry(measurement.name.clone()).or_default().insert(name, figures);
        }
    }
    // All tasks on one pass over the samples: drawing is what takes long.
    let bootstraps = resamples.map_or(Vec::new(), |resamples| {
        resamples
            .of_all(ranked.len(), |weights| ranked.iter().map(|task| task.auc(weights)).collect())
    });
    for ((measurement, task), bootstrap) in places.into_iter().zip(bootstraps) {
        let figures = all.get_mut(&measurement).and_then(|tasks| tasks.get_mut(&task));
        if let Some(figures) = figures {
            figures.auc_interval = interval(bootstrap);
        }
    }
    all
}

struct Task<'a> {
    measurement: usize,
    short: &'a str,
    above: u8,
}

impl Task<'_> {
    fn truth(&self, case: &Case<'_>) -> Option<bool> {
        case.row.grades[self.measurement].map(|grade| grade > self.above)
    }

    fn mean_probability(&self, case: &Case<'_>) -> Option<f64> {
        let means = case.score.decision.mean_probabilities.get(self.measurement);
        let of_score = means.and_then(|tasks| tasks.get(usize::from(self.above))).copied();
        if self.is_cut_short(case) {
            return of_score.flatten();
        }
        let of_networks: Vec<f64> = self.answers(case).map(|answer| answer.probability).collect();
        mean(&of_networks).ok().or(of_score.flatten())
    }

    /// The answers of the task's networks.
    fn answers<'c>(&self, case: &Case<'c>) -> impl Iterator<Item = &'c Probability> {
        let of_task = |answer: &&Probability| answers_task(&answer.network, self.short, self.above);
        case.probabilities.iter().filter(of_task)
    }

    /// Whether networks of only some scoring models were asked, as they are by
    /// lazy scoring. A mean over those would compare pairs by different networks.
    fn is_cut_short(&self, case: &Case<'_>) -> bool {
        let models = case.score.decision.votes.get(self.measurement).map_or(0, Vec::len);
        let folds: BTreeSet<u8> = self.answers(case).map(|answer| answer.network.fold).collect();
        !case.probabilities.is_empty() && folds.len() < models
    }

    /// Why there is no AUC, when only some pairs have a mean: those that needed
    /// all networks are the doubtful ones, and say little about the others.
    fn selection(&self, cases: &[Case<'_>]) -> Option<String> {
        let graded = || cases.iter().filter(|case| self.truth(case).is_some());
        let known = graded().filter(|case| self.mean_probability(case).is_some()).count();
        let unknown = graded().count() - known;
        (known > 0 && unknown > 0).then(|| {
            format!("all networks of the task answered for {known} of {} pairs", known + unknown)
        })
    }

    /// The figures without the interval, and what the interval is drawn from.
    fn figures(
        &self,
        cases: &[Case<'_>],
        patients: Option<&Patients>,
    ) -> (TaskFigures, Option<Ranked>) {
        // Position in `cases`, truth, mean probability.
        let known: Vec<(usize, bool, f64)> = cases
            .iter()
            .enumerate()
            .filter_map(|(position, case)| {
                Some((position, self.truth(case)?, self.mean_probability(case)?))
            })
            .collect();
        let truth: Vec<bool> = known.iter().map(|case| case.1).collect();
        let means: Vec<f64> = known.iter().map(|case| case.2).collect();
        let scored = Scored::new(&truth, &means).expect("probabilities were checked when read");
        let selected = self.selection(cases);
        if selected.is_some() {
            let figures = TaskFigures {
                n: known.len(),
                positives: truth.iter().filter(|&&positive| positive).count(),
                auc: None,
                auc_interval: None,
                roc: Vec::new(),
                networks: None,
                undefined: selected,
            };
            return (figures, None);
        }
        let auc = scored.auc();

        let ranked = patients.map(|patients| {
            let places: Vec<usize> = known.iter().map(|case| case.0).collect();
            Ranked::new(&scored, &patients.keep(&places)).expect("one patient a case")
        });
        let figures = TaskFigures {
            n: known.len(),
            positives: truth.iter().filter(|&&positive| positive).count(),
            auc: auc.ok(),
            auc_interval: None,
            roc: scored.roc().unwrap_or_default(),
            networks: self.network_means(cases),
            undefined: auc.err().map(|reason| reason.to_string()),
        };
        (figures, ranked)
    }

    fn network_means(&self, cases: &[Case<'_>]) -> Option<NetworkMeans> {
        let mut of_network: BTreeMap<&NetworkId, Vec<(bool, &Probability)>> = BTreeMap::new();
        for case in cases {
            let Some(truth) = self.truth(case) else { continue };
            if self.is_cut_short(case) {
                return None;
            }
            for answer in self.answers(case) {
                of_network.entry(&answer.network).or_default().push((truth, answer));
            }
        }
        let counts: BTreeSet<usize> = of_network.values().map(Vec::len).collect();
        if counts.len() != 1 {
            return None;
        }
        let aucs = of_network.values().map(|answers| {
            let truth: Vec<bool> = answers.iter().map(|answer| answer.0).collect();
            let scores: Vec<f64> =
                answers.iter().map(|answer| threshold::round(answer.1.probability)).collect();
            Scored::new(&truth, &scores).expect("probabilities were checked when read").auc()
        });
        let outcomes: Vec<Outcomes> = of_network
            .values()
            .map(|answers| {
                Outcomes::count(answers.iter().map(|(truth, answer)| (*truth, answer.bit())))
            })
            .collect();
        let over = |figure: fn(Outcomes) -> Measured| {
            mean_figure(outcomes.iter().map(|&outcomes| figure(outcomes)))
        };
        Some(NetworkMeans {
            networks: outcomes.len(),
            auc: mean_figure(aucs),
            sensitivity: over(Outcomes::sensitivity),
            specificity: over(Outcomes::specificity),
            ppv: over(Outcomes::ppv),
            npv: over(Outcomes::npv),
            youden: over(Outcomes::youden),
        })
    }
}

/// Mean and interval, `None` when one value is undefined.
fn mean_figure(values: impl Iterator<Item = Measured>) -> MeanFigure {
    match values.collect::<Result<Vec<f64>, _>>() {
        Ok(values) => {
            MeanFigure { value: mean(&values).ok(), interval: Interval::of_mean(&values).ok() }
        }
        Err(_) => MeanFigure { value: None, interval: None },
    }
}
