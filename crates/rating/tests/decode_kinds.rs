//! Every kind of file that is read, with pixels known beforehand.

mod support;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};
use rating::decode::decode;
use support::{Tiff, jpeg, picture, png};

/// The decoded samples.
fn samples(bytes: &[u8]) -> Vec<u8> {
    decode(bytes).unwrap_or_else(|problem| panic!("{problem}")).image.into_raw()
}

fn grays(values: &[u8]) -> Vec<u8> {
    values.iter().flat_map(|&value| [value; 3]).collect()
}

/// A PNG of this kind, 2 pixels wide and 1 high.
fn png_of(kind: png::ColorType, depth: png::BitDepth, palette: &[u8], row: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 2, 1);
    encoder.set_color(kind);
    encoder.set_depth(depth);
    if !palette.is_empty() {
        encoder.set_palette(palette.to_vec());
    }
    encoder.write_header().unwrap().write_image_data(row).unwrap();
    bytes
}

#[test]
fn png_of_every_depth_and_colour() {
    use png::{BitDepth::*, ColorType::*};
    let of = |kind, depth, row: &[u8]| samples(&png_of(kind, depth, &[], row));
    assert_eq!(of(Grayscale, One, &[0b0100_0000]), grays(&[0, 255]));
    assert_eq!(of(Grayscale, Two, &[0b0110_0000]), grays(&[85, 170]));
    assert_eq!(of(Grayscale, Four, &[0x3c]), grays(&[0x33, 0xcc]));
    assert_eq!(of(Grayscale, Eight, &[3, 200]), grays(&[3, 200]));
    // 0x80ff / 257 = 128.49; 0x8100 / 257 = 128.498; 0x8101 / 257 = 128.502
    assert_eq!(of(Grayscale, Sixteen, &[0x81, 0x00, 0x81, 0x01]), grays(&[128, 129]));
    assert_eq!(of(GrayscaleAlpha, Eight, &[9, 0, 8, 255]), grays(&[9, 8]));
    assert_eq!(of(Rgba, Eight, &[1, 2, 3, 0, 4, 5, 6, 9]), [1, 2, 3, 4, 5, 6]);
    assert_eq!(of(Rgb, Sixteen, &[1, 1, 2, 2, 3, 3, 255, 255, 0, 0, 4, 4]), [1, 2, 3, 255, 0, 4]);
    let palette = [10, 20, 30, 40, 50, 60];
    assert_eq!(samples(&png_of(Indexed, Eight, &palette, &[1, 0])), [40, 50, 60, 10, 20, 30]);
}

#[test]
fn tiff_of_every_depth_and_colour_in_both_byte_orders() {
    let mut map = vec![0_u16; 3 * 16];
    for (index, value) in [(5, 200 << 8), (16 + 5, 100 << 8), (32 + 5, 7 << 8)] {
        map[index] = value;
    }
    let gray16 = |order: fn(u16) -> [u8; 2]| [0x8100, 0x8101].map(order).concat();
    for big_endian in [false, true] {
        let order: fn(u16) -> [u8; 2] =
            if big_endian { u16::to_be_bytes } else { u16::to_le_bytes };
        let of = |kind, bits, bands, pixels: &[u8]| Tiff {
            big_endian,
            ..Tiff::new((2, 1), kind, bits, bands, pixels)
        };
        for (tiff, expected) in [
            (of(1, 8, 1, &[3, 200]), grays(&[3, 200])),
            (of(0, 8, 1, &[3, 200]), grays(&[252, 55])),
            (of(1, 1, 1, &[0b0100_0000]), grays(&[0, 255])),
            (of(0, 1, 1, &[0b0100_0000]), grays(&[255, 0])),
            (of(1, 4, 1, &[0x3c]), grays(&[0x33, 0xcc])),
            (of(1, 16, 1, &gray16(order)), grays(&[128, 129])),
            (of(1, 8, 2, &[9, 0, 8, 255]).with(338, &[2]), grays(&[9, 8])),
            (of(2, 8, 3, &[1, 2, 3, 4, 5, 6]), vec![1, 2, 3, 4, 5, 6]),
            (of(2, 8, 3, &[1, 4, 2, 5, 3, 6]).with(284, &[2]), vec![1, 2, 3, 4, 5, 6]),
            (of(2, 8, 4, &[1, 2, 3, 0, 4, 5, 6, 9]).with(338, &[2]), vec![1, 2, 3, 4, 5, 6]),
            (of(3, 4, 1, &[0x50]).with(320, &map), vec![200, 100, 7, 0, 0, 0]),
        ] {
            let (kind, bits, bands) = (tiff.kind, tiff.bits, tiff.bands);
            assert_eq!(samples(&tiff.bytes()), expected, "kind {kind}, {bands} x {bits} bits");
        }
    }
}

