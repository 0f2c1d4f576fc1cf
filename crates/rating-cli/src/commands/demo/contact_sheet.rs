//! Some pairs with what the networks and the readers say.

use std::io::Cursor;

use image::imageops::FilterType;
use image::{ImageFormat, RgbImage};
use rating::manifest::Row;
use rating::scores::{PairScore, votes_word};
use rating::{Grade, Protocol, View};
use rating_report::{Card, GradeLine, Picture};

use crate::commands::score::Scored;
use crate::data::ManifestFile;
use crate::failure::Failure;

/// Cards of each cohort.
const CARDS: usize = 16;
/// Width of a picture on a card, in pixels.
const WIDTH_PX: u32 = 220;
/// What is shown around the ROI, as a share of its size.
const MARGIN: f64 = 0.25;

/// How the pairs were chosen, for the page.
pub const SELECTION: &str = "Of each test cohort, sorted by reference grades, pairs at even distances; \
    the networks' answers play no part in the choice.";

/// Pairs spread evenly over each cohort's grades, in their order.
pub fn cards(
    protocol: &Protocol,
    file: &ManifestFile,
    scored: &Scored,
) -> Result<Vec<Card>, Failure> {
    let mut cards = Vec::new();
    for cohort in ["prospective", "external"] {
        let mut pairs: Vec<(usize, &Row, &PairScore)> = Vec::new();
        for (position, row) in
            file.manifest.rows.iter().enumerate().filter(|(_, row)| row.cohort == cohort)
        {
            let score = scored.scores.iter().find(|score| score.pair_id == row.pair_id);
            pairs.extend(score.map(|score| (position, row, score)));
        }
        pairs.sort_by_key(|(position, row, _)| (row.grades.clone(), *position));
        let count = CARDS.min(pairs.len());
        for card in 0..count {
            let (position, row, score) = pairs[card * pairs.len() / count];
            let loaded = file.load(position, protocol)?;
            let names = protocol.modalities().iter().map(|modality| modality.name.clone());
            let mut pictures = Vec::new();
            for (name, view) in names.zip(loaded.pair.views()) {
                pictures.push(Picture { name, png: picture(view)? });
            }
            cards.push(Card {
                pair_id: row.pair_id.clone(),
                cohort: cohort.to_owned(),
                pictures,
                lines: lines(protocol, row, score),
            });
        }
    }
    Ok(cards)
}

fn lines(protocol: &Protocol, row: &Row, score: &PairScore) -> Vec<GradeLine> {
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

/// The ROI with some surroundings, as PNG.
fn picture(view: &View) -> Result<Vec<u8>, Failure> {
    let (image, roi) = (view.image(), view.roi());
    let margin = |side: u32| (f64::from(side) * MARGIN) as u32;
    let left = roi.left().saturating_sub(margin(roi.width()));
    let top = roi.top().saturating_sub(margin(roi.height()));
    let right = (roi.right() + margin(roi.width())).min(image.width());
    let bottom = (roi.bottom() + margin(roi.height())).min(image.height());
    let part: RgbImage =
        image::imageops::crop_imm(image, left, top, right - left, bottom - top).to_image();
    let height =
        (u64::from(WIDTH_PX) * u64::from(part.height()) / u64::from(part.width())).max(1) as u32;
    let small = image::imageops::resize(&part, WIDTH_PX, height, FilterType::Triangle);
    let mut bytes = Cursor::new(Vec::new());
    small
        .write_to(&mut bytes, ImageFormat::Png)
        .map_err(|error| Failure::Bug(format!("a picture cannot be encoded: {error}")))?;
    Ok(bytes.into_inner())
}
