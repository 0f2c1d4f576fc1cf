//! Identities of networks and of the trainings that make them.
//!
//! An identity is a value; its text form names files and log lines and is
//! never searched.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Grade, Problem};

/// One of the networks that decide grades: `sh.gt0.fold1.seed1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NetworkId {
    /// The measurement's short name.
    pub measurement: String,
    /// The task: is the grade greater than this?
    pub above: Grade,
    /// The fold held out for validation, from 1; also the scoring model.
    pub fold: u8,
    /// The repeat, from 1.
    pub seed: u8,
}

/// What a network is asked about a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Question {
    /// Is the grade greater than this? The tasks of the method: `gt0`.
    Above(Grade),
    /// Which grade is it? One class for each: `grade`.
    Grade,
    /// Of pairs graded this or more: is the grade greater? A step of a cascade
    /// (method, section 7, Christensen et al.): `next0`.
    Next(Grade),
}

impl Question {
    /// How many answers there are, for a measurement of so many grades.
    #[must_use]
    pub fn classes(self, grades: u8) -> usize {
        match self {
            Question::Above(_) | Question::Next(_) => 2,
            Question::Grade => usize::from(grades),
        }
    }

    /// The right answer for a pair of this grade; `None` where the question
    /// does not arise.
    #[must_use]
    pub fn answer(self, grade: Grade) -> Option<usize> {
        match self {
            Question::Above(above) => Some(usize::from(grade > above)),
            Question::Grade => Some(usize::from(grade)),
            Question::Next(least) => (grade >= least).then(|| usize::from(grade > least)),
        }
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Question::Above(above) => write!(f, "gt{above}"),
            Question::Grade => f.write_str("grade"),
            Question::Next(least) => write!(f, "next{least}"),
        }
    }
}

/// What a training works towards: `sh.gt0.fold1.seed1`, `sh.grade.fold1.seed1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// The measurement's short name.
    pub measurement: String,
    /// What is asked about it.
    pub question: Question,
    /// The fold held out for validation, from 1; also the scoring model.
    pub fold: u8,
    /// The repeat, from 1.
    pub seed: u8,
}

impl Target {
    /// The network of a bundle that it is; `None` where another question is
    /// asked than those of the method.
    #[must_use]
    pub fn network(&self) -> Option<NetworkId> {
        let Question::Above(above) = self.question else { return None };
        let Target { measurement, fold, seed, .. } = self.clone();
        Some(NetworkId { measurement, above, fold, seed })
    }
}

impl From<NetworkId> for Target {
    fn from(id: NetworkId) -> Target {
        let NetworkId { measurement, above, fold, seed } = id;
        Target { measurement, question: Question::Above(above), fold, seed }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Target { measurement, question, fold, seed } = self;
        write!(f, "{measurement}.{question}.fold{fold}.seed{seed}")
    }
}

/// One training: a network, or a stage on the way to one.
///
/// The order is that of the plan: what others start from comes first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum TrainingId {
    /// Pretraining by jigsaws: `jigsaw.fold1.seed1`.
    Jigsaw {
        /// Fold held out, from 1.
        fold: u8,
        /// Repeat, from 1.
        seed: u8,
    },
    /// The feature extractor of one modality: `grayscale.sh.gt0.fold1.seed1`.
    Extractor {
        /// Name of the modality.
        modality: String,
        /// The network it becomes a part of.
        target: Target,
    },
    /// The fusion head on frozen extractors: `fusion.sh.gt0.fold1.seed1`.
    Fusion(Target),
    /// A network of one modality, trained end to end: `vascularity.gt0.fold1.seed1`.
    Single(Target),
}

impl TrainingId {
    /// Fold held out, from 1.
    #[must_use]
    pub fn fold(&self) -> u8 {
        match self {
            TrainingId::Jigsaw { fold, .. } => *fold,
            TrainingId::Extractor { target, .. }
            | TrainingId::Fusion(target)
            | TrainingId::Single(target) => target.fold,
        }
    }

    /// Repeat, from 1.
    #[must_use]
    pub fn seed(&self) -> u8 {
        match self {
            TrainingId::Jigsaw { seed, .. } => *seed,
            TrainingId::Extractor { target, .. }
            | TrainingId::Fusion(target)
            | TrainingId::Single(target) => target.seed,
        }
    }

    /// What it works towards; `None` for jigsaws.
    #[must_use]
    pub fn target(&self) -> Option<&Target> {
        match self {
            TrainingId::Jigsaw { .. } => None,
            TrainingId::Extractor { target, .. }
            | TrainingId::Fusion(target)
            | TrainingId::Single(target) => Some(target),
        }
    }
}

impl fmt::Display for NetworkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NetworkId { measurement, above, fold, seed } = self;
        write!(f, "{measurement}.gt{above}.fold{fold}.seed{seed}")
    }
}

