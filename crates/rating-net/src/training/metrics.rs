//! What is measured of an epoch, and which epoch is the best.

use serde::{Deserialize, Serialize};

use rating::network::TrainingId;

/// What was measured of one epoch: one line of `metrics.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochMetrics {
    /// Which training.
    pub id: TrainingId,
    /// Which epoch, from 1.
    pub epoch: u32,
    /// Learning rate of its last step.
    pub learning_rate: f64,
    /// Mean cross-entropy of the images it showed, while it learned.
    pub loss: f64,
    /// Figures on the validation fold; `None` where nothing depends on them.
    pub validation: Option<Validation>,
    /// How long it took. For the log only: no bundle holds it.
    pub seconds: f64,
}

/// Figures on the validation fold. The fold that measures also chooses the
/// epoch and the threshold, so they are optimistic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Validation {
    /// Mean cross-entropy.
    pub loss: f64,
    /// Area under the ROC curve; `None` where the fold has one class, and for jigsaws.
    pub auc: Option<f64>,
    /// Share of right answers at 0.5, or of right permutations.
    pub accuracy: f64,
}

/// What an epoch is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Criterion {
    /// The AUC; the lowest loss where there is none.
    Auc,
    /// The share of right permutations.
    Accuracy,
}

/// Compares epochs of one training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// The epoch kept so far, from 1.
    pub epoch: u32,
    /// The last epoch that was strictly better than all before it.
    pub improved: u32,
    /// Its figure; more is better.
    figure: f64,
}

impl Best {
    /// The choice after one more epoch: the higher figure, ties to the later.
    pub fn after(
        before: Option<&Best>,
        epoch: u32,
        validation: &Validation,
        criterion: Criterion,
    ) -> Best {
        let figure = match criterion {
            Criterion::Auc => validation.auc.unwrap_or(-validation.loss),
            Criterion::Accuracy => validation.accuracy,
        };
        match before {
            Some(best) if best.figure > figure => best.clone(),
            Some(best) if best.figure == figure => Best { epoch, ..best.clone() },
            _ => Best { epoch, improved: epoch, figure },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(of: &[(Option<f64>, f64)]) -> Best {
        let mut best = None;
        for (epoch, &(auc, loss)) in (1..).zip(of) {
            let validation = Validation { loss, auc, accuracy: 0.5 };
            best = Some(Best::after(best.as_ref(), epoch, &validation, Criterion::Auc));
        }
        best.unwrap()
    }

    #[test]
    fn the_highest_auc_is_kept_and_ties_go_to_the_later() {
        let found = best(&[(Some(0.7), 1.0), (Some(0.9), 2.0), (Some(0.9), 3.0), (Some(0.8), 0.1)]);
        assert_eq!((found.epoch, found.improved), (3, 2));
    }

    #[test]
    fn a_fold_of_one_class_is_judged_by_its_loss() {
        assert_eq!(best(&[(None, 0.5), (None, 0.3), (None, 0.4)]).epoch, 2);
    }
}
