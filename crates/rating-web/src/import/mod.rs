//! Bringing pairs in: from a manifest on the command line, or from files dropped
//! on a page.

mod archive;
mod confirm;
pub mod limits;
mod manifest;
mod names;
mod prepare;
mod propose;
mod receive;
mod region;
mod sheet;
mod staging;

use std::sync::Arc;

use rating::Problem;
use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;

use crate::pairs::{self, Added, NewPair};
use crate::people::{self, Ability};
use crate::refusal::Refusal;
use crate::room::Room;
use crate::store::{Actor, Change};
pub use archive::is_zip;
pub use confirm::{Confirmed, Done, Named, RefusedPair, Wanted, confirm};
pub use manifest::manifest;
pub use propose::{Proposal, propose};
pub use receive::{Received, RefusedFile, receive, too_large};
pub use region::{Region, region_of, regions, set_region};
pub use sheet::{Sheet, SheetFile, picture, sheet};
pub use staging::{Staged, StagedFile, Staging};

/// What became of the pairs that were to be brought in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Numbers of the pairs that are new.
    pub new: Vec<i64>,
    /// Numbers of the pairs that were there, with the same pixels.
    pub known: Vec<i64>,
    /// Pairs left out: row, column and reason.
    pub refused: Vec<Problem>,
    /// Things worth a look.
    pub warnings: Vec<Problem>,
    /// How many pairs each reader was handed that the reader did not have.
    pub handed: Vec<(String, usize)>,
    /// Pairs that were not handed to a reader, a sentence for each reader.
    pub withheld: Vec<String>,
    /// It was stopped before the end. What is in stays; asking again goes on.
    pub stopped: bool,
}

impl Report {
    /// Counts a pair that is in, and returns its number.
    fn count(&mut self, added: Added) -> i64 {
        match added {
            Added::New(id) => {
                self.new.push(id);
                id
            }
            Added::Known(id) => {
                self.known.push(id);
                id
            }
        }
    }
}

/// A reader by number and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reader {
    /// The account.
    pub id: i64,
    /// Its name.
    pub name: String,
}

/// The readers of these names.
///
/// # Errors
/// A name that is nobody's, stands there twice, or is of somebody who does not read.
pub fn readers(db: &Connection, names: &[String]) -> Result<Vec<Reader>, Refusal> {
    let mut found: Vec<Reader> = Vec::new();
    for name in names {
        let name = name.trim();
        if name.is_empty() {
            let what = "A name among the readers is empty: write them with commas between.";
            return Err(Refusal::unfit(what));
        }
        let sql = "SELECT id FROM people WHERE name = ?1 AND active";
        let id: Option<i64> = db.query_row(sql, [name], |row| row.get(0)).optional()?;
        let unknown = || {
            Refusal::unfit(format!(
                "There is no account {name}: make it on the page People, or name another."
            ))
        };
        let person = people::one(db, id.ok_or_else(unknown)?)?;
        if !person.role.may(Ability::Read) {
            return Err(Refusal::unfit(format!(
                "{name} does not read: the role does not include it."
            )));
        }
        if found.iter().any(|known| known.id == person.id) {
            let what = format!("{} is named twice among the readers: name each once.", person.name);
            return Err(Refusal::unfit(what));
        }
        found.push(Reader { id: person.id, name: person.name });
    }
    Ok(found)
}

/// Adds one pair, alone in its transaction: all of it or nothing.
fn add(room: &Arc<Room>, by: Actor, pair: NewPair) -> Result<Added, Refusal> {
    let handle = Arc::clone(room);
    let change =
        move |change: &mut Change<'_>| pairs::add(change, &handle.secrets, &handle.protocol, &pair);
    room.store.write_now(by, change)
}

/// How many more each reader has, and a sentence for each who was not handed all.
type HandedOut = (Vec<(String, usize)>, Vec<String>);

/// Hands pairs to every reader, in this order.
fn hand_out(
    change: &mut Change<'_>,
    readers: &[Reader],
    pairs: &[i64],
) -> Result<HandedOut, Refusal> {
    let (mut handed, mut withheld) = (Vec::new(), Vec::new());
    for Reader { id, name } in readers {
        let assigned = pairs::assign(change, *id, pairs)?;
        handed.push((name.clone(), assigned.added));
        if assigned.studied > 0 {
            withheld.push(format!(
                "{name} reads {} of these pairs in a study that is open: they were not handed to {name}.",
                assigned.studied
            ));
        }
        if assigned.seen > 0 {
            withheld.push(format!(
                "{name} may look at what others said about {} of these pairs: they were not handed to {name}.",
                assigned.seen
            ));
        }
        if assigned.learned > 0 {
            withheld.push(format!(
                "{name} has learned on {} of these pairs and knows their truth: they were not handed to {name}.",
                assigned.learned
            ));
        }
    }
    Ok((handed, withheld))
}
