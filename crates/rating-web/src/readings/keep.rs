//! Beginning, saving and locking a reading, and asking for the answer.

use rating::Protocol;
use rusqlite::{Connection, params};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{Body, Reading, Shown, Stage, find, of_pair};
use crate::consensus;
use crate::pairs;
use crate::refusal::Refusal;
use crate::store::Change;

/// A change to a reading, as the browser asks for it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Save {
    /// The version that was changed.
    pub version: i64,
    /// A name for the change, so that asking twice changes once.
    #[schema(min_length = 1, max_length = 64)]
    pub change: String,
    /// What it says now.
    pub body: Body,
}

/// The reader's reading of a pair, begun if it was not yet.
///
/// # Errors
/// No such pair.
pub fn open(
    change: &mut Change<'_>,
    protocol: &Protocol,
    pair: i64,
    reader: i64,
    stage: Stage,
) -> Result<Reading, Refusal> {
    if let Some(known) = find(change, pair, reader, stage)? {
        return Ok(known);
    }
    let body = blank(change, protocol, (pair, reader, stage))?;
    change.execute(
        "INSERT INTO readings (pair, reader, stage, version, change, body, shown, opened, saved)
         VALUES (?1, ?2, ?3, 1, '', ?4, ?5, ?6, ?6)",
        params![
            pair,
            reader,
            stage,
            serde_json::to_string(&body)?,
            serde_json::to_string(&shown(change, pair, reader)?)?,
            change.now
        ],
    )?;
    change.tell("reading.opened", &subject(pair, reader, stage), (), &body)?;
    again(change, pair, reader, stage)
}

/// What a reading begins with: no grades; the ROIs the pair came with, in a
/// second reading the reader's own, in a decision the mean of all.
fn blank(
    change: &Change<'_>,
    protocol: &Protocol,
    (pair, reader, stage): (i64, i64, Stage),
) -> Result<Body, Refusal> {
    let mut body = Body::blank(protocol, &pairs::one(change, protocol, pair)?.views);
    if stage == Stage::First {
        return Ok(body);
    }
    let readings = of_pair(change, pair)?;
    let is_from = |one: &&Reading| {
        let is_own = stage == Stage::Adjudication || one.reader == reader;
        one.stage == Stage::First && one.locked.is_some() && is_own
    };
    for (modality, roi) in body.rois.iter_mut().enumerate() {
        let drawn =
            readings.iter().filter(is_from).filter_map(|one| *one.body.rois.get(modality)?);
        *roi = consensus::mean(&drawn.collect::<Vec<_>>()).or(*roi);
    }
    Ok(body)
}

/// Saves a change. The same change asked for twice is one change.
///
/// # Errors
/// A reading that was not begun, is locked, or was changed by another tab since
/// (409 with the reading as it stands); a body that makes no sense.
pub fn save(
    change: &mut Change<'_>,
    protocol: &Protocol,
    key: (i64, i64, Stage),
    asked: &Save,
) -> Result<Reading, Refusal> {
    let (pair, reader, stage) = key;
    let known = again(change, pair, reader, stage)?;
    if asked.change.is_empty() || asked.change.len() > 64 {
        return Err(Refusal::malformed("A change has a name of 1 to 64 bytes."));
    }
    if known.change == asked.change {
        return Ok(known);
    }
    check_version(&known, asked.version)?;
    asked.body.check(protocol, &pairs::one(change, protocol, pair)?.views)?;
    change
        .prepare_cached(
            "UPDATE readings SET version = version + 1, change = ?2, body = ?3, saved = ?4 WHERE id = ?1",
        )?
        .execute(params![known.id, asked.change, serde_json::to_string(&asked.body)?, change.now])?;
    change.tell("reading.saved", &subject(pair, reader, stage), &known.body, &asked.body)?;
    again(change, pair, reader, stage)
}

