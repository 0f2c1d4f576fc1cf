//! Where on the line from the baseline to the image gradients are taken.

use std::f64::consts::PI;

use rand::{Rng, RngExt};

/// One point on the straight line from the baseline to the image, and its
/// share of the integral.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PathPoint {
    /// 0 at the baseline, 1 at the image.
    pub alpha: f64,
    /// Weight in the sum; the weights of a rule add up to 1.
    pub weight: f64,
}

/// The right Riemann sum of the paper's Equation 3: `k / count` for k from 1.
#[must_use]
pub fn right_riemann(count: usize) -> Vec<PathPoint> {
    let point =
        |k: usize| PathPoint { alpha: (k + 1) as f64 / count as f64, weight: 1.0 / count as f64 };
    (0..count).map(point).collect()
}

/// The middles of `count` equal parts.
#[must_use]
pub fn midpoints(count: usize) -> Vec<PathPoint> {
    let point =
        |k: usize| PathPoint { alpha: (k as f64 + 0.5) / count as f64, weight: 1.0 / count as f64 };
    (0..count).map(point).collect()
}

/// Gauss-Legendre quadrature on 0 to 1, exact for polynomials of degree
/// `2 count - 1`; ascending. It is what Captum, and so the authors' code, uses.
#[must_use]
pub fn gauss_legendre(count: usize) -> Vec<PathPoint> {
    let point = |k: usize| {
        // The guess of Tricomi for the k-th largest root, then Newton's steps.
        let mut root = (PI * (k as f64 + 0.75) / (count as f64 + 0.5)).cos();
        let mut slope = 0.0;
        for _ in 0..NEWTON_STEPS {
            let (value, derivative) = legendre(count, root);
            root -= value / derivative;
            slope = derivative;
        }
        let weight = 1.0 / ((1.0 - root * root) * slope * slope);
        PathPoint { alpha: (root + 1.0) / 2.0, weight }
    };
    (0..count).rev().map(point).collect()
}

/// Newton's method doubles the digits; the guess has two or more.
const NEWTON_STEPS: usize = 8;

/// The Legendre polynomial of this degree (at least 1) and its derivative, for
/// `x` strictly within -1 and 1.
fn legendre(degree: usize, x: f64) -> (f64, f64) {
    let (mut before, mut value) = (1.0, x);
    for n in 2..=degree {
        let n = n as f64;
        (before, value) = (value, ((2.0 * n - 1.0) * x * value - (n - 1.0) * before) / n);
    }
    (value, degree as f64 * (x * value - before) / (x * x - 1.0))
}

/// One point in each of `count` equal parts, at random in its part, in random
/// order: points to be shared out among noisy copies, so that each copy needs
/// one gradient only and all copies together still cover the line.
///
/// Each weight is 1: the copies' mean is the integral.
#[must_use]
pub fn stratified(count: usize, rng: &mut impl Rng) -> Vec<PathPoint> {
    let mut points: Vec<PathPoint> = (0..count)
        .map(|part| {
            let within: f64 = rng.random();
            PathPoint { alpha: (part as f64 + within) / count as f64, weight: 1.0 }
        })
        .collect();
    // Fisher and Yates.
    for last in (1..points.len()).rev() {
        points.swap(last, rng.random_range(0..=last as u64) as usize);
    }
    points
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    fn integral(points: &[PathPoint], of: impl Fn(f64) -> f64) -> f64 {
        points.iter().map(|point| point.weight * of(point.alpha)).sum()
    }

    #[test]
    fn riemann_sums_by_hand() {
        let alphas = |points: Vec<PathPoint>| points.iter().map(|p| p.alpha).collect::<Vec<_>>();
        assert_eq!(alphas(right_riemann(4)), [0.25, 0.5, 0.75, 1.0]);
        assert_eq!(alphas(midpoints(2)), [0.25, 0.75]);
        assert_eq!(right_riemann(4)[0].weight, 0.25);
    }

    #[test]
    fn gauss_legendre_of_three_points_by_hand() {
        // Nodes 0 and +-sqrt(3/5), weights 8/9 and 5/9, moved from [-1, 1] to [0, 1].
        let far = 0.6_f64.sqrt() / 2.0;
        let expected = [(0.5 - far, 5.0 / 18.0), (0.5, 8.0 / 18.0), (0.5 + far, 5.0 / 18.0)];
        for (point, (alpha, weight)) in gauss_legendre(3).iter().zip(expected) {
            assert!((point.alpha - alpha).abs() < 1e-15, "{point:?}");
            assert!((point.weight - weight).abs() < 1e-15, "{point:?}");
        }
        assert_eq!(gauss_legendre(0), []);
    }

    proptest! {
        #[test]
        fn gauss_legendre_is_exact_for_polynomials(count in 1_usize..70, share in 0.0..1.0_f64) {
            let power = (share * (2 * count) as f64) as i32;
            let points = gauss_legendre(count);
            let exact = 1.0 / f64::from(power + 1);
            prop_assert!((integral(&points, |x| x.powi(power)) - exact).abs() < 1e-12);
            prop_assert!(points.windows(2).all(|pair| pair[0].alpha < pair[1].alpha));
            prop_assert!(points.iter().all(|point| point.weight > 0.0));
        }

        #[test]
        fn a_line_is_integrated_by_midpoints(count in 1_usize..70) {
            prop_assert!((integral(&midpoints(count), |x| 3.0 * x + 1.0) - 2.5).abs() < 1e-12);
        }

        #[test]
        fn strata_have_one_point_each(count in 1_usize..70, seed: u64) {
            let mut points = stratified(count, &mut ChaCha8Rng::seed_from_u64(seed));
            points.sort_by(|a, b| a.alpha.total_cmp(&b.alpha));
            for (part, point) in points.iter().enumerate() {
                prop_assert_eq!((point.alpha * count as f64) as usize, part);
            }
        }
    }
}