#[test]
fn a_palette_of_unstretched_colours_is_taken_as_it_is() {
    let mut map = vec![0_u16; 3 * 256];
    (map[1], map[256 + 1], map[512 + 1]) = (255, 128, 3);
    let tiff = Tiff::new((2, 1), 3, 8, 1, &[1, 0]).with(320, &map);
    assert_eq!(samples(&tiff.bytes()), [255, 128, 3, 0, 0, 0]);
}

#[test]
fn formats_are_told_by_content() {
    let image = picture(31, 17);
    assert_eq!(decode(&png(&image)).unwrap().image, image);
    let rgb = Tiff::new((31, 17), 2, 8, 3, image.as_raw());
    assert_eq!(decode(&rgb.bytes()).unwrap().image, image);
    assert_eq!(decode(&jpeg(&image)).unwrap().image.dimensions(), (31, 17));
}

#[test]
fn a_gray_jpeg_has_three_equal_channels() {
    let mut bytes = Vec::new();
    JpegEncoder::new(&mut bytes).write_image(&[77; 64], 8, 8, ExtendedColorType::L8).unwrap();
    assert_eq!(samples(&bytes), [77; 192]);
}

/// EXIF that holds an orientation and nothing else.
fn exif(orientation: u8) -> Vec<u8> {
    let mut exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    exif
}

#[test]
fn orientation_is_reported_and_ignored() {
    let image = picture(8, 5);
    let with_exif = |encoder: &mut dyn FnMut(&mut Vec<u8>, Vec<u8>), number| {
        let mut bytes = Vec::new();
        encoder(&mut bytes, exif(number));
        decode(&bytes).unwrap()
    };
    let mut as_png = |bytes: &mut Vec<u8>, exif| {
        let mut encoder = PngEncoder::new(bytes);
        encoder.set_exif_metadata(exif).unwrap();
        encoder.write_image(image.as_raw(), 8, 5, ExtendedColorType::Rgb8).unwrap();
    };
    let mut as_jpeg = |bytes: &mut Vec<u8>, exif| {
        let mut encoder = JpegEncoder::new(bytes);
        encoder.set_exif_metadata(exif).unwrap();
        encoder.write_image(image.as_raw(), 8, 5, ExtendedColorType::Rgb8).unwrap();
    };
    assert_eq!(with_exif(&mut as_png, 6).orientation, Some(6));
    assert_eq!(with_exif(&mut as_png, 6).image, image);
    assert_eq!(with_exif(&mut as_png, 1).orientation, None);
    assert_eq!(with_exif(&mut as_jpeg, 3).orientation, Some(3));
    assert_eq!(with_exif(&mut as_jpeg, 3).image.dimensions(), (8, 5));
    let tiff = Tiff::new((8, 5), 2, 8, 3, image.as_raw());
    let turned = decode(&tiff.clone().with(274, &[8]).bytes()).unwrap();
    assert_eq!((turned.orientation, turned.image), (Some(8), image));
    assert_eq!(decode(&tiff.with(274, &[1]).bytes()).unwrap().orientation, None);
}
