//! Networks and pairs of chance, for tests and benchmarks.

#![allow(dead_code)] // each user takes some

pub mod forge;

use std::collections::BTreeMap;
use std::path::Path;

use image::{Rgb, RgbImage};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rating::network::NetworkId;
use rating::preprocess::Preprocess;
use rating::{Origin, Pair, Protocol, Roi, View, threshold};
use rating_frozen::bundle::{self, BundleInfo, NetworkInfo, SCHEMA, Validation, Versions};
use rating_frozen::network::Architecture;
use rating_frozen::weights::{self, Array, Weights};

pub const SINGLE: Architecture = Architecture::Single { width: 2 };
pub const FUSION: Architecture =
    Architecture::Fusion { width: 2, modalities: 2, hidden: 4, relu: true };

/// [`FUSION`] of another width.
pub const WIDER: Architecture =
    Architecture::Fusion { width: 3, modalities: 2, hidden: 4, relu: true };

/// Weights of chance, of a size that keeps signals alive through the layers.
pub fn weights_of_chance(architecture: &Architecture, seed: u64) -> Weights {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let array = |(name, shape): (String, Vec<usize>)| {
        let count: usize = shape.iter().product();
        let inputs = (count / shape[0]) as f32;
        let range = match shape.len() {
            1 if name.ends_with("running_var") => 0.5..1.5,
            1 => -0.2..0.8,
            _ => -2.0 / inputs.sqrt()..2.0 / inputs.sqrt(),
        };
        let data = (0..count).map(|_| rng.random_range(range.clone())).collect();
        (name, Array::new(shape, data).unwrap())
    };
    let mut weights: Weights = architecture.tensors(2).into_iter().map(array).collect();
    weights::round_to_f16(&mut weights).unwrap();
    weights
}

/// The weights of a network in the bundle of [`info`].
pub fn weights_of(info: &BundleInfo, id: &NetworkId) -> Weights {
    let position = info.networks.iter().position(|network| &network.id == id).unwrap();
    weights_of_chance(&info.networks[position].architecture, position as u64)
}

/// An EOSS bundle of two folds and two seeds, 24 small networks.
pub fn info() -> BundleInfo {
    info_of(2, 2, [FUSION, SINGLE])
}

/// An EOSS bundle of these folds, seeds and architectures (of two images and
/// of one).
pub fn info_of(folds: u8, seeds: u8, architectures: [Architecture; 2]) -> BundleInfo {
    let protocol = Protocol::eoss();
    let mut networks = Vec::new();
    for (measurement, architecture) in ["sh", "vascularity"].into_iter().zip(architectures) {
        for above in 0..3 {
            for fold in 1..=folds {
                for seed in 1..=seeds {
                    networks.push(network(measurement, above, fold, seed, architecture));
                }
            }
        }
    }
    BundleInfo {
        schema: SCHEMA.to_owned(),
        origin: Origin::Phantom,
        research_use_only: true,
        name: "test".to_owned(),
        code_words: bundle::code_words(&protocol),
        protocol,
        preprocess: Preprocess { input_px: 32, ..Preprocess::default() },
        folds,
        seeds,
        threshold_rule: threshold::Rule::Youden,
        study_seed: 7,
        manifest: "0".repeat(64),
        config: "input_px = 32\n".to_owned(),
        versions: Versions::default(),
        networks,
    }
}

fn network(
    measurement: &str,
    above: u8,
    fold: u8,
    seed: u8,
    architecture: Architecture,
) -> NetworkInfo {
    let modalities: &[&str] =
        if measurement == "sh" { &["grayscale", "doppler"] } else { &["doppler"] };
    NetworkInfo::new(
        NetworkId { measurement: measurement.to_owned(), above, fold, seed },
        architecture,
        modalities.iter().map(|&name| name.to_owned()).collect(),
        0.1 * f64::from(above + 1) + 0.2, // not all are exact in binary
        BTreeMap::from([("backbone1".to_owned(), "random".to_owned())]),
        Validation { pairs: 10, positives: 0, auc: None, ..Validation::default() },
    )
}

/// Writes the bundle of `info` and returns its hash.
pub fn write(folder: &Path, info: &BundleInfo) -> Result<String, bundle::BundleError> {
    bundle::write(folder, info.clone(), &mut |id| Ok(weights_of(info, id)))
}

/// Pairs of noise with a coloured spot.
pub fn pairs(count: usize) -> Vec<Pair> {
    let mut rng = ChaCha8Rng::seed_from_u64(99);
    let mut view = || {
        let mut image = RgbImage::from_fn(60, 50, |_, _| Rgb([rng.random::<u8>(); 3]));
        for offset in 0..8 {
            image.put_pixel(20 + offset, 25, Rgb([200, 30, 20]));
        }
        View::new(image, Roi::new([5, 6, 50, 40]).unwrap()).unwrap()
    };
    let mut pair = |number| {
        Pair::new(format!("pair{number}"), vec![view(), view()], &Protocol::eoss()).unwrap()
    };
    (0..count).map(&mut pair).collect()
}
