//! Making a reading of a study: begun, saved, shown the answer, submitted.

use rating::study::{Arm, Shows, StudyProtocol};
use rating::{Grade, Protocol};
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::progress::Item;
use crate::clock::Moment;
use crate::readings::{Reason, check_grades, complete_grades};
use crate::refusal::Refusal;
use crate::store::Change;

/// A reading as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = StudyReading)]
pub struct Held {
    /// Counts changes, from 1.
    pub version: i64,
    /// The change that led to this version, as the browser named it.
    pub change: String,
    /// What it says.
    pub body: Given,
    /// The grades given before the system's answer was shown.
    pub own: Option<Vec<Grade>>,
    /// Why it could not be graded before the answer was shown.
    pub own_cannot: Option<Reason>,
    /// When it was begun.
    pub opened: Moment,
    /// When the system's answer was shown.
    pub shown: Option<Moment>,
    /// When it was submitted: since then it stays as it is.
    pub locked: Option<Moment>,
    /// Milliseconds of work.
    pub active: i64,
    /// How often the window lost the focus.
    pub left: i64,
}

/// What a reading says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = StudyGrades)]
pub struct Given {
    /// One for each measurement of the protocol; `None` where not graded yet.
    pub grades: Vec<Option<Grade>>,
    /// Why it cannot be graded; then no grade counts.
    pub cannot: Option<Reason>,
}

/// A change to a reading, as the browser asks for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StudySave)]
pub struct Save {
    /// The version that was changed.
    pub version: i64,
    /// A name for the change, so that asking twice changes once.
    pub change: String,
    /// What it says now.
    pub body: Asked,
}

/// What a changed reading says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StudyBody)]
pub struct Asked {
    /// One for each measurement; `None` where not graded yet.
    pub grades: Vec<Option<Grade>>,
    /// Why it cannot be graded, in a study that takes this for an answer.
    #[serde(default)]
    pub cannot: Option<Reason>,
    /// What it took.
    #[serde(default)]
    pub effort: Effort,
}

/// What the browser noticed since the case was opened in this window.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = StudyEffort)]
pub struct Effort {
    /// Milliseconds of work on this reading so far, without idle times.
    pub active: i64,
    /// How often the window has lost the focus so far.
    pub left: i64,
    /// What happened, in order: milliseconds since then, and a plain word.
    pub events: Vec<(i64, String)>,
}

/// Most events of a change, and letters of one.
const MOST_EVENTS: usize = 500;
const LONGEST_EVENT: usize = 40;

/// The reading of an item, begun if it was not yet. Where the arm shows the
/// answer at once, it counts as shown from now on.
///
/// # Errors
/// A database that takes no more.
pub fn begin(
    change: &mut Change<'_>,
    protocol: &Protocol,
    study: &StudyProtocol,
    item: &Item,
) -> Result<Held, Refusal> {
    let arm = arm_of(study, item);
    if let Some(held) = find(change, item.id)? {
        return Ok(held);
    }
    let grades: Vec<Option<Grade>> = vec![None; protocol.measurements().len()];
    let at_once = arm.shows != Shows::Nothing && !arm.own_grades_first;
    change.execute(
        "INSERT INTO study_answers (item, version, change, grades, opened, shown)
         VALUES (?1, 1, '', ?2, ?3, ?4)",
        params![
            item.id,
            serde_json::to_string(&grades)?,
            change.now,
            at_once.then_some(change.now)
        ],
    )?;
    tell(change, item, "opened", json!({ "shown": at_once }))?;
    again(change, item)
}

