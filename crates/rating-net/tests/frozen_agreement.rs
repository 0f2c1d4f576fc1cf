//! A network in training and the same network at work give the same logits.

use rating::Seed;
use rating_frozen::network::{Architecture as Frozen, Network, Purpose, Workspace};
use rating_frozen::weights::{Weights, read};
use rating_net::model::{Architecture, Device, Learner, OptimizerSettings, Start};

const FUSION: &[u8] = include_bytes!("../../../testdata/fusion_w4.safetensors");
const FUSION_IO: &[u8] = include_bytes!("../../../testdata/fusion_w4_io.safetensors");
const PX: usize = 64;

fn learner(architecture: Architecture, weights: Option<Weights>) -> Learner {
    let start = Start { weights, seed: Seed::new(1) };
    let optimizer = OptimizerSettings::default();
    Learner::new(architecture, start, &[], optimizer, &Device::flex()).unwrap()
}

fn assert_close(found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let limit = tolerance * expected.abs().max(1.0);
        assert!((found - expected).abs() <= limit, "{found} is not {expected}");
    }
}

/// The tensors under a prefix, without it.
fn part(weights: &Weights, prefix: &str) -> Weights {
    let named = weights
        .iter()
        .filter_map(|(name, array)| Some((name.strip_prefix(prefix)?.to_owned(), array.clone())));
    named.collect()
}

#[test]
fn two_extractors_and_a_head_are_the_authors_fusion_network() {
    let (weights, io) = (read(FUSION).unwrap(), read(FUSION_IO).unwrap());
    let single = Architecture::Single { width: 4, classes: 2 };
    let mut features = Vec::new();
    for (prefix, input) in [("backbone1.", "grayscale"), ("backbone2.", "doppler")] {
        let extractor = learner(single.clone(), Some(part(&weights, prefix)));
        features.extend(extractor.features(&io[input].data, 1).unwrap());
    }
    let head =
        Architecture::Head { features: 64, hidden: 256, relu: false, dropout: 0.0, classes: 2 };
    let head = learner(head, Some(weights));
    assert_close(&head.evaluate(&features, 1), &io["logits"].data, 1e-5);
}

#[test]
fn a_trained_network_scores_as_it_was_evaluated() {
    let mut learner = learner(Architecture::Single { width: 4, classes: 2 }, None);
    let inputs: Vec<f32> =
        (0..4 * 3 * PX * PX).map(|at| ((at * 7919) % 1000) as f32 / 300.0 - 1.5).collect();
    for _ in 0..5 {
        learner.step(&inputs, 4, &[0, 1, 1, 0], 1e-3);
    }
    let purpose = Purpose::one_by_one(PX);
    let network = Network::new(&Frozen::Single { width: 4 }, &learner.weights(), purpose).unwrap();
    let evaluated = learner.evaluate(&inputs, 4);
    for (image, expected) in inputs.chunks_exact(3 * PX * PX).zip(evaluated.chunks_exact(2)) {
        let logits = network.logits(&[image], PX, &mut Workspace::default()).unwrap();
        assert_close(&logits, expected, 1e-5);
    }
}
