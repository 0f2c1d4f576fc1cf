//! Forward: from images to features.

use super::{Backbone, EARLY, Pass, Shared, Start, early_maps, late_maps};
use crate::engine::space::{BLOCKS, View};
use crate::engine::step::{Finishing, Maps};
use crate::engine::team::Member;

impl Backbone {
    /// Stem and first two stages of one image.
    pub(super) unsafe fn early_forward(
        &self,
        view: &View,
        member: Member<'_>,
        slot: usize,
        image: usize,
        start: Start<'_>,
    ) {
        // SAFETY: maps and bits are of this backbone's sizes.
        unsafe {
            self.stem_forward(view, member, slot, image, start, view.first_stage(slot)[0]);
            member.wait();
            for number in 0..EARLY {
                let pass = Pass::of_one(view, member, slot, image);
                self.block_forward(number, &pass, early_maps(view, number, slot, image));
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
    pub(super) unsafe fn late_forward(&self, view: &View, member: Member<'_>, images: usize) {
        for number in EARLY..BLOCKS {
            let pass = Pass::of_all(view, member, images);
            // SAFETY: the maps are of this backbone's sizes.
            unsafe { self.block_forward(number, &pass, late_maps(view, number)) };
        }
    }

    /// Features: the mean of each channel over the last map's pixels.
    pub(super) unsafe fn average(
        &self,
        view: &View,
        member: Member<'_>,
        images: usize,
        features: Shared,
    ) {
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
}

/// The three rows of sums under a row of the pooled map; null outside.
fn under(row: usize, side: usize, of: impl Fn(usize) -> *const f32) -> [*const f32; 3] {
    [0, 1, 2].map(|down| {
        let row = (2 * row + down).wrapping_sub(1);
        if row < side { of(row) } else { std::ptr::null() }
    })
}