/// Saves a change. The same change asked for twice is one change.
///
/// # Errors
/// A reading that is submitted, or was changed by another window since (409
/// with the reading as it stands); grades that are none of the protocol's; "cannot
/// grade" in a study that asks for a grade of every case.
pub fn save(
    change: &mut Change<'_>,
    protocol: &Protocol,
    study: &StudyProtocol,
    item: &Item,
    asked: &Save,
) -> Result<Held, Refusal> {
    let held = again(change, item)?;
    if asked.change.is_empty() || asked.change.len() > 64 {
        return Err(Refusal::malformed("A change has a name of 1 to 64 bytes."));
    }
    if held.change == asked.change {
        return Ok(held);
    }
    if held.locked.is_some() {
        return Err(Refusal::conflict("This reading is submitted.", json!(held)));
    }
    if held.version != asked.version {
        let what = "This reading was changed in another window. Nothing was overwritten.";
        return Err(Refusal::conflict(what, json!(held)));
    }
    let Asked { grades, cannot, effort } = &asked.body;
    check_grades(protocol, grades)?;
    if cannot.is_some() && !study.design.cannot_grade {
        return Err(Refusal::unfit("This study asks for the grades of every case."));
    }
    let effort = effort.since((held.active, held.left), held.opened, change.now)?;
    change
        .prepare_cached(
            "UPDATE study_answers SET version = version + 1, change = ?2, grades = ?3, active = ?4, left = ?5,
                 cannot = ?6
             WHERE item = ?1",
        )?
        .execute(params![
            item.id,
            asked.change,
            serde_json::to_string(grades)?,
            effort.active,
            effort.left,
            cannot
        ])?;
    tell(change, item, "saved", json!({ "grades": grades, "cannot": cannot, "effort": effort }))?;
    again(change, item)
}

impl Effort {
    /// The effort as it is kept: nobody works longer than the clock has run since
    /// the reading was `opened`, and a clock set back takes nothing away of what was
    /// `known`, milliseconds of work and losses of the focus.
    ///
    /// # Errors
    /// Too many events, or one that is no plain word.
    pub(crate) fn since(
        &self,
        (active, left): (i64, i64),
        opened: Moment,
        now: Moment,
    ) -> Result<Effort, Refusal> {
        let is_plain = |(_, word): &(i64, String)| {
            let mut letters = word.chars();
            word.len() <= LONGEST_EVENT && letters.all(|c| c.is_ascii_alphanumeric() || c == '-')
        };
        if self.events.len() > MOST_EVENTS || !self.events.iter().all(is_plain) {
            let what = format!("A change has at most {MOST_EVENTS} events, each a plain word.");
            return Err(Refusal::malformed(what));
        }
        let most = now.millis().saturating_sub(opened.millis()).max(active);
        Ok(Effort {
            active: self.active.clamp(active, most),
            left: self.left.clamp(left, left + MOST_EVENTS as i64),
            events: self.events.clone(),
        })
    }
}

/// Locks the reader's own grades and counts the answer as shown. A second time
/// changes nothing.
///
/// # Errors
/// An arm that shows nothing; grades that are not complete; another version.
pub fn show(
    change: &mut Change<'_>,
    protocol: &Protocol,
    study: &StudyProtocol,
    item: &Item,
    version: i64,
) -> Result<Held, Refusal> {
    let held = again(change, item)?;
    if arm_of(study, item).shows == Shows::Nothing {
        return Err(Refusal::forbidden("In this part of the study you read alone."));
    }
    if held.shown.is_some() {
        return Ok(held);
    }
    let own = complete(protocol, &held, version)?;
    let text = own.as_ref().map(serde_json::to_string).transpose()?;
    change.execute(
        "UPDATE study_answers SET own = ?2, own_cannot = cannot, shown = ?3 WHERE item = ?1",
        params![item.id, text, change.now],
    )?;
    tell(change, item, "shown", json!({ "own": own, "cannot": held.body.cannot }))?;
    again(change, item)
}

/// Submits a reading: from now on it stays as it is. A second time changes
/// nothing.
///
/// # Errors
/// Grades that are not complete; an answer that was not looked at where the arm
/// shows one; another version.
pub fn submit(
    change: &mut Change<'_>,
    protocol: &Protocol,
    study: &StudyProtocol,
    item: &Item,
    version: i64,
) -> Result<Held, Refusal> {
    let held = again(change, item)?;
    if held.locked.is_some() {
        return Ok(held);
    }
    let grades = complete(protocol, &held, version)?;
    if arm_of(study, item).shows != Shows::Nothing && held.shown.is_none() {
        return Err(Refusal::unfit("Look at the system's answer first, then submit."));
    }
    change.execute(
        "UPDATE study_answers SET submitted = ?2 WHERE item = ?1",
        params![item.id, change.now],
    )?;
    change.execute(
        "UPDATE study_sessions SET done = done + 1, last = max(coalesce(last, ?2), ?2) WHERE id = ?1",
        params![item.session, change.now],
    )?;
    tell(change, item, "submitted", json!({ "grades": grades, "cannot": held.body.cannot }))?;
    again(change, item)
}

