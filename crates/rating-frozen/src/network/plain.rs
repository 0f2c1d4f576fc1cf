//! The plain twin of the engine: a network in straight loops and 64 bits, and
//! its gradient with respect to the input.
//!
//! Slow, and as close to the definitions as can be read; the engine is tested
//! against it. Batch-norms are folded here too, so folding is tested as well.

use rating::Problem;
use rating::heatmap::PathPoint;

use super::architecture::Architecture;
use super::folded::tensor;
use crate::weights::Weights;

/// What torchvision adds to a variance.
const EPSILON: f64 = 1e-5;

/// A network as its definition says.
#[derive(Debug, Clone)]
pub struct PlainNetwork {
    backbones: Vec<Backbone>,
    hidden: Option<Linear>,
    has_relu: bool,
    last: Linear,
}

#[derive(Debug, Clone)]
struct Backbone {
    stem: Convolution,
    blocks: Vec<Block>,
}

#[derive(Debug, Clone)]
struct Block {
    first: Convolution,
    second: Convolution,
    downsample: Option<Convolution>,
}

#[derive(Debug, Clone)]
struct Convolution {
    inputs: usize,
    outputs: usize,
    kernel: usize,
    stride: usize,
    /// `[kernel, kernel, inputs, outputs]`.
    weight: Vec<f64>,
    bias: Vec<f64>,
}

#[derive(Debug, Clone)]
struct Linear {
    /// `[outputs, inputs]`.
    weight: Vec<f64>,
    bias: Vec<f64>,
}

/// A square feature map, channels last: `[side, side, channels]`.
#[derive(Debug, Clone)]
struct Map {
    side: usize,
    channels: usize,
    data: Vec<f64>,
}

/// What a backward pass needs of the forward pass before it.
struct Kept {
    px: usize,
    stem: Map,
    /// For each pooled value the position of its largest in `stem`.
    largest: Vec<usize>,
    /// Between and behind the two convolutions of each block.
    blocks: Vec<(Map, Map)>,
}

impl PlainNetwork {
    /// The network of these weights.
    ///
    /// # Errors
    /// As for [`Network::new`](super::Network::new).
    pub fn new(architecture: &Architecture, weights: &Weights) -> Result<PlainNetwork, Problem> {
        architecture.check_weights(weights)?;
        let backbones = architecture.backbone_prefixes();
        let backbones: Result<_, _> =
            backbones.iter().map(|prefix| Backbone::new(prefix, weights)).collect();
        let (hidden, has_relu) = match architecture {
            Architecture::Single { .. } => (None, false),
            Architecture::Fusion { relu, .. } => (Some(Linear::new("head1.0", weights)?), *relu),
        };
        let last = Linear::new(architecture.last_layer(), weights)?;
        Ok(PlainNetwork { backbones: backbones?, hidden, has_relu, last })
    }

    /// The logits of one pair, a `[3, px, px]` image per modality.
    #[must_use]
    pub fn logits(&self, inputs: &[&[f64]], px: usize) -> Vec<f64> {
        let features = self.backbones.iter().zip(inputs);
        let features: Vec<f64> =
            features.flat_map(|(backbone, input)| backbone.forward(input, px).0).collect();
        self.head(&features).1
    }

    /// Logits and the gradient of one of them with respect to each input.
    ///
    /// # Panics
    /// Without such a class.
    #[must_use]
    pub fn gradient(
        &self,
        class: usize,
        inputs: &[&[f64]],
        px: usize,
    ) -> (Vec<f64>, Vec<Vec<f64>>) {
        let (mut features, mut kept) = (Vec::new(), Vec::new());
        for (backbone, input) in self.backbones.iter().zip(inputs) {
            let (more, memory) = backbone.forward(input, px);
            features.extend(more);
            kept.push(memory);
        }
        let (hidden, logits) = self.head(&features);
        let of_features = self.head_gradient(class, &hidden);
        let shares = of_features.chunks_exact(features.len() / self.backbones.len());
        let of_inputs = self
            .backbones
            .iter()
            .zip(&kept)
            .zip(shares)
            .map(|((backbone, kept), share)| backbone.backward(kept, share));
        (logits, of_inputs.collect())
    }