impl fmt::Display for TrainingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TrainingId::Jigsaw { fold, seed } => write!(f, "jigsaw.fold{fold}.seed{seed}"),
            TrainingId::Extractor { modality, target } => write!(f, "{modality}.{target}"),
            TrainingId::Fusion(target) => write!(f, "fusion.{target}"),
            TrainingId::Single(target) => write!(f, "{target}"),
        }
    }
}

/// The number behind `word`, from 1 for folds and seeds.
fn numbered(part: &str, word: &str, least: u8) -> Option<u8> {
    let digits = part.strip_prefix(word)?;
    let number: u8 = digits.parse().ok()?;
    (number >= least && number.to_string() == digits).then_some(number)
}

fn question(part: &str) -> Option<Question> {
    let above = numbered(part, "gt", 0).map(Question::Above);
    let next = || numbered(part, "next", 0).map(Question::Next);
    above.or_else(next).or((part == "grade").then_some(Question::Grade))
}

fn target(parts: &[&str]) -> Option<Target> {
    let [measurement, asked, fold, seed] = parts else {
        return None;
    };
    Some(Target {
        measurement: (!measurement.is_empty()).then(|| (*measurement).to_owned())?,
        question: question(asked)?,
        fold: numbered(fold, "fold", 1)?,
        seed: numbered(seed, "seed", 1)?,
    })
}

fn training(parts: &[&str]) -> Option<TrainingId> {
    match parts {
        ["jigsaw", fold, seed] => Some(TrainingId::Jigsaw {
            fold: numbered(fold, "fold", 1)?,
            seed: numbered(seed, "seed", 1)?,
        }),
        ["fusion", rest @ ..] if rest.len() == 4 => Some(TrainingId::Fusion(target(rest)?)),
        [modality, rest @ ..] if rest.len() == 4 => Some(TrainingId::Extractor {
            modality: (!modality.is_empty()).then(|| (*modality).to_owned())?,
            target: target(rest)?,
        }),
        _ => Some(TrainingId::Single(target(parts)?)),
    }
}

fn parts(text: &str) -> Vec<&str> {
    text.split('.').collect()
}

impl FromStr for NetworkId {
    type Err = Problem;

    fn from_str(text: &str) -> Result<NetworkId, Problem> {
        target(&parts(text)).and_then(|target| target.network()).ok_or_else(|| {
            Problem::new(format!("{text:?} is not a network")).hint("such as sh.gt0.fold1.seed1")
        })
    }
}

impl FromStr for TrainingId {
    type Err = Problem;

    fn from_str(text: &str) -> Result<TrainingId, Problem> {
        training(&parts(text)).ok_or_else(|| {
            Problem::new(format!("{text:?} is not a training"))
                .hint("such as grayscale.sh.gt0.fold1.seed1; see train --list")
        })
    }
}

impl TryFrom<String> for NetworkId {
    type Error = Problem;

    fn try_from(text: String) -> Result<NetworkId, Problem> {
        text.parse()
    }
}

impl TryFrom<String> for TrainingId {
    type Error = Problem;

    fn try_from(text: String) -> Result<TrainingId, Problem> {
        text.parse()
    }
}

impl From<NetworkId> for String {
    fn from(id: NetworkId) -> String {
        id.to_string()
    }
}

impl From<TrainingId> for String {
    fn from(id: TrainingId) -> String {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_survive_their_text() {
        for text in [
            "jigsaw.fold1.seed2",
            "grayscale.sh.gt0.fold1.seed1",
            "doppler.sh.gt2.fold5.seed2",
            "fusion.sh.gt1.fold3.seed1",
            "vascularity.gt2.fold5.seed2",
            "fusion.sh.grade.fold5.seed1",
            "highest.next2.fold1.seed1",
        ] {
            assert_eq!(text.parse::<TrainingId>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn questions_and_their_right_answers() {
        let answers = |question: Question| [0, 1, 2, 3].map(|grade| question.answer(grade));
        assert_eq!(answers(Question::Above(1)), [Some(0), Some(0), Some(1), Some(1)]);
        assert_eq!(answers(Question::Grade), [Some(0), Some(1), Some(2), Some(3)]);
        assert_eq!(answers(Question::Next(1)), [None, Some(0), Some(1), Some(1)]);
        assert_eq!((Question::Grade.classes(4), Question::Next(2).classes(4)), (4, 2));
    }

    #[test]
    fn a_bundle_holds_the_questions_of_the_method_only() {
        assert!("sh.grade.fold1.seed1".parse::<NetworkId>().is_err());
        assert!("sh.next0.fold1.seed1".parse::<NetworkId>().is_err());
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "sh",
            "sh.gt0.fold0.seed1",
            "sh.gt0.fold01.seed1",
            "sh.gt.fold1.seed1",
            "a.b.sh.gt0.fold1.seed1",
            ".gt0.fold1.seed1",
        ] {
            assert!(text.parse::<NetworkId>().is_err(), "{text}");
            assert!(text.parse::<TrainingId>().is_err(), "{text}");
        }
    }
}
