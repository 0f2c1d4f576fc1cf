//! `rating check`: a look at a manifest and its images before any training.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use rating::manifest::Row;
use rating::words::counted;
use rating::{Grade, Problem, Protocol};
use serde::Serialize;

use crate::args::CheckArgs;
use crate::data::ManifestFile;
use crate::failure::Failure;
use crate::{commands, files, stop};

/// The findings as JSON.
#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    origin: Option<rating::Origin>,
    research_use_only: bool,
    manifest: &'a str,
    cohorts: BTreeMap<&'a str, Summary>,
    errors: Vec<String>,
    warnings: Vec<String>,
}

/// What a cohort holds.
#[derive(Default, Serialize)]
struct Summary {
    pairs: usize,
    patients: usize,
    /// Pairs of each grade, by measurement; the key `-` counts missing grades.
    grades: BTreeMap<String, BTreeMap<String, usize>>,
}

pub fn run(args: &CheckArgs) -> Result<(), Failure> {
    stop::listen(|| ())?;
    let protocol = files::protocol(&args.protocol)?;
    let file = ManifestFile::read(&args.manifest, &protocol)?;
    let loaded = file.load_all(&protocol, "reading images", |_| true, |_, _| ())?;
    let (errors, warnings) = loaded.errors_and_warnings(args.allow_invalid);
    let cohorts = summaries(&file.manifest.rows, &protocol);
    if args.json {
        let lines = |problems: &[Problem]| problems.iter().map(ToString::to_string).collect();
        commands::print_json(&Report {
            schema: "rating.check/1",
            origin: file.manifest.rows.iter().map(|row| row.origin).max(),
            research_use_only: true,
            manifest: &file.name,
            cohorts,
            errors: lines(&errors),
            warnings: lines(&warnings),
        })?;
    } else {
        let count = format!(
            "{}, {}\n",
            counted(errors.len(), "error", "errors"),
            counted(warnings.len(), "warning", "warnings")
        );
        commands::print(&(words(&cohorts) + &count))?;
        for warning in &warnings {
            crate::stderr::say(format_args!("warning: {warning}"));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors.into()) }
}

fn summaries<'a>(rows: &'a [Row], protocol: &Protocol) -> BTreeMap<&'a str, Summary> {
    let mut summaries: BTreeMap<&str, Summary> = BTreeMap::new();
    let mut patients: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for row in rows {
        let summary = summaries.entry(&row.cohort).or_default();
        summary.pairs += 1;
        patients.entry(&row.cohort).or_default().extend(row.patient_id.as_deref());
        let mut count = |name: &str, grade: Option<Grade>| {
            let key = grade.map_or_else(|| "-".to_owned(), |grade| grade.to_string());
            *summary.grades.entry(name.to_owned()).or_default().entry(key).or_default() += 1;
        };
        for (measurement, grade) in protocol.measurements().iter().zip(&row.grades) {
            count(&measurement.name, *grade);
        }
        if protocol.combined_grades().is_some() {
            count("combined", row.all_grades().and_then(|all| protocol.combined(&all)));
        }
    }
    for (cohort, patients) in patients {
        if let Some(summary) = summaries.get_mut(cohort) {
            summary.patients = patients.len();
        }
    }
    summaries
}

fn words(cohorts: &BTreeMap<&str, Summary>) -> String {
    let mut text = String::new();
    for (cohort, summary) in cohorts {
        let pairs = counted(summary.pairs, "pair", "pairs");
        let patients = counted(summary.patients, "patient", "patients");
        let _ = writeln!(text, "{cohort}: {pairs} of {patients}");
        for (measurement, grades) in &summary.grades {
            let mix: Vec<String> =
                grades.iter().map(|(grade, count)| format!("grade {grade}: {count}")).collect();
            let _ = writeln!(text, "  {:22} {}", measurement.replace('_', " "), mix.join(", "));
        }
    }
    text
}
