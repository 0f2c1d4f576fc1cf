//! Noisy copies of a pair's inputs.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rating::Seed;

/// N(0, 1) for every element of the inputs. The same seed gives the same noise.
pub(super) fn noise(inputs: &[&[f32]], seed: Seed) -> Vec<Vec<f32>> {
    let mut rng = ChaCha8Rng::from_seed(seed.bytes());
    let mut of_input =
        |input: &&[f32]| StandardNormal.sample_iter(&mut rng).take(input.len()).collect();
    inputs.iter().map(&mut of_input).collect()
}

/// The inputs with noise added in normalised space; `sign` is 1 or -1.
pub(super) fn added(inputs: &[&[f32]], noise: &[Vec<f32>], sign: f32) -> Vec<Vec<f32>> {
    let sum = |(input, noise): (&&[f32], &Vec<f32>)| {
        input.iter().zip(noise).map(|(value, noise)| value + sign * noise).collect()
    };
    inputs.iter().zip(noise).map(sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_standard_normal() {
        let zeros = vec![0.0; 99_999];
        let noise = &noise(&[&zeros], Seed::new(1))[0];
        let mean = |power: i32| {
            noise.iter().map(|&value| f64::from(value).powi(power)).sum::<f64>() / 99_999.0
        };
        for (power, expected) in [(1, 0.0), (2, 1.0), (3, 0.0), (4, 3.0)] {
            assert!((mean(power) - expected).abs() < 0.1, "moment {power}: {}", mean(power));
        }
        let beyond_2 = noise.iter().filter(|value| value.abs() > 2.0).count();
        assert!((4_300..4_800).contains(&beyond_2), "{beyond_2}"); // 4.55 %
    }

    #[test]
    fn opposite_noise_cancels_and_images_differ() {
        let image = vec![1.5; 7];
        let inputs: [&[f32]; 2] = [&image, &image];
        let noise = noise(&inputs, Seed::new(2));
        let copies = |sign| added(&inputs, &noise, sign);
        let (plus, minus) = (copies(1.0), copies(-1.0));
        for (plus, minus) in plus.iter().flatten().zip(minus.iter().flatten()) {
            assert!((plus + minus - 3.0).abs() < 1e-6);
        }
        assert_ne!(plus[0], plus[1]);
    }
}
