//! Figures of merit: the one number by which a reader study compares arms.
//!
//! Each is computed from a confusion matrix of grades, truth in its rows, so
//! that resampling patients costs no more than adding up their counts
//! ([`CountsByPatient`](super::weighted::CountsByPatient)).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Confusion, Measured, Undefined, Weights, share};
use crate::{Grade, Problem};

/// What is measured of a reader. Written as `accuracy`, `close_agreement`,
/// `kappa`, `kappa_linear`, `kappa_quadratic`, or with a cut-off, "the grade is
/// greater than 1", as `youden_gt1`, `auc_gt1`, `sensitivity_gt1`,
/// `specificity_gt1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Merit {
    /// Share of cases graded as the truth, 0 to 1 ([`Confusion::accuracy`]).
    Accuracy,
    /// Share of cases at most one grade off, 0 to 1.
    CloseAgreement,
    /// Cohen's kappa, at most 1 ([`Confusion::kappa`]).
    Kappa(Weights),
    /// Sensitivity + specificity - 1 where grades greater than this are
    /// positive, -1 to 1.
    Youden(Grade),
    /// Area under the ROC curve of the grades, as a score, against whether the
    /// truth is greater than this, 0 to 1 ([`Confusion::auc`]).
    Auc(Grade),
    /// Share of cases above the cut-off that are called so, 0 to 1.
    Sensitivity(Grade),
    /// Share of cases not above the cut-off that are called so, 0 to 1.
    Specificity(Grade),
}

impl Merit {
    /// The figure of one matrix.
    ///
    /// # Errors
    /// As the function of [`Confusion`] that it names.
    pub fn of(self, confusion: &Confusion) -> Measured {
        match self {
            Merit::Accuracy => confusion.accuracy(),
            Merit::CloseAgreement => confusion.close_agreement(),
            Merit::Kappa(weights) => confusion.kappa(weights),
            Merit::Youden(above) => confusion.outcomes(above).youden(),
            Merit::Auc(above) => confusion.auc(above),
            Merit::Sensitivity(above) => confusion.outcomes(above).sensitivity(),
            Merit::Specificity(above) => confusion.outcomes(above).specificity(),
        }
    }

    /// The cut-off, of figures that have one.
    #[must_use]
    pub fn above(self) -> Option<Grade> {
        match self {
            Merit::Accuracy | Merit::CloseAgreement | Merit::Kappa(_) => None,
            Merit::Youden(above)
            | Merit::Auc(above)
            | Merit::Sensitivity(above)
            | Merit::Specificity(above) => Some(above),
        }
    }

    /// What is asked of every measurement with this many grades: accuracy, close
    /// agreement, the three kappas, and at each cut-off the Youden index, AUC,
    /// sensitivity and specificity.
    #[must_use]
    pub fn all(grades: u8) -> Vec<Merit> {
        let mut all = vec![Merit::Accuracy, Merit::CloseAgreement];
        all.extend([Weights::None, Weights::Linear, Weights::Quadratic].map(Merit::Kappa));
        for cut in [Merit::Youden, Merit::Auc, Merit::Sensitivity, Merit::Specificity] {
            all.extend((0..grades.saturating_sub(1)).map(cut));
        }
        all
    }
}

impl Confusion {
    /// The area under the ROC curve of the columns' grades, taken as a score, for
    /// telling truths greater than `above` from the others: how often a case
    /// above the cut-off got a higher grade than one that is not, ties counting half.
    /// The same as [`Scored::auc`](super::Scored::auc) of the cases.
    ///
    /// # Errors
    /// Where a class is missing.
    pub fn auc(&self, above: Grade) -> Measured {
        let mut classes = vec![[0_u128; 2]; self.rows().len()];
        for (truth, called, count) in self.cells() {
            classes[called][usize::from(truth > usize::from(above))] += u128::from(count);
        }
        // Twice the pairs won, so that a tie counts 1.
        let (mut won, mut negatives, mut positives) = (0, 0, 0);
        for [negative, positive] in classes {
            won += positive * (2 * negatives + negative);
            negatives += negative;
            positives += positive;
        }
        match (positives, negatives) {
            (0, 0) => Err(Undefined::NoCases),
            (0, _) => Err(Undefined::NoPositives),
            (_, 0) => Err(Undefined::NoNegatives),
            _ => share(won, 2 * positives * negatives, Undefined::NoCases),
        }
    }
}

