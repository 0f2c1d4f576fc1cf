//! Which networks there are, as lists of named tensors.
//!
//! The names are torchvision's, so that weights from elsewhere load by name
//! and a trained network reads anywhere.

use rating::Problem;
use serde::{Deserialize, Serialize};

/// A network to train.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Architecture {
    /// Pretraining: one ResNet-18 sees nine tiles, and the head names the
    /// permutation they were shuffled by.
    Jigsaw {
        /// Channels of the stem; torchvision's ResNet-18 has 64.
        width: usize,
        /// How many permutations there are to tell apart.
        permutations: usize,
        /// Size of a hidden layer of the head; `None` is one linear layer.
        hidden: Option<usize>,
    },
    /// One ResNet-18 on one image: a feature extractor, or a whole network.
    Single {
        /// Channels of the stem; torchvision's ResNet-18 has 64.
        width: usize,
        /// Classes told apart, 2 for "is the grade greater than this?".
        classes: usize,
    },
    /// The fusion head, on the features of frozen extractors side by side.
    Head {
        /// Length of the features of all extractors together.
        features: usize,
        /// Size of the hidden layer (256 in the paper).
        hidden: usize,
        /// Whether a ReLU stands between the two layers.
        relu: bool,
        /// Share of the hidden values dropped in a training step.
        dropout: f64,
        /// Classes told apart.
        classes: usize,
    },
}

/// A part of ResNet-18 that can be frozen: it neither learns nor moves its
/// batch-norm statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// `conv1` and `bn1`.
    Stem,
    /// `layer1.*`
    Layer1,
    /// `layer2.*`
    Layer2,
    /// `layer3.*`
    Layer3,
    /// `layer4.*`
    Layer4,
}

/// What a tensor of a network is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A convolution's weight, `[out, in, height, width]`.
    Convolution,
    /// A linear layer's weight, `[out, in]`.
    Linear,
    /// A linear layer's bias; the number is the layer's inputs.
    Bias { inputs: usize },
    /// Batch-norm's factor.
    Scale,
    /// Batch-norm's offset.
    Shift,
    /// Batch-norm's running mean: moved, not learned.
    RunningMean,
    /// Batch-norm's running variance: moved, not learned.
    RunningVariance,
}

/// One named tensor of a network.
#[derive(Debug, Clone)]
pub(super) struct TensorSpec {
    pub name: String,
    pub shape: Vec<usize>,
    pub role: Role,
    /// The stage it belongs to; `None` for the head.
    pub stage: Option<Stage>,
}

impl Role {
    /// Whether gradients move it.
    pub(super) fn learned(self) -> bool {
        !matches!(self, Role::RunningMean | Role::RunningVariance)
    }
}

/// The four residual stages: name, and channels in widths.
pub(super) const LAYERS: [(Stage, &str, usize); 4] = [
    (Stage::Layer1, "layer1", 1),
    (Stage::Layer2, "layer2", 2),
    (Stage::Layer3, "layer3", 4),
    (Stage::Layer4, "layer4", 8),
];

impl Architecture {
    /// How many classes the network tells apart.
    #[must_use]
    pub fn classes(&self) -> usize {
        match *self {
            Architecture::Jigsaw { permutations, .. } => permutations,
            Architecture::Single { classes, .. } | Architecture::Head { classes, .. } => classes,
        }
    }

    /// Length of the feature vector of one image, for networks with a
    /// backbone: 8 widths.
    #[must_use]
    pub fn features(&self) -> Option<usize> {
        match *self {
            Architecture::Jigsaw { width, .. } | Architecture::Single { width, .. } => {
                Some(8 * width)
            }
            Architecture::Head { .. } => None,
        }
    }

    /// Refuses sizes no network can have.
    pub(super) fn check(&self) -> Result<(), Problem> {
        let (sizes, dropout) = match *self {
            Architecture::Jigsaw { width, permutations, hidden } => {
                ([width, permutations, hidden.unwrap_or(1)], 0.0)
            }
            Architecture::Single { width, classes } => ([width, classes, 1], 0.0),
            Architecture::Head { features, hidden, dropout, classes, .. } => {
                ([features, hidden, classes], dropout)
            }
        };
        if sizes.contains(&0) {
            return Err(Problem::new("a network needs at least one channel and one class"));
        }
        if !(0.0..1.0).contains(&dropout) {
            return Err(Problem::new(format!("dropout {dropout} is outside 0 to below 1")));
        }
        Ok(())
    }

