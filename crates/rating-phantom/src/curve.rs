//! Curves along the scan: one value for each column of pixels.

use crate::chance::Chance;
use crate::grid::gaussian;

/// Smooth step: 0 below 0, 1 above 1.
pub(crate) fn smoothstep(t: f32) -> f32 {
    let t = t.clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// The broken line through the knots (ascending), constant beyond them.
pub(crate) fn broken_line(at: f32, knots: &[(f32, f32)]) -> f32 {
    let first = knots[0];
    if at <= first.0 {
        return first.1;
    }
    for pair in knots.windows(2) {
        let [(x0, y0), (x1, y1)] = [pair[0], pair[1]];
        if at <= x1 {
            return y0 + (y1 - y0) * (at - x0) / (x1 - x0);
        }
    }
    knots[knots.len() - 1].1
}

/// The curve blurred by a gaussian; the ends go on with their last value.
pub(crate) fn smoothed(curve: &[f32], deviation_px: f32) -> Vec<f32> {
    let kernel = gaussian(deviation_px);
    let reach = (kernel.len() / 2) as isize;
    let last = curve.len() as isize - 1;
    let value = |at: isize| curve[at.clamp(0, last) as usize];
    (0..=last)
        .map(|at| kernel.iter().zip(-reach..).map(|(weight, by)| weight * value(at + by)).sum())
        .collect()
}

/// Smooth noise of mean 0 and variance 1 with this correlation length.
pub(crate) fn noise(length: usize, correlation_px: f32, chance: &mut Chance) -> Vec<f32> {
    let kernel = gaussian(correlation_px);
    let power: f32 = kernel.iter().map(|weight| weight * weight).sum();
    let scale = 1.0 / power.sqrt();
    let white: Vec<f32> =
        (0..length + kernel.len() - 1).map(|_| chance.normal(0.0, scale)).collect();
    white
        .windows(kernel.len())
        .map(|window| window.iter().zip(&kernel).map(|(value, weight)| value * weight).sum())
        .collect()
}

/// Slope of the curve at each column, by central differences, per pixel.
pub(crate) fn slope(curve: &[f32]) -> Vec<f32> {
    let last = curve.len() - 1;
    (0..curve.len())
        .map(|at| {
            let (before, after) = (at.saturating_sub(1), (at + 1).min(last));
            (curve[after] - curve[before]) / (after - before).max(1) as f32
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rating::Seed;

    #[test]
    fn a_broken_line_passes_its_knots_and_stays_beyond_them() {
        let knots = [(0.0, -1.0), (1.0, 1.0), (3.0, 0.0)];
        for (at, expected) in [(-5.0, -1.0), (0.5, 0.0), (1.0, 1.0), (2.0, 0.5), (9.0, 0.0)] {
            assert!((broken_line(at, &knots) - expected).abs() < 1e-6, "{at}");
        }
    }

    #[test]
    fn noise_has_unit_variance_for_any_correlation() {
        let mut chance = Chance::new(Seed::new(3));
        for correlation in [1.0, 3.0, 14.0] {
            let curve = noise(20_000, correlation, &mut chance);
            let variance = curve.iter().map(|value| value * value).sum::<f32>() / 20_000.0;
            assert!((variance - 1.0).abs() < 0.15, "{correlation}: {variance}");
        }
    }

    #[test]
    fn smoothing_keeps_a_constant_and_slope_finds_a_line() {
        assert!(smoothed(&[2.0; 30], 3.0).iter().all(|value| (value - 2.0).abs() < 1e-5));
        let line: Vec<f32> = (0..10).map(|at| 0.5 * at as f32).collect();
        assert!(slope(&line).iter().all(|value| (value - 0.5).abs() < 1e-6));
    }
}
