//! Import of the authors' dataset files: a JSON array of pairs for each part
//! (train, val) of each fold (method, section 2).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Manifest, Row, ViewRef};
use crate::table::Table;
use crate::{Grade, Origin, Problem, Protocol, Roi};

/// One dataset file as it was read.
#[derive(Debug, Clone)]
pub struct DatasetFile<'a> {
    /// Its name, such as `val_split3.json`, which says part and fold.
    pub name: &'a str,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// A pair as the authors' files write it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Entry {
    #[serde(rename = "GS_path")]
    grayscale: String,
    #[serde(rename = "GS_roi_anno")]
    grayscale_roi: [f64; 4],
    #[serde(rename = "DOPPLER_path")]
    doppler: String,
    #[serde(rename = "DOPPLER_roi_anno")]
    doppler_roi: [f64; 4],
    #[serde(rename = "SH_label")]
    synovial_hypertrophy: i64,
    #[serde(rename = "vascularity_label")]
    vascularity: i64,
}

/// Which part of a fold a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Train(u8),
    Validation(u8),
    /// No split in its name: a test set.
    Whole,
}

fn part(name: &str) -> Part {
    let stem = name.strip_suffix(".json").unwrap_or(name);
    let fold = |word: &str| stem.strip_prefix(word)?.parse::<u8>().ok().filter(|&fold| fold >= 1);
    match (fold("train_split"), fold("val_split")) {
        (Some(fold), _) => Part::Train(fold),
        (_, Some(fold)) => Part::Validation(fold),
        _ => Part::Whole,
    }
}

