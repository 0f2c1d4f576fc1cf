//! A convolution and the batch-norm behind it, folded into one.
//!
//! In evaluation a batch-norm is a line per channel,
//! `y = (x - mean) / sqrt(variance + 1e-5) * weight + bias`
//! (Ioffe and Szegedy 2015), so it can be multiplied into the convolution.

use rating::Problem;

use super::convolution::Convolution;
use crate::weights::{Array, Weights};

/// What torchvision adds to the variance.
const EPSILON: f64 = 1e-5;

/// The convolution `name` with the batch-norm `norm`, whose shapes have been
/// checked.
pub(super) fn convolution(
    weights: &Weights,
    name: &str,
    norm: &str,
    stride: usize,
) -> Result<Convolution, Problem> {
    let array = |name: String| tensor(weights, &name);
    let convolution = array(format!("{name}.weight"))?;
    let (gain, offset) = (array(format!("{norm}.weight"))?, array(format!("{norm}.bias"))?);
    let mean = array(format!("{norm}.running_mean"))?;
    let variance = array(format!("{norm}.running_var"))?;
    if variance.data.iter().any(|&variance| variance < 0.0) {
        return Err(Problem::new(format!("tensor {norm}.running_var holds a variance below 0")));
    }

    let channels = 0..gain.data.len();
    let scale: Vec<f64> = channels
        .clone()
        .map(|channel| {
            f64::from(gain.data[channel]) / (f64::from(variance.data[channel]) + EPSILON).sqrt()
        })
        .collect();
    let bias = channels.map(|channel| {
        f64::from(offset.data[channel]) - f64::from(mean.data[channel]) * scale[channel]
    });
    let &[outputs, inputs, height, width] = convolution.shape.as_slice() else {
        return Err(Problem::new(format!("tensor {name}.weight is not of a convolution")));
    };
    let kernels = convolution.data.chunks_exact(inputs * height * width).zip(&scale);
    let scaled: Vec<f32> = kernels
        .flat_map(|(kernel, scale)| {
            kernel.iter().map(move |&weight| single(f64::from(weight) * scale))
        })
        .collect();
    let bias = bias.map(single).collect();
    Ok(Convolution::new([outputs, inputs, height, width], &scaled, bias, stride))
}

/// The tensor of this name.
pub(super) fn tensor<'w>(weights: &'w Weights, name: &str) -> Result<&'w Array, Problem> {
    weights.get(name).ok_or_else(|| Problem::new(format!("tensor {name} is missing")))
}

fn single(value: f64) -> f32 {
    value as f32
}
