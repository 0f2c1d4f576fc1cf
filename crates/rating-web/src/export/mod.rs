//! What leaves the room for training and for other programs: settled pairs as a
//! manifest with images, as COCO and as VOC, and every reading with its history.
//! Pairs that are not settled are listed with the reason, never left out silently.

mod boxes;
mod history;
mod pack;
mod tables;

use rating::words::{counted, word};
use rating::{Grade, Protocol, Roi};
use rusqlite::Connection;

use crate::consensus::{self, Counted, Settled, State, Verdict};
use crate::pairs::{self, StoredPair};
use crate::readings::Reason;
use crate::refusal::Refusal;
pub use boxes::{coco, voc};
pub use history::history;
pub use pack::{folder, training_zip, voc_zip};
pub use tables::{manifest, readings, refused};

/// A settled pair, ready for training.
#[derive(Debug, Clone, PartialEq)]
pub struct Exported {
    /// The pair.
    pub pair: StoredPair,
    /// One grade for each measurement.
    pub grades: Vec<Grade>,
    /// One ROI for each modality.
    pub rois: Vec<Roi>,
    /// How it was settled.
    pub settled: Settled,
}

/// A pair that is not exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotExported {
    /// Its name in manifests.
    pub name: String,
    /// Its code in the room.
    pub code: String,
    /// Why, as a sentence without a full stop.
    pub why: String,
}

/// Every pair of the room, each on one side.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Selection {
    /// Those that are settled with grades.
    pub exported: Vec<Exported>,
    /// The others.
    pub refused: Vec<NotExported>,
}

/// Sorts every pair of the room.
///
/// # Errors
/// A database that cannot be read.
pub fn select(
    db: &Connection,
    protocol: &Protocol,
    counted: Counted,
) -> Result<Selection, Refusal> {
    let mut selection = Selection::default();
    for (id, code, state) in consensus::all(db, counted)? {
        let pair = pairs::one(db, protocol, id)?;
        match settled(pair, state) {
            Ok(exported) => selection.exported.push(exported),
            Err((name, why)) => selection.refused.push(NotExported { name, code, why }),
        }
    }
    Ok(selection)
}

/// The pair as it is exported, or its name and why it is not.
fn settled(pair: StoredPair, state: State) -> Result<Exported, (String, String)> {
    let name = pair.row.pair_id.clone();
    let why = match state {
        State::NotHandedOut => "was handed to no reader".to_owned(),
        State::Reading { locked, of } => {
            let (of, have) = (counted(of, "reader", "readers"), word(locked, "has", "have"));
            format!("{locked} of {of} {have} read it")
        }
        State::Consensus { locked, of } => {
            format!("the readers differ; {locked} of {of} have read it again")
        }
        State::Adjudication => "waits for the decision of a senior reader".to_owned(),
        State::Settled(settled) => {
            let rois: Option<Vec<Roi>> = settled.rois.iter().copied().collect();
            match (&settled.verdict, rois) {
                (Verdict::Grades(grades), Some(rois)) => {
                    return Ok(Exported { pair, grades: grades.clone(), rois, settled });
                }
                (Verdict::Grades(_), None) => "an ROI is missing".to_owned(),
                (Verdict::CannotGrade, _) => {
                    let reasons: Vec<&str> =
                        settled.reasons.iter().copied().map(Reason::words).collect();
                    format!("cannot be graded: {}", reasons.join(", "))
                }
            }
        }
    };
    Err((name, why))
}

/// Where the image of a modality lies, relative to the manifest.
#[must_use]
pub fn image_path(protocol: &Protocol, pair: &StoredPair, modality: usize) -> String {
    let name = protocol.modalities().get(modality).map_or("image", |known| known.name.as_str());
    format!("images/{}_{name}.png", pair.code)
}
