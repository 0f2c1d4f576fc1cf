//! What the single networks of a task say: the paper's figures.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::network::NetworkId;
use crate::scores::Probability;
use crate::stats::{Interval, Measured, Outcomes, Scored, interval::mean};
use crate::threshold;

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

/// The answers of each network of a task, with the truth.
#[derive(Debug, Default)]
pub(super) struct NetworkAnswers<'a> {
    of_network: BTreeMap<&'a NetworkId, Vec<(bool, &'a Probability)>>,
}

impl<'a> NetworkAnswers<'a> {
    pub(super) fn add(&mut self, truth: bool, answer: &'a Probability) {
        self.of_network.entry(&answer.network).or_default().push((truth, answer));
    }

    /// Whether there are networks, and each answered for as many pairs.
    pub(super) fn all_as_often(&self) -> bool {
        let mut counts = self.of_network.values().map(Vec::len);
        counts.next().is_some_and(|first| counts.all(|count| count == first))
    }

    /// The means, each network at its own threshold.
    pub(super) fn means(&self) -> NetworkMeans {
        let aucs = self.of_network.values().map(|answers| {
            let truth: Vec<bool> = answers.iter().map(|answer| answer.0).collect();
            let scores: Vec<f64> =
                answers.iter().map(|answer| threshold::round(answer.1.probability)).collect();
            Scored::new(&truth, &scores).expect("probabilities were checked when read").auc()
        });
        let outcomes: Vec<Outcomes> = self
            .of_network
            .values()
            .map(|answers| {
                Outcomes::count(answers.iter().map(|(truth, answer)| (*truth, answer.bit())))
            })
            .collect();
        let over = |figure: fn(Outcomes) -> Measured| {
            mean_figure(outcomes.iter().map(|&outcomes| figure(outcomes)))
        };
        NetworkMeans {
            networks: outcomes.len(),
            auc: mean_figure(aucs),
            sensitivity: over(Outcomes::sensitivity),
            specificity: over(Outcomes::specificity),
            ppv: over(Outcomes::ppv),
            npv: over(Outcomes::npv),
            youden: over(Outcomes::youden),
        }
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
