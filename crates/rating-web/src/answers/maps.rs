//! Files of heatmaps, in the room's folder `maps`.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use image::{ImageFormat, Rgba, RgbaImage};
use rating::Roi;
use rating::heatmap::overlay::in_roi;
use rating_frozen::Explanation;
use rating_frozen::explain::Mode;
use rating_frozen::files::write_atomically;

use super::space::tidy;
use super::stored::{Subject, rois_text, word};
use crate::clock::Moment;
use crate::refusal::Refusal;

/// The folder of heatmaps.
///
/// Of each modality explained there are two files: `KEY.MODE.MODALITY.png`, the
/// [`veil`], and `KEY.MODE.MODALITY.f32`, the raw signed map (mean of the
/// networks) as `side x side` little-endian floats, row after row. When a file
/// was last changed says when it was last looked at.
#[derive(Debug, Clone)]
pub(crate) struct Maps {
    folder: PathBuf,
    limit: u64,
    /// At most so many bytes lie there; none before they were counted.
    taken: Arc<Mutex<Option<u64>>>,
}

impl Maps {
    /// Heatmaps in this folder, that take about `limit` bytes at most.
    pub(crate) fn in_folder(folder: &Path, limit: u64) -> Maps {
        Maps { folder: folder.to_path_buf(), limit, taken: Arc::default() }
    }

    /// Whether all files of a heatmap are there.
    pub(super) fn has(
        &self,
        subject: &Subject,
        bundle: &str,
        mode: Mode,
        modalities: &[usize],
    ) -> Result<bool, Refusal> {
        for &modality in modalities {
            let path = self.path(subject, bundle, mode, modality)?;
            if !path.exists() || !path.with_extension("f32").exists() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Keeps the maps of an explanation; those of the fast mode go when the
    /// exact ones are there.
    pub(super) fn keep(
        &self,
        subject: &Subject,
        bundle: &str,
        mode: Mode,
        explanation: &Explanation,
        now: Moment,
    ) -> Result<(), Refusal> {
        let mut bytes = 0;
        for (position, &modality) in explanation.modalities.iter().enumerate() {
            let Some(&roi) = subject.rois.get(modality) else { continue };
            let shown = explanation.shown(position);
            let raw: Vec<u8> =
                explanation.raw(position).into_iter().flat_map(f32::to_le_bytes).collect();
            let path = self.path(subject, bundle, mode, modality)?;
            let picture = veil(&shown, explanation.side_px, roi)?;
            bytes += (raw.len() + picture.len()) as u64;
            write(&path.with_extension("f32"), &raw)?;
            write(&path, &picture)?;
            touch(&path.with_extension("f32"), now);
            touch(&path, now);
        }
        self.make_room(bytes, now)
    }

    /// Counts what was added, and removes what is over the limit.
    fn make_room(&self, added: u64, now: Moment) -> Result<(), Refusal> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let most = taken.map(|before| before + added);
        if most.is_none_or(|most| most > self.limit) {
            let left = tidy(&self.folder, self.limit, time(now));
            *taken = Some(left.map_err(|error| place(&self.folder, &error))?);
        } else {
            *taken = most;
        }
        Ok(())
    }

    /// Removes the maps of a mode: better ones are there.
    pub(super) fn forget(&self, subject: &Subject, bundle: &str, mode: Mode) {
        for modality in 0..subject.rois.len() {
            let Ok(path) = self.path(subject, bundle, mode, modality) else { continue };
            // A file that stays takes space and does no harm.
            let _ = fs::remove_file(path.with_extension("f32"));
            let _ = fs::remove_file(path);
        }
    }

    /// The veil of one modality as a PNG file, for somebody who looks at it now.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn png(
        &self,
        subject: &Subject,
        bundle: &str,
        mode: Mode,
        modality: usize,
        now: Moment,
    ) -> Result<Vec<u8>, Refusal> {
        let path = self.path(subject, bundle, mode, modality)?;
        match fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(Refusal::unknown("There is no heatmap of this image."))
            }
            Err(error) => Err(place(&path, &error)),
            Ok(bytes) => {
                touch(&path, now);
                Ok(bytes)
            }
        }
    }

    fn path(
        &self,
        subject: &Subject,
        bundle: &str,
        mode: Mode,
        modality: usize,
    ) -> Result<PathBuf, Refusal> {
        let text = format!("{} {bundle} {}", subject.pair, rois_text(subject)?);
        let key = blake3::hash(text.as_bytes()).to_hex();
        let name = format!("{key}.{}.{modality}.png", word(mode));
        Ok(self.folder.join(&key[..2]).join(name))
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Refusal> {
    let parent = path.parent().unwrap_or(path);
    fs::create_dir_all(parent).map_err(|error| place(parent, &error))?;
    write_atomically(path, bytes).map_err(|error| place(path, &error))
}

/// Notes that a file was looked at. Where that cannot be noted it goes sooner.
fn touch(path: &Path, now: Moment) {
    if let Ok(file) = fs::File::options().append(true).open(path) {
        let _ = file.set_modified(time(now));
    }
}

fn time(moment: Moment) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(moment.millis().max(0).unsigned_abs())
}

fn place(path: &Path, error: &std::io::Error) -> Refusal {
    Refusal::broken(format!("{}: {error}", path.display()))
}

/// A shown map (0 to 1, `side x side`, in ROI space) as a PNG of the ROI's size
/// in image pixels: yellow, as opaque as the value.
///
/// # Errors
/// Never for a map that is in memory.
pub fn veil(shown: &[f32], side: usize, roi: Roi) -> Result<Vec<u8>, Refusal> {
    let values = in_roi(shown, side, roi);
    let opacity = |value: f32| (value.clamp(0.0, 1.0) * 255.0).round() as u8;
    let picture = RgbaImage::from_fn(roi.width(), roi.height(), |x, y| {
        let at = y as usize * roi.width() as usize + x as usize;
        Rgba([255, 255, 0, values.get(at).copied().map_or(0, opacity)])
    });
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).map_err(Refusal::broken)?;
    Ok(bytes.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_veil_is_yellow_and_as_opaque_as_the_map() {
        let roi = Roi::new([3, 4, 5, 6]).unwrap();
        let png = veil(&[0.0, 1.0, 0.5, 0.0], 2, roi).unwrap();
        let picture = image::load_from_memory(&png).unwrap().into_rgba8();
        assert_eq!(picture.dimensions(), (2, 2));
        let alphas: Vec<u8> = picture.pixels().map(|pixel| pixel.0[3]).collect();
        assert_eq!(alphas, [0, 255, 128, 0]);
        assert!(picture.pixels().all(|pixel| pixel.0[..3] == [255, 255, 0]));
    }
}
