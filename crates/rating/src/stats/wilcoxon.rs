//! Wilcoxon's signed rank test: are two values of the same patients shifted?

use serde::Serialize;

use super::delong::midranks;
use super::distribution::normal_two_sided;
use super::{Measured, Undefined};
use crate::Problem;

/// Up to how many differences every outcome is counted.
const MOST_EXACT: usize = 50;

/// Ranks of the differences by their size, added up by sign. Differences of 0
/// are left out (Wilcoxon, Biometrics Bulletin 1945).
#[derive(Debug, Clone, PartialEq)]
pub struct SignedRanks {
    /// Sum of the ranks of positive differences.
    pub positive: f64,
    /// Sum of the ranks of negative differences.
    pub negative: f64,
    /// How many differences are not 0.
    pub differences: usize,
    /// The rank of each difference, by size; whole or half numbers.
    ranks: Vec<f64>,
}

/// How a p was computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// By counting every way to give signs to the ranks.
    Exact,
    /// By a normal distribution, corrected for ties and for continuity.
    Normal,
}

/// Whether half a rank is taken off before the statistic meets a continuous
/// distribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Continuity {
    /// Take it off.
    Corrected,
    /// Leave it.
    Uncorrected,
}

/// The answer of the test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Wilcoxon {
    /// The smaller of the two sums of ranks.
    pub statistic: f64,
    /// Two-sided p.
    pub p: f64,
    /// How it was computed.
    pub method: Method,
    /// How many differences are not 0.
    pub differences: usize,
}

impl SignedRanks {
    /// Ranks `first - second` of each case.
    ///
    /// # Errors
    /// Not as many of both, or values that are not finite.
    pub fn new(first: &[f64], second: &[f64]) -> Result<SignedRanks, Problem> {
        if first.len() != second.len() {
            return Err(Problem::new(format!("{} and {} values", first.len(), second.len())));
        }
        let differences: Vec<f64> = first.iter().zip(second).map(|(a, b)| a - b).collect();
        if differences.iter().any(|difference| !difference.is_finite()) {
            return Err(Problem::new("a difference is not a finite number"));
        }
        let differences: Vec<f64> = differences.into_iter().filter(|&value| value != 0.0).collect();
        let sizes: Vec<f64> = differences.iter().map(|difference| difference.abs()).collect();
        let ranks = midranks(&sizes);
        let of_sign = |positive: bool| {
            let signed = differences.iter().zip(&ranks);
            let of_sign = signed.filter(|(value, _)| (**value > 0.0) == positive);
            // The sum of no floats is -0.
            of_sign.fold(0.0, |sum, (_, rank)| sum + rank)
        };
        let (positive, negative) = (of_sign(true), of_sign(false));
        Ok(SignedRanks { positive, negative, differences: ranks.len(), ranks })
    }

    /// The test: exact up to 50 differences, else normal with both corrections; the
    /// answer says which.
    ///
    /// # Errors
    /// Where no case differs.
    pub fn test(&self) -> Result<Wilcoxon, Undefined> {
        let (p, method) = match self.exact() {
            Ok(p) => (p, Method::Exact),
            Err(_) => (self.normal(Continuity::Corrected)?, Method::Normal),
        };
        let statistic = self.positive.min(self.negative);
        Ok(Wilcoxon { statistic, p, method, differences: self.differences })
    }

