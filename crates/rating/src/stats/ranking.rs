//! Scores against the truth, at every cut-off at once: ROC curve, AUC, average
//! precision; and the Brier score.

use serde::Serialize;

use super::{Measured, Outcomes, Undefined, share};
use crate::Problem;

/// Cases with a true class and a score; a higher score speaks for the positive
/// class.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    cases: Vec<(bool, f64)>,
}

/// One cut-off's place in the ROC curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RocPoint {
    /// 1 - specificity, the horizontal axis.
    pub false_positive_rate: f64,
    /// Sensitivity, the vertical axis.
    pub sensitivity: f64,
}

/// How many cases of each class have a score of at least some cut-off.
#[derive(Clone, Copy, Default)]
struct Above {
    positives: u64,
    negatives: u64,
}

impl Scored {
    /// The cases, in the order given.
    ///
    /// # Errors
    /// Not one score for each truth; a score that is not a number.
    pub fn new(truth: &[bool], scores: &[f64]) -> Result<Scored, Problem> {
        if truth.len() != scores.len() {
            return Err(Problem::new(format!("{} scores for {} cases", scores.len(), truth.len())));
        }
        if scores.iter().any(|score| score.is_nan()) {
            return Err(Problem::new("a score is not a number"));
        }
        Ok(Scored { cases: truth.iter().copied().zip(scores.iter().copied()).collect() })
    }

    /// How many cases there are.
    #[must_use]
    pub fn cases(&self) -> usize {
        self.cases.len()
    }

