//! Which case a learner turns to.

use std::collections::BTreeMap;

use rating::Seed;
use rusqlite::Connection;

use super::{Difficulty, Level, Standing, shown};
use crate::clock::Moment;
use crate::consensus;
use crate::refusal::Refusal;

/// What a learner turns to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// The answer of this number, which was begun.
    Draft(i64),
    /// This pair.
    New(i64),
    /// Nothing now. The moment when a case of the level comes back, if one does.
    Nothing(Option<Moment>),
}

/// A learner's last answer to a pair.
#[derive(Debug, Clone, Copy)]
struct Last {
    is_draft: bool,
    due: Option<Moment>,
}

/// The case this person turns to at this level.
///
/// An answer that was begun at the level comes first; then cases that come back,
/// the one that has been due for longest first; then cases the person has not
/// had, in an order of the person's own that stays when cases are added.
///
/// # Errors
/// A database that cannot be read.
pub fn pick(db: &Connection, person: i64, level: Level, now: Moment) -> Result<Pick, Refusal> {
    if let Some(draft) = draft(db, person, level, now)? {
        return Ok(Pick::Draft(draft));
    }
    let lasts = lasts(db, person)?;
    let own_order = Seed::new(person.unsigned_abs()).child("teaching");
    let (mut back, mut new, mut later) = (Vec::new(), Vec::new(), Vec::new());
    for (pair, code) in offered(db, level)? {
        match lasts.get(&pair) {
            None => new.push((own_order.child(&code).bytes(), pair)),
            // One begun at another level is left there: it would tell how difficult it is.
            Some(Last { is_draft: true, .. } | Last { due: None, .. }) => {}
            Some(Last { due: Some(due), .. }) if *due <= now => back.push((*due, pair)),
            Some(Last { due: Some(due), .. }) => later.push((*due, pair)),
        }
    }
    back.sort_unstable();
    new.sort_unstable();
    later.sort_unstable();
    let fits = |pair: i64| fits(db, person, pair, level, now);
    for pair in back.into_iter().map(|(_, pair)| pair).chain(new.into_iter().map(|(_, pair)| pair))
    {
        if fits(pair)? {
            return Ok(Pick::New(pair));
        }
    }
    for (due, pair) in later {
        if fits(pair)? {
            return Ok(Pick::Nothing(Some(due)));
        }
    }
    Ok(Pick::Nothing(None))
}

fn fits(
    db: &Connection,
    person: i64,
    pair: i64,
    level: Level,
    now: Moment,
) -> Result<bool, Refusal> {
    // This is found sooner than whether the person may have the case.
    if let Level::Only(_) = level {
        let way = consensus::way(db, pair)?;
        if !way.is_some_and(|way| level.takes(Difficulty::of(&way))) {
            return Ok(false);
        }
    }
    let standing = Standing::of(db, Some(person), pair, now)?;
    Ok(shown(standing, false).images)
}

/// The answer that was begun first at this level and may still be given.
fn draft(db: &Connection, person: i64, level: Level, now: Moment) -> Result<Option<i64>, Refusal> {
    let sql = "SELECT id, pair FROM teaching_answers
               WHERE person = ?1 AND level = ?2 AND locked IS NULL ORDER BY id";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(rusqlite::params![person, level])?;
    while let Some(row) = rows.next()? {
        let standing = Standing::of(db, Some(person), row.get(1)?, now)?;
        if shown(standing, false).images {
            return Ok(Some(row.get(0)?));
        }
    }
    Ok(None)
}

fn lasts(db: &Connection, person: i64) -> Result<BTreeMap<i64, Last>, Refusal> {
    let sql = "SELECT pair, locked IS NULL, due FROM teaching_answers
               WHERE person = ?1 ORDER BY attempt";
    let mut statement = db.prepare_cached(sql)?;
    let found = statement.query_map([person], |row| {
        Ok((row.get(0)?, Last { is_draft: row.get(1)?, due: row.get(2)? }))
    })?;
    // Of each pair the last stays.
    Ok(found.collect::<Result<_, _>>()?)
}

/// The pairs that are offered; without those that cannot be of this level.
fn offered(db: &Connection, level: Level) -> Result<Vec<(i64, String)>, Refusal> {
    // The readers of all others agreed at once: these are easy.
    let read_again = match level {
        Level::Due | Level::Only(Difficulty::Easy) => "",
        Level::Only(Difficulty::Middling | Difficulty::Hard) => {
            "AND EXISTS (SELECT 1 FROM readings
                 WHERE readings.pair = pairs.id AND stage <> 'first' AND locked IS NOT NULL)"
        }
    };
    let sql = format!(
        "SELECT teaching_cases.pair, code FROM teaching_cases JOIN pairs ON pairs.id = teaching_cases.pair
         WHERE taken_back IS NULL AND removed IS NULL {read_again}"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(found.collect::<Result<_, _>>()?)
}
