//! BCa: bootstrap percentiles corrected for bias and skewness.
//!
//! Efron (Journal of the American Statistical Association 1987; Efron and
//! Tibshirani, An Introduction to the Bootstrap, 1993, section 14.3). The
//! jackknife leaves out one patient with all cases at a time, as the samples
//! draw them.

use rand::Rng;

use super::bootstrap::Resamples;
use super::distribution::{UPPER, normal_cdf, normal_quantile};
use super::{Interval, Measured, Undefined};

impl<R: Rng + Clone + Sync> Resamples<R> {
    /// The 95 % BCa interval of a figure. The figure is asked once per sample
    /// and once per patient, so for very many patients this takes long.
    ///
    /// # Errors
    /// Where the figure is undefined for all patients together, in every sample
    /// or without one patient; where leaving out patients does not change it;
    /// where it lies beyond all of its bootstrap values.
    pub fn bca(&self, figure: impl Fn(&[u32]) -> Measured + Sync) -> Result<Interval, Undefined> {
        let mut weights = vec![1; self.patients().count()];
        if weights.is_empty() {
            return Err(Undefined::NoCases);
        }
        let estimate = figure(&weights)?;
        let mut jackknife = Vec::with_capacity(weights.len());
        for patient in 0..weights.len() {
            weights[patient] = 0;
            jackknife.push(figure(&weights)?);
            weights[patient] = 1;
        }
        interval(&self.of(figure)?.values, estimate, &jackknife)
    }
}

/// The interval from the bootstrap's values, the figure itself, and the figure
/// with each patient left out.
fn interval(values: &[f64], estimate: f64, jackknife: &[f64]) -> Result<Interval, Undefined> {
    let levels = levels(values, estimate, jackknife)?;
    let mut ascending = values.to_vec();
    ascending.sort_by(f64::total_cmp);
    let at = |level: f64| {
        // The small number keeps rounding of the levels from losing a position.
        let position = (level * ascending.len() as f64 + 1e-6) as usize;
        ascending.get(position).or(ascending.last()).copied().ok_or(Undefined::NoSample)
    };
    Ok(Interval { low: at(levels[0])?, high: at(levels[1])? })
}

/// Which percentiles to take instead of 0.025 and 0.975.
pub fn levels(values: &[f64], estimate: f64, jackknife: &[f64]) -> Result<[f64; 2], Undefined> {
    let below = values.iter().filter(|&&value| value < estimate).count() as f64;
    let tied = values.iter().filter(|&&value| value == estimate).count() as f64;
    // Ties count half, as they do where the figure takes few values.
    let bias = normal_quantile((below + tied / 2.0) / values.len() as f64);
    if !bias.is_finite() {
        return Err(Undefined::NoWidth);
    }
    let mean = super::interval::mean(jackknife)?;
    let power = |exponent| jackknife.iter().map(|value| (mean - value).powi(exponent)).sum::<f64>();
    let squares = power(2);
    // Equal values may differ from their mean by rounding.
    let rounding = jackknife.len() as f64 * (1e-14 * mean).powi(2);
    if squares.is_nan() || squares <= rounding {
        return Err(Undefined::NoSpread);
    }
    let acceleration = power(3) / (6.0 * squares.powf(1.5));
    let level = |p: f64| {
        let shifted = bias + normal_quantile(p);
        normal_cdf(bias + shifted / (1.0 - acceleration * shifted))
    };
    Ok([level(1.0 - UPPER), level(UPPER)])
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::Seed;
    use crate::stats::weighted::SumsByPatient;

    #[test]
    fn without_bias_and_skewness_they_are_the_percentiles() {
        let values: Vec<f64> = (0..1000).map(f64::from).collect();
        let symmetric = levels(&values, 499.5, &[1.0, 2.0, 3.0]).unwrap();
        assert!((symmetric[0] - 0.025).abs() < 1e-9 && (symmetric[1] - 0.975).abs() < 1e-9);
        let found = interval(&values, 499.5, &[1.0, 2.0, 3.0]).unwrap();
        assert_eq!(found, Interval::percentile(&values).unwrap());
    }

    #[test]
    fn a_skew_mean_is_shifted_to_the_long_side() {
        let values: Vec<Option<f64>> = (0..30).map(|n| Some(f64::from(n).exp2())).collect();
        let mut rng = ChaCha8Rng::from_seed(Seed::new(1).bytes());
        let resamples = Resamples::by_case(values.len(), 1000, &mut rng);
        let sums = SumsByPatient::new(&values, resamples.patients()).unwrap();
        let bca = resamples.bca(|weights| sums.mean(weights)).unwrap();
        let percentile = resamples.of(|weights| sums.mean(weights)).unwrap().interval;
        assert!(bca.low > percentile.low && bca.high > percentile.high);
    }

    #[test]
    fn what_has_no_interval_says_why() {
        assert_eq!(levels(&[1.0, 2.0], 9.0, &[1.0, 2.0]), Err(Undefined::NoWidth));
        assert_eq!(levels(&[1.0, 2.0], 1.0, &[1.0, 1.0]), Err(Undefined::NoSpread));
        assert_eq!(levels(&[0.1, 0.1], 0.1, &[0.1; 7]), Err(Undefined::NoSpread));
        let mut rng = ChaCha8Rng::from_seed(Seed::new(2).bytes());
        let none = Resamples::by_case(0, 10, &mut rng);
        assert_eq!(none.bca(|_| Ok(1.0)), Err(Undefined::NoCases));
    }
}
