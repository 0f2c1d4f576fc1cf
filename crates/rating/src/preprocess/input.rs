//! The input of a network: crop, jitter, resize, paint, normalise.

use image::RgbImage;

use super::colour::is_signal;
use super::prepared::Pixels;
use super::raster::Raster;
use super::resize::resize;
use super::{Prepared, Preprocess, Window};
use crate::augment::{Augmentation, Jitter};

/// Mean and standard deviation of ImageNet's channels, on a scale of 0 to 1.
const IMAGENET_MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const IMAGENET_STD: [f32; 3] = [0.229, 0.224, 0.225];

/// The picture a network sees of a view, `input_px` x `input_px`.
///
/// With [`Augmentation::NONE`] that is the ROI, cropped and resized (bilinear
/// with antialiasing). Brightness and contrast change gray pixels only, before
/// the crop is resized: where resizing then mixes tissue and paint, the share
/// of tissue is jittered and the share of paint is not. Where the mask follows
/// the resizing, they change the pixels that the mask spares.
///
/// `settings` must be those the view was prepared with; only `input_px` may
/// differ.
#[must_use]
pub fn network_input(
    prepared: &Prepared,
    augmentation: &Augmentation,
    settings: &Preprocess,
) -> RgbImage {
    let jitter = Jitter::new(augmentation, prepared.mean_luma);
    let kept = Kept { prepared, augmentation };
    let px = settings.input_px;
    match &prepared.pixels {
        Pixels::Gray(gray) => {
            let window =
                kept.window(gray.as_raw(), 1, |raster, _| jitter.apply(&mut raster.samples));
            repeated(&kept.resized(&window, px))
        }
        Pixels::Colours(rgb) => {
            let window =
                kept.window(rgb.as_raw(), 3, |raster, _| jitter.apply(&mut raster.samples));
            kept.resized(&window, px).into_rgb()
        }
        Pixels::Painted(rgb, painted) => {
            let spare_paint = |raster: &mut Raster, rectangle| {
                let painted = Raster::cut(painted.as_raw(), 1, painted.width(), rectangle);
                jitter.apply_where(&mut raster.samples, |pixel| painted.samples[pixel] == 0);
            };
            let window = kept.window(rgb.as_raw(), 3, spare_paint);
            kept.resized(&window, px).into_rgb()
        }
        Pixels::ToPaint(rgb) => {
            let window = kept.window(rgb.as_raw(), 3, |_, _| {});
            let mut input = kept.resized(&window, px).into_rgb();
            for pixel in input.pixels_mut() {
                pixel.0 = match is_signal(pixel.0, settings.mask.floor) {
                    true => settings.mask.paint,
                    false => pixel.0.map(|value| jitter.of(value)),
                };
            }
            input
        }
    }
}

/// What is kept of a view, and what is asked of it.
struct Kept<'a> {
    prepared: &'a Prepared,
    augmentation: &'a Augmentation,
}

impl Kept<'_> {
    /// The pixels the window touches, jittered, then turned.
    fn window(
        &self,
        samples: &[u8],
        channels: usize,
        jitter: impl Fn(&mut Raster, [u32; 4]),
    ) -> Raster {
        let (width, height) = self.prepared.size();
        let rectangle = self.bounds().pixels();
        let degrees = self.augmentation.rotation_degrees;
        if degrees == 0.0 || !degrees.is_finite() {
            let mut raster = Raster::cut(samples, channels, width, rectangle);
            jitter(&mut raster, rectangle);
            return raster;
        }
        let everything = [0, 0, width, height];
        let mut raster = Raster::cut(samples, channels, width, everything);
        jitter(&mut raster, everything);
        let roi = self.prepared.roi.sides().map(f64::from);
        let centre = [f64::midpoint(roi[0], roi[2]), f64::midpoint(roi[1], roi[3])];
        raster.turned(degrees, centre, rectangle)
    }

    /// Those pixels as a square of `px`.
    fn resized(&self, raster: &Raster, px: u32) -> Raster {
        let bounds = self.bounds();
        let part = [
            bounds.left - bounds.left.floor(),
            bounds.top - bounds.top.floor(),
            bounds.right - bounds.left,
            bounds.bottom - bounds.top,
        ];
        resize(raster, part, px)
    }

    fn bounds(&self) -> Window {
        Window::new(self.prepared.roi, self.augmentation, self.prepared.size())
    }
}

/// One channel to three.
fn repeated(gray: &Raster) -> RgbImage {
    let samples = gray.samples.iter().flat_map(|&value| [value; 3]).collect();
    Raster { channels: 3, samples, ..*gray }.into_rgb()
}

/// Writes a picture as a network takes it: channel by channel (3, height,
/// width), on a scale of 0 to 1, minus ImageNet's mean, divided by its
/// standard deviation.
///
/// # Panics
/// When `out` has not 3 x height x width values.
pub fn normalise(image: &RgbImage, out: &mut [f32]) {
    let pixels = image.width() as usize * image.height() as usize;
    assert_eq!(out.len(), 3 * pixels, "an input has three values a pixel");
    for channel in 0..3 {
        let table = normalised(channel);
        let plane = &mut out[channel * pixels..(channel + 1) * pixels];
        for (value, pixel) in plane.iter_mut().zip(image.as_raw().as_chunks::<3>().0) {
            *value = table[usize::from(pixel[channel])];
        }
    }
}

/// The normalised value of each of a channel's 256.
fn normalised(channel: usize) -> [f32; 256] {
    std::array::from_fn(|value| {
        (value as f32 / 255.0 - IMAGENET_MEAN[channel]) / IMAGENET_STD[channel]
    })
}
