//! Every submitted answer as a table.

use rating::{Grade, Protocol};
use rusqlite::Connection;

use super::Telling;
use crate::clock::Moment;
use crate::refusal::Refusal;

/// `answers.csv`, one row for each submitted answer, in the order they were
/// submitted: `learner, code, attempt, level, difficulty`, for each measurement
/// `grade_NAME` and `truth_NAME`, `seconds` of work, `time`, the case's `origin`.
///
/// # Errors
/// A database that cannot be read.
pub fn answers_csv(db: &Connection, protocol: &Protocol) -> Result<String, Refusal> {
    let mut table = csv::Writer::from_writer(Vec::new());
    let measurements = protocol.measurements();
    let kinds = ["grade", "truth"];
    let graded = kinds.iter().flat_map(|kind| {
        measurements.iter().map(move |measurement| format!("{kind}_{}", measurement.name))
    });
    let head = ["learner", "code", "attempt", "level", "difficulty"].map(str::to_owned);
    let tail = ["seconds", "time", "origin"].map(str::to_owned);
    table.write_record(head.into_iter().chain(graded).chain(tail)).map_err(Refusal::broken)?;
    let sql = "SELECT people.name, code, attempt, level, told, grades, truth,
            answers.active, locked, origin
        FROM teaching_answers answers
        JOIN people ON people.id = person JOIN pairs ON pairs.id = pair
        WHERE locked IS NOT NULL ORDER BY locked, answers.id";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let told: Telling = serde_json::from_str(&row.get::<_, String>(4)?)?;
        let mut record = vec![
            row.get::<_, String>(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, i64>(2)?.to_string(),
            row.get::<_, String>(3)?,
            told.difficulty.word().to_owned(),
        ];
        for column in [5, 6] {
            let grades: Vec<Grade> = serde_json::from_str(&row.get::<_, String>(column)?)?;
            record.extend(grades.iter().map(Grade::to_string));
        }
        record.push(format!("{:.1}", row.get::<_, i64>(7)? as f64 / 1000.0));
        record.push(row.get::<_, Moment>(8)?.to_string());
        record.push(row.get(9)?);
        table.write_record(&record).map_err(Refusal::broken)?;
    }
    let bytes = table.into_inner().map_err(Refusal::broken)?;
    String::from_utf8(bytes).map_err(Refusal::broken)
}
