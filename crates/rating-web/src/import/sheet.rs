//! The contact sheet: everything a person looks at before anything is accepted.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;
use utoipa::ToSchema;

use super::region::{Region, regions};
use super::staging::StagedFile;
use super::{Proposal, propose};
use crate::pairs::Hash;
use crate::people::{self, Ability};
use crate::refusal::Refusal;
use crate::room::Room;

/// An import as it stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct Sheet {
    /// Its files.
    pub files: Vec<SheetFile>,
    /// Pairs that are proposed.
    pub pairs: Vec<Proposal>,
    /// Names of the modalities, in the order of a pair's files.
    pub modalities: Vec<String>,
    /// The protocol's joints.
    pub units: Vec<String>,
    /// Which regions are kept.
    pub regions: Vec<Region>,
    /// Names of those who read.
    pub readers: Vec<String>,
}

/// A file of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct SheetFile {
    /// Its number.
    pub number: u32,
    /// Its name.
    pub name: String,
    /// Its size in pixels.
    pub width: u32,
    /// Its size in pixels.
    pub height: u32,
    /// Share of saturated pixels, 0 to 1.
    pub coloured: f64,
    /// The pair of the room that has these pixels.
    pub known_in: Option<String>,
    /// The file of this import that has them.
    pub same_as: Option<u32>,
}

/// An import as it stands.
///
/// # Errors
/// No such import.
pub fn sheet(room: &Room, id: &str) -> Result<Sheet, Refusal> {
    let staged = room.imports.get(id)?;
    room.store.read_now(|db| {
        let mut first: BTreeMap<&str, u32> = BTreeMap::new();
        let mut files = Vec::new();
        let mut fresh = Vec::new();
        for file in &staged.files {
            let known_in = pair_with(db, &file.hash)?;
            let same_as = first.get(file.hash.as_str()).copied();
            first.entry(&file.hash).or_insert(file.number);
            if known_in.is_none() && same_as.is_none() {
                fresh.push(file);
            }
            files.push(sheet_file(file, known_in, same_as));
        }
        let everybody = people::all(db)?;
        let reads = |person: &&people::Person| person.active && person.role.may(Ability::Read);
        Ok(Sheet {
            files,
            pairs: propose(&fresh, &room.protocol),
            modalities: room.protocol.modalities().iter().map(|one| one.name.clone()).collect(),
            units: room.protocol.units().to_vec(),
            regions: regions(db)?,
            readers: everybody.iter().filter(reads).map(|person| person.name.clone()).collect(),
        })
    })
}

fn sheet_file(file: &StagedFile, known_in: Option<String>, same_as: Option<u32>) -> SheetFile {
    let StagedFile { number, name, width, height, coloured, .. } = file.clone();
    SheetFile { number, name, width, height, coloured, known_in, same_as }
}

/// The pair that has these pixels, as they came or as they are shown.
fn pair_with(db: &Connection, hash: &str) -> Result<Option<String>, Refusal> {
    let hash: Hash = *blake3::Hash::from_hex(hash).map_err(Refusal::broken)?.as_bytes();
    let sql = "SELECT name FROM views JOIN pairs ON pairs.id = views.pair
               WHERE (source = ?1 OR image = ?1) AND removed IS NULL";
    Ok(db.prepare_cached(sql)?.query_row([hash], |row| row.get(0)).optional()?)
}

/// A picture of an import: `4.png` is file 4 as it came, `4-small.png` its
/// thumbnail.
///
/// # Errors
/// No such import or file.
pub fn picture(room: &Room, id: &str, name: &str) -> Result<Vec<u8>, Refusal> {
    let staged = room.imports.get(id)?;
    let nothing = || Refusal::unknown("There is no such image.");
    let stem = name.strip_suffix(".png").ok_or_else(nothing)?;
    let (number, is_small) = match stem.strip_suffix("-small") {
        Some(number) => (number, true),
        None => (stem, false),
    };
    let number: u32 = number.parse().map_err(|_| nothing())?;
    let file = staged.files.iter().find(|file| file.number == number).ok_or_else(nothing)?;
    if is_small {
        let path = room.imports.thumbnail(id, number)?;
        return std::fs::read(&path).map_err(|_| nothing());
    }
    let hash = blake3::Hash::from_hex(&file.hash).map_err(Refusal::broken)?;
    room.imports.images(id)?.png(hash.as_bytes())
}
