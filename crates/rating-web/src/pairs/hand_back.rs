//! Taking pairs back from a reader.

use rusqlite::params;
use serde_json::json;

use crate::people;
use crate::refusal::Refusal;
use crate::store::Change;

/// Takes pairs back that were handed to a reader and whose first reading is not
/// locked; a draft stays, in the history and for the day the pair is handed to the
/// reader again. A locked reading stays, and so does its pair. Returns how many
/// were taken back.
///
/// # Errors
/// No such reader; with `pair`: it was not handed to the reader, or the reading
/// of it is locked.
pub fn take_back(
    change: &mut Change<'_>,
    reader: i64,
    pair: Option<i64>,
) -> Result<usize, Refusal> {
    let name = people::one(change, reader)?.name;
    let sql = "SELECT assignments.pair, readings.locked IS NOT NULL, readings.id IS NOT NULL
               FROM assignments LEFT JOIN readings ON readings.pair = assignments.pair
               AND readings.reader = assignments.reader AND stage = 'first'
               WHERE assignments.reader = ?1 AND (?2 IS NULL OR assignments.pair = ?2)
               ORDER BY position";
    let mut found: Vec<(i64, bool, bool)> = Vec::new();
    {
        let mut statement = change.prepare_cached(sql)?;
        let mut rows = statement.query(params![reader, pair])?;
        while let Some(row) = rows.next()? {
            found.push((row.get(0)?, row.get(1)?, row.get(2)?));
        }
    }
    if pair.is_some() {
        match found.first() {
            None => {
                return Err(Refusal::unfit(format!("This pair was not handed to {name}.")));
            }
            Some((_, true, _)) => {
                let what = format!("{name} has locked a reading of this pair: it stays.");
                return Err(Refusal::unfit(what));
            }
            Some(_) => {}
        }
    }
    found.retain(|(_, is_locked, _)| !is_locked);
    if found.is_empty() {
        return Ok(0);
    }
    for (pair, _, _) in &found {
        change
            .prepare_cached("DELETE FROM assignments WHERE reader = ?1 AND pair = ?2")?
            .execute([reader, *pair])?;
    }
    let pairs: Vec<i64> = found.iter().map(|(pair, _, _)| *pair).collect();
    let drafts: Vec<i64> =
        found.iter().filter(|(_, _, begun)| *begun).map(|(pair, _, _)| *pair).collect();
    change.tell(
        "pairs.taken-back",
        &format!("person {reader}"),
        &pairs,
        json!({ "drafts": drafts }),
    )?;
    Ok(pairs.len())
}
