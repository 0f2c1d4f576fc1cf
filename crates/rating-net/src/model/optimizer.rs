//! Adam and AdamW, with PyTorch's arithmetic, keyed by the parameter's name.

use std::collections::BTreeMap;

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::pass::{Parameters, values};

/// How gradients become steps. The defaults are the paper's: Adam with
/// PyTorch's constants, no weight decay, no clipping.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OptimizerSettings {
    /// Adam or AdamW.
    pub kind: OptimizerKind,
    /// Decay of the two moments.
    pub betas: (f64, f64),
    /// Guard against division by zero.
    pub epsilon: f64,
    /// Added to the gradient by Adam, taken off the weight by AdamW. As in
    /// PyTorch it holds for every learned tensor, batch-norm and biases too.
    pub weight_decay: f64,
    /// Largest norm of all gradients together; larger ones are scaled down.
    pub gradient_clip: Option<f64>,
}

/// The two ways of weight decay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OptimizerKind {
    /// Decay goes through the moments.
    Adam,
    /// Decay is apart from the moments (Loshchilov and Hutter).
    AdamW,
}

impl Default for OptimizerSettings {
    fn default() -> OptimizerSettings {
        OptimizerSettings {
            kind: OptimizerKind::Adam,
            betas: (0.9, 0.999),
            epsilon: 1e-8,
            weight_decay: 0.0,
            gradient_clip: None,
        }
    }
}

/// The moments of every learned tensor, and how many steps were taken.
#[derive(Debug, Clone, Default)]
pub(super) struct Moments {
    pub steps: u64,
    pub first: BTreeMap<String, Tensor<1>>,
    pub second: BTreeMap<String, Tensor<1>>,
}

impl OptimizerSettings {
    /// Moves every parameter that has a gradient.
    pub(super) fn step(
        &self,
        parameters: &mut Parameters,
        gradients: BTreeMap<String, Tensor<1>>,
        moments: &mut Moments,
        learning_rate: f64,
    ) {
        moments.steps += 1;
        let clip = self.clip_factor(&gradients, parameters);
        let update = Update::new(self, moments.steps, learning_rate);
        for (name, gradient) in gradients {
            let Some(parameter) = parameters.get_mut(&name) else { continue };
            let gradient = match clip {
                Some(factor) => gradient.mul_scalar(factor),
                None => gradient,
            };
            update.apply(
                &mut parameter.value,
                gradient,
                moments.first.entry(name.clone()),
                moments.second.entry(name),
            );
        }
    }

    /// What to scale gradients by, where they are too large.
    ///
    /// The sums go row by row and tensor by tensor: a full sum of millions of
    /// values is in no fixed order on a CPU.
    fn clip_factor(
        &self,
        gradients: &BTreeMap<String, Tensor<1>>,
        parameters: &Parameters,
    ) -> Option<f64> {
        let largest = self.gradient_clip?;
        let mut squares = 0.0;
        for (name, gradient) in gradients {
            let rows = parameters.get(name).map_or(1, |parameter| parameter.shape[0]);
            let columns = gradient.dims()[0] / rows;
            let squared = gradient.clone() * gradient.clone();
            let sums = squared.reshape([rows, columns]).sum_dim(1); // [rows, 1]
            squares += values(sums).into_iter().map(f64::from).sum::<f64>();
        }
        let norm = squares.sqrt();
        (norm > largest).then(|| largest / (norm + 1e-6))
    }
}

/// The numbers of one step.
struct Update {
    betas: (f64, f64),
    /// The step's size, corrected for the first moment's short history.
    size: f64,
    /// The root of the second moment's correction.
    second_correction: f64,
    epsilon: f64,
    /// What Adam adds to the gradient, in weights.
    gradient_decay: f64,
    /// What AdamW keeps of a weight.
    kept: f64,
}

type Entry<'a> = std::collections::btree_map::Entry<'a, String, Tensor<1>>;

impl Update {
    fn new(settings: &OptimizerSettings, steps: u64, learning_rate: f64) -> Update {
        let (first, second) = settings.betas;
        let exponent = i32::try_from(steps).unwrap_or(i32::MAX);
        let coupled = settings.kind == OptimizerKind::Adam;
        Update {
            betas: settings.betas,
            size: learning_rate / (1.0 - first.powi(exponent)),
            second_correction: (1.0 - second.powi(exponent)).sqrt(),
            epsilon: settings.epsilon,
            gradient_decay: if coupled { settings.weight_decay } else { 0.0 },
            kept: if coupled { 1.0 } else { 1.0 - learning_rate * settings.weight_decay },
        }
    }

    fn apply(
        &self,
        weight: &mut Tensor<1>,
        gradient: Tensor<1>,
        first: Entry<'_>,
        second: Entry<'_>,
    ) {
        let mut old = weight.clone();
        let mut gradient = gradient;
        if self.gradient_decay != 0.0 {
            gradient = gradient + old.clone().mul_scalar(self.gradient_decay);
        }
        if self.kept != 1.0 {
            old = old.mul_scalar(self.kept);
        }
        let mean = blend(first, gradient.clone(), self.betas.0);
        let square = blend(second, gradient.clone() * gradient, self.betas.1);
        let scale = square.sqrt().div_scalar(self.second_correction).add_scalar(self.epsilon);
        *weight = old - mean.mul_scalar(self.size) / scale;
    }
}

/// The new moment: the old one decayed, and the rest of the new value.
fn blend(moment: Entry<'_>, value: Tensor<1>, decay: f64) -> Tensor<1> {
    let moment = moment.or_insert_with(|| value.zeros_like());
    *moment = moment.clone().mul_scalar(decay) + value.mul_scalar(1.0 - decay);
    moment.clone()
}
