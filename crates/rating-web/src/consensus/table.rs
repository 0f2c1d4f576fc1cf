//! All readings of a pair side by side, as far as a person may see them.

use std::collections::BTreeMap;

use rusqlite::Connection;
use serde::Serialize;
use utoipa::ToSchema;

use super::list::{Part, part};
use crate::clock::Moment;
use crate::pairs::StoredPair;
use crate::people::{self, Ability, Person};
use crate::readings::{self, Body, Reading, Shown, Stage};
use crate::refusal::Refusal;

/// A locked reading, as it is shown to somebody.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Line {
    /// Who: a name for coordinators, "You", or a letter that means nothing on
    /// another pair.
    pub who: String,
    /// Whether the one who asks made it.
    pub own: bool,
    /// Which time.
    pub stage: Stage,
    /// What it says.
    pub body: Body,
    /// What of the system's answer its reader had seen before.
    pub shown: Shown,
    /// Whether another reader of the pair had seen it when this one was locked.
    pub others_had_seen: bool,
    /// When it was locked.
    pub locked: Moment,
}

/// The locked readings of a pair, by stage, then reader. The caller has asked
/// `disclosure` whether the person may see those of others; drafts are nobody
/// else's business in any case. Whoever still has to read it again or to decide is
/// not shown what others said after somebody had seen the system's answer.
///
/// # Errors
/// A database that cannot be read.
pub fn told(db: &Connection, person: &Person, pair: &StoredPair) -> Result<Vec<Line>, Refusal> {
    let readings = readings::of_pair(db, pair.id)?;
    let letters = letters(&pair.code, &readings);
    let has_part = part(db, person, pair.id)? != Part::None;
    let mut lines = Vec::new();
    for reading in readings {
        let Some(locked) = reading.locked else { continue };
        let own = reading.reader == person.id;
        if has_part && !own && !reading.is_unaided() {
            continue;
        }
        let who = if own {
            "You".to_owned()
        } else if person.role.may(Ability::Coordinate) {
            people::one(db, reading.reader)?.name
        } else {
            letters.get(&reading.reader).cloned().unwrap_or_default()
        };
        let others_had_seen = !reading.seen_by.is_empty();
        let Reading { stage, body, shown, .. } = reading;
        lines.push(Line { who, own, stage, body, shown, others_had_seen, locked });
    }
    let order = |stage| {
        [Stage::First, Stage::Consensus, Stage::Adjudication].iter().position(|one| *one == stage)
    };
    lines.sort_by_cached_key(|line| (order(line.stage), line.own, line.who.clone()));
    Ok(lines)
}

/// "Reader A", "Reader B" ... in an order that differs from pair to pair, so
/// that nobody comes to know who A is.
pub(crate) fn letters(code: &str, readings: &[Reading]) -> BTreeMap<i64, String> {
    let mut readers: Vec<i64> = readings.iter().map(|one| one.reader).collect();
    readers.sort_by_cached_key(|reader| {
        *blake3::hash(format!("{code} {reader}").as_bytes()).as_bytes()
    });
    readers.dedup();
    let letter = |at: usize| match u8::try_from(at) {
        Ok(at) if at < 26 => char::from(b'A' + at).to_string(),
        _ => (at + 1).to_string(),
    };
    readers
        .into_iter()
        .enumerate()
        .map(|(at, reader)| (reader, format!("Reader {}", letter(at))))
        .collect()
}
