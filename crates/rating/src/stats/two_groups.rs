//! Two groups of independent values, such as the figures of two groups of readers.

use serde::Serialize;

use super::distribution::{UPPER, t_quantile, t_two_sided};
use super::{Interval, Undefined, interval};

/// A contrast of two groups' means.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Contrast {
    /// How many values each group has.
    pub values: [usize; 2],
    /// The contrast.
    pub value: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Degrees of freedom of t.
    pub freedom: f64,
    /// The contrast over its standard error.
    pub t: f64,
    /// Two-sided p that it is 0.
    pub p: f64,
    /// 95 %.
    pub interval: Interval,
}

/// The first group's mean minus the second's, each group with a spread of its own:
/// Welch's t with Satterthwaite's degrees of freedom (Welch, Biometrika 1947, 34:28).
///
/// # Errors
/// A group of fewer than two values; values that are all alike in both groups.
pub fn welch(first: &[f64], second: &[f64]) -> Result<Contrast, Undefined> {
    let [a, b] = [Spread::of(first)?, Spread::of(second)?];
    if a.count.min(b.count) < 2 {
        return Err(Undefined::FewerThanTwoInGroup);
    }
    let part = |of: &Spread| of.squares / (of.count as f64 - 1.0) / of.count as f64;
    let (first, second) = (part(&a), part(&b));
    let freedom = (first + second).powi(2)
        / (first.powi(2) / (a.count as f64 - 1.0) + second.powi(2) / (b.count as f64 - 1.0));
    contrast([a.count, b.count], a.mean - b.mean, first + second, freedom)
}

/// `weights[0]` times the first group's mean plus `weights[1]` times the second's, both
/// groups with one spread: Student's t with as many degrees of freedom as there are
/// values, less two.
///
/// # Errors
/// An empty group, fewer than three values; values that are all alike in both groups.
pub fn pooled(groups: [&[f64]; 2], weights: [f64; 2]) -> Result<Contrast, Undefined> {
    let [a, b] = [Spread::of(groups[0])?, Spread::of(groups[1])?];
    let count = a.count + b.count;
    if count < 3 {
        return Err(Undefined::FewerThanTwoInGroup);
    }
    let freedom = count as f64 - 2.0;
    let share = weights[0].powi(2) / a.count as f64 + weights[1].powi(2) / b.count as f64;
    let variance = (a.squares + b.squares) / freedom * share;
    let value = weights[0] * a.mean + weights[1] * b.mean;
    contrast([a.count, b.count], value, variance, freedom)
}

struct Spread {
    count: usize,
    mean: f64,
    /// Squared distances from the mean, added up.
    squares: f64,
}

impl Spread {
    fn of(values: &[f64]) -> Result<Spread, Undefined> {
        let mean = interval::mean(values).map_err(|_| Undefined::FewerThanTwoInGroup)?;
        let squares = values.iter().map(|value| (value - mean).powi(2)).sum();
        Ok(Spread { count: values.len(), mean, squares })
    }
}

fn contrast(
    values: [usize; 2],
    value: f64,
    variance: f64,
    freedom: f64,
) -> Result<Contrast, Undefined> {
    if !variance.is_finite() {
        return Err(Undefined::NotFinite);
    }
    // Rounding leaves 1e-34 of values that are all alike.
    if variance < 1e-24 {
        return Err(Undefined::NoWidth);
    }
    let standard_error = variance.sqrt();
    let t = value / standard_error;
    let half = t_quantile(UPPER, freedom).ok_or(Undefined::NotConverged)? * standard_error;
    Ok(Contrast {
        values,
        value,
        standard_error,
        freedom,
        t,
        p: t_two_sided(t, freedom).ok_or(Undefined::NotConverged)?,
        interval: Interval { low: value - half, high: value + half },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: [f64; 4] = [3.0, 5.0, 4.0, 8.0];
    const SECOND: [f64; 3] = [1.0, 2.0, 3.0];

    #[test]
    fn welch_worked_by_hand() {
        // Means 5 and 2; variances 14 / 3 over 4 and 1 over 3: 7 / 6 and 1 / 3.
        let found = welch(&FIRST, &SECOND).unwrap();
        assert!((found.value - 3.0).abs() < 1e-12);
        assert!((found.standard_error - 1.5_f64.sqrt()).abs() < 1e-12);
        // (3 / 2)^2 / ((7 / 6)^2 / 3 + (1 / 3)^2 / 2) = 2.25 / (49 / 108 + 1 / 18) = 243 / 55.
        assert!((found.freedom - 243.0 / 55.0).abs() < 1e-12, "{found:?}");
        assert_eq!(found.values, [4, 3]);
        assert!(found.interval.low < 0.0 && found.p > 0.05, "{found:?}");
    }

    #[test]
    fn one_spread_of_both_worked_by_hand() {
        // Squares 14 and 2 over 5 degrees of freedom: 3.2; times 1 / 16 + 1 / 12.
        let found = pooled([&FIRST, &SECOND], [0.5, 0.5]).unwrap();
        assert!((found.value - 3.5).abs() < 1e-12);
        assert!((found.standard_error.powi(2) - 3.2 * 7.0 / 48.0).abs() < 1e-12);
        assert_eq!(found.freedom, 5.0);
    }

    #[test]
    fn what_cannot_be_compared_says_why() {
        assert_eq!(welch(&[1.0], &SECOND), Err(Undefined::FewerThanTwoInGroup));
        assert_eq!(pooled([&[], &SECOND], [1.0, 1.0]), Err(Undefined::FewerThanTwoInGroup));
        assert_eq!(welch(&[1.0, 1.0], &[2.0, 2.0]), Err(Undefined::NoWidth));
        assert!(pooled([&[1.0], &SECOND], [1.0, -1.0]).is_ok());
    }
}
