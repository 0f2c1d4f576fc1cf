//! Weights a training starts from: loaded where given, else drawn.

use std::f64::consts::TAU;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rating::{Problem, Seed};
use rating_frozen::weights::{Array, Weights};

use super::architecture::{Architecture, Role, Stage, TensorSpec};

/// Where a training starts.
#[derive(Debug, Clone)]
pub struct Start {
    /// Weights to load by torchvision's names. The backbone is taken whole;
    /// the head too where its names and shapes are those of the new network
    /// (one task's network started from another's), else it is drawn.
    pub weights: Option<Weights>,
    /// The root of every draw of this training inside the network: weights
    /// that are not loaded, and dropout.
    pub seed: Seed,
}

/// Every tensor of the network, by name.
pub(super) fn initial_weights(
    architecture: &Architecture,
    start: &Start,
    frozen: &[Stage],
) -> Result<Weights, Problem> {
    if let (Some(stage), None) = (frozen.first(), &start.weights) {
        return Err(Problem::new(format!("stage {stage:?} is frozen, but nothing was loaded"))
            .hint("freeze only stages whose weights were loaded"));
    }
    let none = Weights::new();
    let given = start.weights.as_ref().unwrap_or(&none);
    let mut weights = Weights::new();
    for spec in architecture.tensors() {
        let array = match (given.get(&spec.name), spec.stage) {
            (Some(array), None) if array.shape == spec.shape => checked(array, &spec)?,
            (array, Some(_)) if start.weights.is_some() => loaded(array, &spec)?,
            _ => drawn(&spec, start.seed),
        };
        weights.insert(spec.name, array);
    }
    Ok(weights)
}

/// A tensor that must be there.
pub(super) fn loaded(array: Option<&Array>, spec: &TensorSpec) -> Result<Array, Problem> {
    match array {
        Some(array) if array.shape == spec.shape => checked(array, spec),
        Some(array) => Err(other_shape(array, spec)),
        None => Err(missing(spec)),
    }
}

fn checked(array: &Array, spec: &TensorSpec) -> Result<Array, Problem> {
    if array.data.len() != spec.shape.iter().product::<usize>() {
        return Err(Problem::new(format!(
            "{} does not hold as many values as its shape",
            spec.name
        )));
    }
    if array.data.iter().any(|value| !value.is_finite()) {
        return Err(Problem::new(format!("{} holds a value that is not finite", spec.name))
            .hint("the training that made these weights failed; use others"));
    }
    Ok(array.clone())
}

fn other_shape(array: &Array, spec: &TensorSpec) -> Problem {
    Problem::new(format!("{} has shape {:?}, expected {:?}", spec.name, array.shape, spec.shape))
        .hint("load weights of a ResNet-18 of the configured width")
}

fn missing(spec: &TensorSpec) -> Problem {
    Problem::new(format!("the weights have no {}", spec.name))
        .hint("load a whole ResNet-18 with torchvision's names")
}

/// A tensor as PyTorch would start it. Each has its own stream of chance, so
/// a backbone does not depend on the head above it.
fn drawn(spec: &TensorSpec, seed: Seed) -> Array {
    let mut rng = ChaCha8Rng::from_seed(seed.child("weights").child(&spec.name).bytes());
    let count = spec.shape.iter().product();
    let data = match spec.role {
        Role::Convolution => {
            // Kaiming, by the fan out, for ReLU.
            let fan_out: usize = spec.shape[0] * spec.shape[2] * spec.shape[3];
            let deviation = (2.0 / fan_out as f64).sqrt();
            (0..count).map(|_| (deviation * normal(&mut rng)) as f32).collect()
        }
        Role::Linear => uniform(&mut rng, spec.shape[1], count),
        Role::Bias { inputs } => uniform(&mut rng, inputs, count),
        Role::Scale | Role::RunningVariance => vec![1.0; count],
        Role::Shift | Role::RunningMean => vec![0.0; count],
    };
    Array { shape: spec.shape.clone(), data }
}

/// Uniform within one over the root of the layer's inputs.
fn uniform(rng: &mut ChaCha8Rng, inputs: usize, count: usize) -> Vec<f32> {
    let bound = 1.0 / (inputs as f64).sqrt();
    (0..count).map(|_| ((2.0 * rng.random::<f64>() - 1.0) * bound) as f32).collect()
}

/// One draw of the standard normal distribution, by Box and Muller.
fn normal(rng: &mut ChaCha8Rng) -> f64 {
    // 1 - u lies in (0, 1], so the logarithm is finite.
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    radius * (TAU * rng.random::<f64>()).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SINGLE: Architecture = Architecture::Single { width: 2, classes: 2 };

    fn start(weights: Option<Weights>, seed: u64) -> Start {
        Start { weights, seed: Seed::new(seed) }
    }

    fn deviation(values: &[f32]) -> f64 {
        let squares = values.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>();
        (squares / values.len() as f64).sqrt()
    }

    #[test]
    fn convolutions_are_drawn_by_their_fan_out() {
        let wide = Architecture::Single { width: 32, classes: 2 };
        let weights = initial_weights(&wide, &start(None, 1), &[]).unwrap();
        let drawn = deviation(&weights["layer1.0.conv1.weight"].data);
        let expected = (2.0_f64 / (32.0 * 9.0)).sqrt();
        assert!((drawn / expected - 1.0).abs() < 0.03, "{drawn} against {expected}");
        let bound = 1.0 / 256.0_f32.sqrt();
        assert!(weights["fc.weight"].data.iter().all(|value| value.abs() <= bound));
    }

    #[test]
    fn a_head_of_other_shape_is_drawn_and_the_backbone_loaded() {
        let jigsaw = Architecture::Jigsaw { width: 2, permutations: 10, hidden: None };
        let pretrained = initial_weights(&jigsaw, &start(None, 1), &[]).unwrap();
        let weights = initial_weights(&SINGLE, &start(Some(pretrained.clone()), 2), &[]).unwrap();
        assert_eq!(weights["conv1.weight"].data, pretrained["conv1.weight"].data);
        assert!(weights.contains_key("fc.weight") && !weights.contains_key("head.weight"));

        let warm = initial_weights(&SINGLE, &start(Some(weights.clone()), 3), &[]).unwrap();
        assert_eq!(warm["fc.weight"].data, weights["fc.weight"].data);
    }

    #[test]
    fn weights_that_do_not_fit_are_refused_by_name() {
        let weights = initial_weights(&SINGLE, &start(None, 1), &[]).unwrap();
        let refused = |weights: Weights| {
            initial_weights(&SINGLE, &start(Some(weights), 1), &[]).unwrap_err().to_string()
        };
        let mut lacking = weights.clone();
        lacking.remove("layer3.1.bn2.bias");
        assert!(refused(lacking).contains("layer3.1.bn2.bias"));

        let mut broken = weights.clone();
        broken.get_mut("bn1.weight").unwrap().data[0] = f32::NAN;
        assert!(refused(broken).contains("bn1.weight"));

        let wide = Architecture::Single { width: 4, classes: 2 };
        let wide = initial_weights(&wide, &start(None, 1), &[]).unwrap();
        assert!(refused(wide).contains("[4, 3, 7, 7]"));
    }

    #[test]
    fn a_random_stem_is_not_frozen() {
        assert!(initial_weights(&SINGLE, &start(None, 1), &[Stage::Stem]).is_err());
    }
}
