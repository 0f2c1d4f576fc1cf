//! Files that are refused: one line each that says what is wrong and what to
//! do. No bytes make the decoder panic.

mod support;

use std::time::Instant;

use image::RgbImage;
use proptest::prelude::*;
use rating::decode::decode;
use rating::{Roi, View};
use support::{Tiff, jpeg, picture, png};

/// Decodes what must be refused, and checks the shape of the refusal.
fn refusal(bytes: &[u8]) -> String {
    let problem = decode(bytes).expect_err("this file is refused");
    assert!(problem.hint.is_some() && !problem.to_string().contains('\n'), "{problem}");
    problem.to_string()
}

#[test]
fn an_empty_file() {
    assert!(refusal(b"").starts_with("the file is empty"));
}

#[test]
fn other_formats() {
    let files: [&[u8]; 5] =
        [b"GIF89a\x01\0\x01\0", b"pair_id,grade\n", b"\x89PN", b"\0", b"%PDF-1.7"];
    for bytes in files {
        assert!(refusal(bytes).starts_with("this is no PNG, JPEG or TIFF image"));
    }
}

#[test]
fn dicom_even_behind_a_tiff_header() {
    for start in [&[0; 4], b"II*\0"] {
        let mut bytes = [0; 200].to_vec();
        bytes[..4].copy_from_slice(start);
        bytes[128..132].copy_from_slice(b"DICM");
        assert!(refusal(&bytes).contains("DICOM"));
    }
}

#[test]
fn files_cut_short_anywhere() {
    let image = picture(40, 30);
    let tiff = Tiff::new((40, 30), 2, 8, 3, image.as_raw()).bytes();
    for (name, bytes, spare) in
        [("jpeg", jpeg(&image), 0), ("png", png(&image), 12), ("tiff", tiff, 0)]
    {
        assert!(decode(&bytes).is_ok(), "{name}");
        for length in 0..bytes.len() - spare {
            refusal(&bytes[..length]);
        }
    }
    assert!(refusal(&jpeg(&image)[..400]).contains("ends early"));
}

#[test]
fn seventy_megapixels_are_refused_from_the_header() {
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    png.extend(10_000_u32.to_be_bytes());
    png.extend(7_000_u32.to_be_bytes());
    png.extend([8, 2, 0, 0, 0]);
    let mut jpeg = jpeg(&picture(16, 16));
    let frame = jpeg.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff; 4]);
    let tiff = Tiff::new((100_000, 100_000), 1, 8, 1, &[0]).bytes();
    for bytes in [png, jpeg, tiff] {
        let begun = Instant::now();
        assert!(refusal(&bytes).contains("more than 64 megapixels"));
        assert!(begun.elapsed().as_millis() < 500);
    }
}

#[test]
fn a_whole_png_of_seventy_megapixels_is_refused_at_once() {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 10_000, 7_000);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    encoder.set_compression(png::Compression::Fast);
    encoder.write_header().unwrap().write_image_data(&vec![0; 1250 * 7000]).unwrap();
    let begun = Instant::now();
    assert!(refusal(&bytes).contains("10000 x 7000 pixels"));
    assert!(begun.elapsed().as_millis() < 500);
}

#[test]
fn inks() {
    let tiff = Tiff::new((1, 1), 5, 8, 4, &[1, 2, 3, 4]).bytes();
    assert!(refusal(&tiff).contains("CMYK"));
    let mut jpeg = jpeg(&picture(16, 16));
    let frame = jpeg.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
    jpeg[frame + 9] = 4;
    assert!(refusal(&jpeg).contains("CMYK"));
}

#[test]
fn several_pages() {
    let page = Tiff { next_page: 8, ..Tiff::new((1, 1), 1, 8, 1, &[0]) };
    let mut two = page.bytes();
    let directory = two[8..].to_vec();
    let at = (two.len() as u32).to_le_bytes();
    let next = 8 + 2 + 12 * 9;
    two[next..next + 4].copy_from_slice(&at);
    two.extend(&directory);
    assert!(refusal(&two).contains("more than one page"));
}

