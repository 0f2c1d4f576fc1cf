//! A bundle answers the same on every device as in the engine on the processor.

#[path = "../../rating-frozen/tests/common/mod.rs"]
mod common;

use std::time::Instant;

use common::{info_of, pairs, write};
use rating::scores::{Method, Probability, decide};
use rating_frozen::network::Architecture;
use rating_frozen::{Bundle, CpuScorer, How, Resources, ScoreError, Scorer, Uncontrolled};
use rating_net::DeviceScorer;
use rating_net::model::device;

const WIDTH: usize = 8;
const PX: u32 = 64;

/// A bundle of two folds and two seeds, 24 networks of width 8 for 64 pixels.
fn bundle(folder: &std::path::Path) -> Bundle {
    let fusion = Architecture::Fusion { width: WIDTH, modalities: 2, hidden: 32, relu: true };
    let mut info = info_of(2, 2, [fusion, Architecture::Single { width: WIDTH }]);
    info.preprocess.input_px = PX;
    write(folder, &info).unwrap();
    Bundle::open(folder).unwrap()
}

/// The largest difference of two probabilities of the same network.
fn largest_difference(some: &[Vec<Probability>], others: &[Vec<Probability>]) -> f64 {
    assert_eq!(some.len(), others.len());
    let mut largest: f64 = 0.0;
    for (some, other) in some.iter().flatten().zip(others.iter().flatten()) {
        assert_eq!((&some.network, some.threshold), (&other.network, other.threshold));
        largest = largest.max((some.probability - other.probability).abs());
    }
    largest
}

/// Asks the device of this name, if there is one, and the engine.
fn agrees(name: &str) {
    let device = match device(name) {
        Ok(device) => device,
        Err(problem) => return eprintln!("skipped: {problem}"),
    };
    let folder = tempfile::tempdir().unwrap();
    let bundle = bundle(folder.path());
    // More than pass together, so that the last pass is a smaller one.
    let pairs = pairs(35);
    let engine = CpuScorer::new(bundle.clone(), Resources::default()).unwrap();
    let expected = engine.score(&pairs, &Uncontrolled).unwrap();
    let start = Instant::now();
    let scorer = DeviceScorer::new(bundle, device);
    let found = scorer.score(&pairs, &Uncontrolled).unwrap();

    let all = || expected.iter().flatten().map(|answer| answer.probability);
    let unsure = all().filter(|p| (0.05..0.95).contains(p)).count();
    assert!(unsure > all().count() / 4, "too few answers that rounding could move: {unsure}");
    let difference = largest_difference(&found, &expected);
    eprintln!(
        "{name}: {} probabilities, largest difference {difference:.1e}, {:.1} s",
        all().count(),
        start.elapsed().as_secs_f64()
    );
    assert!(difference <= 1e-5, "{difference:e}");
    let protocol = &scorer.identity().protocol;
    for (found, expected) in found.iter().zip(&expected) {
        let grades = |answers| decide(protocol, answers, Method::Multitude).unwrap().grades;
        assert_eq!(grades(found), grades(expected));
    }
}

#[test]
fn burn_on_the_processor_agrees_with_the_engine() {
    agrees("cpu");
}

#[test]
fn vulkan_agrees_with_the_engine() {
    agrees("vulkan");
}

#[test]
fn cuda_agrees_with_the_engine() {
    agrees("cuda");
}

#[test]
fn heatmaps_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let scorer = DeviceScorer::new(bundle(folder.path()), device("cpu").unwrap());
    let refused = scorer.explain(&pairs(1)[0], &How::default(), &Uncontrolled);
    assert!(matches!(refused, Err(ScoreError::Pair(_))), "{refused:?}");
}
