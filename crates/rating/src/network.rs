//! Identities of networks and of the trainings that make them.
//!
//! An identity is a value; its text form names files and log lines and is
//! never searched.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Grade, Problem};

/// One of the networks that decide grades: `sh.gt0.fold1.seed1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NetworkId {
    /// The measurement's short name.
    pub measurement: String,
    /// The task: is the grade greater than this?
    pub above: Grade,
    /// The fold held out for validation, from 1; also the scoring model.
    pub fold: u8,
    /// The repeat, from 1.
    pub seed: u8,
}

/// One training: a network, or a stage on the way to one.
///
/// The order is that of the plan: what others start from comes first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum TrainingId {
    /// Pretraining by jigsaws: `jigsaw.fold1.seed1`.
    Jigsaw {
        /// Fold held out, from 1.
        fold: u8,
        /// Repeat, from 1.
        seed: u8,
    },
    /// The feature extractor of one modality: `grayscale.sh.gt0.fold1.seed1`.
    Extractor {
        /// Name of the modality.
        modality: String,
        /// The network it becomes a part of.
        network: NetworkId,
    },
    /// The fusion head on frozen extractors: `fusion.sh.gt0.fold1.seed1`.
    Fusion(NetworkId),
    /// A network of one modality, trained end to end: `vascularity.gt0.fold1.seed1`.
    Single(NetworkId),
}

impl TrainingId {
    /// Fold held out, from 1.
    #[must_use]
    pub fn fold(&self) -> u8 {
        match self {
            TrainingId::Jigsaw { fold, .. } => *fold,
            TrainingId::Extractor { network, .. }
            | TrainingId::Fusion(network)
            | TrainingId::Single(network) => network.fold,
        }
    }

    /// Repeat, from 1.
    #[must_use]
    pub fn seed(&self) -> u8 {
        match self {
            TrainingId::Jigsaw { seed, .. } => *seed,
            TrainingId::Extractor { network, .. }
            | TrainingId::Fusion(network)
            | TrainingId::Single(network) => network.seed,
        }
    }
}

impl fmt::Display for NetworkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NetworkId { measurement, above, fold, seed } = self;
        write!(f, "{measurement}.gt{above}.fold{fold}.seed{seed}")
    }
}

impl fmt::Display for TrainingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TrainingId::Jigsaw { fold, seed } => write!(f, "jigsaw.fold{fold}.seed{seed}"),
            TrainingId::Extractor { modality, network } => write!(f, "{modality}.{network}"),
            TrainingId::Fusion(network) => write!(f, "fusion.{network}"),
            TrainingId::Single(network) => write!(f, "{network}"),
        }
    }
}

/// The number behind `word`, from 1 for folds and seeds.
fn numbered(part: &str, word: &str, least: u8) -> Option<u8> {
    let digits = part.strip_prefix(word)?;
    let number: u8 = digits.parse().ok()?;
    (number >= least && number.to_string() == digits).then_some(number)
}

fn network(parts: &[&str]) -> Option<NetworkId> {
    let [measurement, above, fold, seed] = parts else {
        return None;
    };
    Some(NetworkId {
        measurement: (!measurement.is_empty()).then(|| (*measurement).to_owned())?,
        above: numbered(above, "gt", 0)?,
        fold: numbered(fold, "fold", 1)?,
        seed: numbered(seed, "seed", 1)?,
    })
}

fn training(parts: &[&str]) -> Option<TrainingId> {
    match parts {
        ["jigsaw", fold, seed] => Some(TrainingId::Jigsaw {
            fold: numbered(fold, "fold", 1)?,
            seed: numbered(seed, "seed", 1)?,
        }),
        ["fusion", rest @ ..] if rest.len() == 4 => Some(TrainingId::Fusion(network(rest)?)),
        [modality, rest @ ..] if rest.len() == 4 => Some(TrainingId::Extractor {
            modality: (!modality.is_empty()).then(|| (*modality).to_owned())?,
            network: network(rest)?,
        }),
        _ => Some(TrainingId::Single(network(parts)?)),
    }
}

fn parts(text: &str) -> Vec<&str> {
    text.split('.').collect()
}

impl FromStr for NetworkId {
    type Err = Problem;

    fn from_str(text: &str) -> Result<NetworkId, Problem> {
        network(&parts(text)).ok_or_else(|| {
            Problem::new(format!("{text:?} is not a network")).hint("such as sh.gt0.fold1.seed1")
        })
    }
}

impl FromStr for TrainingId {
    type Err = Problem;

    fn from_str(text: &str) -> Result<TrainingId, Problem> {
        training(&parts(text)).ok_or_else(|| {
            Problem::new(format!("{text:?} is not a training"))
                .hint("such as grayscale.sh.gt0.fold1.seed1; see train --list")
        })
    }
}

impl TryFrom<String> for NetworkId {
    type Error = Problem;

    fn try_from(text: String) -> Result<NetworkId, Problem> {
        text.parse()
    }
}

impl TryFrom<String> for TrainingId {
    type Error = Problem;

    fn try_from(text: String) -> Result<TrainingId, Problem> {
        text.parse()
    }
}

impl From<NetworkId> for String {
    fn from(id: NetworkId) -> String {
        id.to_string()
    }
}

impl From<TrainingId> for String {
    fn from(id: TrainingId) -> String {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_survive_their_text() {
        for text in [
            "jigsaw.fold1.seed2",
            "grayscale.sh.gt0.fold1.seed1",
            "doppler.sh.gt2.fold5.seed2",
            "fusion.sh.gt1.fold3.seed1",
            "vascularity.gt2.fold5.seed2",
        ] {
            assert_eq!(text.parse::<TrainingId>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "sh",
            "sh.gt0.fold0.seed1",
            "sh.gt0.fold01.seed1",
            "sh.gt.fold1.seed1",
            "a.b.sh.gt0.fold1.seed1",
            ".gt0.fold1.seed1",
        ] {
            assert!(text.parse::<NetworkId>().is_err(), "{text}");
            assert!(text.parse::<TrainingId>().is_err(), "{text}");
        }
    }
}
