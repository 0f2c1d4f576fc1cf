//! The jackknife: how several figures of the same patients vary together.
//!
//! Each patient is left out once with all cases (Efron, The Jackknife, the
//! Bootstrap and Other Resampling Plans, 1982), as the bootstrap draws them. With
//! one case a patient this is the usual jackknife over cases.

use super::{Measured, Undefined};

/// Figures of all patients and their covariance matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Jackknife {
    /// The figures of all patients together, in the order asked.
    pub figures: Vec<f64>,
    /// `covariances[a][b]` of figures a and b; the diagonal holds variances.
    pub covariances: Vec<Vec<f64>>,
}

impl Jackknife {
    /// Asks for the figures of all `patients`, then of all but one, each time.
    /// `figures` gets the weight of each patient, 1 or 0, and answers with always
    /// as many figures in the same order.
    ///
    /// With the values v of n patients left out in turn, the covariance of two
    /// figures is (n - 1) / n times the sum of (v - mean of v) (v' - mean of v').
    ///
    /// # Errors
    /// With fewer than two patients; where a figure is undefined for all patients
    /// or with one of them left out: a class of one patient has no jackknife.
    pub fn new(
        patients: usize,
        figures: impl Fn(&[u32]) -> Vec<Measured>,
    ) -> Result<Jackknife, Undefined> {
        let mut all = Jackknife::of_all(patients, 1, |weights| vec![figures(weights)]);
        all.pop().unwrap_or(Err(Undefined::NoCases))
    }

    /// `count` jackknives on the same patients, as of several figures of merit:
    /// `figures` answers with as many lists. Each has its own reason where it cannot
    /// be made; how figures of two of them vary together is not asked.
    pub fn of_all(
        patients: usize,
        count: usize,
        figures: impl Fn(&[u32]) -> Vec<Vec<Measured>>,
    ) -> Vec<Result<Jackknife, Undefined>> {
        if patients < 2 {
            return vec![Err(Undefined::FewerThanTwo); count];
        }
        let mut weights = vec![1; patients];
        let whole = figures(&weights);
        let mut without = vec![Vec::with_capacity(patients); count]; // [count][patients]
        for patient in 0..patients {
            weights[patient] = 0;
            for (without, figures) in without.iter_mut().zip(figures(&weights)) {
                without.push(defined(figures));
            }
            weights[patient] = 1;
        }
        let jackknife = |(whole, without): (Vec<Measured>, Vec<Result<Vec<f64>, Undefined>>)| {
            let figures = defined(whole)?;
            let covariances =
                covariances(without.into_iter().collect::<Result<_, _>>()?, figures.len());
            Ok(Jackknife { figures, covariances })
        };
        whole.into_iter().zip(without).map(jackknife).collect()
    }
}

fn defined(figures: Vec<Measured>) -> Result<Vec<f64>, Undefined> {
    figures.into_iter().collect()
}

/// Of `without[patient][figure]`.
fn covariances(mut without: Vec<Vec<f64>>, figures: usize) -> Vec<Vec<f64>> {
    let patients = without.len() as f64;
    let mut means = vec![0.0; figures];
    for values in &without {
        means.iter_mut().zip(values).for_each(|(mean, value)| *mean += value / patients);
    }
    for values in &mut without {
        values.iter_mut().zip(&means).for_each(|(value, mean)| *value -= mean);
    }
    let factor = (patients - 1.0) / patients;
    // Both halves, so that the matrix is symmetric to the last digit.
    let mut matrix = vec![vec![0.0; figures]; figures];
    for values in &without {
        for (row, a) in matrix.iter_mut().zip(values) {
            for (cell, b) in row.iter_mut().zip(values) {
                *cell += factor * (a * b);
            }
        }
    }
    matrix
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two means of values with one patient each.
    fn means(of: &[[f64; 2]], weights: &[u32]) -> Vec<Measured> {
        let count: u32 = weights.iter().sum();
        let mean = |at: usize| {
            let sum: f64 = of.iter().zip(weights).map(|(v, &w)| v[at] * f64::from(w)).sum();
            if count == 0 { Err(Undefined::NoCases) } else { Ok(sum / f64::from(count)) }
        };
        vec![mean(0), mean(1)]
    }

    #[test]
    fn of_means_it_is_the_covariance_over_n() {
        // Values 1 2 6 and 0 3 3: variances 7 and 3, covariance 3 (sums 6 over 2).
        let values = [[1.0, 0.0], [2.0, 3.0], [6.0, 3.0]];
        let found = Jackknife::new(3, |weights| means(&values, weights)).unwrap();
        assert_eq!(found.figures, [3.0, 2.0]);
        for (row, by_hand) in found.covariances.iter().zip([[7.0, 3.0], [3.0, 3.0]]) {
            for (found, by_hand) in row.iter().zip(by_hand) {
                assert!((found - by_hand / 3.0).abs() < 1e-12, "{found} {by_hand}");
            }
        }
    }

    #[test]
    fn what_a_single_patient_decides_has_none() {
        let one = Jackknife::new(1, |_| vec![Ok(1.0)]);
        assert_eq!(one, Err(Undefined::FewerThanTwo));
        let only_first = |weights: &[u32]| {
            vec![if weights[0] == 0 { Err(Undefined::NoPositives) } else { Ok(1.0) }]
        };
        assert_eq!(Jackknife::new(3, only_first), Err(Undefined::NoPositives));
    }
}
