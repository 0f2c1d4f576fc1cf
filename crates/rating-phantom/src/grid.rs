//! Maps: a number for each pixel, with blurs and smooth noise.

use crate::chance::Chance;

/// A gaussian of unit sum, sampled to three deviations; `[1.0]` when it is
/// narrower than a pixel can show.
pub(crate) fn gaussian(deviation: f32) -> Vec<f32> {
    if deviation < 0.2 {
        return vec![1.0];
    }
    let reach = (3.0 * deviation).ceil() as i32;
    let weights: Vec<f32> =
        (-reach..=reach).map(|at| (-0.5 * (at as f32 / deviation).powi(2)).exp()).collect();
    let sum: f32 = weights.iter().sum();
    weights.iter().map(|weight| weight / sum).collect()
}

/// A number for each pixel, row by row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Map {
    pub width: usize,
    pub height: usize,
    pub values: Vec<f32>,
}

impl Map {
    /// The same number everywhere.
    pub fn filled(width: usize, height: usize, value: f32) -> Map {
        Map { width, height, values: vec![value; width * height] }
    }

    /// The number at a pixel.
    pub fn at(&self, column: usize, row: usize) -> f32 {
        self.values[row * self.width + column]
    }

    /// One row.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.width..(row + 1) * self.width]
    }

    /// One row, to write.
    pub fn row_mut(&mut self, row: usize) -> &mut [f32] {
        &mut self.values[row * self.width..(row + 1) * self.width]
    }

    /// Bilinear value at a position in pixels, clamped to the grid.
    pub fn sample(&self, x: f32, y: f32) -> f32 {
        let x = x.clamp(0.0, (self.width - 1) as f32);
        let y = y.clamp(0.0, (self.height - 1) as f32);
        let (left, top) = (x as usize, y as usize);
        let (right, bottom) = ((left + 1).min(self.width - 1), (top + 1).min(self.height - 1));
        let (dx, dy) = (x - left as f32, y - top as f32);
        let upper = self.at(left, top) + dx * (self.at(right, top) - self.at(left, top));
        let lower = self.at(left, bottom) + dx * (self.at(right, bottom) - self.at(left, bottom));
        upper + dy * (lower - upper)
    }

    /// Blurred down the columns; nothing lies beyond the grid.
    pub fn blurred_down(&self, kernel: &[f32]) -> Map {
        let mut blurred = Map::filled(self.width, self.height, 0.0);
        self.blur_down_into(kernel, &mut blurred);
        blurred
    }

    /// The same, into a map of the same size.
    pub fn blur_down_into(&self, kernel: &[f32], blurred: &mut Map) {
        let reach = kernel.len() / 2;
        for row in 0..self.height {
            let first = row.saturating_sub(reach);
            let last = (row + reach).min(self.height - 1);
            let out = blurred.row_mut(row);
            out.fill(0.0);
            for from in first..=last {
                let weight = kernel[from + reach - row];
                for (sum, value) in out.iter_mut().zip(self.row(from)) {
                    *sum += weight * value;
                }
            }
        }
    }

    /// Blurred along the rows in place, each row with the kernel it is given.
    pub fn blur_along<'k>(&mut self, kernel_of: impl Fn(usize) -> &'k [f32]) {
        let mut padded = Vec::new();
        for row in 0..self.height {
            let kernel = kernel_of(row);
            let reach = kernel.len() / 2;
            padded.clear();
            padded.resize(reach, 0.0);
            padded.extend_from_slice(self.row(row));
            padded.resize(self.width + 2 * reach, 0.0);
            let out = self.row_mut(row);
            out.fill(0.0);
            for (by, &weight) in kernel.iter().enumerate() {
                for (sum, value) in out.iter_mut().zip(&padded[by..]) {
                    *sum += weight * value;
                }
            }
        }
    }

    /// Blurred both ways by one gaussian for each direction.
    pub fn blurred(&self, across_px: f32, down_px: f32) -> Map {
        let mut blurred = self.blurred_down(&gaussian(down_px));
        let kernel = gaussian(across_px);
        blurred.blur_along(|_| &kernel);
        blurred
    }
}

