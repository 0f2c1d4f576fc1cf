//! Masks: a yes or no for each pixel.

use crate::grid::Map;

/// A yes or no for each pixel, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mask {
    pub width: usize,
    pub height: usize,
    pub set: Vec<bool>,
}

impl Mask {
    /// Nothing.
    pub fn empty(width: usize, height: usize) -> Mask {
        Mask { width, height, set: vec![false; width * height] }
    }

    /// Whether a pixel is in the mask; pixels beyond the grid are not.
    pub fn has(&self, column: isize, row: isize) -> bool {
        let inside =
            (0..self.width as isize).contains(&column) && (0..self.height as isize).contains(&row);
        inside && self.set[row as usize * self.width + column as usize]
    }

    /// Number of pixels in the mask.
    pub fn count(&self) -> usize {
        self.set.iter().filter(|set| **set).count()
    }

    /// Pixels in the mask, row by row.
    pub fn pixels(&self) -> Vec<(usize, usize)> {
        (0..self.set.len())
            .filter(|&at| self.set[at])
            .map(|at| (at % self.width, at / self.width))
            .collect()
    }

    /// Without the pixels whose 3 x 3 neighbourhood leaves the mask.
    pub fn eroded(&self) -> Mask {
        let mut outside = self.clone();
        outside.set.iter_mut().for_each(|set| *set = !*set);
        let mut eroded = outside.grown(1);
        eroded.set.iter_mut().for_each(|set| *set = !*set);
        eroded
    }

    /// With every pixel within a square of this reach.
    pub fn grown(&self, reach: usize) -> Mask {
        let mut across = Mask::empty(self.width, self.height);
        for (row, out) in across.set.chunks_exact_mut(self.width).enumerate() {
            let from = &self.set[row * self.width..(row + 1) * self.width];
            for column in (0..self.width).filter(|&column| from[column]) {
                out[column.saturating_sub(reach)..(column + reach + 1).min(self.width)].fill(true);
            }
        }
        let mut grown = Mask::empty(self.width, self.height);
        for (row, out) in grown.set.chunks_exact_mut(self.width).enumerate() {
            for from in row.saturating_sub(reach)..(row + reach + 1).min(self.height) {
                let from = &across.set[from * self.width..(from + 1) * self.width];
                out.iter_mut().zip(from).for_each(|(set, other)| *set |= other);
            }
        }
        grown
    }

    /// Adds an upright ellipse, clipped to the grid.
    pub fn add_ellipse(&mut self, centre: (f32, f32), radii: (f32, f32)) {
        let top = (centre.1 - radii.1).floor().max(0.0) as usize;
        let bottom = ((centre.1 + radii.1).ceil().max(-1.0) as isize).min(self.height as isize - 1);
        let left = (centre.0 - radii.0).floor().max(0.0) as usize;
        let right = ((centre.0 + radii.0).ceil().max(-1.0) as isize).min(self.width as isize - 1);
        for row in top as isize..=bottom {
            for column in left as isize..=right {
                let x = (column as f32 - centre.0) / radii.0;
                let y = (row as f32 - centre.1) / radii.1;
                if x * x + y * y <= 1.0 {
                    self.set[row as usize * self.width + column as usize] = true;
                }
            }
        }
    }

    /// Keeps the pixels for which this holds.
    pub fn keep(&mut self, holds: impl Fn(usize) -> bool) {
        for (at, set) in self.set.iter_mut().enumerate() {
            *set = *set && holds(at);
        }
    }

    /// As numbers 0 and 1.
    pub fn as_map(&self) -> Map {
        let values = self.set.iter().map(|&set| f32::from(u8::from(set))).collect();
        Map { width: self.width, height: self.height, values }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn erosion_undoes_growth_of_a_block() {
        let mut mask = Mask::empty(20, 20);
        for at in [(8, 8), (9, 8), (8, 9), (9, 9)] {
            mask.set[at.1 * 20 + at.0] = true;
        }
        assert_eq!(mask.grown(1).count(), 16);
        assert_eq!(mask.grown(1).eroded(), mask);
    }

    #[test]
    fn ellipses_beyond_the_grid_are_clipped() {
        let mut mask = Mask::empty(10, 10);
        mask.add_ellipse((-20.0, 4.0), (3.0, 3.0));
        mask.add_ellipse((4.0, 40.0), (3.0, 3.0));
        assert_eq!(mask.count(), 0);
        mask.add_ellipse((0.0, 0.0), (1.0, 1.0));
        assert_eq!(mask.count(), 3);
    }
}
