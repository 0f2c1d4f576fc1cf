//! Intervals of a proportion of independent cases.

use super::distribution::{UPPER, beta_quantile, normal_quantile};
use super::{Interval, Undefined};

/// Wilson's score interval, 95 % (Wilson, Journal of the American Statistical
/// Association 1927): on average as good as its name even for few cases, and
/// never outside 0 to 1.
///
/// # Errors
/// Without cases, or with more hits than cases.
pub fn wilson(hits: u64, cases: u64) -> Result<Interval, Undefined> {
    let (hits, n) = checked(hits, cases)?;
    let share = hits / n;
    let z = normal_quantile(UPPER);
    let shrink = 1.0 + z * z / n;
    let middle = (share + z * z / (2.0 * n)) / shrink;
    let half = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt() / shrink;
    // Exactly 0 and 1 at the ends, where rounding would miss them.
    let low = if share == 0.0 { 0.0 } else { (middle - half).max(0.0) };
    let high = if share == 1.0 { 1.0 } else { (middle + half).min(1.0) };
    Ok(Interval { low, high })
}

/// The exact interval, 95 % (Clopper and Pearson, Biometrika 1934): never less
/// than its name, so often wider than needed.
///
/// # Errors
/// Without cases, or with more hits than cases.
pub fn clopper_pearson(hits: u64, cases: u64) -> Result<Interval, Undefined> {
    let (hits, n) = checked(hits, cases)?;
    let misses = n - hits;
    let low = if hits == 0.0 { Some(0.0) } else { beta_quantile(1.0 - UPPER, hits, misses + 1.0) };
    let high = if misses == 0.0 { Some(1.0) } else { beta_quantile(UPPER, hits + 1.0, misses) };
    match (low, high) {
        (Some(low), Some(high)) => Ok(Interval { low, high }),
        _ => Err(Undefined::NotConverged),
    }
}

fn checked(hits: u64, cases: u64) -> Result<(f64, f64), Undefined> {
    if cases == 0 || hits > cases {
        return Err(Undefined::NoCases);
    }
    Ok((hits as f64, cases as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_of_ten() {
        // Exactly: 1 - 0.025^(1/10). Wilson: z^2 / (10 + z^2).
        let exact = clopper_pearson(0, 10).unwrap();
        assert_eq!(exact.low, 0.0);
        assert!((exact.high - (1.0 - 0.025_f64.powf(0.1))).abs() < 1e-9);
        let wilson = wilson(0, 10).unwrap();
        assert_eq!(wilson.low, 0.0);
        assert!((wilson.high - 3.841458820694124 / 13.841458820694124).abs() < 1e-9);
    }

    #[test]
    fn hits_and_misses_mirror() {
        let (few, many) = (clopper_pearson(3, 20).unwrap(), clopper_pearson(17, 20).unwrap());
        assert!((few.low - (1.0 - many.high)).abs() < 1e-9);
        assert_eq!(clopper_pearson(20, 20).unwrap().high, 1.0);
        assert_eq!(wilson(0, 0), Err(Undefined::NoCases));
        assert_eq!(clopper_pearson(2, 1), Err(Undefined::NoCases));
    }
}
