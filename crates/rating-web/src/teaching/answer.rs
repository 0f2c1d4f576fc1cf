//! A learner's answer: begun, saved, submitted; then it stays, with the truth
//! that was told.

use rating::Protocol;
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{Level, Standing, Telling, coming_back, shown, telling};
use crate::clock::Moment;
use crate::readings::{check_grades, complete_grades};
use crate::refusal::Refusal;
use crate::store::Change;
use crate::studies::{Given, Save};

/// An answer as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TeachingAnswer)]
pub struct Draft {
    /// Its number.
    #[serde(skip)]
    pub id: i64,
    /// The pair.
    #[serde(skip)]
    pub pair: i64,
    /// Which time its learner has the pair, from 1.
    pub attempt: i64,
    /// Counts changes, from 1.
    pub version: i64,
    /// The change that led to this version, as the browser named it.
    pub change: String,
    /// What it says.
    pub body: Given,
    /// When it was begun.
    pub opened: Moment,
    /// When it was submitted: since then it stays as it is.
    pub locked: Option<Moment>,
    /// Milliseconds of work.
    pub active: i64,
    /// How often the window lost the focus.
    pub left: i64,
}

/// Begins an answer to a pair; one that was begun is gone on with.
///
/// # Errors
/// A pair that this person may not learn on.
pub fn begin(
    change: &mut Change<'_>,
    protocol: &Protocol,
    (person, pair): (i64, i64),
    level: Level,
) -> Result<Draft, Refusal> {
    check_standing(change, person, pair)?;
    let sql = "SELECT id, locked IS NOT NULL, attempt FROM teaching_answers
               WHERE person = ?1 AND pair = ?2 ORDER BY attempt DESC LIMIT 1";
    let last: Option<(i64, bool, i64)> = change
        .prepare_cached(sql)?
        .query_row([person, pair], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let attempt = match last {
        Some((id, false, _)) => return draft_of(change, person, id),
        Some((_, true, attempt)) => attempt + 1,
        None => 1,
    };
    let grades = vec![None::<rating::Grade>; protocol.measurements().len()];
    change.execute(
        "INSERT INTO teaching_answers (pair, person, attempt, level, version, change, grades, opened)
         VALUES (?1, ?2, ?3, ?4, 1, '', ?5, ?6)",
        params![pair, person, attempt, level, serde_json::to_string(&grades)?, change.now],
    )?;
    let id = change.last_insert_rowid();
    let after = json!({ "pair": pair, "attempt": attempt, "level": level.word() });
    tell(change, id, "opened", after)?;
    draft_of(change, person, id)
}

/// Saves a change. The same change asked for twice is one change.
///
/// # Errors
/// An answer that is not this person's, is submitted, or was changed by another
/// window since (409 with the answer as it stands); grades that are none of the
/// protocol's; a pair that may not be learned on any more.
pub fn save(
    change: &mut Change<'_>,
    protocol: &Protocol,
    (person, id): (i64, i64),
    asked: &Save,
) -> Result<Draft, Refusal> {
    let draft = draft_of(change, person, id)?;
    if asked.change.is_empty() || asked.change.len() > 64 {
        return Err(Refusal::malformed("A change has a name of 1 to 64 bytes."));
    }
    if draft.change == asked.change {
        return Ok(draft);
    }
    check_version(&draft, asked.version)?;
    check_standing(change, person, draft.pair)?;
    let grades = &asked.body.grades;
    check_grades(protocol, grades)?;
    if asked.body.cannot.is_some() {
        return Err(Refusal::unfit(
            "A lesson asks for grades: its pair was graded by its readers.",
        ));
    }
    let known = (draft.active, draft.left);
    let effort = asked.body.effort.since(known, draft.opened, change.now)?;
    let sql = "UPDATE teaching_answers SET version = version + 1, change = ?2, grades = ?3,
               active = ?4, left = ?5 WHERE id = ?1";
    change.prepare_cached(sql)?.execute(params![
        id,
        asked.change,
        serde_json::to_string(grades)?,
        effort.active,
        effort.left
    ])?;
    tell(change, id, "saved", json!({ "grades": grades, "effort": effort }))?;
    draft_of(change, person, id)
}

/// Submits an answer and tells the truth, which is the value the pair is settled
/// with at this moment and is kept with the answer. A second time tells the same.
///
/// # Errors
/// As for [`save`]; grades that are not complete.
pub fn submit(
    change: &mut Change<'_>,
    protocol: &Protocol,
    (person, id): (i64, i64),
    version: i64,
) -> Result<Telling, Refusal> {
    let draft = draft_of(change, person, id)?;
    let (standing, way) = Standing::with_way(change, Some(person), draft.pair, change.now)?;
    let Some(way) = way.filter(|_| shown(standing, true).truth) else { return Err(gone()) };
    if draft.locked.is_some() {
        let sql = "SELECT told FROM teaching_answers WHERE id = ?1";
        let told: String = change.query_row(sql, [id], |row| row.get(0))?;
        return Ok(serde_json::from_str(&told)?);
    }
    check_version(&draft, version)?;
    let own = complete_grades(protocol, &draft.body.grades)?;
    let judged = telling::judge(change, protocol, &draft, &way, &own)?;
    let step = coming_back::after(step_before(change, person, &draft)?, judged.right);
    let due = step.map(|step| coming_back::due(step, change.now));
    let told = Telling { comes_back: due.map(|due| due.to_string()), ..judged };
    let truth: Vec<_> = told.measurements.iter().map(|one| one.truth).collect();
    change.execute(
        "UPDATE teaching_answers SET locked = ?2, truth = ?3, told = ?4, step = ?5, due = ?6
         WHERE id = ?1",
        params![
            id,
            change.now,
            serde_json::to_string(&truth)?,
            serde_json::to_string(&told)?,
            step.map(|step| step as i64),
            due
        ],
    )?;
    tell(change, id, "submitted", json!({ "grades": own, "truth": truth, "comes_back": due }))?;
    Ok(told)
}

/// The wait that the pair is in since this person's answer before.
fn step_before(change: &Change<'_>, person: i64, draft: &Draft) -> Result<Option<usize>, Refusal> {
    let sql = "SELECT step FROM teaching_answers
               WHERE person = ?1 AND pair = ?2 AND attempt = ?3";
    let key = params![person, draft.pair, draft.attempt - 1];
    let step: Option<Option<i64>> =
        change.prepare_cached(sql)?.query_row(key, |row| row.get(0)).optional()?;
    Ok(step.flatten().and_then(|step| usize::try_from(step).ok()))
}

fn check_version(draft: &Draft, version: i64) -> Result<(), Refusal> {
    if draft.locked.is_some() {
        return Err(Refusal::conflict("This answer is submitted.", json!(draft)));
    }
    if draft.version != version {
        let what = "This answer was changed in another window. Nothing was overwritten.";
        return Err(Refusal::conflict(what, json!(draft)));
    }
    Ok(())
}

fn check_standing(change: &Change<'_>, person: i64, pair: i64) -> Result<(), Refusal> {
    let standing = Standing::of(change, Some(person), pair, change.now)?;
    shown(standing, false).images.then_some(()).ok_or_else(gone)
}

fn gone() -> Refusal {
    let what = "This case is not for learning any more. Reload the page for another.";
    Refusal::conflict(what, json!(null))
}

/// This person's answer of this number.
///
/// # Errors
/// No such answer, or another person's.
pub fn draft_of(db: &Connection, person: i64, id: i64) -> Result<Draft, Refusal> {
    let sql = "SELECT pair, attempt, version, change, grades, opened, locked, active, left
               FROM teaching_answers WHERE id = ?1 AND person = ?2";
    let found = db.prepare_cached(sql)?.query_row([id, person], |row| {
        let draft = Draft {
            id,
            pair: row.get(0)?,
            attempt: row.get(1)?,
            version: row.get(2)?,
            change: row.get(3)?,
            body: Given::default(),
            opened: row.get(5)?,
            locked: row.get(6)?,
            active: row.get(7)?,
            left: row.get(8)?,
        };
        Ok((draft, row.get::<_, String>(4)?))
    });
    let found = found.optional()?;
    let (draft, grades) = found.ok_or_else(|| Refusal::unknown("There is no such answer."))?;
    let body = Given { grades: serde_json::from_str(&grades)?, cannot: None };
    Ok(Draft { body, ..draft })
}

/// The pair of this person's answer, as long as its images may be sent.
///
/// # Errors
/// No such answer; a pair that may not be learned on (any more).
pub fn images_of(db: &Connection, person: i64, id: i64, now: Moment) -> Result<i64, Refusal> {
    let draft = draft_of(db, person, id)?;
    let standing = Standing::of(db, Some(person), draft.pair, now)?;
    if shown(standing, draft.locked.is_some()).images { Ok(draft.pair) } else { Err(gone()) }
}

fn tell(
    change: &mut Change<'_>,
    id: i64,
    what: &str,
    after: serde_json::Value,
) -> Result<(), Refusal> {
    change.tell(&format!("teaching.answer.{what}"), &format!("teaching answer {id}"), (), after)
}
