//! Several readers of the same cases: Light's and Fleiss' kappa.

use super::chance::{Chance, Profile, chance_corrected};
use super::{Confusion, Estimate, Graded, Measured, Test, Undefined, Weights};
use crate::words::counted;
use crate::{Grade, Problem};

/// What each reader said of each case. Every reader graded every case; a case
/// that somebody could not grade is left out by the caller, who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readings {
    grades: u8,
    /// Of each case the grade each reader gave.
    cases: Vec<Vec<Grade>>,
}

impl Readings {
    /// `cases[case][reader]` is a grade.
    ///
    /// # Errors
    /// Not as many readings of each case; a grade out of range.
    pub fn new(grades: u8, cases: &[Vec<Grade>]) -> Result<Readings, Problem> {
        let readers = cases.first().map_or(0, Vec::len);
        if let Some(case) = cases.iter().position(|case| case.len() != readers) {
            let found = cases[case].len();
            return Err(Problem::new(format!(
                "case {case} has {found} readings, the first {readers}"
            ))
            .hint("leave out cases that not every reader graded"));
        }
        if let Some(grade) = cases.iter().flatten().find(|&&grade| grade >= grades) {
            return Err(Problem::new(format!("grade {grade} in a measurement of {grades} grades"))
                .hint("grades count from 0"));
        }
        Ok(Readings { grades, cases: cases.to_vec() })
    }

    /// How many readers there are.
    #[must_use]
    pub fn readers(&self) -> usize {
        self.cases.first().map_or(0, Vec::len)
    }

    /// One reader against another.
    ///
    /// # Errors
    /// When there is no such reader.
    pub fn confusion(&self, first: usize, second: usize) -> Result<Confusion, Problem> {
        if first.max(second) >= self.readers() {
            let readers = counted(self.readers(), "reader", "readers");
            return Err(Problem::new(format!("no such reader among {readers}")));
        }
        let of =
            |reader: usize| -> Vec<Grade> { self.cases.iter().map(|case| case[reader]).collect() };
        Ok(Graded::new(self.grades, &of(first), &of(second))?.confusion())
    }

    /// Light's kappa: the mean of Cohen's kappas of all pairs of readers
    /// (Light, Psychological Bulletin 1971).
    ///
    /// # Errors
    /// With fewer than two readers; where a pair of readers has no kappa.
    pub fn light(&self, weights: Weights) -> Measured {
        let readers = self.readers();
        let mut kappas = Vec::new();
        for first in 0..readers {
            for second in first + 1..readers {
                let confusion =
                    self.confusion(first, second).map_err(|_| Undefined::FewerThanTwoReaders)?;
                kappas.push(confusion.kappa(weights)?);
            }
        }
        super::interval::mean(&kappas).map_err(|_| self.nothing_to_compare())
    }

    /// Fleiss' kappa (Fleiss, Psychological Bulletin 1971), with the standard
    /// error for any true kappa (Gwet, British Journal of Mathematical and
    /// Statistical Psychology 2008), which treats cases as independent.
    ///
    /// # Errors
    /// With fewer than two readers or cases; where all grades are the same.
    pub fn fleiss(&self) -> Result<Estimate, Undefined> {
        chance_corrected(&self.profiles(), Weights::None, Chance::Fleiss)
    }

    /// Whether Fleiss' kappa differs from 0: by the standard error where there
    /// is no agreement but by chance (Fleiss, Nee and Landis, Psychological
    /// Bulletin 1979), which is not for intervals. With p the share of each grade,
    /// q = 1 - p and m readers of n cases the variance is
    /// 2 ((sum of p q)^2 - sum of p q (q - p)) / (n m (m - 1) (sum of p q)^2).
    ///
    /// # Errors
    /// As [`Readings::fleiss`].
    pub fn fleiss_test(&self) -> Result<Test, Undefined> {
        let kappa = self.fleiss()?.value;
        let (cases, readers) = (self.cases.len() as f64, self.readers() as f64);
        let share = |grade: Grade| {
            let given = self.cases.iter().flatten().filter(|&&other| other == grade).count();
            given as f64 / (cases * readers)
        };
        let shares: Vec<f64> = (0..self.grades).map(share).collect();
        let spread: f64 = shares.iter().map(|p| p * (1.0 - p)).sum();
        let skew: f64 = shares.iter().map(|p| p * (1.0 - p) * (1.0 - 2.0 * p)).sum();
        let pairs = cases * readers * (readers - 1.0);
        let variance = 2.0 * (spread.powi(2) - skew) / (pairs * spread.powi(2));
        if variance <= 0.0 {
            Err(Undefined::NoWidth)
        } else {
            Ok(Test::of_normal(kappa / variance.sqrt()))
        }
    }

