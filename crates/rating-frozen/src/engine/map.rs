//! Where the pixels of a feature map lie in memory.
//!
//! Rows of pixels, pixels of channels, with a border of zeros wide enough that
//! no kernel asks whether a pixel is inside.

use memmap2::MmapMut;

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

/// Buffers of at least this many bytes ask for large pages: fewer faults when
/// they are first written, fewer misses when they are read through.
const LARGE: usize = 1 << 21;

/// Zeroed memory that starts on a cache line.
#[derive(Debug)]
pub(super) struct Buffer {
    memory: Memory,
    lines: usize,
}

#[derive(Debug)]
enum Memory {
    Heap(Vec<Line>),
    Pages(MmapMut),
}

#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; LINE]);

impl Buffer {
    /// Room for so many values, all 0.
    pub fn new(values: usize) -> Buffer {
        let lines = values.div_ceil(LINE);
        let bytes = lines * size_of::<Line>();
        let pages = if bytes < LARGE { None } else { MmapMut::map_anon(bytes).ok() };
        let memory = match pages {
            Some(pages) => {
                // Only a wish: without large pages everything works as well.
                #[cfg(target_os = "linux")]
                let _ = pages.advise(memmap2::Advice::HugePage);
                Memory::Pages(pages)
            }
            None => Memory::Heap(vec![Line([0.0; LINE]); lines]),
        };
        Buffer { memory, lines }
    }

    /// The first value.
    pub fn first(&self) -> *const f32 {
        match &self.memory {
            Memory::Heap(lines) => lines.as_ptr().cast(),
            Memory::Pages(pages) => pages.as_ptr().cast(),
        }
    }

    /// The first value, to write.
    pub fn first_mut(&mut self) -> *mut f32 {
        match &mut self.memory {
            Memory::Heap(lines) => lines.as_mut_ptr().cast(),
            Memory::Pages(pages) => pages.as_mut_ptr().cast(),
        }
    }

    /// How many values there is room for.
    pub fn len(&self) -> usize {
        self.lines * LINE
    }

    /// The values.
    pub fn values(&self) -> &[f32] {
        // SAFETY: as many values were asked for, and zeroed; pages are aligned.
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
