//! Who may learn on which pair, what may be sent of it, and who has been told
//! its truth. Everything that a lesson sends passes [`shown`].
//!
//! Pairs that share an image, as handed in or as shown, count as one here.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};

use crate::clock::Moment;
use crate::consensus::{self, Verdict, Way};
use crate::pairs::TWINS;
use crate::refusal::Refusal;

/// Where a person stands with a pair, as one to learn on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// A coordinator offers it.
    pub is_offered: bool,
    /// It is settled, with grades.
    pub is_settled: bool,
    /// Nothing may be told about it now: it is in an open study.
    pub is_embargoed: bool,
    /// It was handed to the person or read by the person, in the room or in a study.
    pub is_theirs_to_read: bool,
}

/// What may be sent of a case to its learner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// The images with their ROIs.
    pub images: bool,
    /// Everything else: what it was settled with, how, and why.
    pub truth: bool,
}

/// What may be sent of a case to a learner who has (or has not) submitted an answer.
#[must_use]
pub fn shown(standing: Standing, has_submitted: bool) -> Shown {
    let images = standing.is_offered
        && standing.is_settled
        && !standing.is_embargoed
        && !standing.is_theirs_to_read;
    Shown { images, truth: images && has_submitted }
}

impl Standing {
    /// Where this person, or without one anybody, stands with this pair.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn of(
        db: &Connection,
        person: Option<i64>,
        pair: i64,
        now: Moment,
    ) -> Result<Standing, Refusal> {
        Ok(Standing::with_way(db, person, pair, now)?.0)
    }

    /// The same with how the pair was settled, where that was with grades.
    pub(super) fn with_way(
        db: &Connection,
        person: Option<i64>,
        pair: i64,
        now: Moment,
    ) -> Result<(Standing, Option<Way>), Refusal> {
        let sql = format!(
            "WITH twins(pair) AS MATERIALIZED ({TWINS}) SELECT
             EXISTS (SELECT 1 FROM teaching_cases JOIN pairs ON pairs.id = pair
                 WHERE pair = ?1 AND taken_back IS NULL AND removed IS NULL),
             EXISTS (SELECT 1 FROM twins JOIN pairs ON pairs.id = twins.pair WHERE embargo > ?3),
             EXISTS (SELECT 1 FROM twins JOIN assignments USING (pair) WHERE reader = ?2)
             OR EXISTS (SELECT 1 FROM twins JOIN readings USING (pair) WHERE reader = ?2)
             OR EXISTS (SELECT 1 FROM study_readers readers
                 JOIN study_cases cases ON cases.study = readers.study
                 WHERE person = ?2 AND cases.pair IN (SELECT pair FROM twins))"
        );
        let (is_offered, is_embargoed, is_theirs_to_read) =
            db.prepare_cached(&sql)?.query_row(params![pair, person, now], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?;
        let way = consensus::way(db, pair)?;
        let way = way.filter(|way| matches!(way.verdict, Verdict::Grades(_)));
        let is_settled = way.is_some();
        Ok((Standing { is_offered, is_settled, is_embargoed, is_theirs_to_read }, way))
    }
}

