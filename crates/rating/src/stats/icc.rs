//! Intraclass correlation: how much of the spread of ratings lies between the
//! cases, in the two forms for one rating by readers who each rate every case.

use serde::Serialize;

use super::distribution::{UPPER, f_quantile};
use super::{Interval, Undefined};

/// Which intraclass correlation (Shrout and Fleiss, Psychological Bulletin 1979).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum Form {
    /// ICC(2,1): two-way random, absolute agreement, one rating; readers who
    /// differ by a constant lower it. McGraw and Wong's ICC(A,1).
    #[serde(rename = "ICC(2,1)")]
    Agreement,
    /// ICC(3,1): two-way mixed, consistency, one rating; a constant difference
    /// of readers does not matter. McGraw and Wong's ICC(C,1).
    #[serde(rename = "ICC(3,1)")]
    Consistency,
}

/// An intraclass correlation, always named by its form.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Icc {
    /// Which one.
    pub form: Form,
    /// At most 1; below 0 where ratings of one case differ more than cases do.
    pub value: f64,
    /// The 95 % interval by F distributions; `None` where raters agree
    /// perfectly up to what the form forgives, as it would have no width, and where
    /// the approximation breaks down and it would lack the value.
    pub interval: Option<Interval>,
}

/// Mean squares of a two-way analysis of variance without repetition.
struct MeanSquares {
    cases: f64,
    raters: f64,
    between_cases: f64,
    between_raters: f64,
    residual: f64,
}

/// With mean squares R between cases, C between raters and E of the rest,
/// n cases and k raters: (3,1) is (R - E) / (R + (k - 1) E), and (2,1) has
/// k (C - E) / n added below.
///
/// `ratings[case][rater]` are numbers, such as patients' sums by
/// reference and prediction.
///
/// # Errors
/// With fewer than two cases or raters, or not as many ratings of each case;
/// where all ratings are alike or one is not a finite number.
pub fn icc(ratings: &[Vec<f64>], form: Form) -> Result<Icc, Undefined> {
    let squares = mean_squares(ratings)?;
    let MeanSquares { cases, raters, between_cases, between_raters, residual } = squares;
    let between = between_cases - residual;
    let total = between_cases + (raters - 1.0) * residual;
    let (value, interval) = match form {
        Form::Consistency => (between / total, consistency_interval(&squares)),
        Form::Agreement => {
            let total = total + raters * (between_raters - residual) / cases;
            (between / total, agreement_interval(&squares, between / total))
        }
    };
    if value.is_finite() { Ok(Icc { form, value, interval }) } else { Err(Undefined::NoSpread) }
}

/// Shrout and Fleiss 1979; McGraw and Wong, Psychological Methods 1996: the
/// ratio of mean squares over and times F quantiles, put into the ICC's formula
/// (F - 1) / (F + k - 1).
fn consistency_interval(squares: &MeanSquares) -> Option<Interval> {
    let MeanSquares { cases, raters, between_cases, residual, .. } = *squares;
    if residual == 0.0 {
        return None;
    }
    let freedom = [cases - 1.0, (cases - 1.0) * (raters - 1.0)];
    let ratio = between_cases / residual;
    let low = ratio / f_quantile(UPPER, freedom)?;
    let high = ratio * f_quantile(UPPER, [freedom[1], freedom[0]])?;
    let icc = |ratio: f64| (ratio - 1.0) / (ratio + raters - 1.0);
    Some(Interval { low: icc(low), high: icc(high) })
}

/// The same papers; degrees of freedom after Satterthwaite.
fn agreement_interval(squares: &MeanSquares, icc: f64) -> Option<Interval> {
    let MeanSquares { cases: n, raters: k, between_cases, between_raters, residual } = *squares;
    if residual == 0.0 {
        return None;
    }
    let ratio = between_raters / residual;
    let others = n * (1.0 + (k - 1.0) * icc) - k * icc;
    let freedom = (k - 1.0) * (n - 1.0) * (k * icc * ratio + others).powi(2)
        / ((n - 1.0) * (k * icc * ratio).powi(2) + others.powi(2));
    let lower = f_quantile(UPPER, [n - 1.0, freedom])?;
    let upper = f_quantile(UPPER, [freedom, n - 1.0])?;
    let spread = k * between_raters + (k * n - k - n) * residual;
    let interval = Interval {
        low: n * (between_cases - lower * residual) / (lower * spread + n * between_cases),
        high: n * (upper * between_cases - residual) / (spread + n * upper * between_cases),
    };
    // With few cases and a negative value the approximation breaks down: an
    // interval that lacks its own value says nothing.
    Some(interval).filter(|interval| interval.low <= icc && icc <= interval.high)
}

