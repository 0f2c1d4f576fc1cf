//! Several tests at once.

/// Holm's adjusted p values, in the order given (Holm, Scandinavian Journal of
/// Statistics 1979): the smallest p times m, the next times m - 1 and so on,
/// none below one before it and none above 1. To hold the chance of any false
/// alarm at 5 %, believe those below 0.05.
///
/// A p that is `None` was not tested: it stays `None` and does not count
/// towards m.
#[must_use]
pub fn holm(p: &[Option<f64>]) -> Vec<Option<f64>> {
    let tested = |(place, p): (usize, &Option<f64>)| p.map(|p| (place, p));
    let mut rising: Vec<(usize, f64)> = p.iter().enumerate().filter_map(tested).collect();
    rising.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut adjusted = vec![None; p.len()];
    let mut largest = 0.0_f64;
    for (before, &(place, p)) in rising.iter().enumerate() {
        largest = largest.max((p * (rising.len() - before) as f64).min(1.0));
        adjusted[place] = Some(largest);
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_tests_worked_by_hand() {
        // 0.005 x 4, 0.01 x 3, 0.03 x 2 and 0.04 x 1, which may not be below 0.06.
        let adjusted = holm(&[Some(0.01), Some(0.04), None, Some(0.03), Some(0.005)]);
        let expected = [Some(0.03), Some(0.06), None, Some(0.06), Some(0.02)];
        for (adjusted, expected) in adjusted.iter().zip(expected) {
            assert_eq!(adjusted.is_some(), expected.is_some());
            assert!((adjusted.unwrap_or(0.0) - expected.unwrap_or(0.0)).abs() < 1e-12);
        }
        assert_eq!(holm(&[Some(0.9), Some(0.8)]), [Some(1.0), Some(1.0)]);
        assert_eq!(holm(&[]), []);
    }
}
