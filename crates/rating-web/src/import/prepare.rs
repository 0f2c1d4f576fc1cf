//! From files to a pair that can be added: decoded, cut, kept.

use std::fs;
use std::path::Path;

use image::RgbImage;
use rating::decode::{decode, pixel_hash};
use rating::manifest::{Row, ViewRef};
use rating::{Problem, Roi};

use super::manifest::Fault;
use super::region::{cut, region_of};
use crate::pairs::{NewPair, NewView};
use crate::refusal::Refusal;
use crate::room::Room;

/// A pair whose images are kept.
pub(super) struct Prepared {
    pub(super) pair: NewPair,
    /// Nobody has said which region of its device's screen is kept.
    pub(super) is_whole: bool,
}

/// Prepares a row of a manifest that lies in `folder`. Its ROIs are moved into
/// the kept region.
pub(super) fn row(room: &Room, folder: &Path, row: &Row) -> Result<Prepared, Fault> {
    let mut problems = Vec::new();
    let mut views = Vec::new();
    for (modality, reference) in room.protocol.modalities().iter().zip(&row.views) {
        match image_of(folder, reference) {
            Ok(image) => views.push((image, reference.roi)),
            Err(problem) => problems.push(problem.in_column(&modality.name)),
        }
    }
    if !problems.is_empty() {
        return Err(Fault::Row(problems));
    }
    let device = row.device.as_deref().unwrap_or_default();
    let mut is_whole = false;
    let mut kept_views: Vec<NewView> = Vec::new();
    for (modality, (image, roi)) in room.protocol.modalities().iter().zip(&views) {
        let size = image.dimensions();
        let region = room.store.read_now(|db| region_of(db, device, size))?;
        is_whole |= region.is_none();
        let whole = || Roi::new([0, 0, i64::from(size.0), i64::from(size.1)]);
        let in_column = |problem: Problem| Fault::Row(vec![problem.in_column(&modality.name)]);
        let region = region.map_or_else(whole, Ok).map_err(in_column)?;
        kept_views.push(view(room, image, region, Some(*roi)).map_err(|fault| match fault {
            Fault::Row(problems) => {
                let place = |problem: Problem| problem.in_column(&modality.name);
                Fault::Row(problems.into_iter().map(place).collect())
            }
            ours => ours,
        })?);
    }
    Ok(Prepared { pair: pair(row, kept_views)?, is_whole })
}

fn image_of(folder: &Path, reference: &ViewRef) -> Result<RgbImage, Problem> {
    let place = |what: String| Problem::new(format!("{}: {what}", reference.path));
    let bytes = fs::read(folder.join(&reference.path)).map_err(|error| place(error.to_string()))?;
    let decoded =
        decode(&bytes).map_err(|problem| Problem { hint: problem.hint, ..place(problem.what) })?;
    let roi = reference.roi;
    roi.check_within(decoded.image.width(), decoded.image.height())
        .map_err(|problem| Problem { hint: problem.hint, ..place(problem.what) })?;
    Ok(decoded.image)
}

/// Keeps the region of an image, and nothing of what is around it.
pub(super) fn view(
    room: &Room,
    image: &RgbImage,
    region: Roi,
    roi: Option<Roi>,
) -> Result<NewView, Fault> {
    let (part, roi) = cut(image, region, roi).map_err(|problem| Fault::Row(vec![problem]))?;
    let kept = room.images.keep(&part)?;
    Ok(NewView { image: kept, size: part.dimensions(), source: pixel_hash(image), roi })
}

/// The pair of a row and its views. What the row says of ROIs is about the kept
/// regions from here on.
pub(super) fn pair(row: &Row, views: Vec<NewView>) -> Result<NewPair, Fault> {
    let mut sources: Vec<_> = views.iter().map(|view| view.source).collect();
    sources.sort_unstable();
    sources.dedup();
    if sources.len() < views.len() {
        let what = "the same image stands for more than one modality";
        return Err(Fault::from(Refusal::unfit(what)));
    }
    let mut row = row.clone();
    for (reference, view) in row.views.iter_mut().zip(&views) {
        let whole = || Roi::new([0, 0, i64::from(view.size.0), i64::from(view.size.1)]);
        let roi = view.roi.map_or_else(whole, Ok);
        reference.roi = roi.map_err(|problem| Fault::Row(vec![problem]))?;
    }
    Ok(NewPair { row, views })
}
