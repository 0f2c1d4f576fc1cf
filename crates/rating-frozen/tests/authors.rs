//! Checkpoints of the authors' layout.

use rating_frozen::authors::{Classes, read_checkpoint};
use rating_frozen::network::{Architecture, Network, Purpose, Workspace, probabilities};
use rating_frozen::weights::read;

const FUSION: &[u8] = include_bytes!("../../../testdata/fusion_w4.pth");
const FUSION_IO: &[u8] = include_bytes!("../../../testdata/fusion_w4_io.safetensors");

/// P(class 1) of the checkpoint for the stored pair of images.
fn probability(classes: Classes) -> f64 {
    let (architecture, weights) = read_checkpoint(FUSION, classes).unwrap();
    assert_eq!(
        architecture,
        Architecture::Fusion { width: 4, modalities: 2, hidden: 256, relu: false }
    );
    let io = read(FUSION_IO).unwrap();
    let inputs = [io["grayscale"].data.as_slice(), io["doppler"].data.as_slice()];
    let network = Network::new(
        &architecture,
        &weights,
        Purpose { px: 64, at_once: 1, gradient: false, passing: false },
    )
    .unwrap();
    let logits = network.logits(&inputs, 64, &mut Workspace::default()).unwrap();
    probabilities(&logits)[1]
}

#[test]
fn classes_can_be_the_other_way_round() {
    let expected = f64::from(read(FUSION_IO).unwrap()["probability"].data[1]);
    assert!((probability(Classes::Greater) - expected).abs() < 1e-5);
    assert!((probability(Classes::AtMost) - (1.0 - expected)).abs() < 1e-5);
}
