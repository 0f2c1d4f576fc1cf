//! One training step against PyTorch's, and what a learner promises.
//!
//! `testdata/resnet18_w8_io.safetensors` was made with torchvision and
//! PyTorch: a ResNet-18 of width 8, two images, labels 0 and 1, Adam with a
//! learning rate of 3e-4.

use rating::Seed;
use rating_frozen::weights::{Weights, read};
use rating_net::model::{
    Architecture, Device, Learner, OptimizerKind, OptimizerSettings, Stage, Start,
};

const RESNET: &[u8] = include_bytes!("../../../testdata/resnet18_w8.safetensors");
const RESNET_IO: &[u8] = include_bytes!("../../../testdata/resnet18_w8_io.safetensors");
const SINGLE_W8: Architecture = Architecture::Single { width: 8, classes: 2 };
const LEARNING_RATE: f64 = 3e-4;

fn learner(frozen: &[Stage]) -> Learner {
    let start = Start { weights: Some(read(RESNET).unwrap()), seed: Seed::new(1) };
    Learner::new(SINGLE_W8, start, frozen, OptimizerSettings::default(), &Device::flex()).unwrap()
}

fn io() -> Weights {
    read(RESNET_IO).unwrap()
}

/// The largest difference, as a share of the largest expected value.
fn error(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    let largest = expected.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
    let differences = found.iter().zip(expected).map(|(found, expected)| (found - expected).abs());
    differences.fold(0.0, f32::max) / largest
}

fn change(after: &Weights, before: &Weights, name: &str) -> Vec<f32> {
    let pairs = after[name].data.iter().zip(&before[name].data);
    pairs.map(|(after, before)| after - before).collect()
}

#[test]
fn features_and_logits_are_torchvisions() {
    let (learner, io) = (learner(&[]), io());
    let images = &io["input"].data;
    let features = learner.features(images, 2).unwrap();
    assert!(error(&features, &io["features"].data) < 1e-5);
    assert!(error(&learner.evaluate(images, 2), &io["logits"].data) < 1e-5);
}

#[test]
fn gradients_are_pytorchs() {
    let (learner, io) = (learner(&[]), io());
    let gradients = learner.gradients(&io["input"].data, 2, &[0, 1]);
    assert!(error(&gradients["fc.weight"].data, &io["step_grad_fc"].data) < 1e-4);
    assert!(error(&gradients["conv1.weight"].data, &io["step_grad_conv1"].data) < 1e-4);
}

#[test]
fn one_step_changes_the_network_as_pytorchs_does() {
    let (mut learner, io) = (learner(&[]), io());
    let before = learner.weights();
    let loss = learner.step(&io["input"].data, 2, &[0, 1], LEARNING_RATE);
    assert!((loss / f64::from(io["step_loss"].data[0]) - 1.0).abs() < 1e-5);

    let after = learner.weights();
    assert!(error(&after["conv1.weight"].data, &io["step_conv1_after"].data) < 1e-5);
    // The change shows what the weights hide, such as an epsilon of 1e-5.
    let conv1 = change(&after, &before, "conv1.weight");
    let off = error(&conv1, &io["step_conv1_change"].data);
    assert!(off < 1e-4, "the change of conv1 is off by {off}");
    let fc = change(&after, &before, "fc.weight");
    let off = error(&fc, &io["step_fc_change"].data);
    assert!(off < 1e-4, "the change of fc is off by {off}");

    for (name, expected) in [
        ("bn1.running_mean", "step_bn1_running_mean"),
        ("bn1.running_var", "step_bn1_running_var"),
        ("layer4.1.bn2.running_mean", "step_layer4_bn2_running_mean"),
        ("layer4.1.bn2.running_var", "step_layer4_bn2_running_var"),
    ] {
        let error = error(&after[name].data, &io[expected].data);
        assert!(error < 1e-4, "{name} is off by {error}");
    }
}

