//! Where a sliding window meets its input.

use std::ops::Range;

/// Feature maps of a batch: `[channels, height, width, batch]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Maps {
    pub channels: usize,
    pub height: usize,
    pub width: usize,
    pub batch: usize,
}

impl Maps {
    /// Values of one channel.
    pub fn plane(&self) -> usize {
        self.height * self.width * self.batch
    }

    /// Values of one row of one channel.
    pub fn row(&self) -> usize {
        self.width * self.batch
    }

    /// Values of all channels.
    pub fn len(&self) -> usize {
        self.channels * self.plane()
    }

    /// The same maps with other channels.
    pub fn with_channels(self, channels: usize) -> Maps {
        Maps { channels, ..self }
    }
}

/// A square window sliding over maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub side: usize,
    pub stride: usize,
    pub padding: usize,
}

/// What a unit does, apart from its weights.
#[derive(Debug, Clone, Copy)]
pub struct UnitShape {
    pub window: Window,
    pub relu: bool,
}

impl Window {
    /// The maps this window makes, with the input's channels.
    pub fn output(&self, input: Maps) -> Maps {
        let positions =
            |length: usize| (length + 2 * self.padding).saturating_sub(self.side) / self.stride + 1;
        Maps { height: positions(input.height), width: positions(input.width), ..input }
    }

    /// The input's row (or column) under `tap` of the window at `position`,
    /// where there is one.
    pub fn under(&self, position: usize, tap: usize, length: usize) -> Option<usize> {
        (position * self.stride + tap).checked_sub(self.padding).filter(|at| *at < length)
    }

    /// The positions whose `tap` lies on the input.
    pub fn inside(&self, positions: usize, tap: usize, length: usize) -> Range<usize> {
        let start = self.padding.saturating_sub(tap).div_ceil(self.stride);
        let end = (length + self.padding).saturating_sub(tap).div_ceil(self.stride);
        start.min(positions)..end.clamp(start.min(positions), positions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_inside_are_those_with_an_input_under_them() {
        for (side, stride, padding) in [(3, 1, 1), (3, 2, 1), (7, 2, 3), (1, 2, 0)] {
            let window = Window { side, stride, padding };
            for length in 1..20 {
                let maps = Maps { channels: 1, height: length, width: length, batch: 1 };
                let positions = window.output(maps).width;
                for tap in 0..side {
                    let inside = window.inside(positions, tap, length);
                    let expected: Vec<usize> = (0..positions)
                        .filter(|position| window.under(*position, tap, length).is_some())
                        .collect();
                    assert_eq!(inside.collect::<Vec<_>>(), expected);
                }
            }
        }
    }
}