    /// The weighted sum of gradients along the path, for each input.
    #[must_use]
    pub fn path_gradient(
        &self,
        class: usize,
        inputs: &[&[f32]],
        px: usize,
        points: &[PathPoint],
    ) -> Vec<Vec<f64>> {
        let mut sums: Vec<Vec<f64>> = inputs.iter().map(|input| vec![0.0; input.len()]).collect();
        for point in points {
            let scaled = |input: &&[f32]| -> Vec<f64> {
                input.iter().map(|&value| point.alpha * f64::from(value)).collect()
            };
            let scaled: Vec<Vec<f64>> = inputs.iter().map(scaled).collect();
            let scaled: Vec<&[f64]> = scaled.iter().map(Vec::as_slice).collect();
            let gradients = self.gradient(class, &scaled, px).1;
            for (sum, gradient) in sums.iter_mut().flatten().zip(gradients.iter().flatten()) {
                *sum += point.weight * gradient;
            }
        }
        sums
    }

    /// Hidden units (before their ReLU) and logits.
    fn head(&self, features: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let Some(hidden) = &self.hidden else {
            return (Vec::new(), self.last.forward(features));
        };
        let units = hidden.forward(features);
        let active: Vec<f64> =
            units.iter().map(|&unit| if self.has_relu { relu(unit) } else { unit }).collect();
        let logits = self.last.forward(&active);
        (units, logits)
    }

    fn head_gradient(&self, class: usize, hidden: &[f64]) -> Vec<f64> {
        let inputs = self.last.inputs();
        let mut gradient = self.last.weight[class * inputs..][..inputs].to_vec();
        let Some(layer) = &self.hidden else { return gradient };
        for (value, &unit) in gradient.iter_mut().zip(hidden) {
            if self.has_relu && unit <= 0.0 {
                *value = 0.0;
            }
        }
        layer.backward(&gradient)
    }
}

impl Backbone {
    fn new(prefix: &str, weights: &Weights) -> Result<Backbone, Problem> {
        let part = |conv: &str, norm: &str, stride| {
            Convolution::new(
                weights,
                &format!("{prefix}{conv}"),
                &format!("{prefix}{norm}"),
                stride,
            )
        };
        let mut blocks = Vec::new();
        for (stage, block) in (1..=4).flat_map(|stage| [(stage, 0), (stage, 1)]) {
            let stride = if stage > 1 && block == 0 { 2 } else { 1 };
            let name = format!("layer{stage}.{block}");
            let conv = |number: u8| (format!("{name}.conv{number}"), format!("{name}.bn{number}"));
            let ((conv1, norm1), (conv2, norm2)) = (conv(1), conv(2));
            let (down, down_norm) =
                (format!("{name}.downsample.0"), format!("{name}.downsample.1"));
            blocks.push(Block {
                first: part(&conv1, &norm1, stride)?,
                second: part(&conv2, &norm2, 1)?,
                downsample: weights
                    .contains_key(&format!("{prefix}{down}.weight"))
                    .then(|| part(&down, &down_norm, stride))
                    .transpose()?,
            });
        }
        Ok(Backbone { stem: part("conv1", "bn1", 2)?, blocks })
    }

    fn forward(&self, planes: &[f64], px: usize) -> (Vec<f64>, Kept) {
        let mut stem = self.stem.forward(&Map::of_planes(planes, px));
        stem.relu();
        let (mut current, largest) = max_pool(&stem);
        let mut blocks = Vec::new();
        for block in &self.blocks {
            let mut middle = block.first.forward(&current);
            middle.relu();
            let mut out = block.second.forward(&middle);
            let around = block.downsample.as_ref().map(|conv| conv.forward(&current));
            add(&mut out.data, &around.as_ref().unwrap_or(&current).data);
            out.relu();
            current = out.clone();
            blocks.push((middle, out));
        }
        let mut features = vec![0.0; current.channels];
        for pixel in current.data.chunks_exact(current.channels) {
            add(&mut features, pixel);
        }
        let area = (current.side * current.side) as f64;
        features.iter_mut().for_each(|feature| *feature /= area);
        (features, Kept { px, stem, largest, blocks })
    }