#[test]
fn frozen_stages_stand_still() {
    let frozen = [Stage::Stem, Stage::Layer1];
    let (mut learner, io) = (learner(&frozen), io());
    let before = learner.weights();
    learner.step(&io["input"].data, 2, &[0, 1], LEARNING_RATE);
    let after = learner.weights();
    for (name, array) in &before {
        let stands =
            name.starts_with("conv1.") || name.starts_with("bn1.") || name.starts_with("layer1.");
        assert_eq!(array == &after[name], stands, "{name}");
    }
}

#[test]
fn a_frozen_stage_above_a_learning_one_lets_the_gradient_through() {
    let (all, frozen) = (learner(&[]), learner(&[Stage::Layer3]));
    let gradients = frozen.gradients(&io()["input"].data, 2, &[0, 1]);
    assert!(gradients.contains_key("conv1.weight"));
    assert!(!gradients.keys().any(|name| name.starts_with("layer3.")));
    assert_eq!(all.gradients(&io()["input"].data, 2, &[0, 1]).len(), 62);
}

#[test]
fn looking_moves_nothing() {
    let (learner, io) = (learner(&[]), io());
    let before = learner.state();
    let _ = learner.evaluate(&io["input"].data, 2);
    let _ = learner.gradients(&io["input"].data, 2, &[0, 1]);
    assert_eq!(learner.state(), before);
}

/// Three different batches, so that order matters.
fn train(learner: &mut Learner, batches: std::ops::Range<usize>) -> Vec<f64> {
    let image = &io()["input"].data;
    let step = |at: usize| {
        let factor = 1.0 + at as f32 / 7.0;
        let inputs: Vec<f32> = image.iter().map(|value| value * factor).collect();
        learner.step(&inputs, 2, &[at % 2, 1], LEARNING_RATE)
    };
    batches.map(step).collect()
}

#[test]
fn a_restored_training_continues_bit_for_bit() {
    let mut undisturbed = learner(&[]);
    train(&mut undisturbed, 0..3);
    let saved = undisturbed.state();
    let losses = train(&mut undisturbed, 3..6);

    let mut resumed = learner(&[]);
    resumed.restore(&saved).unwrap();
    assert_eq!(resumed.state(), saved);
    assert_eq!(resumed.steps(), 3);
    assert_eq!(train(&mut resumed, 3..6), losses);
    assert_eq!(resumed.state(), undisturbed.state());
}

#[test]
fn a_state_that_does_not_fit_is_refused_and_changes_nothing() {
    let mut learner = learner(&[]);
    let before = learner.state();
    assert!(learner.restore(&before[..before.len() / 2]).is_err());
    assert!(learner.restore(b"").is_err());
    let other = Architecture::Single { width: 4, classes: 2 };
    let start = Start { weights: None, seed: Seed::new(1) };
    let optimizer = OptimizerSettings::default();
    let other = Learner::new(other, start, &[], optimizer, &Device::flex()).unwrap();
    assert!(learner.restore(&other.state()).is_err());
    assert_eq!(learner.state(), before);
}

