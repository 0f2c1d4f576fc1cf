//! Weights in the order in which the kernels read them.

use super::kernels::Kernels;
use super::map::Buffer;
use super::unpack::{Rows, Unpack};
use super::winograd::KernelBlock;
use crate::weights::Halves;

/// A convolution with the batch-norm behind it.
#[derive(Debug, Clone)]
pub(crate) struct Folded {
    /// Output channels, input channels, and the kernel's side.
    pub shape: [usize; 3],
    /// `[outputs, inputs, kernel, kernel]`, before the batch-norm.
    pub weight: Raw,
    /// What the batch-norm multiplies the weights of each output channel by.
    pub scale: Vec<f32>,
    /// A value for each output channel.
    pub bias: Vec<f32>,
}

/// Weights as they are kept.
#[derive(Debug, Clone)]
pub(crate) enum Raw {
    /// In memory.
    Single(Vec<f32>),
    /// In a mapped file, as 16-bit floats.
    Half(Halves),
}

impl Folded {
    /// Whether a weight, multiplied, is beyond what 32 bits hold.
    pub fn overflows(&self) -> bool {
        let largest = self.scale.iter().fold(0.0, |largest: f32, scale| largest.max(scale.abs()));
        // No 16-bit weight is large enough then, and looking costs time.
        let is_safe = largest <= f32::MAX / half::f16::MAX.to_f32();
        if is_safe && matches!(self.weight, Raw::Half(_)) {
            return false;
        }
        self.weights().iter().any(|weight| !weight.is_finite())
    }

    /// All weights, multiplied.
    pub(super) fn weights(&self) -> Vec<f32> {
        let each = self.scale.len().max(1);
        let mut weights = match &self.weight {
            Raw::Single(weights) => weights.clone(),
            Raw::Half(halves) => {
                let (pairs, _) = halves.bytes().as_chunks::<2>();
                pairs.iter().map(|pair| half::f16::from_le_bytes(*pair).to_f32()).collect()
            }
        };
        let row = weights.len() / each;
        for (row, scale) in weights.chunks_exact_mut(row.max(1)).zip(&self.scale) {
            row.iter_mut().for_each(|weight| *weight *= scale);
        }
        weights
    }
}

/// Which way values flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// From input to output.
    Forward,
    /// From the gradient at the output to the one at the input: channels swap
    /// their roles, the kernel is turned around.
    Backward,
}

/// Weights of some taps: for each block of output channels
/// `[tap, inputs, channels of the block]`. Every block but the last has two
/// vectors of channels.
#[derive(Debug)]
pub(super) struct Packed {
    /// Input channels.
    pub depth: usize,
    /// Output channels, a whole number of vectors.
    pub channels: usize,
    /// Channels in a vector.
    lanes: usize,
    /// Taps, or points of a transformed kernel.
    pub taps: usize,
    weights: Buffer,
}

/// Weights of a convolution, ready or not.
#[derive(Debug)]
pub(super) enum Packing {
    /// Packed before.
    Ready(Packed),
    /// Unpacked block by block as a pass needs them: where a network is asked
    /// once, its weights then cross the memory once.
    Passing(Passing),
}

/// Forward weights that are unpacked during the pass.
#[derive(Debug)]
pub(super) struct Passing {
    folded: Folded,
    depth: usize,
    channels: usize,
    lanes: usize,
    /// Winograd's scheme: its position in the table, and its points.
    scheme: Option<(usize, usize)>,
}

impl Passing {
    pub fn new(folded: &Folded, scheme: Option<(usize, usize)>, kernels: &Kernels) -> Passing {
        let lanes = kernels.lanes;
        let [channels, depth, _] = folded.shape.map(|count| count.next_multiple_of(lanes));
        Passing { folded: folded.clone(), depth, channels, lanes, scheme }
    }

    fn taps(&self) -> usize {
        self.folded.shape[2] * self.folded.shape[2]
    }

    /// Values of a block, with its points and with the taps they are made of.
    fn room(&self) -> usize {
        let points = self.scheme.map_or(0, |(_, points)| points);
        (points + self.taps()) * self.depth * self.channels.min(2 * self.lanes)
    }

