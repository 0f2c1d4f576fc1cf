//! ResNet-18 without its last layer (He et al. 2016, torchvision's layout).

use rating::Problem;

use super::convolution::Convolution;
use super::feature_map::{FeatureMap, Scratch, Workspace};
use super::folded;
use crate::weights::Weights;

/// A stem and four stages of two blocks: an image becomes eight times as many
/// features as the stem has channels.
#[derive(Debug, Clone)]
pub(super) struct Backbone {
    stem: Convolution,
    blocks: Vec<Block>,
}

/// Two convolutions and a way round them.
#[derive(Debug, Clone)]
struct Block {
    first: Convolution,
    second: Convolution,
    /// Where the size changes, the way round is a convolution too.
    downsample: Option<Convolution>,
}

impl Backbone {
    /// The backbone whose tensors start with `prefix` and have been checked.
    pub(super) fn new(prefix: &str, weights: &Weights) -> Result<Backbone, Problem> {
        let (conv, norm) = (format!("{prefix}conv1"), format!("{prefix}bn1"));
        let stem = folded::convolution(weights, &conv, &norm, 2)?;
        let mut blocks = Vec::new();
        for stage in 1..=4 {
            for block in 0..2 {
                let stride = if stage > 1 && block == 0 { 2 } else { 1 };
                blocks.push(Block::new(&format!("{prefix}layer{stage}.{block}"), weights, stride)?);
            }
        }
        Ok(Backbone { stem, blocks })
    }

    /// Appends the features of a `[3, px, px]` image.
    pub(super) fn append_features(
        &self,
        image: &[f32],
        px: usize,
        workspace: &mut Workspace,
        features: &mut Vec<f32>,
    ) {
        let Workspace { current, middle, next, scratch } = workspace;
        current.copy_planes(image, px, px);
        let side = self.stem.output_side(px);
        middle.clear(side, side, self.stem.outputs());
        self.stem.add_to(middle, current, scratch);
        middle.relu();
        max_pool(middle, current);
        for block in &self.blocks {
            block.forward(current, middle, next, scratch);
            std::mem::swap(current, next);
        }
        append_means(current, features);
    }
}

impl Block {
    fn new(name: &str, weights: &Weights, stride: usize) -> Result<Block, Problem> {
        let convolution = |conv: &str, norm: &str, stride| {
            folded::convolution(
                weights,
                &format!("{name}.{conv}"),
                &format!("{name}.{norm}"),
                stride,
            )
        };
        let downsample = weights.contains_key(&format!("{name}.downsample.0.weight"));
        Ok(Block {
            first: convolution("conv1", "bn1", stride)?,
            second: convolution("conv2", "bn2", 1)?,
            downsample: downsample
                .then(|| convolution("downsample.0", "downsample.1", stride))
                .transpose()?,
        })
    }

    /// `next = relu(second(relu(first(current))) + way round)`.
    fn forward(
        &self,
        current: &FeatureMap,
        middle: &mut FeatureMap,
        next: &mut FeatureMap,
        scratch: &mut Scratch,
    ) {
        let height = self.first.output_side(current.height);
        let width = self.first.output_side(current.width);
        middle.clear(height, width, self.first.outputs());
        self.first.add_to(middle, current, scratch);
        middle.relu();
        match &self.downsample {
            Some(downsample) => {
                next.clear(height, width, downsample.outputs());
                downsample.add_to(next, current, scratch);
            }
            None => next.copy_from(current),
        }
        self.second.add_to(next, middle, scratch);
        next.relu();
    }
}

/// The largest value in each 3x3 window, every second pixel; windows reach one
/// pixel over the border.
fn max_pool(input: &FeatureMap, output: &mut FeatureMap) {
    let (height, width) = (input.height.div_ceil(2), input.width.div_ceil(2));
    output.clear(height, width, input.channels);
    let window = |middle: usize, side: usize| middle.saturating_sub(1)..(middle + 2).min(side);
    for (index, pooled) in output.data.chunks_exact_mut(input.channels).enumerate() {
        let (row, column) = (2 * (index / width), 2 * (index % width));
        pooled.copy_from_slice(input.pixel(row, column));
        for y in window(row, input.height) {
            for x in window(column, input.width) {
                for (most, &value) in pooled.iter_mut().zip(input.pixel(y, x)) {
                    *most = if value > *most || value.is_nan() { value } else { *most };
                }
            }
        }
    }
}

/// Appends each channel's mean.
fn append_means(input: &FeatureMap, means: &mut Vec<f32>) {
    let first = means.len();
    means.resize(first + input.channels, 0.0);
    let means = &mut means[first..];
    for pixel in input.data.chunks_exact(input.channels) {
        means.iter_mut().zip(pixel).for_each(|(mean, value)| *mean += value);
    }
    let area = (input.height * input.width) as f32;
    means.iter_mut().for_each(|mean| *mean /= area);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pooling_takes_the_largest_of_each_window() {
        #[rustfmt::skip]
        let data = vec![
            -1.0, 2.0, 0.0,
             4.0, 0.0, 1.0,
             0.0, 3.0, 5.0,
        ];
        let input = FeatureMap { height: 3, width: 3, channels: 1, data };
        let mut output = FeatureMap::default();
        max_pool(&input, &mut output);
        assert_eq!((output.height, output.width), (2, 2));
        assert_eq!(output.data, [4.0, 2.0, 4.0, 5.0]);
    }

    #[test]
    fn means_are_per_channel() {
        let input =
            FeatureMap { height: 1, width: 2, channels: 2, data: vec![1.0, -1.0, 3.0, 0.0] };
        let mut means = vec![9.0];
        append_means(&input, &mut means);
        assert_eq!(means, [9.0, 2.0, -0.5]);
    }
}
