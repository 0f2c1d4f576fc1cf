//! Masks and resized ROIs against OpenCV and Pillow (`testdata/images.json`).

use rating::augment::Augmentation;
use rating::decode::decode;
use rating::preprocess::{Prepared, Preprocess, doppler_mask, network_input};
use rating::protocol::Colour;
use rating::{Roi, View};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    image: String,
    mask: String,
    mask_pixels: usize,
    roi: Roi,
    roi_224: String,
}

fn testdata(name: &str) -> Vec<u8> {
    let path = format!("{}/../../testdata/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn cases() -> Vec<Case> {
    serde_json::from_slice::<Vectors>(&testdata("images.json")).unwrap().cases
}

#[test]
fn doppler_masks_equal_opencv_s_in_every_pixel() {
    for case in cases() {
        let image = decode(&testdata(&case.image)).unwrap().image;
        // The vectors are the paper's mask: without a floor.
        let mask = doppler_mask(&image, 0);
        let expected = decode(&testdata(&case.mask)).unwrap().image;
        assert_eq!(mask.pixels().filter(|pixel| pixel.0[0] == 255).count(), case.mask_pixels);
        let equal = mask.pixels().zip(expected.pixels()).all(|(a, b)| a.0[0] == b.0[0]);
        assert!(equal, "{}", case.mask);
    }
}

#[test]
fn rois_are_resized_as_pillow_does_to_the_last_bit() {
    for case in cases() {
        let image = decode(&testdata(&case.image)).unwrap().image;
        let expected = decode(&testdata(&case.roi_224)).unwrap().image;
        let view = View::new(image, case.roi).unwrap();
        let settings = Preprocess::default();
        let prepared = Prepared::new(&view, Colour::Keep, &settings);
        let input = network_input(&prepared, &Augmentation::NONE, &settings);
        assert!(input == expected, "{}", case.roi_224);
    }
}
