//! A straight line through clustered values: does something drift?

use serde::Serialize;

use super::distribution::{UPPER, t_quantile, t_two_sided};
use super::{Interval, Undefined};

/// One value. Each group has a level of its own; values of one cluster may resemble
/// each other in any way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Where it lies, such as the place in a session.
    pub x: f64,
    /// The value.
    pub y: f64,
    /// Whose level it has, such as a reader.
    pub group: usize,
    /// With which others it goes together, such as a reader or a patient.
    pub cluster: usize,
}

/// How much y rises when x rises by 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Slope {
    /// The slope, in units of y over units of x.
    pub value: f64,
    /// Its standard error, by clusters.
    pub standard_error: f64,
    /// How many clusters there are; t has one degree of freedom less.
    pub clusters: usize,
    /// Two-sided p that there is no slope.
    pub p: f64,
    /// 95 %.
    pub interval: Interval,
}

/// The least-squares slope that all groups share, each with a level of its own.
/// Its error is robust to any likeness within clusters: the sandwich estimator
/// with the factor clusters / (clusters - 1) (Liang and Zeger, Biometrika 1986;
/// Cameron and Miller, Journal of Human Resources 2015), and t with clusters - 1
/// degrees of freedom.
///
/// # Errors
/// With fewer than two clusters, where x does not vary within a group, where the
/// line goes through every point, or where a value is not finite.
pub fn slope(points: &[Point]) -> Result<Slope, Undefined> {
    if points.iter().any(|point| !(point.x.is_finite() && point.y.is_finite())) {
        return Err(Undefined::NotFinite);
    }
    let centred = centred(points);
    let squares: f64 = centred.iter().map(|[x, _]| x * x).sum();
    if points.is_empty() {
        return Err(Undefined::NoCases);
    }
    if squares == 0.0 {
        return Err(Undefined::NoSpread);
    }
    let value = centred.iter().map(|[x, y]| x * y).sum::<f64>() / squares;
    let mut scores = vec![None; points.iter().map(|point| point.cluster + 1).max().unwrap_or(0)];
    for (point, [x, y]) in points.iter().zip(&centred) {
        *scores[point.cluster].get_or_insert(0.0) += x * (y - value * x);
    }
    let scores: Vec<f64> = scores.into_iter().flatten().collect();
    let clusters = scores.len();
    if clusters < 2 {
        return Err(Undefined::FewerThanTwo);
    }
    let freedom = clusters as f64 - 1.0;
    let spread: f64 = scores.iter().map(|score| score * score).sum();
    let standard_error = (clusters as f64 / freedom * spread).sqrt() / squares;
    let size: f64 = centred.iter().map(|[_, y]| y * y).sum();
    if standard_error <= 1e-12 * (size / squares).sqrt() {
        return Err(Undefined::NoWidth);
    }
    let half = t_quantile(UPPER, freedom).ok_or(Undefined::NotConverged)? * standard_error;
    let p = t_two_sided(value / standard_error, freedom).ok_or(Undefined::NotConverged)?;
    let interval = Interval { low: value - half, high: value + half };
    Ok(Slope { value, standard_error, clusters, p, interval })
}

/// x and y of each point, less the mean of its group.
fn centred(points: &[Point]) -> Vec<[f64; 2]> {
    let groups = points.iter().map(|point| point.group + 1).max().unwrap_or(0);
    let mut sums = vec![[0.0; 3]; groups];
    for point in points {
        let sum = &mut sums[point.group];
        *sum = [sum[0] + point.x, sum[1] + point.y, sum[2] + 1.0];
    }
    let less = |point: &Point| {
        let [x, y, count] = sums[point.group];
        [point.x - x / count, point.y - y / count]
    };
    points.iter().map(less).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(of: &[(f64, f64, usize)]) -> Vec<Point> {
        of.iter().map(|&(x, y, group)| Point { x, y, group, cluster: group }).collect()
    }

    #[test]
    fn a_slope_worked_by_hand() {
        // Levels 0 and 10; slopes 1 and 3 over x = -1, 0, 1: together 2. Residuals
        // times x add up to -2 and 2; squares of x to 4.
        let found = slope(&points(&[
            (0.0, -1.0, 0),
            (1.0, 0.0, 0),
            (2.0, 1.0, 0),
            (5.0, 7.0, 1),
            (6.0, 10.0, 1),
            (7.0, 13.0, 1),
        ]))
        .unwrap();
        assert!((found.value - 2.0).abs() < 1e-12);
        assert!((found.standard_error - (2.0_f64 * 8.0).sqrt() / 4.0).abs() < 1e-12);
        // t of 1 degree of freedom at 2 / 1: p = 1 - 2 atan(2) / pi.
        let p = 1.0 - 2.0 * 2.0_f64.atan() / std::f64::consts::PI;
        assert!((found.p - p).abs() < 1e-9, "{} {p}", found.p);
        assert_eq!(found.clusters, 2);
    }

    #[test]
    fn what_has_no_slope_says_why() {
        assert_eq!(slope(&[]), Err(Undefined::NoCases));
        assert_eq!(slope(&points(&[(1.0, 0.0, 0), (1.0, 1.0, 0)])), Err(Undefined::NoSpread));
        assert_eq!(slope(&points(&[(0.0, 0.0, 0), (1.0, 3.0, 0)])), Err(Undefined::FewerThanTwo));
        let line = [(0.0, 0.1, 0), (1.0, 0.3, 0), (0.0, 5.0, 1), (2.0, 5.4, 1)];
        assert_eq!(slope(&points(&line)), Err(Undefined::NoWidth));
        assert_eq!(slope(&points(&[(f64::NAN, 0.0, 0)])), Err(Undefined::NotFinite));
    }
}
