//! Resizing as Pillow's BILINEAR does: a triangle filter that widens when the
//! picture shrinks (antialiasing), first along rows, then along columns, in
//! 8-bit fixed point.
//!
//! The arithmetic is Pillow's to the last bit (`Resample.c` describes it), and
//! on integers, so every processor gives the same pixels.

use super::raster::Raster;

/// Bits behind the point of a weight: 32, less 8 of a sample and 2 to spare.
const BITS: u32 = 22;

/// The part `[left, top, width, height]` of a raster (pixels, fractional,
/// within the raster) as a square of `px`.
pub(super) fn resize(raster: &Raster, [left, top, width, height]: [f64; 4], px: u32) -> Raster {
    let across = Axis::new(left, width, raster.width, px);
    let down = Axis::new(top, height, raster.height, px);
    let rows = match raster.channels {
        1 => along_rows::<1>(raster, &across),
        _ => along_rows::<3>(raster, &across),
    };
    let samples = along_columns(&rows, px as usize * raster.channels, &down);
    Raster { width: px, height: px, channels: raster.channels, samples }
}

/// For each output pixel of one direction: the first input pixel, and the
/// weights of it and its followers.
struct Axis {
    pixels: Vec<(usize, Vec<i32>)>,
}

impl Axis {
    /// The weights that bring `length` pixels from `first` on, of `size`, to `px`.
    fn new(first: f64, length: f64, size: u32, px: u32) -> Axis {
        let step = length / f64::from(px);
        let reach = step.max(1.0);
        let pixel = |out: u32| {
            let middle = first + (f64::from(out) + 0.5) * step;
            let least = (middle - reach + 0.5).max(0.0) as u32;
            let most = ((middle + reach + 0.5) as u32).min(size);
            let triangle = |input: u32| {
                let distance = (f64::from(input) - middle + 0.5) * (1.0 / reach);
                (1.0 - distance.abs()).max(0.0)
            };
            let weights: Vec<f64> = (least..most).map(triangle).collect();
            let sum: f64 = weights.iter().sum();
            (least as usize, weights.into_iter().map(|weight| fixed(weight / sum)).collect())
        };
        Axis { pixels: (0..px).map(pixel).collect() }
    }
}

/// A weight of 0 to 1 in fixed point, rounded.
fn fixed(weight: f64) -> i32 {
    (weight * f64::from(1 << BITS) + 0.5) as i32
}

/// A sum of weighted samples, begun at [`HALF`], as a sample.
fn sample(sum: i32) -> u8 {
    (sum >> BITS).clamp(0, 255) as u8
}

/// What a sum begins with, so that cutting its bits rounds it.
const HALF: i32 = 1 << (BITS - 1);

fn along_rows<const CHANNELS: usize>(raster: &Raster, across: &Axis) -> Vec<u8> {
    let mut samples = Vec::with_capacity(raster.height as usize * across.pixels.len() * CHANNELS);
    for row in raster.samples.chunks_exact(raster.width as usize * CHANNELS) {
        let pixels = row.as_chunks::<CHANNELS>().0;
        for (first, weights) in &across.pixels {
            let mut sums = [HALF; CHANNELS];
            for (pixel, weight) in pixels[*first..].iter().zip(weights) {
                for (sum, value) in sums.iter_mut().zip(pixel) {
                    *sum += weight * i32::from(*value);
                }
            }
            samples.extend(sums.map(sample));
        }
    }
    samples
}

/// `rows` has `stride` samples a row.
fn along_columns(rows: &[u8], stride: usize, down: &Axis) -> Vec<u8> {
    let mut samples = Vec::with_capacity(down.pixels.len() * stride);
    let mut sums = vec![HALF; stride];
    for (first, weights) in &down.pixels {
        sums.fill(HALF);
        for (row, weight) in rows.chunks_exact(stride.max(1)).skip(*first).zip(weights) {
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += weight * i32::from(*value);
            }
        }
        samples.extend(sums.iter().copied().map(sample));
    }
    samples
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(samples: &[u8]) -> Raster {
        Raster { width: samples.len() as u32, height: 1, channels: 1, samples: samples.to_vec() }
    }

    #[test]
    fn the_same_size_is_the_same_picture() {
        let samples: Vec<u8> = (0..75).map(|k| (k * 37 % 256) as u8).collect();
        let picture = Raster { width: 5, height: 5, channels: 3, samples };
        assert_eq!(resize(&picture, [0.0, 0.0, 5.0, 5.0], 5), picture);
    }

    #[test]
    fn a_constant_stays_constant_at_any_size() {
        for value in [0, 1, 127, 254, 255] {
            for (size, px) in [(1, 7), (7, 1), (13, 8), (31, 224), (1000, 8)] {
                let resized = resize(&row(&vec![value; size]), [0.0, 0.0, size as f64, 1.0], px);
                assert!(
                    resized.samples.iter().all(|&sample| sample == value),
                    "{value} {size} {px}"
                );
            }
        }
    }

    #[test]
    fn halving_by_hand() {
        // Reach 2 about 1.0: weights 3, 3, 1 of the first three pixels; then
        // the same mirrored about 3.0.
        let resized = resize(&row(&[0, 80, 160, 240]), [0.0, 0.0, 4.0, 1.0], 2);
        // (0 x 3 + 80 x 3 + 160 x 1) / 7 = 57.1; (80 x 1 + 160 x 3 + 240 x 3) / 7 = 182.9
        assert_eq!(resized.samples[..2], [57, 183]);
    }
}
