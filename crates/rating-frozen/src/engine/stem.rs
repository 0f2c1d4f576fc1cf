//! The stem: a 7x7 convolution of stride 2 over three channels, ReLU and
//! max-pooling, forward and backward.

use super::kernels::Kernels;
use super::map::{Buffer, Shape};
use super::pack::{Folded, Packed};
use super::pool::{PoolRow, UnpoolRow};
use super::tile::Tile;

/// Pixels of the border that the 7x7 kernel needs.
const BORDER: usize = 3;
/// Channels of an image.
const COLOURS: usize = 3;
/// Values of a row of the kernel: seven pixels of three channels.
const ROW: usize = 7 * COLOURS;

/// Sizes that follow from the side of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sides {
    /// Of the input.
    pub px: usize,
    /// Of the convolution's sums.
    pub sums: usize,
    /// Of the pooled map.
    pub pooled: usize,
}

impl Sides {
    pub fn new(px: usize) -> Sides {
        let half = |side: usize| (side - 1) / 2 + 1;
        Sides { px, sums: half(px), pooled: half(half(px)) }
    }

    /// Values from one row of the padded, interleaved input to the next.
    fn row(self) -> usize {
        (self.px + 2 * BORDER + 1) * COLOURS
    }

    /// Values of the padded, interleaved input, with room for a tile that
    /// reads beyond.
    pub fn input_len(self) -> usize {
        (self.px + 2 * BORDER + 1) * self.row() + ROW
    }
}

/// The stem's weights.
#[derive(Debug)]
pub(super) struct Stem {
    kernels: &'static Kernels,
    /// Channels, a whole number of vectors.
    pub channels: usize,
    /// `[7 rows, 21 values, channels]`.
    forward: Packed,
    /// For each place under the kernel the weights of all channels: `[1, channels,
    /// 147 places]`; where gradients are wanted.
    backward: Option<Packed>,
    bias: Buffer,
}

impl Stem {
    pub fn new(folded: &Folded, kernels: &'static Kernels, gradient: bool) -> Stem {
        let lanes = kernels.lanes;
        let [outputs, inputs, side] = folded.shape;
        let weights = folded.weights();
        let weight = |output: usize, row: usize, column: usize, colour: usize| {
            weights[((output * inputs + colour) * side + row) * side + column]
        };
        let forward = Packed::of([outputs, 7, ROW], lanes, |output, row, value| {
            weight(output, row, value / COLOURS, value % COLOURS)
        });
        let channels = forward.channels;
        let backward = gradient.then(|| {
            Packed::of([7 * ROW, 1, channels], lanes, |place, _, output| {
                let (row, value) = (place / ROW, place % ROW);
                if output < outputs {
                    weight(output, row, value / COLOURS, value % COLOURS)
                } else {
                    0.0
                }
            })
        });
        let mut bias = Buffer::new(channels);
        bias.values_mut()[..outputs].copy_from_slice(&folded.bias);
        Stem { kernels, channels, forward, backward, bias }
    }

    /// Lays an image `[3, px, px]` out as rows of pixels with a border of
    /// zeros; `input` was zeroed and has room for [`Sides::input_len`] values.
    pub unsafe fn lay_out(&self, image: &[f32], sides: Sides, input: *mut f32) {
        for (colour, plane) in image.chunks_exact(sides.px * sides.px).enumerate() {
            for (row, values) in plane.chunks_exact(sides.px).enumerate() {
                let start = (row + BORDER) * sides.row() + BORDER * COLOURS + colour;
                for (column, &value) in values.iter().enumerate() {
                    // SAFETY: the pixel lies inside the border.
                    unsafe { *input.add(start + column * COLOURS) = value };
                }
            }
        }
    }

