//! Which pairs are offered to learn on.

use rusqlite::{Connection, params};

use super::standing::embargoed;
use super::{Difficulty, Standing};
use crate::clock::Moment;
use crate::consensus::{self, Verdict};
use crate::pairs;
use crate::refusal::Refusal;
use crate::store::Change;
use rating::Protocol;

/// Offers a settled pair by its code, or every one of the room that can be
/// offered. Returns how many were not offered before.
///
/// # Errors
/// With a code: no such pair; one that is not settled with grades, or that is in
/// an open study.
pub fn offer(
    change: &mut Change<'_>,
    protocol: &Protocol,
    code: Option<&str>,
) -> Result<usize, Refusal> {
    let asked = match code {
        Some(code) => vec![pairs::by_code(change, protocol, code)?.id],
        None => every_pair(change)?,
    };
    let mut new = Vec::new();
    for pair in asked {
        let standing = Standing::of(change, None, pair, change.now)?;
        if let (Some(code), Some(why)) = (code, why_not(standing)) {
            return Err(Refusal::unfit(format!("Pair {code} {why}")));
        }
        if !standing.is_offered && why_not(standing).is_none() {
            new.push(pair);
        }
    }
    let sql = "INSERT INTO teaching_cases (pair, offered) VALUES (?1, ?2)
               ON CONFLICT (pair) DO UPDATE SET offered = ?2, taken_back = NULL";
    for pair in &new {
        change.prepare_cached(sql)?.execute(params![pair, change.now])?;
    }
    if !new.is_empty() {
        change.tell("teaching.offered", "room", (), &new)?;
    }
    Ok(new.len())
}

/// Why nobody may learn on a pair.
fn why_not(standing: Standing) -> Option<&'static str> {
    if !standing.is_settled {
        return Some("is not settled with grades: there is no truth to tell.");
    }
    standing.is_embargoed.then_some("is in an open study: nothing is told about it.")
}

fn every_pair(db: &Connection) -> Result<Vec<i64>, Refusal> {
    let mut statement = db.prepare("SELECT id FROM pairs WHERE removed IS NULL ORDER BY id")?;
    let found = statement.query_map([], |row| row.get(0))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// Takes an offered pair back by its code, or all of them. What was answered
/// stays. Returns how many were taken back.
///
/// # Errors
/// With a code: no such pair, or one that is not offered.
pub fn take_back(
    change: &mut Change<'_>,
    protocol: &Protocol,
    code: Option<&str>,
) -> Result<usize, Refusal> {
    let asked = code.map(|code| pairs::by_code(change, protocol, code)).transpose()?;
    let asked = asked.map(|pair| pair.id);
    let sql = "SELECT pair FROM teaching_cases
               WHERE taken_back IS NULL AND (?1 IS NULL OR pair = ?1) ORDER BY pair";
    let found: Vec<i64> = change
        .prepare_cached(sql)?
        .query_map([asked], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    if let (Some(code), true) = (code, found.is_empty()) {
        return Err(Refusal::unfit(format!("Pair {code} is not offered.")));
    }
    let sql = "UPDATE teaching_cases SET taken_back = ?2 WHERE pair = ?1";
    for pair in &found {
        change.prepare_cached(sql)?.execute(params![pair, change.now])?;
    }
    if !found.is_empty() {
        change.tell("teaching.taken-back", "room", &found, ())?;
    }
    Ok(found.len())
}

/// A pair that is offered, as the coordinator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedCase {
    /// The pair's code.
    pub code: String,
    /// How difficult it is; `None` while it is not settled any more.
    pub difficulty: Option<Difficulty>,
    /// It is in an open study and so not shown now.
    pub is_embargoed: bool,
    /// How many people have answered it.
    pub learners: i64,
}

/// Every offered pair, in the order they came in.
///
/// # Errors
/// A database that cannot be read.
pub fn offered(db: &Connection, now: Moment) -> Result<Vec<OfferedCase>, Refusal> {
    let sql = "SELECT pair, code, (SELECT count(DISTINCT person) FROM teaching_answers answers
            WHERE answers.pair = teaching_cases.pair AND locked IS NOT NULL)
        FROM teaching_cases JOIN pairs ON pairs.id = pair
        WHERE taken_back IS NULL AND removed IS NULL ORDER BY pair";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let (ways, embargoed) = (consensus::ways(db)?, embargoed(db, now)?);
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let pair = row.get(0)?;
        let way = ways.get(&pair).filter(|way| matches!(way.verdict, Verdict::Grades(_)));
        found.push(OfferedCase {
            code: row.get(1)?,
            difficulty: way.map(Difficulty::of),
            is_embargoed: embargoed.contains(&pair),
            learners: row.get(2)?,
        });
    }
    Ok(found)
}
