//! How pairs came to their value: what lessons judge their difficulty by.

use rusqlite::Connection;

use super::outline::one;
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
    let known = one(db, pair)?;
    let Decided::Settled { by, readings } = known.decided(Counted::default()) else {
        return Ok(None);
    };
    let settled = known.readings.iter().find(|one| readings.contains(&one.id));
    let Some(settled) = settled else { return Ok(None) };
    let counting = known.readings.iter().filter(|one| one.stage == Stage::First && one.unaided);
    let mut first: Vec<Verdict> = counting.map(|one| one.verdict.clone()).collect();
    first.sort();
    Ok(Some(Way { by, verdict: settled.verdict.clone(), first }))
}
