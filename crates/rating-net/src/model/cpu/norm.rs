//! Batch-norm over one channel, which is one piece of memory.

/// Batch-norm's guard against division by zero, PyTorch's default.
pub const EPSILON: f32 = 1e-5;

/// Values summed in 32 bits before they go to a sum in 64.
const BLOCK: usize = 4096;
/// Sums kept side by side, for the vector unit.
const LANES: usize = 16;

/// The sum of `term` over all indices, in a fixed order.
fn sum(length: usize, term: impl Fn(usize) -> f32) -> f64 {
    let mut total = 0.0;
    let mut start = 0;
    while start < length {
        let end = (start + BLOCK).min(length);
        let mut lanes = [0.0_f32; LANES];
        let mut at = start;
        while at + LANES <= end {
            for (lane, sum) in lanes.iter_mut().enumerate() {
                *sum += term(at + lane);
            }
            at += LANES;
        }
        let rest = (at..end).map(|at| f64::from(term(at))).sum::<f64>();
        total += rest + lanes.iter().map(|lane| f64::from(*lane)).sum::<f64>();
        start = end;
    }
    total
}

/// Mean and biased variance of a channel.
pub fn moments(values: &[f32]) -> (f32, f32) {
    let count = values.len() as f64;
    let mean = (sum(values.len(), |at| values[at]) / count) as f32;
    let squares = sum(values.len(), |at| {
        let centred = values[at] - mean;
        centred * centred
    });
    (mean, (squares / count) as f32)
}

/// Sums of the gradient, and of its product with the centred values.
pub fn gradient_sums(gradient: &[f32], values: &[f32], mean: f32) -> (f64, f64) {
    let values = &values[..gradient.len()];
    let plain = sum(gradient.len(), |at| gradient[at]);
    let centred = sum(gradient.len(), |at| gradient[at] * (values[at] - mean));
    (plain, centred)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_many_values_far_from_zero() {
        let values: Vec<f32> = (0..10_007).map(|at| 1000.0 + (at % 2) as f32).collect();
        let (mean, variance) = moments(&values);
        assert!((mean - 1000.5).abs() < 1e-3);
        assert!((variance - 0.25).abs() < 1e-4);
    }
}
