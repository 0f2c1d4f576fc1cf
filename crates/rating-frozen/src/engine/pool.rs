//! Between the stem and the first stage: ReLU and 3x3 max-pooling of stride 2,
//! forward and backward.
//!
//! The stem's convolution is linear, so its sums at a point of the path from
//! zeros to an image are those of the image times the point's position. The
//! pool therefore takes sums without bias, and a factor.

use super::vector::Vector;

/// Stands for "no value was positive": nothing flows back.
const NOWHERE: f32 = 255.0;

/// A row of pooled pixels.
#[derive(Clone, Copy)]
pub(super) struct PoolRow {
    /// The stem's sums in the three rows under the pool, `[side, channels]`;
    /// null for a row outside the image.
    pub rows: [*const f32; 3],
    /// Pixels in such a row.
    pub side: usize,
    /// Channels, a whole number of vectors.
    pub channels: usize,
    /// What the sums are multiplied by.
    pub factor: f32,
    /// The stem's bias, added after that.
    pub bias: *const f32,
    /// Pooled pixels in the row.
    pub pooled: usize,
    /// Where the first pooled pixel goes, and values from one to the next.
    pub output: *mut f32,
    /// See `output`.
    pub step: usize,
    /// Where the positions of the maxima go, `[pooled, channels]`: 0 to 8, row
    /// by row, the first of equals; or null.
    pub places: *mut u8,
}

/// Pools a row.
///
/// # Safety
/// As for [`Vector`]; rows, output and places hold what the shapes say.
#[inline(always)]
pub(super) unsafe fn pool_row<V: Vector>(work: PoolRow) {
    // SAFETY: the caller's promise.
    unsafe {
        let factor = V::splat(work.factor);
        for pixel in 0..work.pooled {
            for channel in (0..work.channels).step_by(V::LANES) {
                let bias = V::load(work.bias.add(channel));
                let mut best = V::zero();
                let mut place = V::splat(NOWHERE);
                for (down, row) in
                    work.rows.into_iter().enumerate().filter(|(_, row)| !row.is_null())
                {
                    for across in 0..3 {
                        let column = (2 * pixel + across).wrapping_sub(1);
                        if column >= work.side {
                            continue;
                        }
                        let sum = V::load(row.add(column * work.channels + channel));
                        let value = bias.plus_product(sum, factor);
                        let higher = value.greater_or_nan(best);
                        best = best.replace(higher, value);
                        place = place.replace(higher, V::splat((3 * down + across) as f32));
                    }
                }
                best.store(work.output.add(pixel * work.step + channel));
                if !work.places.is_null() {
                    place.store_bytes(work.places.add(pixel * work.channels + channel));
                }
            }
        }
    }
}

/// A row of the gradient at the stem's sums.
#[derive(Clone, Copy)]
pub(super) struct UnpoolRow {
    /// Which row of the stem.
    pub row: usize,
    /// Pixels along a side of the stem's map, and of the pooled one.
    pub side: usize,
    /// See `side`.
    pub pooled: usize,
    /// Channels, a whole number of vectors.
    pub channels: usize,
    /// The gradient at the pooled map's first pixel, and values from one row
    /// and one pixel to the next.
    pub gradient: *const f32,
    /// See `gradient`.
    pub steps: (usize, usize),
    /// The positions of the maxima, `[pooled, pooled, channels]`.
    pub places: *const u8,
    /// What the gradient is multiplied by.
    pub factor: f32,
    /// What it is added to: the row's first pixel, `[side, channels]`.
    pub sum: *mut f32,
}

/// Adds the gradient of a row: each value goes back to where the maximum was.
///
/// # Safety
/// As for [`Vector`]; the maps hold what the shapes say.
#[inline(always)]
pub(super) unsafe fn unpool_row<V: Vector>(work: UnpoolRow) {
    // SAFETY: the caller's promise; windows outside the pooled map are skipped.
    unsafe {
        let factor = V::splat(work.factor);
        for column in 0..work.side {
            for channel in (0..work.channels).step_by(V::LANES) {
                let mut gradient = V::zero();
                for (row, down) in windows(work.row, work.pooled) {
                    for (pixel, across) in windows(column, work.pooled) {
                        let at = (row * work.pooled + pixel) * work.channels + channel;
                        let place = V::load_bytes(work.places.add(at));
                        let here = place.equal(V::splat((3 * down + across) as f32));
                        let at = row * work.steps.0 + pixel * work.steps.1 + channel;
                        gradient = gradient.add(V::load(work.gradient.add(at)).keep(here));
                    }
                }
                let sum = work.sum.add(column * work.channels + channel);
                V::load(sum).plus_product(gradient, factor).store(sum);
            }
        }
    }
}

/// The one or two windows along a side that hold this place, and where in
/// the window it lies.
#[inline(always)]
fn windows(place: usize, pooled: usize) -> impl Iterator<Item = (usize, usize)> {
    let first = place / 2;
    let second = (place % 2 == 1 && first + 1 < pooled).then_some((first + 1, 0));
    std::iter::once((first, 1 + place % 2)).chain(second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_lie_in_their_windows() {
        // Window w covers places 2 w - 1 to 2 w + 1.
        for (place, expected) in
            [(0, vec![(0, 1)]), (1, vec![(0, 2), (1, 0)]), (2, vec![(1, 1)]), (7, vec![(3, 2)])]
        {
            assert_eq!(windows(place, 4).collect::<Vec<_>>(), expected);
        }
    }
}
