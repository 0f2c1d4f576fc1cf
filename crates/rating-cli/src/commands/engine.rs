//! What runs a bundle's networks: the processor, or a GPU through Burn.

use std::path::Path;

use rating::scores::Probability;
use rating_frozen::{Bundle, Control, CpuScorer, Inputs, Resources, ScoreError};
#[cfg(feature = "train")]
use rating_net::DeviceScorer;

use crate::commands::pairs;
use crate::failure::Failure;

/// The name of the processor.
const PROCESSOR: &str = "cpu";

/// How many networks are asked about a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    /// Every one.
    All,
    /// As many as its grades need.
    UntilDecided,
}

/// What runs a bundle's networks.
#[derive(Debug)]
pub enum Engine {
    /// Our own kernels, on this machine's processor.
    Processor(CpuScorer),
    /// Burn, on a GPU.
    #[cfg(feature = "train")]
    Device(DeviceScorer),
}

impl Engine {
    /// Opens a bundle for the device of this name.
    pub fn open(
        bundle: &Path,
        device: &str,
        asking: Asking,
        resources: Resources,
    ) -> Result<Engine, Failure> {
        if device == PROCESSOR {
            return Ok(Engine::Processor(pairs::open(bundle, resources)?));
        }
        if asking == Asking::UntilDecided {
            let what = format!("--lazy works on the processor only; leave --device {device} out");
            return Err(Failure::Usage(what));
        }
        on_device(bundle, device)
    }

    /// The bundle that answers.
    pub fn bundle(&self) -> &Bundle {
        match self {
            Engine::Processor(scorer) => scorer.bundle(),
            #[cfg(feature = "train")]
            Engine::Device(scorer) => scorer.bundle(),
        }
    }

    /// Bytes that the processor takes for networks, however little is granted. A
    /// device takes its own memory, for a network at a time.
    pub fn least_memory(&self) -> u64 {
        match self {
            Engine::Processor(scorer) => scorer.least_memory_to_score(),
            #[cfg(feature = "train")]
            Engine::Device(_) => 0,
        }
    }

    /// What the networks say of each pair: all of them, or as many as it takes
    /// until its answers are `decided`.
    pub fn answers(
        &self,
        inputs: &[Inputs],
        asking: Asking,
        decided: &(dyn Fn(&[Probability]) -> bool + Sync),
        control: &dyn Control,
    ) -> Result<Vec<Vec<Probability>>, ScoreError> {
        match (self, asking) {
            (Engine::Processor(scorer), Asking::All) => {
                scorer.score_inputs(inputs, &|_| true, control)
            }
            (Engine::Processor(scorer), Asking::UntilDecided) => {
                scorer.score_inputs_lazily(inputs, decided, control)
            }
            // Opened for all networks, or not at all.
            #[cfg(feature = "train")]
            (Engine::Device(scorer), _) => scorer.score_inputs(inputs, control),
        }
    }
}

#[cfg(feature = "train")]
fn on_device(bundle: &Path, device: &str) -> Result<Engine, Failure> {
    let device = rating_net::model::device(device)?;
    Ok(Engine::Device(DeviceScorer::new(pairs::open_bundle(bundle)?, device)))
}

#[cfg(not(feature = "train"))]
fn on_device(_bundle: &Path, device: &str) -> Result<Engine, Failure> {
    let problem = rating::Problem::new(format!("this build has no device {device:?}"));
    Err(problem.hint("it has cpu; GPUs come with the feature train and one of their own").into())
}
