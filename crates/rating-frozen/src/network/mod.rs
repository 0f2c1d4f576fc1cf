//! A trained network: from normalised images to logits.
//!
//! One image of each modality goes in, channels first (`[3, px, px]`); numbers
//! come out. Images are taken one at a time, so what a network says of one
//! never depends on the others.

mod architecture;
mod convolution;
mod feature_map;
mod folded;
mod head;
pub mod matrix;
mod path;
mod plain;
mod resnet;

use rating::Problem;
use rating::preprocess::Preprocess;

pub use architecture::Architecture;
pub use feature_map::Workspace;
pub use path::PathPoint;
pub use plain::PlainNetwork;

use crate::weights::Weights;
use head::Head;
use resnet::Backbone;

/// A network of a known architecture with its weights, batch-norms folded into
/// the convolutions.
#[derive(Debug, Clone)]
pub struct Network {
    backbones: Vec<Backbone>,
    head: Head,
    /// Gradients, until the engine takes them.
    plain: PlainNetwork,
}

impl Network {
    /// The network of these weights.
    ///
    /// # Errors
    /// A tensor that is missing, of another shape or of no use; a running
    /// variance below zero; an architecture out of range.
    pub fn new(architecture: &Architecture, weights: &Weights) -> Result<Network, Problem> {
        architecture.check_weights(weights)?;
        let backbones = architecture.backbone_prefixes();
        let backbones: Result<_, _> =
            backbones.iter().map(|prefix| Backbone::new(prefix, weights)).collect();
        let plain = PlainNetwork::new(architecture, weights)?;
        Ok(Network { backbones: backbones?, head: Head::new(architecture, weights)?, plain })
    }

    /// How many images a pair gives to this network, one per modality it sees.
    #[must_use]
    pub fn modalities(&self) -> usize {
        self.backbones.len()
    }

    /// How many logits come out.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.head.classes()
    }

    /// The logits of one pair: `inputs` holds a normalised `[3, px, px]` image
    /// per modality, in the network's order.
    ///
    /// # Errors
    /// Another number of images, or images of another size.
    pub fn logits(
        &self,
        inputs: &[&[f32]],
        px: usize,
        workspace: &mut Workspace,
    ) -> Result<Vec<f32>, Problem> {
        let features = self.features(inputs, px, workspace)?;
        Ok(self.logits_of_features(&features))
    }

    /// What the backbones make of one pair: eight times the width for each
    /// modality, one after the other.
    ///
    /// # Errors
    /// As for [`Network::logits`].
    pub fn features(
        &self,
        inputs: &[&[f32]],
        px: usize,
        workspace: &mut Workspace,
    ) -> Result<Vec<f32>, Problem> {
        self.check_inputs(inputs, px)?;
        let mut features = Vec::new();
        for (backbone, input) in self.backbones.iter().zip(inputs) {
            backbone.append_features(input, px, workspace, &mut features);
        }
        Ok(features)
    }

    /// The logits of features from [`Network::features`].
    ///
    /// # Panics
    /// When there are more or fewer features than the backbones make.
    #[must_use]
    pub fn logits_of_features(&self, features: &[f32]) -> Vec<f32> {
        self.head.logits(features)
    }

    fn check_inputs(&self, inputs: &[&[f32]], px: usize) -> Result<(), Problem> {
        if inputs.len() != self.modalities() {
            let (given, wanted) = (inputs.len(), self.modalities());
            return Err(Problem::new(format!("{given} images for a network of {wanted}")));
        }
        let possible = Preprocess::INPUT_PX;
        if !u32::try_from(px).is_ok_and(|px| possible.contains(&px)) {
            let (least, most) = (possible.start(), possible.end());
            return Err(Problem::new(format!(
                "inputs of {px} pixels; {least} to {most} are possible"
            )));
        }
        match inputs.iter().find(|input| input.len() != 3 * px * px) {
            Some(input) => {
                let found = input.len();
                Err(Problem::new(format!("{found} values do not fill an input of [3, {px}, {px}]")))
            }
            None => Ok(()),
        }
    }
}

/// The probabilities of the classes (softmax), computed in 64 bits.
#[must_use]
pub fn probabilities(logits: &[f32]) -> Vec<f64> {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f64> =
        logits.iter().map(|&logit| (f64::from(logit) - f64::from(highest)).exp()).collect();
    let total: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / total).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_add_up_and_do_not_overflow() {
        assert_eq!(probabilities(&[3.0, 3.0]), [0.5, 0.5]);
        assert_eq!(probabilities(&[-1e30, 1e30]), [0.0, 1.0]);
        let [low, high] = probabilities(&[0.0, 1.0])[..] else { panic!() };
        assert!((high - 1.0 / (1.0 + (-1.0_f64).exp())).abs() < 1e-15);
        assert!((low + high - 1.0).abs() < 1e-15);
    }
}