impl fmt::Display for Merit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Merit::Accuracy => f.write_str("accuracy"),
            Merit::CloseAgreement => f.write_str("close_agreement"),
            Merit::Kappa(Weights::None) => f.write_str("kappa"),
            Merit::Kappa(Weights::Linear) => f.write_str("kappa_linear"),
            Merit::Kappa(Weights::Quadratic) => f.write_str("kappa_quadratic"),
            Merit::Youden(above) => write!(f, "youden_gt{above}"),
            Merit::Auc(above) => write!(f, "auc_gt{above}"),
            Merit::Sensitivity(above) => write!(f, "sensitivity_gt{above}"),
            Merit::Specificity(above) => write!(f, "specificity_gt{above}"),
        }
    }
}

impl FromStr for Merit {
    type Err = Problem;

    fn from_str(name: &str) -> Result<Merit, Problem> {
        let cut = |above: &str| above.parse::<Grade>().ok();
        let found = match name.split_once("_gt") {
            Some(("youden", above)) => cut(above).map(Merit::Youden),
            Some(("auc", above)) => cut(above).map(Merit::Auc),
            Some(("sensitivity", above)) => cut(above).map(Merit::Sensitivity),
            Some(("specificity", above)) => cut(above).map(Merit::Specificity),
            _ => match name {
                "accuracy" => Some(Merit::Accuracy),
                "close_agreement" => Some(Merit::CloseAgreement),
                "kappa" => Some(Merit::Kappa(Weights::None)),
                "kappa_linear" => Some(Merit::Kappa(Weights::Linear)),
                "kappa_quadratic" => Some(Merit::Kappa(Weights::Quadratic)),
                _ => None,
            },
        };
        found.ok_or_else(|| {
            Problem::new(format!("{name:?} is not a statistic of a reader study")).hint(
                "accuracy, close_agreement, kappa, kappa_linear, kappa_quadratic, or with a \
                 cut-off youden_gt0, auc_gt0, sensitivity_gt0, specificity_gt0",
            )
        })
    }
}

impl From<Merit> for String {
    fn from(merit: Merit) -> String {
        merit.to_string()
    }
}

impl TryFrom<String> for Merit {
    type Error = Problem;

    fn try_from(name: String) -> Result<Merit, Problem> {
        name.parse()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::{Graded, Scored};

    #[test]
    fn names_are_read_back() {
        let all = Merit::all(4);
        assert_eq!(all.len(), 5 + 4 * 3);
        for merit in all {
            assert_eq!(merit.to_string().parse(), Ok(merit));
        }
        let problem = "youden_gt".parse::<Merit>().unwrap_err().to_string();
        assert!(problem.contains("youden_gt0"), "{problem}");
        assert!("kappa_gt1".parse::<Merit>().is_err());
        assert_eq!(serde_json::to_string(&Merit::Auc(1)).unwrap(), "\"auc_gt1\"");
    }

    #[test]
    fn an_auc_worked_by_hand() {
        // Above 0: called 1, 2. Not above: called 0, 1. Of four pairs three are
        // won and one is tied.
        let confusion = Graded::new(3, &[1, 2, 0, 0], &[1, 2, 0, 1]).unwrap().confusion();
        assert_eq!(Merit::Auc(0).of(&confusion), Ok(3.5 / 4.0));
        assert_eq!(Merit::Youden(0).of(&confusion), Ok(0.5));
        assert_eq!(Merit::Auc(2).of(&confusion), Err(Undefined::NoPositives));
        let none = Graded::new(3, &[], &[]).unwrap().confusion();
        assert_eq!(Merit::Auc(0).of(&none), Err(Undefined::NoCases));
    }

    proptest! {
        #[test]
        fn the_auc_of_grades_is_that_of_scores(
            cases in prop::collection::vec((0u8..4, 0u8..4), 0..40), above in 0u8..3
        ) {
            let (truth, given): (Vec<u8>, Vec<u8>) = cases.into_iter().unzip();
            let confusion = Graded::new(4, &truth, &given).unwrap().confusion();
            let positive: Vec<bool> = truth.iter().map(|&grade| grade > above).collect();
            let scores: Vec<f64> = given.iter().map(|&grade| f64::from(grade)).collect();
            prop_assert_eq!(confusion.auc(above), Scored::new(&positive, &scores).unwrap().auc());
        }
    }
}
