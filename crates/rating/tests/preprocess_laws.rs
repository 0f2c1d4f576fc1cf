//! Laws of preprocessing and augmentation.

use image::{Rgb, RgbImage};
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rating::augment::{Augmentation, Ranges, Settings};
use rating::preprocess::{
    Mask, MaskOrder, Prepared, Preprocess, Window, coloured_share, gray, network_input, normalise,
};
use rating::protocol::Colour;
use rating::{Roi, View};

const COLOURS: [Colour; 3] = [Colour::Gray, Colour::Keep, Colour::DopplerMask];

/// A picture in which every pixel differs from its neighbours.
fn picture(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        Rgb([(x * 37 + y * 11) as u8, (x * 5 + y * 83) as u8, (x * y * 3 + 128) as u8])
    })
}

fn settings(input_px: u32) -> Preprocess {
    Preprocess { input_px, ..Preprocess::default() }
}

fn view(image: &RgbImage, roi: [i64; 4]) -> View {
    View::new(image.clone(), Roi::new(roi).unwrap()).unwrap()
}

/// The largest difference of two pictures in one value.
fn apart(a: &RgbImage, b: &RgbImage) -> u8 {
    assert_eq!(a.dimensions(), b.dimensions());
    a.as_raw().iter().zip(b.as_raw()).map(|(a, b)| a.abs_diff(*b)).max().unwrap()
}

fn roi_in(width: i64, height: i64) -> impl Strategy<Value = [i64; 4]> {
    (0..width, 0..height).prop_flat_map(move |(left, top)| {
        (Just(left), Just(top), left + 1..=width, top + 1..=height)
            .prop_map(|(left, top, right, bottom)| [left, top, right, bottom])
    })
}

/// Ranges of every kind, with rotation in half of the cases.
fn ranges() -> impl Strategy<Value = Ranges> {
    (0.0..0.5, 0.3..1.0, 1.0..2.0, 0.0..0.9, prop_oneof![Just(0.0), 0.0..45.0]).prop_map(
        |(shift, least, most, jitter, rotation_degrees)| Ranges {
            shift,
            scale: [least, most],
            jitter,
            rotation_degrees,
        },
    )
}

