//! What scores say about the binary tasks "is the grade greater than ...?".

use std::collections::BTreeSet;

use rand::Rng;

use super::networks::{NetworkAnswers, NetworkMeans};
use super::task_figures::{Answered, Known, Tasks, gather};
use super::{Case, answers_task};
use crate::Protocol;
use crate::scores::Probability;
use crate::stats::Resamples;
use crate::stats::interval::mean;
use crate::words::counted;

/// The figures of every task. `resamples` are drawn over the same `cases`.
pub(super) fn figures(
    protocol: &Protocol,
    cases: &[Case<'_>],
    resamples: Option<&Resamples<impl Rng + Clone + Sync>>,
) -> Tasks {
    let patients = resamples.map(Resamples::patients);
    let all = tasks_of(protocol);
    let answered = all.iter().map(|task| task.answered(cases));
    gather(&all, answered, patients, resamples)
}

/// One binary task of the protocol.
pub(super) struct Task<'a> {
    pub(super) measurement: usize,
    pub(super) name: &'a str,
    pub(super) short: &'a str,
    pub(super) above: u8,
}

/// All tasks of the protocol, measurement by measurement.
pub(super) fn tasks_of(protocol: &Protocol) -> Vec<Task<'_>> {
    let measurements = protocol.measurements().iter().enumerate();
    measurements
        .flat_map(|(position, measurement)| {
            (0..measurement.tasks()).map(move |above| Task {
                measurement: position,
                name: &measurement.name,
                short: &measurement.short,
                above,
            })
        })
        .collect()
}

impl Task<'_> {
    fn truth(&self, case: &Case<'_>) -> Option<bool> {
        case.row.grades[self.measurement].map(|grade| grade > self.above)
    }

    fn mean_probability(&self, case: &Case<'_>) -> Option<f64> {
        let of_score = case.score.mean(self.measurement, self.above);
        if self.is_cut_short(case) {
            return of_score;
        }
        let of_networks: Vec<f64> = self.answers(case).map(|answer| answer.probability).collect();
        mean(&of_networks).ok().or(of_score)
    }

    /// The answers of the task's networks.
    fn answers<'c>(&self, case: &Case<'c>) -> impl Iterator<Item = &'c Probability> {
        let of_task = |answer: &&Probability| answers_task(&answer.network, self.short, self.above);
        case.probabilities.into_iter().flatten().filter(of_task)
    }

    /// Whether networks of only some scoring models were asked, as they are by
    /// lazy scoring, or none of this pair though there are some of others. A mean
    /// over those would compare pairs by different networks.
    fn is_cut_short(&self, case: &Case<'_>) -> bool {
        if case.probabilities.is_none() {
            return false;
        }
        let models = case.score.votes().get(self.measurement).map_or(0, Vec::len);
        let folds: BTreeSet<u8> = self.answers(case).map(|answer| answer.network.fold).collect();
        folds.len() < models
    }

    /// Why there is no AUC, when only some pairs have a mean: those that needed
    /// all networks are the doubtful ones, and say little about the others.
    fn selection(&self, cases: &[Case<'_>], known: usize) -> Option<String> {
        let graded = cases.iter().filter(|case| self.truth(case).is_some()).count();
        (known > 0 && known < graded).then(|| {
            let graded = counted(graded, "pair", "pairs");
            format!("all networks of the task answered for {known} of {graded}")
        })
    }

    /// What the scores say about this task.
    fn answered(&self, cases: &[Case<'_>]) -> Answered {
        let known: Vec<Known> = cases
            .iter()
            .enumerate()
            .filter_map(|(position, case)| {
                Some((position, self.truth(case)?, self.mean_probability(case)?))
            })
            .collect();
        let selection = self.selection(cases, known.len());
        let networks = self.network_means(cases).filter(|_| selection.is_none());
        Answered { known, networks, selection }
    }

    fn network_means(&self, cases: &[Case<'_>]) -> Option<NetworkMeans> {
        let mut answers = NetworkAnswers::default();
        for case in cases {
            let Some(truth) = self.truth(case) else { continue };
            if self.is_cut_short(case) {
                return None;
            }
            for answer in self.answers(case) {
                answers.add(truth, answer);
            }
        }
        answers.all_as_often().then(|| answers.means())
    }
}
