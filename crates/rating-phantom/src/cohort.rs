//! A cohort: who is scanned, and which joints, before anything is drawn.

use rating::manifest::DopplerMode;
use rating::words::counted;
use rating::{Problem, Seed};

use crate::joints::{Joint, MOST_JOINTS, joint_order, joints_of_patients};
use crate::pair::PhantomPair;
use crate::patient::Patient;

/// Where patients are scanned: site B has other machines, operators, picture
/// settings and file formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Site {
    /// Where the training patients come from.
    A,
    /// Another hospital.
    B,
}

impl Site {
    pub(crate) fn hospital(self) -> &'static str {
        match self {
            Site::A => "simulated-hospital-a",
            Site::B => "simulated-hospital-b",
        }
    }
}

/// What cohort to draw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cohort {
    /// `train`, `prospective`, `external` or any other word; cohorts of
    /// different names have different patients under the same seed.
    pub name: String,
    /// Number of patients, at least 1.
    pub patients: usize,
    /// Number of pairs, exactly; from 1 to 20 for each patient.
    pub pairs: usize,
    /// How flow is shown.
    pub mode: DopplerMode,
    /// Where the patients are scanned.
    pub site: Site,
    /// The seed of the study.
    pub seed: Seed,
}

impl Cohort {
    /// The training cohort with the paper's size: 752 CDUS pairs of 104 patients.
    #[must_use]
    pub fn train(seed: Seed) -> Cohort {
        Cohort::of("train", 104, 752, DopplerMode::Cdus, Site::A, seed)
    }

    /// The prospective cohort: 274 CDUS pairs of 28 patients, at the same site.
    #[must_use]
    pub fn prospective(seed: Seed) -> Cohort {
        Cohort::of("prospective", 28, 274, DopplerMode::Cdus, Site::A, seed)
    }

    /// The external cohort: 293 PDUS pairs of 42 patients, at another site.
    #[must_use]
    pub fn external(seed: Seed) -> Cohort {
        Cohort::of("external", 42, 293, DopplerMode::Pdus, Site::B, seed)
    }

    fn of(
        name: &str,
        patients: usize,
        pairs: usize,
        mode: DopplerMode,
        site: Site,
        seed: Seed,
    ) -> Cohort {
        Cohort { name: name.to_owned(), patients, pairs, mode, site, seed }
    }

    /// The joints of the cohort, patient by patient.
    ///
    /// A joint depends on the seed, the cohort's name and site, its patient's
    /// number and its own name only: larger cohorts hold the smaller ones'
    /// patients, with the joints they had or more.
    ///
    /// # Errors
    /// Fewer pairs than patients, more than 20 a patient, no patient, or a
    /// name that cannot be part of a file name.
    pub fn plan(&self) -> Result<Vec<JointPlan>, Problem> {
        self.check()?;
        let root = self.seed.child("phantom").child(&self.name);
        let joints = joints_of_patients(self.patients, self.pairs, root);
        let mut plan = Vec::with_capacity(self.pairs);
        for (index, count) in joints.into_iter().enumerate() {
            let seed = root.child(format_args!("patient {}", index + 1));
            let id = format!("{}-{:03}", self.name, index + 1);
            let patient = Patient::draw(id, self.site, seed.child("patient"));
            for joint in joint_order(seed.child("joints")).into_iter().take(count) {
                plan.push(JointPlan {
                    pair_id: format!("{}-{}-{}", patient.id, joint.unit, joint.side.word()),
                    cohort: self.name.clone(),
                    seed: seed.child(format_args!("{} {}", joint.unit, joint.side.word())),
                    study: self.seed,
                    patient: patient.clone(),
                    joint,
                    mode: self.mode,
                    site: self.site,
                });
            }
        }
        Ok(plan)
    }

    fn size(&self) -> String {
        let patients = counted(self.patients, "patient", "patients");
        format!("{} of {patients}", counted(self.pairs, "pair", "pairs"))
    }

    fn check(&self) -> Result<(), Problem> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if self.name.is_empty() || !self.name.chars().all(plain) {
            return Err(Problem::new(format!("{:?} cannot name a cohort of phantoms", self.name))
                .hint("letters, digits, - and _"));
        }
        if self.patients == 0 {
            return Err(Problem::new("a cohort of no patients").hint("at least 1"));
        }
        if self.pairs < self.patients {
            return Err(Problem::new(self.size()).hint("at least one pair a patient"));
        }
        if self.pairs > self.patients.saturating_mul(MOST_JOINTS) {
            return Err(Problem::new(self.size())
                .hint(format!("a patient has {MOST_JOINTS} joints at most")));
        }
        Ok(())
    }
}

/// One joint to be drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct JointPlan {
    /// Name of the pair, unique in the study.
    pub pair_id: String,
    /// Name of the cohort.
    pub cohort: String,
    /// The patient.
    pub patient: Patient,
    /// Which joint.
    pub joint: Joint,
    /// How flow is shown.
    pub mode: DopplerMode,
    /// Where the patient is scanned.
    pub site: Site,
    pub(crate) seed: Seed,
    /// The study's seed: the readers belong to the study, not to the joint.
    pub(crate) study: Seed,
}

impl JointPlan {
    /// Draws the pair; it depends on nothing but this plan.
    #[must_use]
    pub fn draw(&self) -> PhantomPair {
        PhantomPair::draw(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sized(patients: usize, pairs: usize) -> Cohort {
        Cohort { patients, pairs, ..Cohort::train(Seed::new(4)) }
    }

    #[test]
    fn totals_are_exact_and_joints_distinct() {
        for (patients, pairs) in [(1, 1), (1, 20), (3, 60), (7, 8), (10, 75), (28, 274), (104, 752)]
        {
            let plan = sized(patients, pairs).plan().unwrap();
            assert_eq!(plan.len(), pairs);
            let mut ids: Vec<_> = plan.iter().map(|joint| joint.pair_id.clone()).collect();
            ids.sort();
            ids.dedup();
            assert_eq!(ids.len(), pairs, "{patients} {pairs}");
            let mut people: Vec<_> = plan.iter().map(|joint| joint.patient.id.clone()).collect();
            people.dedup();
            assert_eq!(people.len(), patients);
        }
    }

    #[test]
    fn impossible_cohorts_are_refused() {
        for (patients, pairs) in [(0, 0), (0, 5), (5, 4), (2, 41)] {
            assert!(sized(patients, pairs).plan().is_err(), "{patients} {pairs}");
        }
        let unnamed = Cohort { name: "a/b".to_owned(), ..sized(2, 4) };
        assert!(unnamed.plan().is_err());
    }

    #[test]
    fn a_joint_does_not_depend_on_the_size_of_its_cohort() {
        let small = sized(3, 12).plan().unwrap();
        let large = sized(30, 300).plan().unwrap();
        for joint in &small {
            let same = large.iter().find(|other| other.pair_id == joint.pair_id).unwrap();
            assert_eq!(joint, same);
        }
    }

    #[test]
    fn cohorts_of_other_names_have_other_patients() {
        let train = sized(2, 10).plan().unwrap();
        let other = Cohort { name: "prospective".to_owned(), ..sized(2, 10) }.plan().unwrap();
        assert_ne!(train[0].seed, other[0].seed);
    }

    #[test]
    fn three_of_five_joints_are_mcp() {
        let plan = Cohort::train(Seed::new(9)).plan().unwrap();
        let mcp = plan.iter().filter(|joint| joint.joint.is_mcp()).count() as f64 / 752.0;
        assert!((0.52..0.66).contains(&mcp), "{mcp}");
    }
}
