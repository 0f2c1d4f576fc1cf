//! The submitted readings of a study: as the tables have them, and as the
//! journal tells them again. Both must be the same.

use std::collections::BTreeMap;

use rating::{Grade, Origin, Protocol};
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use super::Study;
use super::progress::How;
use super::read::{Effort, subject};
use super::told::shown_grades;
use crate::answers::Scored;
use crate::clock::Moment;
use crate::readings::Reason;
use crate::refusal::Refusal;

/// A submitted reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Submitted {
    /// Number of the reading.
    pub item: i64,
    /// Position of the reader in the protocol.
    pub reader: usize,
    /// Which of the reader's sessions, from 0.
    pub session: usize,
    /// Position of the arm in the protocol.
    pub arm: usize,
    /// Position in the session, from 0.
    pub position: usize,
    /// Which case.
    pub case: usize,
    /// Whether the reader had read it in this session before.
    pub is_repeat: bool,
    /// Whether the answer that was shown was altered.
    pub is_altered: bool,
    /// Whether the case was withdrawn from the study.
    pub is_withdrawn: bool,
    /// The grades that were submitted; `None` where it cannot be graded.
    pub grades: Option<Vec<Grade>>,
    /// Why it cannot be graded. Left out of texts where there is no reason, so that
    /// the seals of studies without this answer stay what they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cannot: Option<Reason>,
    /// The grades before the answer was shown, where the arm asks for them.
    pub own: Option<Vec<Grade>>,
    /// Why it could not be graded before the answer was shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_cannot: Option<Reason>,
    /// The grades that the reader was shown; `None` where none were.
    pub shown_grades: Option<Vec<Grade>>,
    /// When it was begun.
    pub opened: Moment,
    /// When the answer was shown.
    pub shown: Option<Moment>,
    /// When it was submitted.
    pub submitted: Moment,
    /// Milliseconds of work.
    pub active: i64,
    /// How often the window lost the focus.
    pub left: i64,
}

/// Every submitted reading of readers who were not withdrawn, by reader, session
/// and position.
///
/// # Errors
/// A database that cannot be read.
pub fn submitted(db: &Connection, study: &Study) -> Result<Vec<Submitted>, Refusal> {
    let protocol = crate::room::protocol_in(db)?;
    let sql = "SELECT items.id, reader, sessions.number, arm, position, items.number, is_repeat,
            altered, cases.withdrawn IS NOT NULL, grades, own, answer, answers.opened, shown,
            submitted, active, left, answers.cannot, own_cannot
        FROM study_sessions sessions
        JOIN study_readers readers ON readers.study = sessions.study AND readers.number = reader
        JOIN study_items items ON session = sessions.id
        JOIN study_cases cases ON cases.study = sessions.study AND cases.number = items.number
        JOIN study_answers answers ON item = items.id
        WHERE sessions.study = ?1 AND submitted IS NOT NULL AND readers.withdrawn IS NULL
        ORDER BY reader, sessions.number, position";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([study.id])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let position = |column| -> rusqlite::Result<usize> {
            Ok(usize::try_from(row.get::<_, i64>(column)?).unwrap_or_default())
        };
        let altered: Option<How> = row.get(7)?;
        let shown: Option<Moment> = row.get(13)?;
        let text: String = row.get(9)?;
        let grades: Vec<Option<Grade>> = serde_json::from_str(&text)?;
        let own: Option<String> = row.get(10)?;
        let answer: Option<String> = row.get(11)?;
        let cannot: Option<Reason> = row.get(17)?;
        let (seen, is_altered) = seen(&protocol, answer.as_deref(), altered, shown)?;
        found.push(Submitted {
            item: row.get(0)?,
            reader: position(1)?,
            session: position(2)?,
            arm: position(3)?,
            position: position(4)?,
            case: position(5)?,
            is_repeat: row.get(6)?,
            is_altered,
            is_withdrawn: row.get(8)?,
            grades: given(&grades, cannot),
            cannot,
            own: own.map(|own| serde_json::from_str(&own)).transpose()?,
            own_cannot: row.get(18)?,
            shown_grades: seen,
            opened: row.get(12)?,
            shown,
            submitted: row.get(14)?,
            active: row.get(15)?,
            left: row.get(16)?,
        });
    }
    Ok(found)
}

/// The grades of a complete reading; `None` where it cannot be graded.
fn given(grades: &[Option<Grade>], cannot: Option<Reason>) -> Option<Vec<Grade>> {
    cannot.is_none().then(|| grades.iter().copied().flatten().collect())
}

/// A case of a study.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseOf {
    /// The name of its pair.
    pub name: String,
    /// The system's own grades; `None` where it has none.
    pub system: Option<Vec<Grade>>,
    /// Where the answers come from.
    pub origin: Option<Origin>,
    /// Why it was withdrawn.
    pub withdrawn: Option<String>,
}

