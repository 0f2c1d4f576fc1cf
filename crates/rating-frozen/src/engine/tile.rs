//! The micro-kernel: some pixels times some output channels.
//!
//! Everything that multiplies runs through it. A convolution sums over the
//! positions of its kernel ("taps"), each a place in the input relative to
//! the first pixel; a matrix product has one tap.

use super::vector::Vector;

/// What a tile is computed from.
#[derive(Clone, Copy)]
pub(super) struct Tile<'t> {
    /// Where each tap of the first pixel lies, in values from `input`.
    pub taps: &'t [isize],
    /// Input channels under each tap.
    pub depth: usize,
    /// The first pixel.
    pub input: *const f32,
    /// Values from one pixel to the next.
    pub input_step: usize,
    /// `[tap, depth, channels]`, channels being those of the tile.
    pub weights: *const f32,
    /// Where the first pixel's channels go.
    pub output: *mut f32,
    /// Values from one output pixel to the next.
    pub output_step: usize,
}

/// Computes `PIXELS` pixels of `VECTORS` vectors of channels. Each sum runs
/// over taps, then channels, whatever the tile's size.
///
/// # Safety
/// As for [`Vector`]; every tap of every pixel lies in one allocation of the
/// input, weights and output hold what the shapes say.
#[inline(always)]
pub(super) unsafe fn tile<V: Vector, const PIXELS: usize, const VECTORS: usize>(tile: Tile<'_>) {
    // SAFETY: the caller's promise covers every pointer below.
    unsafe {
        let mut sums = [[V::zero(); VECTORS]; PIXELS];
        let mut weights = tile.weights;
        for &tap in tile.taps {
            let input = tile.input.offset(tap);
            for channel in 0..tile.depth {
                let mut row = [V::zero(); VECTORS];
                for (vector, value) in row.iter_mut().enumerate() {
                    *value = V::load(weights.add(vector * V::LANES));
                }
                for (pixel, sums) in sums.iter_mut().enumerate() {
                    let value = V::splat(*input.add(pixel * tile.input_step + channel));
                    for (sum, weight) in sums.iter_mut().zip(row) {
                        *sum = sum.plus_product(value, weight);
                    }
                }
                weights = weights.add(VECTORS * V::LANES);
            }
        }
        for (pixel, sums) in sums.iter().enumerate() {
            for (vector, sum) in sums.iter().enumerate() {
                sum.store(tile.output.add(pixel * tile.output_step + vector * V::LANES));
            }
        }
    }
}