fn arm_of<'a>(study: &'a StudyProtocol, item: &Item) -> &'a Arm {
    &study.arms[item.arm]
}

/// All grades of this version; `None` where it cannot be graded.
fn complete(protocol: &Protocol, held: &Held, version: i64) -> Result<Option<Vec<Grade>>, Refusal> {
    if held.version != version {
        let what = "This reading was changed in another window. Nothing was submitted.";
        return Err(Refusal::conflict(what, json!(held)));
    }
    if held.body.cannot.is_some() {
        return Ok(None);
    }
    complete_grades(protocol, &held.body.grades).map(Some)
}

/// The reading of an item; `None` before it was begun.
///
/// # Errors
/// A database that cannot be read.
pub fn find(db: &Connection, item: i64) -> Result<Option<Held>, Refusal> {
    let sql = "SELECT version, change, grades, own, opened, shown, submitted, active, left,
                   cannot, own_cannot
               FROM study_answers WHERE item = ?1";
    let found = db
        .prepare_cached(sql)?
        .query_row([item], |row| {
            let (grades, own): (String, Option<String>) = (row.get(2)?, row.get(3)?);
            let held = Held {
                version: row.get(0)?,
                change: row.get(1)?,
                body: Given { grades: Vec::new(), cannot: row.get(9)? },
                own: None,
                own_cannot: row.get(10)?,
                opened: row.get(4)?,
                shown: row.get(5)?,
                locked: row.get(6)?,
                active: row.get(7)?,
                left: row.get(8)?,
            };
            Ok((held, grades, own))
        })
        .optional()?;
    let Some((held, grades, own)) = found else { return Ok(None) };
    let own = own.map(|own| serde_json::from_str(&own)).transpose()?;
    let body = Given { grades: serde_json::from_str(&grades)?, ..held.body };
    Ok(Some(Held { body, own, ..held }))
}

/// A person's reading of this number, if it is submitted; `None` before.
///
/// # Errors
/// A database that cannot be read.
pub fn submitted_before(
    db: &Connection,
    study: &str,
    person: i64,
    item: i64,
) -> Result<Option<Held>, Refusal> {
    let sql = "SELECT EXISTS (SELECT 1 FROM study_items items
        JOIN study_sessions sessions ON sessions.id = session
        JOIN studies ON studies.id = sessions.study
        JOIN study_readers readers ON readers.study = studies.id AND readers.number = reader
        WHERE items.id = ?1 AND person = ?2 AND name = ?3)";
    let is_theirs: bool =
        db.prepare_cached(sql)?.query_row(params![item, person, study], |row| row.get(0))?;
    if !is_theirs {
        return Ok(None);
    }
    Ok(find(db, item)?.filter(|held| held.locked.is_some()))
}

fn again(change: &Change<'_>, item: &Item) -> Result<Held, Refusal> {
    find(change, item.id)?.ok_or_else(|| Refusal::unknown("This case has not been opened."))
}

fn tell(
    change: &mut Change<'_>,
    item: &Item,
    what: &str,
    after: serde_json::Value,
) -> Result<(), Refusal> {
    change.tell(&format!("study.reading.{what}"), &subject(item.id), (), after)
}

/// Whether a line of the journal says what a reader of an open study said.
///
/// # Errors
/// A database that cannot be read.
pub fn withholds(db: &Connection, kind: &str, subject: &str) -> Result<bool, Refusal> {
    let item = subject.strip_prefix("study reading ").and_then(|item| item.parse::<i64>().ok());
    let Some(item) = item.filter(|_| kind.starts_with("study.reading.")) else { return Ok(false) };
    let sql = "SELECT EXISTS (SELECT 1 FROM study_items items
        JOIN study_sessions sessions ON sessions.id = session
        JOIN studies ON studies.id = sessions.study WHERE items.id = ?1 AND closed IS NULL)";
    Ok(db.prepare_cached(sql)?.query_row([item], |row| row.get(0))?)
}

/// How the journal names a reading of a study.
pub(super) fn subject(item: i64) -> String {
    format!("study reading {item}")
}
