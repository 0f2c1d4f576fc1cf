//! The shortcut baseline: how far grades can be guessed without any anatomy.
//!
//! Networks may be right for the wrong reason: a reader draws larger ROIs
//! around worse joints, a machine's gain differs between clinics. So whatever
//! networks reach is read beside what a plain regression reaches on the ROI's
//! size, its gray mean and deviation, its coloured share and a thumbnail of 8 x
//! 8 pixels, in which no synovium can be seen. It is not a part of the paper.

mod logistic;
mod newton;

pub use logistic::{Logistic, PENALTY};

use crate::augment::Augmentation;
use crate::preprocess::{Prepared, Preprocess, coloured_share, luma, network_input};
use crate::protocol::Colour;
use crate::{Pair, View};

/// Side of the thumbnail in pixels.
const THUMBNAIL_PX: u32 = 8;

/// What [`features`] says of each view.
pub const FEATURES_OF_VIEW: usize = 5 + (THUMBNAIL_PX * THUMBNAIL_PX) as usize;

/// The features of a pair, [`FEATURES_OF_VIEW`] for each view in the order of
/// modalities: width and height of the ROI in pixels, mean and standard
/// deviation of its luma (0-255), its coloured share (0-1), and its luma in 8 x 8
/// pixels, row by row (0-255).
///
/// `floor` is [`Mask::floor`](crate::preprocess::Mask::floor).
#[must_use]
pub fn features(pair: &Pair, floor: u8) -> Vec<f64> {
    pair.views().iter().flat_map(|view| features_of(view, floor)).collect()
}

fn features_of(view: &View, floor: u8) -> Vec<f64> {
    let roi = view.roi();
    let (mean, deviation) = mean_and_deviation(view);
    let mut features = vec![
        f64::from(roi.width()),
        f64::from(roi.height()),
        mean,
        deviation,
        coloured_share(view, floor),
    ];
    features.extend(thumbnail(view));
    features
}

/// Mean and (population) standard deviation of the luma in the ROI.
fn mean_and_deviation(view: &View) -> (f64, f64) {
    let roi = view.roi();
    let (mut sum, mut squares, mut count) = (0_u64, 0_u64, 0_u64);
    for y in roi.top()..roi.bottom() {
        for x in roi.left()..roi.right() {
            let gray = u64::from(luma(view.image().get_pixel(x, y).0));
            sum += gray;
            squares += gray * gray;
            count += 1;
        }
    }
    // An ROI holds at least one pixel.
    let mean = sum as f64 / count as f64;
    let variance = squares as f64 / count as f64 - mean * mean;
    (mean, variance.max(0.0).sqrt())
}

fn thumbnail(view: &View) -> impl Iterator<Item = f64> {
    let settings = Preprocess::default().with_input_px(THUMBNAIL_PX);
    let prepared = Prepared::new(view, Colour::Gray, &settings);
    let small = network_input(&prepared, &Augmentation::NONE, &settings);
    small.pixels().map(|pixel| f64::from(pixel.0[0])).collect::<Vec<f64>>().into_iter()
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;
    use crate::{Protocol, Roi};

    #[test]
    fn features_worked_by_hand() {
        // ROI of 8 x 16: left half 10, right half 30; outside white.
        let gray = RgbImage::from_fn(20, 20, |x, y| match (x, y) {
            (2..6, 3..19) => Rgb([10; 3]),
            (6..10, 3..19) => Rgb([30; 3]),
            _ => Rgb([255; 3]),
        });
        // ROI of 2 x 2, one pixel of it red.
        let doppler =
            RgbImage::from_fn(
                9,
                9,
                |x, y| if (x, y) == (4, 4) { Rgb([255, 0, 0]) } else { Rgb([0; 3]) },
            );
        let view = |image, sides| View::new(image, Roi::new(sides).unwrap()).unwrap();
        let views = vec![view(gray, [2, 3, 10, 19]), view(doppler, [4, 4, 6, 6])];
        let pair = Pair::new("a", views, &Protocol::eoss()).unwrap();

        let features = features(&pair, 40);
        assert_eq!(features.len(), 2 * FEATURES_OF_VIEW);
        assert_eq!(features[..5], [8.0, 16.0, 20.0, 10.0, 0.0]);
        // Columns are not mixed: the thumbnail is as wide as the ROI.
        assert_eq!(features[5..13], [10.0, 10.0, 10.0, 10.0, 30.0, 30.0, 30.0, 30.0]);
        let doppler = &features[FEATURES_OF_VIEW..];
        // Luma 76, 0, 0, 0.
        assert_eq!((doppler[0], doppler[1], doppler[2], doppler[4]), (2.0, 2.0, 19.0, 0.25));
        assert!((doppler[3] - (76.0_f64 * 76.0 / 4.0 - 361.0).sqrt()).abs() < 1e-9);
    }
}
