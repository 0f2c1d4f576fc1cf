//! The tables: manifest, readings, and pairs that are left out.

use std::collections::BTreeMap;

use rating::Protocol;
use rating::manifest::{Manifest, Row, ViewRef};
use rusqlite::Connection;

use super::{Selection, image_path};
use crate::consensus::Counted;
use crate::people;
use crate::readings as kept;
use crate::refusal::Refusal;

/// `manifest.csv` for `rating train`, one row a settled pair: what the pair came
/// with, but settled grades and ROIs, and images under the paths of
/// [`image_path`]. `x_settled_by` says which readings settled it, `x_readers`
/// how many they were, `x_roi_overlap` how far their rectangles cover one another.
#[must_use]
pub fn manifest(selection: &Selection, protocol: &Protocol) -> String {
    let row = |one: &super::Exported| {
        let mut extra = one.pair.row.extra.clone();
        extra.insert("x_settled_by".to_owned(), one.settled.by.word().to_owned());
        extra.insert("x_readers".to_owned(), one.settled.readers.len().to_string());
        let overlap = one.settled.overlap.map(|share| format!("{share:.3}"));
        extra.insert("x_roi_overlap".to_owned(), overlap.unwrap_or_default());
        let view = |(at, roi): (usize, &rating::Roi)| ViewRef {
            path: image_path(protocol, &one.pair, at),
            roi: *roi,
        };
        Row {
            views: one.rois.iter().enumerate().map(view).collect(),
            grades: one.grades.iter().copied().map(Some).collect(),
            extra,
            ..one.pair.row.clone()
        }
    };
    Manifest { rows: selection.exported.iter().map(row).collect() }.to_csv(protocol)
}

/// Pairs that are not in the manifest: `pair_id, code, reason`.
///
/// # Errors
/// None that a table in memory could have.
pub fn refused(selection: &Selection) -> Result<String, Refusal> {
    let records =
        selection.refused.iter().map(|one| [one.name.clone(), one.code.clone(), one.why.clone()]);
    written(&["pair_id", "code", "reason"], records)
}

/// `readings.csv`: `pair_id, reader_id, stage, measurement, grade, time`, one row
/// for each grade of each locked reading that counts, by pair, then time. A
/// reading that says "cannot grade" has no grades, so no row; the history has it.
///
/// # Errors
/// A database that cannot be read.
pub fn readings(db: &Connection, protocol: &Protocol, counted: Counted) -> Result<String, Refusal> {
    let mut statement = db.prepare_cached("SELECT id, name FROM pairs")?;
    let names = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let names: BTreeMap<i64, String> = names.collect::<Result<_, _>>()?;
    let people: BTreeMap<i64, String> =
        people::all(db)?.into_iter().map(|person| (person.id, person.name)).collect();
    let name = |names: &BTreeMap<i64, String>, id| names.get(&id).cloned().unwrap_or_default();
    let mut readings = kept::locked(db)?;
    readings.retain(|reading| counted.counts(reading));
    readings.sort_by_key(|reading| (reading.pair, reading.locked, reading.id));
    let mut records = Vec::new();
    for reading in &readings {
        let Some(grades) = reading.body.all_grades() else { continue };
        let time = reading.locked.map(|time| time.to_string()).unwrap_or_default();
        for (measurement, grade) in protocol.measurements().iter().zip(grades) {
            records.push([
                name(&names, reading.pair),
                name(&people, reading.reader),
                reading.stage.word().to_owned(),
                measurement.name.clone(),
                grade.to_string(),
                time.clone(),
            ]);
        }
    }
    written(&["pair_id", "reader_id", "stage", "measurement", "grade", "time"], records)
}

fn written<const N: usize>(
    columns: &[&str; N],
    records: impl IntoIterator<Item = [String; N]>,
) -> Result<String, Refusal> {
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(columns).map_err(Refusal::broken)?;
    for record in records {
        table.write_record(&record).map_err(Refusal::broken)?;
    }
    String::from_utf8(table.into_inner().map_err(Refusal::broken)?).map_err(Refusal::broken)
}
