//! The memory of a pass: maps, bits and scratch, kept from one pass to the next.

use super::kernels::Kernels;
use super::map::{Buffer, Shape};
use super::stem::Sides;
use super::step::{Bits, Maps, Scratch, own_points_len, products_len, shared_points_len};

/// Stages of a ResNet-18.
pub(super) const STAGES: usize = 4;
/// Its residual blocks.
pub(super) const BLOCKS: usize = 8;

/// Sizes of everything a backbone computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sizes {
    pub sides: Sides,
    pub stem_channels: usize,
    pub stages: [Shape; STAGES],
    /// Images of a pass.
    pub images: usize,
    /// Members of the team.
    pub members: usize,
    /// Whether gradients are wanted.
    pub gradient: bool,
    /// Values that a member needs room for to unpack weights.
    pub weights: usize,
}

impl Sizes {
    pub fn new(
        px: usize,
        width: usize,
        lanes: usize,
        (images, members): (usize, usize),
        gradient: bool,
        weights: usize,
    ) -> Sizes {
        let sides = Sides::new(px);
        let mut side = sides.pooled;
        let stages = std::array::from_fn(|stage| {
            let shape = Shape::new(side, width << stage, lanes);
            side = (side - 1) / 2 + 1;
            shape
        });
        let stem_channels = stages[0].channels;
        Sizes { sides, stem_channels, stages, images, members, gradient, weights }
    }

    /// Values of the stem's sums for one image.
    pub fn sums_len(&self) -> usize {
        self.sides.sums * self.sides.sums * self.stem_channels
    }

    /// Bytes of the positions of an image's maxima.
    fn places_len(&self) -> usize {
        self.sides.pooled * self.sides.pooled * self.stem_channels
    }

    /// Bytes of an image's bits, and where each of the 16 ReLUs' begin.
    fn bits_layout(&self) -> (usize, [usize; 2 * BLOCKS]) {
        let mut next = 0;
        let starts = std::array::from_fn(|relu| {
            let start = next;
            next += self.stages[relu / 4].bit_len();
            start
        });
        (next, starts)
    }
}

/// The memory itself.
#[derive(Debug)]
pub(crate) struct Space {
    pub(super) sizes: Sizes,
    owns: Vec<Own>,
    /// Two maps for each image and stage from the second on; of the second
    /// stage the members have the other.
    maps: Vec<Buffer>,
    points: Buffer,
    bits: Vec<u8>,
    places: Vec<u8>,
}

/// One member's memory.
#[derive(Debug)]
struct Own {
    input: Buffer,
    sums: Buffer,
    maps: [Buffer; 3],
    points: Buffer,
    products: Buffer,
    weights: Buffer,
}

impl Space {
    pub(super) fn new(sizes: Sizes, kernels: &Kernels) -> Space {
        let [one, two, three, four] = sizes.stages;
        let own = || Own {
            input: Buffer::new(sizes.sides.input_len()),
            sums: Buffer::new(if sizes.gradient {
                sizes.sums_len()
            } else {
                3 * sizes.sides.sums * sizes.stem_channels
            }),
            maps: [one, one, two].map(|shape| Buffer::new(shape.len)),
            points: Buffer::new(own_points_len(one).max(own_points_len(two))),
            products: Buffer::new(
                products_len(kernels, one.side)
                    .max(sizes.sides.sums * 160.max(147 + kernels.lanes)),
            ),
            weights: Buffer::new(sizes.weights),
        };
        let batch = |shape: Shape| Buffer::new(shape.len * sizes.images);
        let points = [three, four].map(|shape| shared_points_len(shape, sizes.images));
        let (bits, places) = match sizes.gradient {
            true => (sizes.bits_layout().0 * sizes.images, sizes.places_len() * sizes.images),
            false => (0, 0),
        };
        Space {
            sizes,
            owns: (0..sizes.members).map(|_| own()).collect(),
            maps: [two, three, three, four, four].map(batch).into_iter().collect(),
            points: Buffer::new(points[0].max(points[1])),
            bits: vec![0; bits],
            places: vec![0; places],
        }
    }

