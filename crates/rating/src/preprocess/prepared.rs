//! What is kept in memory of a view: the pixels around its ROI.

use image::{GrayImage, RgbImage};

use super::colour::{doppler_mask, gray, is_signal, luma};
use super::{Mask, MaskOrder, Preprocess};
use crate::augment::{Ranges, Settings};
use crate::protocol::Colour;
use crate::{Roi, View};

/// The ROI of a view with the margin that augmentation can reach, in 8 bits,
/// gray or painted as its modality asks: everything that does not depend on
/// the augmentation is done once.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    pub(super) pixels: Pixels,
    /// The ROI in the coordinates of `pixels`.
    pub(super) roi: Roi,
    /// What contrast turns about: mean luma of the ROI's gray pixels, 0-255.
    pub(super) mean_luma: f64,
}

/// Pixels by what is done with their colour.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Pixels {
    /// Luma only.
    Gray(GrayImage),
    /// Colours as stored, nothing to paint.
    Colours(RgbImage),
    /// Colours with the signal already painted, and where it is (255).
    Painted(RgbImage, GrayImage),
    /// Colours as stored, to be painted in the resized crop.
    ToPaint(RgbImage),
}

impl Prepared {
    /// Keeps what the method's own augmentation ranges can reach.
    #[must_use]
    pub fn new(view: &View, colour: Colour, settings: &Preprocess) -> Prepared {
        Prepared::within(view, colour, settings, Settings::default().ranges(colour))
    }

    /// Keeps what these augmentation ranges can reach. An augmentation that
    /// asks for more is clipped at the border of what is kept.
    #[must_use]
    pub fn within(view: &View, colour: Colour, settings: &Preprocess, ranges: &Ranges) -> Prepared {
        let kept = reach(view, ranges);
        let [left, top, right, bottom] = kept.sides();
        let crop = image::imageops::crop_imm(view.image(), left, top, right - left, bottom - top)
            .to_image();
        let roi = shifted(view.roi(), left, top);
        let mean_luma = mean_luma(&crop, roi, colour, &settings.mask);
        Prepared { pixels: pixels(crop, colour, &settings.mask), roi, mean_luma }
    }

    /// Memory taken by the pixels, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match &self.pixels {
            Pixels::Gray(gray) => gray.as_raw().len(),
            Pixels::Colours(rgb) | Pixels::ToPaint(rgb) => rgb.as_raw().len(),
            Pixels::Painted(rgb, painted) => rgb.as_raw().len() + painted.as_raw().len(),
        }
    }

    /// Width and height of what is kept.
    pub(super) fn size(&self) -> (u32, u32) {
        match &self.pixels {
            Pixels::Gray(gray) => gray.dimensions(),
            Pixels::Colours(rgb) | Pixels::ToPaint(rgb) | Pixels::Painted(rgb, _) => {
                rgb.dimensions()
            }
        }
    }
}

fn pixels(mut crop: RgbImage, colour: Colour, mask: &Mask) -> Pixels {
    match (colour, mask.order) {
        (Colour::Gray, _) => Pixels::Gray(gray(&crop)),
        (Colour::Keep, _) => Pixels::Colours(crop),
        (Colour::DopplerMask, MaskOrder::AfterResize) => Pixels::ToPaint(crop),
        (Colour::DopplerMask, MaskOrder::BeforeResize) => {
            let signal = doppler_mask(&crop, mask.floor);
            for (pixel, signal) in crop.pixels_mut().zip(signal.pixels()) {
                if signal.0[0] != 0 {
                    pixel.0 = mask.paint;
                }
            }
            Pixels::Painted(crop, signal)
        }
    }
}

/// The part of the image that augmentation can reach, on whole pixels.
fn reach(view: &View, ranges: &Ranges) -> Roi {
    let (roi, image) = (view.roi(), view.image());
    let (width, height) = (f64::from(roi.width()), f64::from(roi.height()));
    let half = ranges.shift + ranges.scale[1].max(1.0) / 2.0;
    let (half_width, half_height) = (half * width, half * height);
    // Rotation about the ROI centre swings corners outwards.
    let (sine, cosine) = ranges.rotation_degrees.abs().min(90.0).to_radians().sin_cos();
    let rotated_width = (half_width * cosine + half_height * sine).max(half_width);
    let rotated_height = (half_height * cosine + half_width * sine).max(half_height);
    let sides = |first: u32, end: u32, half: f64, size: u32| {
        let centre = f64::midpoint(f64::from(first), f64::from(end));
        // One pixel more, for the neighbours that interpolation looks at.
        let least = (centre - half - 1.0).floor().clamp(0.0, f64::from(first));
        let most = (centre + half + 1.0).ceil().clamp(f64::from(end), f64::from(size));
        (least as i64, most as i64)
    };
    let (left, right) = sides(roi.left(), roi.right(), rotated_width, image.width());
    let (top, bottom) = sides(roi.top(), roi.bottom(), rotated_height, image.height());
    // Never fails: the rectangle holds the ROI.
    Roi::new([left, top, right, bottom]).unwrap_or(roi)
}

/// The ROI seen from a crop that begins at `left`, `top`.
fn shifted(roi: Roi, left: u32, top: u32) -> Roi {
    let sides = [roi.left() - left, roi.top() - top, roi.right() - left, roi.bottom() - top];
    // Never fails: moving a rectangle does not empty it.
    Roi::new(sides.map(i64::from)).unwrap_or(roi)
}

fn mean_luma(crop: &RgbImage, roi: Roi, colour: Colour, mask: &Mask) -> f64 {
    let (mut sum, mut count) = (0_u64, 0_u64);
    for y in roi.top()..roi.bottom() {
        for x in roi.left()..roi.right() {
            let pixel = crop.get_pixel(x, y).0;
            if colour != Colour::DopplerMask || !is_signal(pixel, mask.floor) {
                sum += u64::from(luma(pixel));
                count += 1;
            }
        }
    }
    // Where all is signal nothing is jittered, and any centre will do.
    sum as f64 / count.max(1) as f64
}