proptest! {
    #[test]
    fn a_window_lies_in_its_image_and_has_pixels(roi in roi_in(90, 60), ranges in ranges(), seed: u64) {
        let augmentation = ranges.draw(&mut ChaCha8Rng::seed_from_u64(seed));
        let window = Window::new(Roi::new(roi).unwrap(), &augmentation, (90, 60));
        prop_assert!(0.0 <= window.left && window.left + 1.0 <= window.right && window.right <= 90.0);
        prop_assert!(0.0 <= window.top && window.top + 1.0 <= window.bottom && window.bottom <= 60.0);
        let [left, top, width, height] = window.pixels();
        prop_assert!(left + width <= 90 && top + height <= 60);
    }

    /// Keeping only what can be reached changes nothing but memory.
    #[test]
    fn what_is_kept_suffices(roi in roi_in(90, 60), ranges in ranges(), seed: u64, colour in 0..3_usize) {
        let everything = Ranges { shift: 0.5, scale: [0.3, 4.0], jitter: 0.0, rotation_degrees: 45.0 };
        let whole_image = Ranges { shift: 200.0, ..everything };
        let view = view(&picture(90, 60), roi);
        let augmentation = ranges.draw(&mut ChaCha8Rng::seed_from_u64(seed));
        let input = |kept: &Ranges| {
            let prepared = Prepared::within(&view, COLOURS[colour], &settings(16), kept);
            (prepared.bytes(), network_input(&prepared, &augmentation, &settings(16)))
        };
        let ((some, little), (all, much)) = (input(&ranges), input(&whole_image));
        prop_assert!(some <= all);
        // The sums of coordinates round differently by 1e-14, so now and then a level.
        prop_assert!(apart(&little, &much) <= 1);
    }

    #[test]
    fn the_same_seed_gives_the_same_input(roi in roi_in(90, 60), ranges in ranges(), seed: u64) {
        let view = view(&picture(90, 60), roi);
        let once = || {
            let prepared = Prepared::within(&view, Colour::DopplerMask, &settings(24), &ranges);
            network_input(&prepared, &ranges.draw(&mut ChaCha8Rng::seed_from_u64(seed)), &settings(24))
        };
        prop_assert!(once() == once());
    }

    /// The input depends on the ROI's pixels alone when nothing is augmented.
    #[test]
    fn pixels_outside_the_roi_do_not_matter(roi in roi_in(40, 30), colour in 0..3_usize) {
        let image = picture(40, 30);
        let mut other = RgbImage::from_pixel(40, 30, Rgb([255, 0, 200]));
        for y in roi[1]..roi[3] {
            for x in roi[0]..roi[2] {
                other.put_pixel(x as u32, y as u32, *image.get_pixel(x as u32, y as u32));
            }
        }
        let input = |image: &RgbImage| {
            let prepared = Prepared::new(&view(image, roi), COLOURS[colour], &settings(16));
            network_input(&prepared, &Augmentation::NONE, &settings(16))
        };
        prop_assert!(input(&image) == input(&other));
    }

    /// Gray of a picture is the picture of its gray.
    #[test]
    fn gray_comes_before_resizing(roi in roi_in(40, 30), ranges in ranges(), seed: u64) {
        let image = picture(40, 30);
        let of_gray = RgbImage::from_fn(40, 30, |x, y| Rgb([gray(&image).get_pixel(x, y).0[0]; 3]));
        let augmentation = ranges.draw(&mut ChaCha8Rng::seed_from_u64(seed));
        let input = |image: &RgbImage, colour| {
            let prepared = Prepared::within(&view(image, roi), colour, &settings(16), &ranges);
            network_input(&prepared, &augmentation, &settings(16))
        };
        prop_assert!(input(&image, Colour::Gray) == input(&of_gray, Colour::Keep));
    }

    /// With the mask after resizing every pixel is either paint or spared, and
    /// which it is does not depend on brightness or contrast.
    #[test]
    fn jitter_moves_no_signal(roi in roi_in(40, 30), brightness in 0.5..1.5, contrast in 0.5..1.5) {
        let paint = [1, 254, 3];
        let settings = Preprocess {
            input_px: 16,
            mask: Mask { order: MaskOrder::AfterResize, paint, ..Mask::default() },
        };
        let prepared = Prepared::new(&view(&picture(40, 30), roi), Colour::DopplerMask, &settings);
        let painted = |augmentation: &Augmentation| -> Vec<bool> {
            network_input(&prepared, augmentation, &settings).pixels().map(|pixel| pixel.0 == paint).collect()
        };
        let jittered = Augmentation { brightness, contrast, ..Augmentation::NONE };
        prop_assert_eq!(painted(&Augmentation::NONE), painted(&jittered));
    }

    #[test]
    fn nothing_in_an_augmentation_panics(values in prop::array::uniform7(prop::num::f64::ANY), colour in 0..3_usize) {
        let [shift_x, shift_y, scale_x, scale_y, brightness, contrast, rotation_degrees] = values;
        let augmentation =
            Augmentation { shift_x, shift_y, scale_x, scale_y, brightness, contrast, rotation_degrees };
        let prepared = Prepared::new(&view(&picture(20, 10), [3, 2, 15, 9]), COLOURS[colour], &settings(8));
        prop_assert_eq!(network_input(&prepared, &augmentation, &settings(8)).dimensions(), (8, 8));
    }
}

#[test]
fn signal_is_painted_and_never_jittered() {
    // Flow of two colours in the left half, tissue in the right half.
    let image = RgbImage::from_fn(40, 20, |x, y| match (x < 20, y < 10) {
        (true, true) => Rgb([20, 30, 220]),
        (true, false) => Rgb([230, 140, 20]),
        (false, _) => Rgb([100; 3]),
    });
    let settings = settings(10);
    let jittered = Augmentation { brightness: 0.75, ..Augmentation::NONE };
    let prepared = Prepared::new(&view(&image, [0, 0, 40, 20]), Colour::DopplerMask, &settings);
    let input = network_input(&prepared, &jittered, &settings);
    assert_eq!(input.get_pixel(2, 2).0, [255, 0, 0]);
    assert_eq!(input.get_pixel(2, 8).0, [255, 0, 0]);
    assert_eq!(input.get_pixel(8, 5).0, [75; 3]);
    // In between paint and jittered tissue mix.
    let plain = Prepared::new(&view(&image, [18, 0, 22, 20]), Colour::DopplerMask, &settings);
    let mixed = network_input(&plain, &jittered, &settings).get_pixel(5, 5).0;
    assert!(mixed[0] > 75 && mixed[0] < 255 && mixed[1] > 0 && mixed[1] < 75, "{mixed:?}");
}

