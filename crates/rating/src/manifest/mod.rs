//! The manifest: one row a pair, with its images, ROIs and reference grades.
//!
//! Reading is strict: a column that is not known, a grade out of range or a
//! pair named twice is an error with its row and column, because a silent
//! default here becomes a wrong grade later (`docs/contract.md`).

pub mod authors;
pub mod checks;
pub mod folds;
pub mod patients;
pub mod readings;
mod reference;
mod table;

use std::collections::BTreeMap;

use crate::protocol::Colour;
use crate::{Grade, Origin, Problem, Protocol, Roi};

pub use reference::{Reference, References};

/// The cohort that networks learn from.
pub const TRAINING_COHORT: &str = "train";

/// A table of pairs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Manifest {
    /// The pairs, in the order of the file.
    pub rows: Vec<Row>,
}

/// One pair.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The line of the manifest it starts in, from 1; `None` for a row that was
    /// not read from one.
    pub line: Option<usize>,
    /// Name of the pair, unique in the manifest.
    pub pair_id: String,
    /// Whose joint it is; `None` where nobody knows (imported data), and then
    /// nothing that needs patients can be computed.
    pub patient_id: Option<String>,
    /// The set it belongs to: `train`, `prospective`, `external` or another word.
    pub cohort: String,
    /// Whether patients or phantoms were imaged.
    pub origin: Origin,
    /// The joint or other unit of the protocol.
    pub unit: Option<String>,
    /// Side of the body.
    pub side: Option<Side>,
    /// Where it was imaged.
    pub hospital: Option<String>,
    /// The ultrasound machine.
    pub device: Option<String>,
    /// One image for each modality of the protocol, in its order.
    pub views: Vec<ViewRef>,
    /// Colour or power Doppler.
    pub doppler_mode: Option<DopplerMode>,
    /// Reference grade of each measurement of the protocol, in its order;
    /// `None` where it is missing.
    pub grades: Vec<Option<Grade>>,
    /// Patient's sex, as the file writes it.
    pub sex: Option<String>,
    /// Patient's age in years.
    pub age: Option<f64>,
    /// Who scanned.
    pub operator: Option<String>,
    /// Which visit of the patient.
    pub visit: Option<String>,
    /// Cross-validation fold, from 1, where the file fixes it.
    pub fold: Option<u8>,
    /// Columns `x_*`, kept; only an experiment that names one reads it.
    pub extra: BTreeMap<String, String>,
}

impl Row {
    /// A problem with this row.
    #[must_use]
    pub fn problem(&self, column: &str, what: impl Into<String>) -> Problem {
        Problem { row: self.line, ..Problem::new(what).in_column(column) }
    }

    /// All reference grades, `None` when one is missing.
    #[must_use]
    pub fn all_grades(&self) -> Option<Vec<Grade>> {
        self.grades.iter().copied().collect()
    }

    /// Whether all grades are there and medicine excludes them together.
    #[must_use]
    pub fn is_invalid(&self, protocol: &Protocol) -> bool {
        self.all_grades().is_some_and(|grades| !protocol.is_valid(&grades))
    }
}

/// One image as the manifest names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewRef {
    /// Path, relative to the manifest.
    pub path: String,
    /// The rectangle drawn on it.
    pub roi: Roi,
}

/// Side of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The patient's left.
    Left,
    /// The patient's right.
    Right,
}

impl Side {
    /// Both sides.
    pub const ALL: [Side; 2] = [Side::Left, Side::Right];

    /// The word used in files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Side::Left => "left",
            Side::Right => "right",
        }
    }
}

/// Kind of Doppler image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DopplerMode {
    /// Colour Doppler: direction and velocity.
    Cdus,
    /// Power Doppler: amount of flow.
    Pdus,
}

impl DopplerMode {
    /// The word used in files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            DopplerMode::Cdus => "cdus",
            DopplerMode::Pdus => "pdus",
        }
    }
}

impl Manifest {
    /// Reads `manifest.csv`.
    ///
    /// # Errors
    /// Every problem found, each with row and column; the caller adds the file.
    pub fn parse(bytes: &[u8], protocol: &Protocol) -> Result<Manifest, Vec<Problem>> {
        Manifest::parse_some(bytes, protocol, |_| true)
    }

    /// The same with only these pairs; the others are checked, and left out.
    ///
    /// # Errors
    /// As [`Manifest::parse`].
    pub fn parse_some(
        bytes: &[u8],
        protocol: &Protocol,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Manifest, Vec<Problem>> {
        let mut manifest = Manifest::default();
        let keep = |row: Row| manifest.rows.extend(Some(row).filter(|row| wanted(&row.pair_id)));
        table::parse(bytes, protocol, keep)?;
        Ok(manifest)
    }

    /// The manifest as `manifest.csv`. Optional columns appear when a row has a value.
    #[must_use]
    pub fn to_csv(&self, protocol: &Protocol) -> String {
        table::to_csv(self, protocol)
    }
}

/// The four ROI columns of a modality, in the order of [`Roi::sides`].
fn roi_columns(modality: &str) -> [String; 4] {
    ["left", "top", "right", "bottom"].map(|side| format!("{modality}_{side}"))
}

/// Whether rows of this protocol say which kind of Doppler they hold.
fn has_doppler(protocol: &Protocol) -> bool {
    protocol.modalities().iter().any(|modality| modality.colour == Colour::DopplerMask)
}
