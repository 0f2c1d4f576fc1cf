//! The networks, read from input to logits.

use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rating::Seed;

use super::architecture::{Architecture, LAYERS};
use super::cpu::geometry::{UnitShape, Window};
use super::pass::{Pass, upload};

/// Tiles of a jigsaw.
const TILES: usize = 9;

/// The logits of a batch, `[batch, classes]`. `inputs` is the batch, flat:
/// images of 3 channels (nine tiles each for a jigsaw), or features.
/// `dropout` seeds the masks of this one step.
pub(super) fn logits(
    architecture: &Architecture,
    pass: &Pass<'_>,
    inputs: Tensor<1>,
    batch: usize,
    dropout: Seed,
) -> Tensor<2> {
    match *architecture {
        Architecture::Jigsaw { width, hidden, .. } => {
            let features = backbone(pass, pass.images(inputs, TILES * batch)); // [batch x 9, 8 widths]
            let features = features.reshape([batch, TILES * 8 * width]);
            match hidden {
                None => pass.linear(features, "head"),
                Some(_) => pass.linear(relu(pass.linear(features, "head.0")), "head.1"),
            }
        }
        Architecture::Single { .. } => {
            pass.linear(backbone(pass, pass.images(inputs, batch)), "fc")
        }
        Architecture::Head { features, relu: with_relu, dropout: share, .. } => {
            let mut hidden = pass.linear(inputs.reshape([batch, features]), "head1.0");
            if with_relu {
                hidden = relu(hidden);
            }
            if pass.is_training() && share > 0.0 {
                hidden = drop_some(hidden, share, dropout);
            }
            pass.linear(hidden, "head1.1")
        }
    }
}

/// ResNet-18 up to its features.
pub(super) fn backbone(pass: &Pass<'_>, images: Tensor<4>) -> Tensor<2> {
    // Shapes are written as Burn's; on a CPU the batch comes last.
    let stem = UnitShape { window: Window { side: 7, stride: 2, padding: 3 }, relu: true };
    let stem = pass.unit(images, ("conv1", "bn1"), None, stem); // [batch, width, side/2, side/2]
    let mut maps = pass.max_pool(stem, Window { side: 3, stride: 2, padding: 1 }); // [batch, width, side/4, side/4]
    for (_, layer, widths) in LAYERS {
        let stride = if widths == 1 { 1 } else { 2 };
        maps = block(pass, maps, &format!("{layer}.0"), stride);
        maps = block(pass, maps, &format!("{layer}.1"), 1);
    } // [batch, 8 widths, side/32, side/32]
    pass.mean_over_pixels(maps) // [batch, 8 widths]
}

/// Two convolutions with a way around them.
fn block(pass: &Pass<'_>, input: Tensor<4>, name: &str, stride: usize) -> Tensor<4> {
    let unit = |input, convolution: &str, norm: &str, around, shape| {
        let names = (format!("{name}.{convolution}"), format!("{name}.{norm}"));
        pass.unit(input, (&names.0, &names.1), around, shape)
    };
    let wide = |stride| UnitShape { window: Window { side: 3, stride, padding: 1 }, relu: true };
    let around = if stride == 1 {
        input.clone()
    } else {
        let narrow = UnitShape { window: Window { side: 1, stride, padding: 0 }, relu: false };
        unit(input.clone(), "downsample.0", "downsample.1", None, narrow)
    };
    let maps = unit(input, "conv1", "bn1", None, wide(stride));
    unit(maps, "conv2", "bn2", Some(around), wide(1))
}

/// Inverted dropout, drawn from our own generator: the backend's is one for
/// the whole process.
fn drop_some(hidden: Tensor<2>, share: f64, seed: Seed) -> Tensor<2> {
    let [batch, width] = hidden.dims();
    let mut rng = ChaCha8Rng::from_seed(seed.bytes());
    let kept = (1.0 / (1.0 - share)) as f32;
    let mask =
        (0..batch * width).map(|_| if rng.random::<f64>() < share { 0.0 } else { kept }).collect();
    let mask = upload(mask, &hidden.device().inner()).reshape([batch, width]);
    hidden * mask.autodiff()
}
