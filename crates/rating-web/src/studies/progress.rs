//! How far readers are, and whose turn it is.

use std::time::Duration;

use rating::study::Alteration;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{Connection, OptionalExtension, params};

use super::{Study, reads};
use crate::clock::Moment;
use crate::refusal::Refusal;

/// What a reader does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// This reading.
    Read(Item),
    /// Nothing before this moment: the washout.
    Wait(Moment),
    /// All readings are made.
    Done,
    /// The study is closed.
    Closed,
}

/// One reading of a study, before it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// Its number.
    pub id: i64,
    /// The session it belongs to.
    pub session: i64,
    /// Which of the reader's sessions, from 0.
    pub number: usize,
    /// Position of the arm in the protocol.
    pub arm: usize,
    /// Position in the session, from 0.
    pub position: i64,
    /// Which case.
    pub case: i64,
    /// The pair of the case.
    pub pair: i64,
    /// How the answer is altered.
    pub altered: Option<How>,
    /// Submitted readings of the session.
    pub done: i64,
    /// All readings of the session.
    pub total: i64,
}

/// [`Alteration`] as the database writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct How(pub Alteration);

impl FromSql for How {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<How> {
        match value.as_str()? {
            "up" => Ok(How(Alteration::Up)),
            "down" => Ok(How(Alteration::Down)),
            _ => Err(FromSqlError::InvalidType),
        }
    }
}

/// A session as the board tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Far {
    /// Position of the reader in the protocol.
    pub reader: usize,
    /// The reader's name in the room.
    pub person: String,
    /// Whether the reader was withdrawn.
    pub withdrawn: Option<String>,
    /// Which of the reader's sessions, from 0.
    pub number: usize,
    /// Position of the arm in the protocol.
    pub arm: usize,
    /// Submitted readings, and all there are.
    pub done: i64,
    /// All readings.
    pub total: i64,
    /// When the last was submitted.
    pub last: Option<Moment>,
    /// The code of the pair that is read next; `None` when all are read.
    pub at: Option<String>,
    /// When the session may begin; `None` while the one before it is not done.
    pub begins: Option<Moment>,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What this person does next in a study.
///
/// # Errors
/// A person who does not read in it, or was withdrawn.
pub fn turn(db: &Connection, study: &Study, person: i64, now: Moment) -> Result<Turn, Refusal> {
    let reader = reads(db, study.id, person)?.filter(|reader| !reader.is_withdrawn);
    let reader = reader.ok_or_else(super::no_such_study)?.number;
    if study.closed.is_some() {
        return Ok(Turn::Closed);
    }
    let sql = "SELECT id, number, arm, early IS NOT NULL, done, total, last FROM study_sessions
               WHERE study = ?1 AND reader = ?2 ORDER BY number";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params![study.id, reader as i64])?;
    let mut before: Option<Moment> = None;
    while let Some(row) = rows.next()? {
        let (done, total): (i64, i64) = (row.get(4)?, row.get(5)?);
        if done >= total {
            before = row.get(6)?;
            continue;
        }
        let begins = before.map(|last| washed_out(study, last));
        if let Some(begins) = begins.filter(|&begins| begins > now && done == 0)
            && !row.get::<_, bool>(3)?
        {
            return Ok(Turn::Wait(begins));
        }
        let session = (row.get(0)?, row.get(1)?, row.get(2)?, done, total);
        if let Some(item) = first_open(db, study.id, session)? {
            return Ok(Turn::Read(item));
        }
    }
    Ok(Turn::Done)
}

fn washed_out(study: &Study, last: Moment) -> Moment {
    last.after(DAY * study.protocol.design.washout_days)
}

/// The first reading of a session that is not submitted.
fn first_open(
    db: &Connection,
    study: i64,
    (session, number, arm, done, total): (i64, i64, i64, i64, i64),
) -> Result<Option<Item>, Refusal> {
    // Readings are made in order, so as many as are done lie before it.
    let sql = "SELECT items.id, position, items.number, pair, altered FROM study_items items
        JOIN study_cases cases ON cases.study = ?1 AND cases.number = items.number
        LEFT JOIN study_answers answers ON answers.item = items.id
        WHERE session = ?2 AND position >= ?3 AND withdrawn IS NULL AND submitted IS NULL
        ORDER BY position LIMIT 1";
    let found = db.prepare_cached(sql)?.query_row(params![study, session, done], |row| {
        Ok(Item {
            id: row.get(0)?,
            session,
            number: usize::try_from(number).unwrap_or_default(),
            arm: usize::try_from(arm).unwrap_or_default(),
            position: row.get(1)?,
            case: row.get(2)?,
            pair: row.get(3)?,
            altered: row.get(4)?,
            done,
            total,
        })
    });
    Ok(found.optional()?)
}

/// The number of the reading after this one in its session, and its pair.
pub(crate) fn after(
    db: &Connection,
    study: i64,
    item: &Item,
) -> Result<Option<(i64, i64)>, Refusal> {
    let sql = "SELECT items.id, pair FROM study_items items
        JOIN study_cases cases ON cases.study = ?1 AND cases.number = items.number
        WHERE session = ?2 AND position > ?3 AND withdrawn IS NULL ORDER BY position LIMIT 1";
    let key = params![study, item.session, item.position];
    let found = db.prepare_cached(sql)?.query_row(key, |row| Ok((row.get(0)?, row.get(1)?)));
    Ok(found.optional()?)
}

/// Every session of a study, by reader and in the reader's order.
///
/// # Errors
/// A database that cannot be read.
pub fn board(db: &Connection, study: &Study) -> Result<Vec<Far>, Refusal> {
    let sql = "SELECT reader, people.name, readers.why, sessions.number, arm, done, total, last,
            (SELECT code FROM study_items items
                JOIN study_cases cases ON cases.study = sessions.study AND cases.number = items.number
                JOIN pairs ON pairs.id = cases.pair
                LEFT JOIN study_answers answers ON answers.item = items.id
                WHERE session = sessions.id AND position >= done AND cases.withdrawn IS NULL
                AND submitted IS NULL ORDER BY position LIMIT 1)
        FROM study_sessions sessions
        JOIN study_readers readers ON readers.study = sessions.study AND readers.number = reader
        JOIN people ON people.id = person
        WHERE sessions.study = ?1 ORDER BY reader, sessions.number";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([study.id])?;
    let mut all: Vec<Far> = Vec::new();
    let position = |value: i64| usize::try_from(value).unwrap_or_default();
    while let Some(row) = rows.next()? {
        let (reader, number) = (position(row.get(0)?), position(row.get(3)?));
        let before = all.last().filter(|before| before.reader == reader);
        let begins = match before {
            None => Some(study.opened),
            Some(before) if before.done < before.total => None,
            Some(before) => before.last.map(|last| washed_out(study, last)),
        };
        all.push(Far {
            reader,
            person: row.get(1)?,
            withdrawn: row.get(2)?,
            number,
            arm: position(row.get(4)?),
            done: row.get(5)?,
            total: row.get(6)?,
            last: row.get(7)?,
            at: row.get(8)?,
            begins,
        });
    }
    Ok(all)
}
