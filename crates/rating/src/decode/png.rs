//! PNG: 1 to 16 bits, gray, RGB, palette, with or without alpha.

use std::io::Cursor;

use image::codecs::png::PngDecoder;
use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ImageDecoder, ImageError, Limits};

use super::depth::{eight_bits, rgb_of};
use super::{Decoded, check_size, damaged, image_of};
use crate::Problem;

/// Memory for what stands beside the pixels: text, profiles, rows.
const ROOM_BYTES: u64 = 64 << 20;

pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, Problem> {
    let (width, height) = size(bytes).ok_or_else(|| damaged("PNG", "it ends in the header"))?;
    check_size(width, height)?;

    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(u64::from(width) * u64::from(height) * 8 + ROOM_BYTES);
    let mut decoder = PngDecoder::with_limits(Cursor::new(bytes), limits).map_err(failed)?;
    let orientation = orientation(&mut decoder);
    let pixels = DynamicImage::from_decoder(decoder).map_err(failed)?;
    Ok(Decoded { image: image_of(width, height, rgb(&pixels), "PNG")?, orientation })
}

/// Width and height stand first in every PNG: after the signature, a chunk of
/// 13 bytes named IHDR.
fn size(bytes: &[u8]) -> Option<(u32, u32)> {
    let header = bytes.get(8..24)?.strip_prefix(b"\0\0\0\x0dIHDR")?;
    let (width, height) = header.split_at(4);
    Some((u32::from_be_bytes(width.try_into().ok()?), u32::from_be_bytes(height.try_into().ok()?)))
}

fn orientation(decoder: &mut PngDecoder<Cursor<&[u8]>>) -> Option<u16> {
    let exif = decoder.exif_metadata().ok()??;
    turned(Orientation::from_exif_chunk(&exif)?)
}

/// The orientation as EXIF numbers it, when it asks for anything.
pub(super) fn turned(orientation: Orientation) -> Option<u16> {
    Some(u16::from(orientation.to_exif())).filter(|&number| number != 1)
}

/// The bytes of the pixels are taken as they are stored: no colour profile, no
/// gamma is applied.
fn rgb(pixels: &DynamicImage) -> Vec<u8> {
    let samples = match pixels.color() {
        ColorType::L16 | ColorType::La16 | ColorType::Rgb16 | ColorType::Rgba16 => pixels
            .as_bytes()
            .as_chunks::<2>()
            .0
            .iter()
            .map(|&pair| eight_bits(u16::from_ne_bytes(pair)))
            .collect(),
        _ => pixels.as_bytes().to_vec(),
    };
    rgb_of(&samples, usize::from(pixels.color().channel_count()))
}

fn failed(error: ImageError) -> Problem {
    match error {
        ImageError::IoError(_) => damaged("PNG", "it ends early"),
        ImageError::Decoding(inner) => damaged("PNG", inner),
        other => damaged("PNG", other),
    }
}
