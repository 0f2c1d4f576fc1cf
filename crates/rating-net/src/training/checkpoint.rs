//! Where a training stands between two epochs, as one file.
//!
//! One file holds all of it, so that a crash can never leave parts that do
//! not belong together: the log of the epochs is in it too, which is why no
//! line is ever written twice.

use serde::{Deserialize, Serialize};

use crate::training::metrics::{Best, EpochMetrics};

/// Where a training stands between two epochs.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// One line for each epoch that ended.
    pub history: Vec<EpochMetrics>,
    /// The epoch whose weights are kept, where one is chosen by its figures.
    pub best: Option<Best>,
    /// Weights and optimizer after the last epoch.
    pub state: Vec<u8>,
    /// The kept weights, ready to be written; empty where none are chosen yet.
    pub kept: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Header {
    identity: String,
    history: Vec<EpochMetrics>,
    best: Option<Best>,
    state_bytes: usize,
    kept_bytes: usize,
}

const MAGIC: &[u8; 8] = b"RATINGc1";
const HASH_BYTES: usize = blake3::OUT_LEN;

impl Checkpoint {
    /// The file of a training with this identity: mark, length of the header,
    /// header, state, kept weights, hash of everything before.
    pub fn to_bytes(&self, identity: &str) -> Vec<u8> {
        let header = Header {
            identity: identity.to_owned(),
            history: self.history.clone(),
            best: self.best.clone(),
            state_bytes: self.state.len(),
            kept_bytes: self.kept.len(),
        };
        let header = serde_json::to_vec(&header).expect("a header is plain data");
        let mut bytes = MAGIC.to_vec();
        bytes.extend((header.len() as u64).to_le_bytes());
        bytes.extend(header);
        bytes.extend(&self.state);
        bytes.extend(&self.kept);
        let hash = blake3::hash(&bytes);
        bytes.extend(hash.as_bytes());
        bytes
    }

    /// Reads a file back; `None` where it is damaged or of another training,
    /// and then the training starts anew.
    pub fn from_bytes(bytes: &[u8], identity: &str) -> Option<Checkpoint> {
        let (content, hash) = bytes.split_at_checked(bytes.len().checked_sub(HASH_BYTES)?)?;
        if blake3::hash(content).as_bytes() != hash {
            return None;
        }
        let rest = content.strip_prefix(MAGIC)?;
        let (length, rest) = rest.split_first_chunk::<8>()?;
        let (header, rest) =
            rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
        let header: Header = serde_json::from_slice(header).ok()?;
        let (state, kept) = rest.split_at_checked(header.state_bytes)?;
        let belongs = header.identity == identity && kept.len() == header.kept_bytes;
        belongs.then(|| Checkpoint {
            history: header.history,
            best: header.best,
            state: state.to_vec(),
            kept: kept.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::metrics::{Criterion, Validation};

    fn checkpoint() -> Checkpoint {
        let validation = Validation { loss: 0.1 + 0.2, auc: Some(1.0 / 3.0), accuracy: 0.7 };
        let metrics = EpochMetrics {
            id: "sh.gt0.fold1.seed1".parse().unwrap(),
            epoch: 1,
            learning_rate: 3e-4,
            loss: std::f64::consts::LN_2,
            validation: Some(validation.clone()),
            seconds: 0.25,
        };
        Checkpoint {
            history: vec![metrics],
            best: Some(Best::after(None, 1, &validation, Criterion::Auc)),
            state: vec![1, 2, 3],
            kept: vec![4, 5],
        }
    }

    #[test]
    fn a_checkpoint_survives_its_file_to_the_last_bit() {
        let bytes = checkpoint().to_bytes("abc");
        assert_eq!(Checkpoint::from_bytes(&bytes, "abc"), Some(checkpoint()));
        assert_eq!(Checkpoint::from_bytes(&bytes, "abd"), None);
    }

    #[test]
    fn any_damage_is_noticed() {
        let bytes = checkpoint().to_bytes("abc");
        for length in 0..bytes.len() {
            assert_eq!(Checkpoint::from_bytes(&bytes[..length], "abc"), None);
        }
        for index in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[index] ^= 1;
            assert_eq!(Checkpoint::from_bytes(&damaged, "abc"), None, "byte {index}");
        }
    }
}
