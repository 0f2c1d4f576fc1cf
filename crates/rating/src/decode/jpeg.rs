//! JPEG: baseline and progressive, gray or three components.
//!
//! JPEG decoders fill what is missing with gray and call it an image. A
//! network would grade that. So the file is walked from marker to marker
//! first: it must reach its end, and anything but one or three components of 8
//! bits is refused by name. (What this cannot see: coded data that stop early
//! in a file that a repair tool has closed with an end marker.)

use image::metadata::Orientation;
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use super::depth::rgb_of;
use super::{Decoded, check_size, damaged, image_of, inks, png};
use crate::Problem;

/// What the markers say.
#[derive(Debug, Default)]
struct Markers<'a> {
    frame: Option<Frame>,
    exif: Option<&'a [u8]>,
}

/// The frame header.
#[derive(Debug, Clone, Copy)]
struct Frame {
    bits: u8,
    height: u16,
    width: u16,
    components: u8,
}

pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, Problem> {
    let markers = walk(bytes)?;
    let frame = markers.frame.ok_or_else(|| damaged("JPEG", "it has no frame header"))?;
    let (width, height) = (u32::from(frame.width), u32::from(frame.height));
    let channels = usize::from(frame.components);
    let pixels = pixels(bytes, frame)?;
    let image = image_of(width, height, rgb_of(&pixels, channels), "JPEG")?;
    let orientation = markers.exif.and_then(Orientation::from_exif_chunk).and_then(png::turned);
    Ok(Decoded { image, orientation })
}

/// Decoded samples, gray or RGB.
fn pixels(bytes: &[u8], frame: Frame) -> Result<Vec<u8>, Problem> {
    let colours = if frame.components == 1 { ColorSpace::Luma } else { ColorSpace::RGB };
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
        .jpeg_set_out_colorspace(colours);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode().map_err(|error| damaged("JPEG", error))
}

/// Follows the markers from the start of the image to its end, refusing what
/// cannot be decoded faithfully before any memory is taken.
fn walk(bytes: &[u8]) -> Result<Markers<'_>, Problem> {
    let mut markers = Markers::default();
    let mut rest = &bytes[2..];
    loop {
        let (marker, after) = next_marker(rest).ok_or_else(ends_early)?;
        if marker == 0xd9 {
            return Ok(markers);
        }
        if is_alone(marker) {
            rest = after;
            continue;
        }
        let (segment, after) = segment(after).ok_or_else(ends_early)?;
        match marker {
            0xc4 | 0xc8 | 0xcc => {}
            0xc0..=0xcf => {
                let frame = frame(segment).ok_or_else(ends_early)?;
                check(marker, frame)?;
                markers.frame.get_or_insert(frame);
            }
            0xe1 => markers.exif = markers.exif.or(segment.strip_prefix(b"Exif\0\0")),
            _ => {}
        }
        rest = after;
    }
}

fn ends_early() -> Problem {
    Problem::new("the JPEG ends early: its last part is missing")
        .hint("copy it again; half an image is not used")
}

/// The next marker and what follows it. Between a scan header and the next
/// marker lies coded data, in which FF is always followed by 00.
fn next_marker(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let mut at = 0;
    loop {
        at += bytes.get(at..)?.iter().position(|&byte| byte == 0xff)? + 1;
        match *bytes.get(at)? {
            0x00 | 0xff => {}
            marker => return Some((marker, &bytes[at + 1..])),
        }
    }
}

/// Markers without a segment: restarts, TEM, start of image.
fn is_alone(marker: u8) -> bool {
    matches!(marker, 0x01 | 0xd0..=0xd8)
}

/// A segment's content and what follows it; its length counts its own two bytes.
fn segment(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&length, _) = bytes.split_first_chunk::<2>()?;
    let (segment, after) = bytes.split_at_checked(usize::from(u16::from_be_bytes(length)))?;
    Some((segment.get(2..)?, after))
}

fn frame(segment: &[u8]) -> Option<Frame> {
    let &[bits, h0, h1, w0, w1, components] = segment.first_chunk::<6>()?;
    let (height, width) = (u16::from_be_bytes([h0, h1]), u16::from_be_bytes([w0, w1]));
    Some(Frame { bits, height, width, components })
}

fn check(marker: u8, frame: Frame) -> Result<(), Problem> {
    if !matches!(marker, 0xc0..=0xc2) || frame.bits != 8 {
        return Err(damaged("JPEG", "it is lossless, arithmetic-coded or not of 8 bits"));
    }
    match frame.components {
        1 | 3 => {}
        4 => return Err(inks("JPEG")),
        other => return Err(damaged("JPEG", format!("it has {other} components"))),
    }
    check_size(u32::from(frame.width), u32::from(frame.height))
}
