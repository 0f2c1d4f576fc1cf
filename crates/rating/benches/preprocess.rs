//! Images per second on one core: decoding a whole screen, preparing a view,
//! making inputs of it as scoring and as training do.
//!
//! The pictures are made of noise and gradients at the sizes of real ones: a
//! screen of 1200 x 850 pixels, an ROI of 200 x 110.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder, Rgb, RgbImage};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rating::augment::{Augmentation, Settings};
use rating::decode::decode;
use rating::preprocess::{MaskOrder, Prepared, Preprocess, network_input, normalise};
use rating::protocol::Colour;
use rating::{Roi, View};

/// Speckle on a gradient, with a patch of flow in the ROI.
fn screen() -> RgbImage {
    RgbImage::from_fn(1200, 850, |x, y| {
        let noise = (x * 7919 + y * 104_729).wrapping_mul(2_654_435_761) >> 27;
        let gray = (x / 10 + y / 12 + noise) as u8;
        match (380..400).contains(&x) && (180..190).contains(&y) {
            true => Rgb([gray.saturating_add(100), 20, 10]),
            false => Rgb([gray; 3]),
        }
    })
}

fn view(image: &RgbImage) -> View {
    View::new(image.clone(), Roi::new([300, 130, 500, 240]).expect("a rectangle"))
        .expect("inside the screen")
}

fn decoding(criterion: &mut Criterion) {
    let screen = screen();
    let (mut png, mut jpeg) = (Vec::new(), Vec::new());
    let size = (screen.width(), screen.height(), ExtendedColorType::Rgb8);
    PngEncoder::new(&mut png).write_image(screen.as_raw(), size.0, size.1, size.2).expect("a PNG");
    JpegEncoder::new_with_quality(&mut jpeg, 90)
        .write_image(screen.as_raw(), size.0, size.1, size.2)
        .expect("a JPEG");
    let mut group = criterion.benchmark_group("decode 1200x850");
    group.throughput(Throughput::Elements(1));
    group.bench_function("png", |bencher| bencher.iter(|| decode(black_box(&png))));
    group.bench_function("jpeg", |bencher| bencher.iter(|| decode(black_box(&jpeg))));
    group.finish();

    let mut group = criterion.benchmark_group("decode + preprocess 1200x850 to 224");
    group.throughput(Throughput::Elements(1));
    let settings = Preprocess::default();
    for (name, bytes) in [("png", &png), ("jpeg", &jpeg)] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let image = decode(black_box(bytes)).expect("an image").image;
                let prepared = Prepared::new(&view(&image), Colour::DopplerMask, &settings);
                input(&prepared, &Augmentation::NONE, &settings)
            });
        });
    }
    group.finish();
}

fn input(prepared: &Prepared, augmentation: &Augmentation, settings: &Preprocess) -> Vec<f32> {
    let picture = network_input(prepared, augmentation, settings);
    let mut values = vec![0.0; 3 * picture.width() as usize * picture.height() as usize];
    normalise(&picture, &mut values);
    values
}

fn preparing(criterion: &mut Criterion) {
    let view = view(&screen());
    let mut group = criterion.benchmark_group("prepare an ROI of 200x110");
    group.throughput(Throughput::Elements(1));
    for (name, colour) in [("gray", Colour::Gray), ("doppler", Colour::DopplerMask)] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| Prepared::new(black_box(&view), colour, &Preprocess::default()));
        });
    }
    group.finish();
}

fn inputs(criterion: &mut Criterion) {
    let view = view(&screen());
    for px in [64, 224] {
        let mut group = criterion.benchmark_group(format!("input of {px} px from 200x110"));
        group.throughput(Throughput::Elements(1));
        for (name, colour, order) in [
            ("gray", Colour::Gray, MaskOrder::BeforeResize),
            ("doppler", Colour::DopplerMask, MaskOrder::BeforeResize),
            ("doppler, masked after resizing", Colour::DopplerMask, MaskOrder::AfterResize),
        ] {
            let mut settings = Preprocess { input_px: px, ..Preprocess::default() };
            settings.mask.order = order;
            let prepared = Prepared::new(&view, colour, &settings);
            let augmentations = Settings::default();
            let mut rng = ChaCha8Rng::seed_from_u64(1);
            group.bench_function(name, |bencher| {
                bencher.iter(|| input(&prepared, &Augmentation::NONE, &settings));
            });
            group.bench_function(format!("{name}, augmented"), |bencher| {
                bencher.iter(|| {
                    let augmentation = augmentations.ranges(colour).draw(&mut rng);
                    input(&prepared, &augmentation, &settings)
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, decoding, preparing, inputs);
criterion_main!(benches);
