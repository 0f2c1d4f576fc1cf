//! One convolution over maps as a team does it: what is read and written, by
//! whom, in which memory.

use std::ops::Range;

use super::finish::Finish;
use super::kernels::Kernels;
use super::map::{Shape, spread};
use super::team::Member;

/// Values of a block of products that stay in the second-level cache.
pub(super) const PRODUCTS: usize = 1 << 17;
/// Values of transformed input that one member keeps there.
pub(super) const POINTS: usize = 1 << 17;

/// Maps of one shape, one after another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Maps {
    /// The first map's first value, border included.
    pub first: *mut f32,
    /// Their layout.
    pub shape: Shape,
}

impl Maps {
    /// Where a pixel of a map lies.
    ///
    /// # Safety
    /// There is such a map.
    pub unsafe fn pixel(self, map: usize, row: usize, column: usize) -> *mut f32 {
        // SAFETY: the caller's promise.
        unsafe { self.first.add(map * self.shape.len + self.shape.at(row, column)) }
    }
}

/// Bits of maps, one after another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bits {
    /// The first map's first byte.
    pub first: *mut u8,
    /// Bytes from one map to the next.
    pub step: usize,
}

/// What happens to sums before they are stored; see [`Finish`].
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Finishing {
    /// A bias for each channel.
    pub bias: Option<*const f32>,
    /// Maps to add, of the output's shape.
    pub add: Option<Maps>,
    /// Whether a ReLU follows.
    pub relu: bool,
    /// Where its bits go.
    pub save: Option<Bits>,
    /// Bits of what stays.
    pub keep: Option<Bits>,
}

/// One convolution to be done by a team.
pub(super) struct Step<'s> {
    /// The instruction set.
    pub kernels: &'static Kernels,
    /// Who does it.
    pub member: Member<'s>,
    /// What is read.
    pub input: Maps,
    /// What is written.
    pub output: Maps,
    /// Which of the maps.
    pub maps: Range<usize>,
    /// What happens to the sums.
    pub finishing: Finishing,
}

/// How members share a convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Split {
    /// Each takes rows of pixels: small weights are read by all.
    Rows,
    /// Each takes output channels: large weights are read once.
    Channels,
}

/// Output pixels that a direct convolution computes: every `stride`-th row and
/// column, from `first` on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid {
    /// The first row and column.
    pub first: (usize, usize),
    /// From one to the next.
    pub stride: usize,
    /// Input rows (and columns) from one to the next.
    pub input_stride: usize,
}

impl Grid {
    /// How many rows (or columns) from `first` on fit in a side.
    pub fn count(self, first: usize, side: usize) -> usize {
        side.saturating_sub(first).div_ceil(self.stride)
    }
}

/// Memory of one member.
pub(super) struct Scratch {
    /// Transformed input, shared by the team where members split channels.
    pub points: *mut f32,
    /// How many values there is room for.
    pub points_len: usize,
    /// Sums and products, the member's own.
    pub products: *mut f32,
    /// Room for the weights of a block, the member's own; see [`Packing::room`].
    pub weights: *mut f32,
}

/// Values that [`Scratch::products`] must have room for, for maps of this
/// side: at least a row of tiles.
pub(super) fn products_len(kernels: &Kernels, side: usize) -> usize {
    PRODUCTS.max(36 * 2 * kernels.lanes * side.div_ceil(2))
}

/// Values that a member's own [`Scratch::points`] must have room for, for maps
/// of this shape: at least a row of tiles.
pub(super) fn own_points_len(shape: Shape) -> usize {
    POINTS.max(36 * shape.side.div_ceil(2) * spread(shape.channels))
}

/// Values that shared [`Scratch::points`] must have room for.
pub(super) fn shared_points_len(shape: Shape, maps: usize) -> usize {
    let four = 36 * shape.side.div_ceil(4).pow(2);
    let two = 16 * shape.side.div_ceil(2).pow(2);
    four.max(two) * spread(shape.channels) * maps
}

impl Step<'_> {
    /// What happens to a pixel, from channel `channel` on.
    ///
    /// # Safety
    /// There is such a pixel and channel.
    pub unsafe fn finish(&self, map: usize, row: usize, column: usize, channel: usize) -> Finish {
        let shape = self.output.shape;
        // SAFETY: the pixel and channel are of the output's maps, which all
        // others are laid out as.
        unsafe {
            let bits = |bits: Option<Bits>| match bits {
                None => std::ptr::null_mut(),
                Some(bits) => {
                    let pixel = row * shape.side + column;
                    bits.first.add(map * bits.step + pixel * shape.bit_step())
                }
            };
            Finish {
                output: self.output.pixel(map, row, column).add(channel),
                add: match self.finishing.add {
                    None => std::ptr::null(),
                    Some(maps) => maps.pixel(map, row, column).add(channel),
                },
                bias: match self.finishing.bias {
                    None => std::ptr::null(),
                    Some(bias) => bias.add(channel),
                },
                relu: self.finishing.relu,
                save: bits(self.finishing.save),
                keep: bits(self.finishing.keep),
                channel,
            }
        }
    }
}
