//! Backward: from the gradient at features to the one at images, or at the
//! stem's sums.

use super::{Backbone, EARLY, Pass, early_maps, late_maps};
use crate::engine::space::{BLOCKS, View};
use crate::engine::step::{Finishing, Maps};
use crate::engine::team::Member;

impl Backbone {
    /// The gradient at the last map, before its ReLU, of the one at features.
    pub(super) unsafe fn spread_out(
        &self,
        view: &View,
        member: Member<'_>,
        images: usize,
        features: &[f32],
    ) {
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

    /// The gradient of the last two stages, of all images.
    pub(super) unsafe fn late_backward(&self, view: &View, member: Member<'_>, images: usize) {
        for number in (EARLY..BLOCKS).rev() {
            let pass = Pass::of_all(view, member, images);
            // SAFETY: the maps are of this backbone's sizes.
            unsafe { self.block_backward(number, &pass, late_maps(view, number)) };
        }
    }

    /// The gradient of the first two stages, of one image.
    pub(super) unsafe fn early_backward(
        &self,
        view: &View,
        member: Member<'_>,
        slot: usize,
        image: usize,
    ) {
        for number in (0..EARLY).rev() {
            let pass = Pass::of_one(view, member, slot, image);
            let maps = early_maps(view, number, slot, image);
            // SAFETY: maps and bits are of this backbone's sizes.
            unsafe { self.block_backward(number, &pass, maps) };
        }
    }

    /// Adds `factor` times the gradient at the stem's sums.
    pub(super) unsafe fn add_to_sums(
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
    pub(super) unsafe fn end_in_image(
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
}