/// Smooth noise of mean 0 and variance 1, with gaussian correlation.
///
/// It is drawn on a coarse lattice and interpolated: the blur costs less the
/// longer the correlation.
pub(crate) fn noise(
    width: usize,
    height: usize,
    across_px: f32,
    down_px: f32,
    chance: &mut Chance,
) -> Map {
    let step = |deviation: f32| (deviation / 1.6).max(1.0);
    let (step_x, step_y) = (step(across_px), step(down_px));
    let kernels = [gaussian(across_px / step_x), gaussian(down_px / step_y)];
    let [margin_x, margin_y] = kernels.each_ref().map(|kernel| kernel.len() / 2);
    let coarse_width = (width as f32 / step_x).ceil() as usize + 1 + 2 * margin_x;
    let coarse_height = (height as f32 / step_y).ceil() as usize + 1 + 2 * margin_y;
    let power: f32 = kernels
        .iter()
        .map(|kernel| kernel.iter().map(|weight| weight * weight).sum::<f32>())
        .product();
    let scale = (12.0 / power).sqrt();
    let mut coarse = Map::filled(coarse_width, coarse_height, 0.0);
    for value in &mut coarse.values {
        *value = chance.between(-0.5, 0.5) * scale;
    }
    let mut coarse = coarse.blurred_down(&kernels[1]);
    coarse.blur_along(|_| &kernels[0]);
    stretched(&coarse, (width, height), (step_x, step_y), (margin_x, margin_y))
}

/// A coarse lattice interpolated to pixels: bilinear, the rows first.
fn stretched(
    coarse: &Map,
    (width, height): (usize, usize),
    (step_x, step_y): (f32, f32),
    (margin_x, margin_y): (usize, usize),
) -> Map {
    let places: Vec<(usize, f32)> =
        (0..width).map(|column| whole_and_rest(column as f32 / step_x, margin_x)).collect();
    let mut fine = Map::filled(width, height, 0.0);
    let mut between = vec![0.0; coarse.width];
    for row in 0..height {
        let (above, share) = whole_and_rest(row as f32 / step_y, margin_y);
        let below = (above + 1).min(coarse.height - 1);
        let nodes = coarse.row(above).iter().zip(coarse.row(below));
        for (out, (upper, lower)) in between.iter_mut().zip(nodes) {
            *out = upper + share * (lower - upper);
        }
        for (out, (left, share)) in fine.row_mut(row).iter_mut().zip(&places) {
            let right = between[(left + 1).min(coarse.width - 1)];
            *out = between[*left] + share * (right - between[*left]);
        }
    }
    fine
}

/// The node at or before a place on the lattice, and how far behind it lies.
fn whole_and_rest(place: f32, margin: usize) -> (usize, f32) {
    let whole = place as usize;
    (whole + margin, place - whole as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rating::Seed;

    #[test]
    fn a_blur_keeps_the_sum_of_a_point() {
        let mut point = Map::filled(31, 31, 0.0);
        point.values[15 * 31 + 15] = 1.0;
        let blurred = point.blurred(2.0, 1.5);
        assert!((blurred.values.iter().sum::<f32>() - 1.0).abs() < 1e-4);
        assert!(blurred.at(15, 15) > blurred.at(17, 15));
        assert!((blurred.at(13, 15) - blurred.at(17, 15)).abs() < 1e-7);
    }

    #[test]
    fn noise_has_unit_variance() {
        let mut chance = Chance::new(Seed::new(5));
        for (across, down) in [(2.0, 2.0), (8.0, 3.0), (18.0, 2.0)] {
            let map = noise(400, 400, across, down, &mut chance);
            let mean_square =
                map.values.iter().map(|value| value * value).sum::<f32>() / map.values.len() as f32;
            assert!((0.7..1.25).contains(&mean_square), "{across} {down}: {mean_square}");
        }
    }
}
