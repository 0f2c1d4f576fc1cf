//! A map back in its image: from ROI space to pixels, and as a yellow veil.

use image::{GrayImage, Rgb, RgbImage};

use crate::Roi;

/// The colour of the veil.
const YELLOW: [u8; 3] = [255, 255, 0];

/// The colour of the line round the ROI: neutral, so that nobody takes it for
/// signal or veil.
const OUTLINE: Rgb<u8> = Rgb([235, 235, 235]);

/// A square map in ROI space (`side` x `side`, row after row) as one value per
/// pixel of the ROI, `roi.width()` x `roi.height()`, bilinear; beyond the
/// outermost centres the outermost values go on. Empty for an empty map.
///
/// The network saw the ROI squeezed into a square; this is the way back.
#[must_use]
pub fn in_roi(map: &[f32], side: usize, roi: Roi) -> Vec<f32> {
    if side == 0 || map.len() != side * side {
        return Vec::new();
    }
    let across = neighbours(roi.width(), side);
    let mut values = Vec::with_capacity(roi.width() as usize * roi.height() as usize);
    for (top, bottom, down) in neighbours(roi.height(), side) {
        for &(left, right, along) in &across {
            let above = blend(map[top * side + left], map[top * side + right], along);
            let below = blend(map[bottom * side + left], map[bottom * side + right], along);
            values.push(blend(above, below, down));
        }
    }
    values
}

/// For each pixel the two cells whose centres lie around its own, and how far
/// it is from the first to the second, 0 to 1.
fn neighbours(pixels: u32, cells: usize) -> Vec<(usize, usize, f32)> {
    let scale = cells as f64 / f64::from(pixels);
    let of_pixel = |pixel: u32| {
        let place = ((f64::from(pixel) + 0.5) * scale - 0.5).clamp(0.0, (cells - 1) as f64);
        let first = place.floor();
        let second = (first as usize + 1).min(cells - 1);
        (first as usize, second, (place - first) as f32)
    };
    (0..pixels).map(of_pixel).collect()
}

fn blend(from: f32, to: f32, share: f32) -> f32 {
    // Not from + (to - from) * share: that can leave the range of the two.
    from * (1.0 - share) + to * share
}

/// The image under a yellow veil that is as opaque as the map's value (0 to 1),
/// with a line round the ROI. Outside that line nothing changes.
///
/// `map` is a square map in ROI space, `side` x `side`; `roi` lies within the
/// image.
#[must_use]
pub fn veiled(image: &RgbImage, map: &[f32], side: usize, roi: Roi) -> RgbImage {
    let mut picture = image.clone();
    let values = in_roi(map, side, roi);
    for (row, values) in (roi.top()..).zip(values.chunks_exact(roi.width() as usize)) {
        for (column, &opacity) in (roi.left()..).zip(values) {
            if let Some(pixel) = picture.get_pixel_mut_checked(column, row) {
                for (value, yellow) in pixel.0.iter_mut().zip(YELLOW) {
                    let mixed = blend(f32::from(*value), f32::from(yellow), opacity);
                    *value = mixed.round() as u8;
                }
            }
        }
    }
    outline(&mut picture, roi);
    picture
}

/// Colour of the synovium's outline (paper, Figure 7).
pub const SYNOVIUM: [u8; 3] = [255, 140, 0];
/// Colour of the effusion's outline (paper, Figure 7).
pub const EFFUSION: [u8; 3] = [255, 0, 0];

/// Draws the border of a structure: its outermost pixels. `mask` is above 127
/// where the structure is; beyond the mask there is none.
pub fn trace(picture: &mut RgbImage, mask: &GrayImage, colour: [u8; 3]) {
    let is_in = |x: Option<u32>, y: Option<u32>| {
        x.zip(y)
            .and_then(|(x, y)| mask.get_pixel_checked(x, y))
            .is_some_and(|value| value.0[0] > 127)
    };
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        let (here_x, here_y) = (Some(x), Some(y));
        let inner = is_in(x.checked_sub(1), here_y)
            && is_in(x.checked_add(1), here_y)
            && is_in(here_x, y.checked_sub(1))
            && is_in(here_x, y.checked_add(1));
        if is_in(here_x, here_y) && !inner {
            *pixel = Rgb(colour);
        }
    }
}