#[test]
fn tiff_of_kinds_that_could_be_misread() {
    let gray = Tiff::new((1, 1), 1, 8, 1, &[0]);
    for (tiff, expected) in [
        (gray.clone().with(259, &[7]), "compression (7)"),
        (gray.clone().with(339, &[3]), "not whole numbers"),
        (Tiff { kind: 8, ..gray.clone() }, "photometric kind 8"),
        (Tiff { kind: 3, ..gray.clone() }, "ColorMap"),
        (Tiff { bits: 32, ..gray.clone() }, "TIFF cannot be decoded"),
        (Tiff { width: 0, ..gray }, "TIFF cannot be decoded"),
    ] {
        let problem = refusal(&tiff.bytes());
        assert!(problem.contains(expected), "{problem}");
    }
}

#[test]
fn one_pixel_is_an_image() {
    let one = RgbImage::from_pixel(1, 1, image::Rgb([9, 8, 7]));
    assert_eq!(decode(&png(&one)).unwrap().image, one);
}

#[test]
fn an_roi_outside_its_image_is_refused() {
    let roi = Roi::new([0, 0, 41, 30]).unwrap();
    let problem = View::new(picture(40, 30), roi).unwrap_err().to_string();
    assert!(problem.contains("reaches beyond the image of 40 x 30 pixels"), "{problem}");
}

/// One change of a file.
#[derive(Debug, Clone)]
enum Change {
    Set(usize, u8),
    Flip(usize, u8),
    Cut(usize, usize),
    Repeat(usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (any::<usize>(), any::<u8>()).prop_map(|(at, value)| Change::Set(at, value)),
        (any::<usize>(), 0..8_u8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        (any::<usize>(), 1..64_usize).prop_map(|(at, count)| Change::Cut(at, count)),
        (any::<usize>(), 1..64_usize).prop_map(|(at, count)| Change::Repeat(at, count)),
    ]
}

fn changed(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        let length = bytes.len().max(1);
        let span = |at: usize, count: usize| at % length..(at % length + count).min(length);
        match *change {
            Change::Set(at, value) => bytes[at % length] = value,
            Change::Flip(at, bit) => bytes[at % length] ^= 1 << bit,
            Change::Cut(at, count) if count < length => drop(bytes.drain(span(at, count))),
            Change::Cut(..) => {}
            Change::Repeat(at, count) => {
                let again = bytes[span(at, count)].to_vec();
                let end = at % length;
                bytes.splice(end..end, again);
            }
        }
    }
    bytes
}

fn small_files() -> Vec<Vec<u8>> {
    let image = picture(23, 14);
    let mut map = vec![0_u16; 3 * 256];
    map[7] = 65_535;
    vec![
        png(&image),
        jpeg(&image),
        Tiff::new((23, 14), 2, 8, 3, image.as_raw()).bytes(),
        Tiff::new((23, 14), 3, 8, 1, &image.as_raw()[..23 * 14]).with(320, &map).bytes(),
        Tiff { big_endian: true, ..Tiff::new((23, 14), 0, 4, 1, &image.as_raw()[..12 * 14]) }
            .bytes(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn damaged_files_never_panic(file in 0..5_usize, changes in prop::collection::vec(change(), 1..8)) {
        let bytes = changed(small_files().swap_remove(file), &changes);
        if let Err(problem) = decode(&bytes) {
            prop_assert!(!problem.to_string().contains('\n'));
        }
    }

    #[test]
    fn noise_behind_a_signature_never_panics(
        start in prop::sample::select(vec![&b"\x89PNG\r\n\x1a\n"[..], b"\xff\xd8\xff", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"]),
        noise in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        prop_assert!(decode(&[start, &noise].concat()).is_err());
    }
}
