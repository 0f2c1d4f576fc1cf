//! Whether acting on a probability does more good than acting on everyone or
//! on nobody (Vickers and Elkin, Medical Decision Making 2006).

use serde::Serialize;

use super::reliability::probabilities;
use super::{Scored, Undefined};

/// Net benefits at one threshold, in true positives per case.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct NetBenefit {
    /// Who has at least this probability is called positive. Whoever chooses it
    /// holds one missed case as bad as (1 - threshold) / threshold false alarms.
    pub threshold: f64,
    /// Of calling by probability: true positives - false positives x threshold
    /// / (1 - threshold), each as a share of all cases.
    pub model: f64,
    /// Of calling everyone positive.
    pub all: f64,
    /// Of calling nobody positive: 0 by definition.
    pub none: f64,
}

impl Scored {
    /// The decision curve at these thresholds, which are between 0 and 1.
    ///
    /// # Errors
    /// Without cases; where a threshold or score is not a probability.
    pub fn decision_curve(&self, thresholds: &[f64]) -> Result<Vec<NetBenefit>, Undefined> {
        probabilities(self)?;
        let inside = |threshold: &f64| *threshold > 0.0 && *threshold < 1.0;
        if !thresholds.iter().all(inside) {
            return Err(Undefined::NotProbabilities);
        }
        let cases = self.cases() as f64;
        let benefit = |&threshold: &f64| {
            let outcomes = self.at(threshold);
            let net = |hits: u64, alarms: u64| {
                (hits as f64 - alarms as f64 * threshold / (1.0 - threshold)) / cases
            };
            NetBenefit {
                threshold,
                model: net(outcomes.true_positives, outcomes.false_positives),
                all: net(
                    outcomes.true_positives + outcomes.false_negatives,
                    outcomes.false_positives + outcomes.true_negatives,
                ),
                none: 0.0,
            }
        };
        Ok(thresholds.iter().map(benefit).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_worked_by_hand() {
        let truth = [true, true, false, false, false];
        let scored = Scored::new(&truth, &[0.9, 0.2, 0.6, 0.25, 0.1]).unwrap();
        let curve = scored.decision_curve(&[0.2, 0.5]).unwrap();
        // At 0.2 two hits, two alarms, each worth a quarter: (2 - 0.5) / 5; all: (2 - 0.75) / 5.
        assert!((curve[0].model - 0.3).abs() < 1e-12 && (curve[0].all - 0.25).abs() < 1e-12);
        // At 0.5 one hit, one alarm of equal worth; all: (2 - 3) / 5.
        assert!(curve[1].model.abs() < 1e-12 && (curve[1].all + 0.2).abs() < 1e-12);
    }

    #[test]
    fn what_is_no_probability_is_refused() {
        let scored = Scored::new(&[true], &[0.9]).unwrap();
        assert_eq!(scored.decision_curve(&[1.0]), Err(Undefined::NotProbabilities));
        let scored = Scored::new(&[true], &[1.9]).unwrap();
        assert_eq!(scored.decision_curve(&[0.5]), Err(Undefined::NotProbabilities));
        assert_eq!(Scored::new(&[], &[]).unwrap().decision_curve(&[0.5]), Err(Undefined::NoCases));
    }
}