    /// Truth and score of each case.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (bool, f64)> + '_ {
        self.cases.iter().copied()
    }

    /// The outcomes of calling positive what scores at least `threshold`.
    #[must_use]
    pub fn at(&self, threshold: f64) -> Outcomes {
        Outcomes::count(self.cases.iter().map(|&(truth, score)| (truth, score >= threshold)))
    }

    /// The area under the ROC curve: how often a positive case scores above a
    /// negative one, ties counting half.
    ///
    /// # Errors
    /// Where a class is missing; never 0.5 in its place.
    pub fn auc(&self) -> Measured {
        let (steps, all) = self.both_classes()?;
        // Twice the pairs won, so that a tie counts 1.
        let mut won: u128 = 0;
        for step in steps.windows(2) {
            let [higher, here] = [step[0], step[1]];
            let negatives = u128::from(here.negatives - higher.negatives);
            won += negatives * u128::from(higher.positives + here.positives);
        }
        share(won, 2 * u128::from(all.positives) * u128::from(all.negatives), Undefined::NoCases)
    }

    /// The ROC curve from (0, 0) to (1, 1), one point per distinct score in
    /// falling order; cases of one score move together.
    ///
    /// # Errors
    /// Where a class is missing.
    pub fn roc(&self) -> Result<Vec<RocPoint>, Undefined> {
        let (steps, all) = self.both_classes()?;
        let point = |step: &Above| RocPoint {
            false_positive_rate: step.negatives as f64 / all.negatives as f64,
            sensitivity: step.positives as f64 / all.positives as f64,
        };
        Ok(steps.iter().map(point).collect())
    }

    /// The largest Youden index on the curve, at least 0.
    ///
    /// # Errors
    /// Where a class is missing.
    pub fn best_youden(&self) -> Measured {
        let indices =
            self.roc()?.into_iter().map(|point| point.sensitivity - point.false_positive_rate);
        Ok(indices.fold(0.0, f64::max))
    }

    /// Average precision: the precision at each distinct score, weighted by the
    /// sensitivity gained there; no interpolation.
    ///
    /// # Errors
    /// Without positive cases.
    pub fn average_precision(&self) -> Measured {
        let steps = self.steps();
        let all = steps.last().copied().unwrap_or_default();
        self.some_cases()?;
        if all.positives == 0 {
            return Err(Undefined::NoPositives);
        }
        let mut sum = 0.0;
        for step in steps.windows(2) {
            let [higher, here] = [step[0], step[1]];
            let gained = (here.positives - higher.positives) as f64;
            sum += gained * here.positives as f64 / (here.positives + here.negatives) as f64;
        }
        Ok(sum / all.positives as f64)
    }

    /// Brier score: the mean squared distance of probability and truth (0 or 1);
    /// 0 is perfect.
    ///
    /// # Errors
    /// Without cases.
    pub fn brier(&self) -> Measured {
        self.some_cases()?;
        let error = |&(truth, score): &(bool, f64)| (score - f64::from(u8::from(truth))).powi(2);
        // Summed in order of size, so that the order of cases does not matter.
        let mut errors: Vec<f64> = self.cases.iter().map(error).collect();
        errors.sort_by(f64::total_cmp);
        Ok(errors.iter().sum::<f64>() / errors.len() as f64)
    }

    fn some_cases(&self) -> Result<(), Undefined> {
        if self.cases.is_empty() { Err(Undefined::NoCases) } else { Ok(()) }
    }

    /// The steps of the curve and its end, where there are both classes.
    fn both_classes(&self) -> Result<(Vec<Above>, Above), Undefined> {
        self.some_cases()?;
        let steps = self.steps();
        let all = steps.last().copied().unwrap_or_default();
        match all {
            Above { positives: 0, .. } => Err(Undefined::NoPositives),
            Above { negatives: 0, .. } => Err(Undefined::NoNegatives),
            all => Ok((steps, all)),
        }
    }

    /// The counts above an infinite cut-off, then those at each distinct score
    /// in falling order.
    fn steps(&self) -> Vec<Above> {
        let mut falling = self.cases.clone();
        falling.sort_by(|a, b| b.1.total_cmp(&a.1));
        let mut above = Above::default();
        let mut steps = vec![above];
        for same in falling.chunk_by(|a, b| a.1 == b.1) {
            let positives = same.iter().filter(|(truth, _)| *truth).count() as u64;
            above.positives += positives;
            above.negatives += same.len() as u64 - positives;
            steps.push(above);
        }
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_worked_by_hand() {
        // Falling: positive 0.9, both 0.7, negative 0.4.
        let scored = Scored::new(&[false, true, true, false], &[0.4, 0.7, 0.9, 0.7]).unwrap();
        let curve: Vec<[f64; 2]> = scored
            .roc()
            .unwrap()
            .iter()
            .map(|point| [point.false_positive_rate, point.sensitivity])
            .collect();
        assert_eq!(curve, [[0.0, 0.0], [0.0, 0.5], [0.5, 1.0], [1.0, 1.0]]);
        // Of four pairs three are won and one is tied.
        assert_eq!(scored.auc(), Ok(3.5 / 4.0));
        assert_eq!(scored.best_youden(), Ok(0.5));
        // Precision 1 at 0.9, 2/3 at 0.7; each gains half of the positives.
        assert_eq!(scored.average_precision(), Ok((1.0 + 2.0 / 3.0) / 2.0));
        // 0.4, 0.3, 0.1 and 0.7 off.
        assert!((scored.brier().unwrap() - (0.16 + 0.09 + 0.01 + 0.49) / 4.0).abs() < 1e-12);
        assert_eq!(scored.at(0.7).false_positives, 1);
    }

    #[test]
    fn a_missing_class_has_no_auc() {
        let positives = Scored::new(&[true, true], &[0.1, 0.9]).unwrap();
        assert_eq!(positives.auc(), Err(Undefined::NoNegatives));
        assert_eq!(positives.average_precision(), Ok(1.0));
        let negatives = Scored::new(&[false], &[0.1]).unwrap();
        assert_eq!(negatives.roc(), Err(Undefined::NoPositives));
        assert_eq!(negatives.average_precision(), Err(Undefined::NoPositives));
        let none = Scored::new(&[], &[]).unwrap();
        assert_eq!(none.auc(), Err(Undefined::NoCases));
        assert_eq!(none.brier(), Err(Undefined::NoCases));
    }

    #[test]
    fn zero_and_minus_zero_are_one_score() {
        let scored = Scored::new(&[true, false], &[-0.0, 0.0]).unwrap();
        assert_eq!(scored.auc(), Ok(0.5));
    }

    #[test]
    fn what_is_not_a_score_is_refused() {
        assert!(Scored::new(&[true], &[f64::NAN]).is_err());
        assert!(Scored::new(&[true], &[]).is_err());
    }
}
