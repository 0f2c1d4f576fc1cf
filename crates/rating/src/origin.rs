//! Where data, and so every answer made from it, comes from.

use serde::{Deserialize, Serialize};

/// The origin of images, weights or answers, ordered from the most to the
/// least trustworthy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// Images of patients.
    Clinical,
    /// Drawn joints; nothing said about them says anything about patients.
    Phantom,
    /// Answers that no network computed.
    Canned,
}

impl Origin {
    /// The origin of something made from both: the more doubtful of the two.
    #[must_use]
    pub fn with(self, other: Origin) -> Origin {
        self.max(other)
    }

    /// The word used in files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Origin::Clinical => "clinical",
            Origin::Phantom => "phantom",
            Origin::Canned => "canned",
        }
    }

    /// The origin a file's word stands for, `None` for any other word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Origin> {
        [Origin::Clinical, Origin::Phantom, Origin::Canned]
            .into_iter()
            .find(|origin| origin.word() == word)
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_doubtful_origin_wins() {
        assert_eq!(Origin::Clinical.with(Origin::Phantom), Origin::Phantom);
        assert_eq!(Origin::Canned.with(Origin::Phantom), Origin::Canned);
        assert_eq!(Origin::Clinical.with(Origin::Clinical), Origin::Clinical);
    }

    #[test]
    fn words_round_trip() {
        for origin in [Origin::Clinical, Origin::Phantom, Origin::Canned] {
            assert_eq!(Origin::from_word(origin.word()), Some(origin));
        }
        assert_eq!(Origin::from_word("Phantom"), None);
    }
}
