//! Who is in a cohort: what the first tables of a paper show.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::quantity::Quantity;
use super::spread::Spread;
use crate::Protocol;
use crate::manifest::Reference;
use crate::manifest::patients::PatientFile;

/// All pairs of a cohort in the manifest, scored or not.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Census {
    /// How many pairs.
    pub pairs: usize,
    /// How many patients the manifest names.
    pub patients: usize,
    /// Pairs whose patient is not known.
    pub pairs_without_patient: usize,
    /// Pairs of each patient.
    pub pairs_per_patient: Option<Spread>,
    /// Patients by sex, as the manifest writes it.
    pub sex: Categories,
    /// Age in years, over patients.
    pub age: Option<Spread>,
    /// Patients by age band.
    pub age_bands: Categories,
    /// Years since the diagnosis, over patients (`patients.csv`).
    pub disease_duration_years: Option<Spread>,
    /// Disease activity score of 28 joints, over patients (`patients.csv`).
    pub das28: Option<Spread>,
    /// Pairs by joint.
    pub joint: Categories,
    /// Pairs by side.
    pub side: Categories,
    /// Pairs by hospital.
    pub hospital: Categories,
    /// Pairs by machine.
    pub device: Categories,
    /// Pairs by Doppler mode.
    pub doppler_mode: Categories,
    /// Reference grades of each measurement, and `combined`.
    pub grades: BTreeMap<String, GradeMix>,
}

/// How many there are of each kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Categories {
    /// By the name of the kind.
    pub counts: BTreeMap<String, usize>,
    /// Those of which nothing is said.
    pub not_given: usize,
}

/// How often each reference grade occurs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct GradeMix {
    /// `counts[grade]`.
    pub counts: Vec<u64>,
    /// Pairs without a reference grade.
    pub missing: u64,
}

impl Categories {
    fn of<'a>(kinds: impl Iterator<Item = Option<&'a str>>) -> Categories {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let mut not_given = 0;
        for kind in kinds {
            match kind {
                Some(kind) => *counts.entry(kind).or_default() += 1,
                None => not_given += 1,
            }
        }
        let counts = counts.into_iter().map(|(kind, count)| (kind.to_owned(), count)).collect();
        Categories { counts, not_given }
    }
}

/// What rows say of one patient: the first sex and age that are given.
#[derive(Debug, Clone, Copy, Default)]
struct Seen<'a> {
    sex: Option<&'a str>,
    age: Option<f64>,
    pairs: usize,
}

/// Each cohort of the manifest by name.
pub(super) fn of_cohorts(
    protocol: &Protocol,
    rows: &[Reference],
    patients: Option<&PatientFile>,
) -> BTreeMap<String, Census> {
    let mut by_cohort: BTreeMap<&str, Vec<&Reference>> = BTreeMap::new();
    for row in rows {
        by_cohort.entry(&row.cohort).or_default().push(row);
    }
    let census = |(name, rows): (&str, Vec<&Reference>)| {
        (name.to_owned(), Census::of(protocol, &rows, patients))
    };
    by_cohort.into_iter().map(census).collect()
}

impl Census {
    fn of(protocol: &Protocol, rows: &[&Reference], file: Option<&PatientFile>) -> Census {
        let seen = patients_of(rows);
        let pairs_without_patient = rows.iter().filter(|row| row.patient_id.is_none()).count();
        let spread = |of: &dyn Fn(&(&str, Seen<'_>)) -> Option<f64>| {
            Spread::of(seen.iter().filter_map(of).collect())
        };
        let record = |name: &str| file.and_then(|file| file.get(name));
        let of_rows = |of: &dyn Fn(&Reference) -> Option<&str>| {
            Categories::of(rows.iter().map(|&row| of(row)))
        };
        let band = |seen: &Seen<'_>| seen.age.map(super::subgroups::age_band);
        Census {
            pairs: rows.len(),
            patients: seen.len(),
            pairs_without_patient,
            pairs_per_patient: spread(&|(_, seen)| Some(seen.pairs as f64)),
            sex: Categories::of(seen.iter().map(|(_, seen)| seen.sex)),
            age: spread(&|(_, seen)| seen.age),
            age_bands: Categories::of(seen.iter().map(|(_, seen)| band(seen))),
            disease_duration_years: spread(&|(name, _)| record(name)?.disease_duration_years),
            das28: spread(&|(name, _)| record(name)?.das28),
            joint: of_rows(&|row| row.unit.as_deref()),
            side: of_rows(&|row| row.side.map(|side| side.word())),
            hospital: of_rows(&|row| row.hospital.as_deref()),
            device: of_rows(&|row| row.device.as_deref()),
            doppler_mode: of_rows(&|row| row.doppler_mode.map(|mode| mode.word())),
            grades: grade_mixes(protocol, rows),
        }
    }
}

fn patients_of<'a>(rows: &[&'a Reference]) -> Vec<(&'a str, Seen<'a>)> {
    let mut seen: HashMap<&str, Seen<'_>> = HashMap::new();
    for row in rows {
        let Some(patient) = row.patient_id.as_deref() else { continue };
        let seen = seen.entry(patient).or_default();
        seen.pairs += 1;
        seen.sex = seen.sex.or(row.sex.as_deref());
        seen.age = seen.age.or(row.age);
    }
    let mut seen: Vec<(&str, Seen<'_>)> = seen.into_iter().collect();
    seen.sort_unstable_by_key(|(name, _)| *name);
    seen
}

fn grade_mixes(protocol: &Protocol, rows: &[&Reference]) -> BTreeMap<String, GradeMix> {
    let mix = |quantity: Quantity<'_>| {
        let mut mix =
            GradeMix { counts: vec![0; usize::from(quantity.grades)], ..GradeMix::default() };
        for row in rows {
            let grade = quantity.of_row(row).map(usize::from);
            match grade.and_then(|grade| mix.counts.get_mut(grade)) {
                Some(count) => *count += 1,
                None => mix.missing += 1,
            }
        }
        (quantity.name.to_owned(), mix)
    };
    Quantity::all(protocol).into_iter().map(mix).collect()
}
