//! `readings.csv`: what each reader said about each pair.

use std::path::Path;

use rating::Protocol;
use rating::manifest::readings;
pub use rating::manifest::readings::Readings;

use crate::failure::Failure;
use crate::files;

/// The readings that each reader made alone, before any discussion (stage `first`).
///
/// # Errors
/// A file that cannot be read or is no table of readings.
pub fn first(protocol: &Protocol, path: &Path) -> Result<Readings, Failure> {
    let read = readings::first(&files::read(path)?, protocol);
    Ok(read.map_err(|problem| problem.in_file(path.display().to_string()))?)
}