    /// Every tensor of the network, in the order of the forward pass.
    pub(super) fn tensors(&self) -> Vec<TensorSpec> {
        let mut list = List::default();
        match *self {
            Architecture::Jigsaw { width, permutations, hidden } => {
                list.backbone(width);
                let features = 9 * 8 * width;
                match hidden {
                    None => list.linear("head", permutations, features),
                    Some(hidden) => {
                        list.linear("head.0", hidden, features);
                        list.linear("head.1", permutations, hidden);
                    }
                }
            }
            Architecture::Single { width, classes } => {
                list.backbone(width);
                list.linear("fc", classes, 8 * width);
            }
            Architecture::Head { features, hidden, classes, .. } => {
                list.linear("head1.0", hidden, features);
                list.linear("head1.1", classes, hidden);
            }
        }
        list.tensors
    }
}

#[derive(Default)]
struct List {
    tensors: Vec<TensorSpec>,
    stage: Option<Stage>,
}

impl List {
    fn push(&mut self, name: String, shape: Vec<usize>, role: Role) {
        self.tensors.push(TensorSpec { name, shape, role, stage: self.stage });
    }

    /// ResNet-18 without its last layer.
    fn backbone(&mut self, width: usize) {
        self.stage = Some(Stage::Stem);
        self.convolution("conv1", width, 3, 7);
        self.batch_norm("bn1", width);
        let mut channels_in = width;
        for (stage, layer, widths) in LAYERS {
            self.stage = Some(stage);
            let channels = widths * width;
            self.block(&format!("{layer}.0"), channels, channels_in);
            self.block(&format!("{layer}.1"), channels, channels);
            channels_in = channels;
        }
        self.stage = None;
    }

    /// Two 3x3 convolutions, and a 1x1 one around them where channels change.
    fn block(&mut self, name: &str, channels: usize, channels_in: usize) {
        self.convolution(&format!("{name}.conv1"), channels, channels_in, 3);
        self.batch_norm(&format!("{name}.bn1"), channels);
        self.convolution(&format!("{name}.conv2"), channels, channels, 3);
        self.batch_norm(&format!("{name}.bn2"), channels);
        if channels != channels_in {
            self.convolution(&format!("{name}.downsample.0"), channels, channels_in, 1);
            self.batch_norm(&format!("{name}.downsample.1"), channels);
        }
    }

    fn convolution(&mut self, name: &str, out: usize, inputs: usize, side: usize) {
        self.push(format!("{name}.weight"), vec![out, inputs, side, side], Role::Convolution);
    }

    fn batch_norm(&mut self, name: &str, channels: usize) {
        self.push(format!("{name}.weight"), vec![channels], Role::Scale);
        self.push(format!("{name}.bias"), vec![channels], Role::Shift);
        self.push(format!("{name}.running_mean"), vec![channels], Role::RunningMean);
        self.push(format!("{name}.running_var"), vec![channels], Role::RunningVariance);
    }

    fn linear(&mut self, name: &str, out: usize, inputs: usize) {
        self.push(format!("{name}.weight"), vec![out, inputs], Role::Linear);
        self.push(format!("{name}.bias"), vec![out], Role::Bias { inputs });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resnet18_of_width_64_has_torchvisions_size() {
        let tensors = Architecture::Single { width: 64, classes: 1000 }.tensors();
        let learned = tensors
            .iter()
            .filter(|tensor| tensor.role.learned())
            .map(|tensor| tensor.shape.iter().product::<usize>())
            .sum::<usize>();
        // The figure of torchvision's documentation.
        assert_eq!(learned, 11_689_512);
    }

    #[test]
    fn impossible_sizes_are_refused() {
        assert!(Architecture::Single { width: 0, classes: 2 }.check().is_err());
        assert!(Architecture::Jigsaw { width: 2, permutations: 0, hidden: None }.check().is_err());
        let head = |dropout| Architecture::Head {
            features: 1,
            hidden: 1,
            relu: true,
            dropout,
            classes: 2,
        };
        assert!(head(0.0).check().is_ok());
        assert!(head(1.0).check().is_err() && head(f64::NAN).check().is_err());
    }
}
