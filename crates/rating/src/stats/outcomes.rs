//! Yes-or-no answers against the truth: sensitivity, specificity, predictive
//! values and the Youden index.

use serde::Serialize;

use super::{Confusion, Measured, Undefined, share};
use crate::Grade;

/// The four ways a yes-or-no answer can turn out, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Outcomes {
    /// Positive and called positive.
    pub true_positives: u64,
    /// Negative but called positive.
    pub false_positives: u64,
    /// Positive but called negative.
    pub false_negatives: u64,
    /// Negative and called negative.
    pub true_negatives: u64,
}

impl Outcomes {
    /// Counts pairs of (truth, answer).
    #[must_use]
    pub fn count(cases: impl IntoIterator<Item = (bool, bool)>) -> Outcomes {
        let mut outcomes = Outcomes::default();
        for (truth, called) in cases {
            let counter = match (truth, called) {
                (true, true) => &mut outcomes.true_positives,
                (false, true) => &mut outcomes.false_positives,
                (true, false) => &mut outcomes.false_negatives,
                (false, false) => &mut outcomes.true_negatives,
            };
            *counter += 1;
        }
        outcomes
    }

    fn positives(self) -> u64 {
        self.true_positives + self.false_negatives
    }

    fn negatives(self) -> u64 {
        self.true_negatives + self.false_positives
    }

    /// The share of all cases answered rightly.
    ///
    /// # Errors
    /// Without cases.
    pub fn accuracy(self) -> Measured {
        let right = self.true_positives + self.true_negatives;
        let all = self.positives() + self.negatives();
        share(right.into(), all.into(), Undefined::NoCases)
    }

    /// The share of positive cases called positive.
    ///
    /// # Errors
    /// Without positive cases.
    pub fn sensitivity(self) -> Measured {
        share(self.true_positives.into(), self.positives().into(), Undefined::NoPositives)
    }

    /// The share of negative cases called negative.
    ///
    /// # Errors
    /// Without negative cases.
    pub fn specificity(self) -> Measured {
        share(self.true_negatives.into(), self.negatives().into(), Undefined::NoNegatives)
    }

    /// Positive predictive value: how often a positive answer is right.
    ///
    /// # Errors
    /// Without positive answers.
    pub fn ppv(self) -> Measured {
        let called = self.true_positives + self.false_positives;
        share(self.true_positives.into(), called.into(), Undefined::NoneCalledPositive)
    }

    /// Negative predictive value: how often a negative answer is right.
    ///
    /// # Errors
    /// Without negative answers.
    pub fn npv(self) -> Measured {
        let called = self.true_negatives + self.false_negatives;
        share(self.true_negatives.into(), called.into(), Undefined::NoneCalledNegative)
    }

    /// Youden index: sensitivity + specificity - 1.
    ///
    /// # Errors
    /// Where a class is missing.
    pub fn youden(self) -> Measured {
        Ok(self.sensitivity()? + self.specificity()? - 1.0)
    }
}

impl Confusion {
    /// The grades as answers to "is it greater than `above`?", the rows' grades
    /// being the truth.
    #[must_use]
    pub fn outcomes(&self, above: Grade) -> Outcomes {
        let mut outcomes = Outcomes::default();
        for (truth, called, count) in self.cells() {
            let counter = match (truth > usize::from(above), called > usize::from(above)) {
                (true, true) => &mut outcomes.true_positives,
                (false, true) => &mut outcomes.false_positives,
                (true, false) => &mut outcomes.false_negatives,
                (false, false) => &mut outcomes.true_negatives,
            };
            *counter += count;
        }
        outcomes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Graded;

    #[test]
    fn grades_are_cut_into_two() {
        let graded = Graded::new(4, &[0, 1, 2, 3, 3], &[1, 0, 2, 2, 3]).unwrap();
        let outcomes = graded.confusion().outcomes(0);
        assert_eq!((outcomes.true_positives, outcomes.false_positives), (3, 1));
        assert_eq!((outcomes.false_negatives, outcomes.true_negatives), (1, 0));
        let outcomes = graded.confusion().outcomes(2);
        assert_eq!((outcomes.true_positives, outcomes.false_negatives), (1, 1));
        assert_eq!(outcomes.specificity(), Ok(1.0));
    }

    #[test]
    fn an_asymmetric_case_worked_by_hand() {
        // 5 positive cases, 4 of them found; 10 negative ones, 4 called positive.
        let outcomes = Outcomes {
            true_positives: 4,
            false_positives: 4,
            false_negatives: 1,
            true_negatives: 6,
        };
        let cases =
            [(4, (true, true)), (4, (false, true)), (1, (true, false)), (6, (false, false))];
        let counted =
            Outcomes::count(cases.into_iter().flat_map(|(times, case)| vec![case; times]));
        assert_eq!(counted, outcomes);
        assert_eq!(outcomes.sensitivity(), Ok(0.8));
        assert_eq!(outcomes.specificity(), Ok(0.6));
        assert_eq!(outcomes.ppv(), Ok(0.5));
        assert_eq!(outcomes.npv(), Ok(6.0 / 7.0));
        assert_eq!(outcomes.accuracy(), Ok(10.0 / 15.0));
        assert!((outcomes.youden().unwrap() - 0.4).abs() < 1e-12);
    }

    #[test]
    fn a_missing_class_or_answer_is_named() {
        let outcomes = Outcomes::count([(true, true), (true, true)]);
        assert_eq!(outcomes.sensitivity(), Ok(1.0));
        assert_eq!(outcomes.specificity(), Err(Undefined::NoNegatives));
        assert_eq!(outcomes.youden(), Err(Undefined::NoNegatives));
        assert_eq!(outcomes.npv(), Err(Undefined::NoneCalledNegative));
        assert_eq!(Outcomes::count([(false, false)]).ppv(), Err(Undefined::NoneCalledPositive));
        assert_eq!(Outcomes::default().accuracy(), Err(Undefined::NoCases));
    }
}
