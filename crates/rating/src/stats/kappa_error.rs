//! How sure a kappa is: standard error and test.

use super::{Confusion, Estimate, Measured, Test, Undefined, Weights};

impl Confusion {
    /// Cohen's kappa with its large-sample standard error (Fleiss, Cohen and
    /// Everitt, Psychological Bulletin 1969), for cases that are independent; of
    /// several joints of one patient it is too small, and the clustered
    /// bootstrap the better interval.
    ///
    /// With shares p of the cells, agreement w (1 where grades are alike), its
    /// observed mean o and chance mean e, and r and c the mean agreement of a row
    /// with all columns and of a column with all rows, the variance is
    /// (sum of p (w (1 - e) - (r + c) (1 - o))^2 - (o e - 2 e + o)^2) / (n (1 - e)^4).
    ///
    /// # Errors
    /// Where there is no kappa.
    pub fn kappa_estimate(&self, weights: Weights) -> Result<Estimate, Undefined> {
        let kappa = self.kappa(weights)?;
        if kappa == 1.0 {
            return Ok(Estimate { value: 1.0, standard_error: 0.0 });
        }
        let table = Shares::of(self, weights);
        let (observed, expected) = (table.observed(), table.expected());
        let mut sum = 0.0;
        for (row, column, share) in table.cells() {
            let own = table.agreement(row, column) * (1.0 - expected);
            let others = (table.rows[row].1 + table.columns[column].1) * (1.0 - observed);
            sum += share * (own - others).powi(2);
        }
        let spread =
            beyond_rounding(sum, (observed * expected - 2.0 * expected + observed).powi(2));
        Ok(Estimate::of(kappa, spread / (table.cases * (1.0 - expected).powi(4))))
    }

    /// Whether kappa differs from 0, by its standard error where there is no
    /// agreement but by chance (the same paper): the variance is
    /// (sum of p' (w - r - c)^2 - e^2) / (n (1 - e)^2) with p' the cell's share by
    /// chance.
    ///
    /// # Errors
    /// Where there is no kappa, or chance cannot vary it.
    pub fn kappa_test(&self, weights: Weights) -> Result<Test, Undefined> {
        let kappa = self.kappa(weights)?;
        let table = Shares::of(self, weights);
        let expected = table.expected();
        let mut sum = 0.0;
        for (row, &(row_share, row_mean)) in table.rows.iter().enumerate() {
            for (column, &(column_share, column_mean)) in table.columns.iter().enumerate() {
                let own = table.agreement(row, column);
                sum += row_share * column_share * (own - row_mean - column_mean).powi(2);
            }
        }
        let spread = beyond_rounding(sum, expected.powi(2));
        if spread == 0.0 {
            return Err(Undefined::NoWidth);
        }
        let variance = spread / (table.cases * (1.0 - expected).powi(2));
        Ok(Test::of_normal(kappa / variance.sqrt()))
    }

    /// Kappa as if all grades were equally frequent, for `grades` grades:
    /// (grades x accuracy - 1) / (grades - 1). Named prevalence- and
    /// bias-adjusted kappa (PABAK) for two grades (Byrt, Bishop and Carlin,
    /// Journal of Clinical Epidemiology 1993), S for more (Bennett, Alpert and
    /// Goldstein, Public Opinion Quarterly 1954).
    ///
    /// # Errors
    /// Without cases, or with one grade only.
    pub fn pabak(&self) -> Measured {
        let accuracy = self.accuracy()?;
        match self.rows().len() {
            0 | 1 => Err(Undefined::OneGrade),
            grades => Ok((grades as f64 * accuracy - 1.0) / (grades as f64 - 1.0)),
        }
    }
}

/// The difference of two nearly equal sums, 0 where rounding may have made it.
fn beyond_rounding(sum: f64, less: f64) -> f64 {
    let difference = sum - less;
    if difference > 1e-13 * sum { difference } else { 0.0 }
}

/// A confusion matrix as shares of all cases.
struct Shares {
    cases: f64,
    weights: Weights,
    cells: Vec<Vec<f64>>,
    /// Of each row its share, and the mean agreement with what columns hold.
    rows: Vec<(f64, f64)>,
    /// The same of each column.
    columns: Vec<(f64, f64)>,
}

