//! Seeds: one number of a study, and the independent seeds derived from it.

use serde::{Deserialize, Serialize};

/// The root of one stream of chance.
///
/// Seeds form a tree: `study.child("sh.gt0.fold1.seed1").child("epoch 3")`.
/// Children with different labels are independent, so a stream never depends
/// on what ran before it, on threads or on the order of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seed([u8; 32]);

impl Seed {
    /// The root seed of a study.
    #[must_use]
    pub fn new(number: u64) -> Seed {
        Seed(*blake3::hash(&number.to_le_bytes()).as_bytes())
    }

    /// The seed of a part of the work, by name.
    #[must_use]
    pub fn child(self, label: impl std::fmt::Display) -> Seed {
        let keyed = blake3::keyed_hash(&self.0, label.to_string().as_bytes());
        Seed(*keyed.as_bytes())
    }

    /// 32 bytes to start a generator from.
    #[must_use]
    pub fn bytes(self) -> [u8; 32] {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_differ_by_label_and_by_parent() {
        let root = Seed::new(7);
        assert_eq!(root.child("a"), Seed::new(7).child("a"));
        assert_ne!(root.child("a"), root.child("b"));
        assert_ne!(root.child("a"), Seed::new(8).child("a"));
        assert_ne!(root.child("a").child("b"), root.child("ab"));
    }
}