/// Every case of a study, in its order.
///
/// # Errors
/// A database that cannot be read.
pub fn cases(db: &Connection, study: &Study) -> Result<Vec<CaseOf>, Refusal> {
    let protocol = crate::room::protocol_in(db)?;
    let sql = "SELECT name, answer, why FROM study_cases JOIN pairs ON pairs.id = pair
               WHERE study = ?1 ORDER BY number";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([study.id])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let answer: Option<String> = row.get(1)?;
        let scored: Option<Scored> =
            answer.map(|answer| serde_json::from_str(&answer)).transpose()?;
        found.push(CaseOf {
            name: row.get(0)?,
            system: scored.as_ref().and_then(|scored| shown_grades(&protocol, scored, None)),
            origin: scored.map(|scored| scored.origin),
            withdrawn: row.get(2)?,
        });
    }
    Ok(found)
}

/// How many altered answers a reader was shown, submitted after them or not.
///
/// # Errors
/// A database that cannot be read.
pub fn altered_for(db: &Connection, study: &Study, reader: usize) -> Result<usize, Refusal> {
    let protocol = crate::room::protocol_in(db)?;
    let sql = "SELECT answer, altered, shown FROM study_sessions sessions
        JOIN study_items items ON session = sessions.id
        JOIN study_cases cases ON cases.study = sessions.study AND cases.number = items.number
        JOIN study_answers ON item = items.id
        WHERE sessions.study = ?1 AND reader = ?2 AND altered IS NOT NULL AND shown IS NOT NULL";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params![study.id, reader as i64])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        let answer: Option<String> = row.get(0)?;
        let (_, is_altered) = seen(&protocol, answer.as_deref(), row.get(1)?, row.get(2)?)?;
        count += usize::from(is_altered);
    }
    Ok(count)
}

/// The grades that were shown, and whether they were not the system's own.
fn seen(
    protocol: &Protocol,
    answer: Option<&str>,
    altered: Option<How>,
    shown: Option<Moment>,
) -> Result<(Option<Vec<Grade>>, bool), Refusal> {
    let (Some(answer), Some(_)) = (answer, shown) else { return Ok((None, false)) };
    let scored: Scored = serde_json::from_str(answer)?;
    let own = shown_grades(protocol, &scored, None);
    let seen = shown_grades(protocol, &scored, altered);
    let is_altered = seen != own;
    Ok((seen, is_altered))
}

/// What the journal says about one reading so far.
#[derive(Default)]
struct Story {
    grades: Vec<Option<Grade>>,
    cannot: Option<Reason>,
    own: Option<Vec<Grade>>,
    own_cannot: Option<Reason>,
    opened: Option<Moment>,
    shown: Option<Moment>,
    submitted: Option<Moment>,
    effort: Effort,
}

/// The parts of a line that a reading is told again from.
#[derive(Deserialize)]
struct Line {
    grades: Option<Vec<Option<Grade>>>,
    cannot: Option<Reason>,
    own: Option<Vec<Grade>>,
    effort: Option<Effort>,
    shown: Option<bool>,
}

/// The same readings, told again from the journal alone; who read what in which
/// arm comes from the schedule.
///
/// # Errors
/// A journal that cannot be read.
pub fn replay(db: &Connection, study: &Study) -> Result<Vec<Submitted>, Refusal> {
    let sql = "SELECT subject, kind, time, after FROM events
               WHERE kind LIKE 'study.reading.%' ORDER BY id";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut stories: BTreeMap<String, Story> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let (kind, time): (String, Moment) = (row.get(1)?, row.get(2)?);
        let line: Line = serde_json::from_str(&row.get::<_, String>(3)?)?;
        let story = stories.entry(row.get(0)?).or_default();
        match kind.rsplit('.').next().unwrap_or_default() {
            "opened" => {
                story.opened = Some(time);
                story.shown = line.shown.unwrap_or_default().then_some(time);
            }
            "saved" => {
                story.grades = line.grades.unwrap_or_default();
                story.cannot = line.cannot;
                story.effort = line.effort.unwrap_or_default();
            }
            "shown" => {
                (story.own, story.own_cannot, story.shown) = (line.own, line.cannot, Some(time));
            }
            "submitted" => story.submitted = Some(time),
            _ => {}
        }
    }
    let mut told = submitted(db, study)?;
    told.retain_mut(|reading| {
        let Some(story) = stories.get(&subject(reading.item)) else { return false };
        let (Some(opened), Some(submitted)) = (story.opened, story.submitted) else { return false };
        reading.grades = given(&story.grades, story.cannot);
        reading.own.clone_from(&story.own);
        (reading.cannot, reading.own_cannot) = (story.cannot, story.own_cannot);
        (reading.opened, reading.shown, reading.submitted) = (opened, story.shown, submitted);
        (reading.active, reading.left) = (story.effort.active, story.effort.left);
        true
    });
    Ok(told)
}
