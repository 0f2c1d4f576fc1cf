//! Which tensors a network is made of, under torchvision's names.

use std::collections::BTreeMap;

use rating::Problem;
use serde::{Deserialize, Serialize};

use crate::weights::{Tensors, Weights};

/// Bounds of what an architecture may ask for; the paper's network has width
/// 64, two modalities and 256 hidden units.
const MOST_WIDTH: usize = 1_024;
const MOST_MODALITIES: usize = 16;
const MOST_HIDDEN: usize = 16_384;

/// The shape of a network: ResNet-18 backbones and what follows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Architecture {
    /// One backbone and one linear layer `fc`.
    Single {
        /// Channels of the stem; 64 in the paper. Features are eight times as many.
        width: usize,
    },
    /// A backbone per modality (`backbone1`, `backbone2`, ...), then two linear
    /// layers (`head1.0`, `head1.1`).
    Fusion {
        /// Channels of each stem.
        width: usize,
        /// Number of backbones.
        modalities: usize,
        /// Units between the linear layers; 256 in the paper.
        hidden: usize,
        /// Whether a ReLU stands between the linear layers. The authors' code
        /// has none.
        relu: bool,
    },
}

impl Architecture {
    /// Channels of the stem.
    #[must_use]
    pub fn width(&self) -> usize {
        match self {
            Architecture::Single { width } | Architecture::Fusion { width, .. } => *width,
        }
    }

    /// How many images the network sees.
    #[must_use]
    pub fn modalities(&self) -> usize {
        match self {
            Architecture::Single { .. } => 1,
            Architecture::Fusion { modalities, .. } => *modalities,
        }
    }

    /// The name and shape of every tensor, for this number of classes.
    #[must_use]
    pub fn tensors(&self, classes: usize) -> BTreeMap<String, Vec<usize>> {
        let mut tensors = BTreeMap::new();
        for prefix in self.backbone_prefixes() {
            add_backbone(&mut tensors, &prefix, self.width());
        }
        let features = 8 * self.width() * self.modalities();
        match self {
            Architecture::Single { .. } => add_linear(&mut tensors, "fc", features, classes),
            Architecture::Fusion { hidden, .. } => {
                add_linear(&mut tensors, "head1.0", features, *hidden);
                add_linear(&mut tensors, "head1.1", *hidden, classes);
            }
        }
        tensors
    }

    /// The architecture that these weights are of. No ReLU is assumed between
    /// the linear layers of a fusion network: weights do not tell.
    ///
    /// # Errors
    /// Weights of another kind of network.
    pub fn of(weights: &Weights) -> Result<Architecture, Problem> {
        let stem = |prefix: &str| weights.get(&format!("{prefix}conv1.weight"));
        let sides = |name: &str| weights.get(name).map(|array| array.shape.as_slice());
        let modalities = (1..=MOST_MODALITIES + 1)
            .take_while(|number| stem(&format!("backbone{number}.")).is_some())
            .count();
        let found = match (stem(""), stem("backbone1."), sides("head1.0.bias")) {
            (Some(stem), _, _) => Architecture::Single { width: first_side(&stem.shape) },
            (None, Some(stem), Some(hidden)) => Architecture::Fusion {
                width: first_side(&stem.shape),
                modalities,
                hidden: first_side(hidden),
                relu: false,
            },
            _ => {
                return Err(Problem::new("weights of neither a ResNet-18 nor a fusion network")
                    .hint(
                        "conv1.weight, or backbone1.conv1.weight and head1.0.bias, are expected",
                    ));
            }
        };
        found.check_weights(weights)?;
        Ok(found)
    }

    /// Checks that every tensor is there, of the right shape, and no other.
    pub(crate) fn check_weights(&self, weights: &dyn Tensors) -> Result<(), Problem> {
        self.check_range()?;
        let expected = self.tensors(self.classes(weights)?);
        for (name, shape) in &expected {
            let found = weights.shape(name).ok_or_else(|| missing(name))?;
            if found != shape {
                return Err(Problem::new(format!(
                    "tensor {name} has shape {found:?}, the network needs {shape:?}"
                )));
            }
        }
        match weights.names().into_iter().find(|name| !expected.contains_key(*name)) {
            Some(name) => Err(Problem::new(format!("the network has no tensor {name}"))),
            None => Ok(()),
        }
    }

    /// What stands before the names of each backbone's tensors.
    #[must_use]
    pub fn backbone_prefixes(&self) -> Vec<String> {
        match self {
            Architecture::Single { .. } => vec![String::new()],
            Architecture::Fusion { modalities, .. } => {
                (1..=*modalities).map(|number| format!("backbone{number}.")).collect()
            }
        }
    }