/// Every pair about which nothing may be told now: it is in an open study, or
/// shares an image with one that is.
pub(super) fn embargoed(db: &Connection, now: Moment) -> Result<BTreeSet<i64>, Refusal> {
    let sql = "SELECT DISTINCT twin.pair FROM pairs
        CROSS JOIN views mine ON mine.pair = pairs.id
        CROSS JOIN views twin ON twin.source IN (mine.source, mine.image)
            OR twin.image IN (mine.source, mine.image)
        WHERE embargo > ?1";
    let mut statement = db.prepare_cached(sql)?;
    let found = statement.query_map([now], |row| row.get(0))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// Pairs, and the people whom a lesson told their truth.
// CROSS JOIN keeps SQLite to this order: by indexes, from the answers.
const TOLD: &str = "SELECT DISTINCT twin.pair, person FROM teaching_answers answers
    CROSS JOIN views mine ON mine.pair = answers.pair
    CROSS JOIN views twin ON twin.source IN (mine.source, mine.image)
        OR twin.image IN (mine.source, mine.image)
    WHERE locked IS NOT NULL";

/// The people whom a lesson told the truth of one of these pairs.
const TOLD_TO: &str =
    "SELECT DISTINCT person FROM teaching_answers WHERE locked IS NOT NULL AND pair IN";

/// The pairs whose truth a lesson told this person: these are not the person's
/// to read any more.
pub(crate) fn told_of(db: &Connection, person: i64) -> Result<BTreeSet<i64>, Refusal> {
    let mut statement = db.prepare_cached(&format!("{TOLD} AND person = ?1"))?;
    let found = statement.query_map([person], |row| row.get(0))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// The people whom a lesson told the truth of this pair.
pub(crate) fn told_to(db: &Connection, pair: i64) -> Result<Vec<i64>, Refusal> {
    let mut statement = db.prepare_cached(&format!("{TOLD_TO} ({TWINS})"))?;
    let found = statement.query_map([pair], |row| row.get(0))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// The same of every pair that was told to anybody.
pub(crate) fn told_of_all(db: &Connection) -> Result<BTreeMap<i64, Vec<i64>>, Refusal> {
    let mut statement = db.prepare_cached(TOLD)?;
    let mut rows = statement.query([])?;
    let mut told: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        told.entry(row.get(0)?).or_default().push(row.get(1)?);
    }
    Ok(told)
}

/// Whether a pair is offered to learn on, and this person, who has no part in how
/// it was settled, has not answered it: its truth would be known before.
pub(crate) fn awaits(db: &Connection, person: i64, pair: i64) -> Result<bool, Refusal> {
    let sql = "SELECT EXISTS (SELECT 1 FROM teaching_cases WHERE pair = ?1 AND taken_back IS NULL)
        AND NOT EXISTS (SELECT 1 FROM readings WHERE pair = ?1 AND reader = ?2)
        AND NOT EXISTS (SELECT 1 FROM teaching_answers
            WHERE pair = ?1 AND person = ?2 AND locked IS NOT NULL)";
    let awaits = db.prepare_cached(sql)?.query_row(params![pair, person], |row| row.get(0))?;
    // One that is open again has to be decided by somebody.
    Ok(awaits && consensus::way(db, pair)?.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::store;

    #[test]
    fn a_truth_is_told_after_an_answer_about_a_pair_that_may_be_learned_on() {
        for n in 0..16_u8 {
            let bit = |bit: u8| n >> bit & 1 == 1;
            let standing = Standing {
                is_offered: bit(0),
                is_settled: bit(1),
                is_embargoed: bit(2),
                is_theirs_to_read: bit(3),
            };
            assert!(!shown(standing, false).truth);
            let after = shown(standing, true);
            assert_eq!((after.images, after.truth), (n == 0b0011, n == 0b0011), "{standing:?}");
            assert_eq!(after.images, shown(standing, false).images);
        }
    }

    #[test]
    fn one_pair_is_looked_up_by_indexes() {
        let folder = tempfile::tempdir().unwrap();
        let told_to = format!("{TOLD_TO} ({TWINS})");
        for sql in [TWINS.to_owned(), told_to, format!("{TOLD} AND person = ?1")] {
            let sql = format!("EXPLAIN QUERY PLAN {sql}");
            let plan = store(folder.path()).read_now(|db| {
                let mut statement = db.prepare(&sql)?;
                let lines = statement.query_map([1], |row| row.get::<_, String>(3))?;
                Ok(lines.collect::<Result<Vec<_>, _>>()?.join("\n"))
            });
            let plan = plan.unwrap();
            assert!(!plan.contains("SCAN"), "{plan}");
        }
    }
}
