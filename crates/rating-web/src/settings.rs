//! What a coordinator decides for the whole room.

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;
use crate::store::Change;

/// From when on readers may ask for the system's answer about a pair.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reveal {
    /// From when they have locked their own reading.
    #[default]
    AfterLock,
    /// From when the pair is settled, so that no consensus is coloured by it.
    AfterSettled,
}

impl Reveal {
    /// Both.
    pub const ALL: [Reveal; 2] = [Reveal::AfterLock, Reveal::AfterSettled];

    /// The word of the database and of forms.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Reveal::AfterLock => "after-lock",
            Reveal::AfterSettled => "after-settled",
        }
    }

    /// What stands behind this word.
    #[must_use]
    pub fn of(word: &str) -> Option<Reveal> {
        Reveal::ALL.into_iter().find(|one| one.word() == word)
    }
}

/// From when on readers may ask for answers in this room.
///
/// # Errors
/// A database that cannot be read.
pub fn reveal(db: &Connection) -> Result<Reveal, Refusal> {
    let sql = "SELECT value FROM settings WHERE name = 'reveal'";
    let word: Option<String> =
        db.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?;
    match word {
        None => Ok(Reveal::default()),
        Some(word) => Reveal::of(&word).ok_or_else(|| Refusal::broken(format!("reveal {word}"))),
    }
}

/// Decides from when on readers may ask for answers. What they have been shown
/// stays in the journal; they are not shown it again before the time.
///
/// # Errors
/// A database that takes no more.
pub fn set_reveal(change: &mut Change<'_>, after: Reveal) -> Result<(), Refusal> {
    let before = reveal(change)?;
    if before == after {
        return Ok(());
    }
    let sql = "INSERT INTO settings (name, value) VALUES ('reveal', ?1)
               ON CONFLICT (name) DO UPDATE SET value = ?1";
    change.execute(sql, params![after.word()])?;
    change.tell("room.reveal", "room", before, after)
}
