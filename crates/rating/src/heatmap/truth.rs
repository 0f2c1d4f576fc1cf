//! Maps against known anatomy, and maps that know nothing of the network.
//!
//! Only phantoms have truth masks. A heatmap explains a decision and need not
//! lie on the lesion; these figures say where it does lie.

use image::{GrayImage, RgbImage};
use rand::{Rng, RngExt};

use crate::Roi;
use crate::preprocess::luma;
use crate::stats::{Measured, Undefined};

/// How much of each cell of a square map in ROI space (`side` x `side`) a mask
/// of the full image covers, 0 to 1. Mask values from 128 count.
///
/// `None` where the ROI reaches beyond the mask.
#[must_use]
pub fn coverage(mask: &GrayImage, roi: Roi, side: usize) -> Option<Vec<f32>> {
    roi.check_within(mask.width(), mask.height()).ok()?;
    let across = shares(roi.width(), side);
    let mut cells = vec![0.0; side * side];
    for (row, down) in (roi.top()..roi.bottom()).zip(shares(roi.height(), side)) {
        for (column, along) in (roi.left()..roi.right()).zip(&across) {
            if mask.get_pixel(column, row).0[0] < 128 {
                continue;
            }
            for (y, height) in &down {
                for (x, width) in along {
                    cells[y * side + x] += height * width;
                }
            }
        }
    }
    Some(cells)
}

/// For each pixel the cells it lies in, and what share of such a cell it fills.
fn shares(pixels: u32, cells: usize) -> Vec<Vec<(usize, f32)>> {
    let scale = cells as f64 / f64::from(pixels);
    let of_pixel = |pixel: u32| {
        let (first, end) = (f64::from(pixel) * scale, f64::from(pixel + 1) * scale);
        let touched = first as usize..(end.ceil() as usize).min(cells);
        let share = |cell: usize| end.min((cell + 1) as f64) - first.max(cell as f64);
        touched.map(|cell| (cell, share(cell).max(0.0) as f32)).collect()
    };
    (0..pixels).map(of_pixel).collect()
}

/// The share of a map's positive values that lies inside a mask, 0 to 1;
/// `coverage` is how much of each cell the mask covers.
///
/// # Errors
/// A map without a positive value.
pub fn share_inside(map: &[f32], coverage: &[f32]) -> Measured {
    let (mut inside, mut all) = (0.0, 0.0);
    for (&value, &covered) in map.iter().zip(coverage).filter(|(value, _)| **value > 0.0) {
        inside += f64::from(value) * f64::from(covered);
        all += f64::from(value);
    }
    if all > 0.0 { Ok((inside / all).min(1.0)) } else { Err(Undefined::NoPositives) }
}

/// The pointing game (Zhang et al. 2016): 1 where the map's largest value, the
/// first of several, lies in a cell of which the mask covers at least half;
/// else 0.
///
/// # Errors
/// A map without a positive value points nowhere.
pub fn points_inside(map: &[f32], coverage: &[f32]) -> Measured {
    let mut largest: Option<(f32, f32)> = None;
    for (&value, &covered) in map.iter().zip(coverage).filter(|(value, _)| **value > 0.0) {
        if largest.is_none_or(|(most, _)| value > most) {
            largest = Some((value, covered));
        }
    }
    let (_, covered) = largest.ok_or(Undefined::NoPositives)?;
    Ok(if covered >= 0.5 { 1.0 } else { 0.0 })
}

/// A bell in the middle of the ROI with a standard deviation of a quarter of
/// its sides: where radiologists centre what they look at.
#[must_use]
pub fn centred_gaussian(side: usize) -> Vec<f32> {
    let along = |place: usize| {
        let distance = (place as f64 + 0.5) / side as f64 - 0.5;
        (-8.0 * distance * distance).exp()
    };
    (0..side * side).map(|cell| (along(cell / side) * along(cell % side)) as f32).collect()
}

