//! What happens to a sum before it is stored: bias, skip connection, ReLU and
//! its bits.

use super::vector::Vector;

/// What to do with some channels of a pixel. Pointers to values belong to the
/// first of these channels, pointers to bits to the pixel; null means not to.
#[derive(Clone, Copy)]
pub(super) struct Finish {
    /// Where the values go.
    pub output: *mut f32,
    /// Values to add, laid out as the output (it may be the output itself).
    pub add: *const f32,
    /// A bias for each channel.
    pub bias: *const f32,
    /// Whether negative values become 0.
    pub relu: bool,
    /// Where the bits of the positive values go.
    pub save: *mut u8,
    /// Bits of the values that stay; the others become 0.
    pub keep: *const u8,
    /// The first of these channels.
    pub channel: usize,
}

impl Finish {
    /// The same for a pixel `values` further in the maps and `bytes` in the bits.
    ///
    /// # Safety
    /// The pixel lies in the same allocations.
    #[inline(always)]
    pub unsafe fn at(self, values: usize, bytes: usize) -> Finish {
        // SAFETY: the caller's promise; a null pointer stays null.
        unsafe {
            Finish {
                output: self.output.add(values),
                add: if self.add.is_null() { self.add } else { self.add.add(values) },
                save: if self.save.is_null() { self.save } else { self.save.add(bytes) },
                keep: if self.keep.is_null() { self.keep } else { self.keep.add(bytes) },
                ..self
            }
        }
    }

    /// Finishes and stores one vector of channels, the first of which is
    /// `channel` channels further.
    ///
    /// # Safety
    /// As for [`Vector`]; pointers are valid for the vector's channels.
    #[inline(always)]
    pub unsafe fn store<V: Vector>(self, value: V, channel: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            let mut value = value;
            if !self.bias.is_null() {
                value = value.add(V::load(self.bias.add(channel)));
            }
            if !self.add.is_null() {
                value = value.add(V::load(self.add.add(channel)));
            }
            if self.relu {
                if !self.save.is_null() {
                    let positive = V::to_bits(value.greater(V::zero()));
                    V::store_bits(positive, self.save, self.channel + channel);
                }
                // In this order what is not a number stays so, and is found at the end.
                value = V::zero().max(value);
            }
            if !self.keep.is_null() {
                let bits = V::load_bits(self.keep, self.channel + channel);
                value = value.keep(V::from_bits(bits));
            }
            value.store(self.output.add(channel));
        }
    }
}

/// A row of pixels whose sums lie in `sums`, `[pixels, channels]`.
#[derive(Clone, Copy)]
pub(super) struct Row {
    /// The sums.
    pub sums: *const f32,
    /// How many pixels.
    pub pixels: usize,
    /// How many channels, a whole number of vectors.
    pub channels: usize,
    /// Values and bytes of bits from one output pixel to the next.
    pub steps: (usize, usize),
    /// What to do with the first pixel.
    pub finish: Finish,
}

/// Finishes a row.
///
/// # Safety
/// As for [`Finish::store`], for every pixel.
#[inline(always)]
pub(super) unsafe fn finish_row<V: Vector>(row: Row) {
    // SAFETY: the caller's promise.
    unsafe {
        for pixel in 0..row.pixels {
            let finish = row.finish.at(pixel * row.steps.0, pixel * row.steps.1);
            for channel in (0..row.channels).step_by(V::LANES) {
                let sum = V::load(row.sums.add(pixel * row.channels + channel));
                finish.store(sum, channel);
            }
        }
    }
}
