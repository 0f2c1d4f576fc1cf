//! Bringing pairs in and handing them out.

use rating::manifest::Row;
use rating::{Protocol, Roi};
use rusqlite::{OptionalExtension, params};
use serde_json::json;

use super::{Hash, row_of, row_text};
use crate::people::{self, Secrets};
use crate::readings::{Standing, disclosure};
use crate::refusal::Refusal;
use crate::store::Change;
use crate::{studies, teaching};

/// A pair to be added: its images lie in [`super::Images`] already.
#[derive(Debug, Clone)]
pub struct NewPair {
    /// What the manifest says about it.
    pub row: Row,
    /// One for each modality of the protocol, in its order.
    pub views: Vec<NewView>,
}

/// One image of it.
#[derive(Debug, Clone)]
pub struct NewView {
    /// The pixels to show.
    pub image: Hash,
    /// Their size.
    pub size: (u32, u32),
    /// The pixels as they were handed in, before a region of them was kept.
    pub source: Hash,
    /// The ROI within the pixels to show.
    pub roi: Option<Roi>,
}

/// What became of a pair that was to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added {
    /// It is new.
    New(i64),
    /// A pair of this name with the same pixels is there already.
    Known(i64),
}

/// Letters and digits of codes: none that look alike.
const LETTERS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// Adds a pair.
///
/// # Errors
/// A name that is taken by other pixels, or by the same ones said to show another
/// joint; pixels that are there under another name: the same joint would be read
/// twice.
pub fn add(
    change: &mut Change<'_>,
    secrets: &Secrets,
    protocol: &Protocol,
    pair: &NewPair,
) -> Result<Added, Refusal> {
    let name = &pair.row.pair_id;
    if let Some(known) = same_name(change, protocol, pair)? {
        return Ok(Added::Known(known));
    }
    for view in &pair.views {
        // A screen cut to its region beforehand is the same image.
        let sql = "SELECT pairs.name FROM views JOIN pairs ON pairs.id = views.pair
                   WHERE (source IN (?1, ?2) OR views.image IN (?1, ?2)) AND removed IS NULL";
        let key = [view.source, view.image];
        let twin: Option<String> = change.query_row(sql, key, |row| row.get(0)).optional()?;
        if let Some(twin) = twin {
            let what = format!("An image of pair {name} is there already, in pair {twin}.");
            return Err(Refusal::unfit(what));
        }
    }
    let code = new_code(change, secrets)?;
    change.execute(
        "INSERT INTO pairs (code, name, row, origin, added) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![code, name, row_text(&pair.row, protocol), pair.row.origin.to_string(), change.now],
    )?;
    let id = change.last_insert_rowid();
    for (modality, view) in pair.views.iter().enumerate() {
        change.execute(
            "INSERT OR IGNORE INTO images (hash, width, height) VALUES (?1, ?2, ?3)",
            params![view.image, view.size.0, view.size.1],
        )?;
        let roi = view.roi.map(|roi| serde_json::to_string(&roi)).transpose()?;
        change.execute(
            "INSERT INTO views (pair, modality, image, source, roi) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![id, modality as i64, view.image, view.source, roi],
        )?;
    }
    change.tell("pair.added", &format!("pair {id}"), (), json!({ "name": name, "code": code }))?;
    Ok(Added::New(id))
}