    /// Two-sided p by counting which of the 2^n ways to give signs to the ranks have
    /// a sum as small. Ranks may be tied: then it is the permutation test of these
    /// midranks (Streitberg and Roehmel, Statistical Software Newsletter 1986).
    ///
    /// # Errors
    /// Where no case differs, or more than 50 do.
    pub fn exact(&self) -> Measured {
        match self.differences {
            0 => return Err(Undefined::NoDifference),
            count if count > MOST_EXACT => return Err(Undefined::TooMany),
            _ => {}
        }
        // Twice a midrank is a whole number.
        let doubled = |rank: f64| (2.0 * rank) as usize;
        // ways[sum]: sets of ranks so far with this sum; at most 2^50, exact in f64.
        let mut ways = vec![0.0; doubled(self.positive.min(self.negative)) + 1];
        ways[0] = 1.0;
        for rank in self.ranks.iter().copied().map(doubled) {
            for sum in (rank..ways.len()).rev() {
                ways[sum] += ways[sum - rank];
            }
        }
        let tail = ways.iter().sum::<f64>() / 2.0_f64.powi(self.differences as i32);
        Ok((2.0 * tail).min(1.0))
    }

    /// Two-sided p by the normal distribution with the mean and variance of the
    /// sum of ranks, the variance lowered for ties.
    ///
    /// # Errors
    /// Where no case differs.
    pub fn normal(&self, continuity: Continuity) -> Measured {
        if self.differences == 0 {
            return Err(Undefined::NoDifference);
        }
        // With untied ranks n (n + 1) (2 n + 1) / 24; ties lower it.
        let variance = self.ranks.iter().map(|rank| rank * rank).sum::<f64>() / 4.0;
        let distance = (self.positive - self.negative).abs() / 2.0;
        let distance = match continuity {
            Continuity::Corrected => (distance - 0.5).max(0.0),
            Continuity::Uncorrected => distance,
        };
        Ok(normal_two_sided(distance / variance.sqrt()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranks(differences: &[f64]) -> SignedRanks {
        SignedRanks::new(differences, &vec![0.0; differences.len()]).unwrap()
    }

    #[test]
    fn an_exact_test_worked_by_hand() {
        // Ranks 1, 2, 3, 4; only rank 2 is negative.
        let test = ranks(&[0.5, -1.0, 0.0, 2.0, 7.0]).test().unwrap();
        assert_eq!((test.statistic, test.differences, test.method), (2.0, 4, Method::Exact));
        // Sums up to 2: none, {1}, {2}: 3 of 16, twice.
        assert!((test.p - 6.0 / 16.0).abs() < 1e-12);
    }

    #[test]
    fn tied_ranks_are_counted_too() {
        // Ranks 2, 2, 2, 4; one of the 2 is negative.
        let ranks = ranks(&[1.0, -1.0, 1.0, 2.0]);
        assert_eq!((ranks.positive, ranks.negative), (8.0, 2.0));
        // Sums up to 2: none, or one of three: 4 of 16, twice.
        let test = ranks.test().unwrap();
        assert_eq!((test.method, test.p), (Method::Exact, 0.5));
        // Variance 4 x 5 x 9 / 24 - (27 - 3) / 48 = 7; 3 from the middle, less a half.
        let normal = ranks.normal(Continuity::Corrected).unwrap();
        assert!((normal - normal_two_sided(2.5 / 7.0_f64.sqrt())).abs() < 1e-12);
        // Five alike: 1 of 32, twice, as McNemar's test of five to none.
        let alike = super::tests::ranks(&[1.0; 5]).test().unwrap();
        assert_eq!((alike.p, alike.statistic.to_bits()), (0.0625, 0));
    }

    #[test]
    fn many_differences_make_it_normal() {
        let many: Vec<f64> = (1..=51).map(f64::from).collect();
        assert_eq!(ranks(&many).exact(), Err(Undefined::TooMany));
        assert_eq!(ranks(&many).test().unwrap().method, Method::Normal);
    }

    #[test]
    fn no_difference_is_no_test() {
        assert_eq!(ranks(&[0.0, 0.0]).test(), Err(Undefined::NoDifference));
        assert_eq!(ranks(&[0.0; 0]).test(), Err(Undefined::NoDifference));
        assert!(SignedRanks::new(&[1.0], &[]).is_err());
        assert!(SignedRanks::new(&[f64::INFINITY], &[f64::INFINITY]).is_err());
    }
}
