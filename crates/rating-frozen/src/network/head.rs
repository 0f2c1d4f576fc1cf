//! From features to logits, and back.

use rating::Problem;

use super::architecture::Architecture;
use super::folded::values;
use crate::weights::{Tensors, Weights};

/// What stands behind the backbones: from their features to logits.
#[derive(Debug, Clone)]
pub struct Head {
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
    /// The head of a network's weights, for whoever runs the backbones elsewhere.
    ///
    /// # Errors
    /// Weights of another architecture.
    pub fn of(architecture: &Architecture, weights: &Weights) -> Result<Head, Problem> {
        architecture.check_weights(weights)?;
        Head::new(architecture, weights)
    }

    /// The head of weights whose shapes have been checked.
    pub(super) fn new(architecture: &Architecture, weights: &dyn Tensors) -> Result<Head, Problem> {
        let hidden = match architecture {
            Architecture::Single { .. } => None,
            Architecture::Fusion { relu, .. } => Some((Linear::new("head1.0", weights)?, *relu)),
        };
        Ok(Head { hidden, last: Linear::new(architecture.last_layer(), weights)? })
    }

    pub(super) fn classes(&self) -> usize {
        self.last.bias.len()
    }

    /// How many features go in.
    pub(super) fn features(&self) -> usize {
        let first = self.hidden.as_ref().map_or(&self.last, |(hidden, _)| hidden);
        first.weight.len() / first.bias.len()
    }

    /// The logits of one pair's features: eight times the width for each
    /// modality, one after the other.
    ///
    /// # Panics
    /// More or fewer features than the backbones make.
    #[must_use]
    pub fn logits(&self, features: &[f32]) -> Vec<f32> {
        assert_eq!(features.len(), self.features(), "features of another network");
        match self.units(features) {
            Some(units) => self.last.forward(&units),
            None => self.last.forward(features),
        }
    }

    /// The gradient of one logit with respect to the features.
    pub(super) fn gradient(&self, class: usize, features: &[f32]) -> Vec<f32> {
        let count = self.last.weight.len() / self.last.bias.len();
        let gradient = &self.last.weight[class * count..][..count];
        let (Some((hidden, has_relu)), Some(units)) = (&self.hidden, self.units(features)) else {
            return gradient.to_vec();
        };
        let mut sum = vec![0.0; features.len()];
        for ((weights, gradient), unit) in
            hidden.weight.chunks_exact(features.len()).zip(gradient).zip(units)
        {
            if unit > 0.0 || !has_relu {
                sum.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += gradient * weight);
            }
        }
        sum
    }

    /// The hidden units.
    fn units(&self, features: &[f32]) -> Option<Vec<f32>> {
        let (hidden, has_relu) = self.hidden.as_ref()?;
        let mut units = hidden.forward(features);
        if *has_relu {
            // In this order a NaN stays one.
            units.iter_mut().for_each(|unit| *unit = if *unit < 0.0 { 0.0 } else { *unit });
        }
        Some(units)
    }
}

impl Linear {
    fn new(name: &str, weights: &dyn Tensors) -> Result<Linear, Problem> {
        let weight = values(weights, &format!("{name}.weight"))?.into_owned();
        let bias = values(weights, &format!("{name}.bias"))?.into_owned();
        Ok(Linear { weight, bias })
    }

    fn forward(&self, inputs: &[f32]) -> Vec<f32> {
        let rows = self.weight.chunks_exact(inputs.len());
        rows.zip(&self.bias).map(|(row, bias)| bias + dot(row, inputs)).collect()
    }
}

/// A dot product in eight sums, which the compiler keeps in vectors.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0; 8];
    let (a_eights, a_rest) = a.as_chunks::<8>();
    let (b_eights, b_rest) = b.as_chunks::<8>();
    for (a, b) in a_eights.iter().zip(b_eights) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer() -> Linear {
        Linear { weight: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], bias: vec![0.5, -0.5] }
    }

    #[test]
    fn a_linear_layer_by_hand() {
        assert_eq!(layer().forward(&[1.0, 0.0, -1.0]), [-1.5, -2.5]);
    }

    #[test]
    fn the_gradient_passes_units_that_are_on() {
        let last = Linear { weight: vec![1.0, 0.0, 2.0, -3.0], bias: vec![0.0, 0.0] };
        let mut head = Head { hidden: Some((layer(), true)), last };
        // The units are -1.5 and -2.5: both off.
        assert_eq!(head.gradient(1, &[1.0, 0.0, -1.0]), [0.0, 0.0, 0.0]);
        // 6.5 and 5.5: both on.
        assert_eq!(head.gradient(1, &[-5.0, 4.0, 1.0]), [2.0 - 12.0, 4.0 - 15.0, 6.0 - 18.0]);
        head.hidden = head.hidden.map(|(layer, _)| (layer, false));
        assert_eq!(head.gradient(1, &[1.0, 0.0, -1.0]), [2.0 - 12.0, 4.0 - 15.0, 6.0 - 18.0]);
    }

    #[test]
    fn dots_of_any_length() {
        let values: Vec<f32> = (0..19).map(|value| value as f32).collect();
        assert_eq!(dot(&values, &values), 2109.0);
    }
}
