//! An experiment: arms that differ from one configuration, and what is claimed
//! of them (method, section 7).
//!
//! An arm says only in what it departs from the base: values of the
//! configuration, the images a measurement is read from, whose grades it learns
//! and of how many patients, how votes become grades. Trainings that two arms
//! have in common have one identity, so they are trained once.

mod arm;

use std::collections::BTreeSet;

use rating::Problem;
use rating::protocol::{row_of, toml_problem};
use serde::{Deserialize, Serialize};

pub use self::arm::{Arm, Decide, Extractor, Grader};
use crate::config::Demo;

/// An experiment: a base, arms, claims.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// Its name, for the report.
    pub name: String,
    /// The configuration that arms depart from; a path relative to this file.
    pub base: String,
    /// The whole experiment is repeated for each of these seeds.
    pub study_seeds: Vec<u64>,
    /// The pairs; a path relative to this file. When left out, joints are drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<String>,
    /// The cohorts that are drawn, anew for each seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phantoms: Option<Demo>,
    /// Whose grades count as right.
    #[serde(default, skip_serializing_if = "Grader::is_reference")]
    pub judged_by: Grader,
    /// What is compared. The first is the system itself.
    pub arms: Vec<Arm>,
    /// What is claimed.
    #[serde(default)]
    pub claims: Vec<Claim>,
}

/// What is claimed of an arm: its exact agreement with the reference grades
/// against that of another arm, or against its own in another cohort.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The claim as a sentence.
    pub says: String,
    /// Where it is made, such as `paper, Figure 3C`.
    pub source: String,
    /// The source's own figures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub figures: Option<String>,
    /// The arm it is about.
    pub arm: String,
    /// The arm it is compared with; itself when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<String>,
    /// A measurement, or `combined`.
    pub measurement: String,
    /// The test cohorts whose pairs count; all when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cohorts: Option<Vec<String>>,
    /// The cohorts that the other arm is judged by; the same when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against_cohorts: Option<Vec<String>>,
    /// What must be seen.
    pub expects: Expects,
}

/// What must be seen of a difference in exact agreement for a claim to hold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expects {
    /// It is above 0.
    Better,
    /// It is above minus this.
    NotWorseThan(f64),
}

impl Experiment {
    /// Reads and checks an experiment's file.
    ///
    /// # Errors
    /// What TOML or the types refuse; no arm or no seed; two arms of one name;
    /// a claim about an arm that does not exist; pairs both named and drawn,
    /// or neither.
    pub fn from_toml(text: &str) -> Result<Experiment, Problem> {
        let experiment: Experiment =
            toml::from_str(text).map_err(|error| toml_problem(text, &error))?;
        experiment.check().map_err(|(key, what)| placed(text, &key, Problem::new(what)))?;
        Ok(experiment)
    }

    /// The first thing wrong: its key, and what.
    fn check(&self) -> Result<(), (String, String)> {
        let refuse = |key: String, what: String| Err((key, what));
        for (key, is_empty) in
            [("arms", self.arms.is_empty()), ("study_seeds", self.study_seeds.is_empty())]
        {
            if is_empty {
                return refuse(key.into(), "an experiment needs an arm and a study seed".into());
            }
        }
        if self.manifest.is_some() == self.phantoms.is_some() {
            let what = "name a manifest, or draw phantoms: one of both";
            return refuse("manifest".into(), what.into());
        }
        let mut names = BTreeSet::new();
        if let Some(twin) = self.arms.iter().position(|arm| !names.insert(arm.slug())) {
            let what = format!("two arms are called {:?}", self.arms[twin].name);
            return refuse(format!("arms.{twin}.name"), what);
        }
        for (place, claim) in self.claims.iter().enumerate() {
            for (key, name) in [("arm", Some(&claim.arm)), ("against", claim.against.as_ref())] {
                if let Some(name) = name.filter(|name| self.arm(name).is_none()) {
                    let what = format!("there is no arm {name:?}");
                    return refuse(format!("claims.{place}.{key}"), what);
                }
            }
        }
        Ok(())
    }

    /// The experiment as a file.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("an experiment is plain data")
    }

    /// An arm by its name.
    #[must_use]
    pub fn arm(&self, name: &str) -> Option<&Arm> {
        self.arms.iter().find(|arm| arm.name == name)
    }
}

/// The problem with the row and the key of an experiment's file; of a key such as
/// `claims.2.arm` people read `claims.arm`.
#[must_use]
pub fn placed(text: &str, key: &str, problem: Problem) -> Problem {
    let names: Vec<&str> = key.split('.').filter(|part| part.parse::<usize>().is_err()).collect();
    Problem { row: row_of(text, key), ..problem.in_column(names.join(".")) }
}

#[cfg(test)]
mod tests {
    use rating::Protocol;

    use super::*;
    use crate::config::Questions;
    use crate::plan::{plan, targets};

