//! What decides how far a pair is: readings without their bodies. They come
//! from an index that holds nothing else, so that a list of ten thousand pairs
//! reads no body at all.

use std::collections::BTreeMap;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Row, params};
use serde_json::json;

use super::{Counted, Decided, State, Verdict, decide, judge};
use crate::clock::Moment;
use crate::readings::{self, Reading, Stage};
use crate::refusal::Refusal;
use crate::teaching;

/// A locked reading, as far as it decides how far its pair is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outline {
    pub(super) id: i64,
    pub(super) reader: i64,
    pub(super) stage: Stage,
    pub(super) verdict: Verdict,
    /// Nothing of the system's answer led to it: [`Reading::is_unaided`].
    pub(super) unaided: bool,
    pub(super) locked: Moment,
}

impl Outline {
    /// The outline of a reading; `None` of one that is not locked.
    pub(super) fn of(reading: &Reading) -> Option<Outline> {
        Some(Outline {
            id: reading.id,
            reader: reading.reader,
            stage: reading.stage,
            verdict: Verdict::of(&reading.body),
            unaided: reading.is_unaided(),
            locked: reading.locked?,
        })
    }
}

impl ToSql for Verdict {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let word = match self {
            Verdict::Grades(grades) => json!(grades).to_string(),
            Verdict::CannotGrade => CANNOT.to_owned(),
        };
        Ok(word.into())
    }
}

impl FromSql for Verdict {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Verdict> {
        match value.as_str()? {
            CANNOT => Ok(Verdict::CannotGrade),
            grades => serde_json::from_str(grades)
                .map(Verdict::Grades)
                .map_err(|error| FromSqlError::Other(Box::new(error))),
        }
    }
}

/// The verdict of a reading without grades; others are a list of grades in JSON.
const CANNOT: &str = "cannot";

/// A pair's number and the columns of an outline.
const COLUMNS: &str = "pair, id, reader, stage, verdict, unaided, locked";

fn outline(row: &Row<'_>) -> rusqlite::Result<(i64, Outline)> {
    let outline = Outline {
        id: row.get(1)?,
        reader: row.get(2)?,
        stage: row.get(3)?,
        verdict: row.get(4)?,
        unaided: row.get(5)?,
        locked: row.get(6)?,
    };
    Ok((row.get(0)?, outline))
}

/// A pair with everything that decides how far it is.
pub(super) struct Known {
    pub(super) pair: i64,
    pub(super) code: String,
    pub(super) handed_to: Vec<i64>,
    pub(super) readings: Vec<Outline>,
    /// Whom a lesson has told what it was settled with, before it was open again.
    pub(super) told_to: Vec<i64>,
}

impl Known {
    pub(super) fn decided(&self, counted: Counted) -> Decided {
        decide(&self.handed_to, &self.readings, counted)
    }

    /// How far it is, with what it has come to: that is read where it is settled.
    pub(super) fn state(&self, db: &Connection, counted: Counted) -> Result<State, Refusal> {
        match self.decided(counted) {
            Decided::Settled { .. } => {
                Ok(judge(&self.handed_to, &readings::of_pair(db, self.pair)?, counted))
            }
            Decided::NotHandedOut => Ok(State::NotHandedOut),
            Decided::Reading { locked, of } => Ok(State::Reading { locked, of }),
            Decided::Consensus { locked, of } => Ok(State::Consensus { locked, of }),
            Decided::Adjudication => Ok(State::Adjudication),
        }
    }
}

/// One pair.
pub(super) fn one(db: &Connection, pair: i64) -> Result<Known, Refusal> {
    let told_to = teaching::told_to(db, pair)?;
    Ok(Known { told_to, ..read(db, pair)? })
}

/// The same without whom a lesson has told about it.
pub(super) fn read(db: &Connection, pair: i64) -> Result<Known, Refusal> {
    let mut statement = db.prepare_cached("SELECT reader FROM assignments WHERE pair = ?1")?;
    let handed_to = statement.query_map([pair], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let sql = format!("SELECT {COLUMNS} FROM readings WHERE pair = ?1 AND locked IS NOT NULL");
    let mut statement = db.prepare_cached(&sql)?;
    let found = statement.query_map([pair], outline)?;
    let readings = found.map(|row| Ok(row?.1)).collect::<Result<_, rusqlite::Error>>()?;
    Ok(Known { pair, code: String::new(), handed_to, readings, told_to: Vec::new() })
}

/// All pairs, or those handed to a reader, in the order they came in.
pub(super) fn load(db: &Connection, reader: Option<i64>) -> Result<Vec<Known>, Refusal> {
    // Two questions rather than one with an OR, which no index answers.
    let within = |column: &str| match reader {
        Some(_) => format!("{column} IN (SELECT pair FROM assignments WHERE reader = ?1)"),
        None => "?1 IS NULL".to_owned(),
    };
    let mut known = BTreeMap::new();
    let mut told = teaching::told_of_all(db)?;
    let sql = format!("SELECT id, code FROM pairs WHERE removed IS NULL AND {}", within("id"));
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query(params![reader])?;
    while let Some(row) = rows.next()? {
        let (pair, code) = (row.get(0)?, row.get(1)?);
        let told_to = told.remove(&pair).unwrap_or_default();
        let (handed_to, readings) = (Vec::new(), Vec::new());
        known.insert(pair, Known { pair, code, handed_to, readings, told_to });
    }
    let sql = format!("SELECT pair, reader FROM assignments WHERE {}", within("pair"));
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query(params![reader])?;
    while let Some(row) = rows.next()? {
        if let Some(one) = known.get_mut(&row.get(0)?) {
            one.handed_to.push(row.get(1)?);
        }
    }
    let sql =
        format!("SELECT {COLUMNS} FROM readings WHERE locked IS NOT NULL AND {}", within("pair"));
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query(params![reader])?;
    while let Some(row) = rows.next()? {
        let (pair, outline) = outline(row)?;
        if let Some(one) = known.get_mut(&pair) {
            one.readings.push(outline);
        }
    }
    Ok(known.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::store;

    #[test]
    fn lists_read_no_body() {
        let folder = tempfile::tempdir().unwrap();
        for within in ["?1 IS NULL", "pair IN (SELECT pair FROM assignments WHERE reader = ?1)"] {
            let sql = format!(
                "EXPLAIN QUERY PLAN SELECT {COLUMNS} FROM readings WHERE locked IS NOT NULL AND {within}"
            );
            let plan = store(folder.path()).read_now(|db| {
                let mut statement = db.prepare(&sql)?;
                let lines = statement.query_map([1], |row| row.get::<_, String>(3))?;
                Ok(lines.collect::<Result<Vec<_>, _>>()?.join("\n"))
            });
            let plan = plan.unwrap();
            assert!(plan.contains("readings USING COVERING INDEX readings_in_outline"), "{plan}");
        }
    }
}
