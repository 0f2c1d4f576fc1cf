//! `rating import`: other people's dataset files to a manifest.

use std::collections::BTreeMap;
use std::path::Path;

use rating::manifest::authors::{DatasetFile, import};
use rating::{Problem, Protocol};

use crate::args::{ImportArgs, ImportFormat};
use crate::failure::Failure;
use crate::{commands, files};

pub fn run(args: &ImportArgs) -> Result<(), Failure> {
    let ImportFormat::Authors { json, out, patients, cohort } = &args.format;
    let bytes = json.iter().map(|path| files::read(path)).collect::<Result<Vec<_>, _>>()?;
    let names: Vec<String> = json.iter().map(|path| file_name(path)).collect();
    let dataset: Vec<DatasetFile<'_>> =
        names.iter().zip(&bytes).map(|(name, bytes)| DatasetFile { name, bytes }).collect();
    let patients = patients.as_deref().map(read_patients).transpose()?;
    let manifest = import(&dataset, patients.as_ref(), cohort)?;
    files::write(out, manifest.to_csv(&Protocol::eoss()).as_bytes())?;
    if patients.is_none() {
        eprintln!(
            "warning: patients are unknown, so intervals clustered by patient will be refused \
             (hint: --patients FILE with columns grayscale and patient_id)"
        );
    }
    commands::print(&format!("{} pairs written to {}\n", manifest.rows.len(), out.display()))
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// The table grayscale path -> patient.
fn read_patients(path: &Path) -> Result<BTreeMap<String, String>, Problem> {
    let place = |problem: Problem| problem.in_file(path.display().to_string());
    let bytes = files::read(path)?;
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let header =
        reader.headers().map_err(|error| place(Problem::new(format!("not a table: {error}"))))?;
    let column = |name: &str| {
        header
            .iter()
            .position(|column| column == name)
            .ok_or_else(|| place(Problem::new("the column is missing").at_row(1).in_column(name)))
    };
    let (grayscale, patient) = (column("grayscale")?, column("patient_id")?);
    let mut patients = BTreeMap::new();
    for record in reader.records() {
        let record =
            record.map_err(|error| place(Problem::new(format!("not a table: {error}"))))?;
        let cell = |column: usize| record.get(column).unwrap_or_default().to_owned();
        patients.insert(cell(grayscale), cell(patient));
    }
    Ok(patients)
}
