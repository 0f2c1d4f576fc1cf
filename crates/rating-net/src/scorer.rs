//! A bundle's networks through Burn, on a device.
//!
//! Only the backbones run there, in 32 bits. What comes before and after them
//! (preprocessing, the small layers of the head, probabilities, thresholds) is
//! what the engine on the processor takes too.

use rating::scores::Probability;
use rating::{Pair, Problem};
use rating_frozen::bundle::{Bundle, BundleError, Identity, NetworkInfo};
use rating_frozen::network::Head;
use rating_frozen::scorer::{ScoreError, Scorer, answer};
use rating_frozen::{Control, Explanation, How, Inputs};

use crate::model::{Backbone, Device};

/// Pairs that pass a network together.
const TOGETHER: usize = 32;

/// Scores with the networks of a bundle on a device of Burn.
///
/// Networks are loaded one after the other and leave the device again: it holds
/// one, and the maps of 32 pairs. Probabilities agree with those of
/// [`CpuScorer`](rating_frozen::CpuScorer) within 1e-5. Heatmaps it leaves to
/// that one.
#[derive(Debug)]
pub struct DeviceScorer {
    bundle: Bundle,
    device: Device,
}

/// A network of the bundle, its backbones on the device.
struct Loaded<'b> {
    info: &'b NetworkInfo,
    /// With the position in a pair of the image each sees.
    backbones: Vec<(usize, Backbone)>,
    head: Head,
}

impl DeviceScorer {
    /// A scorer for an opened bundle, on a device from
    /// [`device`](crate::model::device).
    #[must_use]
    pub fn new(bundle: Bundle, device: Device) -> DeviceScorer {
        DeviceScorer { bundle, device }
    }

    /// The bundle that answers.
    #[must_use]
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// Like [`Scorer::score`], for pairs prepared before.
    ///
    /// # Errors
    /// As for [`Scorer::score`].
    pub fn score_inputs(
        &self,
        inputs: &[Inputs],
        control: &dyn Control,
    ) -> Result<Vec<Vec<Probability>>, ScoreError> {
        let networks = self.bundle.info().networks.len();
        let mut answers = vec![Vec::with_capacity(networks); inputs.len()];
        let (mut done, total) = (0, networks * inputs.len());
        for position in 0..networks {
            let network = self.load(position)?;
            for (inputs, answers) in inputs.chunks(TOGETHER).zip(answers.chunks_mut(TOGETHER)) {
                if control.cancelled() {
                    return Err(ScoreError::Cancelled);
                }
                for (answers, answer) in answers.iter_mut().zip(network.answers(inputs)?) {
                    answers.push(answer);
                }
                done += inputs.len();
                control.progress(done, total);
            }
        }
        Ok(answers)
    }

    /// Reads and checks a network and sends its backbones to the device.
    fn load(&self, position: usize) -> Result<Loaded<'_>, ScoreError> {
        let weights = self.bundle.weights(position)?;
        let info = &self.bundle.info().networks[position];
        let load = || {
            let prefixes = info.architecture.backbone_prefixes();
            let images = info.images(&self.bundle.info().protocol);
            let backbone = |(image, prefix): (usize, &String)| {
                let width = info.architecture.width();
                Ok((image, Backbone::new(width, &weights, prefix, &self.device)?))
            };
            let backbones: Result<Vec<_>, Problem> =
                images.into_iter().zip(&prefixes).map(backbone).collect();
            Ok(Loaded {
                info,
                backbones: backbones?,
                head: Head::of(&info.architecture, &weights)?,
            })
        };
        load().map_err(|problem: Problem| {
            BundleError::Refused(problem.in_file(info.file.as_str())).into()
        })
    }
}

impl Loaded<'_> {
    /// What the network says of these pairs, in one pass.
    fn answers(&self, inputs: &[Inputs]) -> Result<Vec<Probability>, ScoreError> {
        let mut features = vec![Vec::new(); inputs.len()];
        for (image, backbone) in &self.backbones {
            let images: Vec<f32> =
                inputs.iter().flat_map(|inputs| inputs.normalised_one(*image)).collect();
            let made = backbone.features(&images, inputs.len()); // [pairs, 8 widths]
            let each = made.chunks_exact(made.len() / inputs.len());
            for (features, own) in features.iter_mut().zip(each) {
                features.extend_from_slice(own);
            }
        }
        features.iter().map(|features| answer(self.info, &self.head.logits(features))).collect()
    }
}

impl Scorer for DeviceScorer {
    fn identity(&self) -> &Identity {
        self.bundle.identity()
    }

    fn score(
        &self,
        pairs: &[Pair],
        control: &dyn Control,
    ) -> Result<Vec<Vec<Probability>>, ScoreError> {
        let info = self.bundle.info();
        let prepare = |pair| Inputs::new(pair, &info.protocol, &info.preprocess);
        let inputs: Result<Vec<Inputs>, Problem> = pairs.iter().map(prepare).collect();
        self.score_inputs(&inputs?, control)
    }

    /// Always refused: heatmaps are the processor's work.
    fn explain(
        &self,
        _pair: &Pair,
        _how: &How,
        _control: &dyn Control,
    ) -> Result<Explanation, ScoreError> {
        Err(Problem::new("heatmaps are computed on the processor only")
            .hint("ask a scorer of the processor for them")
            .into())
    }
}