/// Draws the line just outside the ROI, where there is image.
fn outline(picture: &mut RgbImage, roi: Roi) {
    let [left, top, right, bottom] = roi.sides().map(i64::from);
    let mut dot = |x: i64, y: i64| {
        let place = u32::try_from(x).ok().zip(u32::try_from(y).ok());
        if let Some(pixel) = place.and_then(|(x, y)| picture.get_pixel_mut_checked(x, y)) {
            *pixel = OUTLINE;
        }
    };
    for x in left - 1..=right {
        dot(x, top - 1);
        dot(x, bottom);
    }
    for y in top - 1..=bottom {
        dot(left - 1, y);
        dot(right, y);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn roi(sides: [i64; 4]) -> Roi {
        Roi::new(sides).unwrap()
    }

    #[test]
    fn stretching_by_hand() {
        let map = [0.0, 1.0, 0.0, 1.0];
        // Two cells over four pixels: centres at 0.5 and 2.5 of the pixels.
        let row = [0.0, 0.25, 0.75, 1.0];
        assert_eq!(in_roi(&map, 2, roi([0, 0, 4, 2])), [row, row].concat());
        assert_eq!(in_roi(&map, 2, roi([7, 7, 9, 9])), map);
        assert!(in_roi(&map, 3, roi([0, 0, 4, 2])).is_empty());
    }

    #[test]
    fn the_veil_by_hand() {
        let image = RgbImage::from_pixel(6, 5, Rgb([100, 0, 200]));
        let picture = veiled(&image, &[0.0, 1.0, 0.5, 0.0], 2, roi([2, 1, 4, 3]));
        assert_eq!(picture.get_pixel(2, 1).0, [100, 0, 200]);
        assert_eq!(picture.get_pixel(3, 1).0, YELLOW);
        assert_eq!(picture.get_pixel(2, 2).0, [178, 128, 100]);
        assert_eq!(*picture.get_pixel(1, 0), OUTLINE);
        assert_eq!(*picture.get_pixel(4, 3), OUTLINE);
        assert_eq!(picture.get_pixel(0, 0).0, [100, 0, 200]);
        assert_eq!(picture.get_pixel(5, 4).0, [100, 0, 200]);
    }

    #[test]
    fn the_border_of_a_structure_by_hand() {
        let mut picture = RgbImage::new(5, 4);
        let mask = GrayImage::from_fn(5, 3, |x, _| image::Luma([if x < 3 { 255 } else { 0 }]));
        trace(&mut picture, &mask, EFFUSION);
        let drawn: Vec<(u32, u32)> = picture
            .enumerate_pixels()
            .filter(|(_, _, pixel)| pixel.0 == EFFUSION)
            .map(|(x, y, _)| (x, y))
            .collect();
        let all_but_the_middle = [(0, 0), (1, 0), (2, 0), (0, 1), (2, 1), (0, 2), (1, 2), (2, 2)];
        assert_eq!(drawn, all_but_the_middle);
    }

    #[test]
    fn an_roi_that_fills_its_image_has_no_line() {
        let image = RgbImage::from_pixel(3, 3, Rgb([9, 9, 9]));
        assert_eq!(veiled(&image, &[0.0], 1, roi([0, 0, 3, 3])), image);
    }

    proptest! {
        #[test]
        fn values_stay_in_range_and_constants_constant(
            side in 1_usize..9, width in 1_i64..30, height in 1_i64..30, value in 0.0_f32..=1.0, seed: u64,
        ) {
            let roi = roi([1, 2, 1 + width, 2 + height]);
            let constant = in_roi(&vec![value; side * side], side, roi);
            prop_assert!(constant.iter().all(|found| (found - value).abs() < 1e-6));
            let map: Vec<f32> = (0..side * side).map(|k| (seed.rotate_left(k as u32) % 101) as f32 / 100.0).collect();
            let placed = in_roi(&map, side, roi);
            prop_assert_eq!(placed.len(), (width * height) as usize);
            prop_assert!(placed.iter().all(|value| (0.0..=1.0).contains(value)));
        }
    }
}
