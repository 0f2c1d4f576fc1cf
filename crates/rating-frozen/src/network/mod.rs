//! A trained network: from normalised images to logits, and from a logit to
//! its gradient.
//!
//! Images of each modality go in, channels first (`[3, px, px]`); numbers come
//! out. What a network says of one image does not depend on the others beyond
//! rounding (a few 1e-7 of a logit), nor on threads at all.

mod architecture;
mod folded;
mod head;
pub mod matrix;
mod path;
mod plain;
mod resnet;

use rating::Problem;
use rating::preprocess::Preprocess;
use rating::words::counted;
use rayon::prelude::*;

pub use architecture::Architecture;
pub use head::Head;
pub use path::PathPoint;
pub use plain::PlainNetwork;

use crate::engine::{Backbone, Crew, End, Kernels, Space, Start};
pub use crate::engine::{Purpose, peak_gflops};
use crate::weights::{Tensors, Weights};

/// A network of a known architecture with its weights, batch-norms folded into
/// the convolutions and everything laid out for its purpose.
#[derive(Debug)]
pub struct Network {
    backbones: Vec<Backbone>,
    head: Head,
}

/// Memory that passes use again, and how many threads they may take.
#[derive(Debug)]
pub struct Workspace {
    /// For each modality.
    spaces: Vec<Option<Space>>,
    crew: Crew,
}

impl Workspace {
    /// A workspace for passes by so many threads, at least one.
    #[must_use]
    pub fn new(threads: usize) -> Workspace {
        Workspace { spaces: Vec::new(), crew: Crew::new(threads) }
    }

    /// The spaces of so many modalities, and the threads.
    fn parts(&mut self, modalities: usize) -> (&mut [Option<Space>], &mut Crew) {
        while self.spaces.len() < modalities {
            self.spaces.push(None);
        }
        (&mut self.spaces[..modalities], &mut self.crew)
    }
}

impl Default for Workspace {
    fn default() -> Workspace {
        Workspace::new(1)
    }
}

impl Network {
    /// The network of these weights.
    ///
    /// # Errors
    /// A tensor that is missing, of another shape or of no use; a running
    /// variance below zero; an architecture out of range; instructions forced
    /// by the environment that are not here.
    pub fn new(
        architecture: &Architecture,
        weights: &Weights,
        purpose: Purpose,
    ) -> Result<Network, Problem> {
        Network::of(architecture, weights, purpose)
    }

