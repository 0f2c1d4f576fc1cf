//! ResNet's layers in Burn's own operations, for every device; maps are
//! `[batch, channels, height, width]`.

use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use burn::tensor::module::{batch_norm, batch_norm_train, conv2d, max_pool2d};
use burn::tensor::ops::{ConvOptions, MaxPoolOptions};

use super::cpu::geometry::{UnitShape, Window};

/// Batch-norm's guard against division by zero, PyTorch's default.
const EPSILON: f64 = 1e-5;

/// Images `[batch, 3, side, side]`, flat.
pub(super) fn from_images(images: Tensor<1>, batch: usize, side: usize) -> Tensor<4> {
    images.reshape([batch, 3, side, side])
}

/// Convolution, batch-norm, the way around and ReLU; also the mean and the
/// biased variance it normalised by. Weights are flat: the convolution's, and
/// batch-norm's scale and shift.
pub(super) fn unit(
    input: Tensor<4>,
    weights: [Tensor<1>; 3],
    around: Option<Tensor<4>>,
    shape: UnitShape,
    running: Option<[Tensor<1>; 2]>,
) -> (Tensor<4>, [Tensor<1>; 2]) {
    let Window { side, stride, padding } = shape.window;
    let [weight, scale, shift] = weights;
    let weight = weight.reshape([scale.dims()[0], input.dims()[1], side, side]);
    let options = ConvOptions::new([stride; 2], [padding; 2], [1, 1], 1);
    let maps = conv2d(input, weight, None, options);
    let (maps, statistics) = match running {
        Some([mean, variance]) => {
            let side_of = |values: &Tensor<1>| match maps.is_autodiff() {
                true => values.clone().autodiff(),
                false => values.clone(),
            };
            let (mean_here, variance_here) = (side_of(&mean), side_of(&variance));
            let maps = batch_norm(maps, scale, shift, mean_here, variance_here, EPSILON);
            (maps, [mean, variance])
        }
        None => {
            let made = batch_norm_train(maps, scale, shift, EPSILON);
            (made.output, [made.mean.inner(), made.variance.inner()])
        }
    };
    let maps = match around {
        Some(around) => maps + around,
        None => maps,
    };
    (if shape.relu { relu(maps) } else { maps }, statistics)
}

/// Max pooling.
pub(super) fn max_pool(maps: Tensor<4>, window: Window) -> Tensor<4> {
    let Window { side, stride, padding } = window;
    let options =
        MaxPoolOptions::new([side; 2]).with_stride([stride; 2]).with_padding([padding; 2]);
    max_pool2d(maps, options)
}

/// The mean of each map, `[batch, channels]`.
pub(super) fn mean_over_pixels(maps: Tensor<4>) -> Tensor<2> {
    let [batch, channels, height, width] = maps.dims();
    maps.reshape([batch, channels, height * width]).mean_dim(2).reshape([batch, channels])
}
