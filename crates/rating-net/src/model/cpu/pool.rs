//! Max pooling, and which value won.

use super::geometry::{Maps, Window};

/// The largest value under each window, and its place in the window; ties go
/// to the first, as in PyTorch.
pub fn forward(window: Window, input: Maps, values: &[f32]) -> (Vec<f32>, Vec<u8>) {
    let output = window.output(input);
    let mut largest = vec![f32::NEG_INFINITY; output.len()];
    let mut winners = vec![0_u8; output.len()];
    each_tap(window, input, |tap, from, to| {
        let values = &values[from..from + input.batch];
        let largest = &mut largest[to..to + input.batch];
        let winners = &mut winners[to..to + input.batch];
        for ((largest, winner), value) in largest.iter_mut().zip(winners).zip(values) {
            // Not `>`: a NaN must win, not vanish.
            let wins = !(*value <= *largest);
            *largest = if wins { *value } else { *largest };
            *winner = if wins { tap } else { *winner };
        }
    });
    (largest, winners)
}

/// The gradient of the input: each output's goes to the value that won.
pub fn backward(window: Window, input: Maps, winners: &[u8], gradient: &[f32]) -> Vec<f32> {
    let mut sum = vec![0.0; input.len()];
    each_tap(window, input, |tap, from, to| {
        let sum = &mut sum[from..from + input.batch];
        let gradient = &gradient[to..to + input.batch];
        let winners = &winners[to..to + input.batch];
        for ((sum, gradient), winner) in sum.iter_mut().zip(gradient).zip(winners) {
            *sum += if *winner == tap { *gradient } else { 0.0 };
        }
    });
    sum
}

/// Visits every value under every window: its place in the window, where its
/// samples start in the input, and where those of the window do in the output.
fn each_tap(window: Window, input: Maps, mut visit: impl FnMut(u8, usize, usize)) {
    let output = window.output(input);
    for channel in 0..input.channels {
        for y in 0..output.height {
            for x in 0..output.width {
                let to = channel * output.plane() + y * output.row() + x * output.batch;
                for tap_y in 0..window.side {
                    let Some(from_y) = window.under(y, tap_y, input.height) else { continue };
                    for tap_x in 0..window.side {
                        let Some(from_x) = window.under(x, tap_x, input.width) else { continue };
                        let from =
                            channel * input.plane() + from_y * input.row() + from_x * input.batch;
                        visit((tap_y * window.side + tap_x) as u8, from, to);
                    }
                }
            }
        }
    }
}