    /// The network of these weights, wherever they are kept.
    pub(crate) fn of(
        architecture: &Architecture,
        weights: &dyn Tensors,
        purpose: Purpose,
    ) -> Result<Network, Problem> {
        architecture.check_weights(weights)?;
        let kernels = Kernels::best(architecture.width())?;
        let backbone = |prefix: &String| {
            Ok(Backbone::new(&resnet::backbone(prefix, weights)?, purpose, kernels))
        };
        let backbones: Vec<Result<Backbone, Problem>> =
            architecture.backbone_prefixes().par_iter().map(backbone).collect();
        let backbones = backbones.into_iter().collect::<Result<_, Problem>>()?;
        Ok(Network { backbones, head: Head::new(architecture, weights)? })
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

    /// The logits of several pairs, `[pairs, classes]`: for each modality,
    /// `inputs` holds an image of every pair.
    ///
    /// # Errors
    /// As for [`Network::logits`]; modalities of different numbers of images.
    pub fn logits_of_pairs(
        &self,
        inputs: &[&[&[f32]]],
        px: usize,
        workspace: &mut Workspace,
    ) -> Result<Vec<f32>, Problem> {
        let features = self.features_of_pairs(inputs, px, workspace)?;
        let each = features.chunks_exact(self.head.features());
        Ok(each.flat_map(|features| self.head.logits(features)).collect())
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
        let inputs: Vec<&[&[f32]]> = inputs.iter().map(std::slice::from_ref).collect();
        self.features_of_pairs(&inputs, px, workspace)
    }

    /// The logits of features from [`Network::features`].
    ///
    /// # Panics
    /// When there are more or fewer features than the backbones make.
    #[must_use]
    pub fn logits_of_features(&self, features: &[f32]) -> Vec<f32> {
        self.head.logits(features)
    }

    /// The gradient of one logit at the images of several pairs: for each
    /// modality `[pairs, 3, px, px]`.
    ///
    /// # Errors
    /// As for [`Network::logits_of_pairs`]; no such class.
    ///
    /// # Panics
    /// The network's purpose does not include gradients.
    pub fn input_gradient(
        &self,
        class: usize,
        inputs: &[&[&[f32]]],
        px: usize,
        workspace: &mut Workspace,
    ) -> Result<Vec<Vec<f32>>, Problem> {
        self.check_class(class)?;
        let features = self.features_of_pairs(inputs, px, workspace)?;
        let gradients = self.head_gradient(class, &features);
        let (spaces, crew) = workspace.parts(self.modalities());
        let mut out = Vec::new();
        for ((backbone, space), gradient) in self.backbones.iter().zip(spaces).zip(gradients) {
            let mut images = vec![0.0; gradient.len() / backbone.features() * 3 * px * px];
            backbone.backward(&gradient, px, crew, space, End::Images(&mut images));
            out.push(images);
        }
        Ok(out)
    }

    /// Features of several pairs, `[pairs, modalities, features]`.
    fn features_of_pairs(
        &self,
        inputs: &[&[&[f32]]],
        px: usize,
        workspace: &mut Workspace,
    ) -> Result<Vec<f32>, Problem> {
        self.check_inputs(inputs, px)?;
        let starts: Vec<Start<'_>> = inputs.iter().map(|images| Start::Images(images)).collect();
        Ok(self.forward(&starts, inputs.first().map_or(0, |images| images.len()), px, workspace))
    }

    /// Features of so many pairs, `[pairs, modalities, features]`.
    fn forward(
        &self,
        starts: &[Start<'_>],
        pairs: usize,
        px: usize,
        workspace: &mut Workspace,
    ) -> Vec<f32> {
        let (spaces, crew) = workspace.parts(self.modalities());
        let total = self.head.features();
        let mut features = vec![0.0; pairs * total];
        let mut first = 0;
        for ((backbone, space), start) in self.backbones.iter().zip(spaces).zip(starts) {
            let count = backbone.features();
            let mut own = vec![0.0; pairs * count];
            backbone.forward(*start, px, crew, space, &mut own);
            for (to, from) in features.chunks_exact_mut(total).zip(own.chunks_exact(count)) {
                to[first..first + count].copy_from_slice(from);
            }
            first += count;
        }
        features
    }

    /// The gradient of a logit at each backbone's features, `[pairs, features]`.
    fn head_gradient(&self, class: usize, features: &[f32]) -> Vec<Vec<f32>> {
        let mut gradients = vec![Vec::new(); self.modalities()];
        for features in features.chunks_exact(self.head.features()) {
            let gradient = self.head.gradient(class, features);
            let mut rest = gradient.as_slice();
            for (backbone, gradients) in self.backbones.iter().zip(&mut gradients) {
                let (own, others) = rest.split_at(backbone.features());
                gradients.extend_from_slice(own);
                rest = others;
            }
        }
        gradients
    }

    fn check_class(&self, class: usize) -> Result<(), Problem> {
        if class < self.classes() {
            return Ok(());
        }
        Err(Problem::new(format!("no class {class} of {}", self.classes())))
    }

    fn check_inputs(&self, inputs: &[&[&[f32]]], px: usize) -> Result<(), Problem> {
        if inputs.len() != self.modalities() {
            let (given, wanted) = (inputs.len(), self.modalities());
            let given = counted(given, "image", "images");
            return Err(Problem::new(format!("{given} for a network of {wanted}")));
        }
        let pairs = inputs.first().map_or(0, |images| images.len());
        if pairs == 0 || inputs.iter().any(|images| images.len() != pairs) {
            return Err(Problem::new("modalities of different numbers of images, or of none"));
        }
        let possible = Preprocess::INPUT_PX;
        if !u32::try_from(px).is_ok_and(|px| possible.contains(&px)) {
            let (least, most) = (possible.start(), possible.end());
            return Err(Problem::new(format!(
                "inputs of {px} pixels; {least} to {most} are possible"
            )));
        }
        let mut images = inputs.iter().flat_map(|images| images.iter());
        match images.find(|image| image.len() != 3 * px * px) {
            Some(image) => {
                let found = image.len();
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

/// The probability of `grade > cut-off`, class 1 of a task's network; `None`
/// where a logit is no finite number.
pub(crate) fn probability_above(logits: &[f32]) -> Option<f64> {
    let all_finite = logits.iter().all(|logit| logit.is_finite());
    probabilities(logits).get(1).copied().filter(|_| all_finite)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logit_that_overflowed_gives_no_probability() {
        assert_eq!(probability_above(&[2.0, 2.0]), Some(0.5));
        for wrong in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert_eq!(probability_above(&[0.0, wrong]), None);
            assert_eq!(probability_above(&[wrong, 0.0]), None);
        }
        assert_eq!(probability_above(&[1.0]), None);
    }

    #[test]
    fn probabilities_add_up_and_do_not_overflow() {
        assert_eq!(probabilities(&[3.0, 3.0]), [0.5, 0.5]);
        assert_eq!(probabilities(&[-1e30, 1e30]), [0.0, 1.0]);
        let [low, high] = probabilities(&[0.0, 1.0])[..] else { panic!() };
        assert!((high - 1.0 / (1.0 + (-1.0_f64).exp())).abs() < 1e-15);
        assert!((low + high - 1.0).abs() < 1e-15);
    }
}