    /// The convolution's sums, without bias, of one row: `[side, channels]`.
    pub unsafe fn sums_row(&self, input: *const f32, sides: Sides, row: usize, sums: *mut f32) {
        let taps: [isize; 7] = std::array::from_fn(|tap| (tap * sides.row()) as isize);
        for number in 0..self.forward.blocks() {
            let block = self.forward.block(number);
            for (first, count) in super::convolution::pieces(sides.sums, self.kernels.most_pixels) {
                // SAFETY: the rows under the kernel lie in the padded input.
                unsafe {
                    self.kernels.tile[count - 1][block.vectors - 1](Tile {
                        taps: &taps,
                        depth: ROW,
                        input: input.add(2 * row * sides.row() + 2 * first * COLOURS),
                        input_step: 2 * COLOURS,
                        weights: block.weights,
                        output: sums.add(first * self.channels + block.first),
                        output_step: self.channels,
                    });
                }
            }
        }
    }

    /// Pools one row of sums (null: outside the map) into a row of the map.
    pub unsafe fn pool_row(
        &self,
        rows: [*const f32; 3],
        factor: f32,
        sides: Sides,
        output: (*mut f32, Shape),
        places: *mut u8,
    ) {
        // SAFETY: rows, output and places are of the sides' sizes.
        unsafe {
            (self.kernels.pool_row)(PoolRow {
                rows,
                side: sides.sums,
                channels: self.channels,
                factor,
                bias: self.bias.first(),
                pooled: sides.pooled,
                output: output.0,
                step: output.1.step,
                places,
            });
        }
    }

    /// Adds `factor` times the gradient at the pooled map to the gradient at
    /// one row of the sums.
    pub unsafe fn unpool_row(
        &self,
        row: usize,
        gradient: (*const f32, Shape),
        places: *const u8,
        factor: f32,
        sides: Sides,
        sums: *mut f32,
    ) {
        // SAFETY: gradient, places and sums are of the sides' sizes.
        unsafe {
            (self.kernels.unpool_row)(UnpoolRow {
                row,
                side: sides.sums,
                pooled: sides.pooled,
                channels: self.channels,
                gradient: gradient.0,
                steps: (gradient.1.row, gradient.1.step),
                places,
                factor,
                sum: sums,
            });
        }
    }

    /// The gradient at the image `[3, px, px]` of the gradient at the sums
    /// `[side, side, channels]`. `input` is room for [`Sides::input_len`] values,
    /// `products` for a row of sums times 160 places.
    ///
    /// # Panics
    /// The stem was made without its gradient.
    pub unsafe fn input_gradient(
        &self,
        sums: *const f32,
        sides: Sides,
        input: &mut [f32],
        products: *mut f32,
        image: &mut [f32],
    ) {
        let backward = self.backward.as_ref().expect("made for gradients");
        let places = backward.channels;
        input.fill(0.0);
        for row in 0..sides.sums {
            for number in 0..backward.blocks() {
                let block = backward.block(number);
                for (first, count) in
                    super::convolution::pieces(sides.sums, self.kernels.most_pixels)
                {
                    // SAFETY: the row lies in the sums; the products have room.
                    unsafe {
                        self.kernels.tile[count - 1][block.vectors - 1](Tile {
                            taps: &[0],
                            depth: self.channels,
                            input: sums.add((row * sides.sums + first) * self.channels),
                            input_step: self.channels,
                            weights: block.weights,
                            output: products.add(first * places + block.first),
                            output_step: places,
                        });
                    }
                }
            }
            // SAFETY: `sides.sums` pixels of `places` products were written.
            let products = unsafe { std::slice::from_raw_parts(products, sides.sums * places) };
            for (column, products) in products.chunks_exact(places).enumerate() {
                for (down, values) in products.chunks_exact(ROW).take(7).enumerate() {
                    let start = (2 * row + down) * sides.row() + 2 * column * COLOURS;
                    for (to, value) in input[start..start + ROW].iter_mut().zip(values) {
                        *to += value;
                    }
                }
            }
        }
        for (colour, plane) in image.chunks_exact_mut(sides.px * sides.px).enumerate() {
            for (row, values) in plane.chunks_exact_mut(sides.px).enumerate() {
                let start = (row + BORDER) * sides.row() + BORDER * COLOURS + colour;
                for (column, value) in values.iter_mut().enumerate() {
                    *value = input[start + column * COLOURS];
                }
            }
        }
    }
}
