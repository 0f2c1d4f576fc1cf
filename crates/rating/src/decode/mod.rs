//! From the bytes of an image file to 8-bit RGB pixels (contract, "Images").
//!
//! PNG, JPEG and TIFF are told apart by content, never by name. What would
//! quietly become a wrong picture is refused instead: half a JPEG, a second
//! TIFF page, inks (CMYK), DICOM.

mod depth;
mod jpeg;
mod png;
mod tiff;

use std::fmt::Display;

use image::RgbImage;

use crate::Problem;

/// The largest image that is decoded, in pixels (64 megapixels). A larger one
/// is refused from its header, before memory is taken for it.
pub const MOST_PIXELS: u64 = 64_000_000;

/// An image as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The stored pixels: never turned or mirrored, alpha dropped, gray
    /// repeated to three channels, 16 bits brought to 8 by v / 257 rounded.
    pub image: RgbImage,
    /// The EXIF orientation (2 to 8) when the file asks viewers to turn or
    /// mirror the picture. It is ignored, because ROIs are in stored pixels,
    /// and worth a warning.
    pub orientation: Option<u16>,
}

/// Decodes a PNG, JPEG or TIFF file.
///
/// # Errors
/// A file that is empty, cut short, damaged, of another format, of a kind that
/// could be misread (CMYK, several pages, DICOM) or larger than [`MOST_PIXELS`].
pub fn decode(bytes: &[u8]) -> Result<Decoded, Problem> {
    match Format::of(bytes)? {
        Format::Png => png::decode(bytes),
        Format::Jpeg => jpeg::decode(bytes),
        Format::Tiff => tiff::decode(bytes),
    }
}

/// What tells images apart by what is seen: size and pixels, whatever the file.
pub type PixelHash = [u8; 32];

/// The hash of an image's size and pixels (BLAKE3).
#[must_use]
pub fn pixel_hash(image: &RgbImage) -> PixelHash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&image.width().to_le_bytes());
    hasher.update(&image.height().to_le_bytes());
    hasher.update(image.as_raw());
    *hasher.finalize().as_bytes()
}

/// The formats that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Png,
    Jpeg,
    Tiff,
}

impl Format {
    /// The format by its signature. DICOM comes first: the 128 free bytes at
    /// its start may hold a TIFF header.
    fn of(bytes: &[u8]) -> Result<Format, Problem> {
        if bytes.is_empty() {
            return Err(Problem::new("the file is empty").hint("copy it again from where it came"));
        }
        if bytes.get(128..132) == Some(b"DICM") {
            return Err(Problem::new("this is a DICOM file, which is not read yet")
                .hint("export the frame as PNG, without turning, cropping or recolouring it"));
        }
        let signatures: [(&[u8], Format); 4] = [
            (b"\x89PNG\r\n\x1a\n", Format::Png),
            (b"\xff\xd8\xff", Format::Jpeg),
            (b"II*\0", Format::Tiff),
            (b"MM\0*", Format::Tiff),
        ];
        signatures
            .into_iter()
            .find(|(signature, _)| bytes.starts_with(signature))
            .map(|(_, format)| format)
            .ok_or_else(|| {
                Problem::new("this is no PNG, JPEG or TIFF image")
                    .hint("the content counts, not the name; save the image as PNG")
            })
    }
}

/// Refuses images without pixels and images over [`MOST_PIXELS`].
fn check_size(width: u32, height: u32) -> Result<(), Problem> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 {
        return Err(Problem::new(format!("the image has no pixels ({width} x {height})")));
    }
    if pixels > MOST_PIXELS {
        return Err(Problem::new(format!(
            "the image has {width} x {height} pixels, more than {} megapixels",
            MOST_PIXELS / 1_000_000
        ))
        .hint("an ultrasound screen has 1 to 2 megapixels: is this the right file?"));
    }
    Ok(())
}

/// What a decoder could not read, on one line.
fn damaged(format: &str, error: impl Display) -> Problem {
    let reason: Vec<String> = error.to_string().split_whitespace().map(str::to_owned).collect();
    Problem::new(format!("the {format} cannot be decoded: {}", reason.join(" ")))
        .hint("is it cut short or damaged? Copy it again, or save it as PNG")
}

/// Inks are no colours until a printer's profile says which.
fn inks(format: &str) -> Problem {
    Problem::new(format!("the {format} is in CMYK (printing inks)"))
        .hint("export it in RGB from the ultrasound machine, not from print software")
}

/// The image of these pixels; the buffer always has the size of the image.
fn image_of(width: u32, height: u32, rgb: Vec<u8>, format: &str) -> Result<RgbImage, Problem> {
    RgbImage::from_raw(width, height, rgb).ok_or_else(|| damaged(format, "pixels are missing"))
}
