//! Cohen's kappa: agreement beyond what chance gives.

use super::{Confusion, Measured, Undefined, share};

/// How much kappa minds a disagreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weights {
    /// Any as much as any other: Cohen's kappa.
    None,
    /// By the distance of the grades.
    Linear,
    /// By the square of the distance.
    Quadratic,
}

impl Weights {
    fn of(self, row: usize, column: usize) -> u128 {
        let distance = row.abs_diff(column) as u128;
        match self {
            Weights::None => u128::from(distance > 0),
            Weights::Linear => distance,
            Weights::Quadratic => distance * distance,
        }
    }
}

impl Weights {
    /// How much two of `grades` grades agree: 1 where they are alike, 0 where
    /// they are furthest apart.
    pub(crate) fn agreement(self, row: usize, column: usize, grades: usize) -> f64 {
        match self.of(0, grades.saturating_sub(1)) {
            0 => 1.0,
            furthest => 1.0 - self.of(row, column) as f64 / furthest as f64,
        }
    }
}

impl Confusion {
    /// Cohen's kappa: 1 - (weighted disagreement) / (that expected by chance
    /// from the marginal counts); 1 is perfect, 0 what chance gives. The same
    /// when truth and prediction are exchanged.
    ///
    /// # Errors
    /// Without cases, and where chance expects no disagreement: both give every
    /// case the same one grade.
    pub fn kappa(&self, weights: Weights) -> Measured {
        if self.cases() == 0 {
            return Err(Undefined::NoCases);
        }
        let (row_totals, column_totals) = totals(self);
        let mut observed = 0;
        let mut expected = 0;
        for (row, column, count) in self.cells() {
            let weight = weights.of(row, column);
            observed += weight * u128::from(count);
            expected += weight * row_totals[row] * column_totals[column];
        }
        // `expected` counts pairs of cases; so `observed` is multiplied by the cases.
        let observed = observed * u128::from(self.cases());
        Ok(1.0 - share(observed, expected, Undefined::OneGrade)?)
    }
}

/// Altman's word for a kappa (Practical Statistics for Medical Research, 1991):
/// up to 0.20 poor, 0.40 fair, 0.60 moderate, 0.80 good, above that very good.
/// (The paper exchanges fair and moderate.)
#[must_use]
pub fn altman(kappa: f64) -> &'static str {
    match kappa {
        k if k <= 0.2 => "poor",
        k if k <= 0.4 => "fair",
        k if k <= 0.6 => "moderate",
        k if k <= 0.8 => "good",
        _ => "very good",
    }
}

/// The number of cases in each row, and in each column.
fn totals(confusion: &Confusion) -> (Vec<u128>, Vec<u128>) {
    let side = confusion.rows().len();
    let (mut rows, mut columns) = (vec![0; side], vec![0; side]);
    for (row, column, count) in confusion.cells() {
        rows[row] += u128::from(count);
        columns[column] += u128::from(count);
    }
    (rows, columns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Graded;

    #[track_caller]
    fn assert_close(measured: Measured, by_hand: f64) {
        assert!((measured.unwrap() - by_hand).abs() < 1e-12, "{measured:?} instead of {by_hand}");
    }

    /// Rows of truth 2 0 3, 0 3 0, 0 1 1: totals 5, 3, 2 of truth and 2, 4, 4
    /// of predictions, ten cases.
    #[test]
    fn kappa_worked_by_hand() {
        let truth = [0, 0, 0, 0, 0, 1, 1, 1, 2, 2];
        let predicted = [0, 0, 2, 2, 2, 1, 1, 1, 1, 2];
        let confusion = Graded::new(3, &truth, &predicted).unwrap().confusion();
        // Seen apart: 4 of 10; by chance 100 - (5x2 + 3x4 + 2x4) = 70 of 100.
        assert_close(confusion.kappa(Weights::None), 1.0 - 0.4 / 0.7);
        // Distances: seen 3x2 + 1x1 = 7 of 10; by chance
        // 5x4 + 5x4x2 + 3x2 + 3x4 + 2x2x2 + 2x4 = 94 of 100.
        assert_close(confusion.kappa(Weights::Linear), 1.0 - 0.7 / 0.94);
        // Squares: seen 3x4 + 1 = 13 of 10; by chance 20 + 80 + 6 + 12 + 16 + 8 = 142 of 100.
        assert_close(confusion.kappa(Weights::Quadratic), 1.0 - 1.3 / 1.42);
    }

    #[test]
    fn a_cell_holds_more_than_eight_bits() {
        let truth = [vec![0; 300], vec![1; 300]].concat();
        let confusion = Graded::new(2, &truth, &truth).unwrap().confusion();
        assert_eq!(confusion.rows(), [[300, 0], [0, 300]]);
        assert_eq!(confusion.kappa(Weights::None), Ok(1.0));
    }

    #[test]
    fn what_cannot_be_computed_says_why() {
        let kappa = |truth: &[u8], predicted: &[u8]| {
            Graded::new(4, truth, predicted).unwrap().confusion().kappa(Weights::None)
        };
        assert_eq!(kappa(&[], &[]), Err(Undefined::NoCases));
        assert_eq!(kappa(&[2, 2], &[2, 2]), Err(Undefined::OneGrade));
        // Two constants that differ agree exactly as chance would.
        assert_eq!(kappa(&[2, 2], &[1, 1]), Ok(0.0));
    }

    #[test]
    fn words_are_altmans() {
        let words = [-0.1, 0.2, 0.21, 0.4, 0.41, 0.6, 0.61, 0.8].map(altman);
        let expected = ["poor", "poor", "fair", "fair", "moderate", "moderate", "good", "good"];
        assert_eq!(words, expected);
        assert_eq!([0.81, 1.0].map(altman), ["very good"; 2]);
    }
}
