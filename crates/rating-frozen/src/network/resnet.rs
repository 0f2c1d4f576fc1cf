//! ResNet-18 without its last layer (He et al. 2016, torchvision's layout):
//! its weights under their names, made ready for the engine.

use rating::Problem;

use super::folded;
use crate::engine::FoldedBackbone;
use crate::weights::Tensors;

/// The convolutions of the backbone whose tensors start with `prefix` and have
/// been checked.
pub(super) fn backbone(prefix: &str, weights: &dyn Tensors) -> Result<FoldedBackbone, Problem> {
    let stem = folded::convolution(weights, &format!("{prefix}conv1"), &format!("{prefix}bn1"))?;
    let mut blocks = Vec::new();
    for stage in 1..=4 {
        for block in 0..2 {
            let name = format!("{prefix}layer{stage}.{block}");
            let convolution = |conv: &str, norm: &str| {
                folded::convolution(weights, &format!("{name}.{conv}"), &format!("{name}.{norm}"))
            };
            // Where the size changes, the way round is a convolution too.
            let changes = weights.shape(&format!("{name}.downsample.0.weight")).is_some();
            let down = changes.then(|| convolution("downsample.0", "downsample.1")).transpose()?;
            blocks.push((convolution("conv1", "bn1")?, convolution("conv2", "bn2")?, down));
        }
    }
    Ok(FoldedBackbone { stem, blocks })
}
