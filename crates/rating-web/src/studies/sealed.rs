//! Whether a closed study is what was opened, read and closed: its tables against
//! the journal, and the journal against itself.

use rusqlite::types::Value;
use rusqlite::{Connection, params};
use serde::Deserialize;

use super::{Deviations, Study, deviations, replay, seal, submitted};
use crate::refusal::Refusal;
use crate::store::journal;

/// What the journal's line about the opening says.
#[derive(Deserialize)]
struct Opened {
    protocol: String,
    hash: String,
    bundle: Option<String>,
    pairs: Vec<i64>,
    people: Vec<i64>,
    /// Studies opened by earlier versions lack it.
    fixed: Option<String>,
}

/// What does not agree, as a sentence without its full stop; `None` where everything
/// does: the chain of the journal; protocol, cases, readers, order and answers with
/// the line of the opening; withdrawals and washouts with theirs; the submitted
/// readings with theirs and with the seal.
///
/// # Errors
/// A database that cannot be read.
pub fn disagreement(db: &Connection, study: &Study) -> Result<Option<String>, Refusal> {
    let name = &study.protocol.name;
    if let Err(refusal) = journal::check(db) {
        return if refusal.is_ours() { Err(refusal) } else { Ok(Some(refusal.what)) };
    }
    let opened: Vec<Opened> = told(db, study, "study.opened")?;
    let agrees = match opened.as_slice() {
        [told] => was_opened(db, study, told)?,
        _ => false,
    };
    if !agrees {
        let what = "the journal tells another protocol, other cases, readers, orders or answers";
        return Ok(Some(format!("{what} of study {name} than its tables hold")));
    }
    if !has_deviated(db, study, &deviations(db, study)?)? {
        let what = "the journal tells other withdrawals or washouts";
        return Ok(Some(format!("{what} of study {name} than its tables hold")));
    }
    let kept = study.seal.as_deref().unwrap_or("none");
    let now = seal(db, study)?;
    if now != kept {
        let what =
            format!("the readings of study {name} give seal {now}, and it was closed with {kept}");
        return Ok(Some(what));
    }
    #[derive(Deserialize)]
    struct Closed {
        seal: String,
    }
    let closed: Vec<Closed> = told(db, study, "study.closed")?;
    if !matches!(closed.as_slice(), [closed] if closed.seal == now) {
        return Ok(Some(format!("the journal tells another seal of study {name}")));
    }
    if replay(db, study)? != submitted(db, study)? {
        let what = format!("the journal tells other readings of study {name} than its tables hold");
        return Ok(Some(what));
    }
    Ok(None)
}

/// What the journal's lines of this kind say about a study.
fn told<T: for<'a> Deserialize<'a>>(
    db: &Connection,
    study: &Study,
    kind: &str,
) -> Result<Vec<T>, Refusal> {
    let sql = "SELECT after FROM events WHERE kind = ?1 AND subject = ?2 ORDER BY id";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params![kind, format!("study {}", study.id)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(serde_json::from_str(&row.get::<_, String>(0)?)?);
    }
    Ok(found)
}

fn was_opened(db: &Connection, study: &Study, told: &Opened) -> Result<bool, Refusal> {
    let numbers = |sql: &str| -> Result<Vec<i64>, Refusal> {
        let mut statement = db.prepare_cached(sql)?;
        let found = statement.query_map([study.id], |row| row.get(0))?;
        Ok(found.collect::<Result<_, _>>()?)
    };
    let text: String =
        db.query_row("SELECT protocol FROM studies WHERE id = ?1", [study.id], |row| row.get(0))?;
    Ok(text == told.protocol
        && study.hash == told.hash
        && study.protocol.hash() == told.hash
        && study.bundle == told.bundle
        && numbers("SELECT pair FROM study_cases WHERE study = ?1 ORDER BY number")? == told.pairs
        && numbers("SELECT person FROM study_readers WHERE study = ?1 ORDER BY number")?
            == told.people
        && told.fixed.as_ref().is_none_or(|hash| fixed(db, study.id).is_ok_and(|now| now == *hash)))
}

