//! Do readers agree with each other?

use rand::Rng;
use serde::Serialize;

use super::table::{Grid, Table, of_cases};
use crate::evaluate::Figure;
use crate::stats::weighted::CountsByPatient;
use crate::stats::{Measured, Resamples, Undefined, Weights, interval};
use crate::{Grade, Problem};

/// Above so many readers Light's kappa, a mean over all pairs of them, is given
/// without an interval: resampling it would take longer than everything else.
const MOST_READERS: usize = 30;

/// Agreement of readers with each other.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BetweenReaders {
    /// By arm.
    pub arms: Vec<ArmAgreement>,
    /// Each other arm minus the plan's `against`: whether readers agree better.
    pub differences: Vec<ArmAgreement>,
}

/// Agreement within one arm, or its difference from another's.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ArmAgreement {
    /// The arm.
    pub arm: String,
    /// Readers with a graded case.
    pub readers: usize,
    /// Cases that two readers or more graded.
    pub cases: usize,
    /// How often two readings of a case agree, mean over the cases, 0 to 1.
    pub agreement: Figure,
    /// Fleiss' kappa, unweighted. Cases that some readers did not grade count with
    /// the others' readings (Gwet, Handbook of Inter-Rater Reliability 2014).
    pub fleiss: Figure,
    /// The same with quadratic weights.
    pub fleiss_quadratic: Figure,
    /// Light's kappa, the mean of Cohen's kappas of all pairs of readers, each on
    /// the cases both graded; linear weights.
    pub light_linear: Figure,
}

pub(super) fn between<R: Rng + Clone + Sync>(
    table: &Table<'_>,
    grid: &Grid,
    against: usize,
    resamples: &Resamples<R>,
) -> Result<BetweenReaders, Problem> {
    let arms: Result<Vec<Votes>, Problem> =
        grid.grades.iter().map(|readers| Votes::new(table, grid.values, readers)).collect();
    let arms = arms?;
    let values = |weights: &[u32]| -> Vec<Measured> {
        let of_arms: Vec<[Measured; 4]> = arms.iter().map(|votes| votes.figures(weights)).collect();
        let less = |arm: &[Measured; 4]| {
            let pairs = arm.iter().zip(of_arms[against]);
            pairs.map(|(arm, against)| Ok((*arm)? - against?)).collect::<Vec<Measured>>()
        };
        let differences: Vec<Measured> = of_arms.iter().flat_map(less).collect();
        [of_arms.concat(), differences].concat()
    };
    let whole = values(&vec![1; table.patients.count()]);
    let bootstraps = resamples.of_all(whole.len(), values);
    let pairs = whole.into_iter().zip(bootstraps);
    let figures: Vec<Figure> =
        pairs.map(|(value, bootstrap)| Figure::resampled(value, Some(bootstrap))).collect();
    let (of_arms, differences) = figures.split_at(4 * arms.len());
    let named = |(arm, figures): (usize, &[Figure])| ArmAgreement {
        arm: table.study.arms[arm].clone(),
        readers: arms[arm].readers,
        cases: arms[arm].cases.len(),
        agreement: figures[0].clone(),
        fleiss: figures[1].clone(),
        fleiss_quadratic: figures[2].clone(),
        light_linear: figures[3].clone(),
    };
    let others = differences.chunks(4).enumerate().filter(|(arm, _)| *arm != against);
    Ok(BetweenReaders {
        arms: of_arms.chunks(4).enumerate().map(named).collect(),
        differences: others.map(named).collect(),
    })
}

/// The readings of one arm.
struct Votes {
    readers: usize,
    /// Of each case with two readings or more its patient and how often each grade
    /// was given.
    cases: Vec<(u32, Vec<f64>)>,
    /// Counts of each pair of readers; `None` where there are too many.
    pairs: Option<Vec<CountsByPatient>>,
}

impl Votes {
    /// Of `readers[reader][case]`.
    fn new(
        table: &Table<'_>,
        values: u8,
        readers: &[Vec<Option<Grade>>],
    ) -> Result<Votes, Problem> {
        let present: Vec<&Vec<Option<Grade>>> =
            readers.iter().filter(|given| given.iter().any(Option::is_some)).collect();
        let votes = |(case, &patient): (usize, &u32)| {
            let mut votes = vec![0.0; usize::from(values)];
            for grade in present.iter().filter_map(|given| given[case]) {
                votes[usize::from(grade)] += 1.0;
            }
            (patient, votes)
        };
        let cases = table.patients.of_cases().iter().enumerate().map(votes);
        let several = |(_, votes): &(u32, Vec<f64>)| votes.iter().sum::<f64>() >= 2.0;
        let pairs = (present.len() <= MOST_READERS).then(|| pairs(table, values, &present));
        Ok(Votes {
            readers: present.len(),
            cases: cases.filter(several).collect(),
            pairs: pairs.transpose()?,
        })
    }