/// How steep the picture is (Sobel's operator on its luma; the border repeats):
/// what an edge detector would show, whatever was learned.
#[must_use]
pub fn edges(picture: &RgbImage) -> Vec<f32> {
    let (width, height) = (i64::from(picture.width()), i64::from(picture.height()));
    let at = |x: i64, y: i64| {
        let place = (x.clamp(0, width - 1) as u32, y.clamp(0, height - 1) as u32);
        f32::from(luma(picture.get_pixel(place.0, place.1).0))
    };
    let steepness = |x: i64, y: i64| {
        let side = |dx: i64| at(x + dx, y - 1) + 2.0 * at(x + dx, y) + at(x + dx, y + 1);
        let end = |dy: i64| at(x - 1, y + dy) + 2.0 * at(x, y + dy) + at(x + 1, y + dy);
        (side(1) - side(-1)).hypot(end(1) - end(-1))
    };
    (0..height)
        .flat_map(|y| (0..width).map(move |x| (x, y)))
        .map(|(x, y)| steepness(x, y))
        .collect()
}

/// A map of chance, each cell by itself between 0 and 1.
#[must_use]
pub fn random(side: usize, rng: &mut impl Rng) -> Vec<f32> {
    (0..side * side).map(|_| rng.random()).collect()
}

#[cfg(test)]
mod tests {
    use image::{Luma, Rgb};
    use proptest::prelude::*;

    use super::*;

    fn roi(sides: [i64; 4]) -> Roi {
        Roi::new(sides).unwrap()
    }

    #[test]
    fn coverage_by_hand() {
        let mut mask = GrayImage::new(8, 8);
        mask.put_pixel(2, 2, Luma([255]));
        mask.put_pixel(4, 3, Luma([255]));
        // Three columns on two cells: the middle one lies in both.
        let cells = coverage(&mask, roi([2, 2, 5, 4]), 2).unwrap();
        let third = 2.0 / 3.0;
        for (found, expected) in cells.iter().zip([third, 0.0, 0.0, third]) {
            assert!((found - expected).abs() < 1e-6, "{cells:?}");
        }
        assert_eq!(coverage(&mask, roi([2, 2, 9, 4]), 2), None);
    }

    #[test]
    fn shares_and_points_by_hand() {
        let coverage = [1.0, 0.5, 0.0, 0.0];
        assert_eq!(share_inside(&[2.0, 2.0, -9.0, 1.0], &coverage), Ok(0.6));
        assert_eq!(share_inside(&[0.0; 4], &coverage), Err(Undefined::NoPositives));
        assert_eq!(points_inside(&[2.0, 3.0, 3.0, 1.0], &coverage), Ok(1.0));
        assert_eq!(points_inside(&[2.0, 3.0, 4.0, 1.0], &coverage), Ok(0.0));
        assert_eq!(points_inside(&[-1.0; 4], &coverage), Err(Undefined::NoPositives));
    }

    #[test]
    fn edges_lie_where_the_picture_changes() {
        let picture = RgbImage::from_fn(6, 3, |x, _| Rgb([if x < 3 { 0 } else { 100 }; 3]));
        assert_eq!(edges(&picture)[..6], [0.0, 0.0, 400.0, 400.0, 0.0, 0.0]);
        let bell = centred_gaussian(5);
        assert!(bell.iter().all(|&value| value <= bell[12]));
    }

    proptest! {
        #[test]
        fn a_uniform_map_has_the_masks_share_of_the_roi(width in 1_u32..40, height in 1_u32..40, side in 1_usize..12, seed: u64) {
            let mask = GrayImage::from_fn(width, height, |x, y| Luma([if seed.rotate_left(x * 7 + y) % 2 == 0 { 255 } else { 0 }]));
            let marked = mask.pixels().filter(|pixel| pixel.0[0] > 0).count() as f64;
            let everything = roi([0, 0, i64::from(width), i64::from(height)]);
            let coverage = coverage(&mask, everything, side).unwrap();
            prop_assert!(coverage.iter().all(|&covered| (-1e-4..=1.0001).contains(&covered)));
            let share = share_inside(&vec![1.0; side * side], &coverage).unwrap();
            prop_assert!((share - marked / f64::from(width * height)).abs() < 1e-4);
        }
    }
}
