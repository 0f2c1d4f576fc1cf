//! What a protocol file must hold to be a protocol.

use std::collections::BTreeSet;

use super::{MOST_COMBINATIONS, Measurement, Modality, Written, index_of};
use crate::Problem;

/// Columns and stages of our files, which no modality or measurement may be called.
const RESERVED: [&str; 20] = [
    "pair_id",
    "patient_id",
    "cohort",
    "origin",
    "joint",
    "side",
    "hospital",
    "device",
    "doppler_mode",
    "sex",
    "age",
    "operator",
    "visit",
    "fold",
    "combined",
    "weight",
    "conflict",
    "bundle",
    "jigsaw",
    "fusion",
];

/// Names are plain, unique and not ours; every measurement is whole.
pub(super) fn names(written: &Written) -> Result<(), Problem> {
    let modalities = written.modalities.iter().map(|modality| modality.name.as_str());
    let names = written.measurements.iter().map(|measurement| measurement.name.as_str());
    let shorts = written.measurements.iter().map(|measurement| measurement.short.as_str());
    unique_names("modalities", modalities.clone())?;
    unique_names("measurements", names.clone())?;
    unique_names("short names", shorts.clone())?;
    unique_names("units", written.units.iter().map(String::as_str))?;
    if !is_plain(&written.name) {
        return Err(plain_problem("name", &written.name));
    }
    not_ours("measurements", names.chain(shorts))?;
    not_ours("modalities", modalities)?;
    for each in &written.measurements {
        measurement(each, &written.modalities)?;
    }
    if written.modalities.iter().filter(|modality| modality.pretrain).count() > 1 {
        return Err(Problem::new("more than one modality has pretrain = true")
            .in_column("modalities")
            .hint("jigsaws are made of one modality"));
    }
    Ok(())
}

fn not_ours<'a>(key: &str, mut names: impl Iterator<Item = &'a str>) -> Result<(), Problem> {
    match names.find(|name| RESERVED.contains(name) || name.starts_with("x_")) {
        Some(name) => {
            let what = format!("{name:?} has a meaning of its own in our files");
            Err(Problem::new(what).in_column(key))
        }
        None => Ok(()),
    }
}

fn measurement(measurement: &Measurement, modalities: &[Modality]) -> Result<(), Problem> {
    let name = &measurement.name;
    if modalities.iter().any(|modality| &modality.name == name) {
        return Err(Problem::new(format!("{name:?} is a modality, too"))
            .in_column("measurements")
            .hint("both are columns of the manifest"));
    }
    if !(2..=10).contains(&measurement.grades) {
        let what = format!("{} grades; 2 to 10 are possible", measurement.grades);
        return Err(Problem::new(what).in_column(format!("measurements.{name}.grades")));
    }
    let sentences = measurement.sentences.len();
    if sentences != 0 && sentences != usize::from(measurement.grades) {
        let what = format!("{sentences} sentences for {} grades", measurement.grades);
        return Err(Problem::new(what)
            .in_column(format!("measurements.{name}.sentences"))
            .hint("one sentence for each grade, or none"));
    }
    Ok(())
}

/// Names become file names and column names.
/// Whether a name can stand in files and identities: small letters, digits, - and _.
pub(crate) fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-')
}

fn plain_problem(key: &str, name: &str) -> Problem {
    Problem::new(format!("{name:?} is not a plain name"))
        .in_column(key)
        .hint("small letters, digits, _ and -")
}

fn unique_names<'a>(key: &str, names: impl Iterator<Item = &'a str>) -> Result<(), Problem> {
    let mut seen = BTreeSet::new();
    for name in names {
        if key != "units" && !is_plain(name) {
            return Err(plain_problem(key, name));
        }
        if !seen.insert(name) {
            return Err(Problem::new(format!("{name:?} stands twice")).in_column(key));
        }
    }
    if seen.is_empty() {
        return Err(Problem::new("the list is empty").in_column(key));
    }
    Ok(())
}

/// The positions of the modalities that a measurement's networks see.
pub(super) fn modalities_of(
    measurement: &Measurement,
    modalities: &[Modality],
) -> Result<Vec<usize>, Problem> {
    let key = format!("measurements.{}.modalities", measurement.name);
    unique_names(&key, measurement.modalities.iter().map(String::as_str))?;
    let position = |name: &String| {
        modalities.iter().position(|modality| &modality.name == name).ok_or_else(|| {
            Problem::new(format!("there is no modality {name:?}")).in_column(key.clone())
        })
    };
    measurement.modalities.iter().map(position).collect()
}

/// Which combinations of grades are valid, by their mixed-radix position.
pub(super) fn valid_combinations(written: &Written) -> Result<Vec<bool>, Problem> {
    let mut total: usize = 1;
    for measurement in &written.measurements {
        total = total.saturating_mul(usize::from(measurement.grades));
        if total > MOST_COMBINATIONS {
            return Err(Problem::new(format!(
                "more than {MOST_COMBINATIONS} combinations of grades"
            ))
            .in_column("measurements"));
        }
    }
    let (key, listed, otherwise) = match (&written.valid, &written.invalid) {
        (Some(_), Some(_)) => {
            return Err(Problem::new("both valid and invalid are given")
                .in_column("valid")
                .hint("list one of them; the rest follows"));
        }
        (Some(valid), None) => ("valid", valid.as_slice(), false),
        (None, Some(invalid)) => ("invalid", invalid.as_slice(), true),
        (None, None) => ("invalid", [].as_slice(), true),
    };
    let mut table = vec![otherwise; total];
    for combination in listed {
        let index = index_of(&written.measurements, combination).ok_or_else(|| {
            Problem::new(format!("{combination:?} is not a combination of grades"))
                .in_column(key)
                .hint("one grade in range for each measurement, in their order")
        })?;
        table[index] = !otherwise;
    }
    if !table.contains(&true) {
        return Err(Problem::new("no combination of grades is valid").in_column(key));
    }
    Ok(table)
}

/// A heatmap explains a task that exists.
pub(super) fn heatmap(written: &Written) -> Result<(), Problem> {
    let Some(heatmap) = &written.heatmap else {
        return Ok(());
    };
    let known = written.measurements.iter().any(|measurement| {
        measurement.name == heatmap.measurement && heatmap.above < measurement.tasks()
    });
    if known {
        return Ok(());
    }
    Err(Problem::new(format!("there is no task {} > {}", heatmap.measurement, heatmap.above))
        .in_column("heatmap"))
}
