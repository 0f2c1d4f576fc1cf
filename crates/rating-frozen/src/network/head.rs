//! From features to logits.

use rating::Problem;

use super::architecture::Architecture;
use super::feature_map::relu;
use super::folded::tensor;
use super::matrix::{Matrix, add_product};
use crate::weights::Weights;

/// What stands behind the backbones.
#[derive(Debug, Clone)]
pub(super) struct Head {
    /// The layer of hidden units and whether a ReLU follows it.
    hidden: Option<(Linear, bool)>,
    last: Linear,
}

#[derive(Debug, Clone)]
struct Linear {
    /// `[outputs, inputs]`.
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl Head {
    /// The head of weights whose shapes have been checked.
    pub(super) fn new(architecture: &Architecture, weights: &Weights) -> Result<Head, Problem> {
        let hidden = match architecture {
            Architecture::Single { .. } => None,
            Architecture::Fusion { relu, .. } => Some((Linear::new("head1.0", weights)?, *relu)),
        };
        Ok(Head { hidden, last: Linear::new(architecture.last_layer(), weights)? })
    }

    pub(super) fn classes(&self) -> usize {
        self.last.bias.len()
    }

    pub(super) fn logits(&self, features: &[f32]) -> Vec<f32> {
        let Some((hidden, has_relu)) = &self.hidden else {
            return self.last.forward(features);
        };
        let mut units = hidden.forward(features);
        if *has_relu {
            relu(&mut units);
        }
        self.last.forward(&units)
    }
}

impl Linear {
    fn new(name: &str, weights: &Weights) -> Result<Linear, Problem> {
        let weight = tensor(weights, &format!("{name}.weight"))?.data.clone();
        let bias = tensor(weights, &format!("{name}.bias"))?.data.clone();
        Ok(Linear { weight, bias })
    }

    fn forward(&self, inputs: &[f32]) -> Vec<f32> {
        let mut outputs = self.bias.clone();
        add_product(
            Matrix::row_major(outputs.as_mut_slice(), self.bias.len(), 1),
            Matrix::row_major(&self.weight, self.bias.len(), inputs.len()),
            Matrix::row_major(inputs, inputs.len(), 1),
        );
        outputs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_layer_by_hand() {
        let layer = Linear { weight: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], bias: vec![0.5, -0.5] };
        assert_eq!(layer.forward(&[1.0, 0.0, -1.0]), [-1.5, -2.5]);
    }
}
