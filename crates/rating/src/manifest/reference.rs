//! What statistics read of a manifest: reference grades and who they are of,
//! without images and in little memory.

use std::collections::HashMap;

use super::{DopplerMode, Manifest, Row, Side, table};
use crate::text::{Text, Texts};
use crate::{Grade, Origin, Problem, Protocol};

/// One pair without its images. A million of them take about a quarter of a
/// gigabyte.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    /// The line of the manifest it starts in, from 1.
    pub line: Option<usize>,
    /// Name of the pair, unique in the manifest.
    pub pair_id: Box<str>,
    /// Whose joint it is; `None` where nobody knows.
    pub patient_id: Option<Text>,
    /// The set it belongs to.
    pub cohort: Text,
    /// Whether patients or phantoms were imaged.
    pub origin: Origin,
    /// The joint or other unit of the protocol.
    pub unit: Option<Text>,
    /// Side of the body.
    pub side: Option<Side>,
    /// Where it was imaged.
    pub hospital: Option<Text>,
    /// The ultrasound machine.
    pub device: Option<Text>,
    /// Colour or power Doppler.
    pub doppler_mode: Option<DopplerMode>,
    /// Reference grade of each measurement, in the protocol's order; `None` where
    /// it is missing.
    pub grades: Box<[Option<Grade>]>,
    /// Patient's sex, as the file writes it.
    pub sex: Option<Text>,
    /// Patient's age in years.
    pub age: Option<f64>,
    /// Which visit of the patient.
    pub visit: Option<Text>,
}

impl Reference {
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

/// The pairs of a manifest, in its order, with the place of each.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct References {
    rows: Vec<Reference>,
}

impl References {
    /// Reads `manifest.csv` as [`Manifest::parse`] does, and keeps what statistics
    /// read.
    ///
    /// # Errors
    /// As [`Manifest::parse`].
    pub fn parse(bytes: &[u8], protocol: &Protocol) -> Result<References, Vec<Problem>> {
        let mut gathering = Gathering::default();
        table::parse(bytes, protocol, |row| {
            gathering.rows.push(reference(row, &mut gathering.texts))
        })?;
        Ok(References { rows: gathering.rows })
    }

    /// The same of a manifest that is at hand.
    #[must_use]
    pub fn of(manifest: &Manifest) -> References {
        References::of_rows(&manifest.rows)
    }

    /// The same of some rows.
    #[must_use]
    pub fn of_rows(rows: &[Row]) -> References {
        let mut texts = Texts::default();
        References { rows: rows.iter().map(|row| reference(row.clone(), &mut texts)).collect() }
    }

    /// The pairs, in the manifest's order.
    #[must_use]
    pub fn rows(&self) -> &[Reference] {
        &self.rows
    }

    /// Where each pair stands in [`References::rows`].
    #[must_use]
    pub fn places(&self) -> HashMap<&str, u32> {
        let places = self.rows.iter().zip(0..);
        places.map(|(row, place)| (&*row.pair_id, place)).collect()
    }
}

#[derive(Default)]
struct Gathering {
    texts: Texts,
    rows: Vec<Reference>,
}

fn reference(row: Row, texts: &mut Texts) -> Reference {
    let mut text = |word: Option<String>| word.map(|word| texts.text(&word));
    Reference {
        line: row.line,
        patient_id: text(row.patient_id),
        unit: text(row.unit),
        hospital: text(row.hospital),
        device: text(row.device),
        sex: text(row.sex),
        visit: text(row.visit),
        cohort: texts.text(&row.cohort),
        pair_id: row.pair_id.into(),
        origin: row.origin,
        side: row.side,
        doppler_mode: row.doppler_mode,
        grades: row.grades.into(),
        age: row.age,
    }
}
