//! What a finished training leaves behind: weights and figures.

use std::path::Path;

use serde::{Deserialize, Serialize};

use rating::network::TrainingId;
use rating_frozen::weights::{self, Weights};

use crate::TrainError;
use crate::store::{self, Locked};

/// The weights, ready for a bundle.
const WEIGHTS: &str = "weights.safetensors";
/// The figures, written last: where it stands, the training is finished.
const RESULT: &str = "result.json";

/// What a finished training leaves behind. Nothing here depends on when,
/// where or how fast it ran.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finished {
    /// Which training.
    pub id: TrainingId,
    /// The hash of all it depends on.
    pub identity: String,
    /// What its weights started from.
    pub starts_from: String,
    /// Epochs it ran.
    pub epochs: u32,
    /// The epoch whose weights were kept, from 1.
    pub epoch: u32,
    /// BLAKE3 of the weights' file, hexadecimal.
    pub weights_blake3: String,
    /// Share of right permutations, for jigsaws.
    pub accuracy: Option<f64>,
    /// What the network says about each pair of its validation fold, in the
    /// order of pairs; empty for trainings that end in no network of a bundle.
    pub validation: Vec<Judged>,
}

/// A network's answer for one pair whose class is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// The pair.
    pub pair_id: String,
    /// Whether its grade is above the task's cut-off.
    pub truth: bool,
    /// The network's probability, rounded as everything that decides a bit is.
    pub probability: f64,
}

impl Finished {
    /// Writes weights, then figures.
    pub fn write(&self, locked: &Locked, weights: &[u8]) -> Result<(), TrainError> {
        store::write_whole(&locked.file(WEIGHTS), weights)?;
        let mut json = serde_json::to_vec_pretty(self).expect("figures are plain data");
        json.push(b'\n');
        store::write_whole(&locked.file(RESULT), &json)
    }

    /// What lies in the folder of a training; `None` where it is not finished,
    /// or its weights are not the ones that were written.
    pub fn read(folder: &Path, identity: &str) -> Result<Option<Finished>, TrainError> {
        let Some(json) = store::read_if_there(&folder.join(RESULT))? else {
            return Ok(None);
        };
        let Some(finished) = serde_json::from_slice::<Finished>(&json).ok() else {
            return Ok(None);
        };
        let weights = finished.weights_file(folder)?;
        let whole = blake3::hash(&weights).to_hex().as_str() == finished.weights_blake3;
        Ok((whole && finished.identity == identity).then_some(finished))
    }

    /// The bytes of the weights' file; none where it is missing.
    fn weights_file(&self, folder: &Path) -> Result<Vec<u8>, TrainError> {
        Ok(store::read_if_there(&folder.join(WEIGHTS))?.unwrap_or_default())
    }

    /// The weights.
    ///
    /// # Errors
    /// A file that is gone or damaged.
    pub fn weights(&self, folder: &Path) -> Result<Weights, TrainError> {
        Ok(weights::read(&self.weights_file(folder)?)?)
    }
}
