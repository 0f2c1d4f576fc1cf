//! Real ultrasound files through the front door: decode, ROI, Doppler mask.
//!
//! The files are not part of the project; without them the tests say that
//! they were skipped. Expected sums and counts are Pillow's and NumPy's.

use std::path::PathBuf;

use image::RgbImage;
use rating::augment::Augmentation;
use rating::decode::decode;
use rating::preprocess::{Prepared, Preprocess, coloured_share, doppler_mask, network_input};
use rating::protocol::Colour;
use rating::{Roi, View};

/// Over the tissue of the linear Doppler image.
const TISSUE: [i64; 4] = [300, 130, 700, 500];

/// The default floor of the mask.
const FLOOR: u8 = 40;

fn real(name: &str) -> Option<Vec<u8>> {
    let folder: PathBuf = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/real").into();
    if !folder.is_dir() {
        eprintln!("skipped: no folder of real images beside the project");
        return None;
    }
    Some(std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}")))
}

fn image(name: &str) -> Option<RgbImage> {
    Some(decode(&real(name)?).unwrap_or_else(|problem| panic!("{name}: {problem}")).image)
}

fn view(name: &str, roi: [i64; 4]) -> Option<View> {
    Some(View::new(image(name)?, Roi::new(roi).unwrap()).unwrap())
}

fn signal_pixels(view: &View, floor: u8) -> usize {
    let share = coloured_share(view, floor);
    let roi = view.roi();
    (share * f64::from(roi.width() * roi.height())).round() as usize
}

fn sums(image: &RgbImage) -> [u64; 3] {
    [0, 1, 2].map(|channel| image.pixels().map(|pixel| u64::from(pixel.0[channel])).sum())
}

#[test]
fn lossless_files_decode_to_pillow_s_pixels() {
    for (name, size, expected) in [
        ("doppler/carotid_a.png", (1200, 850), [18_912_862, 19_714_587, 21_286_281]),
        ("doppler/carotid_a_palette.tif", (1200, 850), [18_918_819, 19_687_128, 21_209_640]),
        ("grayscale/usgra_0020.png", (512, 512), [12_365_027; 3]),
        ("grayscale/usgra_0020_lzw.tif", (512, 512), [12_365_027; 3]),
        ("grayscale/usgra_0222.png", (534, 512), [12_995_120, 13_367_033, 14_080_997]),
        ("joint/hip_0.png", (256, 256), [2_208_628; 3]),
        ("joint/hip_1.png", (256, 256), [3_361_715; 3]),
        ("joint/hip_2.png", (256, 256), [4_540_963; 3]),
        ("joint/hip_3.png", (256, 256), [3_689_348; 3]),
    ] {
        let Some(image) = image(name) else { return };
        assert_eq!(image.dimensions(), size, "{name}");
        assert_eq!(sums(&image), expected, "{name}");
    }
}

#[test]
fn jpegs_decode_to_about_pillow_s_pixels() {
    for (name, expected) in [
        ("doppler/carotid_a.jpg", [19_072_828, 19_740_476, 21_471_510]),
        ("doppler/no_flow.jpg", [13_812_011, 14_778_444, 15_853_695]),
        ("grayscale/usgra_0000.jpg", [7_594_251; 3]),
    ] {
        let Some(image) = image(name) else { return };
        for (sum, expected) in sums(&image).into_iter().zip(expected) {
            let apart = sum.abs_diff(expected) as f64 / expected as f64;
            assert!(apart < 0.01, "{name}: {sum} against {expected}");
        }
    }
}

#[test]
fn the_lzw_tiff_and_the_png_hold_the_same_picture() {
    let Some(png) = image("grayscale/usgra_0020.png") else { return };
    assert_eq!(Some(png), image("grayscale/usgra_0020_lzw.tif"));
}

