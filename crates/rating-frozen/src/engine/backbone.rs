//! A ResNet-18 without its last layer: passes forward and backward.
//!
//! The stem and the first two stages take one image at a time, so that their
//! maps stay in the cache; the last two take all images of the pass, so that
//! their weights are read once.

use super::convolution::{Finishing, Maps, Split, Step};
use super::kernels::Kernels;
use super::layer::{Point, Purpose, Square};
use super::pack::Folded;
use super::space::{BLOCKS, Sizes, Space, View};
use super::stem::Stem;
use super::team::{Crew, Member};

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

    /// Stem and first two stages of one image.
    unsafe fn early_forward(
        &self,
        view: &View,
        member: Member<'_>,
        slot: usize,
        image: usize,
        start: Start<'_>,
    ) {
        let first = view.first_stage(slot);
        let second = view.second_stage(slot, image);
        // SAFETY: maps and bits are of this backbone's sizes.
        unsafe {
            self.stem_forward(view, member, slot, image, start, first[0]);
            member.wait();
            for number in 0..EARLY {
                let [input, output, between] = match number {
                    0 | 1 => [first[0], first[0], first[1]],
                    2 => [first[0], second[0], second[1]],
                    _ => [second[0], second[0], second[1]],
                };
                let rank = if member.size > 1 { member.rank } else { slot };
                let pass = Pass { view, member, rank, maps: 0..1, image, split: Split::Rows };
                self.block_forward(number, &pass, [input, output, between]);
            }
        }
    }

    unsafe fn stem_forward(
        &self,
        view: &View,
        member: Member<'_>,
        slot: usize,
        image: usize,
        start: Start<'_>,
        output: Maps,
    ) {
        let (sides, channels) = (view.sizes.sides, self.stem.channels);
        let row_len = sides.sums * channels;
        let places = |row: usize| {
            let all = view.places(image);
            // SAFETY: there are places for each row of the pooled map.
            if all.is_null() { all } else { unsafe { all.add(row * sides.pooled * channels) } }
        };
        // SAFETY: rows are inside the maps; each member pools rows of its own,
        // and keeps sums in a ring of its own.
        unsafe {
            let pool = |row: usize, rows, factor| {
                let to = (output.pixel(0, row, 0), output.shape);
                self.stem.pool_row(rows, factor, sides, to, places(row));
            };
            match start {
                Start::Path(sums, factors) => {
                    for row in member.share(sides.pooled) {
                        let rows = under(row, sides.sums, |row| sums[row * row_len..].as_ptr());
                        pool(row, rows, factors[image]);
                    }
                }
                Start::Images(images) => {
                    let input = view.slot(slot).input;
                    if member.rank == 0 {
                        self.stem.lay_out(images[image], sides, input);
                    }
                    member.wait();
                    let rank = if member.size > 1 { member.rank } else { slot };
                    let ring = view.slot(rank).sums;
                    let in_ring = |row: usize| ring.add(row % 3 * row_len);
                    let mine = member.share(sides.pooled);
                    let mut next = (2 * mine.start).saturating_sub(1);
                    for row in mine {
                        while next < (2 * row + 2).min(sides.sums) {
                            self.stem.sums_row(input, sides, next, in_ring(next));
                            next += 1;
                        }
                        pool(row, under(row, sides.sums, |row| in_ring(row).cast_const()), 1.0);
                    }
                }
            }
        }
    }

    /// The last two stages of all images.
    unsafe fn late_forward(&self, view: &View, member: Member<'_>, images: usize) {
        for number in EARLY..BLOCKS {
            let stage = number / 2;
            let [own, between] = view.late_stage(stage);
            let input = if number % 2 == 0 { view.late_stage(stage - 1)[0] } else { own };
            let pass = Pass {
                view,
                member,
                rank: member.rank,
                maps: 0..images,
                image: 0,
                split: Split::Channels,
            };
            // SAFETY: the maps are of this backbone's sizes.
            unsafe { self.block_forward(number, &pass, [input, own, between]) };
        }
    }

    /// A residual block: from `input` to `output`, which may be the same.
    unsafe fn block_forward(
        &self,
        number: usize,
        pass: &Pass<'_>,
        [input, output, between]: [Maps; 3],
    ) {
        let block = &self.blocks[number];
        let scratch = pass.scratch();
        let (one, two) = (pass.bits(2 * number), pass.bits(2 * number + 1));
        // SAFETY: the caller's promise; members wait before they read what
        // others wrote.
        unsafe {
            let finishing = Finishing { relu: true, save: one, ..Finishing::default() };
            let step = self.step(pass, input, between, finishing);
            block.first.forward(step, pass.split, &scratch);
            if let Some(down) = &block.down {
                let step = self.step(pass, input, output, Finishing::default());
                down.forward(step, pass.split, &scratch);
            }
            pass.member.wait();
            let finishing =
                Finishing { relu: true, save: two, add: Some(output), ..Finishing::default() };
            let step = self.step(pass, between, output, finishing);
            block.second.forward(step, pass.split, &scratch);
            pass.member.wait();
        }
    }

    /// The gradient of a residual block: from `output` to `input`, which may be
    /// the same. Both are gradients before the ReLU that ends in them.
    unsafe fn block_backward(
        &self,
        number: usize,
        pass: &Pass<'_>,
        [input, output, between]: [Maps; 3],
    ) {
        let block = &self.blocks[number];
        let scratch = pass.scratch();
        let before = number.checked_sub(1).and_then(|before| pass.bits(2 * before + 1));
        // SAFETY: as for `block_forward`.
        unsafe {
            let finishing = Finishing { keep: pass.bits(2 * number), ..Finishing::default() };
            let step = self.step(pass, output, between, finishing);
            block.second.backward(&step, false, pass.split, &scratch);
            pass.member.wait();
            let add = if block.down.is_some() { None } else { Some(output) };
            let finishing = Finishing { keep: before, add, ..Finishing::default() };
            let step = self.step(pass, between, input, finishing);
            block.first.backward(&step, block.down.is_some(), pass.split, &scratch);
            if let Some(down) = &block.down {
                let finishing = Finishing { keep: before, ..Finishing::default() };
                let step = self.step(pass, output, input, finishing);
                pass.member.wait();
                down.backward(step, pass.split, &scratch);
            }
            pass.member.wait();
        }
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

    /// Features: the mean of each channel over the last map's pixels.
    unsafe fn average(&self, view: &View, member: Member<'_>, images: usize, features: Shared) {
        let [last, _] = view.late_stage(3);
        let (side, count) = (last.shape.side, self.features());
        for image in member.share(images) {
            // SAFETY: each image has its own features; pixels are inside the map.
            unsafe {
                let features = std::slice::from_raw_parts_mut(features.0.add(image * count), count);
                features.fill(0.0);
                for pixel in 0..side * side {
                    let values = last.pixel(image, pixel / side, pixel % side);
                    let values = std::slice::from_raw_parts(values, count);
                    features.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
                }
                let share = 1.0 / (side * side) as f32;
                features.iter_mut().for_each(|sum| *sum *= share);
            }
        }
    }

    /// The gradient at the last map, before its ReLU, of the one at features.
    unsafe fn spread_out(&self, view: &View, member: Member<'_>, images: usize, features: &[f32]) {
        let [last, _] = view.late_stage(3);
        let (shape, count) = (last.shape, self.features());
        let share = 1.0 / (shape.side * shape.side) as f32;
        let bits = view.bits(2 * BLOCKS - 1, 0).expect("made for gradients");
        for image in member.share(images) {
            for pixel in 0..shape.side * shape.side {
                // SAFETY: pixels are inside the map and its bits.
                unsafe {
                    let values = last.pixel(image, pixel / shape.side, pixel % shape.side);
                    let bits = bits.first.add(image * bits.step + pixel * shape.bit_step());
                    for channel in 0..count {
                        let is_kept = *bits.add(channel / 8) >> (channel % 8) & 1 == 1;
                        let value = features[image * count + channel] * share;
                        *values.add(channel) = if is_kept { value } else { 0.0 };
                    }
                }
            }
        }
        member.wait();
    }

    unsafe fn late_backward(&self, view: &View, member: Member<'_>, images: usize) {
        for number in (EARLY..BLOCKS).rev() {
            let stage = number / 2;
            let [own, between] = view.late_stage(stage);
            let input = if number % 2 == 0 { view.late_stage(stage - 1)[0] } else { own };
            let pass = Pass {
                view,
                member,
                rank: member.rank,
                maps: 0..images,
                image: 0,
                split: Split::Channels,
            };
            // SAFETY: the maps are of this backbone's sizes.
            unsafe { self.block_backward(number, &pass, [input, own, between]) };
        }
    }

    unsafe fn early_backward(&self, view: &View, member: Member<'_>, slot: usize, image: usize) {
        let first = view.first_stage(slot);
        let second = view.second_stage(slot, image);
        for number in (0..EARLY).rev() {
            let maps = match number {
                0 | 1 => [first[0], first[0], first[1]],
                2 => [first[0], second[0], second[1]],
                _ => [second[0], second[0], second[1]],
            };
            let rank = if member.size > 1 { member.rank } else { slot };
            let pass = Pass { view, member, rank, maps: 0..1, image, split: Split::Rows };
            // SAFETY: maps and bits are of this backbone's sizes.
            unsafe { self.block_backward(number, &pass, maps) };
        }
    }

    /// Adds `factor` times the gradient at the stem's sums.
    unsafe fn add_to_sums(
        &self,
        view: &View,
        member: Member<'_>,
        slot: usize,
        image: usize,
        factor: f32,
        sums: *mut f32,
    ) {
        let [gradient, _] = view.first_stage(slot);
        let sides = view.sizes.sides;
        let row_len = sides.sums * self.stem.channels;
        for row in member.share(sides.sums) {
            // SAFETY: the row is inside the sums, and this member's.
            unsafe {
                let from = (gradient.pixel(0, 0, 0).cast_const(), gradient.shape);
                let to = sums.add(row * row_len);
                self.stem.unpool_row(row, from, view.places(image), factor, sides, to);
            }
        }
    }

    /// Ends a backward pass in the gradient at the image.
    unsafe fn end_in_image(
        &self,
        view: &View,
        member: Member<'_>,
        slot: usize,
        image: usize,
        out: *mut f32,
    ) {
        let sides = view.sizes.sides;
        let memory = view.slot(slot);
        let row_len = sides.sums * self.stem.channels;
        // SAFETY: the slot's memory is of the sides' sizes; members write rows
        // of their own, the last step is one member's.
        unsafe {
            for row in member.share(sides.sums) {
                std::slice::from_raw_parts_mut(memory.sums.add(row * row_len), row_len).fill(0.0);
            }
            self.add_to_sums(view, member, slot, image, 1.0, memory.sums);
            member.wait();
            if member.rank == 0 {
                let input = std::slice::from_raw_parts_mut(memory.input, sides.input_len());
                let out = std::slice::from_raw_parts_mut(out, 3 * sides.px * sides.px);
                self.stem.input_gradient(memory.sums, sides, input, memory.products, out);
                // The border must stay 0 for the next image.
                input.fill(0.0);
            }
            member.wait();
        }
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

impl Pass<'_> {
    fn scratch(&self) -> super::convolution::Scratch {
        match self.split {
            Split::Rows => self.view.own_scratch(self.rank),
            Split::Channels => self.view.shared_scratch(self.rank),
        }
    }

    fn bits(&self, relu: usize) -> Option<super::convolution::Bits> {
        self.view.bits(relu, self.image)
    }
}

/// A pointer that members share; each writes its own part.
#[derive(Clone, Copy)]
struct Shared(*mut f32);

// SAFETY: see the type.
unsafe impl Send for Shared {}
// SAFETY: see the type.
unsafe impl Sync for Shared {}

/// The three rows of sums under a row of the pooled map; null outside.
fn under(row: usize, side: usize, of: impl Fn(usize) -> *const f32) -> [*const f32; 3] {
    [0, 1, 2].map(|down| {
        let row = (2 * row + down).wrapping_sub(1);
        if row < side { of(row) } else { std::ptr::null() }
    })
}
