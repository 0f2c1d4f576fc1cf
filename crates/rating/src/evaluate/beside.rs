//! Several ways of grading the same cases, and how far each is from the first.

use rand::Rng;

use super::figure::usable;
use crate::stats::{Interval, Measured, Resamples, Undefined};

/// A figure and the interval of its patients resampled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Found {
    pub(super) value: Measured,
    pub(super) interval: Result<Interval, Undefined>,
}

/// Figures of several ways, all on the same samples of patients.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Beside {
    /// `of_ways[way][figure]`.
    pub(super) of_ways: Vec<Vec<Found>>,
    /// `differences[way - 1][figure]`: the way minus the first one.
    pub(super) differences: Vec<Vec<Found>>,
}

/// Asks `figures(way, weights)`, which answers with `count` values, for each way:
/// once with every patient, and once for each sample.
pub(super) fn beside<R: Rng + Clone + Sync>(
    resamples: &Resamples<R>,
    ways: usize,
    count: usize,
    figures: impl Fn(usize, &[u32]) -> Vec<Measured> + Sync,
) -> Beside {
    let all = |weights: &[u32]| -> Vec<Measured> {
        let of_ways: Vec<Vec<Measured>> = (0..ways).map(|way| figures(way, weights)).collect();
        let minus_first = |way: &Vec<Measured>| -> Vec<Measured> {
            way.iter().zip(&of_ways[0]).map(|(way, first)| Ok((*way)? - (*first)?)).collect()
        };
        let differences = of_ways.iter().skip(1).flat_map(minus_first);
        of_ways.iter().flatten().copied().chain(differences).collect()
    };
    let everyone = vec![1; resamples.patients().count()];
    let values = all(&everyone);
    let intervals = resamples.of_all(values.len(), all).into_iter().map(usable);
    let found = values.into_iter().zip(intervals);
    let found: Vec<Found> = found.map(|(value, interval)| Found { value, interval }).collect();
    let mut lists = found.chunks(count.max(1)).map(<[Found]>::to_vec);
    Beside { of_ways: lists.by_ref().take(ways).collect(), differences: lists.collect() }
}
