//! Networks that forget, from the head down.

use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rating::Seed;

use crate::weights::Weights;

/// The parts of a network in the order in which they are made random; each
/// step keeps those before it random too.
pub const STAGES: [&str; 6] = ["head", "layer4", "layer3", "layer2", "layer1", "stem"];

/// The weights with the values of every tensor of the first `stages` of
/// [`STAGES`] in random order: nothing learned is left, but means and spreads
/// are, so that signals neither die nor explode. The four vectors of a
/// batch-norm stay together.
#[must_use]
pub fn randomised(weights: &Weights, stages: usize, seed: Seed) -> Weights {
    let mut weights = weights.clone();
    for (name, array) in &mut weights {
        if stage_of(name).is_some_and(|stage| stage < stages) {
            // Tensors of one unit and length get the same order.
            let unit = name.rsplit_once('.').map_or(name.as_str(), |(unit, _)| unit);
            let mut rng = ChaCha8Rng::from_seed(seed.child(unit).bytes());
            shuffle(&mut array.data, &mut rng);
        }
    }
    weights
}

/// The position of a tensor's part in [`STAGES`].
fn stage_of(name: &str) -> Option<usize> {
    let mut parts = name.split('.').skip_while(|part| part.starts_with("backbone"));
    match parts.next()? {
        "fc" | "head1" => Some(0),
        "conv1" | "bn1" => Some(5),
        part => STAGES.iter().position(|stage| *stage == part),
    }
}

/// Fisher and Yates.
fn shuffle<T>(values: &mut [T], rng: &mut impl Rng) {
    for last in (1..values.len()).rev() {
        values.swap(last, rng.random_range(0..=last as u64) as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Architecture;
    use crate::weights::Array;

    fn weights(architecture: &Architecture) -> Weights {
        let tensors = architecture.tensors(2).into_iter();
        let numbered = |(name, shape): (String, Vec<usize>)| {
            let values = (0..shape.iter().product::<usize>()).map(|value| value as f32).collect();
            (name, Array::new(shape, values).unwrap())
        };
        tensors.map(numbered).collect()
    }

    #[test]
    fn every_tensor_belongs_to_a_stage() {
        let fusion = Architecture::Fusion { width: 2, modalities: 2, hidden: 4, relu: true };
        for architecture in [fusion, Architecture::Single { width: 2 }] {
            let plain = weights(&architecture);
            assert!(plain.keys().all(|name| stage_of(name).is_some()));
            let seed = Seed::new(1);
            assert_eq!(randomised(&plain, 0, seed), plain);
            let mut before = 0;
            for stages in 1..=STAGES.len() {
                let random = randomised(&plain, stages, seed);
                let changed = plain.iter().filter(|(name, array)| random[*name] != **array).count();
                assert!(changed > before, "{stages}");
                before = changed;
            }
        }
    }

    #[test]
    fn values_stay_and_batch_norms_stay_together() {
        let plain = weights(&Architecture::Single { width: 8 });
        let random = randomised(&plain, 6, Seed::new(1));
        for (name, array) in &random {
            let mut values = array.data.clone();
            values.sort_by(f32::total_cmp);
            assert_eq!(values, plain[name].data);
        }
        assert_eq!(random["bn1.weight"], random["bn1.running_var"]);
        assert_ne!(random["bn1.weight"], plain["bn1.weight"]);
    }
}
