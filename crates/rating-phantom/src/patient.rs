//! A simulated patient: what all pictures of one person have in common.

use rating::Seed;

use crate::chance::Chance;
use crate::cohort::Site;
use crate::screen::Machine;

/// A simulated patient.
#[derive(Debug, Clone, PartialEq)]
pub struct Patient {
    /// Name, unique over the cohorts of a study.
    pub id: String,
    /// `female` or `male`.
    pub sex: String,
    /// Age in years.
    pub age: f64,
    /// Years since the disease began.
    pub disease_duration_years: f64,
    /// Disease activity score in 28 joints.
    pub das28: f64,
    /// Hospital the patient was scanned in.
    pub hospital: String,
    /// Name of the ultrasound machine.
    pub device: String,
    /// Who held the probe.
    pub operator: String,
    pub(crate) machine: Machine,
    pub(crate) traits: Traits,
}

/// What the drawing needs to know of a patient.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Traits {
    /// Disease activity, standard normal.
    pub activity: f64,
    /// Size of the joints, 1 on average.
    pub size: f32,
    /// Millimetres a pixel of the scan covers.
    pub mm_per_px: f32,
    /// Gain of the machine, dB.
    pub gain_db: f32,
    /// Thickness of the fat under the skin, mm.
    pub subcutis_mm: f32,
    /// Echo of that fat, dB re soft tissue.
    pub subcutis_db: f32,
    /// Echo of synovium, dB re soft tissue.
    pub synovium_db: f32,
    /// Where the operator likes the joint: offset of its middle, mm.
    pub habit_mm: f32,
    /// Width of the grey scale, dB.
    pub dynamic_range_db: f32,
    /// Exponent of the grey scale.
    pub gamma: f32,
}

/// Operators of a site; each has a gain (dB) and a position (mm) of their own.
const OPERATORS_A: [(&str, f32, f32); 3] =
    [("operator-a1", 0.0, 0.0), ("operator-a2", 1.2, -0.4), ("operator-a3", -1.2, 0.4)];
const OPERATORS_B: [(&str, f32, f32); 2] = [("operator-b1", 0.6, 0.3), ("operator-b2", -0.8, -0.3)];

impl Patient {
    /// The patient of this seed at a site.
    pub(crate) fn draw(id: String, site: Site, seed: Seed) -> Patient {
        let mut chance = Chance::new(seed);
        let activity = chance.standard_normal();
        let operators: &[(&str, f32, f32)] = match site {
            Site::A => &OPERATORS_A,
            Site::B => &OPERATORS_B,
        };
        let (operator, operator_gain, habit_mm) = operators[chance.below(operators.len())];
        let machines = Machine::of_site(site);
        let machine = machines[chance.below(machines.len())];
        let traits = Traits {
            activity,
            size: chance.between(0.9, 1.12),
            mm_per_px: match site {
                Site::A => chance.between(0.056, 0.066),
                Site::B => chance.between(0.052, 0.070),
            },
            gain_db: chance.normal(operator_gain, 3.5),
            subcutis_mm: chance.between(0.9, 1.9),
            subcutis_db: chance.normal(-10.0, 2.5),
            synovium_db: chance.normal(-15.0, 3.0).clamp(-23.0, -9.0),
            habit_mm,
            dynamic_range_db: match site {
                Site::A => chance.between(58.0, 66.0),
                Site::B => chance.between(54.0, 70.0),
            },
            gamma: match site {
                Site::A => chance.between(0.95, 1.1),
                Site::B => chance.between(0.85, 1.1),
            },
        };
        Patient {
            id,
            sex: if chance.happens(0.75) { "female" } else { "male" }.to_owned(),
            age: rounded(f64::from(chance.normal(54.0, 12.0).clamp(19.0, 88.0)), 0),
            disease_duration_years: rounded((4.0 * chance.exponential()).min(45.0), 1),
            das28: rounded(
                (3.7 + 1.1 * activity + 0.6 * chance.standard_normal()).clamp(0.5, 9.0),
                2,
            ),
            hospital: site.hospital().to_owned(),
            device: machine.name.to_owned(),
            operator: operator.to_owned(),
            machine,
            traits,
        }
    }
}

fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}
