//! Whole networks against torchvision's answers for the same weights.

use rating_frozen::network::{Architecture, Network, Purpose, Workspace, probabilities};
use rating_frozen::weights::{Array, Weights, read};

const RESNET: &[u8] = include_bytes!("../../../testdata/resnet18_w8.safetensors");
const RESNET_IO: &[u8] = include_bytes!("../../../testdata/resnet18_w8_io.safetensors");
const FUSION: &[u8] = include_bytes!("../../../testdata/fusion_w4.pth");
const FUSION_IO: &[u8] = include_bytes!("../../../testdata/fusion_w4_io.safetensors");
const PX: usize = 64;
const PURPOSE: Purpose = Purpose { px: PX, at_once: 1, gradient: true, passing: false };

const SINGLE_W8: Architecture = Architecture::Single { width: 8 };
const FUSION_W4: Architecture =
    Architecture::Fusion { width: 4, modalities: 2, hidden: 256, relu: false };

fn weights(bytes: &[u8]) -> Weights {
    read(bytes).unwrap()
}

/// The images of a `[count, 3, px, px]` tensor.
fn images(array: &Array) -> Vec<&[f32]> {
    array.data.chunks_exact(3 * PX * PX).collect()
}

fn assert_close(found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let limit = tolerance * expected.abs().max(1.0);
        assert!((found - expected).abs() <= limit, "{found} is not {expected}");
    }
}

#[test]
fn a_resnet_answers_as_torchvisions() {
    let network = Network::new(&SINGLE_W8, &weights(RESNET), PURPOSE).unwrap();
    let io = weights(RESNET_IO);
    let mut workspace = Workspace::default();
    for (index, image) in images(&io["input"]).into_iter().enumerate() {
        let features = network.features(&[image], PX, &mut workspace).unwrap();
        assert_close(&features, &io["features"].data[index * 64..][..64], 1e-5);
        let logits = network.logits(&[image], PX, &mut workspace).unwrap();
        assert_close(&logits, &io["logits"].data[index * 2..][..2], 1e-5);
    }
}

#[test]
fn a_fusion_network_answers_as_the_authors_layout() {
    let network = Network::new(&FUSION_W4, &weights(FUSION), PURPOSE).unwrap();
    let io = weights(FUSION_IO);
    let inputs = [io["grayscale"].data.as_slice(), io["doppler"].data.as_slice()];
    let logits = network.logits(&inputs, PX, &mut Workspace::default()).unwrap();
    assert_close(&logits, &io["logits"].data, 1e-5);
    for (found, &expected) in probabilities(&logits).iter().zip(&io["probability"].data) {
        assert!((found - f64::from(expected)).abs() < 1e-5);
    }
}

#[test]
fn a_relu_between_the_linear_layers_changes_the_answer() {
    let Architecture::Fusion { width, modalities, hidden, .. } = FUSION_W4 else { unreachable!() };
    let with_relu = Architecture::Fusion { width, modalities, hidden, relu: true };
    let io = weights(FUSION_IO);
    let inputs = [io["grayscale"].data.as_slice(), io["doppler"].data.as_slice()];
    let network = Network::new(&with_relu, &weights(FUSION), PURPOSE).unwrap();
    let logits = network.logits(&inputs, PX, &mut Workspace::default()).unwrap();
    assert_ne!(logits, io["logits"].data);
}

#[test]
fn an_image_is_answered_alike_whatever_came_before() {
    let network = Network::new(&SINGLE_W8, &weights(RESNET), PURPOSE).unwrap();
    let io = weights(RESNET_IO);
    let image = images(&io["input"])[1];
    let mut workspace = Workspace::default();
    let fresh = network.logits(&[image], PX, &mut workspace).unwrap();
    let small = vec![0.5; 3 * 40 * 40];
    network.logits(&[&small], 40, &mut workspace).unwrap();
    assert_eq!(network.logits(&[image], PX, &mut workspace).unwrap(), fresh);
}

#[test]
fn weights_tell_their_architecture() {
    assert_eq!(Architecture::of(&weights(RESNET)).unwrap(), SINGLE_W8);
    assert_eq!(Architecture::of(&weights(FUSION)).unwrap(), FUSION_W4);
    assert!(Architecture::of(&weights(RESNET_IO)).is_err());
}

#[test]
fn other_weights_are_refused_by_tensor() {
    let complaint = |change: &dyn Fn(&mut Weights)| {
        let mut weights = weights(RESNET);
        change(&mut weights);
        Network::new(&SINGLE_W8, &weights, PURPOSE).unwrap_err().to_string()
    };
    let missing = complaint(&|weights| drop(weights.remove("layer3.1.bn2.bias")));
    assert_eq!(missing, "tensor layer3.1.bn2.bias is missing");
    let unexpected = complaint(&|weights| {
        let bias = weights["fc.bias"].clone();
        weights.insert("fc2.bias".to_owned(), bias);
    });
    assert_eq!(unexpected, "the network has no tensor fc2.bias");
    let shape = complaint(&|weights| weights.get_mut("conv1.weight").unwrap().shape = vec![8, 147]);
    assert_eq!(shape, "tensor conv1.weight has shape [8, 147], the network needs [8, 3, 7, 7]");
    let variance = complaint(&|weights| weights.get_mut("bn1.running_var").unwrap().data[0] = -1.0);
    assert!(variance.contains("bn1.running_var"), "{variance}");
}

#[test]
fn the_smallest_inputs_are_answered() {
    let network = Network::new(&SINGLE_W8, &weights(RESNET), PURPOSE).unwrap();
    for px in [8, 9, 31, 32] {
        let image = vec![0.1; 3 * px * px];
        let logits = network.logits(&[&image], px, &mut Workspace::default()).unwrap();
        assert!(logits.iter().all(|logit| logit.is_finite()));
    }
}

#[test]
fn other_inputs_are_refused() {
    let network = Network::new(&SINGLE_W8, &weights(RESNET), PURPOSE).unwrap();
    let image = vec![0.0; 3 * PX * PX];
    let mut workspace = Workspace::default();
    assert!(network.logits(&[&image, &image], PX, &mut workspace).is_err());
    assert!(network.logits(&[&image], PX + 1, &mut workspace).is_err());
    assert!(network.logits(&[&image], usize::MAX, &mut workspace).is_err());
    assert!(network.logits(&[&image[..3 * 4 * 4]], 4, &mut workspace).is_err());
}