/// BLAKE3 over what is fixed when a study is opened, besides what its line in the
/// journal spells out: names of cases, answers and heatmaps, and who reads what in
/// which order, as hexadecimal digits.
///
/// # Errors
/// A database that cannot be read.
pub(super) fn fixed(db: &Connection, study: i64) -> Result<String, Refusal> {
    let mut hasher = blake3::Hasher::new();
    for sql in [
        "SELECT name, answer FROM study_cases JOIN pairs ON pairs.id = pair
         WHERE study = ?1 ORDER BY number",
        "SELECT number, modality, png FROM study_maps WHERE study = ?1 ORDER BY number, modality",
        "SELECT reader, sessions.number, arm, position, items.number, is_repeat, altered
         FROM study_sessions sessions JOIN study_items items ON session = sessions.id
         WHERE study = ?1 ORDER BY reader, sessions.number, position",
    ] {
        let mut statement = db.prepare(sql)?;
        let columns = statement.column_count();
        let mut rows = statement.query([study])?;
        while let Some(row) = rows.next()? {
            for column in 0..columns {
                let bytes = match row.get(column)? {
                    Value::Null => vec![0],
                    Value::Integer(number) => number.to_le_bytes().to_vec(),
                    Value::Real(number) => number.to_le_bytes().to_vec(),
                    Value::Text(text) => text.into_bytes(),
                    Value::Blob(blob) => blob,
                };
                // Fields with their lengths: no two tables read alike.
                hasher.update(&(bytes.len() as u64).to_le_bytes());
                hasher.update(&bytes);
            }
        }
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// Whether the journal tells the same withdrawals and washouts.
fn has_deviated(db: &Connection, study: &Study, deviations: &Deviations) -> Result<bool, Refusal> {
    #[derive(Deserialize)]
    struct Case {
        case: i64,
        why: String,
    }
    #[derive(Deserialize)]
    struct Reader {
        reader: usize,
        why: String,
    }
    #[derive(Deserialize)]
    struct Early {
        reader: usize,
        session: usize,
        why: String,
    }
    let mut cases = Vec::new();
    for Case { case, why } in told(db, study, "study.case.withdrawn")? {
        let sql = "SELECT name FROM study_cases JOIN pairs ON pairs.id = pair
                   WHERE study = ?1 AND number = ?2";
        let name: String = db.query_row(sql, [study.id, case], |row| row.get(0))?;
        cases.push((name, why));
    }
    let readers = told(db, study, "study.reader.withdrawn")?;
    let readers = readers.into_iter().map(|Reader { reader, why }| (reader, why)).collect();
    // The last word about a session stands.
    let mut early: Vec<(usize, usize, String)> = Vec::new();
    for Early { reader, session, why } in told(db, study, "study.washout.overridden")? {
        early.retain(|(other, before, _)| (*other, *before) != (reader, session));
        early.push((reader, session, why));
    }
    let mut readers: Vec<(usize, String)> = readers;
    let mut kept_cases: Vec<(String, String)> =
        deviations.cases.iter().map(|one| (one.which.clone(), one.why.clone())).collect();
    let mut kept_readers: Vec<(usize, String)> =
        deviations.readers.iter().map(|one| (one.which, one.why.clone())).collect();
    let mut kept_early: Vec<(usize, usize, String)> =
        deviations.early.iter().map(|one| (one.reader, one.session, one.why.clone())).collect();
    for list in [&mut cases, &mut kept_cases] {
        list.sort();
    }
    for list in [&mut readers, &mut kept_readers] {
        list.sort();
    }
    for list in [&mut early, &mut kept_early] {
        list.sort();
    }
    Ok(cases == kept_cases && readers == kept_readers && early == kept_early)
}
