//! What `bundle.json` says.

use std::collections::BTreeMap;

use rating::network::NetworkId;
use rating::preprocess::Preprocess;
use rating::{Origin, Protocol, ecoc, threshold};
use serde::{Deserialize, Serialize};

use crate::network::Architecture;

/// The only schema there is.
pub const SCHEMA: &str = "rating.bundle/1";

/// Version of the weights' encoding: `.safetensors`, torchvision's names,
/// 16-bit convolution and linear weights.
pub const FORMAT: u32 = 1;

/// Everything a score depends on but the weights, and where they came from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleInfo {
    /// [`SCHEMA`].
    pub schema: String,
    /// What the networks learned from.
    pub origin: Origin,
    /// Always true: no bundle is a medical device.
    pub research_use_only: bool,
    /// What the study calls itself.
    pub name: String,
    /// What is graded, from which images.
    pub protocol: Protocol,
    /// How images become inputs.
    pub preprocess: Preprocess,
    /// Number of folds, so of scoring models.
    pub folds: u8,
    /// Number of seeds, so of networks per task and fold.
    pub seeds: u8,
    /// The code word of each grade by the measurement's short name, as
    /// [`code_words`] makes them.
    pub code_words: BTreeMap<String, Vec<String>>,
    /// How thresholds were set.
    pub threshold_rule: threshold::Rule,
    /// The root of all chance in the study.
    pub study_seed: u64,
    /// BLAKE3 of the training manifest's content, in hex.
    pub manifest: String,
    /// The resolved configuration, as TOML.
    pub config: String,
    /// What wrote this.
    pub versions: Versions,
    /// The networks, in the order of measurements, tasks, folds and seeds.
    pub networks: Vec<NetworkInfo>,
}

/// What wrote a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Versions {
    /// Version of this project.
    pub rating: String,
    /// [`FORMAT`].
    pub format: u32,
}

impl Default for Versions {
    /// This version.
    fn default() -> Versions {
        Versions { rating: env!("CARGO_PKG_VERSION").to_owned(), format: FORMAT }
    }
}

/// One network of a bundle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkInfo {
    /// Which task it answers.
    pub id: NetworkId,
    /// Its file in the folder.
    pub file: String,
    /// BLAKE3 of the file, in hex; empty until [`write`](super::write) fills it in.
    pub blake3: String,
    /// Its shape.
    pub architecture: Architecture,
    /// The modalities it sees, in the order of its backbones.
    pub modalities: Vec<String>,
    /// The probability from which its bit is 1.
    pub threshold: f64,
    /// What each part started from: `backbone1` from `jigsaw.fold1.seed1`, say.
    pub starts_from: BTreeMap<String, String>,
    /// How it did on its validation fold. The same fold chose its epoch and
    /// threshold, so these figures are optimistic.
    pub validation: Validation,
}

impl NetworkInfo {
    /// A network whose file is yet to be written.
    #[must_use]
    pub fn new(
        id: NetworkId,
        architecture: Architecture,
        modalities: Vec<String>,
        threshold: f64,
        starts_from: BTreeMap<String, String>,
        validation: Validation,
    ) -> NetworkInfo {
        let file = file_name(&id);
        let blake3 = String::new();
        NetworkInfo {
            id,
            file,
            blake3,
            architecture,
            modalities,
            threshold,
            starts_from,
            validation,
        }
    }

    /// The positions among the protocol's modalities of what the network sees.
    #[must_use]
    pub fn images(&self, protocol: &Protocol) -> Vec<usize> {
        let modalities = protocol.modalities();
        let position = |name| modalities.iter().position(|modality| &modality.name == name);
        self.modalities.iter().filter_map(position).collect()
    }
}

/// Figures of a network on its validation fold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Validation {
    /// Pairs of the fold.
    pub pairs: usize,
    /// Of them, pairs whose grade is greater than the task's cut-off.
    pub positives: usize,
    /// Area under the ROC curve; none where the fold has one class.
    pub auc: Option<f64>,
    /// Mean cross-entropy; none without pairs.
    pub loss: Option<f64>,
    /// Share of right bits at the threshold; none without pairs.
    pub accuracy: Option<f64>,
    /// The epoch the weights are of, from 1.
    pub epoch: Option<usize>,
}

/// The file of a network.
pub(super) fn file_name(id: &NetworkId) -> String {
    format!("{id}.safetensors")
}

/// The code words of a protocol: for each measurement's short name a word for
/// each grade, such as `000`, `100`, `110`, `111`.
#[must_use]
pub fn code_words(protocol: &Protocol) -> BTreeMap<String, Vec<String>> {
    let digit = |&bit: &bool| if bit { '1' } else { '0' };
    let words = |grades| {
        ecoc::code_words(grades).iter().map(|word| word.iter().map(digit).collect()).collect()
    };
    let measurements = protocol.measurements().iter();
    measurements.map(|measurement| (measurement.short.clone(), words(measurement.grades))).collect()
}

/// The networks a bundle needs, in its order.
pub(super) fn needed(protocol: &Protocol, folds: u8, seeds: u8) -> Vec<NetworkId> {
    let mut ids = Vec::new();
    for measurement in protocol.measurements() {
        for above in 0..measurement.tasks() {
            for fold in 1..=folds {
                ids.extend((1..=seeds).map(|seed| NetworkId {
                    measurement: measurement.short.clone(),
                    above,
                    fold,
                    seed,
                }));
            }
        }
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eoss_needs_sixty_networks() {
        let ids = needed(&Protocol::eoss(), 5, 2);
        assert_eq!(ids.len(), 60);
        assert_eq!(ids[0].to_string(), "sh.gt0.fold1.seed1");
        assert_eq!(ids[59].to_string(), "vascularity.gt2.fold5.seed2");
    }

    #[test]
    fn code_words_are_thermometers() {
        assert_eq!(code_words(&Protocol::eoss())["sh"], ["000", "100", "110", "111"]);
    }
}
