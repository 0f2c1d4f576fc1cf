//! Pairs on pages: small pictures, and what networks and readers say.

use image::codecs::png::{CompressionType, FilterType as PngFilter, PngEncoder};
use image::imageops::{self, FilterType};
use image::{DynamicImage, Rgb, RgbImage};
use rating::manifest::Row;
use rating::scores::{PairScore, votes_word};
use rating::{Grade, Protocol, Roi};
use rating_report::GradeLine;

use crate::failure::Failure;

/// What is shown around the ROI, as a share of its size.
const MARGIN: f64 = 0.25;

/// The ROI with some surroundings, scaled to this width, as PNG.
pub fn thumbnail(image: &RgbImage, roi: Roi, width_px: u32) -> Result<Vec<u8>, Failure> {
    let margin = |side: u32| (f64::from(side) * MARGIN) as u32;
    let left = roi.left().saturating_sub(margin(roi.width()));
    let top = roi.top().saturating_sub(margin(roi.height()));
    let right = (roi.right() + margin(roi.width())).min(image.width());
    let bottom = (roi.bottom() + margin(roi.height())).min(image.height());
    let part: RgbImage =
        imageops::crop_imm(image, left, top, right - left, bottom - top).to_image();
    let height_px =
        (u64::from(width_px) * u64::from(part.height()) / u64::from(part.width())).max(1) as u32;
    let small = imageops::resize(&part, width_px, height_px, FilterType::Triangle);
    // A page holds many: what has no colour is kept without, in a third of the bytes.
    let is_gray = small.pixels().all(|Rgb([red, green, blue])| red == green && green == blue);
    let small = DynamicImage::from(small);
    let small = if is_gray { small.to_luma8().into() } else { small };
    let mut bytes = Vec::new();
    let encoder =
        PngEncoder::new_with_quality(&mut bytes, CompressionType::Best, PngFilter::Adaptive);
    small
        .write_with_encoder(encoder)
        .map_err(|error| Failure::Bug(format!("a picture cannot be encoded: {error}")))?;
    Ok(bytes)
}

/// A line for each measurement, and one for the combined grade.
pub fn grade_lines(protocol: &Protocol, row: &Row, score: &PairScore) -> Vec<GradeLine> {
    let decision = &score.decision;
    let shown = |grade: Grade| (!decision.conflict).then_some(grade);
    let mut lines: Vec<GradeLine> = protocol
        .measurements()
        .iter()
        .enumerate()
        .map(|(position, measurement)| GradeLine {
            measurement: measurement.name.clone(),
            predicted: shown(decision.grades[position]),
            reference: row.grades[position],
            votes: votes_word(&decision.votes[position]),
        })
        .collect();
    lines.extend(decision.combined.map(|combined| GradeLine {
        measurement: "combined".to_owned(),
        predicted: shown(combined),
        reference: row.all_grades().and_then(|all| protocol.combined(&all)),
        votes: String::new(),
    }));
    lines
}