    /// Gwet's AC1 ([`Weights::None`]) or AC2 of all readers, see
    /// [`Confusion::gwet`].
    ///
    /// # Errors
    /// With fewer than two readers, cases or grades.
    pub fn gwet(&self, weights: Weights) -> Result<Estimate, Undefined> {
        chance_corrected(&self.profiles(), weights, Chance::Gwet)
    }

    fn profiles(&self) -> Vec<Profile> {
        let profile = |case: &Vec<Grade>| {
            let mut votes = vec![0; usize::from(self.grades)];
            case.iter().for_each(|&grade| votes[usize::from(grade)] += 1);
            Profile { votes, cases: 1 }
        };
        self.cases.iter().map(profile).collect()
    }

    fn nothing_to_compare(&self) -> Undefined {
        if self.cases.is_empty() { Undefined::NoCases } else { Undefined::FewerThanTwoReaders }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three readers, four cases: 0 0 0, 0 0 1, 1 1 1, 1 0 1.
    fn by_hand() -> Readings {
        let cases = [[0, 0, 0], [0, 0, 1], [1, 1, 1], [1, 0, 1]].map(Vec::from);
        Readings::new(2, &cases).unwrap()
    }

    #[test]
    fn fleiss_worked_by_hand() {
        // Pairs of readers agree in 1, 1/3, 1, 1/3 of the cases: 2/3. Six readings
        // of twelve are 1, so chance gives 1/2.
        let kappa = by_hand().fleiss().unwrap().value;
        assert!((kappa - (2.0 / 3.0 - 0.5) / 0.5).abs() < 1e-12);
        // Spread 1/2, skew 0: variance 2 / (4 x 3 x 2) = 1/12.
        let test = by_hand().fleiss_test().unwrap();
        assert!((test.statistic - 12.0_f64.sqrt() / 3.0).abs() < 1e-12);
    }

    #[test]
    fn light_is_the_mean_over_pairs() {
        // First and second: 0 0, 0 0, 1 1, 1 0: 3/4, by chance 1/2. First and third: 0 0, 0 1,
        // 1 1, 1 1: the same. Second and third: 0 0, 0 1, 1 1, 0 1: 1/2, by chance 3/8.
        let light = by_hand().light(Weights::None).unwrap();
        assert!((light - (0.5 + 0.5 + 0.2) / 3.0).abs() < 1e-12);
    }

    #[test]
    fn what_cannot_be_compared_says_why() {
        let alone = Readings::new(2, &[vec![0], vec![1]]).unwrap();
        assert_eq!(alone.light(Weights::None), Err(Undefined::FewerThanTwoReaders));
        assert_eq!(alone.fleiss(), Err(Undefined::FewerThanTwoReaders));
        let none = Readings::new(2, &[]).unwrap();
        assert_eq!(none.light(Weights::None), Err(Undefined::NoCases));
        assert_eq!(none.fleiss(), Err(Undefined::NoCases));
        let constant = Readings::new(2, &[vec![1, 1], vec![1, 1]]).unwrap();
        assert_eq!(constant.fleiss(), Err(Undefined::OneGrade));
        assert!(Readings::new(2, &[vec![0, 1], vec![0]]).is_err());
        assert!(Readings::new(2, &[vec![0, 2]]).is_err());
    }
}
