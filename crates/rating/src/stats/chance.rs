//! Agreement of any number of readers beyond chance, for two notions of
//! chance: Fleiss' and Gwet's.
//!
//! Both are (observed - chance) / (1 - chance), where observed is how well two
//! readings of a case agree on average. The standard error is Gwet's
//! linearised one (British Journal of Mathematical and Statistical Psychology
//! 2008; in this form Handbook of Inter-Rater Reliability, 4th ed. 2014), with
//! cases as a sample of very many and readers fixed: each case's own value
//! (o - e) / (1 - e) less 2 (1 - value) (e' - e) / (1 - e), where e' is the
//! chance its own grades would give; their variance over n.

use super::{Confusion, Estimate, Undefined, Weights};

/// Cases whose readers voted alike.
pub(super) struct Profile {
    /// How many readers gave each grade.
    pub votes: Vec<u32>,
    /// How many such cases there are.
    pub cases: u64,
}

/// What agreement chance gives, from the share p of each grade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chance {
    /// Two readings drawn from all: sum of w p p'.
    Fleiss,
    /// Only cases that are hard to grade are guessed: (sum of w) / (g (g - 1))
    /// x sum of p (1 - p).
    Gwet,
}

impl Confusion {
    /// Gwet's AC1 ([`Weights::None`]) or AC2 of truth and prediction, or of two
    /// readers: agreement beyond chance that stays near the observed one where
    /// one grade is much more frequent than the others. Grades that nobody gave count among the
    /// measurement's grades.
    ///
    /// The standard error treats cases as independent.
    ///
    /// # Errors
    /// With fewer than two cases or grades.
    pub fn gwet(&self, weights: Weights) -> Result<Estimate, Undefined> {
        let grades = self.rows().len();
        let profile = |(row, column, cases): (usize, usize, u64)| {
            let mut votes = vec![0; grades];
            votes[row] += 1;
            votes[column] += 1;
            Profile { votes, cases }
        };
        let profiles: Vec<Profile> = self.cells().filter(|cell| cell.2 > 0).map(profile).collect();
        chance_corrected(&profiles, weights, Chance::Gwet)
    }
}

/// The figure and its standard error; every profile has as many votes.
pub(super) fn chance_corrected(
    profiles: &[Profile],
    weights: Weights,
    chance: Chance,
) -> Result<Estimate, Undefined> {
    let Some(first) = profiles.first() else { return Err(Undefined::NoCases) };
    let grades = first.votes.len();
    let readers: u32 = first.votes.iter().sum();
    let cases: u64 = profiles.iter().map(|profile| profile.cases).sum();
    match (readers, cases, grades) {
        (0 | 1, _, _) => return Err(Undefined::FewerThanTwoReaders),
        (_, 1, _) => return Err(Undefined::FewerThanTwo),
        (_, _, 0 | 1) => return Err(Undefined::OneGrade),
        _ => {}
    }
    let (readers, cases) = (f64::from(readers), cases as f64);
    let agreement = |a, b| weights.agreement(a, b, grades);
    let mean = |value: &dyn Fn(&Profile) -> f64| -> f64 {
        profiles.iter().map(|profile| profile.cases as f64 * value(profile)).sum::<f64>() / cases
    };

    let shares: Vec<f64> = (0..grades)
        .map(|grade| mean(&|profile| f64::from(profile.votes[grade]) / readers))
        .collect();
    // What chance adds for each reading of a grade; their mean is the chance agreement.
    let guess: Vec<f64> = match chance {
        Chance::Fleiss => {
            (0..grades).map(|a| (0..grades).map(|b| agreement(a, b) * shares[b]).sum()).collect()
        }
        Chance::Gwet => {
            let all: f64 =
                (0..grades).map(|a| (0..grades).map(|b| agreement(a, b)).sum::<f64>()).sum();
            let factor = all / (grades as f64 * (grades as f64 - 1.0));
            shares.iter().map(|share| factor * (1.0 - share)).collect()
        }
    };
    let observed_in = |profile: &Profile| -> f64 {
        let mut sum = 0.0;
        for (a, &votes) in profile.votes.iter().enumerate() {
            let near: f64 = profile
                .votes
                .iter()
                .enumerate()
                .map(|(b, &others)| agreement(a, b) * f64::from(others))
                .sum();
            sum += f64::from(votes) * (near - 1.0);
        }
        sum / (readers * (readers - 1.0))
    };
    let expected_in = |profile: &Profile| -> f64 {
        profile
            .votes
            .iter()
            .zip(&guess)
            .map(|(&votes, guess)| f64::from(votes) * guess)
            .sum::<f64>()
            / readers
    };
    let (observed, expected) = (mean(&observed_in), mean(&expected_in));
    if 1.0 - expected < 1e-12 {
        return Err(Undefined::OneGrade);
    }
    let value = (observed - expected) / (1.0 - expected);
    if observed == 1.0 {
        return Ok(Estimate { value, standard_error: 0.0 });
    }
    let squares = mean(&|profile| {
        let moved = 2.0 * (1.0 - value) * (expected_in(profile) - expected);
        ((observed_in(profile) - expected - moved) / (1.0 - expected) - value).powi(2)
    });
    Ok(Estimate::of(value, squares / (cases - 1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Graded;

    #[test]
    fn ac1_stays_where_kappa_collapses() {
        // 18 of 20 cases no-no, one disagreement each way: accuracy 0.9. A yes is
        // 2 of 40 readings: chance 2 x 0.05 x 0.95 = 0.095.
        let truth = [vec![0; 18], vec![1, 0]].concat();
        let predicted = [vec![0; 18], vec![0, 1]].concat();
        let confusion = Graded::new(2, &truth, &predicted).unwrap().confusion();
        let gwet = confusion.gwet(Weights::None).unwrap();
        assert!((gwet.value - (0.9 - 0.095) / 0.905).abs() < 1e-12);
        assert!(confusion.kappa(Weights::None).unwrap() < 0.0);
    }

    #[test]
    fn one_grade_throughout_is_perfect_for_gwet() {
        let confusion = Graded::new(4, &[2, 2], &[2, 2]).unwrap().confusion();
        let gwet = confusion.gwet(Weights::Linear).unwrap();
        assert_eq!((gwet.value, gwet.interval()), (1.0, Err(Undefined::NoWidth)));
        let one = Graded::new(4, &[2], &[2]).unwrap().confusion();
        assert_eq!(one.gwet(Weights::None), Err(Undefined::FewerThanTwo));
    }
}
