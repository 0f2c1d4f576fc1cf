//! How pairs came to their value: what lessons judge their difficulty by.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::outline::{Known, load, read};
use super::{Counted, Decided, Verdict};
use crate::readings::Stage;
use crate::refusal::Refusal;

/// How a pair was settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// Which readings settled it.
    pub by: Stage,
    /// What they say.
    pub verdict: Verdict,
    /// What the first readings that count said, in no order that tells whose they are.
    pub first: Vec<Verdict>,
}

/// How a pair was settled; `None` while it is not.
///
/// # Errors
/// A database that cannot be read.
pub fn way(db: &Connection, pair: i64) -> Result<Option<Way>, Refusal> {
    Ok(way_of(&read(db, pair)?))
}

/// How every pair of the room that is settled was settled, by its number.
///
/// # Errors
/// A database that cannot be read.
pub fn ways(db: &Connection) -> Result<BTreeMap<i64, Way>, Refusal> {
    let all = load(db, None)?;
    Ok(all.iter().filter_map(|known| Some((known.pair, way_of(known)?))).collect())
}

fn way_of(known: &Known) -> Option<Way> {
    let Decided::Settled { by, readings } = known.decided(Counted::default()) else {
        return None;
    };
    let settled = known.readings.iter().find(|one| readings.contains(&one.id))?;
    let counting = known.readings.iter().filter(|one| one.stage == Stage::First && one.unaided);
    let mut first: Vec<Verdict> = counting.map(|one| one.verdict.clone()).collect();
    first.sort();
    Some(Way { by, verdict: settled.verdict.clone(), first })
}
