//! How well readers agree, from their first readings that count.

use std::collections::{BTreeMap, BTreeSet};

use rating::stats::{Estimate, Graded, Measured, Readings, Undefined, Weights};
use rating::{Grade, Protocol};
use rusqlite::Connection;

use super::Counted;
use crate::people;
use crate::readings::{self, Stage};
use crate::refusal::Refusal;

/// How well readers agree on one measurement.
#[derive(Debug, Clone, PartialEq)]
pub struct Agreement {
    /// The measurement, or `combined`.
    pub measurement: String,
    /// Each two readers who graded a pair in common.
    pub beside: Vec<Beside>,
    /// All readers together.
    pub among: Among,
}

/// Two readers.
#[derive(Debug, Clone, PartialEq)]
pub struct Beside {
    /// Their names.
    pub readers: [String; 2],
    /// Pairs that both graded.
    pub cases: usize,
    /// Pairs that both read and at least one could not grade.
    pub not_graded: usize,
    /// Percent exact agreement, 0 to 1.
    pub exact: Measured,
    /// Percent close agreement (within one grade), 0 to 1.
    pub close: Measured,
    /// Linearly weighted kappa; its standard error treats pairs as independent.
    pub kappa: Result<Estimate, Undefined>,
}

/// All readers.
#[derive(Debug, Clone, PartialEq)]
pub struct Among {
    /// How many readers have graded anything.
    pub readers: usize,
    /// Pairs that every one of them graded.
    pub cases: usize,
    /// Light's kappa, linearly weighted.
    pub light: Measured,
    /// Fleiss' kappa, unweighted.
    pub fleiss: Result<Estimate, Undefined>,
}

/// Grades of a reader by pair; `None` where it could not be graded.
type ByPair = BTreeMap<i64, Option<Vec<Grade>>>;

/// How well readers agree on each measurement, and on the combined grade where
/// the protocol has one. Only locked first readings made before the system's
/// answer was seen.
///
/// # Errors
/// A database that cannot be read.
pub fn agreement(db: &Connection, protocol: &Protocol) -> Result<Vec<Agreement>, Refusal> {
    let mut by_reader: BTreeMap<i64, ByPair> = BTreeMap::new();
    for reading in readings::locked(db, None)? {
        if reading.stage == Stage::First && Counted::default().counts(&reading) {
            let of_reader = by_reader.entry(reading.reader).or_default();
            of_reader.insert(reading.pair, reading.body.all_grades());
        }
    }
    let mut readers = Vec::new();
    for (id, pairs) in by_reader {
        readers.push((people::one(db, id)?.name, pairs));
    }
    let measurements = protocol.measurements().iter().enumerate();
    let mut found: Vec<Agreement> = measurements
        .map(|(at, measurement)| {
            on(&measurement.name, measurement.grades, &readers, |grades| grades.get(at).copied())
        })
        .collect();
    if let Some(most) = protocol.combined_grades() {
        found.push(on("combined", most, &readers, |grades| protocol.combined(grades)));
    }
    Ok(found)
}

fn on(
    name: &str,
    grades: Grade,
    readers: &[(String, ByPair)],
    grade: impl Fn(&[Grade]) -> Option<Grade>,
) -> Agreement {
    let of = |pairs: &ByPair, pair: i64| pairs.get(&pair)?.as_deref().and_then(&grade);
    let mut beside = Vec::new();
    for (at, (first, firsts)) in readers.iter().enumerate() {
        for (second, seconds) in &readers[at + 1..] {
            let both: Vec<i64> =
                firsts.keys().copied().filter(|pair| seconds.contains_key(pair)).collect();
            if both.is_empty() {
                continue;
            }
            let graded: Vec<[Grade; 2]> = both
                .iter()
                .filter_map(|&pair| Some([of(firsts, pair)?, of(seconds, pair)?]))
                .collect();
            let readers = [first.clone(), second.clone()];
            beside.push(compare(readers, grades, &graded, both.len() - graded.len()));
        }
    }
    let everywhere: BTreeSet<i64> =
        readers.iter().flat_map(|(_, pairs)| pairs.keys().copied()).collect();
    let cases: Vec<Vec<Grade>> = everywhere
        .into_iter()
        .filter_map(|pair| readers.iter().map(|(_, pairs)| of(pairs, pair)).collect())
        .collect();
    Agreement { measurement: name.to_owned(), beside, among: among(readers.len(), grades, &cases) }
}

fn compare(
    readers: [String; 2],
    grades: Grade,
    graded: &[[Grade; 2]],
    not_graded: usize,
) -> Beside {
    let column = |at: usize| -> Vec<Grade> { graded.iter().map(|case| case[at]).collect() };
    let cases = graded.len();
    // Grades were checked as they came in, so this fails on no reading that is kept.
    let confusion = Graded::new(grades, &column(0), &column(1)).map(|both| both.confusion());
    match confusion {
        Ok(both) => Beside {
            readers,
            cases,
            not_graded,
            exact: both.accuracy(),
            close: both.close_agreement(),
            kappa: both.kappa_estimate(Weights::Linear),
        },
        Err(_) => {
            let none = Undefined::NoCases;
            Beside {
                readers,
                cases,
                not_graded,
                exact: Err(none),
                close: Err(none),
                kappa: Err(none),
            }
        }
    }
}

fn among(readers: usize, grades: Grade, cases: &[Vec<Grade>]) -> Among {
    if readers < 2 {
        let none = Undefined::FewerThanTwoReaders;
        return Among { readers, cases: cases.len(), light: Err(none), fleiss: Err(none) };
    }
    match Readings::new(grades, cases) {
        Ok(all) if !cases.is_empty() => {
            let (light, fleiss) = (all.light(Weights::Linear), all.fleiss());
            Among { readers, cases: cases.len(), light, fleiss }
        }
        _ => {
            let none = Undefined::NoCases;
            Among { readers, cases: cases.len(), light: Err(none), fleiss: Err(none) }
        }
    }
}
