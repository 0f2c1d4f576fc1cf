//! How far two ways of measuring the same patients lie apart.

use serde::Serialize;

use super::distribution::{UPPER, t_quantile};
use super::interval::mean;
use super::{Interval, Undefined};

/// Mean difference and limits of agreement (Bland and Altman, Lancet 1986).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BlandAltman {
    /// How many differences.
    pub n: usize,
    /// The mean difference.
    pub mean: f64,
    /// Standard deviation of the differences, n - 1 degrees of freedom.
    pub deviation: f64,
    /// The limits that 95 % of differences lie between where they are normal:
    /// mean +- 1.96 deviations.
    pub limits: Interval,
    /// 95 % interval of the mean, by Student's t. This and the next two are `null`
    /// where all differences are alike.
    pub mean_interval: Option<Interval>,
    /// 95 % interval of the lower limit: t times the root of
    /// deviation^2 (1 / n + 1.96^2 / (2 (n - 1))) (Bland and Altman, Statistical
    /// Methods in Medical Research 1999).
    pub low_interval: Option<Interval>,
    /// The same of the upper limit.
    pub high_interval: Option<Interval>,
}

impl BlandAltman {
    /// From the differences, one for each patient.
    ///
    /// # Errors
    /// With fewer than two differences, or one that is not a finite number.
    pub fn of(differences: &[f64]) -> Result<BlandAltman, Undefined> {
        let middle = mean(differences)?;
        let n = differences.len();
        let count = n as f64;
        let t = t_quantile(UPPER, count - 1.0).ok_or(Undefined::FewerThanTwo)?;
        let squares: f64 = differences.iter().map(|value| (value - middle).powi(2)).sum();
        let deviation = (squares / (count - 1.0)).sqrt();
        if !deviation.is_finite() {
            return Err(Undefined::NotFinite);
        }
        let around = |value: f64, half: f64| {
            (deviation > 0.0).then_some(Interval { low: value - half, high: value + half })
        };
        let reach = 1.96 * deviation;
        let limits = Interval { low: middle - reach, high: middle + reach };
        let of_limit =
            t * deviation * (1.0 / count + 1.96_f64.powi(2) / (2.0 * (count - 1.0))).sqrt();
        Ok(BlandAltman {
            n,
            mean: middle,
            deviation,
            limits,
            mean_interval: around(middle, t * deviation / count.sqrt()),
            low_interval: around(limits.low, of_limit),
            high_interval: around(limits.high, of_limit),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_flow_meters_of_the_paper() {
        // Bland and Altman 1986, first readings of two meters in 17 people, in l/min.
        let wright =
            [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427];
        let mini =
            [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451];
        let differences: Vec<f64> =
            wright.iter().zip(mini).map(|(a, b)| f64::from(a - b)).collect();
        let found = BlandAltman::of(&differences).unwrap();
        let rounded = |value: f64| (value * 10.0).round() / 10.0;
        assert_eq!((rounded(found.mean), rounded(found.deviation)), (-2.1, 38.8));
        // The paper doubles the deviation; 1.96 of them are a little less.
        assert_eq!((rounded(found.limits.low), rounded(found.limits.high)), (-78.1, 73.9));
        // Its interval of the mean: -22.0 to 17.8 from rounded figures.
        let of_mean = found.mean_interval.unwrap();
        assert!((of_mean.low + 22.0).abs() < 0.1 && (of_mean.high - 17.8).abs() < 0.1);
        // The root of 1/17 + 1.96^2 / 32 is 0.42294, t with 16 degrees of freedom 2.1199.
        let half = 2.119905 * found.deviation * (1.0_f64 / 17.0 + 3.8416 / 32.0).sqrt();
        assert!((found.low_interval.unwrap().high - (found.limits.low + half)).abs() < 1e-4);
        assert!((found.high_interval.unwrap().low - (found.limits.high - half)).abs() < 1e-4);
    }

    #[test]
    fn few_differences_have_no_limits() {
        assert_eq!(BlandAltman::of(&[]), Err(Undefined::NoCases));
        assert_eq!(BlandAltman::of(&[1.0]), Err(Undefined::FewerThanTwo));
        assert_eq!(BlandAltman::of(&[1.0, f64::NAN]), Err(Undefined::NotFinite));
        let alike = BlandAltman::of(&[2.0, 2.0]).unwrap();
        assert_eq!((alike.deviation, alike.limits.low), (0.0, 2.0));
        assert_eq!((alike.mean_interval, alike.low_interval), (None, None));
    }
}
