//! Adam and AdamW, with PyTorch's arithmetic, keyed by the parameter's name.

use std::collections::BTreeMap;

use burn::tensor::Tensor;
use rating::Problem;
use serde::{Deserialize, Serialize};

use super::pass::{Layers, Parameters, upload, values};

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
    /// Refuses settings that no step can be made with.
    pub(super) fn check(&self) -> Result<(), Problem> {
        let shares = [self.betas.0, self.betas.1];
        let positive = |value: f64| value > 0.0 && value.is_finite();
        let wrong = if !shares.iter().all(|share| (0.0..1.0).contains(share)) {
            "betas lie in 0 to below 1"
        } else if !positive(self.epsilon) {
            "epsilon is above 0"
        } else if !(self.weight_decay >= 0.0 && self.weight_decay.is_finite()) {
            "weight_decay is 0 or more"
        } else if !self.gradient_clip.is_none_or(positive) {
            "gradient_clip is above 0"
        } else {
            return Ok(());
        };
        Err(Problem::new(format!("an optimizer's {wrong}")))
    }

    /// Moves every parameter that has a gradient.
    pub(super) fn step(
        &self,
        parameters: &mut Parameters,
        gradients: BTreeMap<String, Tensor<1>>,
        moments: &mut Moments,
        learning_rate: f64,
        layers: Layers,
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
            let first = moments.first.entry(name.clone()).or_insert_with(|| gradient.zeros_like());
            let second = moments.second.entry(name).or_insert_with(|| gradient.zeros_like());
            match layers {
                Layers::Plain => update.apply(&mut parameter.value, gradient, first, second),
                Layers::Cpu => update.apply_on_cpu(&mut parameter.value, gradient, first, second),
            }
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

    /// In tensor operations, for every device.
    fn apply(
        &self,
        weight: &mut Tensor<1>,
        gradient: Tensor<1>,
        first: &mut Tensor<1>,
        second: &mut Tensor<1>,
    ) {
        let mut old = weight.clone();
        let mut gradient = gradient;
        if self.gradient_decay != 0.0 {
            gradient = gradient + old.clone().mul_scalar(self.gradient_decay);
        }
        if self.kept != 1.0 {
            old = old.mul_scalar(self.kept);
        }
        let blend = |moment: &Tensor<1>, value: Tensor<1>, decay: f64| {
            moment.clone().mul_scalar(decay) + value.mul_scalar(1.0 - decay)
        };
        *first = blend(first, gradient.clone(), self.betas.0);
        *second = blend(second, gradient.clone() * gradient, self.betas.1);
        let root = second.clone().sqrt().div_scalar(self.second_correction);
        *weight = old - first.clone().mul_scalar(self.size) / root.add_scalar(self.epsilon);
    }

    /// The same in one walk through memory, where the tensors lie in it.
    fn apply_on_cpu(
        &self,
        weight: &mut Tensor<1>,
        gradient: Tensor<1>,
        first: &mut Tensor<1>,
        second: &mut Tensor<1>,
    ) {
        let device = weight.device();
        let gradient = values(gradient);
        let [mut weights, mut firsts, mut seconds] =
            [&*weight, &*first, &*second].map(|tensor| values(tensor.clone()));
        let (first_kept, second_kept) = (self.betas.0 as f32, self.betas.1 as f32);
        let (first_new, second_new) = ((1.0 - self.betas.0) as f32, (1.0 - self.betas.1) as f32);
        let (size, epsilon) = (self.size as f32, self.epsilon as f32);
        let correction = self.second_correction as f32;
        let (decay, kept) = (self.gradient_decay as f32, self.kept as f32);
        let moments = firsts.iter_mut().zip(&mut seconds);
        for ((weight, gradient), (first, second)) in weights.iter_mut().zip(&gradient).zip(moments)
        {
            let gradient = gradient + decay * *weight;
            *first = first_kept * *first + first_new * gradient;
            *second = second_kept * *second + second_new * gradient * gradient;
            *weight = kept * *weight - size * *first / (second.sqrt() / correction + epsilon);
        }
        *weight = upload(weights, &device);
        *first = upload(firsts, &device);
        *second = upload(seconds, &device);
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn settings_without_a_step_are_refused() {
        let settings = OptimizerSettings::default;
        assert!(settings().check().is_ok());
        for wrong in [
            OptimizerSettings { betas: (0.9, 1.0), ..settings() },
            OptimizerSettings { epsilon: 0.0, ..settings() },
            OptimizerSettings { weight_decay: -1.0, ..settings() },
            OptimizerSettings { gradient_clip: Some(f64::NAN), ..settings() },
        ] {
            assert!(wrong.check().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn one_walk_is_the_tensor_operations() {
        let device = Device::flex();
        let tensor = |data: [f32; 4]| upload(data.to_vec(), &device);
        for kind in [OptimizerKind::Adam, OptimizerKind::AdamW] {
            let settings =
                OptimizerSettings { kind, weight_decay: 0.1, ..OptimizerSettings::default() };
            let update = Update::new(&settings, 3, 1e-2);
            let run = |on_cpu: bool| {
                let mut weight = tensor([0.5, -1.0, 2.0, 0.0]);
                let mut first = tensor([0.1, 0.2, -0.3, 0.0]);
                let mut second = tensor([0.3, 0.2, 0.1, 0.0]);
                let gradient = tensor([1.0, -2.0, 0.5, 0.0]);
                if on_cpu {
                    update.apply_on_cpu(&mut weight, gradient, &mut first, &mut second);
                } else {
                    update.apply(&mut weight, gradient, &mut first, &mut second);
                }
                [weight, first, second].map(values).concat()
            };
            for (found, expected) in run(true).iter().zip(run(false)) {
                assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
            }
        }
    }
}