/// The pair of this name, if it has the same pixels and is said to show the same.
fn same_name(
    change: &Change<'_>,
    protocol: &Protocol,
    pair: &NewPair,
) -> Result<Option<i64>, Refusal> {
    let name = &pair.row.pair_id;
    let sql = "SELECT id, row FROM pairs WHERE name = ?1";
    let known: Option<(i64, String)> =
        change.query_row(sql, [name], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((id, row)) = known else { return Ok(None) };
    let mut statement =
        change.prepare_cached("SELECT source FROM views WHERE pair = ?1 ORDER BY modality")?;
    let sources = statement.query_map([id], |row| row.get(0))?.collect::<Result<Vec<Hash>, _>>()?;
    if !sources.iter().eq(pair.views.iter().map(|view| &view.source)) {
        return Err(Refusal::unfit(format!("There is a pair {name} already, with other images.")));
    }
    match contradiction(&row_of(&row, protocol)?, &pair.row) {
        None => Ok(Some(id)),
        Some(told) => Err(Refusal::unfit(format!(
            "There is a pair {name} already, with the same images, but {told}. \
             A coordinator can correct it on the board."
        ))),
    }
}

/// Where two rows say different things about whose joint it is and which.
fn contradiction(stored: &Row, told: &Row) -> Option<String> {
    let of = |row: &Row| {
        [
            ("patient", row.patient_id.clone()),
            ("joint", row.unit.clone()),
            ("side", row.side.map(|side| side.word().to_owned())),
        ]
    };
    of(stored).into_iter().zip(of(told)).find(|(stored, told)| stored != told).map(
        |((what, stored), (_, told))| {
            let word = |value: Option<String>| value.unwrap_or_else(|| "none".to_owned());
            format!("with {what} {}, not {}", word(stored), word(told))
        },
    )
}

/// Six letters that no pair has.
fn new_code(change: &Change<'_>, secrets: &Secrets) -> Result<String, Refusal> {
    loop {
        let letter = |byte: u8| char::from(LETTERS[usize::from(byte % 32)]);
        let code: String = secrets.bytes::<6>().into_iter().map(letter).collect();
        let sql = "SELECT 1 FROM pairs WHERE code = ?1";
        if change.query_row(sql, [&code], |_| Ok(())).optional()?.is_none() {
            return Ok(code);
        }
    }
}

/// What became of pairs that were to be handed to a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assigned {
    /// How many were not the reader's before.
    pub added: usize,
    /// How many were left out: a lesson has told the reader their truth.
    pub learned: usize,
    /// How many were left out: the reader reads them in a study that is open.
    pub studied: usize,
    /// How many were left out: the reader may know what others said about them.
    pub seen: usize,
}

/// Hands pairs to a reader, behind those the reader has; not those whose truth
/// the reader was told in a lesson, those the reader has in an open study, nor
/// those whose readings the reader may look at already, as senior readers may.
///
/// # Errors
/// An unknown pair or reader.
pub fn assign(change: &mut Change<'_>, reader: i64, pairs: &[i64]) -> Result<Assigned, Refusal> {
    let person = people::one(change, reader)?;
    let told = teaching::told_of(change, reader)?;
    let (known, pairs): (Vec<i64>, Vec<i64>) =
        pairs.iter().copied().partition(|pair| told.contains(pair));
    let (mut studied, mut seen) = (0, 0);
    let sql = "SELECT coalesce(max(position), 0) FROM assignments WHERE reader = ?1";
    let mut position: i64 = change.query_row(sql, [reader], |row| row.get(0))?;
    let mut added = Vec::new();
    for pair in pairs {
        if studies::is_read_by(change, reader, pair)? {
            studied += 1;
            continue;
        }
        let standing = Standing::of(change, &person, pair)?;
        let may_know = disclosure(&person, &standing, change.now).readings_of_others;
        if may_know && !standing.is_assigned {
            seen += 1;
            continue;
        }
        position += 1;
        let sql = "INSERT OR IGNORE INTO assignments (reader, pair, position) VALUES (?1, ?2, ?3)";
        if change.prepare_cached(sql)?.execute(params![reader, pair, position])? > 0 {
            added.push(pair);
        }
    }
    if !added.is_empty() {
        change.tell("pairs.assigned", &format!("person {reader}"), (), &added)?;
    }
    Ok(Assigned { added: added.len(), learned: known.len(), studied, seen })
}

/// Corrects the ROI a pair came with.
///
/// # Errors
/// No such view.
pub fn set_roi(
    change: &mut Change<'_>,
    pair: i64,
    modality: usize,
    roi: Option<Roi>,
) -> Result<(), Refusal> {
    let key = params![pair, modality as i64];
    let sql = "SELECT roi FROM views WHERE pair = ?1 AND modality = ?2";
    let before: Option<String> = change.query_row(sql, key, |row| row.get(0))?;
    let after = roi.map(|roi| serde_json::to_string(&roi)).transpose()?;
    change.execute(
        "UPDATE views SET roi = ?3 WHERE pair = ?1 AND modality = ?2",
        params![pair, modality as i64, after],
    )?;
    change.tell("pair.roi", &format!("pair {pair}"), before, after)
}
