//! Pairs drawn from a formula, so small that a whole study takes seconds.

use std::num::NonZeroUsize;

use image::{Rgb, RgbImage};
use rating::preprocess::Prepared;
use rating::{Protocol, Roi, View};
use rating_net::{Config, Example, Imagenet, Job, Stop, TrainError, Unobserved, run};

/// The configuration that walks the whole road in seconds.
pub fn nano() -> Config {
    Config::from_toml(include_str!("../../../../configs/nano.toml")).expect("nano.toml is valid")
}

/// `count` pairs of six patients in two folds. Gray level follows the first
/// grade, the size of a red spot the last, so that there is something to learn.
pub fn examples(count: usize, config: &Config, protocol: &Protocol) -> Vec<Example> {
    (0..count).map(|index| example(index, config, protocol)).collect()
}

fn example(index: usize, config: &Config, protocol: &Protocol) -> Example {
    let morphology = (index / 2 % 4) as u8;
    let flow = if morphology == 0 { 0 } else { ((index / 8 + usize::from(morphology)) % 4) as u8 };
    let grades = [morphology, flow][..protocol.measurements().len()].to_vec();
    let views = protocol
        .modalities()
        .iter()
        .map(|modality| {
            let image = RgbImage::from_fn(64, 48, |x, y| pixel(index, x, y, morphology, flow));
            let roi = Roi::new([8, 6, 56, 42]).expect("a rectangle");
            let view = View::new(image, roi).expect("a rectangle in the image");
            Prepared::new(&view, modality.colour, &config.preprocess)
        })
        .collect();
    Example {
        pair_id: format!("P{index:03}"),
        patient_id: Some(format!("patient {}", index % 6)),
        fold: (index % 2) as u8 + 1,
        grades,
        views,
        digest: *blake3::hash(&index.to_le_bytes()).as_bytes(),
    }
}

fn pixel(index: usize, x: u32, y: u32, morphology: u8, flow: u8) -> Rgb<u8> {
    let noise =
        (x * 7 + y * 13 + index as u32 * 29).wrapping_mul(2_654_435_761).rotate_left(x % 7) >> 27;
    let gray = 60 + 40 * u32::from(morphology) * u32::from(y > 20) + noise;
    let radius = 4 * i64::from(flow);
    let (dx, dy) = (i64::from(x) - 32, i64::from(y) - 24);
    if dx * dx + dy * dy < radius * radius { Rgb([220, 40, 10]) } else { Rgb([gray as u8; 3]) }
}

/// A study in a work folder.
pub fn job(
    config: &Config,
    protocol: &Protocol,
    imagenet: Option<Imagenet>,
    examples: Vec<Example>,
    work: &std::path::Path,
) -> Job {
    Job::new(config.clone(), protocol.clone(), imagenet, examples, "cpu", work)
        .expect("a study that can run")
}

/// Runs all trainings with so many at once.
pub fn run_all(job: &Job, jobs: usize, stop: &Stop) -> Result<(), TrainError> {
    run(job, NonZeroUsize::new(jobs).expect("at least one"), None, &Unobserved, stop)
}
