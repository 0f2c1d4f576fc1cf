//! The AUC in which each patient counts a whole number of times, from cases
//! that are sorted once.

use super::weighted::check;
use super::{Measured, Patients, Scored, Undefined, share};
use crate::Problem;

/// Scored cases in falling order, for the AUC of weighted patients.
#[derive(Debug, Clone)]
pub struct Ranked {
    /// The patients of the cases, by falling score.
    patients: Vec<u32>,
    steps: Vec<Step>,
}

/// Part of [`Ranked::patients`]: first positive cases, then negative ones. A
/// step holds cases of one score, or neighbouring scores that only one class has.
#[derive(Debug, Clone, Copy)]
struct Step {
    begin: u32,
    positives_end: u32,
    negatives_end: u32,
}

impl Step {
    fn has_positives(self) -> bool {
        self.begin < self.positives_end
    }

    fn has_negatives(self) -> bool {
        self.positives_end < self.negatives_end
    }

    /// This and the next step as one, where both are of the same single class.
    fn joined(self, next: Step) -> Option<Step> {
        match (self.has_negatives(), next.has_negatives()) {
            (false, false) => Some(Step { begin: self.begin, ..next }),
            (true, true) if !self.has_positives() && !next.has_positives() => {
                Some(Step { negatives_end: next.negatives_end, ..self })
            }
            _ => None,
        }
    }
}

impl Ranked {
    /// Sorts the cases.
    ///
    /// # Errors
    /// Not one patient for each case.
    pub fn new(scored: &Scored, patients: &Patients) -> Result<Ranked, Problem> {
        check(scored.cases(), patients)?;
        let cases = scored.iter().zip(patients.of_cases());
        let mut falling: Vec<(f64, bool, u32)> =
            cases.map(|((truth, score), &patient)| (score + 0.0, truth, patient)).collect();
        // Positive cases first where scores are tied; patients only so that
        // neighbours in memory are asked together.
        falling
            .sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)).then(a.2.cmp(&b.2)));
        let mut steps: Vec<Step> = Vec::new();
        let mut begin = 0;
        for same in falling.chunk_by(|a, b| a.0 == b.0) {
            let positives = same.iter().filter(|case| case.1).count() as u32;
            let negatives_end = begin + same.len() as u32;
            let step = Step { begin, positives_end: begin + positives, negatives_end };
            let joined = steps.last().and_then(|last| last.joined(step));
            if joined.is_some() {
                steps.pop();
            }
            steps.push(joined.unwrap_or(step));
            begin = negatives_end;
        }
        Ok(Ranked { patients: falling.into_iter().map(|case| case.2).collect(), steps })
    }

    /// The area under the ROC curve ([`Scored::auc`]) in which each patient's
    /// cases count `weights[patient]` times.
    ///
    /// # Errors
    /// Where a class is missing.
    ///
    /// # Panics
    /// When there are fewer weights than patients.
    pub fn auc(&self, weights: &[u32]) -> Measured {
        let total = |from: u32, to: u32| -> u64 {
            let patients = &self.patients[from as usize..to as usize];
            patients.iter().map(|&patient| u64::from(weights[patient as usize])).sum()
        };
        let (mut above, mut all_negatives) = (0, 0);
        // Twice the pairs won, so that a tie counts 1.
        let mut won: u128 = 0;
        for step in &self.steps {
            let positives = total(step.begin, step.positives_end);
            let negatives = total(step.positives_end, step.negatives_end);
            won += u128::from(negatives) * u128::from(2 * above + positives);
            above += positives;
            all_negatives += negatives;
        }
        match (above, all_negatives) {
            (0, 0) => Err(Undefined::NoCases),
            (0, _) => Err(Undefined::NoPositives),
            (_, 0) => Err(Undefined::NoNegatives),
            _ => share(won, 2 * u128::from(above) * u128::from(all_negatives), Undefined::NoCases),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distinct_scores_of_one_class_are_one_step() {
        let truth = [true, true, false, false, true, false];
        let scores = [9.0, 8.0, 7.0, 6.0, 5.0, 5.0];
        let scored = Scored::new(&truth, &scores).unwrap();
        let ranked = Ranked::new(&scored, &Patients::one_per_case(6)).unwrap();
        assert_eq!(ranked.steps.len(), 3);
        assert_eq!(ranked.auc(&[1; 6]), scored.auc());
    }

    #[test]
    fn zero_and_minus_zero_are_one_score() {
        let scored = Scored::new(&[true, false], &[-0.0, 0.0]).unwrap();
        assert_eq!(Ranked::new(&scored, &Patients::one_per_case(2)).unwrap().auc(&[1, 1]), Ok(0.5));
    }
}