    const QUICK: &str = include_str!("../../../../configs/quick.toml");

    fn arm(text: &str) -> Arm {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn shipped_experiments_are_read_and_every_arm_has_its_plan() {
        let shipped = [
            (include_str!("../../../../configs/phantom-study.toml"), QUICK),
            (include_str!("../../../../configs/learning-curve.toml"), QUICK),
            (include_str!("../../../../configs/label-noise.toml"), QUICK),
            (
                include_str!("../../../../configs/paper-study.toml"),
                include_str!("../../../../configs/paper.toml"),
            ),
            (
                include_str!("../../../../configs/nano-study.toml"),
                include_str!("../../../../configs/nano.toml"),
            ),
        ];
        for (text, base) in shipped {
            let experiment = Experiment::from_toml(text).unwrap();
            assert_eq!(Experiment::from_toml(&experiment.to_toml()).unwrap(), experiment);
            for arm in &experiment.arms {
                let config = arm.config(base, 1).unwrap_or_else(|problems| panic!("{problems:?}"));
                let protocol = arm.protocol(&Protocol::eoss()).unwrap();
                assert!(!plan(&config, &protocol).is_empty(), "{}", arm.name);
            }
        }
    }

    #[test]
    fn an_arm_is_a_difference_from_the_base() {
        let arm = arm(r#"
            name = "No ECOC, no pretraining"
            set = { questions = "grade", seeds = 1, training.single.epochs = 3 }
            without = ["training.jigsaw"]
            decide = "each-model"
        "#);
        let config = arm.config(QUICK, 7).unwrap();
        assert_eq!((config.questions, config.seeds, config.study_seed), (Questions::Grade, 1, 7));
        assert_eq!((config.training.single.epochs, config.training.single.batch), (3, 16));
        assert!(config.training.jigsaw.is_none());
        assert_eq!(arm.slug(), "no-ecoc-no-pretraining");
        let protocol = arm.protocol(&Protocol::eoss()).unwrap();
        let ids: Vec<String> =
            targets(&config, &protocol).iter().map(ToString::to_string).collect();
        assert_eq!(ids.len(), 10);
        assert_eq!(ids[0], "sh.grade.fold1.seed1");
        // Two extractors and a head for each SH network, one network for vascularity.
        assert_eq!(plan(&config, &protocol).len(), 5 * 3 + 5);
    }

    #[test]
    fn a_cascade_on_the_combined_grade_reads_doppler_alone() {
        let arm = arm(r#"
            name = "Christensen"
            set = { questions = "cascade", seeds = 1 }
            without = ["training.jigsaw"]
            combined_from = ["doppler"]
        "#);
        let protocol = arm.protocol(&Protocol::eoss()).unwrap();
        let ids: Vec<String> = plan(&arm.config(QUICK, 1).unwrap(), &protocol)
            .iter()
            .map(|task| task.id.to_string())
            .collect();
        assert_eq!(ids.len(), 15);
        assert_eq!(
            ids[..3],
            ["next0", "next1", "next2"].map(|step| format!("highest.{step}.fold1.seed1"))
        );
    }

    #[test]
    fn a_refusal_names_row_and_key() {
        let text = include_str!("../../../../configs/nano-study.toml");
        let name = Experiment::from_toml(text).unwrap().arms[1].name.clone();
        let refused = |text: &str| Experiment::from_toml(text).unwrap_err();
        let row = |part: &str, text: &str| {
            text.lines().position(|line| line.contains(part)).map(|line| line + 1)
        };
        // Its second arm is called as its first.
        let first = Experiment::from_toml(text).unwrap().arms[0].name.clone();
        let twins = text.replacen(&format!("name = {name:?}"), &format!("name = {first:?} "), 1);
        let problem = refused(&twins);
        assert_eq!(problem.row, row(&format!("name = {first:?} "), &twins));
        assert_eq!(problem.column.as_deref(), Some("arms.name"));

        let claim = "\n[[claims]]\nsays = \"s\"\nsource = \"s\"\narm = \"nobody\"\nmeasurement = \"combined\"\nexpects = \"better\"\n";
        let more = format!("{text}{claim}");
        let problem = refused(&more);
        assert_eq!(problem.row, row("arm = \"nobody\"", &more));
        assert_eq!(problem.column.as_deref(), Some("claims.arm"));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let refused = |text: &str| arm(text).config(QUICK, 1).unwrap_err()[0].to_string();
        assert!(
            refused("name = \"a\"\nwithout = [\"training.puzzle\"]").contains("no training.puzzle")
        );
        assert!(refused("name = \"a\"\nset = { fold = 3 }").contains("unknown field `fold`"));
        assert!(refused("name = \"a\"\nset = { questions = \"grade\" }").contains("seeds"));
        let wrong = arm("name = \"a\"\nread = { vascularity = [\"mri\"] }");
        assert!(wrong.protocol(&Protocol::eoss()).is_err());
    }
}
