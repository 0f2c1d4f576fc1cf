//! Interleaved 8-bit pixels on their way from the kept crop to the input.

use image::RgbImage;

/// Pixels of one or three channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Raster {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) channels: usize,
    pub(super) samples: Vec<u8>,
}

impl Raster {
    /// The rectangle `[left, top, width, height]` of an image `stride` pixels
    /// wide; it must lie within the image.
    pub(super) fn cut(samples: &[u8], channels: usize, stride: u32, rectangle: [u32; 4]) -> Raster {
        let [left, top, width, height] = rectangle;
        let mut cut = Vec::with_capacity(width as usize * height as usize * channels);
        for row in top..top + height {
            let first = (row as usize * stride as usize + left as usize) * channels;
            cut.extend_from_slice(&samples[first..first + width as usize * channels]);
        }
        Raster { width, height, channels, samples: cut }
    }

    /// The raster as an image.
    pub(super) fn into_rgb(self) -> RgbImage {
        RgbImage::from_raw(self.width, self.height, self.samples)
            .expect("a raster of three channels has all its samples")
    }

    /// The rectangle `[left, top, width, height]` after the picture was turned
    /// by `degrees` (counter-clockwise, as Pillow's `rotate`) about `centre`
    /// (x, y, in pixels from the corner). Bilinear; beyond its border the
    /// picture goes on with its border pixels.
    pub(super) fn turned(&self, degrees: f64, centre: [f64; 2], rectangle: [u32; 4]) -> Raster {
        let [left, top, width, height] = rectangle;
        let (sine, cosine) = degrees.to_radians().sin_cos();
        let mut samples = Vec::with_capacity(width as usize * height as usize * self.channels);
        for y in top..top + height {
            for x in left..left + width {
                let (dx, dy) = (f64::from(x) + 0.5 - centre[0], f64::from(y) + 0.5 - centre[1]);
                let from_x = centre[0] + cosine * dx - sine * dy - 0.5;
                let from_y = centre[1] + sine * dx + cosine * dy - 0.5;
                self.interpolate(from_x, from_y, &mut samples);
            }
        }
        Raster { width, height, channels: self.channels, samples }
    }

    /// Appends the pixel at fractional coordinates (0 is the middle of the
    /// first pixel).
    fn interpolate(&self, x: f64, y: f64, to: &mut Vec<u8>) {
        let (x0, x1, across) = neighbours(x, self.width);
        let (y0, y1, down) = neighbours(y, self.height);
        let at = |x: usize, y: usize| (y * self.width as usize + x) * self.channels;
        let corners = [at(x0, y0), at(x1, y0), at(x0, y1), at(x1, y1)];
        let weights = [
            (1.0 - across) * (1.0 - down),
            across * (1.0 - down),
            (1.0 - across) * down,
            across * down,
        ];
        for channel in 0..self.channels {
            let value: f64 = corners
                .iter()
                .zip(weights)
                .map(|(corner, weight)| weight * f64::from(self.samples[corner + channel]))
                .sum();
            // A float to u8 cast saturates.
            to.push(value.round() as u8);
        }
    }
}

/// The two pixels around a coordinate and the weight of the second.
fn neighbours(coordinate: f64, size: u32) -> (usize, usize, f64) {
    let inside = coordinate.clamp(0.0, f64::from(size - 1));
    let first = inside.floor();
    let second = (first + 1.0).min(f64::from(size - 1));
    (first as usize, second as usize, inside - first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered() -> Raster {
        Raster { width: 3, height: 3, channels: 1, samples: (0..9).collect() }
    }

    #[test]
    fn cutting_keeps_rows() {
        let samples: Vec<u8> = (0..12).collect();
        assert_eq!(Raster::cut(&samples, 1, 4, [1, 1, 2, 2]).samples, [5, 6, 9, 10]);
        assert_eq!(Raster::cut(&samples, 3, 2, [1, 0, 1, 2]).samples, [3, 4, 5, 9, 10, 11]);
    }

    #[test]
    fn a_quarter_turn_moves_pixels_counter_clockwise() {
        let turned = numbered().turned(90.0, [1.5, 1.5], [0, 0, 3, 3]);
        assert_eq!(turned.samples, [2, 5, 8, 1, 4, 7, 0, 3, 6]);
    }

    #[test]
    fn no_turn_is_a_cut() {
        let turned = numbered().turned(0.0, [1.5, 1.5], [1, 0, 2, 3]);
        assert_eq!(turned, Raster::cut(&numbered().samples, 1, 3, [1, 0, 2, 3]));
    }
}
