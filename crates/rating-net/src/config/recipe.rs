//! How one kind of training runs: epochs, batches, rates, choice of epoch.

use serde::{Deserialize, Serialize};

use crate::config::Schedule;
use crate::model::{OptimizerSettings, Stage};

/// How one kind of training runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Epochs at most.
    pub epochs: u32,
    /// Epochs of a training that starts from a trained sibling (`start.warm_start`); as `epochs` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_epochs: Option<u32>,
    /// Images in a training step, at most: the images of an epoch are dealt
    /// into batches whose sizes differ by one at most, so that no batch is
    /// too small to normalise.
    pub batch: usize,
    /// Highest learning rate.
    pub learning_rate: f64,
    /// Highest learning rate of a training that starts from a trained sibling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_learning_rate: Option<f64>,
    /// How the rate changes.
    pub schedule: Schedule,
    /// How gradients become steps.
    pub optimizer: OptimizerSettings,
    /// Stages that keep their starting weights. Ignored where a training
    /// starts from random weights.
    #[serde(default)]
    pub freeze: Vec<Stage>,
    /// Stop after so many epochs without a better one; never when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patience: Option<u32>,
    /// Which epoch's weights are kept.
    #[serde(default)]
    pub select: Select,
    /// Whether each epoch oversamples the smaller classes to the largest.
    /// Jigsaws have no classes of their own and ignore it.
    #[serde(default = "yes")]
    pub rebalance: bool,
}

fn yes() -> bool {
    true
}

/// Which epoch's weights are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Select {
    /// The epoch with the highest AUC on the validation fold (for jigsaws:
    /// accuracy), ties to the later; with the lowest loss where the fold has
    /// one class.
    #[default]
    Best,
    /// The last epoch. Validation figures are measured for it alone.
    Last,
}

impl Recipe {
    /// Epochs, for a training that starts from a sibling or does not.
    #[must_use]
    pub fn epochs(&self, warm: bool) -> u32 {
        if warm { self.warm_epochs.unwrap_or(self.epochs) } else { self.epochs }
    }

    /// Highest learning rate, for a training that starts from a sibling or does not.
    #[must_use]
    pub fn learning_rate(&self, warm: bool) -> f64 {
        if warm {
            self.warm_learning_rate.unwrap_or(self.learning_rate)
        } else {
            self.learning_rate
        }
    }
}
