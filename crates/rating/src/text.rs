//! Words that many rows share, held once.

use std::borrow::Borrow;
use std::collections::HashSet;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// A word of a table: a cohort, a machine, a patient. Copies share its memory.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Arc<str>);

impl Text {
    /// The word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Text {
    fn from(word: &str) -> Text {
        Text(word.into())
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// The words met so far.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    known: HashSet<Text>,
}

impl Texts {
    /// The word, in the memory of the first that was equal.
    pub(crate) fn text(&mut self, word: &str) -> Text {
        if let Some(known) = self.known.get(word) {
            return known.clone();
        }
        let text = Text::from(word);
        self.known.insert(text.clone());
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_words_share_their_memory() {
        let mut texts = Texts::default();
        let (first, again, other) = (texts.text("p1"), texts.text("p1"), texts.text("p2"));
        assert!(Arc::ptr_eq(&first.0, &again.0) && first != other);
        assert!(first == "p1" && format!("{first} {first:?}") == "p1 \"p1\"");
    }
}
