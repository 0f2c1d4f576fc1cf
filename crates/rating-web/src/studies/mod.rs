//! Reader studies in the room: who reads which case in which arm, what the arm
//! shows, and readings that are only ever added to (paper, "Reader study").

mod deviations;
mod freeze;
mod manage;
mod open;
mod progress;
mod read;
mod replay;
mod sealed;
mod standing;
mod told;

use std::sync::Arc;

use rating::Origin;
use rating::study::StudyProtocol;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::clock::Moment;
use crate::pairs;
use crate::people::Person;
use crate::refusal::Refusal;
pub use deviations::{Deviations, Early, Withdrawn, deviations};
pub use freeze::freeze;
pub use manage::{allow_early, close, seal, withdraw_case, withdraw_reader};
pub use open::{FrozenAnswer, NewCase, Opening, check_readers, may_open, open};
pub(crate) use progress::after;
pub use progress::{Far, Item, Turn, board, turn};
pub use read::{
    Asked, Effort, Given, Held, Save, begin, find, save, show, submit, submitted_before, withholds,
};
pub use replay::{CaseOf, Submitted, altered_for, cases, replay, submitted};
pub use sealed::disagreement;
pub use standing::{Allowed, Place, allowed};
pub use told::shown_answer;

/// A study as the room keeps it.
#[derive(Debug, Clone)]
pub struct Study {
    /// Its number.
    pub id: i64,
    /// What was registered.
    pub protocol: Arc<StudyProtocol>,
    /// The hash of the protocol.
    pub hash: String,
    /// The bundle whose answers are shown.
    pub bundle: Option<String>,
    /// When it was opened.
    pub opened: Moment,
    /// When it was closed.
    pub closed: Option<Moment>,
    /// Hash over every submitted reading when it was closed.
    pub seal: Option<String>,
}

const COLUMNS: &str = "studies.id, protocol, hash, bundle, opened, closed, seal";

fn study(row: &Row<'_>) -> Result<Study, Refusal> {
    let text: String = row.get(1)?;
    let protocol = StudyProtocol::from_toml(&text)
        .map_err(|problems| Refusal::broken(format!("stored study protocol: {problems:?}")))?;
    Ok(Study {
        id: row.get(0)?,
        protocol: Arc::new(protocol),
        hash: row.get(2)?,
        bundle: row.get(3)?,
        opened: row.get(4)?,
        closed: row.get(5)?,
        seal: row.get(6)?,
    })
}

/// The study of this name.
///
/// # Errors
/// No such study.
pub fn by_name(db: &Connection, name: &str) -> Result<Study, Refusal> {
    let sql = format!("SELECT {COLUMNS} FROM studies WHERE name = ?1");
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query([name])?;
    match rows.next()? {
        Some(row) => study(row),
        None => Err(no_such_study()),
    }
}

pub(crate) fn no_such_study() -> Refusal {
    Refusal::unknown("There is no such study.")
}

/// Pairs with the same pixels as the pair ?2 among the cases of open studies that
/// the person ?1 reads in.
const READ_BY: &str = "SELECT EXISTS (SELECT 1 FROM views mine
    JOIN views twin ON twin.source IN (mine.source, mine.image)
        OR twin.image IN (mine.source, mine.image)
    JOIN studies ON closed IS NULL
    JOIN study_readers readers
        ON readers.study = studies.id AND person = ?1 AND readers.withdrawn IS NULL
    JOIN study_cases cases ON cases.study = studies.id AND cases.pair = twin.pair
    WHERE mine.pair = ?2)";

/// Whether a pair is a case of an open study that a person reads in.
///
/// # Errors
/// A database that cannot be read.
pub(crate) fn is_read_by(db: &Connection, person: i64, pair: i64) -> Result<bool, Refusal> {
    // Most rooms have no open study: the joins are not worth asking for then.
    Ok(has_open(db, person)?
        && db.prepare_cached(READ_BY)?.query_row([person, pair], |row| row.get(0))?)
}

/// Where the images of a study's cases come from, the most doubtful of them.
///
/// # Errors
/// A database that cannot be read.
pub fn origin(db: &Connection, study: &Study) -> Result<Option<Origin>, Refusal> {
    let sql = "SELECT DISTINCT origin FROM study_cases JOIN pairs ON pairs.id = pair
               WHERE study = ?1";
    pairs::most_doubtful(db, sql, [study.id])
}

/// Whether a person reads in a study that is open.
///
/// # Errors
/// A database that cannot be read.
pub(crate) fn has_open(db: &Connection, person: i64) -> Result<bool, Refusal> {
    let sql =
        "SELECT EXISTS (SELECT 1 FROM studies JOIN study_readers readers ON study = studies.id
               WHERE closed IS NULL AND person = ?1 AND readers.withdrawn IS NULL)";
    Ok(db.prepare_cached(sql)?.query_row([person], |row| row.get(0))?)
}

/// Every study, or those that a person reads or has read in, in the order they were
/// opened.
///
/// # Errors
/// A database that cannot be read.
pub fn all(db: &Connection, reader: Option<&Person>) -> Result<Vec<Study>, Refusal> {
    let sql = format!(
        "SELECT {COLUMNS} FROM studies WHERE ?1 IS NULL OR EXISTS (SELECT 1 FROM study_readers
         WHERE study = studies.id AND person = ?1) ORDER BY studies.id"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query([reader.map(|person| person.id)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(study(row)?);
    }
    Ok(found)
}

/// A person among the readers of a study.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reads {
    /// Position in the protocol.
    pub number: usize,
    /// Whether the person reads in it no more.
    pub is_withdrawn: bool,
}

/// What a person is in a study; `None` for whoever never read in it.
///
/// # Errors
/// A database that cannot be read.
pub fn reads(db: &Connection, study: i64, person: i64) -> Result<Option<Reads>, Refusal> {
    let sql = "SELECT number, withdrawn IS NOT NULL FROM study_readers
               WHERE study = ?1 AND person = ?2";
    let found = db.prepare_cached(sql)?.query_row(params![study, person], |row| {
        let number = usize::try_from(row.get::<_, i64>(0)?).unwrap_or_default();
        Ok(Reads { number, is_withdrawn: row.get(1)? })
    });
    Ok(found.optional()?)
}
