//! Chance: the deviates a drawn joint is made of, from one seeded stream.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rating::Seed;

/// One stream of chance.
pub(crate) struct Chance {
    bits: ChaCha8Rng,
    /// The second deviate of the last pair of normals.
    spare: Option<f64>,
}

impl Chance {
    /// The stream of a seed.
    pub fn new(seed: Seed) -> Chance {
        Chance { bits: ChaCha8Rng::from_seed(seed.bytes()), spare: None }
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.bits.next_u64()
    }

    /// Uniform in [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// Uniform between two values.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit() as f32
    }

    /// Whether something that happens with this probability happens.
    pub fn happens(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A position in a list of this length, which must not be 0.
    pub fn below(&mut self, length: usize) -> usize {
        ((self.unit() * length as f64) as usize).min(length - 1)
    }

    /// A standard normal deviate, by Marsaglia's polar method.
    pub fn standard_normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        loop {
            let (x, y) = (2.0 * self.unit() - 1.0, 2.0 * self.unit() - 1.0);
            let square = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                let scale = (-2.0 * square.ln() / square).sqrt();
                self.spare = Some(y * scale);
                return x * scale;
            }
        }
    }

    /// A normal deviate.
    pub fn normal(&mut self, mean: f32, deviation: f32) -> f32 {
        mean + deviation * self.standard_normal() as f32
    }

    /// An exponential deviate with mean 1, which is Gamma(1).
    pub fn exponential(&mut self) -> f64 {
        -(1.0 - self.unit()).ln()
    }

    /// A Poisson count; the rate must be small (below 50 or so).
    pub fn poisson(&mut self, rate: f64) -> usize {
        let limit = (-rate).exp();
        let mut product = self.unit();
        let mut count = 0;
        while product > limit {
            product *= self.unit();
            count += 1;
        }
        count
    }
}

/// The standard normal distribution function, to about 1e-7 (Abramowitz and
/// Stegun 26.2.17).
pub(crate) fn normal_cdf(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * z.abs());
    let polynomial = [1.330_274_429, -1.821_255_978, 1.781_477_937, -0.356_563_782, 0.319_381_530]
        .iter()
        .fold(0.0, |sum, coefficient| (sum + coefficient) * t);
    let density = (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let tail = density * polynomial;
    if z > 0.0 { 1.0 - tail } else { tail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_normal_distribution_function_meets_known_values() {
        for (z, p) in [(0.0, 0.5), (1.0, 0.841_344_7), (-1.959_964, 0.025), (3.0, 0.998_650_1)] {
            assert!((normal_cdf(z) - p).abs() < 2e-7, "{z}");
        }
    }

    #[test]
    fn deviates_have_their_moments() {
        let mut chance = Chance::new(Seed::new(1));
        let normals: Vec<f64> = (0..20_000).map(|_| chance.standard_normal()).collect();
        let mean = normals.iter().sum::<f64>() / 20_000.0;
        let variance = normals.iter().map(|z| z * z).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
        let counts: usize = (0..20_000).map(|_| chance.poisson(2.0)).sum();
        assert!((counts as f64 / 20_000.0 - 2.0).abs() < 0.05);
    }
}
