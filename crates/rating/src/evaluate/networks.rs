//! What the single networks of a task say: the paper's figures.

use std::collections::BTreeMap;

use serde::Serialize;

use super::figure::Figure;
use crate::network::NetworkId;
use crate::scores::Probability;
use crate::stats::{Interval, Measured, Outcomes, Scored, Undefined, interval::mean};
use crate::threshold;

/// Means over the networks of a task (paper, "Statistical analysis").
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NetworkMeans {
    /// How many networks.
    pub networks: usize,
    /// Area under the ROC curve.
    pub auc: Figure,
    /// Sensitivity.
    pub sensitivity: Figure,
    /// Specificity.
    pub specificity: Figure,
    /// Positive predictive value.
    pub ppv: Figure,
    /// Negative predictive value.
    pub npv: Figure,
    /// Youden index.
    pub youden: Figure,
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

/// The mean and the paper's interval, undefined where one network's value is; no
/// interval of one network, or of networks that do not differ.
fn mean_figure(values: impl Iterator<Item = Measured>) -> Figure {
    let values: Vec<f64> = match values.collect() {
        Ok(values) => values,
        Err(reason) => return Figure::new(Err(reason), Err(reason)),
    };
    let interval = Interval::of_mean(&values);
    let has_width = |interval: Interval| match interval.low < interval.high {
        true => Ok(interval),
        false => Err(Undefined::NoWidth),
    };
    Figure::new(mean(&values), interval.and_then(has_width))
}
