//! All figures of one cohort, on one pass over its samples: drawing is what
//! takes long.

use std::collections::BTreeMap;

use rand::Rng;

use super::gather::Gathered;
use super::quantity::{Asked, Judged};
use super::{Compared, Difference, Part, Quantity};
use crate::evaluate::beside::{Beside, Found, beside};
use crate::evaluate::figure::{Figure, NO_PATIENTS};
use crate::evaluate::role::Role;
use crate::stats::Resamples;
use crate::{Problem, Protocol};

pub(super) fn part(
    protocol: &Protocol,
    role: Role,
    gathered: &Gathered<'_>,
    samples: usize,
    rng: &mut (impl Rng + Clone + Sync),
) -> Result<Part, Problem> {
    let valid = gathered.filter(|row| !row.is_invalid(protocol));
    let names: Option<Vec<&str>> = valid.rows.iter().map(|row| row.patient_id.as_deref()).collect();
    let patients = names.as_ref().map(|names| {
        let mut names = names.clone();
        names.sort_unstable();
        names.dedup();
        names.len()
    });
    let resamples = match names {
        Some(names) => Resamples::by_patient(&names, samples, rng),
        // No sample, no interval: joints of one patient are no strangers.
        None => Resamples::by_case(valid.rows.len(), 0, rng),
    };

    let mut judged = Vec::new();
    for asked in Asked::all(protocol) {
        judged.push(Judged::new(asked, protocol, &valid, resamples.patients())?);
    }
    let count = judged.iter().map(|judged| judged.names().len()).sum();
    let found = beside(&resamples, valid.scores.len(), count, |file, weights| {
        judged.iter().flat_map(|judged| judged.figures(file, weights)).collect()
    });

    let mut part = Part {
        role,
        pairs: gathered.rows.len(),
        patients,
        invalid_reference: gathered.rows.len() - valid.rows.len(),
        measurements: BTreeMap::new(),
        tasks: BTreeMap::new(),
    };
    let mut begin = 0;
    for judged in judged {
        let quantity = quantity(&judged, &found, begin, patients.is_some())?;
        begin += judged.names().len();
        match judged.asked {
            Asked::Grade { name, .. } => {
                part.measurements.insert(name.to_owned(), quantity);
            }
            Asked::Task { name, above, .. } => {
                let tasks = part.tasks.entry(name.to_owned()).or_default();
                tasks.insert(format!("gt{above}"), quantity);
            }
        }
    }
    Ok(part)
}

/// The figures of one quantity, which stand from `begin` on.
fn quantity(
    judged: &Judged<'_>,
    found: &Beside,
    begin: usize,
    are_patients_known: bool,
) -> Result<Quantity, Problem> {
    let figure = |found: &Found| match are_patients_known {
        true => Figure::new(found.value, found.interval),
        false => Figure::new(found.value, Err(NO_PATIENTS)),
    };
    let mut figures = BTreeMap::new();
    for (at, &name) in judged.names().iter().enumerate() {
        let files = found.of_ways.iter().map(|of_file| figure(&of_file[begin + at])).collect();
        let mut differences = Vec::new();
        for (other, of_file) in found.differences.iter().enumerate() {
            differences.push(Difference {
                figure: figure(&of_file[begin + at]),
                test: judged.test(name, other + 1)?,
            });
        }
        figures.insert(name, Compared { files, differences });
    }
    Ok(Quantity {
        n: judged.cases(),
        missing: judged.missing,
        positives: judged.positives(),
        figures,
    })
}