#[test]
fn flow_is_counted_inside_the_roi_whatever_the_format() {
    let Some(png) = view("doppler/carotid_a.png", TISSUE) else { return };
    assert_eq!(signal_pixels(&png, FLOOR), 14_236);
    let whole = doppler_mask(png.image(), FLOOR).pixels().filter(|pixel| pixel.0[0] == 255).count();
    assert_eq!(whole, 36_777, "bars and text are coloured too, so the ROI matters");

    let palette = view("doppler/carotid_a_palette.tif", TISSUE).unwrap();
    assert_eq!(signal_pixels(&palette, FLOOR), 14_236);
    let jpeg = signal_pixels(&view("doppler/carotid_a.jpg", TISSUE).unwrap(), FLOOR);
    assert!((14_200..15_200).contains(&jpeg), "{jpeg}");
}

#[test]
fn an_image_without_flow_has_a_coloured_share_of_zero() {
    let Some(jpeg) = view("doppler/no_flow.jpg", TISSUE) else { return };
    assert_eq!(coloured_share(&jpeg, FLOOR), 0.0);
    assert!(coloured_share(&jpeg, 0) > 0.0, "the paper's mask takes near-black noise for flow");
}

#[test]
fn a_spectral_trace_is_not_taken_for_flow_in_an_roi_over_tissue() {
    let name = "doppler/carotid_b_spectral.png";
    let Some(tissue) = view(name, [300, 300, 700, 430]) else { return };
    assert_eq!(coloured_share(&tissue, FLOOR), 0.0);
    // The whole sector: 100 pixels of true flow, none of the trace.
    assert_eq!(signal_pixels(&view(name, [300, 80, 720, 440]).unwrap(), FLOOR), 100);
    // The trace is copper-coloured: by colour alone it is signal, so an ROI
    // must never be drawn over it.
    assert_eq!(signal_pixels(&view(name, [530, 560, 940, 700]).unwrap(), FLOOR), 15_073);
}

#[test]
fn grayscale_and_joint_images_become_inputs() {
    for (name, roi) in [
        ("grayscale/carotid_a.png", TISSUE),
        ("grayscale/usgra_0061.png", [100, 100, 400, 300]),
        ("joint/hip_2.png", [0, 0, 256, 256]),
    ] {
        let Some(view) = view(name, roi) else { return };
        let settings = Preprocess::default();
        let prepared = Prepared::new(&view, Colour::Gray, &settings);
        let input = network_input(&prepared, &Augmentation::NONE, &settings);
        assert_eq!(input.dimensions(), (224, 224));
        assert!(input.pixels().all(|pixel| pixel.0[0] == pixel.0[1] && pixel.0[1] == pixel.0[2]));
    }
}

#[test]
fn dicom_is_refused_with_a_sentence_even_where_it_looks_like_tiff() {
    for name in [
        "US1_UNCR",
        "US1_RLE",
        "US1_J2KR",
        "US-YBR_FULL_422-EVRLE",
        "examples_ybr_color",
        "examples_palette",
        "examples_rgb_color",
    ] {
        let Some(bytes) = real(&format!("dicom/{name}.dcm")) else { return };
        let problem = decode(&bytes).unwrap_err().to_string();
        assert!(problem.contains("DICOM") && problem.contains("hint: export"), "{problem}");
    }
}

#[test]
fn real_files_cut_anywhere_are_refused() {
    for name in [
        "doppler/carotid_a.jpg",
        "doppler/carotid_a.png",
        "doppler/carotid_a_palette.tif",
        "grayscale/usgra_0000.jpg",
        "grayscale/usgra_0020_lzw.tif",
    ] {
        let Some(bytes) = real(name) else { return };
        let last = bytes.len();
        let cuts = (1..40).map(|part| last * part / 40).chain([last - 20, last - 2, last - 1]);
        for cut in cuts {
            // A PNG's last chunk holds nothing, a TIFF may end in padding.
            let whole = decode(&bytes).unwrap();
            match decode(&bytes[..cut]) {
                Err(problem) => assert!(!problem.to_string().contains('\n'), "{problem}"),
                Ok(decoded) => assert!(
                    decoded == whole && !name.ends_with("jpg") && last - cut <= 20,
                    "{name} cut at {cut} of {last}"
                ),
            }
        }
    }
}
