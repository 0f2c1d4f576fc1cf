//! The pairs of the room: images in files named by their content, everything
//! else in the database.

mod add;
mod hand_back;
mod images;
mod mend;

use rating::manifest::{Manifest, Row};
use rating::{Origin, Protocol, Roi};
use rusqlite::{Connection, OptionalExtension};

use crate::clock::Moment;
use crate::refusal::Refusal;
pub use add::{Added, Assigned, NewPair, NewView, add, assign, set_roi};
pub use hand_back::take_back;
pub use images::{Images, named, png};
pub use mend::{Correction, correct, withdraw};

/// What tells images apart.
pub type Hash = rating::decode::PixelHash;

/// Pairs with an image of the pair ?1, itself among them: as handed in, or as the
/// kept region of it.
pub(crate) const TWINS: &str = "SELECT twin.pair FROM views mine JOIN views twin
    ON twin.source IN (mine.source, mine.image) OR twin.image IN (mine.source, mine.image)
    WHERE mine.pair = ?1";

/// A pair as the room keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredPair {
    /// Its number.
    pub id: i64,
    /// What readers see instead of a name: it says nothing about anybody.
    pub code: String,
    /// The row of its manifest; nothing of it is for those who read blind.
    pub row: Row,
    /// One for each modality of the protocol, in its order.
    pub views: Vec<StoredView>,
    /// Until then nobody who reads gets the system's answer.
    pub embargo: Option<Moment>,
}

/// One image of a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredView {
    /// The pixels that are shown.
    pub image: Hash,
    /// Their size.
    pub width: u32,
    /// Their size.
    pub height: u32,
    /// Where the ROI was when the pair came in; `None` when nobody had drawn it.
    pub roi: Option<Roi>,
}

/// The pair with this code.
///
/// # Errors
/// No such pair, or one that was removed.
pub fn by_code(db: &Connection, protocol: &Protocol, code: &str) -> Result<StoredPair, Refusal> {
    let sql = "SELECT id FROM pairs WHERE code = ?1 AND removed IS NULL";
    let id: Option<i64> = db.prepare_cached(sql)?.query_row([code], |row| row.get(0)).optional()?;
    one(db, protocol, id.ok_or_else(no_such_pair)?)
}

/// The pair with this number.
///
/// # Errors
/// No such pair, or one that was removed.
pub fn one(db: &Connection, protocol: &Protocol, id: i64) -> Result<StoredPair, Refusal> {
    let sql = "SELECT code, row, embargo FROM pairs WHERE id = ?1 AND removed IS NULL";
    let found: Option<(String, String, Option<Moment>)> = db
        .prepare_cached(sql)?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let (code, row, embargo) = found.ok_or_else(no_such_pair)?;
    Ok(StoredPair { id, code, row: row_of(&row, protocol)?, views: views(db, id)?, embargo })
}

/// The number of the pair of this name.
///
/// # Errors
/// No such pair, or one that was removed.
pub fn id_of(db: &Connection, name: &str) -> Result<i64, Refusal> {
    let sql = "SELECT id FROM pairs WHERE name = ?1 AND removed IS NULL";
    let id: Option<i64> = db.prepare_cached(sql)?.query_row([name], |row| row.get(0)).optional()?;
    id.ok_or_else(no_such_pair)
}

/// Where the images of all pairs that somebody has read come from, the most
/// doubtful of them; `None` where nothing is read.
///
/// # Errors
/// A database that cannot be read.
pub fn origin_of_read(db: &Connection) -> Result<Option<Origin>, Refusal> {
    let sql = "SELECT DISTINCT origin FROM pairs WHERE removed IS NULL AND EXISTS
               (SELECT 1 FROM readings WHERE pair = pairs.id AND locked IS NOT NULL)";
    most_doubtful(db, sql, [])
}

/// The most doubtful of the origins that a question finds.
///
/// # Errors
/// A database that cannot be read.
pub(crate) fn most_doubtful(
    db: &Connection,
    sql: &str,
    key: impl rusqlite::Params,
) -> Result<Option<Origin>, Refusal> {
    let mut statement = db.prepare_cached(sql)?;
    let words: Vec<String> =
        statement.query_map(key, |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(words.iter().filter_map(|word| Origin::from_word(word)).max())
}

/// The pair with this code, or else this name.
///
/// # Errors
/// No such pair, or one that was removed.
pub fn by_code_or_name(
    db: &Connection,
    protocol: &Protocol,
    text: &str,
) -> Result<StoredPair, Refusal> {
    match by_code(db, protocol, &text.to_ascii_uppercase()) {
        Err(refusal) if !refusal.is_ours() => one(db, protocol, id_of(db, text)?),
        found => found,
    }
}

fn no_such_pair() -> Refusal {
    Refusal::unknown("There is no such pair.")
}

fn views(db: &Connection, pair: i64) -> Result<Vec<StoredView>, Refusal> {
    let sql = "SELECT image, width, height, roi FROM views JOIN images ON images.hash = views.image
               WHERE pair = ?1 ORDER BY modality";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([pair])?;
    let mut views = Vec::new();
    while let Some(row) = rows.next()? {
        let roi: Option<String> = row.get(3)?;
        views.push(StoredView {
            image: row.get(0)?,
            width: row.get(1)?,
            height: row.get(2)?,
            roi: roi.map(|roi| serde_json::from_str(&roi)).transpose()?,
        });
    }
    Ok(views)
}

/// A row of a manifest as text: a manifest of that row alone.
fn row_text(row: &Row, protocol: &Protocol) -> String {
    Manifest { rows: vec![row.clone()] }.to_csv(protocol)
}

/// A row from its text.
pub(crate) fn row_of(text: &str, protocol: &Protocol) -> Result<Row, Refusal> {
    let manifest = Manifest::parse(text.as_bytes(), protocol)
        .map_err(|problems| Refusal::broken(format!("stored row: {problems:?}")))?;
    let mut rows = manifest.rows.into_iter();
    let row = rows.next().ok_or_else(|| Refusal::broken("a stored row is empty"))?;
    Ok(Row { line: None, ..row })
}
