//! The part of a device's screen that is kept. Screens show names and dates
//! around the picture: what lies outside is not stored, and so never served.

use image::RgbImage;
use image::imageops::crop_imm;
use rating::{Problem, Roi};
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::refusal::Refusal;
use crate::schema::Rectangle;
use crate::store::Change;

/// What is kept of the pictures of a device that have this size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DeviceRegion)]
pub struct Region {
    /// The device, as manifests name it; empty where it is not known.
    pub device: String,
    /// Size of the whole picture.
    pub width: u32,
    /// Size of the whole picture.
    pub height: u32,
    /// What is kept, in pixels of the whole picture.
    #[schema(value_type = Rectangle)]
    pub kept: Roi,
}

impl Region {
    /// Whether nothing is cut away.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.kept.sides() == [0, 0, self.width, self.height]
    }
}

/// The region of a device for pictures of this size; `None` where nobody has
/// said which it is.
///
/// # Errors
/// A database that cannot be read.
pub fn region_of(
    db: &Connection,
    device: &str,
    (width, height): (u32, u32),
) -> Result<Option<Roi>, Refusal> {
    let sql = "SELECT region FROM regions WHERE device = ?1 AND width = ?2 AND height = ?3";
    let mut statement = db.prepare_cached(sql)?;
    let text: Option<String> =
        statement.query_row(params![device, width, height], |row| row.get(0)).optional()?;
    Ok(text.map(|text| serde_json::from_str(&text)).transpose()?)
}

/// Every region, by device and size.
///
/// # Errors
/// A database that cannot be read.
pub fn regions(db: &Connection) -> Result<Vec<Region>, Refusal> {
    let sql = "SELECT device, width, height, region FROM regions ORDER BY device, width, height";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let kept: String = row.get(3)?;
        let kept = serde_json::from_str(&kept)?;
        found.push(Region { device: row.get(0)?, width: row.get(1)?, height: row.get(2)?, kept });
    }
    Ok(found)
}

/// Says which region is kept from now on. Pairs that are in stay as they are:
/// what was cut away is gone.
///
/// # Errors
/// A region that reaches beyond the picture, or a size without pixels.
pub fn set_region(change: &mut Change<'_>, region: &Region) -> Result<(), Refusal> {
    let Region { device, width, height, kept } = region;
    let device = device.trim();
    if device.chars().count() > 100 {
        return Err(Refusal::unfit("The name of a device has at most 100 characters."));
    }
    kept.check_within(*width, *height).map_err(|problem| sentence(&problem))?;
    let before = region_of(change, device, (*width, *height))?;
    if before == Some(*kept) {
        return Ok(());
    }
    change.execute(
        "INSERT OR REPLACE INTO regions (device, width, height, region) VALUES (?1, ?2, ?3, ?4)",
        params![device, width, height, serde_json::to_string(kept)?],
    )?;
    change.tell("region.set", &format!("device {device} {width} x {height}"), before, kept)
}

/// A problem as a refusal.
pub(super) fn sentence(problem: &Problem) -> Refusal {
    let mut text = problem.to_string();
    if let Some(first) = text.get(..1) {
        text.replace_range(..1, &first.to_uppercase());
    }
    Refusal::unfit(format!("{text}."))
}

/// The kept part of a picture, and where a ROI of the whole lies in it.
pub(super) fn cut(
    image: &RgbImage,
    kept: Roi,
    roi: Option<Roi>,
) -> Result<(RgbImage, Option<Roi>), Problem> {
    kept.check_within(image.width(), image.height())?;
    let part = crop_imm(image, kept.left(), kept.top(), kept.width(), kept.height()).to_image();
    Ok((part, roi.map(|roi| moved(roi, kept)).transpose()?))
}

/// A ROI of the whole picture within the kept part.
fn moved(roi: Roi, kept: Roi) -> Result<Roi, Problem> {
    let [left, top, right, bottom] = roi.sides().map(i64::from);
    let (x, y) = (i64::from(kept.left()), i64::from(kept.top()));
    let outside =
        left < x || top < y || right > i64::from(kept.right()) || bottom > i64::from(kept.bottom());
    if outside {
        let what = "the ROI reaches beyond the region of the screen that is kept";
        return Err(Problem::new(what).hint("correct the ROI, or the region of this device"));
    }
    Roi::new([left - x, top - y, right - x, bottom - y])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roi(sides: [i64; 4]) -> Roi {
        Roi::new(sides).unwrap()
    }

    #[test]
    fn a_roi_moves_with_the_region() {
        let image = RgbImage::from_fn(20, 10, |x, y| image::Rgb([x as u8, y as u8, 0]));
        let (part, moved) = cut(&image, roi([5, 2, 15, 10]), Some(roi([6, 4, 9, 10]))).unwrap();
        assert_eq!(part.dimensions(), (10, 8));
        assert_eq!(part.get_pixel(0, 0).0, [5, 2, 0]);
        assert_eq!(moved, Some(roi([1, 2, 4, 8])));
    }

    #[test]
    fn a_roi_outside_of_the_region_is_refused() {
        let image = RgbImage::new(20, 10);
        for sides in [[4, 4, 9, 10], [6, 1, 9, 10], [6, 4, 16, 10]] {
            assert!(cut(&image, roi([5, 2, 15, 10]), Some(roi(sides))).is_err());
        }
        assert!(cut(&image, roi([5, 2, 25, 10]), None).is_err());
    }
}
