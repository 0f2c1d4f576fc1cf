//! Integrated gradients against Captum's answers for the same weights, and the
//! engine against its plain twin.

mod common;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rating::heatmap::quadrature::{gauss_legendre, midpoints, right_riemann};
use rating_frozen::network::{Architecture, Network, PathPoint, PlainNetwork, Purpose, Workspace};
use rating_frozen::weights::{Weights, read};

const RESNET: &[u8] = include_bytes!("../../../testdata/resnet18_w8.safetensors");
const RESNET_IO: &[u8] = include_bytes!("../../../testdata/resnet18_w8_io.safetensors");
const FUSION: &[u8] = include_bytes!("../../../testdata/fusion_w4.safetensors");
const FUSION_IO: &[u8] = include_bytes!("../../../testdata/fusion_w4_io.safetensors");
const PX: usize = 64;
const PURPOSE: Purpose = Purpose { px: PX, at_once: 1, gradient: true, passing: false };

const SINGLE_W8: Architecture = Architecture::Single { width: 8 };
const FUSION_W4: Architecture =
    Architecture::Fusion { width: 4, modalities: 2, hidden: 256, relu: false };

fn weights(bytes: &[u8]) -> Weights {
    read(bytes).unwrap()
}

/// Input times the path's gradient, for each input.
fn attributions(network: &Network, inputs: &[&[f32]], points: &[PathPoint]) -> Vec<Vec<f32>> {
    let mut workspace = Workspace::default();
    let gradients = network.path_gradient(1, inputs, PX, points, &mut workspace).unwrap();
    let product = |(input, gradient): (&&[f32], &Vec<f32>)| {
        input.iter().zip(gradient).map(|(value, slope)| value * slope).collect()
    };
    inputs.iter().zip(&gradients).map(product).collect()
}

/// |found - expected| / |expected|, in Euclidean length.
fn relative_error(found: &[f32], expected: &[f32]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let length = |values: &mut dyn Iterator<Item = f32>| {
        values.map(|value| f64::from(value).powi(2)).sum::<f64>().sqrt()
    };
    length(&mut found.iter().zip(expected).map(|(a, b)| a - b))
        / length(&mut expected.iter().copied())
}

#[test]
fn integrated_gradients_are_captums() {
    let network = Network::new(&SINGLE_W8, &weights(RESNET), PURPOSE).unwrap();
    let io = weights(RESNET_IO);
    for (name, points) in
        [("ig_riemann_right", right_riemann(50)), ("ig_gausslegendre", gauss_legendre(50))]
    {
        let images = io["input"].data.chunks_exact(3 * PX * PX);
        for (image, expected) in images.zip(io[name].data.chunks_exact(3 * PX * PX)) {
            let found = attributions(&network, &[image], &points);
            let error = relative_error(&found[0], expected);
            assert!(error < 2e-3, "{name}: {error}");
        }
    }
}

#[test]
fn both_images_of_a_fusion_network_are_explained_together() {
    let network = Network::new(&FUSION_W4, &weights(FUSION), PURPOSE).unwrap();
    let io = weights(FUSION_IO);
    let inputs = [io["grayscale"].data.as_slice(), io["doppler"].data.as_slice()];
    let found = attributions(&network, &inputs, &right_riemann(50));
    for (found, name) in found.iter().zip(["ig_grayscale", "ig_doppler"]) {
        let error = relative_error(found, &io[name].data);
        assert!(error < 2e-3, "{name}: {error}");
    }
}

#[test]
fn attributions_add_up_to_the_change_of_the_logit() {
    let network = Network::new(&FUSION_W4, &weights(FUSION), PURPOSE).unwrap();
    let io = weights(FUSION_IO);
    let inputs = [io["grayscale"].data.as_slice(), io["doppler"].data.as_slice()];
    let sum: f32 = attributions(&network, &inputs, &gauss_legendre(200)).iter().flatten().sum();
    let mut workspace = Workspace::default();
    let zeros = vec![0.0; 3 * PX * PX];
    let at_image = network.logits(&inputs, PX, &mut workspace).unwrap()[1];
    let at_baseline = network.logits(&[&zeros, &zeros], PX, &mut workspace).unwrap()[1];
    assert!((sum - (at_image - at_baseline)).abs() < 1e-3, "{sum} {at_image} {at_baseline}");
}

#[test]
fn the_engine_agrees_with_its_plain_twin() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let fusion = Architecture::Fusion { width: 8, modalities: 2, hidden: 16, relu: true };
    for architecture in [common::SINGLE, common::WIDER, SINGLE_W8, fusion] {
        let weights = common::weights_of_chance(&architecture, 3);
        let network = Network::new(&architecture, &weights, PURPOSE).unwrap();
        let twin = PlainNetwork::new(&architecture, &weights).unwrap();
        for px in [32, 33, 40] {
            let mut image =
                || -> Vec<f32> { (0..3 * px * px).map(|_| rng.random_range(-2.0..2.0)).collect() };
            let images: Vec<Vec<f32>> = (0..architecture.modalities()).map(|_| image()).collect();
            let inputs: Vec<&[f32]> = images.iter().map(Vec::as_slice).collect();
            let points = midpoints(6);
            let mut workspace = Workspace::default();
            let found = network.path_gradient(1, &inputs, px, &points, &mut workspace).unwrap();
            let expected = twin.path_gradient(1, &inputs, px, &points);
            for (found, expected) in found.iter().zip(expected) {
                let expected: Vec<f32> = expected.into_iter().map(|value| value as f32).collect();
                let error = relative_error(found, &expected);
                // A sum near zero may pass its ReLU in one and not in the other.
                assert!(error < 1e-2, "{architecture:?} at {px}: {error}");
            }
        }
    }
}

#[test]
fn the_twins_gradient_is_the_slope() {
    let architecture = common::WIDER;
    let weights = common::weights_of_chance(&architecture, 8);
    let twin = PlainNetwork::new(&architecture, &weights).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let px = 16;
    let mut image =
        || -> Vec<f64> { (0..3 * px * px).map(|_| rng.random_range(-2.0..2.0)).collect() };
    let (mut first, second) = (image(), image());
    let gradients = twin.gradient(1, &[&first, &second], px).1;
    for at in [0, 100, 3 * px * px - 1] {
        let step = 1e-7;
        let before = first[at];
        first[at] = before + step;
        let above = twin.logits(&[&first, &second], px)[1];
        first[at] = before - step;
        let below = twin.logits(&[&first, &second], px)[1];
        first[at] = before;
        let slope = (above - below) / (2.0 * step);
        assert!((gradients[0][at] - slope).abs() < 1e-6 * slope.abs().max(1.0), "{slope}");
    }
}

#[test]
fn inputs_that_do_not_fit_are_refused() {
    let network = Network::new(&SINGLE_W8, &weights(RESNET), PURPOSE).unwrap();
    let image = vec![0.0; 3 * PX * PX];
    let mut workspace = Workspace::default();
    let mut complaint = |class, inputs: &[&[f32]], px| {
        let points = midpoints(1);
        network.path_gradient(class, inputs, px, &points, &mut workspace).unwrap_err().to_string()
    };
    assert_eq!(complaint(2, &[&image], PX), "no class 2 of 2");
    assert!(complaint(1, &[&image, &image], PX).contains("2 images"));
    assert!(complaint(1, &[&image], PX + 1).contains("do not fill"));
}