/// Reads the table that says whose joint each pair is: columns `grayscale`
/// (the path in the authors' files) and `patient_id`.
///
/// # Errors
/// A column that is missing, an empty cell, a path of two patients.
pub fn parse_patients(bytes: &[u8]) -> Result<BTreeMap<String, String>, Vec<Problem>> {
    let table = Table::read(bytes)?;
    for column in ["grayscale", "patient_id"] {
        if !table.columns.iter().any(|name| name == column) {
            let problem = Problem::new("the column is missing").at_row(1).in_column(column);
            return Err(vec![problem]);
        }
    }
    let mut patients: BTreeMap<String, String> = BTreeMap::new();
    let mut problems = Vec::new();
    for row in table.rows() {
        let cells = row.needed("grayscale").and_then(|path| Ok((path, row.needed("patient_id")?)));
        match cells {
            Ok((path, patient)) => {
                let known = patients.entry(path.to_owned()).or_insert_with(|| patient.to_owned());
                if known != patient {
                    let what = format!("{path} is of patient {patient}, and of {known} before");
                    problems.push(row.problem("patient_id", what));
                }
            }
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(patients) } else { Err(problems) }
}

/// Makes a manifest of the authors' files.
///
/// Each pair appears once, however many files list it; its fold is the one
/// whose validation file lists it. `patients` maps the grayscale path to a
/// patient; without it `patient_id` stays empty.
///
/// # Errors
/// JSON that is not such a list, ROIs and grades out of range, one pair with
/// two contents, a pair validated in two folds or trained in its own fold, or
/// a pair without a patient although patients are given.
pub fn import(
    files: &[DatasetFile<'_>],
    patients: Option<&BTreeMap<String, String>>,
    cohort: &str,
) -> Result<Manifest, Vec<Problem>> {
    let mut pairs: BTreeMap<(String, String), (Entry, Option<u8>)> = BTreeMap::new();
    let mut trained_in: BTreeMap<(String, String), Vec<u8>> = BTreeMap::new();
    let mut problems = Vec::new();
    for file in files {
        let entries: Vec<Entry> = match serde_json::from_slice(file.bytes) {
            Ok(entries) => entries,
            Err(error) => {
                let problem = Problem::new(format!("not an authors' dataset file: {error}"));
                problems.push(problem.in_file(file.name).at_row(error.line()));
                continue;
            }
        };
        for entry in entries {
            let key = (entry.grayscale.clone(), entry.doppler.clone());
            let (first, fold) = pairs.entry(key.clone()).or_insert((entry.clone(), None));
            let mut complain = |what: String| {
                problems
                    .push(Problem::new(format!("{}: {what}", entry.grayscale)).in_file(file.name));
            };
            if *first != entry {
                complain("listed before with other ROIs or grades".to_owned());
            }
            match part(file.name) {
                Part::Validation(number) => match *fold {
                    Some(other) if other != number => {
                        complain(format!("validates fold {number} and fold {other}"));
                    }
                    _ => *fold = Some(number),
                },
                Part::Train(number) => trained_in.entry(key).or_default().push(number),
                Part::Whole => {}
            }
        }
    }
    for (key, (_, fold)) in &pairs {
        let own = fold.filter(|fold| trained_in.get(key).is_some_and(|folds| folds.contains(fold)));
        if let Some(fold) = own {
            problems.push(Problem::new(format!("{}: trains and validates fold {fold}", key.0)));
        }
    }
    let mut manifest = Manifest::default();
    for (number, (entry, fold)) in pairs.into_values().enumerate() {
        match row(number + 1, &entry, fold, patients, cohort) {
            Ok(row) => manifest.rows.push(row),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(manifest) } else { Err(problems) }
}

fn row(
    number: usize,
    entry: &Entry,
    fold: Option<u8>,
    patients: Option<&BTreeMap<String, String>>,
    cohort: &str,
) -> Result<Row, Problem> {
    let patient_id = match patients {
        None => None,
        Some(patients) => Some(patients.get(&entry.grayscale).cloned().ok_or_else(|| {
            Problem::new(format!("{} has no patient", entry.grayscale))
                .hint("the patients file needs a row (grayscale, patient_id) for each pair")
        })?),
    };
    let view = |path: &str, sides: [f64; 4]| -> Result<ViewRef, Problem> {
        // A table trims its cells: such a path would come back as another.
        if path.is_empty() || path.trim() != path {
            return Err(Problem::new(format!(
                "the path {path:?} is empty or begins or ends in spaces"
            )));
        }
        let roi = Roi::new(sides.map(|side| side.round() as i64))
            .map_err(|problem| Problem::new(format!("{path}: {}", problem.what)))?;
        Ok(ViewRef { path: path.to_owned(), roi })
    };
    let protocol = Protocol::eoss();
    let grade = |measurement: usize, label: i64| -> Result<Option<Grade>, Problem> {
        let grades = protocol.measurements()[measurement].grades;
        match Grade::try_from(label) {
            Ok(grade) if grade < grades => Ok(Some(grade)),
            _ => Err(Problem::new(format!(
                "{}: grade {label} is outside 0-{}",
                entry.grayscale,
                grades - 1
            ))),
        }
    };
    Ok(Row {
        line: None,
        pair_id: format!("a{number:05}"),
        patient_id,
        cohort: cohort.to_owned(),
        origin: Origin::Clinical,
        unit: None,
        side: None,
        hospital: None,
        device: None,
        views: vec![
            view(&entry.grayscale, entry.grayscale_roi)?,
            view(&entry.doppler, entry.doppler_roi)?,
        ],
        doppler_mode: None,
        grades: vec![grade(0, entry.synovial_hypertrophy)?, grade(1, entry.vascularity)?],
        sex: None,
        age: None,
        operator: None,
        visit: None,
        fold,
        extra: BTreeMap::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, sh: u8) -> String {
        format!(
            r#"{{"GS_path": "{name}.png", "GS_roi_anno": [1, 2, 30, 40], "DOPPLER_path": "{name}d.png",
                "DOPPLER_roi_anno": [1, 2, 30, 40], "SH_label": {sh}, "vascularity_label": 0}}"#
        )
    }

    fn import_files(files: &[(&str, String)]) -> Result<Manifest, Vec<Problem>> {
        let files: Vec<DatasetFile<'_>> =
            files.iter().map(|(name, text)| DatasetFile { name, bytes: text.as_bytes() }).collect();
        import(&files, None, "train")
    }

    #[test]
    fn folds_come_from_the_validation_files() {
        let (a, b) = (entry("a", 1), entry("b", 3));
        let manifest = import_files(&[
            ("train_split1.json", format!("[{b}]")),
            ("val_split1.json", format!("[{a}]")),
            ("train_split2.json", format!("[{a}]")),
            ("val_split2.json", format!("[{b}]")),
        ])
        .unwrap();
        let folds: Vec<_> =
            manifest.rows.iter().map(|row| (row.views[0].path.as_str(), row.fold)).collect();
        assert_eq!(folds, [("a.png", Some(1)), ("b.png", Some(2))]);
        assert_eq!(manifest.rows[1].grades, [Some(3), Some(0)]);
        assert_eq!(manifest.rows[0].patient_id, None);
    }

    #[test]
    fn a_pair_has_one_patient() {
        let patients = parse_patients(b"patient_id,grayscale\np1,a.png\np1,b.png\n").unwrap();
        assert_eq!(patients["b.png"], "p1");
        let problems = parse_patients(b"grayscale,patient_id\na,p1\na,p2\nb,\n").unwrap_err();
        assert!(problems[0].to_string().contains("row 3, column patient_id: a is of patient p2"));
        assert!(problems[1].to_string().contains("row 4, column patient_id"));
        assert_eq!(parse_patients(b"grayscale\n").unwrap_err()[0].row, Some(1));
    }

    #[test]
    fn contradictions_are_refused() {
        let a = entry("a", 1);
        let twice = import_files(&[
            ("val_split1.json", format!("[{a}]")),
            ("val_split2.json", format!("[{a}]")),
        ]);
        assert!(twice.unwrap_err()[0].what.contains("validates fold 2 and fold 1"));
        let own = import_files(&[
            ("val_split1.json", format!("[{a}]")),
            ("train_split1.json", format!("[{a}]")),
        ]);
        assert!(own.unwrap_err()[0].what.contains("trains and validates"));
        let other = import_files(&[("val_split1.json", format!("[{a}, {}]", entry("a", 2)))]);
        assert!(other.unwrap_err()[0].what.contains("other ROIs or grades"));
        let path = import_files(&[("test.json", format!("[{}]", entry(" a", 1)))]);
        assert!(path.unwrap_err()[0].what.contains("\" a.png\" is empty or begins"));
        let grade = import_files(&[("test.json", format!("[{}]", entry("a", 7)))]);
        assert!(grade.unwrap_err()[0].what.contains("grade 7 is outside 0-3"));
        assert!(import_files(&[("test.json", "{}".to_owned())]).is_err());
    }
}
