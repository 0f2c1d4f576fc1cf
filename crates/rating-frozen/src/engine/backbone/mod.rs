//! A ResNet-18 without its last layer: passes forward and backward.
//!
//! The stem and the first two stages take one image at a time, so that their
//! maps stay in the cache; the last two take all images of the pass, so that
//! their weights are read once.

mod backward;
mod forward;

use crate::engine::kernels::Kernels;
use crate::engine::layer::{Point, Square};
use crate::engine::pack::Folded;
use crate::engine::purpose::Purpose;
use crate::engine::space::{Sizes, Space, View};
use crate::engine::stem::Stem;
use crate::engine::step::{Bits, Finishing, Maps, Scratch, Split, Step};
use crate::engine::team::{Crew, Member};

/// Blocks that take one image at a time.
const EARLY: usize = 4;

/// The folded convolutions of a backbone.
pub(crate) struct FoldedBackbone {
    /// 7x7, stride 2.
    pub stem: Folded,
    /// The two 3x3 convolutions of each block, and the 1x1 one of its skip
    /// connection where the side halves.
    pub blocks: Vec<(Folded, Folded, Option<Folded>)>,
}

/// A backbone ready for its purpose.
#[derive(Debug)]
pub(crate) struct Backbone {
    kernels: &'static Kernels,
    width: usize,
    purpose: Purpose,
    stem: Stem,
    blocks: Vec<Block>,
    /// Values that a member needs room for to unpack weights.
    room: usize,
}

#[derive(Debug)]
struct Block {
    first: Square,
    second: Square,
    down: Option<Point>,
}

/// What a pass starts from.
#[derive(Clone, Copy)]
pub(crate) enum Start<'s> {
    /// Images, `[3, px, px]` each.
    Images(&'s [&'s [f32]]),
    /// The stem's sums of one image (see [`Backbone::stem_sums`]), each time
    /// multiplied by one of these factors.
    Path(&'s [f32], &'s [f32]),
}

/// Where a backward pass ends.
pub(crate) enum End<'e> {
    /// In the gradient at each image, `[3, px, px]`, one after another.
    Images(&'e mut [f32]),
    /// In the sum, over images, of these factors times the gradient at the
    /// stem's sums. The team has one member.
    Sums(&'e mut [f32], &'e [f32]),
}

impl Start<'_> {
    fn len(self) -> usize {
        match self {
            Start::Images(images) => images.len(),
            Start::Path(_, factors) => factors.len(),
        }
    }
}

impl Backbone {
    pub fn new(folded: &FoldedBackbone, purpose: Purpose, kernels: &'static Kernels) -> Backbone {
        let width = folded.stem.shape[0];
        let sizes = Sizes::new(purpose.px, width, kernels.lanes, (1, 1), false, 0);
        let blocks = folded.blocks.iter().enumerate().map(|(number, (first, second, down))| {
            let side = sizes.stages[number / 2].side;
            let stride = if down.is_some() { 2 } else { 1 };
            Block {
                first: Square::new(first, stride, side, purpose, kernels),
                second: Square::new(second, 1, side, purpose, kernels),
                down: down.as_ref().map(|down| Point::new(down, purpose, kernels)),
            }
        });
        let blocks: Vec<Block> = blocks.collect();
        let rooms = blocks.iter().map(|block| {
            let down = block.down.as_ref().map_or(0, Point::room);
            block.first.room().max(block.second.room()).max(down)
        });
        let room = rooms.max().unwrap_or(0);
        let stem = Stem::new(&folded.stem, kernels, purpose.gradient);
        Backbone { kernels, width, purpose, stem, blocks, room }
    }

    /// How many features come out for each image.
    pub fn features(&self) -> usize {
        8 * self.width
    }

