//! Convolution as a matrix product (im2col).
//!
//! For each output pixel the input values under the kernel are laid out as a
//! row, its patch; patches times kernels gives the output. Patches are made
//! for a few output rows at a time, so that they stay in the processor's cache.

use std::ops::Range;

use super::feature_map::{FeatureMap, Scratch};
use super::matrix::{Matrix, add_product};

/// Most values in a block of patches: 256 KiB.
const BLOCK_VALUES: usize = 1 << 16;

/// A square convolution with a bias; padding keeps the size at stride 1.
#[derive(Debug, Clone)]
pub(super) struct Convolution {
    inputs: usize,
    outputs: usize,
    kernel: usize,
    stride: usize,
    /// `[kernel, kernel, inputs, outputs]`.
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl Convolution {
    /// A convolution of `[outputs, inputs, kernel, kernel]` weights.
    pub(super) fn new(
        shape: [usize; 4],
        weight: &[f32],
        bias: Vec<f32>,
        stride: usize,
    ) -> Convolution {
        let [outputs, inputs, kernel, _] = shape;
        let weight = outputs_last(weight, shape);
        Convolution { inputs, outputs, kernel, stride, weight, bias }
    }

    /// Channels that come out.
    pub(super) fn outputs(&self) -> usize {
        self.outputs
    }

    /// The side that a side of `input` pixels becomes.
    pub(super) fn output_side(&self, input: usize) -> usize {
        (input + 2 * self.padding() - self.kernel) / self.stride + 1
    }

    /// Adds the convolution of `input` to `sum`, which has the right size.
    pub(super) fn add_to(&self, sum: &mut FeatureMap, input: &FeatureMap, scratch: &mut Scratch) {
        for pixel in sum.data.chunks_exact_mut(self.outputs) {
            pixel.iter_mut().zip(&self.bias).for_each(|(value, bias)| *value += bias);
        }
        scratch.padded.copy_padded(input, self.padding());
        let rows_at_once = (BLOCK_VALUES / (self.depth() * sum.width)).max(1);
        for first in (0..sum.height).step_by(rows_at_once) {
            let rows = first..(first + rows_at_once).min(sum.height);
            self.lay_out(&scratch.padded, rows.clone(), sum.width, &mut scratch.patches);
            let values = sum.width * self.outputs;
            self.add_rows(&mut sum.data[rows.start * values..rows.end * values], &scratch.patches);
        }
    }

    fn padding(&self) -> usize {
        self.kernel / 2
    }

    /// Input values under a kernel.
    fn depth(&self) -> usize {
        self.kernel * self.kernel * self.inputs
    }

    /// The patches of some output rows, `[pixels, depth]`.
    fn lay_out(
        &self,
        padded: &FeatureMap,
        rows: Range<usize>,
        width: usize,
        patches: &mut Vec<f32>,
    ) {
        // A kernel's row covers neighbouring pixels: one run of the input.
        let run = self.kernel * self.inputs;
        patches.resize(rows.len() * width * self.depth(), 0.0);
        let mut runs = patches.chunks_exact_mut(run);
        for row in rows {
            for column in 0..width {
                for (down, to) in runs.by_ref().take(self.kernel).enumerate() {
                    let pixel = (row * self.stride + down) * padded.width + column * self.stride;
                    to.copy_from_slice(&padded.data[pixel * self.inputs..][..run]);
                }
            }
        }
    }

    /// Adds patches times kernels to some output rows, `[pixels, outputs]`.
    fn add_rows(&self, rows: &mut [f32], patches: &[f32]) {
        let (pixels, depth) = (rows.len() / self.outputs, self.depth());
        add_product(
            Matrix::row_major(rows, pixels, self.outputs),
            Matrix::row_major(patches, pixels, depth),
            Matrix::row_major(&self.weight, depth, self.outputs),
        );
    }
}

/// `[outputs, inputs, kernel, kernel]` as `[kernel, kernel, inputs, outputs]`.
fn outputs_last(weight: &[f32], [outputs, inputs, kernel, _]: [usize; 4]) -> Vec<f32> {
    let area = kernel * kernel;
    let mut turned = vec![0.0; weight.len()];
    for (position, &value) in weight.iter().enumerate() {
        let (output, input) = (position / (inputs * area), position / area % inputs);
        turned[(position % area * inputs + input) * outputs + output] = value;
    }
    turned
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// The definition of convolution, to compare with: one output value as
    /// three plain loops in 64 bits.
    struct PlainTwin<'t> {
        shape: [usize; 4],
        weight: &'t [f32],
        bias: &'t [f32],
        stride: usize,
        input: &'t FeatureMap,
    }

    impl PlainTwin<'_> {
        fn value(&self, row: usize, column: usize, output: usize) -> f64 {
            let [_, inputs, kernel, _] = self.shape;
            let mut value = f64::from(self.bias[output]);
            for input in 0..inputs {
                for down in 0..kernel {
                    for across in 0..kernel {
                        let at = ((output * inputs + input) * kernel + down) * kernel + across;
                        let weight = f64::from(self.weight[at]);
                        let (y, x) = (row * self.stride + down, column * self.stride + across);
                        value += weight * self.input_value(y, x, input);
                    }
                }
            }
            value
        }

        /// Counted from the corner of the padding; zero outside the image.
        fn input_value(&self, y: usize, x: usize, channel: usize) -> f64 {
            let padding = self.shape[2] / 2;
            let (y, x) = (y.wrapping_sub(padding), x.wrapping_sub(padding));
            let inside = y < self.input.height && x < self.input.width;
            if inside { f64::from(self.input.pixel(y, x)[channel]) } else { 0.0 }
        }
    }

    fn random(rng: &mut ChaCha8Rng, count: usize) -> Vec<f32> {
        (0..count).map(|_| rng.random_range(-1.0..1.0)).collect()
    }

    #[test]
    fn agrees_with_the_definition() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for (shape, stride, height, width) in [
            ([8, 3, 7, 7], 2, 33, 40),
            ([8, 8, 3, 3], 1, 16, 16),
            ([16, 8, 3, 3], 2, 15, 16),
            ([64, 32, 3, 3], 2, 3, 4),
            ([32, 32, 3, 3], 1, 1, 1),
            ([16, 8, 1, 1], 2, 9, 9),
            ([4, 64, 3, 3], 1, 57, 56), // several blocks of patches
            ([5, 2, 7, 7], 2, 2, 1),
        ] {
            let [outputs, inputs, ..] = shape;
            let weight = random(&mut rng, shape.iter().product());
            let bias = random(&mut rng, outputs);
            let data = random(&mut rng, inputs * height * width);
            let input = &FeatureMap { height, width, channels: inputs, data };
            let convolution = Convolution::new(shape, &weight, bias.clone(), stride);
            let mut sum = FeatureMap::default();
            let sides = (convolution.output_side(height), convolution.output_side(width));
            sum.clear(sides.0, sides.1, outputs);
            convolution.add_to(&mut sum, input, &mut Scratch::default());

            let twin = PlainTwin { shape, weight: &weight, bias: &bias, stride, input };
            for row in 0..sides.0 {
                for column in 0..sides.1 {
                    for (output, &found) in sum.pixel(row, column).iter().enumerate() {
                        let difference = f64::from(found) - twin.value(row, column, output);
                        assert!(difference.abs() < 2e-5, "{shape:?}: {difference}");
                    }
                }
            }
        }
    }
}