#[test]
fn the_authors_order_floor_and_paint() {
    // One saturated column of four disappears when the crop is resized first.
    let image =
        RgbImage::from_fn(4, 4, |x, _| if x == 0 { Rgb([200, 100, 100]) } else { Rgb([200; 3]) });
    let input = |order| {
        let mask = Mask { order, floor: 0, paint: [0, 0, 255] };
        let settings = Preprocess { input_px: 1, mask };
        let prepared = Prepared::new(&view(&image, [0, 0, 4, 4]), Colour::DopplerMask, &settings);
        network_input(&prepared, &Augmentation::NONE, &settings).get_pixel(0, 0).0
    };
    // Triangle weights along the row: 5, 7, 7, 5 of 24. 200 - 100 x 5 / 24 = 179.2.
    assert_eq!(input(MaskOrder::AfterResize), [200, 179, 179]);
    // 200 x 19 / 24 = 158.3; (255 x 5 + 200 x 19) / 24 = 211.5, rounded down in
    // fixed point.
    assert_eq!(input(MaskOrder::BeforeResize), [158, 158, 211]);
}

#[test]
fn a_coloured_share_by_hand() {
    let image =
        RgbImage::from_fn(
            10,
            10,
            |x, y| if x == 3 && y < 4 { Rgb([90, 0, 0]) } else { Rgb([90; 3]) },
        );
    assert_eq!(coloured_share(&view(&image, [2, 2, 6, 6]), 40), 2.0 / 16.0);
    assert_eq!(coloured_share(&view(&image, [2, 2, 6, 6]), 91), 0.0);
}

#[test]
fn inputs_are_normalised_as_torchvision_does() {
    let image =
        RgbImage::from_fn(2, 1, |x, _| if x == 0 { Rgb([255, 0, 51]) } else { Rgb([0; 3]) });
    let mut input = [0.0; 6];
    normalise(&image, &mut input);
    // (1 - 0.485) / 0.229, -0.485 / 0.229; -0.456 / 0.224; (0.2 - 0.406) / 0.225, -0.406 / 0.225
    let expected = [2.248_908, -2.117_904, -2.035_714, -2.035_714, -0.915_556, -1.804_444];
    for (value, expected) in input.iter().zip(expected) {
        assert!((value - expected).abs() < 1e-5, "{input:?}");
    }
}

#[test]
fn a_screen_does_not_stay_in_memory() {
    let screen = RgbImage::new(1200, 850);
    let settings = Preprocess::default();
    let view = view(&screen, [300, 130, 500, 240]);
    let bytes = |colour| Prepared::new(&view, colour, &settings).bytes();
    // ROI 200 x 110: grayscale reaches 0.65 of it to each side, Doppler 0.55.
    assert_eq!(bytes(Colour::Gray), 262 * 146);
    assert_eq!(bytes(Colour::DopplerMask), 222 * 124 * 4);
}

#[test]
fn settings_are_read_strictly_and_completely_written() {
    let default: Preprocess = toml::from_str("").unwrap();
    assert_eq!(default, Preprocess::default());
    let authors =
        "input_px = 64\n[mask]\norder = \"after-resize\"\nfloor = 0\npaint = [0, 0, 255]\n";
    let read: Preprocess = toml::from_str(authors).unwrap();
    assert_eq!(toml::from_str::<Preprocess>(&toml::to_string(&read).unwrap()).unwrap(), read);
    assert_eq!((read.mask.order, read.mask.floor), (MaskOrder::AfterResize, 0));
    assert!(toml::from_str::<Preprocess>("inputpx = 64").is_err());
    assert!(toml::from_str::<Preprocess>("[mask]\nfloor = 256").is_err());
    assert!(settings(0).check().is_err() && settings(64).check().is_ok());
    assert_eq!(toml::from_str::<Settings>("").unwrap(), Settings::default());
}
