//! A convolution and the batch-norm behind it, folded into one.
//!
//! In evaluation a batch-norm is a line per channel,
//! `y = (x - mean) / sqrt(variance + 1e-5) * weight + bias`
//! (Ioffe and Szegedy 2015), so it can be multiplied into the convolution.

use std::borrow::Cow;

use rating::Problem;

use crate::engine::{Folded, Raw};
use crate::weights::{Array, Tensors, Weights};

/// What torchvision adds to the variance.
const EPSILON: f64 = 1e-5;

/// The convolution `name` with the batch-norm `norm`, whose shapes have been
/// checked.
pub(super) fn convolution(
    weights: &dyn Tensors,
    name: &str,
    norm: &str,
) -> Result<Folded, Problem> {
    let of_norm = |part: &str| values(weights, &format!("{norm}.{part}"));
    let (gain, offset) = (of_norm("weight")?, of_norm("bias")?);
    let (mean, variance) = (of_norm("running_mean")?, of_norm("running_var")?);
    if variance.iter().any(|&variance| variance < 0.0) {
        return Err(Problem::new(format!("tensor {norm}.running_var holds a variance below 0")));
    }
    let channels = 0..gain.len();
    let scale: Vec<f64> = channels
        .clone()
        .map(|channel| f64::from(gain[channel]) / (f64::from(variance[channel]) + EPSILON).sqrt())
        .collect();
    let bias: Vec<f32> = channels
        .map(|channel| {
            (f64::from(offset[channel]) - f64::from(mean[channel]) * scale[channel]) as f32
        })
        .collect();
    let scale: Vec<f32> = scale.into_iter().map(|scale| scale as f32).collect();
    if scale.iter().chain(&bias).any(|value| !value.is_finite()) {
        return Err(overflow(&format!("tensors of {norm}")));
    }
    let name = format!("{name}.weight");
    let &[outputs, inputs, side, _] = weights.shape(&name).unwrap_or_default() else {
        return Err(Problem::new(format!("tensor {name} is not of a convolution")));
    };
    let weight = match weights.halves(&name) {
        Some(halves) => Raw::Half(halves),
        None => Raw::Single(values(weights, &name)?.into_owned()),
    };
    let folded = Folded { shape: [outputs, inputs, side], weight, scale, bias };
    if folded.overflows() {
        return Err(overflow(&format!("tensor {name} and those of {norm}")));
    }
    Ok(folded)
}

fn overflow(tensors: &str) -> Problem {
    Problem::new(format!("{tensors} overflow together"))
        .hint("the training diverged; train again with a lower learning rate")
}

/// The values of the tensor of this name.
pub(super) fn values<'w>(weights: &'w dyn Tensors, name: &str) -> Result<Cow<'w, [f32]>, Problem> {
    weights.values(name).ok_or_else(|| Problem::new(format!("tensor {name} is missing")))
}

/// The tensor of this name.
pub(super) fn tensor<'w>(weights: &'w Weights, name: &str) -> Result<&'w Array, Problem> {
    weights.get(name).ok_or_else(|| Problem::new(format!("tensor {name} is missing")))
}
