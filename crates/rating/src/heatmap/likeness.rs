//! How alike two maps are.

use crate::stats::{Measured, Undefined};

/// Pearson's correlation of two maps of one size, -1 to 1.
///
/// # Errors
/// Fewer than two values, or a map that is the same everywhere.
pub fn pearson(first: &[f32], second: &[f32]) -> Measured {
    let pairs = || first.iter().zip(second).map(|(&a, &b)| (f64::from(a), f64::from(b)));
    let count = first.len().min(second.len());
    if count < 2 {
        return Err(Undefined::FewerThanTwo);
    }
    let (sum_a, sum_b) = pairs().fold((0.0, 0.0), |sums, (a, b)| (sums.0 + a, sums.1 + b));
    let (mean_a, mean_b) = (sum_a / count as f64, sum_b / count as f64);
    let (mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0);
    for (a, b) in pairs() {
        let (a, b) = (a - mean_a, b - mean_b);
        (aa, bb, ab) = (aa + a * a, bb + b * b, ab + a * b);
    }
    let scale = (aa * bb).sqrt();
    // Rounding of the mean leaves a constant map a trace of spread.
    let least = 1e-26 * count as f64 * (mean_a * mean_b).abs();
    if scale <= least {
        return Err(Undefined::NoSpread);
    }
    Ok((ab / scale).clamp(-1.0, 1.0))
}

/// Side of the windows of [`structural`], in pixels, and the way from one to
/// the next.
const WINDOW: usize = 8;
const STEP: usize = 4;

/// Constants of Wang et al. 2004 for values on a scale of 0 to 1.
const C1: f64 = 0.01 * 0.01;
const C2: f64 = 0.03 * 0.03;

/// Structural similarity (SSIM, Wang et al. 2004) of two square maps of
/// `side` x `side` values between 0 and 1: mean over windows of 8 x 8 pixels, 4
/// apart, each pixel counting alike. 1 for equal maps.
///
/// Windows where both maps are 0 everywhere are left out: shown maps are mostly
/// empty, and two empty places would make any two maps look alike.
///
/// # Errors
/// Maps smaller than one window, or nothing in either.
pub fn structural(first: &[f32], second: &[f32], side: usize) -> Measured {
    if side < WINDOW || first.len() != side * side || second.len() != side * side {
        return Err(Undefined::NoCases);
    }
    let mut values = Vec::new();
    for top in (0..=side - WINDOW).step_by(STEP) {
        for left in (0..=side - WINDOW).step_by(STEP) {
            values.extend(of_window(first, second, side, top * side + left));
        }
    }
    crate::stats::interval::mean(&values)
}

/// `None` where there is nothing.
fn of_window(first: &[f32], second: &[f32], side: usize, corner: usize) -> Option<f64> {
    let (mut a, mut b, mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for row in 0..WINDOW {
        let start = corner + row * side;
        for at in start..start + WINDOW {
            let (x, y) = (f64::from(first[at]), f64::from(second[at]));
            (a, b, aa, bb, ab) = (a + x, b + y, aa + x * x, bb + y * y, ab + x * y);
        }
    }
    if aa + bb == 0.0 {
        return None;
    }
    let count = (WINDOW * WINDOW) as f64;
    let (a, b) = (a / count, b / count);
    let (var_a, var_b, covariance) = (aa / count - a * a, bb / count - b * b, ab / count - a * b);
    let above = (2.0 * a * b + C1) * (2.0 * covariance + C2);
    Some(above / ((a * a + b * b + C1) * (var_a + var_b + C2)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn correlations_by_hand() {
        assert_eq!(pearson(&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0]), Ok(1.0));
        assert_eq!(pearson(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0]), Ok(-1.0));
        // Deviations -1, 0, 1 and -1, 2, -1: no common part.
        assert_eq!(pearson(&[1.0, 2.0, 3.0], &[0.0, 3.0, 0.0]), Ok(0.0));
        assert_eq!(pearson(&[1.0], &[2.0]), Err(Undefined::FewerThanTwo));
        assert_eq!(pearson(&[0.1; 7], &[0.1; 7]), Err(Undefined::NoSpread));
        assert_eq!(pearson(&[0.0; 3], &[1.0, 2.0, 3.0]), Err(Undefined::NoSpread));
    }

    #[test]
    fn a_map_is_like_itself_and_unlike_its_inverse() {
        let map: Vec<f32> = (0..256).map(|k| (k % 7) as f32 / 6.0).collect();
        let inverse: Vec<f32> = map.iter().map(|value| 1.0 - value).collect();
        assert!((structural(&map, &map, 16).unwrap() - 1.0).abs() < 1e-12);
        assert!(structural(&map, &inverse, 16).unwrap() < -0.8);
        assert_eq!(structural(&map, &map, 7), Err(Undefined::NoCases));
        assert_eq!(structural(&[0.0; 256], &[0.0; 256], 16), Err(Undefined::NoCases));
    }

    #[test]
    fn empty_places_do_not_make_maps_alike() {
        let spot = |corner: usize| {
            let mut map = vec![0.0; 32 * 32];
            (corner..corner + 4).for_each(|at| map[at] = 1.0);
            map
        };
        assert!(structural(&spot(0), &spot(32 * 20 + 20), 32).unwrap() < 0.1);
    }

    proptest! {
        #[test]
        fn both_ways_round_are_the_same(pairs in prop::collection::vec((-1.0_f32..1.0, -1.0_f32..1.0), 2..60)) {
            let (first, second): (Vec<f32>, Vec<f32>) = pairs.into_iter().unzip();
            prop_assert_eq!(pearson(&first, &second), pearson(&second, &first));
        }

        #[test]
        fn unit_and_offset_do_not_matter(pairs in prop::collection::vec((0_i8..9, 0_i8..9), 2..60)) {
            let first: Vec<f32> = pairs.iter().map(|pair| f32::from(pair.0)).collect();
            let second: Vec<f32> = pairs.iter().map(|pair| f32::from(pair.1)).collect();
            let moved: Vec<f32> = first.iter().map(|value| 4.0 * value + 3.0).collect();
            match (pearson(&first, &second), pearson(&moved, &second)) {
                (Ok(plain), Ok(moved)) => prop_assert!((plain - moved).abs() < 1e-9),
                (plain, moved) => prop_assert_eq!(plain, moved),
            }
        }
    }
}