#[test]
fn threads_change_no_bit() {
    let in_pool = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut learner = learner(&[]);
            train(&mut learner, 0..3);
            learner.state()
        })
    };
    let alone = in_pool(1);
    assert_eq!(in_pool(2), alone);
    let side_by_side: Vec<_> = std::thread::scope(|scope| {
        let threads = [(); 2].map(|()| scope.spawn(|| in_pool(1)));
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(side_by_side.iter().all(|state| *state == alone));
}

#[test]
fn a_jigsaw_learns_to_name_its_permutation() {
    let architecture = Architecture::Jigsaw { width: 2, permutations: 3, hidden: None };
    let start = Start { weights: None, seed: Seed::new(5) };
    let optimizer = OptimizerSettings::default();
    let mut learner = Learner::new(architecture, start, &[], optimizer, &Device::flex()).unwrap();
    // Three samples of nine flat tiles whose brightness names the class.
    let pixels = 3 * 16 * 16;
    let inputs: Vec<f32> = (0..3 * 9 * pixels)
        .map(|at| {
            let (sample, tile) = (at / (9 * pixels), at / pixels % 9);
            f32::from(u8::from(tile % 3 == sample)) + (at % 5) as f32 * 0.1
        })
        .collect();
    let losses: Vec<f64> = (0..40).map(|_| learner.step(&inputs, 3, &[0, 1, 2], 1e-2)).collect();
    assert!(losses[39] < 0.1 * losses[0], "{losses:?}");
}

#[test]
fn one_image_with_maps_of_one_pixel_keeps_statistics_finite() {
    let architecture = Architecture::Single { width: 2, classes: 2 };
    let start = Start { weights: None, seed: Seed::new(5) };
    let optimizer = OptimizerSettings::default();
    let mut learner = Learner::new(architecture, start, &[], optimizer, &Device::flex()).unwrap();
    let inputs: Vec<f32> = (0..3 * 32 * 32).map(|at| (at % 7) as f32).collect();
    assert!(learner.step(&inputs, 1, &[1], LEARNING_RATE).is_finite());
    let weights = learner.weights();
    assert!(weights.values().all(|array| array.data.iter().all(|value| value.is_finite())));
}

#[test]
fn clipping_bounds_the_norm_of_all_gradients_together() {
    // With a huge epsilon a step is proportional to the gradient.
    let step = |gradient_clip| {
        let optimizer = OptimizerSettings {
            kind: OptimizerKind::AdamW,
            epsilon: 1e6,
            gradient_clip,
            ..OptimizerSettings::default()
        };
        let start = Start { weights: Some(read(RESNET).unwrap()), seed: Seed::new(1) };
        let mut learner = Learner::new(SINGLE_W8, start, &[], optimizer, &Device::flex()).unwrap();
        let norm = {
            let gradients = learner.gradients(&io()["input"].data, 2, &[0, 1]);
            let values = gradients.values().flat_map(|array| &array.data);
            values.map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt()
        };
        learner.step(&io()["input"].data, 2, &[0, 1], 1e6);
        (change(&learner.weights(), &read(RESNET).unwrap(), "fc.weight"), norm)
    };
    let (free, norm) = step(None);
    let (clipped, _) = step(Some(norm / 4.0));
    let expected: Vec<f32> = free.iter().map(|value| value / 4.0).collect();
    assert!(error(&clipped, &expected) < 1e-3);
    let (untouched, _) = step(Some(norm * 4.0));
    assert_eq!(untouched, free);
}

#[test]
fn weight_decay_is_coupled_in_adam_and_apart_in_adamw() {
    // A head of one weight each, with zero input: only decay moves the first layer.
    let step = |kind| {
        let optimizer =
            OptimizerSettings { kind, weight_decay: 0.5, ..OptimizerSettings::default() };
        let architecture =
            Architecture::Head { features: 1, hidden: 1, relu: false, dropout: 0.0, classes: 2 };
        let start = Start { weights: None, seed: Seed::new(3) };
        let mut learner =
            Learner::new(architecture, start, &[], optimizer, &Device::flex()).unwrap();
        let before = learner.weights()["head1.0.weight"].data[0];
        learner.step(&[0.0], 1, &[1], 0.1);
        (before, learner.weights()["head1.0.weight"].data[0])
    };
    let (before, after) = step(OptimizerKind::AdamW);
    assert!((after - before * 0.95).abs() < 1e-6);
    // Adam's first step is the learning rate, towards zero.
    let (before, after) = step(OptimizerKind::Adam);
    assert!((after - (before - 0.1 * before.signum())).abs() < 1e-5);
}

#[test]
fn dropout_comes_from_the_seed_and_the_step() {
    let losses = |seed: u64| {
        let architecture =
            Architecture::Head { features: 4, hidden: 64, relu: true, dropout: 0.5, classes: 2 };
        let start = Start { weights: None, seed: Seed::new(seed) };
        let optimizer = OptimizerSettings::default();
        let mut learner =
            Learner::new(architecture, start, &[], optimizer, &Device::flex()).unwrap();
        [(); 2].map(|()| learner.step(&[1.0, 2.0, 3.0, 4.0], 1, &[1], 0.0))
    };
    let [first, second] = losses(1);
    assert_ne!(first, second);
    assert_eq!(losses(1), [first, second]);
}
