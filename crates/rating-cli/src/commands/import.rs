//! `rating import`: other people's dataset files to a manifest, and a manifest
//! into a reading room.

mod room;

use std::path::{Path, PathBuf};

use rating::Protocol;
use rating::manifest::authors::{DatasetFile, import, parse_patients};
use rating::words::counted;

use crate::args::{ImportArgs, ImportFormat};
use crate::data::in_file;
use crate::failure::Failure;
use crate::{commands, files};

pub fn run(args: &ImportArgs) -> Result<(), Failure> {
    match &args.format {
        ImportFormat::Authors { json, out, patients, cohort } => {
            authors(json, out, patients.as_deref(), cohort)
        }
        ImportFormat::Room { manifest, data, readers, protocol } => {
            room::run(manifest, data, readers, protocol)
        }
    }
}

fn authors(
    json: &[PathBuf],
    out: &Path,
    patients: Option<&Path>,
    cohort: &str,
) -> Result<(), Failure> {
    let bytes = json.iter().map(|path| files::read(path)).collect::<Result<Vec<_>, _>>()?;
    let names: Vec<String> = json.iter().map(|path| file_name(path)).collect();
    let dataset: Vec<DatasetFile<'_>> =
        names.iter().zip(&bytes).map(|(name, bytes)| DatasetFile { name, bytes }).collect();
    let patients = match patients {
        Some(path) => {
            let place = |problems| in_file(problems, &path.display().to_string());
            Some(parse_patients(&files::read(path)?).map_err(place)?)
        }
        None => None,
    };
    let manifest = import(&dataset, patients.as_ref(), cohort)?;
    files::write(out, manifest.to_csv(&Protocol::eoss()).as_bytes())?;
    if patients.is_none() {
        crate::stderr::say(
            "warning: patients are unknown, so intervals clustered by patient will be refused \
             (hint: --patients FILE with columns grayscale and patient_id)",
        );
    }
    let pairs = counted(manifest.rows.len(), "pair", "pairs");
    commands::print(&format!("{pairs} written to {}\n", out.display()))
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
