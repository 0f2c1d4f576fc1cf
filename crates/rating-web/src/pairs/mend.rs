//! Mending what is wrong with a pair that is in: the joint or side it was said to
//! show, or the pair as a whole.

use rating::Protocol;
use rating::manifest::{Row, Side};
use rusqlite::{OptionalExtension, params};
use serde_json::{Value, json};

use super::{StoredPair, row_text};
use crate::reason;
use crate::refusal::Refusal;
use crate::store::Change;

/// What a pair shows, as far as it can be said wrongly. `None` leaves it as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Correction {
    /// Whose joint it is.
    pub patient: Option<String>,
    /// Which joint.
    pub unit: Option<String>,
    /// Which side.
    pub side: Option<Side>,
}

/// Corrects what a pair is said to show. Readings stay: their readers saw the pixels
/// and none of this. Returns what stood there before.
///
/// # Errors
/// Nothing to correct; a joint that is none of the protocol's; no reason.
pub fn correct(
    change: &mut Change<'_>,
    protocol: &Protocol,
    pair: &StoredPair,
    correction: Correction,
    why: &str,
) -> Result<Row, Refusal> {
    let why = reason::given(why)?;
    if let Some(unit) = correction.unit.as_ref().filter(|unit| !protocol.units().contains(unit)) {
        return Err(Refusal::unfit(format!("The protocol has no {unit}.")));
    }
    let before = pair.row.clone();
    let mut after = before.clone();
    after.patient_id = correction.patient.or(after.patient_id);
    after.unit = correction.unit.or(after.unit);
    after.side = correction.side.or(after.side);
    if after == before {
        return Err(Refusal::unfit("That is what the pair says already."));
    }
    let sql = "UPDATE pairs SET row = ?2 WHERE id = ?1";
    change.execute(sql, params![pair.id, row_text(&after, protocol)])?;
    let told = json!({ "shows": shows(&after), "why": why });
    change.tell("pair.corrected", &format!("pair {}", pair.id), shows(&before), told)?;
    Ok(before)
}

fn shows(row: &Row) -> Value {
    json!({ "patient": row.patient_id, "unit": row.unit, "side": row.side.map(Side::word) })
}

/// Takes a pair out of the room: nobody is shown it any more, and it is not
/// exported. Its readings stay in the database and the journal, and its name and
/// pixels may come in again.
///
/// # Errors
/// A case of a study, which its study may withdraw; no reason.
pub fn withdraw(change: &mut Change<'_>, pair: &StoredPair, why: &str) -> Result<(), Refusal> {
    let why = reason::given(why)?;
    let sql = "SELECT studies.name FROM study_cases JOIN studies ON studies.id = study
               WHERE pair = ?1 LIMIT 1";
    let study: Option<String> = change.query_row(sql, [pair.id], |row| row.get(0)).optional()?;
    if let Some(study) = study {
        let what =
            format!("The pair is a case of the study {study}: it can be withdrawn there only.");
        return Err(Refusal::unfit(what));
    }
    let name = &pair.row.pair_id;
    // Names are unique, and this one may be needed again.
    let freed = format!("{name} (withdrawn {})", pair.code);
    change.execute(
        "UPDATE pairs SET removed = ?2, name = ?3 WHERE id = ?1",
        params![pair.id, change.now, freed],
    )?;
    let before = json!({ "name": name, "code": pair.code });
    change.tell("pair.withdrawn", &format!("pair {}", pair.id), before, json!({ "why": why }))
}
