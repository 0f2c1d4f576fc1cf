//! The learning rate over a training.

use serde::{Deserialize, Serialize};

/// How the learning rate changes over a training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Schedule {
    /// It stays what it is.
    Constant,
    /// Multiplied by `factor` every `every` epochs (the paper: 0.3 every 15).
    Step {
        /// Epochs between two steps.
        every: u32,
        /// What each step multiplies the rate by.
        factor: f64,
    },
    /// Rises over the first epochs and is multiplied by `factor` at each
    /// milestone (the authors' code: 5 epochs; 20, 30 and 40).
    Milestones {
        /// Epochs over which the rate rises in a line.
        warm_up_epochs: u32,
        /// Finished epochs after which the rate is multiplied.
        at: Vec<u32>,
        /// What each milestone multiplies the rate by.
        factor: f64,
    },
    /// One cycle: from a 25th of the rate up to it and down to almost
    /// nothing, both along half a cosine (Smith and Topin, 2018). Changes
    /// with every step.
    OneCycle {
        /// Share of the training in which the rate rises.
        warm_up: f64,
    },
}

/// A one-cycle training begins with this part of its highest rate.
const ONE_CYCLE_START: f64 = 1.0 / 25.0;
/// And ends with this part of it.
const ONE_CYCLE_END: f64 = ONE_CYCLE_START / 1e4;

/// Where a training is: which step of which epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Epochs finished.
    pub epoch: u32,
    /// Epochs in all.
    pub epochs: u32,
    /// Steps finished in this epoch.
    pub step: usize,
    /// Steps in an epoch, at least 1.
    pub steps: usize,
}

impl Place {
    /// Share of the training that lies behind the step, in `0..=1`; the last
    /// step stands at 1.
    fn share(self) -> f64 {
        let total = f64::from(self.epochs) * self.steps as f64;
        let done = f64::from(self.epoch) * self.steps as f64 + self.step as f64;
        if total > 1.0 { (done / (total - 1.0)).min(1.0) } else { 1.0 }
    }
}

impl Schedule {
    /// The learning rate of one step, where `highest` is the recipe's.
    #[must_use]
    pub fn rate(&self, highest: f64, place: Place) -> f64 {
        match self {
            Schedule::Constant => highest,
            Schedule::Step { every, factor } => {
                highest * factor.powi((place.epoch / (*every).max(1)).cast_signed())
            }
            Schedule::Milestones { warm_up_epochs, at, factor } => {
                let passed = at.iter().filter(|&&milestone| place.epoch >= milestone).count();
                let rise = f64::from(place.epoch + 1) / f64::from((*warm_up_epochs).max(1));
                highest * factor.powi(passed.min(64) as i32) * rise.min(1.0)
            }
            Schedule::OneCycle { warm_up } => highest * one_cycle(*warm_up, place.share()),
        }
    }
}

/// The part of the highest rate after this share of the training.
fn one_cycle(warm_up: f64, share: f64) -> f64 {
    if share < warm_up {
        half_cosine(ONE_CYCLE_START, 1.0, share / warm_up)
    } else {
        half_cosine(1.0, ONE_CYCLE_END, (share - warm_up) / (1.0 - warm_up))
    }
}

fn half_cosine(from: f64, to: f64, share: f64) -> f64 {
    to + (from - to) * (1.0 + (std::f64::consts::PI * share).cos()) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(epoch: u32, step: usize) -> Place {
        Place { epoch, epochs: 20, step, steps: 10 }
    }

    #[test]
    fn the_paper_steps_by_three_tenths_every_fifteen_epochs() {
        let paper = Schedule::Step { every: 15, factor: 0.3 };
        let rates = [0, 14, 15, 30].map(|epoch| paper.rate(3e-4, place(epoch, 3)));
        for (rate, expected) in rates.into_iter().zip([3e-4, 3e-4, 9e-5, 2.7e-5]) {
            assert!((rate - expected).abs() < 1e-12, "{rate} is not {expected}");
        }
    }

    #[test]
    fn one_cycle_rises_to_the_rate_and_falls_to_almost_nothing() {
        let cycle = Schedule::OneCycle { warm_up: 0.2 };
        let rates: Vec<f64> = (0..20)
            .flat_map(|epoch| (0..10).map(move |step| place(epoch, step)))
            .map(|place| cycle.rate(8e-3, place))
            .collect();
        let top = rates.iter().position(|&rate| rate > 0.9999 * 8e-3).unwrap();
        assert!((39..=40).contains(&top), "the top is at step {top}");
        assert!((rates[0] - 3.2e-4).abs() < 1e-12);
        assert!(rates[..=top].windows(2).all(|pair| pair[0] < pair[1]));
        assert!(rates[top + 1..].windows(2).all(|pair| pair[0] > pair[1]));
        assert!((rates[199] - 3.2e-8).abs() < 1e-12);
    }

    #[test]
    fn milestones_follow_a_warm_up() {
        let authors = Schedule::Milestones { warm_up_epochs: 5, at: vec![10, 15], factor: 0.1 };
        let rates = [0, 4, 9, 10, 15].map(|epoch| authors.rate(1.0, place(epoch, 0)));
        for (rate, expected) in rates.into_iter().zip([0.2, 1.0, 1.0, 0.1, 0.01]) {
            assert!((rate - expected).abs() < 1e-12, "{rate} is not {expected}");
        }
    }
}
