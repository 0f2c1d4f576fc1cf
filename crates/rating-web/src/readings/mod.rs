//! What readers say about pairs. A reading is a draft until its reader locks
//! it; then it stays.

mod body;
mod keep;
mod listing;
mod standing;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Moment;
use crate::refusal::Refusal;
pub use body::{Body, Reason, check_grades, complete_grades};
pub use keep::{Save, lock, of_subject, open, reveal, save, shown};
pub use listing::{ListedReading, listing};
pub use standing::{Disclosure, Standing, disclosure, embargo_on};

/// Which time a pair is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Alone, before anything of anybody else is known.
    First,
    /// Again, knowing what the others said.
    Consensus,
    /// A senior reader, where they still differ.
    Adjudication,
}

impl Stage {
    /// The word of `readings.csv`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Stage::First => "first",
            Stage::Consensus => "consensus",
            Stage::Adjudication => "adjudication",
        }
    }

    /// The stage of this word.
    #[must_use]
    pub fn of(word: &str) -> Option<Stage> {
        [Stage::First, Stage::Consensus, Stage::Adjudication]
            .into_iter()
            .find(|stage| stage.word() == word)
    }
}

impl ToSql for Stage {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.word().into())
    }
}

impl FromSql for Stage {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Stage> {
        Stage::of(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

/// What of the system's answer a reader had seen before a reading was locked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    /// Grades, votes, probabilities.
    pub grades: bool,
    /// Heatmaps.
    pub heatmap: bool,
}

impl Shown {
    /// Whether it was all the reader's own.
    #[must_use]
    pub fn is_nothing(self) -> bool {
        self == Shown::default()
    }
}

/// One reader's reading of one pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reading {
    /// Its number.
    pub id: i64,
    /// Of which pair.
    #[serde(skip)]
    pub pair: i64,
    /// Whose.
    #[serde(skip)]
    pub reader: i64,
    /// Which time.
    pub stage: Stage,
    /// Counts changes, from 1.
    pub version: i64,
    /// The change that led to this version, as the browser named it.
    pub change: String,
    /// What it says.
    pub body: Body,
    /// What had been shown before it was locked.
    pub shown: Shown,
    /// Of a later reading: who else that had read the pair had seen the answer
    /// when this one was locked, by number.
    #[serde(skip)]
    pub seen_by: Vec<i64>,
    /// When it was begun.
    pub opened: Moment,
    /// When it was last changed.
    pub saved: Moment,
    /// When it was locked.
    pub locked: Option<Moment>,
}

impl Reading {
    /// Whether nothing of the system's answer led to it: its reader had not seen
    /// it, nor, where readers come to a consensus, had any of the others.
    ///
    /// A senior reader who decides is not shown what readers said after they had
    /// seen the answer, so that it is enough not to have seen it.
    #[must_use]
    pub fn is_unaided(&self) -> bool {
        self.shown.is_nothing() && (self.stage != Stage::Consensus || self.seen_by.is_empty())
    }
}

const COLUMNS: &str =
    "id, pair, reader, stage, version, change, body, shown, seen_by, opened, saved, locked";

fn reading(row: &Row<'_>) -> Result<Reading, Refusal> {
    let (body, shown, seen_by): (String, String, String) = (row.get(6)?, row.get(7)?, row.get(8)?);
    Ok(Reading {
        id: row.get(0)?,
        pair: row.get(1)?,
        reader: row.get(2)?,
        stage: row.get(3)?,
        version: row.get(4)?,
        change: row.get(5)?,
        body: serde_json::from_str(&body)?,
        shown: serde_json::from_str(&shown)?,
        seen_by: serde_json::from_str(&seen_by)?,
        opened: row.get(9)?,
        saved: row.get(10)?,
        locked: row.get(11)?,
    })
}

/// A reader's reading of a pair; `None` before it was begun.
///
/// # Errors
/// A database that cannot be read.
pub fn find(
    db: &Connection,
    pair: i64,
    reader: i64,
    stage: Stage,
) -> Result<Option<Reading>, Refusal> {
    let sql =
        format!("SELECT {COLUMNS} FROM readings WHERE pair = ?1 AND reader = ?2 AND stage = ?3");
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query(params![pair, reader, stage])?;
    rows.next()?.map(reading).transpose()
}

/// The reading of a pair that its reader locked last; `None` before the first.
/// By number, not by time: a reading begins when the one before it is locked,
/// and clocks are set back.
///
/// # Errors
/// A database that cannot be read.
pub fn last_locked(db: &Connection, pair: i64, reader: i64) -> Result<Option<Reading>, Refusal> {
    let sql = format!(
        "SELECT {COLUMNS} FROM readings WHERE pair = ?1 AND reader = ?2 AND locked IS NOT NULL
         ORDER BY id DESC LIMIT 1"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query(params![pair, reader])?;
    rows.next()?.map(reading).transpose()
}

/// Every reading of a pair, in the order they were begun.
///
/// # Errors
/// A database that cannot be read.
pub fn of_pair(db: &Connection, pair: i64) -> Result<Vec<Reading>, Refusal> {
    let sql = format!("SELECT {COLUMNS} FROM readings WHERE pair = ?1 ORDER BY id");
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query([pair])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(reading(row)?);
    }
    Ok(found)
}

/// Every locked reading of pairs that are still there, in the order they were begun.
///
/// # Errors
/// A database that cannot be read.
pub fn locked(db: &Connection) -> Result<Vec<Reading>, Refusal> {
    let sql = format!(
        "SELECT {COLUMNS} FROM readings WHERE locked IS NOT NULL
         AND NOT EXISTS (SELECT 1 FROM pairs WHERE pairs.id = pair AND removed IS NOT NULL) ORDER BY id"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(reading(row)?);
    }
    Ok(found)
}

/// How far a reader is: pairs locked, pairs handed out.
///
/// # Errors
/// A database that cannot be read.
pub fn progress(db: &Connection, reader: i64) -> Result<(i64, i64), Refusal> {
    // All of them less those of withdrawn pairs, which are few.
    let sql = "SELECT
        (SELECT count(*) FROM readings WHERE reader = ?1 AND stage = 'first' AND locked IS NOT NULL)
        - (SELECT count(*) FROM pairs CROSS JOIN readings ON pair = pairs.id
           WHERE removed IS NOT NULL AND reader = ?1 AND stage = 'first' AND locked IS NOT NULL),
        (SELECT count(*) FROM assignments WHERE reader = ?1)
        - (SELECT count(*) FROM pairs CROSS JOIN assignments ON pair = pairs.id
           WHERE removed IS NOT NULL AND reader = ?1)";
    Ok(db.prepare_cached(sql)?.query_row([reader], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// The code of the reader's next pair that is not locked, behind `after` if
/// there is one there; `None` when all are.
///
/// # Errors
/// A database that cannot be read.
pub fn next(db: &Connection, reader: i64, after: Option<i64>) -> Result<Option<String>, Refusal> {
    let sql = "SELECT code FROM assignments JOIN pairs ON pairs.id = assignments.pair
        WHERE assignments.reader = ?1 AND removed IS NULL AND assignments.pair IS NOT ?2
          AND NOT EXISTS (SELECT 1 FROM readings WHERE readings.pair = assignments.pair
              AND readings.reader = ?1 AND stage = 'first' AND locked IS NOT NULL)
        ORDER BY position <= coalesce(
            (SELECT position FROM assignments WHERE reader = ?1 AND pair = ?2), 0), position
        LIMIT 1";
    Ok(db.prepare_cached(sql)?.query_row(params![reader, after], |row| row.get(0)).optional()?)
}