impl Shares {
    fn of(confusion: &Confusion, weights: Weights) -> Shares {
        let cases = confusion.cases() as f64;
        let shares = |rows: &[Vec<u64>]| -> Vec<Vec<f64>> {
            rows.iter().map(|row| row.iter().map(|&count| count as f64 / cases).collect()).collect()
        };
        let totals =
            |cells: &[Vec<f64>]| -> Vec<f64> { cells.iter().map(|row| row.iter().sum()).collect() };
        let cells = shares(confusion.rows());
        let rows = totals(&cells);
        let columns = totals(&shares(confusion.transposed().rows()));
        let with_means = |own: &[f64], others: &[f64]| {
            let mean = |at: usize| {
                let agreement = |other| weights.agreement(at, other, own.len());
                others.iter().enumerate().map(|(other, share)| share * agreement(other)).sum()
            };
            own.iter().enumerate().map(|(at, &share)| (share, mean(at))).collect()
        };
        Shares {
            cases,
            weights,
            rows: with_means(&rows, &columns),
            columns: with_means(&columns, &rows),
            cells,
        }
    }

    fn agreement(&self, row: usize, column: usize) -> f64 {
        self.weights.agreement(row, column, self.cells.len())
    }

    fn cells(&self) -> impl Iterator<Item = (usize, usize, f64)> {
        self.cells.iter().enumerate().flat_map(|(row, shares)| {
            shares.iter().enumerate().map(move |(column, &share)| (row, column, share))
        })
    }

    fn observed(&self) -> f64 {
        self.cells().map(|(row, column, share)| share * self.agreement(row, column)).sum()
    }

    fn expected(&self) -> f64 {
        self.rows.iter().map(|(share, mean)| share * mean).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Graded;

    /// 10 cases: yes-yes 4, yes-no 1, no-yes 2, no-no 3.
    fn by_hand() -> Confusion {
        let truth = [1, 1, 1, 1, 1, 0, 0, 0, 0, 0];
        let predicted = [1, 1, 1, 1, 0, 1, 1, 0, 0, 0];
        Graded::new(2, &truth, &predicted).unwrap().confusion()
    }

    #[test]
    fn a_standard_error_worked_by_hand() {
        let confusion = by_hand();
        // Observed 0.7, expected 0.5 x 0.6 + 0.5 x 0.4 = 0.5, kappa 0.4. Rows are
        // worth 0.6 (yes) and 0.4 (no) on average, columns 0.5 each.
        // yes-yes: 0.4 (0.5 - 0.3 x 1.1)^2 = 0.01156; no-no: 0.3 (0.5 - 0.3 x 0.9)^2 =
        // 0.01587; yes-no: 0.1 (0.3 x 1.1)^2 = 0.01089; no-yes: 0.2 (0.3 x 0.9)^2 =
        // 0.01458. Less (0.35 - 1 + 0.7)^2 = 0.0025. Over 10 x 0.5^4.
        let variance = (0.01156 + 0.01587 + 0.01089 + 0.01458 - 0.0025) / (10.0 * 0.0625);
        let estimate = confusion.kappa_estimate(Weights::None).unwrap();
        assert!((estimate.value - 0.4).abs() < 1e-12);
        assert!((estimate.standard_error - f64::sqrt(variance)).abs() < 1e-12);
        // With two grades the accuracy of 0.7 is 0.4 beyond a coin's.
        assert!((confusion.pabak().unwrap() - 0.4).abs() < 1e-12);
    }

    #[test]
    fn perfect_agreement_has_no_interval() {
        let perfect = Graded::new(4, &[0, 1, 2, 1], &[0, 1, 2, 1]).unwrap().confusion();
        let estimate = perfect.kappa_estimate(Weights::Linear).unwrap();
        assert_eq!((estimate.value, estimate.standard_error), (1.0, 0.0));
        assert_eq!(perfect.pabak(), Ok(1.0));
        let constant = Graded::new(4, &[2, 2], &[1, 1]).unwrap().confusion();
        assert_eq!(constant.kappa_test(Weights::None), Err(Undefined::NoWidth));
        // A reader who always says 1 has kappa 0 whatever the truth is.
        let truth = [0, 1, 2, 3, 1, 1, 3];
        let always = Graded::new(4, &truth, &[1; 7]).unwrap().confusion();
        for weights in [Weights::None, Weights::Linear, Weights::Quadratic] {
            let estimate = always.kappa_estimate(weights).unwrap();
            assert!(estimate.value.abs() < 1e-12);
            assert_eq!(estimate.interval(), Err(Undefined::NoWidth));
        }
    }
}
