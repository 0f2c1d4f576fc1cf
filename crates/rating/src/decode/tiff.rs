//! TIFF: one page, gray, RGB or palette, 8 and 16 bits (gray and palette also
//! 1, 2 and 4), uncompressed, LZW, deflate or PackBits.

use std::borrow::Cow;
use std::io::Cursor;

use tiff::ColorType;
use tiff::decoder::{BufferLayoutPreference, Decoder, DecodingResult, Limits};
use tiff::tags::Tag;

use super::depth::{eight_bits, rgb_of, unpack};
use super::{Decoded, check_size, damaged, image_of, inks};
use crate::Problem;

type Tiff<'a> = Decoder<Cursor<Cow<'a, [u8]>>>;

/// Values of the tag PhotometricInterpretation.
const WHITE_IS_ZERO: u16 = 0;
const BLACK_IS_ZERO: u16 = 1;
const RGB: u16 = 2;
const PALETTE: u16 = 3;
const CMYK: u16 = 5;

pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, Problem> {
    let mut tiff = open(Cow::Borrowed(bytes))?;
    let (width, height) = tiff.dimensions().map_err(failed)?;
    check_size(width, height)?;
    if tiff.more_images() {
        return Err(Problem::new("the TIFF has more than one page")
            .hint("save the page that is meant as a file of its own"));
    }
    let kind = check_kind(&mut tiff)?;
    let orientation = tag(&mut tiff, Tag::Orientation, 1)?;

    let rgb = match kind {
        RGB => rgb_pixels(tiff, width, height)?,
        PALETTE => {
            let colours = colour_map(&mut tiff)?;
            let (indexes, _) = gray_samples(bytes, tiff, width, height)?;
            indexes
                .iter()
                .flat_map(|&index| colours.get(usize::from(index)).copied().unwrap_or_default())
                .collect()
        }
        kind => {
            let (samples, most) = gray_samples(bytes, tiff, width, height)?;
            let gray = |value: u8| scaled(value, most, kind == WHITE_IS_ZERO);
            samples.iter().flat_map(|&value| [gray(value); 3]).collect()
        }
    };
    let image = image_of(width, height, rgb, "TIFF")?;
    Ok(Decoded { image, orientation: Some(orientation).filter(|number| (2..=8).contains(number)) })
}

