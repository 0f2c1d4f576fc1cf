//! The paper's own statistics, for comparison with its figures only.
//!
//! Nothing here should support a claim: the z test is unsound and the intervals
//! take the joints of a patient for strangers. Each answer carries its warning.

use serde::Serialize;

use super::distribution::normal_two_sided;
use super::{Interval, Measured, Undefined};

/// Why not to believe [`paper_z_test`].
pub const Z_TEST_WARNING: &str = "unsound: this p shrinks as bootstrap samples are added, whatever \
    the data say; use the clustered bootstrap of the difference, DeLong's test or exact McNemar";

/// Why not to believe [`paper_interval`].
pub const INTERVAL_WARNING: &str =
    "too narrow: pairs are resampled as if joints of one patient were strangers";

/// A statistic of the paper with its warning.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PaperTest {
    /// Difference of the means over its standard error.
    pub z: f64,
    /// Two-sided p, as the paper would print it.
    pub p: f64,
    /// [`Z_TEST_WARNING`].
    pub warning: &'static str,
}

/// An interval of the paper with its warning.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PaperInterval {
    /// 2.5th and 97.5th percentile.
    pub interval: Interval,
    /// [`INTERVAL_WARNING`].
    pub warning: &'static str,
}

/// **Unsound; do not use for claims.** The paper's test of a difference
/// ("Statistical analysis"): a two-sample z test, unequal variances, on the
/// bootstrap values of two figures.
///
/// It takes bootstrap samples for independent observations. With twice the
/// samples z grows by the root of 2, so two readers who are equally good
/// differ "significantly" as soon as enough samples are drawn. It also ignores
/// that both read the same cases.
///
/// # Errors
/// With fewer than two values of one; where neither varies.
pub fn paper_z_test(first: &[f64], second: &[f64]) -> Result<PaperTest, Undefined> {
    let ((mean_a, error_a), (mean_b, error_b)) = (mean_and_error(first)?, mean_and_error(second)?);
    let error = (error_a + error_b).sqrt();
    if error == 0.0 {
        return Err(Undefined::NoSpread);
    }
    let z = (mean_a - mean_b) / error;
    Ok(PaperTest { z, p: normal_two_sided(z), warning: Z_TEST_WARNING })
}

/// **Too narrow.** The percentile interval of a figure whose bootstrap drew
/// pairs, as [`Resamples::by_case`](super::Resamples::by_case) does.
///
/// # Errors
/// Without values.
pub fn paper_interval(values: &[f64]) -> Result<PaperInterval, Undefined> {
    Ok(PaperInterval { interval: Interval::percentile(values)?, warning: INTERVAL_WARNING })
}

/// Mean +- 1.96 s / sqrt(m) over repeated networks, [`Interval::of_mean`]. It
/// says how networks differ on one set of cases, not how cases would.
///
/// # Errors
/// With fewer than two values.
pub fn paper_interval_of_networks(values: &[f64]) -> Result<Interval, Undefined> {
    Interval::of_mean(values)
}

/// The paper's word for a kappa, which has fair and moderate exchanged;
/// [`altman`](super::kappa::altman) has them as Altman wrote them.
#[must_use]
pub fn paper_kappa_word(kappa: f64) -> &'static str {
    match super::kappa::altman(kappa) {
        "fair" => "moderate",
        "moderate" => "fair",
        word => word,
    }
}

/// Mean and squared standard error.
fn mean_and_error(values: &[f64]) -> Result<(f64, f64), Undefined> {
    let mean: Measured = super::interval::mean(values);
    let (mean, count) = (mean?, values.len() as f64);
    if values.len() < 2 {
        return Err(Undefined::FewerThanTwo);
    }
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Ok((mean, squares / (count - 1.0) / count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p_shrinks_with_samples_alone() {
        let (first, second) = ([0.80, 0.82, 0.84, 0.86], [0.81, 0.83, 0.85, 0.87]);
        let few = paper_z_test(&first, &second).unwrap();
        let many = paper_z_test(&first.repeat(100), &second.repeat(100)).unwrap();
        assert!(few.p > 0.5 && many.p < 1e-6, "{} {}", few.p, many.p);
        assert_eq!(many.warning, Z_TEST_WARNING);
    }

    #[test]
    fn the_papers_words_exchange_two() {
        assert_eq!(
            [0.1, 0.3, 0.5, 0.7, 0.9].map(paper_kappa_word),
            ["poor", "moderate", "fair", "good", "very good"]
        );
    }

    #[test]
    fn what_does_not_vary_is_not_tested() {
        assert_eq!(paper_z_test(&[1.0, 1.0], &[2.0, 2.0]), Err(Undefined::NoSpread));
        assert_eq!(paper_z_test(&[1.0], &[2.0, 2.0]), Err(Undefined::FewerThanTwo));
        assert_eq!(paper_interval(&[]), Err(Undefined::NoCases));
    }
}
