//! The files of an explained pair. The JSON comes last: where it is, all is.

use std::fs;
use std::io;
use std::path::Path;

use image::RgbImage;
use rating::Pair;
use rating::heatmap::display;
use rating::heatmap::overlay::veiled;
use rating_frozen::explain::Explanation;
use rating_report::{Fact, HeatmapPage, Picture, heatmap_page};

use super::answer::Answer;
use crate::failure::Failure;
use crate::{files, npy};

/// Writes everything there is to see of one pair.
pub fn write(
    out: &Path,
    pair: &Pair,
    explanation: &Explanation,
    answer: &Answer,
    per_network: bool,
) -> Result<(), Failure> {
    let finished = out.join(format!("{}.json", pair.id()));
    forget(&finished)?;
    let side = explanation.side_px;
    let mut pictures = Vec::new();
    for (number, map) in answer.maps.iter().enumerate() {
        let path = |what: &str| out.join(format!("{}_{}{what}", pair.id(), map.modality));
        let array = |values: &[f32]| npy::encode(&[side, side], values);
        let view = &pair.views()[explanation.modalities[number]];
        let overlay = |map: &[f32]| png_file(&veiled(view.image(), map, side, view.roi()), answer);
        let shown = explanation.shown(number);
        let png = overlay(&shown)?;
        files::write(&path("_raw.npy"), &array(&explanation.raw(number)))?;
        files::write(&path("_shown.npy"), &array(&shown))?;
        files::write(&path(".png"), &png)?;
        pictures.push(Picture { name: map.modality.clone(), png });
        if per_network {
            let maps = explanation.of_networks(number);
            let stack = npy::encode(&[maps.len(), side, side], &maps.concat());
            files::write(&path("_networks.npy"), &stack)?;
            for (map, network) in maps.iter().zip(&explanation.networks) {
                let picture = overlay(&display::scaled(map))?;
                files::write(&path(&format!("_{}.png", network.network)), &picture)?;
            }
        }
    }
    let page = heatmap_page(&HeatmapPage {
        pair_id: pair.id(),
        origin: answer.origin,
        caption: &answer.caption,
        pictures: &pictures,
        facts: &facts(answer),
    });
    files::write(&out.join(format!("{}.html", pair.id())), page.as_bytes())?;
    let json =
        serde_json::to_string_pretty(answer).map_err(|error| Failure::Bug(error.to_string()))?;
    files::write(&finished, (json + "\n").as_bytes())
}

/// Removes what an earlier run left: half of it would be of this run soon.
fn forget(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Failure::cannot_write(path, &error))
        }
        _ => Ok(()),
    }
}

/// What the page tells of the making.
fn facts(answer: &Answer) -> Vec<Fact> {
    let text = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let how = &answer.settings.how;
    let error = match answer.largest_error() {
        Some(error) => Fact::new("largest completeness error", format!("{error:.4}"))
            .note("attributions against the change of the logit, worst network"),
        None => Fact::new("largest completeness error", "-")
            .note("one point on each path is too few to tell"),
    };
    vec![
        probability(answer),
        Fact::new("mode", text(serde_json::json!(how.mode))),
        Fact::new("variant", text(serde_json::json!(how.variant))),
        Fact::new("seed of the noise", how.seed.to_string()),
        Fact::new("gradients", answer.gradient_evaluations.to_string())
            .note(format!("{} networks together", answer.networks.len())),
        error,
        Fact::new("bundle", answer.bundle.clone()),
    ]
}

/// What the networks say of the pair, without noise.
fn probability(answer: &Answer) -> Fact {
    let of_networks = answer.networks.iter().map(|network| network.probability);
    let (lowest, highest) =
        of_networks.clone().fold((1.0_f64, 0.0_f64), |(low, high), p| (low.min(p), high.max(p)));
    let mean = of_networks.sum::<f64>() / answer.networks.len().max(1) as f64;
    let decision = answer.decision.as_ref().map_or_else(
        || "the decision".to_owned(),
        |decision| format!("{} > {}", decision.measurement.replace('_', " "), decision.above),
    );
    Fact::new(format!("probability of {decision}"), format!("{mean:.2}")).note(format!(
        "mean of {} networks, {lowest:.2} to {highest:.2}; a grade takes all tasks and votes",
        answer.networks.len()
    ))
}

/// A picture as PNG that carries its caption along when it leaves its folder.
fn png_file(picture: &RgbImage, answer: &Answer) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let mut write = || -> Result<(), png::EncodingError> {
        let mut encoder = png::Encoder::new(&mut bytes, picture.width(), picture.height());
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let warning = format!("Research use only, not for diagnosis. Origin: {}.", answer.origin);
        for (word, text) in [
            ("Title", format!("Heatmap of pair {}", answer.pair_id)),
            ("Description", answer.caption.clone()),
            ("Disclaimer", warning),
            ("Source", format!("bundle {}", answer.bundle)),
        ] {
            encoder.add_itxt_chunk(word.to_owned(), text)?;
        }
        let mut writer = encoder.write_header()?;
        writer.write_image_data(picture.as_raw())?;
        writer.finish()
    };
    write().map_err(|error| Failure::Bug(format!("a picture cannot be encoded: {error}")))?;
    Ok(bytes)
}