    /// Pointers for a team.
    pub(super) fn view(&mut self) -> View {
        let sizes = self.sizes;
        let slots = self.owns.iter_mut().map(|own| Slot {
            input: own.input.first_mut(),
            sums: own.sums.first_mut(),
            maps: [own.maps[0].first_mut(), own.maps[1].first_mut(), own.maps[2].first_mut()],
            points: own.points.first_mut(),
            points_len: own.points.len(),
            products: own.products.first_mut(),
            weights: own.weights.first_mut(),
        });
        View {
            slots: slots.collect(),
            maps: self.maps.iter_mut().map(Buffer::first_mut).collect(),
            points: self.points.first_mut(),
            points_len: self.points.len(),
            bits: if sizes.gradient { self.bits.as_mut_ptr() } else { std::ptr::null_mut() },
            places: if sizes.gradient { self.places.as_mut_ptr() } else { std::ptr::null_mut() },
            sizes,
        }
    }
}

/// Where everything lies, for all members of a team at once.
///
/// Members write disjoint parts, and read what others wrote only after waiting
/// for them.
#[derive(Debug)]
pub(super) struct View {
    pub sizes: Sizes,
    slots: Vec<Slot>,
    maps: Vec<*mut f32>,
    points: *mut f32,
    points_len: usize,
    bits: *mut u8,
    places: *mut u8,
}

/// One member's memory.
#[derive(Debug)]
pub(super) struct Slot {
    /// The padded, interleaved input.
    pub input: *mut f32,
    /// The stem's sums: three rows, or the whole map's gradient.
    pub sums: *mut f32,
    maps: [*mut f32; 3],
    points: *mut f32,
    points_len: usize,
    /// Sums and products on their way.
    pub products: *mut f32,
    weights: *mut f32,
}

// SAFETY: pointers into memory that outlives the team; who writes where is
// settled by the passes in `backbone.rs`.
unsafe impl Send for View {}
// SAFETY: as above.
unsafe impl Sync for View {}

impl View {
    /// A member's memory.
    pub fn slot(&self, rank: usize) -> &Slot {
        &self.slots[rank]
    }

    /// A member's scratch, with points of its own.
    pub fn own_scratch(&self, rank: usize) -> Scratch {
        let slot = &self.slots[rank];
        Scratch {
            points: slot.points,
            points_len: slot.points_len,
            products: slot.products,
            weights: slot.weights,
        }
    }

    /// A member's scratch, with the team's points.
    pub fn shared_scratch(&self, rank: usize) -> Scratch {
        let own = self.own_scratch(rank);
        Scratch { points: self.points, points_len: self.points_len, ..own }
    }

    /// The two maps of the first stage in a slot.
    pub fn first_stage(&self, slot: usize) -> [Maps; 2] {
        let shape = self.sizes.stages[0];
        [0, 1].map(|map| Maps { first: self.slots[slot].maps[map], shape })
    }

    /// The two maps of the second stage: one of this image, one in a slot.
    pub fn second_stage(&self, slot: usize, image: usize) -> [Maps; 2] {
        let shape = self.sizes.stages[1];
        // SAFETY: there is a map for each image.
        let first = unsafe { self.maps[0].add(image * shape.len) };
        [Maps { first, shape }, Maps { first: self.slots[slot].maps[2], shape }]
    }

    /// The two maps of every image in the second (only the first of the two),
    /// third or fourth stage.
    pub fn late_stage(&self, stage: usize) -> [Maps; 2] {
        let shape = self.sizes.stages[stage];
        let numbers = match stage {
            1 => [0, 0],
            2 => [1, 2],
            _ => [3, 4],
        };
        numbers.map(|number| Maps { first: self.maps[number], shape })
    }

    /// The bits of a ReLU (two in each block), from `image` on; `None` where no
    /// gradient is wanted.
    pub fn bits(&self, relu: usize, image: usize) -> Option<Bits> {
        let (step, starts) = self.sizes.bits_layout();
        // SAFETY: there are bits for each image and ReLU.
        let first = unsafe { self.bits.add(image * step + starts[relu]) };
        self.sizes.gradient.then_some(Bits { first, step })
    }

    /// The positions of an image's maxima; null where no gradient is wanted.
    pub fn places(&self, image: usize) -> *mut u8 {
        if self.places.is_null() {
            return self.places;
        }
        // SAFETY: there are places for each image.
        unsafe { self.places.add(image * self.sizes.places_len()) }
    }
}