    /// Unpacks a block into `room`.
    ///
    /// # Safety
    /// `room` is valid for [`Packing::room`] values.
    unsafe fn block(&self, number: usize, kernels: &Kernels, room: *mut f32) -> Block {
        let first = number * 2 * self.lanes;
        let channels = (self.channels - first).min(2 * self.lanes);
        let len = self.taps() * self.depth * channels;
        let points = self.scheme.map_or(0, |(_, points)| points) * self.depth * channels;
        // SAFETY: the caller's promise: points first, then taps.
        unsafe {
            let taps = room.add(points);
            let block = std::slice::from_raw_parts_mut(taps, len);
            unpack_block(&self.folded, (first, channels), self.depth, kernels, block);
            if let Some((scheme, _)) = self.scheme {
                let work = KernelBlock { taps, depth: self.depth, channels, points: room };
                (kernels.transform_kernels[scheme])(work);
            }
        }
        // Without points the taps lie at the start of the room.
        Block { first, vectors: channels / self.lanes, channels, weights: room }
    }
}

impl Packing {
    /// How many blocks there are.
    pub fn blocks(&self) -> usize {
        match self {
            Packing::Ready(packed) => packed.blocks(),
            Packing::Passing(passing) => passing.channels.div_ceil(2 * passing.lanes),
        }
    }

    /// Input channels.
    pub fn depth(&self) -> usize {
        match self {
            Packing::Ready(packed) => packed.depth,
            Packing::Passing(passing) => passing.depth,
        }
    }

    /// Taps, or points of a transformed kernel.
    pub fn taps(&self) -> usize {
        match self {
            Packing::Ready(packed) => packed.taps,
            Packing::Passing(passing) => {
                passing.scheme.map_or(passing.taps(), |(_, points)| points)
            }
        }
    }

    /// Values that [`Packing::block`] needs room for.
    pub fn room(&self) -> usize {
        match self {
            Packing::Ready(_) => 0,
            Packing::Passing(passing) => passing.room(),
        }
    }

    /// A block by its number.
    ///
    /// # Safety
    /// `room` is valid for [`Packing::room`] values, and the block is no longer
    /// used when the next is asked for.
    pub unsafe fn block(&self, number: usize, kernels: &Kernels, room: *mut f32) -> Block {
        match self {
            Packing::Ready(packed) => packed.block(number),
            // SAFETY: the caller's promise.
            Packing::Passing(passing) => unsafe { passing.block(number, kernels, room) },
        }
    }
}

/// A block of output channels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    /// Its first channel.
    pub first: usize,
    /// How many vectors, 1 or 2.
    pub vectors: usize,
    /// How many channels.
    pub channels: usize,
    /// Its weights.
    pub weights: *const f32,
}

impl Packed {
    /// The weights of these taps (row and column in the kernel). Channels that
    /// pad a vector have weight 0.
    pub fn new(
        folded: &Folded,
        direction: Direction,
        taps: &[(usize, usize)],
        depth: usize,
        kernels: &Kernels,
    ) -> Packed {
        if direction == Direction::Forward && is_whole(folded.shape[2], taps) {
            return Packed::forward(folded, depth, kernels);
        }
        let lanes = kernels.lanes;
        let all = folded.weights();
        let [outputs, inputs, side] = folded.shape;
        let area = side * side;
        let (from, to) = match direction {
            Direction::Forward => (inputs, outputs),
            Direction::Backward => (outputs, inputs),
        };
        let channels = to.next_multiple_of(lanes);
        let mut weights = Buffer::new(channels * depth * taps.len());
        let mut rest = weights.values_mut();
        for first in (0..channels).step_by(2 * lanes) {
            let width = (channels - first).min(2 * lanes);
            let block;
            (block, rest) = rest.split_at_mut(width * depth * taps.len());
            // A few channels at a time: rows of many weights lie a power of
            // two apart, and more of them would push one another from the cache.
            for some in (first..(first + width).min(to)).step_by(8) {
                for channel in 0..from {
                    for output in some..(some + 8).min(first + width).min(to) {
                        let at = match direction {
                            Direction::Forward => output * inputs + channel,
                            Direction::Backward => channel * inputs + output,
                        };
                        let kernel = &all[at * area..][..area];
                        for (tap, &(row, column)) in taps.iter().enumerate() {
                            let to = (tap * depth + channel) * width + output - first;
                            block[to] = kernel[row * side + column];
                        }
                    }
                }
            }
        }
        Packed { depth, channels, lanes, taps: taps.len(), weights }
    }

