//! Into the layout of the CPU's maps and out of it.

use burn::tensor::Tensor;

/// Images `[batch, 3, side, side]`, flat, as maps `[3, side, side, batch]`.
pub fn from_images(images: Tensor<1>, batch: usize, side: usize) -> Tensor<4> {
    images.reshape([batch, 3 * side * side]).transpose().reshape([3, side, side, batch])
}

/// The mean of each map, `[batch, channels]`.
pub fn mean_over_pixels(maps: Tensor<4>) -> Tensor<2> {
    let [channels, height, width, batch] = maps.dims();
    let means = maps.reshape([channels, height * width, batch]).mean_dim(1); // [channels, 1, batch]
    means.reshape([channels, batch]).transpose()
}
