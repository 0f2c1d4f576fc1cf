//! Latent severities: where on the continuous scale behind each grade a joint
//! lies. The true grade is the whole part.

use crate::chance::{Chance, normal_cdf};

/// Cumulative shares of the grades 0, 1 and 2 of synovial hypertrophy.
const HYPERTROPHY_MIX: [f64; 3] = [0.40, 0.65, 0.85];
/// The same for vascularity, before joints without synovium lose theirs.
const VASCULARITY_MIX: [f64; 3] = [0.47, 0.66, 0.83];

/// How strongly latents are pulled to the middle of their grade: border cases
/// exist but do not dominate.
const HYPERTROPHY_PULL: f64 = 1.35;
const VASCULARITY_PULL: f64 = 1.5;

/// Severity of one joint on both scales, each in [0, 4).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Latent {
    pub hypertrophy: f64,
    pub vascularity: f64,
}

impl Latent {
    /// A joint of a patient with this disease activity (standard normal).
    pub fn draw(activity: f64, chance: &mut Chance) -> Latent {
        let joint = 0.55_f64.sqrt() * activity + 0.45_f64.sqrt() * chance.standard_normal();
        let flow = 0.75 * joint + 0.66 * chance.standard_normal();
        let hypertrophy = pulled(from_share(normal_cdf(joint), HYPERTROPHY_MIX), HYPERTROPHY_PULL);
        let vascularity = if hypertrophy < 1.0 {
            0.5
        } else {
            pulled(from_share(normal_cdf(flow), VASCULARITY_MIX), VASCULARITY_PULL)
        };
        Latent { hypertrophy, vascularity }
    }

    /// The same joint, once it is known which vascularity the finished picture
    /// shows: the latent moves just inside that grade.
    pub fn showing(self, vascularity: u8) -> Latent {
        let grade = f64::from(vascularity);
        if self.vascularity.floor() == grade {
            return self;
        }
        Latent { vascularity: self.vascularity.clamp(grade + 0.2, grade + 0.8), ..self }
    }
}

/// The latent at this share of the population, for a mix of grades.
fn from_share(share: f64, mix: [f64; 3]) -> f64 {
    let borders = [0.0, mix[0], mix[1], mix[2], 1.0];
    let grade = mix.iter().filter(|border| share >= **border).count();
    let fraction = (share - borders[grade]) / (borders[grade + 1] - borders[grade]);
    grade as f64 + fraction.clamp(0.0, 1.0 - 1e-9)
}

/// The latent moved towards the middle of its grade.
fn pulled(latent: f64, exponent: f64) -> f64 {
    let from_middle = 2.0 * latent.fract() - 1.0;
    let moved = 0.5 + 0.5 * from_middle.signum() * from_middle.abs().powf(exponent);
    latent.floor() + moved.clamp(0.0, 1.0 - 1e-9)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rating::Seed;

    #[test]
    fn grades_come_in_their_mix_and_never_flow_without_synovium() {
        let mut chance = Chance::new(Seed::new(2));
        let mut counts = [0_usize; 4];
        for _ in 0..20_000 {
            let activity = chance.standard_normal();
            let latent = Latent::draw(activity, &mut chance);
            counts[latent.hypertrophy as usize] += 1;
            assert!(latent.hypertrophy >= 1.0 || latent.vascularity < 1.0);
        }
        for (count, share) in counts.iter().zip([0.40, 0.25, 0.20, 0.15]) {
            assert!((*count as f64 / 20_000.0 - share).abs() < 0.015, "{counts:?}");
        }
    }

    #[test]
    fn pulling_keeps_the_grade_and_its_middle() {
        assert_eq!(pulled(2.5, 1.35), 2.5);
        assert!(pulled(2.9, 1.35) < 2.9 && pulled(2.9, 1.35) > 2.5);
        assert!(pulled(2.1, 1.35) > 2.1 && pulled(2.1, 1.35) < 2.5);
    }

    #[test]
    fn a_latent_follows_what_the_picture_shows() {
        let latent = Latent { hypertrophy: 2.0, vascularity: 2.4 };
        assert_eq!(latent.showing(2), latent);
        assert_eq!(latent.showing(1).vascularity, 1.8);
        assert_eq!(latent.showing(3).vascularity, 3.2);
    }
}
