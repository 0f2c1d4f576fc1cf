//! Images of every kind that is read, 24 pixels wide.

use std::error::Error;
use std::fs;
use std::io::Cursor;
use std::path::PathBuf;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, imageops};
use rating::decode;
use tiff::encoder::{Compression, DeflateLevel, TiffEncoder, colortype};

use super::Seeds;

/// Cuttings of the images at hand, and one drawn where there are none.
pub(super) fn seeds(given: &[PathBuf]) -> Result<Seeds, Box<dyn Error>> {
    let mut seeds = Seeds::new();
    for (position, path) in given.iter().enumerate() {
        let bytes = fs::read(path)?;
        if let Ok(decoded) = decode::decode(&bytes) {
            seeds.extend(kinds(&format!("given{position}"), &cutting(&decoded.image))?);
        } else if bytes.get(128..132) == Some(b"DICM") {
            seeds.push((format!("given{position}.dcm"), bytes[..400.min(bytes.len())].to_vec()));
        }
    }
    let drawn = RgbImage::from_fn(24, 16, |x, y| Rgb([x as u8 * 10, y as u8 * 15, 40]));
    seeds.extend(kinds("drawn", &drawn)?);
    seeds.push(("palette.tif".to_owned(), palette_tiff()));
    Ok(seeds)
}

/// The middle of an image.
fn cutting(image: &RgbImage) -> RgbImage {
    let (left, top) = (image.width() / 2, image.height() / 2);
    imageops::crop_imm(image, left, top, 24, 16).to_image()
}

fn kinds(name: &str, image: &RgbImage) -> Result<Seeds, Box<dyn Error>> {
    let image = DynamicImage::from(image.clone());
    let mut seeds = Seeds::new();
    let layouts = [
        ("l8", DynamicImage::from(image.to_luma8())),
        ("la8", DynamicImage::from(image.to_luma_alpha8())),
        ("l16", DynamicImage::from(image.to_luma16())),
        ("rgba8", DynamicImage::from(image.to_rgba8())),
        ("rgb16", DynamicImage::from(image.to_rgb16())),
        ("rgb8", image),
    ];
    for (layout, image) in &layouts {
        let mut png = Cursor::new(Vec::new());
        image.write_to(&mut png, ImageFormat::Png)?;
        seeds.push((format!("{name}_{layout}.png"), png.into_inner()));
        if matches!(image, DynamicImage::ImageLuma8(_) | DynamicImage::ImageRgb8(_)) {
            let mut jpeg = Cursor::new(Vec::new());
            image.write_to(&mut jpeg, ImageFormat::Jpeg)?;
            seeds.push((format!("{name}_{layout}.jpg"), jpeg.into_inner()));
        }
        for (word, compression) in [
            ("none", Compression::Uncompressed),
            ("lzw", Compression::Lzw),
            ("deflate", Compression::Deflate(DeflateLevel::Fast)),
            ("packbits", Compression::Packbits),
        ] {
            if let Some(bytes) = tiff(image, compression)? {
                seeds.push((format!("{name}_{layout}_{word}.tif"), bytes));
            }
        }
    }
    Ok(seeds)
}

fn tiff(image: &DynamicImage, compression: Compression) -> Result<Option<Vec<u8>>, Box<dyn Error>> {
    let mut bytes = Cursor::new(Vec::new());
    let mut tiff = TiffEncoder::new(&mut bytes)?.with_compression(compression);
    let (width, height) = (image.width(), image.height());
    match image {
        DynamicImage::ImageLuma8(image) => {
            tiff.write_image::<colortype::Gray8>(width, height, image)?;
        }
        DynamicImage::ImageLuma16(image) => {
            tiff.write_image::<colortype::Gray16>(width, height, image)?;
        }
        DynamicImage::ImageRgb8(image) => {
            tiff.write_image::<colortype::RGB8>(width, height, image)?;
        }
        DynamicImage::ImageRgb16(image) => {
            tiff.write_image::<colortype::RGB16>(width, height, image)?;
        }
        _ => return Ok(None),
    }
    Ok(Some(bytes.into_inner()))
}

/// Four by two pixels of 4 bits with a palette of 16 colours, which the
/// encoder cannot write.
fn palette_tiff() -> Vec<u8> {
    const SHORT: u16 = 3;
    const LONG: u16 = 4;
    let entries: [(u16, u16, u32, u32); 9] = [
        (256, SHORT, 1, 4),         // width
        (257, SHORT, 1, 2),         // height
        (258, SHORT, 1, 4),         // bits
        (259, SHORT, 1, 1),         // no compression
        (262, SHORT, 1, 3),         // palette
        (273, LONG, 1, 8 + 114),    // where the strip is
        (277, SHORT, 1, 1),         // samples per pixel
        (279, LONG, 1, 4),          // bytes of the strip
        (320, SHORT, 48, 12 + 114), // where the palette is
    ];
    let mut file = b"II*\0\x08\0\0\0\x09\0".to_vec();
    for (tag, kind, count, value) in entries {
        file.extend(tag.to_le_bytes());
        file.extend(kind.to_le_bytes());
        file.extend(count.to_le_bytes());
        file.extend(value.to_le_bytes());
    }
    file.extend([0; 4]); // no further page
    file.extend([0x12, 0x3f, 0x45, 0x60]);
    file.extend((0..48_u16).flat_map(|value| (value * 1_000).to_le_bytes()));
    file
}