    /// From the gradient of the features to that of the image, `[3, px, px]`.
    fn backward(&self, kept: &Kept, features: &[f64]) -> Vec<f64> {
        let last = kept.blocks.last().map_or(1, |(_, out)| out.side * out.side);
        let mut data = Vec::new();
        for _ in 0..last {
            data.extend(features.iter().map(|value| value / last as f64));
        }
        for (number, block) in self.blocks.iter().enumerate().rev() {
            let (middle, out) = &kept.blocks[number];
            mask(&mut data, out);
            let side_before = number
                .checked_sub(1)
                .map_or(kept.stem.side.div_ceil(2), |before| kept.blocks[before].1.side);
            let mut of_middle = block.second.backward(&data, out.side, middle.side);
            mask(&mut of_middle, middle);
            let mut before = block.first.backward(&of_middle, middle.side, side_before);
            match &block.downsample {
                Some(conv) => add(&mut before, &conv.backward(&data, out.side, side_before)),
                None => add(&mut before, &data),
            }
            data = before;
        }
        let mut of_stem = vec![0.0; kept.stem.data.len()];
        for (&position, &value) in kept.largest.iter().zip(&data) {
            of_stem[position] += value;
        }
        mask(&mut of_stem, &kept.stem);
        let pixels = self.stem.backward(&of_stem, kept.stem.side, kept.px);
        let plane = |channel: usize| pixels.iter().skip(channel).step_by(3).copied();
        (0..3).flat_map(plane).collect()
    }
}

impl Convolution {
    /// A convolution with the batch-norm behind it folded in.
    fn new(
        weights: &Weights,
        name: &str,
        norm: &str,
        stride: usize,
    ) -> Result<Convolution, Problem> {
        let kernels = tensor(weights, &format!("{name}.weight"))?;
        let of_norm = |part: &str| Ok(&tensor(weights, &format!("{norm}.{part}"))?.data);
        let (gain, offset) = (of_norm("weight")?, of_norm("bias")?);
        let (mean, variance) = (of_norm("running_mean")?, of_norm("running_var")?);
        let &[outputs, inputs, kernel, _] = kernels.shape.as_slice() else {
            return Err(Problem::new(format!("tensor {name}.weight is not of a convolution")));
        };
        let scale = |output: usize| {
            f64::from(gain[output]) / (f64::from(variance[output]) + EPSILON).sqrt()
        };
        let mut weight = vec![0.0; kernels.data.len()];
        for (at, &value) in kernels.data.iter().enumerate() {
            let area = kernel * kernel;
            let (output, input, place) = (at / (inputs * area), at / area % inputs, at % area);
            weight[(place * inputs + input) * outputs + output] = f64::from(value) * scale(output);
        }
        let bias =
            |output: usize| f64::from(offset[output]) - f64::from(mean[output]) * scale(output);
        let bias = (0..outputs).map(bias).collect();
        Ok(Convolution { inputs, outputs, kernel, stride, weight, bias })
    }

    fn forward(&self, input: &Map) -> Map {
        let side = (input.side + 2 * (self.kernel / 2) - self.kernel) / self.stride + 1;
        let mut data = Vec::with_capacity(side * side * self.outputs);
        for _ in 0..side * side {
            data.extend(&self.bias);
        }
        self.each_tap(side, input.side, |to, from, weight| {
            let sums = &mut data[to * self.outputs..][..self.outputs];
            let values = &input.data[from * self.inputs..][..self.inputs];
            for (&value, weights) in values.iter().zip(weight.chunks_exact(self.outputs)) {
                for (sum, weight) in sums.iter_mut().zip(weights) {
                    *sum += value * weight;
                }
            }
        });
        Map { side, channels: self.outputs, data }
    }

    /// From the gradient of the output, `side` x `side`, to that of the input.
    fn backward(&self, gradient: &[f64], side: usize, input_side: usize) -> Vec<f64> {
        let mut sums = vec![0.0; input_side * input_side * self.inputs];
        self.each_tap(side, input_side, |to, from, weight| {
            let values = &gradient[to * self.outputs..][..self.outputs];
            let sums = &mut sums[from * self.inputs..][..self.inputs];
            for (sum, weights) in sums.iter_mut().zip(weight.chunks_exact(self.outputs)) {
                *sum +=
                    values.iter().zip(weights).map(|(value, weight)| value * weight).sum::<f64>();
            }
        });
        sums
    }

