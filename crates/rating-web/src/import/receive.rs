//! Files from a browser, decoded on arrival: nothing but pixels, a name and a
//! time is kept.

use image::imageops::thumbnail;
use image::{ImageFormat, ImageReader, RgbImage};
use rating::decode::{MOST_PIXELS, decode, pixel_hash};
use rating::preprocess::doppler_mask;
use rating_frozen::files::write_atomically;
use serde::Serialize;
use utoipa::ToSchema;

use super::staging::{StagedFile, place};
use super::{archive, limits};
use crate::pairs;
use crate::refusal::Refusal;
use crate::room::Room;

/// The brightness from which a saturated pixel counts: what is nearly black is
/// saturated by chance.
const FLOOR: u8 = 40;

/// What became of the files of a request.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Received {
    /// How many images wait now that did not before.
    pub taken: usize,
    /// The others.
    pub refused: Vec<RefusedFile>,
}

/// A file that is not taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefusedFile {
    /// Its name.
    pub name: String,
    /// The HTTP status, had it come alone.
    pub status: u16,
    /// Why, as a sentence.
    pub error: String,
    #[serde(skip)]
    why: Refusal,
}

impl Received {
    /// Counts a file that is not taken.
    pub fn refuse(&mut self, name: &str, why: Refusal) {
        let (status, error) = (why.status.as_u16(), why.what.clone());
        self.refused.push(RefusedFile { name: plain(name), status, error, why });
    }

    /// The answer to the request: a refusal where nothing at all was taken.
    ///
    /// # Errors
    /// Why the first file was not taken, or that there was none.
    pub fn answer(self) -> Result<Received, Refusal> {
        match self.refused.first() {
            Some(first) if self.taken == 0 => Err(first.why.clone()),
            None if self.taken == 0 => Err(Refusal::malformed("No file came with this request.")),
            _ => Ok(self),
        }
    }
}

/// Takes a file, or every file of a zip; one that is refused as a whole leaves
/// nothing. Blocks.
///
/// # Errors
/// Our own failures, and an import that is gone.
pub fn receive(
    room: &Room,
    id: &str,
    name: &str,
    modified: Option<i64>,
    bytes: &[u8],
    received: &mut Received,
) -> Result<(), Refusal> {
    room.imports.get(id)?;
    let before = received.refused.len();
    match take(room, id, name, modified, bytes, received) {
        Err(refusal) if !refusal.is_ours() => {
            received.refused.truncate(before);
            received.refuse(name, refusal);
            Ok(())
        }
        other => other,
    }
}

fn take(
    room: &Room,
    id: &str,
    name: &str,
    modified: Option<i64>,
    bytes: &[u8],
    received: &mut Received,
) -> Result<(), Refusal> {
    let mut files = Vec::new();
    let mut take = |name: &str, bytes: &[u8], modified| match image_of(bytes) {
        Ok(image) => {
            files.push(keep(room, id, name, modified, &image)?);
            Ok(())
        }
        Err(why) => {
            received.refuse(name, why);
            Ok(())
        }
    };
    if archive::is_zip(bytes) {
        archive::entries(bytes, |entry| take(&entry.name, &entry.bytes, None))?;
    } else {
        take(name, bytes, modified)?;
    }
    let taken = files.len();
    room.imports.change(id, |staged| {
        if staged.files.len() + taken > limits::FILES {
            let what = format!("An import has at most {} files.", limits::FILES);
            return Err(Refusal::too_large(what));
        }
        for (image, file) in files {
            let number = staged.next;
            let path = room.imports.thumbnail(id, number)?;
            write_atomically(&path, &image).map_err(|error| place(&path, &error))?;
            staged.files.push(StagedFile { number, ..file });
            staged.next += 1;
        }
        Ok(())
    })?;
    received.taken += taken;
    Ok(())
}

/// The pixels of an image file.
fn image_of(bytes: &[u8]) -> Result<RgbImage, Refusal> {
    if bytes.len() as u64 > limits::FILE_BYTES {
        return Err(too_large());
    }
    let guessed = ImageReader::new(std::io::Cursor::new(bytes)).with_guessed_format();
    let is_read =
        |format| matches!(format, ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::Tiff);
    let guessed = guessed.ok().filter(|reader| reader.format().is_some_and(is_read));
    let Some(reader) = guessed else {
        let problem = decode(bytes).err();
        let what = problem.map_or_else(String::new, |problem| problem.to_string());
        return Err(Refusal::not_an_image(sentence(&what)));
    };
    // The header says how much memory the pixels would take.
    if let Ok((width, height)) = reader.into_dimensions() {
        let pixels = u64::from(width) * u64::from(height);
        if pixels > MOST_PIXELS {
            let most = MOST_PIXELS / 1_000_000;
            let what = format!("This has {width} x {height} pixels, more than {most} megapixels.");
            return Err(Refusal::too_large(what));
        }
    }
    let decoded =
        decode(bytes).map_err(|problem| Refusal::unfit(sentence(&problem.to_string())))?;
    Ok(decoded.image)
}

/// A file of more than [`limits::FILE_BYTES`].
#[must_use]
pub fn too_large() -> Refusal {
    let most = limits::FILE_BYTES >> 20;
    Refusal::too_large(format!("A file has at most {most} MiB."))
}

/// Keeps the pixels; returns the thumbnail and what there is to say.
fn keep(
    room: &Room,
    id: &str,
    name: &str,
    modified: Option<i64>,
    image: &RgbImage,
) -> Result<(Vec<u8>, StagedFile), Refusal> {
    room.imports.images(id)?.keep(image)?;
    let (width, height) = image.dimensions();
    let longest = width.max(height).max(limits::THUMBNAIL_PX);
    let scaled = |side: u32| {
        let side = u64::from(side) * u64::from(limits::THUMBNAIL_PX) / u64::from(longest);
        u32::try_from(side).unwrap_or(limits::THUMBNAIL_PX).max(1)
    };
    let small = pairs::png(&thumbnail(image, scaled(width), scaled(height)))?;
    let hash = blake3::Hash::from_bytes(pixel_hash(image)).to_hex().to_string();
    let coloured = coloured_share(image);
    let name = plain(name);
    Ok((small, StagedFile { number: 0, name, modified, hash, width, height, coloured }))
}

fn coloured_share(image: &RgbImage) -> f64 {
    let mask = doppler_mask(image, FLOOR);
    let coloured = mask.pixels().filter(|pixel| pixel.0[0] > 0).count();
    coloured as f64 / mask.pixels().len().max(1) as f64
}

/// A file's name as it may be shown: no control characters, no end.
fn plain(name: &str) -> String {
    let plain: String = name.chars().filter(|c| !c.is_control()).take(200).collect();
    if plain.trim().is_empty() { "unnamed".to_owned() } else { plain }
}

/// A problem's text as a sentence.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}
