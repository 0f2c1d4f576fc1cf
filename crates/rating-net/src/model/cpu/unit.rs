//! Convolution, batch-norm, the way around, ReLU: one unit of ResNet.

use super::columns::Columns;
use super::convolution;
use super::geometry::{Maps, UnitShape};
use super::norm::{EPSILON, gradient_sums, moments};

/// Mean and biased variance of each channel.
#[derive(Debug, Clone)]
pub struct Statistics {
    pub mean: Vec<f32>,
    pub variance: Vec<f32>,
}

/// The weights of a unit.
#[derive(Debug, Clone, Copy)]
pub struct UnitWeights<'a> {
    /// `[out, in x side x side]`
    pub convolution: &'a [f32],
    pub scale: &'a [f32],
    pub shift: &'a [f32],
}

/// What a unit made.
pub struct UnitOutput {
    /// The convolution's maps, before batch-norm: the backward pass needs them.
    pub convolved: Vec<f32>,
    pub output: Vec<f32>,
    pub statistics: Statistics,
}

/// The unit's output. Normalised by `running` where given, else by the
/// statistics of the batch.
pub fn forward(
    shape: UnitShape,
    input: Maps,
    values: &[f32],
    weights: UnitWeights<'_>,
    around: Option<&[f32]>,
    running: Option<&Statistics>,
) -> UnitOutput {
    let columns = Columns::new(input, shape.window);
    let convolved = convolution::forward(&columns, values, weights.convolution);
    let plane = columns.output.plane();
    let statistics = match running {
        Some(running) => running.clone(),
        None => {
            let (mean, variance) = convolved.chunks_exact(plane).map(moments).unzip();
            Statistics { mean, variance }
        }
    };
    let mut output = vec![0.0; convolved.len()];
    for (channel, out) in output.chunks_exact_mut(plane).enumerate() {
        let piece = channel * plane..(channel + 1) * plane;
        let factor = weights.scale[channel] * inverse_deviation(&statistics, channel);
        let offset = weights.shift[channel] - statistics.mean[channel] * factor;
        let around = around.map(|around| &around[piece.clone()]);
        affine(out, &convolved[piece], factor, offset, around, shape.relu);
    }
    UnitOutput { convolved, output, statistics }
}

fn inverse_deviation(statistics: &Statistics, channel: usize) -> f32 {
    1.0 / (statistics.variance[channel] + EPSILON).sqrt()
}

fn affine(
    out: &mut [f32],
    values: &[f32],
    factor: f32,
    offset: f32,
    around: Option<&[f32]>,
    relu: bool,
) {
    match around {
        Some(around) => {
            for ((out, value), around) in out.iter_mut().zip(values).zip(around) {
                *out = value * factor + offset + around;
            }
        }
        None => {
            for (out, value) in out.iter_mut().zip(values) {
                *out = value * factor + offset;
            }
        }
    }
    if relu {
        for out in out {
            // Not `max`, which would turn a NaN into a harmless 0.
            *out = if *out < 0.0 { 0.0 } else { *out };
        }
    }
}

/// What the backward pass of a unit starts from.
#[derive(Debug, Clone, Copy)]
pub struct UnitTrace<'a> {
    pub input: Maps,
    pub values: &'a [f32],
    pub weights: UnitWeights<'a>,
    pub convolved: &'a [f32],
    pub output: &'a [f32],
    pub statistics: &'a Statistics,
    /// Whether the statistics were those of the batch, and so depend on it.
    pub batch_statistics: bool,
}

/// Which gradients are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    pub input: bool,
    pub convolution: bool,
}

/// The gradients of a unit.
pub struct UnitGradients {
    pub input: Option<Vec<f32>>,
    pub convolution: Option<Vec<f32>>,
    pub scale: Vec<f32>,
    pub shift: Vec<f32>,
    /// Of what came around.
    pub around: Vec<f32>,
}

/// The gradients of a unit from that of its output.
pub fn backward(
    shape: UnitShape,
    trace: UnitTrace<'_>,
    mut gradient: Vec<f32>,
    wanted: Wanted,
) -> UnitGradients {
    let columns = Columns::new(trace.input, shape.window);
    let plane = columns.output.plane();
    if shape.relu {
        for (gradient, output) in gradient.iter_mut().zip(trace.output) {
            *gradient = if *output > 0.0 { *gradient } else { 0.0 };
        }
    }
    let mut convolved = vec![0.0; gradient.len()];
    let (mut scale, mut shift) = (Vec::new(), Vec::new());
    for (channel, out) in convolved.chunks_exact_mut(plane).enumerate() {
        let piece = channel * plane..(channel + 1) * plane;
        let (gradient, values) = (&gradient[piece.clone()], &trace.convolved[piece]);
        let mean = trace.statistics.mean[channel];
        let inverse = inverse_deviation(trace.statistics, channel);
        let factor = trace.weights.scale[channel] * inverse;
        let (plain, centred) = gradient_sums(gradient, values, mean);
        scale.push((centred * f64::from(inverse)) as f32);
        shift.push(plain as f32);
        if trace.batch_statistics {
            let count = plane as f64;
            // The mean gradient, and the slope along the normalised values.
            let level = (plain / count) as f32;
            let slope = (centred * f64::from(inverse * inverse) / count) as f32;
            for ((out, gradient), value) in out.iter_mut().zip(gradient).zip(values) {
                *out = factor * (gradient - level - (value - mean) * slope);
            }
        } else {
            for (out, gradient) in out.iter_mut().zip(gradient) {
                *out = factor * gradient;
            }
        }
    }
    let weights = trace.weights.convolution;
    UnitGradients {
        input: wanted.input.then(|| convolution::input_gradient(&columns, weights, &convolved)),
        convolution: wanted
            .convolution
            .then(|| convolution::weight_gradient(&columns, trace.values, &convolved)),
        scale,
        shift,
        around: gradient,
    }
}
