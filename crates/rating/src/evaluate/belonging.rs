//! Whether the answers of single networks are about these pairs and these scores.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde::Serialize;

use super::tasks::{Task, tasks_of};
use super::{Study, answers_task};
use crate::manifest::Reference;
use crate::scores::{Probability, Score};
use crate::stats::interval::mean;
use crate::{Problem, Protocol};

/// How far the mean over networks may be from the one the scores hold: engines
/// agree within 1e-5, and files hold six decimals.
const SAME: f64 = 1e-4;

/// Scored pairs of which the probabilities of single networks say nothing, though
/// they do of others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WithoutProbabilities {
    /// How many.
    pub pairs: usize,
    /// The first of them in the manifest's order.
    pub first: String,
}

impl Study<'_> {
    /// `None` where every scored pair has some, or no probabilities are at hand.
    #[must_use]
    pub fn without_probabilities(&self) -> Option<WithoutProbabilities> {
        if self.probabilities.is_empty() {
            return None;
        }
        let answered: HashSet<&str> =
            self.probabilities.iter().map(|(pair, _)| pair.as_str()).collect();
        let places = self.scores.iter().map(Score::place);
        let is_silent = |place: &usize| !answered.contains(self.rows[*place].pair_id.as_ref());
        let mut silent: Vec<usize> = places.filter(is_silent).collect();
        silent.sort_unstable();
        let first = self.rows[*silent.first()?].pair_id.to_string();
        Some(WithoutProbabilities { pairs: silent.len(), first })
    }

    /// Whether the probabilities are those behind the scores.
    ///
    /// # Errors
    /// A pair that the manifest does not have; a pair whose networks have another
    /// mean than its scores say; no pair that has a score.
    pub fn check_probabilities(&self, protocol: &Protocol) -> Result<(), Problem> {
        if self.probabilities.is_empty() {
            return Ok(());
        }
        let rows = self.by_pair();
        let pair_of = |score: Score<'_>| self.rows[score.place()].pair_id.as_ref();
        let scored: HashMap<&str, Score<'_>> =
            self.scores.iter().map(|score| (pair_of(score), score)).collect();
        let tasks = tasks_of(protocol);
        for (pair, answers) in self.probabilities {
            known(&rows, pair)?;
            let Some(score) = scored.get(pair.as_str()) else { continue };
            for task in &tasks {
                let models = score.votes().get(task.measurement).map_or(0, Vec::len);
                if folds(task, answers).len() < models {
                    continue;
                }
                let of_task: Vec<f64> = of(task, answers).map(|one| one.probability).collect();
                let (Ok(found), Some(told)) =
                    (mean(&of_task), score.mean(task.measurement, task.above))
                else {
                    continue;
                };
                if (found - told).abs() > SAME {
                    let what = format!(
                        "pair {pair}: the networks of {} > {} have the mean {found:.4}, the scores say {told:.4}",
                        task.name, task.above
                    );
                    return Err(Problem::new(what)
                        .hint("give the probabilities that were written beside these scores"));
                }
            }
        }
        if !self.probabilities.iter().any(|(pair, _)| scored.contains_key(pair.as_str())) {
            let what = "these are about other pairs: none of them has a score";
            return Err(Problem::new(what)
                .hint("give the probabilities that were written beside these scores"));
        }
        Ok(())
    }

    /// Whether the validation probabilities are those of a training: of pairs that
    /// are each validated in one fold.
    ///
    /// # Errors
    /// A pair that the manifest does not have; a pair answered by several folds.
    pub fn check_validation(&self, protocol: &Protocol) -> Result<(), Problem> {
        let rows = self.by_pair();
        let tasks = tasks_of(protocol);
        for (pair, answers) in self.validation {
            known(&rows, pair)?;
            if tasks.iter().any(|task| folds(task, answers).len() > 1) {
                let what = format!("pair {pair} is answered by networks of several folds");
                return Err(Problem::new(what).hint(
                    "validation probabilities are those a training wrote about its own pairs, each by the networks of one fold",
                ));
            }
        }
        Ok(())
    }

    /// The manifest's rows by pair.
    pub(super) fn by_pair(&self) -> HashMap<&str, &Reference> {
        self.rows.iter().map(|row| (row.pair_id.as_ref(), row)).collect()
    }
}

fn known(rows: &HashMap<&str, &Reference>, pair: &str) -> Result<(), Problem> {
    if rows.contains_key(pair) {
        return Ok(());
    }
    let problem = Problem::new(format!("pair {pair} is not in the manifest"));
    Err(problem.hint("evaluate with the manifest that holds these pairs"))
}

fn of<'p>(task: &Task<'_>, answers: &'p [Probability]) -> impl Iterator<Item = &'p Probability> {
    answers.iter().filter(|answer| answers_task(&answer.network, task.short, task.above))
}

fn folds(task: &Task<'_>, answers: &[Probability]) -> BTreeSet<u8> {
    of(task, answers).map(|answer| answer.network.fold).collect()
}