    /// Calls `tap(output pixel, input pixel, weights [inputs, outputs])` for
    /// every output pixel and every input pixel under its kernel.
    fn each_tap(&self, side: usize, input_side: usize, mut tap: impl FnMut(usize, usize, &[f64])) {
        let (padding, square) = (self.kernel / 2, self.inputs * self.outputs);
        for (row, column) in (0..side).flat_map(|row| (0..side).map(move |column| (row, column))) {
            for place in 0..self.kernel * self.kernel {
                let y = row * self.stride + place / self.kernel;
                let x = column * self.stride + place % self.kernel;
                let inside = |along: usize| (padding..input_side + padding).contains(&along);
                if inside(y) && inside(x) {
                    let from = (y - padding) * input_side + (x - padding);
                    tap(row * side + column, from, &self.weight[place * square..][..square]);
                }
            }
        }
    }
}

impl Linear {
    fn new(name: &str, weights: &Weights) -> Result<Linear, Problem> {
        let wide = |part: &str| -> Result<Vec<f64>, Problem> {
            let array = tensor(weights, &format!("{name}.{part}"))?;
            Ok(array.data.iter().copied().map(f64::from).collect())
        };
        Ok(Linear { weight: wide("weight")?, bias: wide("bias")? })
    }

    fn inputs(&self) -> usize {
        self.weight.len() / self.bias.len()
    }

    fn forward(&self, inputs: &[f64]) -> Vec<f64> {
        let rows = self.weight.chunks_exact(self.inputs()).zip(&self.bias);
        let product = |row: &[f64]| row.iter().zip(inputs).map(|(a, b)| a * b).sum::<f64>();
        rows.map(|(row, bias)| bias + product(row)).collect()
    }

    fn backward(&self, gradient: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; self.inputs()];
        for (value, row) in gradient.iter().zip(self.weight.chunks_exact(self.inputs())) {
            for (sum, weight) in sums.iter_mut().zip(row) {
                *sum += value * weight;
            }
        }
        sums
    }
}

impl Map {
    fn of_planes(planes: &[f64], side: usize) -> Map {
        let area = side * side;
        let data = (0..area).flat_map(|at| (0..3).map(move |channel| planes[channel * area + at]));
        Map { side, channels: 3, data: data.collect() }
    }

    fn relu(&mut self) {
        self.data.iter_mut().for_each(|value| *value = relu(*value));
    }
}

/// What is no number stays none.
fn relu(value: f64) -> f64 {
    if value < 0.0 { 0.0 } else { value }
}

fn add(sums: &mut [f64], values: &[f64]) {
    sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
}

/// No gradient passes a ReLU that gave nothing.
fn mask(gradient: &mut [f64], out: &Map) {
    for (value, &out) in gradient.iter_mut().zip(&out.data) {
        if out <= 0.0 {
            *value = 0.0;
        }
    }
}

/// 3x3, stride 2, padding 1; of equal values the first, row after row.
fn max_pool(input: &Map) -> (Map, Vec<usize>) {
    let (side, channels) = (input.side.div_ceil(2), input.channels);
    let mut largest = Vec::with_capacity(side * side * channels);
    let window = |middle: usize| (2 * middle).saturating_sub(1)..(2 * middle + 2).min(input.side);
    for at in 0..side * side * channels {
        let (row, column, channel) = (at / channels / side, at / channels % side, at % channels);
        let places = window(row).flat_map(|y| window(column).map(move |x| (y, x)));
        let positions = places.map(|(y, x)| (y * input.side + x) * channels + channel);
        let best = positions.reduce(|best, next| {
            let better = input.data[next] > input.data[best] || input.data[next].is_nan();
            if better { next } else { best }
        });
        largest.push(best.unwrap_or(0));
    }
    let data = largest.iter().map(|&position| input.data[position]).collect();
    (Map { side, channels, data }, largest)
}
