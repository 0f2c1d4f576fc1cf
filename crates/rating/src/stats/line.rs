//! A straight line through independent points.

use serde::Serialize;

use super::distribution::{UPPER, t_quantile, t_two_sided};
use super::{Interval, Undefined};

/// How much y rises when x rises by 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Line {
    /// The slope, in units of y over units of x.
    pub value: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// How many points there are; t has two degrees of freedom less.
    pub points: usize,
    /// Two-sided p that there is no slope.
    pub p: f64,
    /// 95 %.
    pub interval: Interval,
}

/// The least-squares line through `points` of (x, y), which scatter about it by one
/// spread and independently: Student's t with points - 2 degrees of freedom.
///
/// # Errors
/// Fewer than three points, x all alike, a value that is not finite, or a line through
/// every point.
pub fn line(points: &[(f64, f64)]) -> Result<Line, Undefined> {
    if points.iter().any(|(x, y)| !(x.is_finite() && y.is_finite())) {
        return Err(Undefined::NotFinite);
    }
    if points.len() < 3 {
        return Err(Undefined::FewerThanThree);
    }
    let count = points.len() as f64;
    let [x, y] = points.iter().fold([0.0, 0.0], |sum, (x, y)| [sum[0] + x, sum[1] + y]);
    let centred: Vec<[f64; 2]> =
        points.iter().map(|point| [point.0 - x / count, point.1 - y / count]).collect();
    let sum = |of: &dyn Fn(&[f64; 2]) -> f64| centred.iter().map(of).sum::<f64>();
    let squares = sum(&|[x, _]| x * x);
    if squares == 0.0 {
        return Err(Undefined::NoSpread);
    }
    let value = sum(&|[x, y]| x * y) / squares;
    let freedom = count - 2.0;
    let standard_error = (sum(&|[x, y]| (y - value * x).powi(2)) / freedom / squares).sqrt();
    if standard_error <= 1e-12 * (sum(&|[_, y]| y * y) / squares).sqrt() {
        return Err(Undefined::NoWidth);
    }
    let half = t_quantile(UPPER, freedom).ok_or(Undefined::NotConverged)? * standard_error;
    Ok(Line {
        value,
        standard_error,
        points: points.len(),
        p: t_two_sided(value / standard_error, freedom).ok_or(Undefined::NotConverged)?,
        interval: Interval { low: value - half, high: value + half },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_worked_by_hand() {
        // x -1, 0, 1 about 1; slope (3 + 0) / 2; what is left of y: 1/2, -1, 1/2.
        let found = line(&[(0.0, 0.0), (1.0, 0.0), (2.0, 3.0)]).unwrap();
        assert!((found.value - 1.5).abs() < 1e-12);
        assert!((found.standard_error - (1.5_f64 / 2.0).sqrt()).abs() < 1e-12);
        // t of one degree of freedom at the square root of 3: p = 1/3.
        assert!((found.p - 1.0 / 3.0).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn without_slope_one_line_in_twenty_has_one() {
        // Sums of twelve even values, from a generator of three lines (Knuth's MMIX).
        let mut state = 7_u64;
        let mut even = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        for readers in [3, 6] {
            let mut found = 0;
            for _ in 0..4000 {
                let points: Vec<(f64, f64)> = (0..readers)
                    .map(|at| (f64::from(at), (0..12).map(|_| even()).sum::<f64>()))
                    .collect();
                found += u32::from(line(&points).unwrap().p < 0.05);
            }
            // 200 expected, standard deviation 14.
            assert!((150..=250).contains(&found), "{readers} readers: {found}");
        }
    }

    #[test]
    fn what_has_no_line_says_why() {
        assert_eq!(line(&[(0.0, 1.0), (1.0, 3.0)]), Err(Undefined::FewerThanThree));
        assert_eq!(line(&[(1.0, 1.0), (1.0, 3.0), (1.0, 2.0)]), Err(Undefined::NoSpread));
        assert_eq!(line(&[(0.0, 1.0), (1.0, 2.0), (2.0, 3.0)]), Err(Undefined::NoWidth));
        let not_finite = [(0.0, f64::NAN), (1.0, 2.0), (2.0, 3.0)];
        assert_eq!(line(&not_finite), Err(Undefined::NotFinite));
    }
}
