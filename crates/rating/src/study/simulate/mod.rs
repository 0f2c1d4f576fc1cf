//! Simulated readers: a study rehearsed, its size planned, its analysis tested
//! where the truth is known.
//!
//! A reader sees a case as a value on a hidden scale on which all grades are
//! equally wide: skill x (place of the true grade) + sqrt(1 - skill^2) x noise + bias.
//! Skill 1 without bias always gives the truth, skill 0 any grade as often as any
//! other. An assisted reader takes over the answer shown with the probability
//! `trust`, else stays with the own grades.
//!
//! Simulated answers are phantoms: whatever is computed from them says so.

mod group;

use serde::{Deserialize, Serialize};

use crate::stats::distribution::{normal_cdf, normal_quantile};
use crate::{Grade, Problem};

pub use group::{Likeness, SimulatedAnswer, Simulation};

/// How a simulated reader grades.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimulatedReader {
    /// From 0, chance, to 1, the truth: how the hidden value correlates with it.
    pub skill: f64,
    /// Added to the hidden value, in standard deviations; above 0 grades too high.
    #[serde(default)]
    pub bias: f64,
    /// Probability of taking over an answer that is shown, 0 to 1.
    pub trust: f64,
    /// Median seconds of a case, unaided.
    #[serde(default = "half_a_minute")]
    pub seconds: f64,
    /// What an answer that is shown multiplies the seconds with.
    #[serde(default = "one")]
    pub seconds_assisted: f64,
}

fn half_a_minute() -> f64 {
    30.0
}

fn one() -> f64 {
    1.0
}

impl SimulatedReader {
    /// Whether all numbers are in range.
    ///
    /// # Errors
    /// Skill or trust outside 0 to 1, a bias that is not finite, seconds that are
    /// not above 0.
    pub fn check(&self) -> Result<(), Problem> {
        for (name, share) in [("skill", self.skill), ("trust", self.trust)] {
            if !(0.0..=1.0).contains(&share) {
                return Err(Problem::new(format!("{share} is outside 0-1")).in_column(name));
            }
        }
        if !self.bias.is_finite() {
            return Err(Problem::new("not a finite number").in_column("bias"));
        }
        for (name, time) in [("seconds", self.seconds), ("seconds_assisted", self.seconds_assisted)]
        {
            if !(time.is_finite() && time > 0.0) {
                return Err(Problem::new(format!("{time} is not above 0")).in_column(name));
            }
        }
        Ok(())
    }

    /// The grade given to a case, of `grades` grades; `noise` is standard normal.
    #[must_use]
    pub fn grade(&self, grades: u8, truth: Grade, noise: f64) -> Grade {
        let clear = self.place(grades, truth);
        let seen = clear + (1.0 - self.skill.powi(2)).max(0.0).sqrt() * noise;
        let width = (f64::from(grades) * normal_cdf(seen)).floor();
        (width as Grade).min(grades.saturating_sub(1))
    }

    /// How probable each of `grades` grades is for a case of this true grade.
    #[must_use]
    pub fn probabilities(&self, grades: u8, truth: Grade) -> Vec<f64> {
        let clear = self.place(grades, truth);
        let noise = (1.0 - self.skill.powi(2)).max(0.0).sqrt();
        let below = |grade: u8| match grade {
            0 => 0.0,
            grade if grade == grades => 1.0,
            grade => {
                let line = normal_quantile(f64::from(grade) / f64::from(grades)) - clear;
                if noise > 0.0 { normal_cdf(line / noise) } else { f64::from(u8::from(line > 0.0)) }
            }
        };
        (0..grades).map(|grade| below(grade + 1) - below(grade)).collect()
    }

    /// Where cases of this true grade lie on the hidden scale, without noise.
    fn place(&self, grades: u8, truth: Grade) -> f64 {
        self.skill * normal_quantile((f64::from(truth) + 0.5) / f64::from(grades)) + self.bias
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANCE: SimulatedReader =
        SimulatedReader { skill: 0.0, bias: 0.0, trust: 0.0, seconds: 30.0, seconds_assisted: 1.0 };

    #[test]
    fn no_skill_is_chance_and_full_skill_the_truth() {
        assert!(CHANCE.probabilities(4, 2).iter().all(|p| (p - 0.25).abs() < 1e-12));
        let sure = SimulatedReader { skill: 1.0, ..CHANCE };
        for truth in 0..4 {
            assert_eq!(sure.grade(4, truth, 3.0), truth);
            assert_eq!(sure.probabilities(4, truth)[usize::from(truth)], 1.0);
        }
        let high = SimulatedReader { skill: 0.6, bias: 0.5, ..CHANCE };
        let fair = SimulatedReader { skill: 0.6, ..CHANCE };
        assert!(high.probabilities(4, 1)[3] > fair.probabilities(4, 1)[3]);
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        assert!(CHANCE.check().is_ok());
        let all = [
            SimulatedReader { skill: 1.1, ..CHANCE },
            SimulatedReader { trust: f64::NAN, ..CHANCE },
            SimulatedReader { bias: f64::INFINITY, ..CHANCE },
            SimulatedReader { seconds: 0.0, ..CHANCE },
        ];
        assert!(all.iter().all(|reader| reader.check().is_err()));
    }
}