    /// All taps, row by row.
    fn forward(folded: &Folded, depth: usize, kernels: &Kernels) -> Packed {
        let [outputs, _, side] = folded.shape;
        let (taps, lanes) = (side * side, kernels.lanes);
        let channels = outputs.next_multiple_of(lanes);
        let mut weights = Buffer::new(channels * depth * taps);
        for first in (0..channels).step_by(2 * lanes) {
            let width = (channels - first).min(2 * lanes);
            let block = &mut weights.values_mut()[first * depth * taps..][..width * depth * taps];
            unpack_block(folded, (first, width), depth, kernels, block);
        }
        Packed { depth, channels, lanes, taps, weights }
    }

    /// Weights given one by one: `value(output, tap, channel)`.
    pub fn of(
        [outputs, taps, depth]: [usize; 3],
        lanes: usize,
        value: impl Fn(usize, usize, usize) -> f32,
    ) -> Packed {
        let channels = outputs.next_multiple_of(lanes);
        let mut weights = Buffer::new(channels * depth * taps);
        let mut places = weights.values_mut().iter_mut();
        for first in (0..channels).step_by(2 * lanes) {
            let block = first..channels.min(first + 2 * lanes);
            for tap in 0..taps {
                for channel in 0..depth {
                    for (output, place) in block.clone().zip(&mut places) {
                        *place = if output < outputs { value(output, tap, channel) } else { 0.0 };
                    }
                }
            }
        }
        Packed { depth, channels, lanes, taps, weights }
    }

    /// Nine taps transformed for Winograd's algorithm, `scheme` being its
    /// position in the table.
    pub fn transformed(&self, kernels: &Kernels, scheme: usize, points: usize) -> Packed {
        let mut weights = Buffer::new(self.channels * self.depth * points);
        let to = weights.first_mut();
        for number in 0..self.blocks() {
            let block = self.block(number);
            let work = KernelBlock {
                taps: block.weights,
                depth: self.depth,
                channels: block.channels,
                // SAFETY: blocks before this one have `first` channels.
                points: unsafe { to.add(block.first * self.depth * points) },
            };
            // SAFETY: both arrays hold nine taps, and `points` points, of
            // every channel; the table is of this processor.
            unsafe { kernels.transform_kernels[scheme](work) };
        }
        Packed { taps: points, weights, ..*self }
    }

    /// How many blocks there are.
    pub fn blocks(&self) -> usize {
        self.channels.div_ceil(2 * self.lanes)
    }

    /// A block by its number.
    pub fn block(&self, number: usize) -> Block {
        let first = number * 2 * self.lanes;
        let channels = (self.channels - first).min(2 * self.lanes);
        let before = first * self.depth * self.taps;
        let weights = self.weights.values()[before..].as_ptr();
        Block { first, vectors: channels / self.lanes, channels, weights }
    }
}

/// Unpacks the forward weights of a block: `width` output channels from `first`
/// on, all taps, for inputs of `depth` channels. `block` has room for them.
pub(super) fn unpack_block(
    folded: &Folded,
    (first, width): (usize, usize),
    depth: usize,
    kernels: &Kernels,
    block: &mut [f32],
) {
    let [outputs, inputs, side] = folded.shape;
    let (taps, row_len) = (side * side, inputs * side * side);
    let there = outputs.saturating_sub(first).min(width);
    assert!(block.len() >= taps * depth * width && depth >= inputs, "room for a block");
    if there < width || inputs < depth {
        block.fill(0.0);
    }
    let (rows, scale) = match &folded.weight {
        Raw::Single(weights) => (Rows::Single(weights[first * row_len..].as_ptr()), &folded.scale),
        Raw::Half(halves) => {
            (Rows::Half(halves.bytes()[2 * first * row_len..].as_ptr()), &folded.scale)
        }
    };
    let scale = scale[first..].as_ptr();
    let block = block.as_mut_ptr();
    let work = Unpack { rows, row_len, outputs: there, scale, taps, depth, channels: width, block };
    // SAFETY: `there` rows of weights and scales follow; the block has room.
    unsafe { (kernels.unpack)(work) };
}

/// Whether these are all taps of a kernel, row by row.
fn is_whole(side: usize, taps: &[(usize, usize)]) -> bool {
    let all = (0..side * side).map(|tap| (tap / side, tap % side));
    all.eq(taps.iter().copied())
}
