//! Two ways of grading the same pairs, compared pair by pair.

use std::collections::BTreeMap;

use rand::Rng;

use super::beside::beside;
use crate::manifest::Row;
use crate::stats::weighted::CountsByPatient;
use crate::stats::{Graded, Interval, Resamples};
use crate::{Grade, Problem};

/// The accuracies of two ways of grading, and their difference.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Pairs that both graded and that have a reference grade.
    pub n: usize,
    /// Accuracy of the first.
    pub first: Option<f64>,
    /// Accuracy of the second.
    pub second: Option<f64>,
    /// First minus second.
    pub difference: Option<f64>,
    /// Interval of the accuracy of the first, patients resampled; `None`
    /// where patients are unknown.
    pub first_interval: Option<Interval>,
    /// The same of the second.
    pub second_interval: Option<Interval>,
    /// Interval of the difference on the same samples.
    pub difference_interval: Option<Interval>,
}

/// Compares the grades of one measurement (position in the protocol), by pair.
///
/// # Errors
/// A grade out of range.
pub fn accuracy_difference(
    rows: &[Row],
    measurement: usize,
    grades: u8,
    first: &BTreeMap<&str, Grade>,
    second: &BTreeMap<&str, Grade>,
    samples: usize,
    rng: &mut (impl Rng + Clone + Sync),
) -> Result<Difference, Problem> {
    let mut patients = Vec::new();
    let (mut truth, mut firsts, mut seconds) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        let pair = row.pair_id.as_str();
        let reference = row.grades.get(measurement).copied().flatten();
        if let (Some(reference), Some(&a), Some(&b)) =
            (reference, first.get(pair), second.get(pair))
        {
            patients.push(row.patient_id.as_deref());
            truth.push(reference);
            firsts.push(a);
            seconds.push(b);
        }
    }
    let patients: Option<Vec<&str>> = patients.into_iter().collect();
    let resamples = match patients {
        Some(patients) => Resamples::by_patient(&patients, samples, rng),
        // No sample, no interval.
        None => Resamples::by_case(truth.len(), 0, rng),
    };
    let counts = |given: &[Grade]| {
        CountsByPatient::new(&Graded::new(grades, &truth, given)?, resamples.patients())
    };
    let ways = [counts(&seconds)?, counts(&firsts)?];
    let found =
        beside(&resamples, 2, 1, |way, weights| vec![ways[way].weighted(weights).accuracy()]);
    let (second, first, difference) =
        (found.of_ways[0][0], found.of_ways[1][0], found.differences[0][0]);
    Ok(Difference {
        n: truth.len(),
        first: first.value.ok(),
        second: second.value.ok(),
        difference: difference.value.ok(),
        first_interval: first.interval.ok(),
        second_interval: second.interval.ok(),
        difference_interval: difference.interval.ok(),
    })
}
