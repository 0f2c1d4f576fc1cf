//! A figure with its standard error, and what tests answer.

use serde::Serialize;

use super::distribution::{UPPER, normal_quantile, normal_two_sided};
use super::{Interval, Undefined};

/// A figure and how far chance moves it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// The figure.
    pub value: f64,
    /// Its estimated standard error, at least 0.
    pub standard_error: f64,
}

impl Estimate {
    /// A figure of the size of 1 with its variance. What only rounding can have
    /// left of a variance, or made negative, is 0: one case in a thousand
    /// million would leave 1e-18.
    pub(super) fn of(value: f64, variance: f64) -> Estimate {
        let variance = if variance < 1e-24 { 0.0 } else { variance };
        Estimate { value, standard_error: variance.sqrt() }
    }

    /// The 95 % interval: value +- 1.95996 standard errors.
    ///
    /// # Errors
    /// Where the standard error is 0, as it is of perfect agreement: an
    /// interval of no width would say that a small study knows everything.
    pub fn interval(self) -> Result<Interval, Undefined> {
        if self.standard_error == 0.0 {
            return Err(Undefined::NoWidth);
        }
        let half = normal_quantile(UPPER) * self.standard_error;
        Ok(Interval { low: self.value - half, high: self.value + half })
    }

    /// The 95 % interval, its ends held inside the range the figure can have.
    ///
    /// # Errors
    /// As [`Estimate::interval`].
    pub fn interval_within(self, low: f64, high: f64) -> Result<Interval, Undefined> {
        let interval = self.interval()?;
        Ok(Interval { low: interval.low.max(low), high: interval.high.min(high) })
    }
}

/// What a test answers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Test {
    /// The statistic, as the test defines it.
    pub statistic: f64,
    /// Two-sided p, 0 to 1.
    pub p: f64,
}

impl Test {
    /// The two-sided test of a statistic that is standard normal by chance.
    pub(super) fn of_normal(z: f64) -> Test {
        Test { statistic: z, p: normal_two_sided(z) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_by_hand() {
        let interval = Estimate { value: 0.9, standard_error: 0.1 }.interval().unwrap();
        assert!((interval.low - 0.704_003_601_5).abs() < 1e-9);
        let held = Estimate { value: 0.9, standard_error: 0.1 }.interval_within(0.0, 1.0).unwrap();
        assert_eq!((held.low, held.high), (interval.low, 1.0));
    }

    #[test]
    fn no_spread_is_no_interval() {
        for variance in [-1e-18, 0.0, 1e-33] {
            assert_eq!(Estimate::of(1.0, variance).interval(), Err(Undefined::NoWidth));
        }
    }
}