    /// Agreement, Fleiss' kappa without and with quadratic weights, Light's kappa.
    fn figures(&self, weights: &[u32]) -> [Measured; 4] {
        [
            self.agreement(weights, Weights::None).map(|[observed, _]| observed),
            self.fleiss(weights, Weights::None),
            self.fleiss(weights, Weights::Quadratic),
            self.light(weights),
        ]
    }

    fn fleiss(&self, weights: &[u32], kind: Weights) -> Measured {
        let [observed, expected] = self.agreement(weights, kind)?;
        if 1.0 - expected < 1e-12 {
            return Err(Undefined::OneGrade);
        }
        Ok((observed - expected) / (1.0 - expected))
    }

    /// Observed agreement of two readings of a case, and that of two readings drawn
    /// from all; each case counts alike, however many graded it.
    fn agreement(&self, weights: &[u32], kind: Weights) -> Result<[f64; 2], Undefined> {
        let Some((_, first)) = self.cases.first() else {
            return Err(if self.readers < 2 {
                Undefined::FewerThanTwoReaders
            } else {
                Undefined::NoCases
            });
        };
        let grades = first.len();
        let agree: Vec<Vec<f64>> = (0..grades)
            .map(|a| (0..grades).map(|b| kind.agreement(a, b, grades)).collect())
            .collect();
        let near = |votes: &[f64], a: usize| -> f64 {
            agree[a].iter().zip(votes).map(|(agree, votes)| agree * votes).sum()
        };
        let (mut observed, mut cases, mut shares) = (0.0, 0.0, vec![0.0; grades]);
        for (patient, votes) in &self.cases {
            let weight = f64::from(weights[*patient as usize]);
            if weight == 0.0 {
                continue;
            }
            let readers: f64 = votes.iter().sum();
            let pairs: f64 = (0..grades).map(|a| votes[a] * (near(votes, a) - 1.0)).sum();
            observed += weight * pairs / (readers * (readers - 1.0));
            cases += weight;
            for (share, votes) in shares.iter_mut().zip(votes) {
                *share += weight * votes / readers;
            }
        }
        if cases == 0.0 {
            return Err(Undefined::NoCases);
        }
        shares.iter_mut().for_each(|share| *share /= cases);
        let expected = (0..grades).map(|a| shares[a] * near(&shares, a)).sum();
        Ok([observed / cases, expected])
    }

    fn light(&self, weights: &[u32]) -> Measured {
        let pairs = self.pairs.as_ref().ok_or(Undefined::TooManyReaders)?;
        let kappa = |pair: &CountsByPatient| pair.weighted(weights).kappa(Weights::Linear);
        let kappas: Vec<f64> = pairs.iter().map(kappa).collect::<Result<_, _>>()?;
        interval::mean(&kappas).map_err(|_| Undefined::FewerThanTwoReaders)
    }
}

fn pairs(
    table: &Table<'_>,
    values: u8,
    readers: &[&Vec<Option<Grade>>],
) -> Result<Vec<CountsByPatient>, Problem> {
    let mut pairs = Vec::new();
    for (place, first) in readers.iter().enumerate() {
        for second in &readers[place + 1..] {
            let both = |case: &usize| first[*case].is_some() && second[*case].is_some();
            let cases: Vec<usize> = (0..first.len()).filter(both).collect();
            let [first, second] = [of_cases(first, &cases), of_cases(second, &cases)];
            pairs.push(table.counts(values, &cases, &first, &second)?);
        }
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Readings;

    #[test]
    fn of_complete_readings_it_is_fleiss_kappa() {
        let readings = [[0, 0, 1], [3, 2, 3], [1, 1, 1], [2, 0, 1], [3, 3, 3], [0, 0, 0]];
        let cases: Vec<Vec<Grade>> = readings.iter().map(|case| case.to_vec()).collect();
        let votes = |case: &[Grade; 3]| {
            let mut votes = vec![0.0; 4];
            case.iter().for_each(|&grade| votes[usize::from(grade)] += 1.0);
            votes
        };
        let votes = Votes {
            readers: 3,
            cases: readings.iter().enumerate().map(|(n, case)| (n as u32, votes(case))).collect(),
            pairs: None,
        };
        let all = Readings::new(4, &cases).unwrap();
        let [_, fleiss, _, light] = votes.figures(&[1; 6]);
        assert!((fleiss.unwrap() - all.fleiss().unwrap().value).abs() < 1e-12);
        assert_eq!(light, Err(Undefined::TooManyReaders));
        // A patient counted twice is a case repeated.
        let twice = [cases.clone(), vec![cases[3].clone()]].concat();
        let [_, fleiss, _, _] = votes.figures(&[1, 1, 1, 2, 1, 1]);
        let twice = Readings::new(4, &twice).unwrap().fleiss().unwrap().value;
        assert!((fleiss.unwrap() - twice).abs() < 1e-12);
    }
}
