//! What a run tells whoever started it, and how it is told to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rating::network::TrainingId;

use crate::training::metrics::EpochMetrics;

/// A request to stop, shared with the run. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Nothing is asked yet.
    #[must_use]
    pub fn new() -> Stop {
        Stop::default()
    }

    /// Asks the run to stop. It does within one training step; the epochs
    /// that ended are kept.
    pub fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether someone asked.
    #[must_use]
    pub fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Something that happened in a run.
///
/// Work is counted in image passes: one image of the network's input size in
/// one training step. A pass without learning counts a third.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// What the plan holds, before anything runs.
    Planned {
        /// Trainings in the plan.
        trainings: usize,
        /// Those that were finished before.
        finished: usize,
        /// Estimated work that is left.
        image_passes: f64,
    },
    /// A training begins or goes on.
    Started {
        /// Which one.
        id: &'a TrainingId,
        /// Epochs that earlier runs finished.
        epochs_done: u32,
        /// Epochs it will have at most.
        epochs: u32,
        /// Estimated work that is left in it.
        image_passes: f64,
    },
    /// Images went through a network that is being trained.
    Passed {
        /// Which one.
        id: &'a TrainingId,
        /// Work done since the last such event.
        image_passes: f64,
    },
    /// An epoch ended and is safe on disk.
    Epoch {
        /// Which training.
        id: &'a TrainingId,
        /// What was measured.
        metrics: &'a EpochMetrics,
        /// Epochs it will have at most.
        epochs: u32,
    },
    /// A training is finished and safe on disk.
    Finished {
        /// Which one.
        id: &'a TrainingId,
        /// Estimated work that turned out not to be needed (an early stop).
        image_passes_saved: f64,
    },
    /// Something a person should know, though the run goes on.
    Warning {
        /// One line.
        text: String,
    },
}

/// Watches a run. Called from several threads.
pub trait Observer: Sync {
    /// Something happened.
    fn event(&self, event: &Event<'_>);
}

/// Watches nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn event(&self, _: &Event<'_>) {}
}
