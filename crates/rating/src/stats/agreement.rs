//! Grades against reference grades, or one reader against another: accuracy,
//! close agreement and (in [`kappa`](super::kappa)) kappa, all from one confusion
//! matrix.

use serde::Serialize;

use super::{Measured, Undefined, share};
use crate::{Grade, Problem};

/// Cases graded twice: by the reference and by what is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graded {
    grades: u8,
    cases: Vec<(Grade, Grade)>,
}

impl Graded {
    /// The cases of a measurement with this many grades.
    ///
    /// # Errors
    /// Not one prediction for each truth; a grade out of range.
    pub fn new(grades: u8, truth: &[Grade], predicted: &[Grade]) -> Result<Graded, Problem> {
        if truth.len() != predicted.len() {
            return Err(Problem::new(format!(
                "{} predictions for {} cases",
                predicted.len(),
                truth.len()
            )));
        }
        if let Some(grade) = truth.iter().chain(predicted).find(|&&grade| grade >= grades) {
            return Err(Problem::new(format!("grade {grade} in a measurement of {grades} grades"))
                .hint("grades count from 0"));
        }
        Ok(Graded { grades, cases: truth.iter().copied().zip(predicted.iter().copied()).collect() })
    }

    /// How many cases there are.
    #[must_use]
    pub fn cases(&self) -> usize {
        self.cases.len()
    }

    /// How many grades the measurement has.
    #[must_use]
    pub fn grades(&self) -> u8 {
        self.grades
    }

    /// Truth and prediction of each case.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Grade, Grade)> + '_ {
        self.cases.iter().copied()
    }

    /// The matrix of all cases.
    #[must_use]
    pub fn confusion(&self) -> Confusion {
        Confusion::count(self.grades, self.cases.iter().copied())
    }

    /// The matrix of these cases, by position; some may be repeated.
    ///
    /// # Panics
    /// When a position is beyond the last case.
    #[must_use]
    pub fn confusion_of(&self, cases: &[usize]) -> Confusion {
        Confusion::count(self.grades, cases.iter().map(|&case| self.cases[case]))
    }
}

/// How often each grade met each grade: **rows are the truth** (or the first
/// reader), **columns what is judged** (or the second).
///
/// Serialised as the list of its rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Confusion {
    rows: Vec<Vec<u64>>,
}

impl Confusion {
    fn count(grades: u8, cases: impl Iterator<Item = (Grade, Grade)>) -> Confusion {
        let side = usize::from(grades);
        let mut rows = vec![vec![0; side]; side];
        for (truth, predicted) in cases {
            rows[usize::from(truth)][usize::from(predicted)] += 1;
        }
        Confusion { rows }
    }

    /// `counts[truth x grades + predicted]`, as many as grades squared.
    pub(super) fn from_counts(grades: u8, counts: &[u64]) -> Confusion {
        let side = usize::from(grades).max(1);
        Confusion { rows: counts.chunks(side).map(<[u64]>::to_vec).collect() }
    }

    /// The counts: `rows()[truth][predicted]`.
    #[must_use]
    pub fn rows(&self) -> &[Vec<u64>] {
        &self.rows
    }

    /// The matrix with truth and prediction exchanged.
    #[must_use]
    pub fn transposed(&self) -> Confusion {
        let column = |at: usize| self.rows.iter().map(|row| row[at]).collect();
        Confusion { rows: (0..self.rows.len()).map(column).collect() }
    }

    /// How many cases there are.
    #[must_use]
    pub fn cases(&self) -> u64 {
        self.rows.iter().flatten().sum()
    }

    /// The share of cases graded alike, 0 to 1: the paper's accuracy and
    /// percent exact agreement (PEA), of two readers as of a prediction.
    ///
    /// # Errors
    /// Without cases.
    pub fn accuracy(&self) -> Measured {
        self.within(0)
    }

    /// The share of cases graded at most one grade apart: percent close
    /// agreement (PCA).
    ///
    /// # Errors
    /// Without cases.
    pub fn close_agreement(&self) -> Measured {
        self.within(1)
    }

    /// How many grades truth and prediction lie apart, on average; 0 is perfect.
    ///
    /// # Errors
    /// Without cases.
    pub fn absolute_error(&self) -> Measured {
        let apart = self
            .cells()
            .map(|(row, column, count)| row.abs_diff(column) as u128 * u128::from(count));
        share(apart.sum(), self.cases().into(), Undefined::NoCases)
    }

    fn within(&self, distance: usize) -> Measured {
        let near = self.cells().filter(|(row, column, _)| row.abs_diff(*column) <= distance);
        let near: u64 = near.map(|(_, _, count)| count).sum();
        share(near.into(), self.cases().into(), Undefined::NoCases)
    }

    /// Row, column and count of each cell.
    pub(super) fn cells(&self) -> impl Iterator<Item = (usize, usize, u64)> {
        self.rows.iter().enumerate().flat_map(|(row, counts)| {
            counts.iter().enumerate().map(move |(column, &count)| (row, column, count))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten cases by hand. Three of truth 0 are called 2, none of truth 2 is
    /// called 0:
    ///
    /// ```text
    ///            called 0  1  2 | total
    ///  truth 0:         2  0  3 |  5
    ///  truth 1:         0  3  0 |  3
    ///  truth 2:         0  1  1 |  2
    ///  total            2  4  4 | 10
    /// ```
    fn by_hand() -> Confusion {
        let truth = [0, 0, 0, 0, 0, 1, 1, 1, 2, 2];
        let predicted = [0, 0, 2, 2, 2, 1, 1, 1, 1, 2];
        Graded::new(3, &truth, &predicted).unwrap().confusion()
    }

    #[test]
    fn rows_are_the_truth() {
        let confusion = by_hand();
        assert_eq!(confusion.rows(), [[2, 0, 3], [0, 3, 0], [0, 1, 1]]);
        assert_eq!(confusion.rows()[0][2], 3, "truth 0 called 2");
        assert_eq!(confusion.transposed().rows(), [[2, 0, 0], [0, 3, 1], [3, 0, 1]]);
        assert_eq!(serde_json::to_string(&confusion).unwrap(), "[[2,0,3],[0,3,0],[0,1,1]]");
    }

    #[test]
    fn agreement_worked_by_hand() {
        assert_eq!(by_hand().accuracy(), Ok(0.6));
        assert_eq!(by_hand().close_agreement(), Ok(0.7));
        // Three are two grades off, one is one grade off.
        assert_eq!(by_hand().absolute_error(), Ok(0.7));
        let none = Graded::new(4, &[], &[]).unwrap().confusion();
        assert_eq!(none.accuracy(), Err(Undefined::NoCases));
    }

    #[test]
    fn cases_are_repeated_and_left_out() {
        let graded = Graded::new(2, &[0, 1, 1], &[0, 1, 0]).unwrap();
        assert_eq!(graded.confusion_of(&[2, 2, 0]).rows(), [[1, 0], [2, 0]]);
        assert_eq!(graded.confusion_of(&[0, 1, 2]), graded.confusion());
    }

    #[test]
    fn what_are_not_grades_is_refused() {
        assert!(Graded::new(4, &[0, 1], &[0]).is_err());
        let problem = Graded::new(4, &[0], &[4]).unwrap_err();
        assert!(problem.to_string().contains("grade 4"));
    }
}