fn open(bytes: Cow<'_, [u8]>) -> Result<Tiff<'_>, Problem> {
    Decoder::new(Cursor::new(bytes)).map_err(failed)
}

/// A number in the page's directory, or what its absence stands for.
fn tag(tiff: &mut Tiff<'_>, tag: Tag, default: u16) -> Result<u16, Problem> {
    Ok(tiff.find_tag_unsigned::<u16>(tag).map_err(failed)?.unwrap_or(default))
}

/// The photometric interpretation, when the page is of a kind that is read.
fn check_kind(tiff: &mut Tiff<'_>) -> Result<u16, Problem> {
    let kind = tag(tiff, Tag::PhotometricInterpretation, BLACK_IS_ZERO)?;
    if kind == CMYK {
        return Err(inks("TIFF"));
    }
    if kind > PALETTE {
        return Err(damaged(
            "TIFF",
            format!("its pixels are of photometric kind {kind}, not gray, RGB or palette"),
        ));
    }
    let compression = tag(tiff, Tag::Compression, 1)?;
    if ![1, 5, 8, 32773, 32946].contains(&compression) {
        return Err(damaged(
            "TIFF",
            format!("its compression ({compression}) is not LZW, deflate, PackBits or none"),
        ));
    }
    let formats = tiff.find_tag_unsigned_vec::<u16>(Tag::SampleFormat).map_err(failed)?;
    if formats.is_some_and(|formats| formats.iter().any(|&format| format != 1)) {
        return Err(damaged("TIFF", "its samples are not whole numbers"));
    }
    Ok(kind)
}

/// Reads all samples of the page into memory of known size.
fn samples(
    tiff: Tiff<'_>,
    width: u32,
    height: u32,
) -> Result<(DecodingResult, BufferLayoutPreference), Problem> {
    let pixels = usize::try_from(u64::from(width) * u64::from(height)).unwrap_or(usize::MAX);
    let mut limits = Limits::default();
    limits.decoding_buffer_size = pixels.saturating_mul(8).saturating_add(1 << 20);
    limits.intermediate_buffer_size = limits.decoding_buffer_size;
    let mut samples = DecodingResult::U8(Vec::new());
    let layout = tiff.with_limits(limits).read_image_to_buffer(&mut samples).map_err(failed)?;
    Ok((samples, layout))
}

fn rgb_pixels(mut tiff: Tiff<'_>, width: u32, height: u32) -> Result<Vec<u8>, Problem> {
    let channels = match tiff.colortype().map_err(failed)? {
        ColorType::RGB(8 | 16) => 3,
        ColorType::RGBA(8 | 16) => 4,
        other => return Err(damaged("TIFF", format!("samples are {other:?}"))),
    };
    let (samples, layout) = samples(tiff, width, height)?;
    let samples = bytes_of(samples)?;
    if layout.planes <= 1 {
        return Ok(rgb_of(&samples, channels));
    }
    let pixels = samples.len() / layout.planes;
    let planes: Vec<&[u8]> = samples.chunks_exact(pixels.max(1)).collect();
    let [red, green, blue, ..] = planes[..] else {
        return Err(damaged("TIFF", "colour planes are missing"));
    };
    Ok(red.iter().zip(green).zip(blue).flat_map(|((&r, &g), &b)| [r, g, b]).collect())
}

fn bytes_of(samples: DecodingResult) -> Result<Vec<u8>, Problem> {
    match samples {
        DecodingResult::U8(values) => Ok(values),
        DecodingResult::U16(values) => Ok(values.into_iter().map(eight_bits).collect()),
        _ => Err(damaged("TIFF", "its samples are not of 8 or 16 bits")),
    }
}

/// One number a pixel and the largest it can be, as stored: gray that is not
/// yet inverted, or indexes into the palette.
///
/// The `tiff` crate reads no palettes, so the page is shown to it as plain
/// gray: in a copy of the file, the directory entry of the photometric kind is
/// overwritten.
fn gray_samples(
    bytes: &[u8],
    mut tiff: Tiff<'_>,
    width: u32,
    height: u32,
) -> Result<(Vec<u8>, u8), Problem> {
    let all_bits = tiff.find_tag_unsigned_vec::<u16>(Tag::BitsPerSample).map_err(failed)?;
    let bits = all_bits.and_then(|bits| bits.first().copied()).unwrap_or(1);
    let bands = tag(&mut tiff, Tag::SamplesPerPixel, 1)?;
    let as_gray =
        as_black_is_zero(bytes).ok_or_else(|| damaged("TIFF", "its directory is damaged"))?;
    let (samples, layout) = samples(open(Cow::Owned(as_gray))?, width, height)?;
    match (bits, bands, layout.planes) {
        (1 | 2 | 4, 1, 1) => {
            let packed = bytes_of(samples)?;
            let unpacked = unpack(&packed, width as usize, usize::from(bits));
            Ok((unpacked, (1u8 << bits) - 1))
        }
        (8 | 16, 1 | 2, 1) => {
            let samples = bytes_of(samples)?;
            let gray = samples.chunks_exact(usize::from(bands)).map(|pixel| pixel[0]).collect();
            Ok((gray, u8::MAX))
        }
        _ => Err(damaged("TIFF", format!("{bands} bands of {bits} bits"))),
    }
}

/// The file with its first page marked as gray, black at zero; `None` where
/// the directory does not say what the page is.
fn as_black_is_zero(bytes: &[u8]) -> Option<Vec<u8>> {
    let big_endian = bytes.starts_with(b"MM");
    let short = |at: usize| {
        let two = *bytes.get(at..)?.first_chunk::<2>()?;
        Some(if big_endian { u16::from_be_bytes(two) } else { u16::from_le_bytes(two) })
    };
    let four = *bytes.get(4..)?.first_chunk::<4>()?;
    let directory =
        if big_endian { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) } as usize;
    let mut copy = bytes.to_vec();
    for entry in 0..usize::from(short(directory)?) {
        let at = directory + 2 + entry * 12;
        if short(at)? == Tag::PhotometricInterpretation.to_u16() {
            let value =
                if big_endian { BLACK_IS_ZERO.to_be_bytes() } else { BLACK_IS_ZERO.to_le_bytes() };
            copy.get_mut(at + 8..at + 10)?.copy_from_slice(&value);
        }
    }
    Some(copy)
}

/// A gray of few bits stretched to 0-255, inverted where white is zero.
fn scaled(value: u8, most: u8, inverted: bool) -> u8 {
    let stretched = value.min(most) * (u8::MAX / most);
    if inverted { u8::MAX - stretched } else { stretched }
}

/// The palette: all reds, all greens, all blues, each of 16 bits.
///
/// Writers stretch 8-bit colours by 256 or by 257; the upper byte restores
/// both, where v / 257 would darken the first kind by one level. Some do not
/// stretch them at all: like libtiff, a map without any larger value is taken
/// as it is.
fn colour_map(tiff: &mut Tiff<'_>) -> Result<Vec<[u8; 3]>, Problem> {
    let map = tiff.get_tag_u16_vec(Tag::ColorMap).map_err(failed)?;
    let upper = usize::from(map.iter().any(|&value| value > 255));
    let third = map.len() / 3;
    let colour = |index: usize| {
        [index, third + index, 2 * third + index].map(|at| map[at].to_le_bytes()[upper])
    };
    Ok((0..third).map(colour).collect())
}

fn failed(error: tiff::TiffError) -> Problem {
    match error {
        tiff::TiffError::IoError(_) => damaged("TIFF", "it ends early"),
        other => damaged("TIFF", other),
    }
}
