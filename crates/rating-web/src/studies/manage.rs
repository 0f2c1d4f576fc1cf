//! What a coordinator does with an open study. Everything says why, and stays in
//! the journal.

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::json;

use super::{Study, by_name, submitted};
use crate::clock::Moment;
use crate::reason;
use crate::refusal::Refusal;
use crate::store::Change;

fn open_study(change: &Change<'_>, name: &str) -> Result<Study, Refusal> {
    let study = by_name(change, name)?;
    match study.closed {
        None => Ok(study),
        Some(_) => {
            Err(Refusal::conflict("This study is closed: nothing changes any more.", json!(null)))
        }
    }
}

/// Takes a case out of a study, by the code or name of its pair: it is read and
/// counted no more.
///
/// # Errors
/// No such case; a closed study; no reason.
pub fn withdraw_case(
    change: &mut Change<'_>,
    study: &str,
    pair: &str,
    why: &str,
) -> Result<(), Refusal> {
    let (study, why) = (open_study(change, study)?, reason::given(why)?);
    let sql = "SELECT number FROM study_cases JOIN pairs ON pairs.id = pair
               WHERE study = ?1 AND (code = upper(?2) OR name = ?2)";
    let number: Option<i64> =
        change.query_row(sql, params![study.id, pair], |row| row.get(0)).optional()?;
    let unknown = || Refusal::unknown(format!("No case of this study is {pair:?}."));
    let number = number.ok_or_else(unknown)?;
    let sql = "UPDATE study_cases SET withdrawn = ?3, why = ?4
               WHERE study = ?1 AND number = ?2 AND withdrawn IS NULL";
    if change.execute(sql, params![study.id, number, change.now, why])? == 0 {
        return Err(Refusal::conflict("This case was withdrawn before.", json!(null)));
    }
    change.execute(
        "UPDATE study_sessions SET (total, done) = (
            SELECT count(*), count(submitted) FROM study_items items
            JOIN study_cases cases ON cases.study = ?1 AND cases.number = items.number
            LEFT JOIN study_answers ON item = items.id
            WHERE session = study_sessions.id AND withdrawn IS NULL) WHERE study = ?1",
        [study.id],
    )?;
    let subject = format!("study {}", study.id);
    change.tell("study.case.withdrawn", &subject, (), json!({ "case": number, "why": why }))
}

/// Takes a reader out of a study. What was read stays, and is marked.
///
/// # Errors
/// No such reader; a closed study; no reason.
pub fn withdraw_reader(
    change: &mut Change<'_>,
    study: &str,
    number: i64,
    why: &str,
) -> Result<(), Refusal> {
    let (study, why) = (open_study(change, study)?, reason::given(why)?);
    let sql = "UPDATE study_readers SET withdrawn = ?3, why = ?4
               WHERE study = ?1 AND number = ?2 AND withdrawn IS NULL";
    if change.execute(sql, params![study.id, number, change.now, why])? == 0 {
        return Err(Refusal::unknown("There is no such reader, or it was withdrawn before."));
    }
    let subject = format!("study {}", study.id);
    change.tell("study.reader.withdrawn", &subject, (), json!({ "reader": number, "why": why }))
}

/// Lets a reader begin a session before the washout is over.
///
/// # Errors
/// No such session, the first one, or one that is made already; a reader who was
/// withdrawn; a closed study; no reason.
pub fn allow_early(
    change: &mut Change<'_>,
    study: &str,
    (reader, session): (i64, i64),
    why: &str,
) -> Result<(), Refusal> {
    let (study, why) = (open_study(change, study)?, reason::given(why)?);
    if session == 0 {
        return Err(Refusal::unfit("No washout comes before a first session."));
    }
    let sql = "UPDATE study_sessions SET early = ?4
               WHERE study = ?1 AND reader = ?2 AND number = ?3 AND done < total
               AND EXISTS (SELECT 1 FROM study_readers readers WHERE readers.study = ?1
                   AND readers.number = ?2 AND withdrawn IS NULL)";
    if change.execute(sql, params![study.id, reader, session, why])? == 0 {
        return Err(Refusal::unknown("No session like this is still to be read."));
    }
    let after = json!({ "reader": reader, "session": session, "why": why });
    change.tell("study.washout.overridden", &format!("study {}", study.id), (), after)
}

/// Closes a study: nothing is added any more, its pairs are free again, and a
/// hash over every submitted reading seals it. Returns the seal.
///
/// # Errors
/// A study that is closed already.
pub fn close(change: &mut Change<'_>, name: &str) -> Result<String, Refusal> {
    let study = open_study(change, name)?;
    let seal = seal(change, &study)?;
    change.execute(
        "UPDATE studies SET closed = ?2, seal = ?3 WHERE id = ?1",
        params![study.id, change.now, seal],
    )?;
    let sql = "SELECT pair, embargo FROM study_cases WHERE study = ?1";
    let embargoes: Vec<(i64, Option<Moment>)> = change
        .prepare(sql)?
        .query_map([study.id], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (pair, embargo) in embargoes {
        change.execute("UPDATE pairs SET embargo = ?2 WHERE id = ?1", params![pair, embargo])?;
    }
    change.tell("study.closed", &format!("study {}", study.id), (), json!({ "seal": seal }))?;
    Ok(seal)
}

/// BLAKE3 over the protocol's hash and every submitted reading as a line of JSON,
/// as hexadecimal digits. What closed the study gives the same again as long as
/// nothing was changed.
///
/// # Errors
/// A database that cannot be read.
pub fn seal(db: &Connection, study: &Study) -> Result<String, Refusal> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(study.hash.as_bytes());
    for reading in submitted(db, study)? {
        hasher.update(serde_json::to_string(&reading)?.as_bytes());
        hasher.update(b"\n");
    }
    Ok(hasher.finalize().to_hex().to_string())
}
