//! A convolution and the batch-norm behind it, folded into one.
//!
//! In evaluation a batch-norm is a line per channel,
//! `y = (x - mean) / sqrt(variance + 1e-5) * weight + bias`
//! (Ioffe and Szegedy 2015), so it can be multiplied into the convolution.

use rating::Problem;

use crate::engine::Folded;
use crate::weights::{Array, Weights};

/// What torchvision adds to the variance.
const EPSILON: f64 = 1e-5;

/// The convolution `name` with the batch-norm `norm`, whose shapes have been
/// checked.
pub(super) fn convolution(weights: &Weights, name: &str, norm: &str) -> Result<Folded, Problem> {
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
    let &[outputs, inputs, side, _] = convolution.shape.as_slice() else {
        return Err(Problem::new(format!("tensor {name}.weight is not of a convolution")));
    };
    let kernels = convolution.data.chunks_exact(inputs * side * side).zip(&scale);
    let mut weight = Vec::with_capacity(convolution.data.len());
    for (kernel, scale) in kernels {
        weight.extend(kernel.iter().map(|&weight| single(f64::from(weight) * scale)));
    }
    let bias: Vec<f32> = bias.map(single).collect();
    if weight.iter().chain(&bias).any(|value| !value.is_finite()) {
        return Err(Problem::new(format!("tensors {name} and {norm} overflow together"))
            .hint("the training diverged; train again with a lower learning rate"));
    }
    Ok(Folded { shape: [outputs, inputs, side], weight, bias })
}

/// The tensor of this name.
pub(super) fn tensor<'w>(weights: &'w Weights, name: &str) -> Result<&'w Array, Problem> {
    weights.get(name).ok_or_else(|| Problem::new(format!("tensor {name} is missing")))
}

fn single(value: f64) -> f32 {
    value as f32
}
