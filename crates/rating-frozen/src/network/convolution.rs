//! Convolution as a matrix product (im2col).
//!
//! For each output pixel the input values under the kernel are laid out as a
//! column; kernels times columns gives the output. Columns are made for a few
//! output rows at a time, so that they stay in the processor's cache.

use super::feature_map::FeatureMap;
use super::matrix::{Matrix, add_product};

/// Most values in a block of columns: 256 KiB.
const BLOCK_VALUES: usize = 1 << 16;

/// A square convolution with a bias; padding keeps the size at stride 1.
#[derive(Debug, Clone)]
pub(super) struct Convolution {
    inputs: usize,
    outputs: usize,
    kernel: usize,
    stride: usize,
    /// `[inputs, kernel, kernel, outputs]`.
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl Convolution {
    /// A convolution of `[outputs, inputs, kernel, kernel]` weights.
    pub(super) fn new(
        shape: &[usize],
        weight: Vec<f32>,
        bias: Vec<f32>,
        stride: usize,
    ) -> Convolution {
        let &[outputs, inputs, kernel, _] = shape else {
            unreachable!("shapes are checked before networks are built");
        };
        let weight = transposed(&weight, outputs);
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

    /// Adds the convolution of `input` to `sum`.
    pub(super) fn add_to(
        &self,
        sum: &mut FeatureMap,
        input: &FeatureMap,
        columns: &mut Vec<f32>,
        products: &mut Vec<f32>,
    ) {
        for (channel, &bias) in sum.data.chunks_exact_mut(sum.height * sum.width).zip(&self.bias) {
            channel.iter_mut().for_each(|value| *value += bias);
        }
        let rows_at_once = (BLOCK_VALUES / (self.depth() * sum.width)).max(1);
        let mut first = 0;
        while first < sum.height {
            let rows = first..(first + rows_at_once).min(sum.height);
            first = rows.end;
            self.fill_columns(input, rows.clone(), sum.width, columns);
            let pixels = rows.start * sum.width..rows.end * sum.width;
            if pixels.len() >= self.outputs {
                self.add_by_pixels(sum, pixels, columns);
            } else {
                self.add_by_channels(sum, pixels, columns, products);
            }
        }
    }

    fn padding(&self) -> usize {
        self.kernel / 2
    }

    /// Input values under a kernel.
    fn depth(&self) -> usize {
        self.inputs * self.kernel * self.kernel
    }

    /// Lays out the input for some output rows: `[depth, pixels]`.
    fn fill_columns(
        &self,
        input: &FeatureMap,
        rows: std::ops::Range<usize>,
        width: usize,
        columns: &mut Vec<f32>,
    ) {
        let pixels = rows.len() * width;
        columns.resize(self.depth() * pixels, 0.0);
        let mut lines = columns.chunks_exact_mut(pixels);
        for channel in 0..self.inputs {
            let channel = input.channel(channel);
            for down in 0..self.kernel {
                for across in 0..self.kernel {
                    let Some(line) = lines.next() else { return };
                    for (line, row) in line.chunks_exact_mut(width).zip(rows.clone()) {
                        // Rows above the image wrap round and are beyond it too.
                        let y = (row * self.stride + down).wrapping_sub(self.padding());
                        let source = (y < input.height)
                            .then(|| &channel[y * input.width..(y + 1) * input.width]);
                        self.fill_row(line, source, across);
                    }
                }
            }
        }
    }

    /// One output row's values under one kernel element; zero outside the image.
    fn fill_row(&self, line: &mut [f32], source: Option<&[f32]>, across: usize) {
        let Some(source) = source else {
            line.fill(0.0);
            return;
        };
        let padding = self.padding();
        // x = pixel * stride + across - padding lies in the image from `first` to `end`.
        let first = padding.saturating_sub(across).div_ceil(self.stride).min(line.len());
        let end = (source.len() + padding).saturating_sub(across).div_ceil(self.stride);
        let end = end.clamp(first, line.len());
        line[..first].fill(0.0);
        line[end..].fill(0.0);
        let inside = &mut line[first..end];
        if inside.is_empty() {
            return;
        }
        let source = &source[first * self.stride + across - padding..];
        if self.stride == 1 {
            inside.copy_from_slice(&source[..inside.len()]);
        } else {
            for (value, &from) in inside.iter_mut().zip(source.iter().step_by(self.stride)) {
                *value = from;
            }
        }
    }

    /// Adds the product where pixels are the longer side, straight into `sum`.
    fn add_by_pixels(&self, sum: &mut FeatureMap, pixels: std::ops::Range<usize>, columns: &[f32]) {
        let area = sum.area();
        let sum = Matrix {
            data: &mut sum.data[pixels.start..],
            rows: pixels.len(),
            columns: self.outputs,
            row_stride: 1,
            column_stride: area,
        };
        let left = Matrix {
            data: columns,
            rows: pixels.len(),
            columns: self.depth(),
            row_stride: 1,
            column_stride: pixels.len(),
        };
        let right = Matrix {
            data: self.weight.as_slice(),
            rows: self.depth(),
            columns: self.outputs,
            row_stride: self.outputs,
            column_stride: 1,
        };
        add_product(sum, left, right);
    }

    /// The same where channels are the longer side: the product is fastest
    /// along channels, so it is taken there and turned afterwards.
    fn add_by_channels(
        &self,
        sum: &mut FeatureMap,
        pixels: std::ops::Range<usize>,
        columns: &[f32],
        products: &mut Vec<f32>,
    ) {
        let (count, outputs) = (pixels.len(), self.outputs);
        products.clear();
        products.resize(count * outputs, 0.0);
        let product = Matrix {
            data: products.as_mut_slice(),
            rows: outputs,
            columns: count,
            row_stride: 1,
            column_stride: outputs,
        };
        let left = Matrix {
            data: self.weight.as_slice(),
            rows: outputs,
            columns: self.depth(),
            row_stride: 1,
            column_stride: outputs,
        };
        let right = Matrix {
            data: columns,
            rows: self.depth(),
            columns: count,
            row_stride: count,
            column_stride: 1,
        };
        add_product(product, left, right);
        let area = sum.area();
        for (channel, values) in sum.data.chunks_exact_mut(area).enumerate() {
            for (pixel, value) in values[pixels.clone()].iter_mut().enumerate() {
                *value += products[pixel * outputs + channel];
            }
        }
    }
}

/// `[outputs, depth]` as `[depth, outputs]`.
fn transposed(weight: &[f32], outputs: usize) -> Vec<f32> {
    let depth = weight.len() / outputs;
    let mut turned = vec![0.0; weight.len()];
    for (output, kernel) in weight.chunks_exact(depth).enumerate() {
        for (position, &value) in kernel.iter().enumerate() {
            turned[position * outputs + output] = value;
        }
    }
    turned
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// The definition of convolution, to compare with: six loops in 64 bits.
    fn plain_twin(
        shape: &[usize; 4],
        weight: &[f32],
        bias: &[f32],
        stride: usize,
        input: &FeatureMap,
    ) -> Vec<f64> {
        let [_, inputs, kernel, _] = *shape;
        let padding = kernel / 2;
        let side = |length: usize| (length + 2 * padding - kernel) / stride + 1;
        let mut values = Vec::new();
        for (output, &bias) in bias.iter().enumerate() {
            for row in 0..side(input.height) {
                for column in 0..side(input.width) {
                    let mut value = f64::from(bias);
                    for channel in 0..inputs {
                        for down in 0..kernel {
                            for across in 0..kernel {
                                let (y, x) = (row * stride + down, column * stride + across);
                                let inside = (padding..input.height + padding).contains(&y)
                                    && (padding..input.width + padding).contains(&x);
                                if inside {
                                    let place = (y - padding) * input.width + x - padding;
                                    let at = ((output * inputs + channel) * kernel + down) * kernel
                                        + across;
                                    value += f64::from(input.channel(channel)[place])
                                        * f64::from(weight[at]);
                                }
                            }
                        }
                    }
                    values.push(value);
                }
            }
        }
        values
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
            ([4, 64, 3, 3], 1, 57, 56), // several blocks of columns
            ([5, 2, 7, 7], 2, 2, 1),
        ] {
            let weight = random(&mut rng, shape.iter().product());
            let bias = random(&mut rng, shape[0]);
            let data = random(&mut rng, shape[1] * height * width);
            let input = FeatureMap { channels: shape[1], height, width, data };
            let convolution = Convolution::new(&shape, weight.clone(), bias.clone(), stride);
            let mut sum = FeatureMap::default();
            let sides = (convolution.output_side(height), convolution.output_side(width));
            sum.clear(shape[0], sides.0, sides.1);
            convolution.add_to(&mut sum, &input, &mut Vec::new(), &mut Vec::new());
            let expected = plain_twin(&shape, &weight, &bias, stride, &input);
            assert_eq!(sum.data.len(), expected.len(), "{shape:?}");
            for (&found, expected) in sum.data.iter().zip(expected) {
                assert!(
                    (f64::from(found) - expected).abs() < 2e-5,
                    "{shape:?}: {found} {expected}"
                );
            }
        }
    }
}
