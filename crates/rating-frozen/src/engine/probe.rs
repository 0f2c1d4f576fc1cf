//! What the processor can do at best, to set times against.

use std::time::Instant;

use super::kernels::Kernels;
use super::map::Buffer;
use super::tile::Tile;

/// Multiplications and additions a second, in units of 10^9, that the fastest
/// micro-kernel here reaches on one thread with everything in the first-level
/// cache; over about 20 ms.
#[must_use]
pub fn peak_gflops() -> f64 {
    const DEPTH: usize = 128;
    const TIMES: usize = 200;
    let Some(kernels) = Kernels::all().first().copied() else { return 0.0 };
    let (pixels, channels) = (kernels.most_pixels, 2 * kernels.lanes);
    let (input, weights) = (Buffer::new(pixels * DEPTH), Buffer::new(channels * DEPTH));
    let mut output = Buffer::new(pixels * channels);
    let tile = Tile {
        taps: &[0],
        depth: DEPTH,
        input: input.first(),
        input_step: DEPTH,
        weights: weights.first(),
        output: output.first_mut(),
        output_step: channels,
    };
    let mut best = f64::INFINITY;
    for _ in 0..100 {
        let began = Instant::now();
        for _ in 0..TIMES {
            // SAFETY: the buffers hold what the tile's shape says; the entry is
            // one that this processor can run.
            unsafe { kernels.tile[pixels - 1][1](tile) };
        }
        best = best.min(began.elapsed().as_secs_f64());
    }
    (2 * TIMES * pixels * channels * DEPTH) as f64 / best / 1e9
}
