//! Where the pixels of a feature map lie in memory.
//!
//! Rows of pixels, pixels of channels, with a border of zeros wide enough that
//! no kernel asks whether a pixel is inside.

/// Numbers in a cache line.
const LINE: usize = 16;

/// The layout of a square feature map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    /// Pixels along a side.
    pub side: usize,
    /// Channels, a whole number of vectors.
    pub channels: usize,
    /// Values from one pixel to the next.
    pub step: usize,
    /// Values from one row to the next.
    pub row: usize,
    /// Values of the whole map, border included.
    pub len: usize,
}

impl Shape {
    /// The layout for `side` x `side` pixels of at least `channels` channels,
    /// stored in vectors of `lanes`.
    pub fn new(side: usize, channels: usize, lanes: usize) -> Shape {
        let channels = channels.next_multiple_of(lanes);
        let step = spread(channels);
        // One pixel on the left and above; on the right and below as many as
        // the last 4x4 tile reaches.
        let padded = side.next_multiple_of(4) + 2;
        Shape { side, channels, step, row: padded * step, len: padded * padded * step }
    }

    /// Where a pixel's first channel lies.
    pub fn at(self, row: usize, column: usize) -> usize {
        (row + 1) * self.row + (column + 1) * self.step
    }

    /// Bytes of one bit for each value of a pixel.
    pub fn bit_step(self) -> usize {
        self.channels.div_ceil(8)
    }

    /// Bytes of one bit for each value of the map.
    pub fn bit_len(self) -> usize {
        self.side * self.side * self.bit_step()
    }
}

/// Rows of so many values lie this far apart: a power of two would put
/// neighbouring pixels into the same few sets of the cache.
pub(super) fn spread(values: usize) -> usize {
    if values.is_multiple_of(64) { values + LINE } else { values }
}

/// Zeroed memory that starts on a cache line.
#[derive(Debug, Default)]
pub(super) struct Buffer(Vec<Line>);

#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; LINE]);

impl Buffer {
    /// Room for so many values, all 0.
    pub fn new(values: usize) -> Buffer {
        Buffer(vec![Line([0.0; LINE]); values.div_ceil(LINE)])
    }

    /// The first value.
    pub fn first(&self) -> *const f32 {
        self.0.as_ptr().cast()
    }

    /// The first value, to write.
    pub fn first_mut(&mut self) -> *mut f32 {
        self.0.as_mut_ptr().cast()
    }

    /// How many values there is room for.
    pub fn len(&self) -> usize {
        self.0.len() * LINE
    }

    /// The values.
    pub fn values(&self) -> &[f32] {
        // SAFETY: `Line` is `LINE` numbers without gaps.
        unsafe { std::slice::from_raw_parts(self.first(), self.len()) }
    }

    /// The values, to write.
    pub fn values_mut(&mut self) -> &mut [f32] {
        let len = self.len();
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts_mut(self.first_mut(), len) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_has_room_for_its_last_tile() {
        let shape = Shape::new(7, 64, 16);
        assert_eq!((shape.channels, shape.step, shape.row), (64, 80, 10 * 80));
        assert_eq!(shape.at(0, 0), 11 * 80);
        assert!(shape.at(8, 8) < shape.len);
        assert_eq!(Shape::new(5, 4, 8).step, 8);
        assert_eq!(shape.bit_len(), 49 * 8);
    }
}
