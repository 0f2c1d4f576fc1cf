//! Gray and Doppler colour of single pixels.

use image::{GrayImage, Luma, RgbImage};

use crate::View;

/// A pixel is coloured above this 8-bit saturation (40 %; paper, "Image
/// preprocessing").
const SATURATION: u32 = 102;

/// Bits behind the point in OpenCV's 8-bit saturation.
const SHIFT: u32 = 12;

/// 255 / value in fixed point, rounded half to even, as OpenCV tabulates it.
const SATURATION_PER_UNIT: [u32; 256] = saturation_per_unit();

const fn saturation_per_unit() -> [u32; 256] {
    let mut table = [0; 256];
    let mut value = 1;
    while value < 256 {
        let dividend = 255 << SHIFT;
        let (quotient, remainder) = (dividend / value, dividend % value);
        let up = 2 * remainder > value || (2 * remainder == value && quotient % 2 == 1);
        table[value as usize] = quotient + up as u32;
        value += 1;
    }
    table
}

/// The gray of a pixel, as Pillow's mode L computes it from the ITU-R 601
/// weights.
#[must_use]
pub fn luma([red, green, blue]: [u8; 3]) -> u8 {
    let weighted = 19_595 * u32::from(red) + 38_470 * u32::from(green) + 7_471 * u32::from(blue);
    // The weights sum to 65,536, so the shifted value fits eight bits.
    ((weighted + 0x8000) >> 16) as u8
}

/// The luma of every pixel.
#[must_use]
pub fn gray(image: &RgbImage) -> GrayImage {
    let mut gray = GrayImage::new(image.width(), image.height());
    for (to, from) in gray.pixels_mut().zip(image.pixels()) {
        *to = Luma([luma(from.0)]);
    }
    gray
}

/// Whether a pixel is Doppler signal: HSV saturation above 40 % in OpenCV's
/// 8-bit rounding, and a channel of at least `floor`.
pub(super) fn is_signal(pixel: [u8; 3], floor: u8) -> bool {
    let most = pixel[0].max(pixel[1]).max(pixel[2]);
    let least = pixel[0].min(pixel[1]).min(pixel[2]);
    let per_unit = SATURATION_PER_UNIT[usize::from(most)];
    let saturation = (u32::from(most - least) * per_unit + (1 << (SHIFT - 1))) >> SHIFT;
    saturation > SATURATION && most >= floor
}

/// The Doppler mask of an image: 255 where there is signal, else 0.
#[must_use]
pub fn doppler_mask(image: &RgbImage, floor: u8) -> GrayImage {
    let mut mask = GrayImage::new(image.width(), image.height());
    for (to, from) in mask.pixels_mut().zip(image.pixels()) {
        *to = Luma([if is_signal(from.0, floor) { 255 } else { 0 }]);
    }
    mask
}

/// The coloured share of the ROI box, 0 to 1: a figure of image quality.
///
/// Its denominator is the box, not the synovium: it is not the share that the
/// vascularity grades speak of, and never a grade.
#[must_use]
pub fn coloured_share(view: &View, floor: u8) -> f64 {
    let roi = view.roi();
    let mut coloured = 0_u64;
    for y in roi.top()..roi.bottom() {
        for x in roi.left()..roi.right() {
            coloured += u64::from(is_signal(view.image().get_pixel(x, y).0, floor));
        }
    }
    coloured as f64 / (f64::from(roi.width()) * f64::from(roi.height()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn luma_of_primaries_as_pillow_gives_it() {
        // Pillow 13: Image.new("RGB", (1, 1), colour).convert("L")
        for (colour, expected) in [
            ([255, 0, 0], 76),
            ([0, 255, 0], 150),
            ([0, 0, 255], 29),
            ([255, 255, 255], 255),
            ([12, 200, 77], 130),
        ] {
            assert_eq!(luma(colour), expected, "{colour:?}");
        }
    }

    #[test]
    fn the_border_of_colour_lies_above_saturation_102() {
        // 255 x 40 / 100 = 102 exactly: not above.
        assert!(!is_signal([100, 60, 60], 0));
        assert!(is_signal([100, 59, 60], 0));
        assert!(!is_signal([0, 0, 0], 0));
    }

    #[test]
    fn near_black_is_no_signal_above_the_floor() {
        assert!(is_signal([2, 0, 0], 0));
        assert!(is_signal([39, 0, 0], 39));
        assert!(!is_signal([39, 0, 0], 40));
    }
}