fn mean_squares(ratings: &[Vec<f64>]) -> Result<MeanSquares, Undefined> {
    let Some(first) = ratings.first() else { return Err(Undefined::NoCases) };
    if first.len() < 2 || ratings.iter().any(|case| case.len() != first.len()) {
        return Err(Undefined::FewerThanTwoReaders);
    }
    if ratings.len() < 2 {
        return Err(Undefined::FewerThanTwo);
    }
    let (cases, raters) = (ratings.len() as f64, first.len() as f64);
    let grand = ratings.iter().flatten().sum::<f64>() / (cases * raters);
    let case_means: Vec<f64> =
        ratings.iter().map(|case| case.iter().sum::<f64>() / raters).collect();
    let rater_means: Vec<f64> = (0..first.len())
        .map(|rater| ratings.iter().map(|case| case[rater]).sum::<f64>() / cases)
        .collect();
    let from_grand = |means: &[f64]| means.iter().map(|mean| (mean - grand).powi(2)).sum::<f64>();
    let (mut total, mut residual) = (0.0, 0.0);
    for (case, case_mean) in ratings.iter().zip(&case_means) {
        for (rating, rater_mean) in case.iter().zip(&rater_means) {
            total += (rating - grand).powi(2);
            residual += (rating - case_mean - rater_mean + grand).powi(2);
        }
    }
    if !total.is_finite() || total == 0.0 {
        return Err(Undefined::NoSpread);
    }
    // What is left by rounding alone is nothing.
    let residual = if residual < 1e-14 * total { 0.0 } else { residual };
    Ok(MeanSquares {
        cases,
        raters,
        between_cases: raters * from_grand(&case_means) / (cases - 1.0),
        between_raters: cases * from_grand(&rater_means) / (raters - 1.0),
        residual: residual / ((cases - 1.0) * (raters - 1.0)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_shrout_and_fleiss() {
        // Six targets, four judges; their results: ICC(2,1) = .29, ICC(3,1) = .71.
        let ratings = [
            [9.0, 2.0, 5.0, 8.0],
            [6.0, 1.0, 3.0, 2.0],
            [8.0, 4.0, 6.0, 8.0],
            [7.0, 1.0, 2.0, 6.0],
            [10.0, 5.0, 6.0, 9.0],
            [6.0, 2.0, 4.0, 7.0],
        ]
        .map(Vec::from);
        let rounded = |value: f64| (value * 100.0).round() / 100.0;
        let agreement = icc(&ratings, Form::Agreement).unwrap();
        let consistency = icc(&ratings, Form::Consistency).unwrap();
        assert_eq!((rounded(agreement.value), rounded(consistency.value)), (0.29, 0.71));
        let ends = |icc: Icc| icc.interval.map(|i| [rounded(i.low), rounded(i.high)]);
        assert_eq!(ends(agreement), Some([0.02, 0.76]));
        assert_eq!(ends(consistency), Some([0.34, 0.95]));
    }

    #[test]
    fn a_constant_difference_matters_to_agreement_only() {
        let ratings = [[1.0, 2.0], [2.0, 3.0], [4.0, 5.0]].map(Vec::from);
        let consistency = icc(&ratings, Form::Consistency).unwrap();
        assert_eq!((consistency.value, consistency.interval), (1.0, None));
        // Between cases 14/3, between raters 1.5, nothing left: (14/3) / (14/3 + 2 x 1.5 / 3).
        let agreement = icc(&ratings, Form::Agreement).unwrap().value;
        assert!((agreement - 14.0 / 17.0).abs() < 1e-12);
    }

    #[test]
    fn what_cannot_be_computed_says_why() {
        let reason = |ratings: &[Vec<f64>]| icc(ratings, Form::Agreement).unwrap_err();
        assert_eq!(reason(&[]), Undefined::NoCases);
        assert_eq!(reason(&[vec![1.0, 2.0]]), Undefined::FewerThanTwo);
        assert_eq!(reason(&[vec![1.0], vec![2.0]]), Undefined::FewerThanTwoReaders);
        assert_eq!(reason(&[vec![1.0; 2], vec![1.0; 2]]), Undefined::NoSpread);
        assert_eq!(reason(&[vec![f64::NAN; 2], vec![1.0; 2]]), Undefined::NoSpread);
    }
}
