//! Whether a pair that somebody hands in may be answered. What may not be told
//! about a pair of the room may not be told about its pixels either.

use rating::Origin;
use rusqlite::Connection;

use crate::clock::Moment;
use crate::consensus;
use crate::pairs::Hash;
use crate::people::{Ability, Person};
use crate::readings::{Standing, disclosure, embargo_on};
use crate::refusal::Refusal;
use crate::studies;

/// Pairs of the room that have the pixels of an upload, if it may be answered,
/// and where they come from.
///
/// # Errors
/// Pixels under an embargo, or of a pair whose answer the person may not know
/// yet. Changed in one pixel they are others: so nobody's uploads are answered
/// while a reading of that person may still be wanted, or the person reads in an
/// open study.
pub(crate) fn admit(
    db: &Connection,
    person: &Person,
    pixels: &[Hash],
    now: Moment,
) -> Result<(Vec<i64>, Origin), Refusal> {
    let mut known = Vec::new();
    let mut origin = Origin::Clinical;
    for hash in pixels {
        if embargo_on(db, hash)?.is_some_and(|until| until > now) {
            let what = "These pixels are under an embargo: nothing is said about them yet.";
            return Err(Refusal::forbidden(what));
        }
        let sql = "SELECT DISTINCT pairs.id, origin FROM pairs JOIN views ON views.pair = pairs.id
                   WHERE source = ?1 OR image = ?1";
        let mut statement = db.prepare_cached(sql)?;
        let mut rows = statement.query([hash])?;
        while let Some(row) = rows.next()? {
            let (pair, word): (i64, String) = (row.get(0)?, row.get(1)?);
            if !disclosure(person, &Standing::of(db, person, pair)?, now).answer {
                let what = "These pixels are of a pair here, and its answer is not for you yet.";
                return Err(Refusal::forbidden(what));
            }
            origin = origin.with(Origin::from_word(&word).unwrap_or(Origin::Canned));
            if !known.contains(&pair) {
                known.push(pair);
            }
        }
    }
    if studies::has_open(db, person.id)? {
        let what = "You read in a study that is open: uploads are answered when it is closed.";
        return Err(Refusal::forbidden(what));
    }
    if person.role.may(Ability::Read)
        && (consensus::is_wanted(db, person)? || has_unread(db, person, now)?)
    {
        let what =
            "Pairs that you read or decide are not settled: uploads are answered after them.";
        return Err(Refusal::forbidden(what));
    }
    Ok((known, origin))
}

/// Whether there is a pair handed to this person whose answer is not for them yet.
fn has_unread(db: &Connection, person: &Person, now: Moment) -> Result<bool, Refusal> {
    let sql = "SELECT pairs.id FROM assignments JOIN pairs ON pairs.id = assignments.pair
               WHERE assignments.reader = ?1 AND removed IS NULL";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([person.id])?;
    while let Some(row) = rows.next()? {
        if !disclosure(person, &Standing::of(db, person, row.get(0)?)?, now).answer {
            return Ok(true);
        }
    }
    Ok(false)
}
