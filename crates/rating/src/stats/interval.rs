//! The two kinds of 95 % interval the paper uses: percentiles of bootstrap
//! values, and mean +- 1.96 standard errors over repeated networks.

use serde::Serialize;

use super::Undefined;
use super::distribution::{UPPER, t_quantile};

/// Where a figure lies with 95 % confidence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// The 2.5th and 97.5th percentile: of m values in ascending order the ones
    /// at positions m / 40 and 39 m / 40, rounded down, counted from 0; so 25
    /// and 975 of 1,000. No interpolation.
    ///
    /// # Errors
    /// Without values.
    pub fn percentile(values: &[f64]) -> Result<Interval, Undefined> {
        let mut ascending = values.to_vec();
        ascending.sort_by(f64::total_cmp);
        let at = |position: usize| ascending.get(position).copied().ok_or(Undefined::NoCases);
        let count = ascending.len();
        Ok(Interval { low: at(count / 40)?, high: at(count * 39 / 40)? })
    }

    /// The interval around the mean of repeated measurements, such as the
    /// networks of one task: mean +- 1.96 s / sqrt(m), s with m - 1 degrees of
    /// freedom (paper, "Statistical analysis").
    ///
    /// # Errors
    /// With fewer than two values.
    pub fn of_mean(values: &[f64]) -> Result<Interval, Undefined> {
        let count = values.len() as f64;
        let mean = mean(values)?;
        if values.len() < 2 {
            return Err(Undefined::FewerThanTwo);
        }
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let half = 1.96 * (squares / (count - 1.0)).sqrt() / count.sqrt();
        Ok(Interval { low: mean - half, high: mean + half })
    }
}

impl Interval {
    /// The 95 % interval of the mean of independent values: mean +- t s / sqrt(m), s
    /// and t with m - 1 degrees of freedom.
    ///
    /// # Errors
    /// With fewer than two values, or values that do not differ.
    pub fn student(values: &[f64]) -> Result<Interval, Undefined> {
        let (mean, count) = (mean(values)?, values.len() as f64);
        if values.len() < 2 {
            return Err(Undefined::FewerThanTwo);
        }
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        if squares == 0.0 {
            return Err(Undefined::NoWidth);
        }
        let quantile = t_quantile(UPPER, count - 1.0).ok_or(Undefined::NotConverged)?;
        let half = quantile * (squares / (count - 1.0) / count).sqrt();
        Ok(Interval { low: mean - half, high: mean + half })
    }
}

/// The arithmetic mean.
///
/// # Errors
/// Without values.
pub fn mean(values: &[f64]) -> Result<f64, Undefined> {
    if values.is_empty() {
        return Err(Undefined::NoCases);
    }
    Ok(values.iter().sum::<f64>() / values.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_order_statistics() {
        let falling: Vec<f64> = (0..1000).rev().map(f64::from).collect();
        assert_eq!(Interval::percentile(&falling), Ok(Interval { low: 25.0, high: 975.0 }));
        assert_eq!(Interval::percentile(&[3.0, 1.0]), Ok(Interval { low: 1.0, high: 3.0 }));
        assert_eq!(Interval::percentile(&[2.0]), Ok(Interval { low: 2.0, high: 2.0 }));
        assert_eq!(Interval::percentile(&[]), Err(Undefined::NoCases));
    }

    #[test]
    fn the_interval_of_few_values_by_hand() {
        // Mean 3, s = 2, m = 10: t of 9 degrees of freedom is 2.26216.
        let values = [1.0, 5.0, 1.0, 5.0, 1.0, 5.0, 1.0, 5.0, 3.0, 3.0];
        let found = Interval::student(&values).unwrap();
        let half = 2.2621571627409915 * (32.0_f64 / 9.0 / 10.0).sqrt();
        assert!((found.low - (3.0 - half)).abs() < 1e-9 && (found.high - 3.0 - half).abs() < 1e-9);
        assert_eq!(Interval::student(&[2.0, 2.0]), Err(Undefined::NoWidth));
        assert_eq!(Interval::student(&[2.0]), Err(Undefined::FewerThanTwo));
    }

    #[test]
    fn the_interval_of_a_mean_by_hand() {
        // Mean 3, squares 4 + 0 + 0 + 4, m = 4.
        let values = [1.0, 3.0, 3.0, 5.0];
        let half = 1.96 * (8.0_f64 / 3.0).sqrt() / 2.0;
        let interval = Interval::of_mean(&values).unwrap();
        assert!((interval.low - (3.0 - half)).abs() < 1e-12);
        assert!((interval.high - (3.0 + half)).abs() < 1e-12);
        assert_eq!(Interval::of_mean(&[0.9]), Err(Undefined::FewerThanTwo));
        assert_eq!(Interval::of_mean(&[]), Err(Undefined::NoCases));
    }
}
