//! How well readers agree, from their first readings that count.

use std::collections::BTreeMap;

use rating::stats::{Estimate, Graded, Measured, Readings, Undefined, Weights};
use rating::{Grade, Protocol};
use rusqlite::Connection;

use super::Verdict;
use super::outline::load;
use crate::people;
use crate::readings::Stage;
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

/// A reader's place in the list of readers, and the grades; `None` where the
/// pair could not be graded.
type Read = (usize, Option<Vec<Grade>>);

/// How well readers agree on each measurement, and on the combined grade where
/// the protocol has one. Only locked first readings made before the system's
/// answer was seen.
///
/// # Errors
/// A database that cannot be read.
pub fn agreement(db: &Connection, protocol: &Protocol) -> Result<Vec<Agreement>, Refusal> {
    let mut places: BTreeMap<i64, usize> = BTreeMap::new();
    let mut pairs: Vec<Vec<(i64, Option<Vec<Grade>>)>> = Vec::new();
    for known in load(db, None)? {
        let counting =
            known.readings.into_iter().filter(|one| one.stage == Stage::First && one.unaided);
        let read = counting.map(|one| match one.verdict {
            Verdict::Grades(grades) => (one.reader, Some(grades)),
            Verdict::CannotGrade => (one.reader, None),
        });
        let read: Vec<_> = read.collect();
        places.extend(read.iter().map(|(reader, _)| (*reader, 0)));
        pairs.push(read);
    }
    let mut names = Vec::new();
    for (at, (reader, place)) in places.iter_mut().enumerate() {
        names.push(people::one(db, *reader)?.name);
        *place = at;
    }
    let placed = |read: Vec<(i64, Option<Vec<Grade>>)>| -> Vec<Read> {
        let mut read: Vec<Read> =
            read.into_iter().map(|(reader, grades)| (places[&reader], grades)).collect();
        read.sort_by_key(|(place, _)| *place);
        read
    };
    let pairs: Vec<Vec<Read>> = pairs.into_iter().map(placed).collect();
    let measurements = protocol.measurements().iter().enumerate();
    let mut found: Vec<Agreement> = measurements
        .map(|(at, measurement)| {
            on(&measurement.name, measurement.grades, &names, &pairs, |grades| {
                grades.get(at).copied()
            })
        })
        .collect();
    if let Some(most) = protocol.combined_grades() {
        found.push(on("combined", most, &names, &pairs, |grades| protocol.combined(grades)));
    }
    Ok(found)
}

fn on(
    name: &str,
    grades: Grade,
    names: &[String],
    pairs: &[Vec<Read>],
    grade: impl Fn(&[Grade]) -> Option<Grade>,
) -> Agreement {
    let of = |read: &Read| read.1.as_deref().and_then(&grade);
    // By two readers: how many pairs both read, and what they said where both graded.
    let mut both: BTreeMap<[usize; 2], (usize, Vec<[Grade; 2]>)> = BTreeMap::new();
    let mut cases = Vec::new();
    for read in pairs {
        for (at, first) in read.iter().enumerate() {
            for second in &read[at + 1..] {
                let (count, graded) = both.entry([first.0, second.0]).or_default();
                *count += 1;
                graded.extend(of(first).zip(of(second)).map(<[Grade; 2]>::from));
            }
        }
        if read.len() == names.len() {
            cases.extend(read.iter().map(of).collect::<Option<Vec<Grade>>>());
        }
    }
    let beside = both.into_iter().map(|(two, (count, graded))| {
        let readers = two.map(|place| names[place].clone());
        compare(readers, grades, &graded, count - graded.len())
    });
    Agreement {
        measurement: name.to_owned(),
        beside: beside.collect(),
        among: among(names.len(), grades, &cases),
    }
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
