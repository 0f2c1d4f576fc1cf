//! Max pooling, and which value won.

use super::geometry::{Maps, Window};

/// Samples worked on at a time, held in registers.
const LANES: usize = 16;

/// The largest value under each window, and its place in the window (as wide
/// as a value, for the vector unit). Ties go to the first, as in PyTorch.
pub fn forward(window: Window, input: Maps, values: &[f32]) -> (Vec<f32>, Vec<u32>) {
    let output = window.output(input);
    let mut largest = vec![0.0; output.len()];
    let mut winners = vec![0; output.len()];
    each_window(window, input, |to, taps| {
        for start in (0..input.batch).step_by(LANES) {
            let lanes = LANES.min(input.batch - start);
            let mut best = [f32::NEG_INFINITY; LANES];
            let mut winner = [0_u32; LANES];
            for (tap, from) in taps {
                let values = &values[from + start..][..lanes];
                for ((best, winner), value) in best.iter_mut().zip(&mut winner).zip(values) {
                    // Written so that a NaN wins instead of vanishing.
                    let stays = *value <= *best;
                    *best = if stays { *best } else { *value };
                    *winner = if stays { *winner } else { *tap };
                }
            }
            largest[to + start..][..lanes].copy_from_slice(&best[..lanes]);
            winners[to + start..][..lanes].copy_from_slice(&winner[..lanes]);
        }
    });
    (largest, winners)
}

/// The gradient of the input: each output's goes to the value that won.
pub fn backward(window: Window, input: Maps, winners: &[u32], gradient: &[f32]) -> Vec<f32> {
    let mut sums = vec![0.0; input.len()];
    each_window(window, input, |to, taps| {
        for start in (0..input.batch).step_by(LANES) {
            let lanes = LANES.min(input.batch - start);
            // Copies, so that the compiler need not fear an overlap.
            let (mut won, mut winner) = ([0.0; LANES], [0_u32; LANES]);
            won[..lanes].copy_from_slice(&gradient[to + start..][..lanes]);
            winner[..lanes].copy_from_slice(&winners[to + start..][..lanes]);
            for (tap, from) in taps {
                let sums = &mut sums[from + start..][..lanes];
                for ((sum, won), winner) in sums.iter_mut().zip(&won).zip(&winner) {
                    *sum += if winner == tap { *won } else { 0.0 };
                }
            }
        }
    });
    sums
}

/// Visits every window: where its samples start in the output, and the values
/// under it, each with its place in the window and where its samples start in
/// the input.
fn each_window(window: Window, input: Maps, mut visit: impl FnMut(usize, &[(u32, usize)])) {
    let output = window.output(input);
    let mut taps = Vec::new();
    for channel in 0..input.channels {
        for y in 0..output.height {
            for x in 0..output.width {
                taps.clear();
                for (tap, (tap_y, tap_x)) in (0..).zip(places(window.side)) {
                    let from_y = window.under(y, tap_y, input.height);
                    let from_x = window.under(x, tap_x, input.width);
                    if let Some((from_y, from_x)) = from_y.zip(from_x) {
                        let row = channel * input.plane() + from_y * input.row();
                        taps.push((tap, row + from_x * input.batch));
                    }
                }
                visit(channel * output.plane() + y * output.row() + x * output.batch, &taps);
            }
        }
    }
}

/// Rows and columns of a window, row by row.
fn places(side: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..side).flat_map(move |y| (0..side).map(move |x| (y, x)))
}