    /// The name of the last linear layer.
    pub(crate) fn last_layer(&self) -> &'static str {
        match self {
            Architecture::Single { .. } => "fc",
            Architecture::Fusion { .. } => "head1.1",
        }
    }

    /// How many logits the last layer of these weights makes.
    pub(crate) fn classes(&self, weights: &dyn Tensors) -> Result<usize, Problem> {
        let name = format!("{}.bias", self.last_layer());
        let shape = weights.shape(&name).ok_or_else(|| missing(&name))?;
        match first_side(shape) {
            0 | 1 => Err(Problem::new(format!("tensor {name} has fewer than 2 classes"))),
            classes => Ok(classes),
        }
    }

    fn check_range(&self) -> Result<(), Problem> {
        let (modalities, hidden) = match self {
            Architecture::Single { .. } => (1, 1),
            Architecture::Fusion { modalities, hidden, .. } => (*modalities, *hidden),
        };
        for (what, value, most) in [
            ("width", self.width(), MOST_WIDTH),
            ("number of modalities", modalities, MOST_MODALITIES),
            ("number of hidden units", hidden, MOST_HIDDEN),
        ] {
            if !(1..=most).contains(&value) {
                return Err(Problem::new(format!("{what} {value} is outside 1-{most}")));
            }
        }
        Ok(())
    }
}

fn missing(name: &str) -> Problem {
    Problem::new(format!("tensor {name} is missing"))
}

fn first_side(shape: &[usize]) -> usize {
    shape.first().copied().unwrap_or(0)
}

/// ResNet-18: a stem, four stages of two blocks, each stage twice as wide.
fn add_backbone(tensors: &mut BTreeMap<String, Vec<usize>>, prefix: &str, width: usize) {
    add_convolution(tensors, &format!("{prefix}conv1"), &format!("{prefix}bn1"), [width, 3, 7, 7]);
    let mut before = width;
    for stage in 1..=4 {
        let channels = width << (stage - 1);
        for block in 0..2 {
            let name = format!("{prefix}layer{stage}.{block}");
            let conv = |part: u8| (format!("{name}.conv{part}"), format!("{name}.bn{part}"));
            let ((conv1, bn1), (conv2, bn2)) = (conv(1), conv(2));
            add_convolution(tensors, &conv1, &bn1, [channels, before, 3, 3]);
            add_convolution(tensors, &conv2, &bn2, [channels, channels, 3, 3]);
            if before != channels {
                let (conv, bn) = (format!("{name}.downsample.0"), format!("{name}.downsample.1"));
                add_convolution(tensors, &conv, &bn, [channels, before, 1, 1]);
            }
            before = channels;
        }
    }
}

fn add_convolution(
    tensors: &mut BTreeMap<String, Vec<usize>>,
    convolution: &str,
    norm: &str,
    shape: [usize; 4],
) {
    tensors.insert(format!("{convolution}.weight"), shape.to_vec());
    for part in ["weight", "bias", "running_mean", "running_var"] {
        tensors.insert(format!("{norm}.{part}"), vec![shape[0]]);
    }
}

fn add_linear(
    tensors: &mut BTreeMap<String, Vec<usize>>,
    name: &str,
    inputs: usize,
    outputs: usize,
) {
    tensors.insert(format!("{name}.weight"), vec![outputs, inputs]);
    tensors.insert(format!("{name}.bias"), vec![outputs]);
}

#[cfg(test)]
mod tests {
    use super::*;

    const FUSION: Architecture =
        Architecture::Fusion { width: 4, modalities: 2, hidden: 256, relu: true };

    #[test]
    fn a_resnet_18_has_torchvisions_tensors() {
        let tensors = Architecture::Single { width: 64 }.tensors(1_000);
        assert_eq!(tensors.len(), 102);
        assert_eq!(tensors["layer2.0.downsample.0.weight"], [128, 64, 1, 1]);
        assert_eq!(tensors["layer4.1.bn2.running_var"], [512]);
        assert_eq!(tensors["fc.weight"], [1_000, 512]);
        // Parameters of torchvision's resnet18, without running statistics.
        let parameters = tensors.iter().filter(|(name, _)| !name.contains("running"));
        let total: usize = parameters.map(|(_, shape)| shape.iter().product::<usize>()).sum();
        assert_eq!(total, 11_689_512);
    }

    #[test]
    fn its_file_form_is_plain() {
        let text = serde_json::to_string(&FUSION).unwrap();
        assert_eq!(text, r#"{"kind":"fusion","width":4,"modalities":2,"hidden":256,"relu":true}"#);
        assert_eq!(serde_json::from_str::<Architecture>(&text).unwrap(), FUSION);
    }

    #[test]
    fn sizes_out_of_range_are_refused() {
        for wrong in [
            Architecture::Single { width: 0 },
            Architecture::Single { width: usize::MAX },
            Architecture::Fusion { width: 4, modalities: 0, hidden: 1, relu: true },
            Architecture::Fusion { width: 4, modalities: 2, hidden: usize::MAX, relu: true },
        ] {
            let problem = wrong.check_weights(&Weights::new()).unwrap_err();
            assert!(problem.to_string().contains("is outside 1-"), "{problem}");
        }
    }
}