/// Locks a reading: from now on it stays as it is.
///
/// # Errors
/// As for [`save`]; a reading that is not complete. Locking a locked reading
/// of the same version changes nothing.
pub fn lock(
    change: &mut Change<'_>,
    protocol: &Protocol,
    key: (i64, i64, Stage),
    version: i64,
) -> Result<Reading, Refusal> {
    let (pair, reader, stage) = key;
    let known = again(change, pair, reader, stage)?;
    if known.locked.is_some() && known.version == version {
        return Ok(known);
    }
    check_version(&known, version)?;
    known.body.check_complete(protocol)?;
    let shown = shown(change, pair, reader)?;
    let seen_by = if stage == Stage::First { Vec::new() } else { seen_by(change, pair, reader)? };
    let locked = Reading { shown, seen_by, ..known.clone() };
    change.execute(
        "UPDATE readings SET locked = ?2, saved = ?2, shown = ?3, seen_by = ?4, verdict = ?5, unaided = ?6
         WHERE id = ?1",
        params![
            locked.id,
            change.now,
            serde_json::to_string(&locked.shown)?,
            serde_json::to_string(&locked.seen_by)?,
            consensus::Verdict::of(&locked.body),
            locked.is_unaided()
        ],
    )?;
    let after = json!({ "body": locked.body, "shown": locked.shown, "seen_by": locked.seen_by });
    change.tell("reading.locked", &subject(pair, reader, stage), &known.body, after)?;
    again(change, pair, reader, stage)
}

/// Notes that a person is shown an answer of the system; the first time counts.
///
/// # Errors
/// A database that takes no more.
pub fn reveal(
    change: &mut Change<'_>,
    pair: i64,
    person: i64,
    what: &'static str,
    bundle: &str,
) -> Result<(), Refusal> {
    let sql = "INSERT OR IGNORE INTO reveals (pair, person, what, time) VALUES (?1, ?2, ?3, ?4)";
    if change.execute(sql, params![pair, person, what, change.now])? > 0 {
        let after = json!({ "what": what, "person": person, "bundle": bundle });
        change.tell("answer.revealed", &format!("pair {pair}"), (), after)?;
    }
    Ok(())
}

fn check_version(known: &Reading, version: i64) -> Result<(), Refusal> {
    if known.locked.is_some() {
        return Err(Refusal::conflict("This reading is locked.", json!(known)));
    }
    if known.version != version {
        let what = "This reading was changed in another window. Nothing was overwritten.";
        return Err(Refusal::conflict(what, json!(known)));
    }
    Ok(())
}

fn again(change: &Change<'_>, pair: i64, reader: i64, stage: Stage) -> Result<Reading, Refusal> {
    find(change, pair, reader, stage)?
        .ok_or_else(|| Refusal::unknown("This pair has not been opened for reading."))
}

/// What of the system's answer this person has been shown about a pair.
///
/// # Errors
/// A database that cannot be read.
pub fn shown(db: &Connection, pair: i64, person: i64) -> Result<Shown, Refusal> {
    let sql = "SELECT what FROM reveals WHERE pair = ?1 AND person = ?2";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([pair, person])?;
    let mut shown = Shown::default();
    while let Some(row) = rows.next()? {
        match row.get::<_, String>(0)?.as_str() {
            "grades" => shown.grades = true,
            _ => shown.heatmap = true,
        }
    }
    Ok(shown)
}

/// Who else that has locked a reading of a pair has seen the answer about it.
fn seen_by(db: &Connection, pair: i64, reader: i64) -> Result<Vec<i64>, Refusal> {
    let sql = "SELECT DISTINCT person FROM reveals JOIN readings
               ON readings.pair = reveals.pair AND readings.reader = reveals.person
               WHERE reveals.pair = ?1 AND person <> ?2 AND locked IS NOT NULL ORDER BY person";
    let mut statement = db.prepare_cached(sql)?;
    let people = statement.query_map([pair, reader], |row| row.get(0))?;
    Ok(people.collect::<Result<_, _>>()?)
}

fn subject(pair: i64, reader: i64, stage: Stage) -> String {
    format!("reading of pair {pair} by person {reader}, {}", stage.word())
}

/// The pair, reader and stage of a line of the journal about a reading.
#[must_use]
pub fn of_subject(subject: &str) -> Option<(i64, i64, Stage)> {
    let (pair, rest) = subject.strip_prefix("reading of pair ")?.split_once(" by person ")?;
    let (reader, stage) = rest.split_once(", ")?;
    Some((pair.parse().ok()?, reader.parse().ok()?, Stage::of(stage)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_journal_says_which_reading_it_means() {
        let key = (17, 3, Stage::Adjudication);
        assert_eq!(of_subject(&subject(key.0, key.1, key.2)), Some(key));
        assert_eq!(of_subject("pair 17"), None);
    }
}
