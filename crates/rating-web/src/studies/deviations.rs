//! Where a study went another way than it was registered: who and what was
//! withdrawn, and which washouts were begun early, each with its reason.

use rusqlite::Connection;

use super::Study;
use crate::clock::Moment;
use crate::refusal::Refusal;

/// Everything that deviates from the protocol.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deviations {
    /// Readers who were withdrawn, by their position in the protocol.
    pub readers: Vec<Withdrawn<usize>>,
    /// Cases that were withdrawn, by the names of their pairs.
    pub cases: Vec<Withdrawn<String>>,
    /// Sessions that were let begin before the washout was over.
    pub early: Vec<Early>,
}

/// Somebody or something that counts no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawn<T> {
    /// Who or what.
    pub which: T,
    /// When.
    pub when: Moment,
    /// The reason that the coordinator gave.
    pub why: String,
}

/// A session that was let begin before the washout was over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Early {
    /// Position of the reader in the protocol.
    pub reader: usize,
    /// Which of the reader's sessions, from 0.
    pub session: usize,
    /// The reason that the coordinator gave.
    pub why: String,
    /// When it was begun; `None` where it never was.
    pub begun: Option<Moment>,
}

/// What deviated in a study, in the order of its readers, cases and sessions.
///
/// # Errors
/// A database that cannot be read.
pub fn deviations(db: &Connection, study: &Study) -> Result<Deviations, Refusal> {
    let mut found = Deviations::default();
    let sql = "SELECT number, withdrawn, why FROM study_readers
               WHERE study = ?1 AND withdrawn IS NOT NULL ORDER BY number";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([study.id])?;
    while let Some(row) = rows.next()? {
        let which = usize::try_from(row.get::<_, i64>(0)?).unwrap_or_default();
        found.readers.push(Withdrawn { which, when: row.get(1)?, why: row.get(2)? });
    }
    let sql = "SELECT name, withdrawn, why FROM study_cases JOIN pairs ON pairs.id = pair
               WHERE study = ?1 AND withdrawn IS NOT NULL ORDER BY number";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([study.id])?;
    while let Some(row) = rows.next()? {
        found.cases.push(Withdrawn { which: row.get(0)?, when: row.get(1)?, why: row.get(2)? });
    }
    let sql = "SELECT reader, number, early,
                   (SELECT min(opened) FROM study_answers
                    JOIN study_items items ON items.id = item WHERE session = sessions.id)
               FROM study_sessions sessions
               WHERE study = ?1 AND early IS NOT NULL ORDER BY reader, number";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([study.id])?;
    while let Some(row) = rows.next()? {
        let position = |column| -> rusqlite::Result<usize> {
            Ok(usize::try_from(row.get::<_, i64>(column)?).unwrap_or_default())
        };
        let (reader, session) = (position(0)?, position(1)?);
        found.early.push(Early { reader, session, why: row.get(2)?, begun: row.get(3)? });
    }
    Ok(found)
}
