//! `readings.csv`: what each reader said about each pair.

use std::collections::BTreeMap;
use std::path::Path;

use rating::{Grade, Problem, Protocol};

use crate::failure::Failure;
use crate::files;

/// Grades by pair, then reader, in the order of the protocol's measurements;
/// `None` for a measurement the reader did not grade.
pub type Readings = BTreeMap<String, BTreeMap<String, Vec<Option<Grade>>>>;

/// The readings that each reader made alone, before any discussion (stage `first`).
///
/// # Errors
/// A file that cannot be read or has other columns; a measurement or grade the
/// protocol does not have.
pub fn first(protocol: &Protocol, path: &Path) -> Result<Readings, Failure> {
    let bytes = files::read(path)?;
    let mut readings = Readings::new();
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    for record in reader.deserialize::<(String, String, String, String, Grade, String)>() {
        let file = path.display().to_string();
        let (pair, reader, stage, measurement, grade, _) = record.map_err(|error| {
            Problem::new(format!("not a table of readings: {error}")).in_file(&file)
        })?;
        if stage != "first" {
            continue;
        }
        let known = protocol.measurement(&measurement);
        let fits = known.filter(|&position| grade < protocol.measurements()[position].grades);
        let position = fits.ok_or_else(|| {
            let what = format!("pair {pair}, {reader}: no {measurement} {grade} in the protocol");
            Problem::new(what).in_file(file)
        })?;
        let measurements = protocol.measurements().len();
        let by_reader = readings.entry(pair).or_default();
        by_reader.entry(reader).or_insert_with(|| vec![None; measurements])[position] = Some(grade);
    }
    Ok(readings)
}