    /// Memory for passes of so many images by so many threads; what `space`
    /// holds is used again if it fits.
    fn fit<'s>(
        &self,
        space: &'s mut Option<Space>,
        px: usize,
        images: usize,
        threads: usize,
    ) -> &'s mut Space {
        let (lanes, gradient) = (self.kernels.lanes, self.purpose.gradient);
        let sizes =
            |images| Sizes::new(px, self.width, lanes, (images, threads), gradient, self.room);
        let fits = space.as_ref().is_some_and(|space| {
            space.sizes.images >= images && space.sizes == sizes(space.sizes.images)
        });
        if !fits {
            *space = None;
        }
        space.get_or_insert_with(|| Space::new(sizes(images), self.kernels))
    }

    /// The features of images, `[images, features]`.
    pub fn forward(
        &self,
        start: Start<'_>,
        px: usize,
        crew: &mut Crew,
        space: &mut Option<Space>,
        features: &mut [f32],
    ) {
        let images = start.len();
        let view = self.fit(space, px, images, crew.size()).view();
        let features = Shared(features.as_mut_ptr());
        crew.together(|member| {
            // SAFETY: every member runs the same pass over memory of its sizes.
            unsafe {
                self.each_image(member, images, |member, slot, image| {
                    self.early_forward(&view, member, slot, image, start);
                });
                self.late_forward(&view, member, images);
                self.average(&view, member, images, features);
            }
        });
    }

    /// The gradient of the pass made last, for this gradient at its features
    /// (`[images, features]`).
    ///
    /// # Panics
    /// The backbone was not made for gradients, or no pass was made.
    pub fn backward(
        &self,
        features: &[f32],
        px: usize,
        crew: &mut Crew,
        space: &mut Option<Space>,
        end: End<'_>,
    ) {
        let images = features.len() / self.features();
        let view = space.as_mut().expect("a pass was made").view();
        let (out, factors) = match end {
            End::Images(out) => (Shared(out.as_mut_ptr()), None),
            End::Sums(out, factors) => (Shared(out.as_mut_ptr()), Some(factors)),
        };
        crew.together(|member| {
            // SAFETY: as in `forward`; images end in places of their own, and
            // sums are added by one member.
            unsafe {
                // Not its pointer alone: that could not be shared.
                let out = &out;
                self.spread_out(&view, member, images, features);
                self.late_backward(&view, member, images);
                self.each_image(member, images, |member, slot, image| {
                    self.early_backward(&view, member, slot, image);
                    let to = *out;
                    match factors {
                        Some(factors) => {
                            self.add_to_sums(
                                &view,
                                Member::ALONE,
                                slot,
                                image,
                                factors[image],
                                to.0,
                            );
                        }
                        None => {
                            let to = to.0.add(image * 3 * px * px);
                            self.end_in_image(&view, member, slot, image, to);
                        }
                    }
                });
            }
        });
    }

    /// The stem's sums of one image, without bias, `[side, side, channels]`.
    pub fn stem_sums(&self, image: &[f32], px: usize, space: &mut Option<Space>) -> Vec<f32> {
        let view = self.fit(space, px, 1, 1).view();
        let mut sums = vec![0.0; view.sizes.sums_len()];
        let (sides, input) = (view.sizes.sides, view.slot(0).input);
        let row_len = sides.sums * self.stem.channels;
        // SAFETY: input and sums are of the sides' sizes.
        unsafe {
            self.stem.lay_out(image, sides, input);
            for (row, sums) in sums.chunks_exact_mut(row_len).enumerate() {
                self.stem.sums_row(input, sides, row, sums.as_mut_ptr());
            }
        }
        sums
    }

    /// The gradient at the image of one at the stem's sums.
    pub fn image_gradient(
        &self,
        sums: &[f32],
        px: usize,
        space: &mut Option<Space>,
        image: &mut [f32],
    ) {
        let view = self.fit(space, px, 1, 1).view();
        let (sides, slot) = (view.sizes.sides, view.slot(0));
        // SAFETY: all are of the sides' sizes.
        unsafe {
            let input = std::slice::from_raw_parts_mut(slot.input, sides.input_len());
            self.stem.input_gradient(sums.as_ptr(), sides, input, slot.products, image);
            input.fill(0.0);
        }
    }

    /// Runs `work(member, slot, image)` for every image: each member takes its own
    /// images, alone; those that are left are worked on by all, in slot 0.
    unsafe fn each_image(
        &self,
        member: Member<'_>,
        images: usize,
        work: impl Fn(Member<'_>, usize, usize),
    ) {
        let shared = images % member.size;
        for image in member.share(images - shared) {
            work(Member::ALONE, member.rank, image);
        }
        member.wait();
        for image in images - shared..images {
            work(member, 0, image);
        }
        member.wait();
    }

    fn step<'p>(
        &self,
        pass: &Pass<'p>,
        input: Maps,
        output: Maps,
        finishing: Finishing,
    ) -> Step<'p> {
        let (kernels, member, maps) = (self.kernels, pass.member, pass.maps.clone());
        Step { kernels, member, input, output, maps, finishing }
    }
}

/// What a block's steps have in common.
struct Pass<'p> {
    view: &'p View,
    member: Member<'p>,
    /// Whose scratch is used.
    rank: usize,
    maps: std::ops::Range<usize>,
    /// The first image, for its bits.
    image: usize,
    split: Split,
}

impl<'p> Pass<'p> {
    /// Of one image in a slot, by a team or, alone, by the slot's member.
    fn of_one(view: &'p View, member: Member<'p>, slot: usize, image: usize) -> Pass<'p> {
        let rank = if member.size > 1 { member.rank } else { slot };
        Pass { view, member, rank, maps: 0..1, image, split: Split::Rows }
    }

    /// Of all images together.
    fn of_all(view: &'p View, member: Member<'p>, images: usize) -> Pass<'p> {
        let (rank, split) = (member.rank, Split::Channels);
        Pass { view, member, rank, maps: 0..images, image: 0, split }
    }

    fn scratch(&self) -> Scratch {
        match self.split {
            Split::Rows => self.view.own_scratch(self.rank),
            Split::Channels => self.view.shared_scratch(self.rank),
        }
    }

    fn bits(&self, relu: usize) -> Option<Bits> {
        self.view.bits(relu, self.image)
    }
}

/// The maps an early block reads, writes, and uses in between.
fn early_maps(view: &View, number: usize, slot: usize, image: usize) -> [Maps; 3] {
    let first = view.first_stage(slot);
    let second = view.second_stage(slot, image);
    match number {
        0 | 1 => [first[0], first[0], first[1]],
        2 => [first[0], second[0], second[1]],
        _ => [second[0], second[0], second[1]],
    }
}

/// The maps a late block reads, writes, and uses in between.
fn late_maps(view: &View, number: usize) -> [Maps; 3] {
    let stage = number / 2;
    let [own, between] = view.late_stage(stage);
    let input = if number.is_multiple_of(2) { view.late_stage(stage - 1)[0] } else { own };
    [input, own, between]
}

/// A pointer that members share; each writes its own part.
#[derive(Clone, Copy)]
struct Shared(*mut f32);

// SAFETY: see the type.
unsafe impl Send for Shared {}
// SAFETY: see the type.
unsafe impl Sync for Shared {}
