//! From a probability to a bit: where a network's answer turns to yes.
//!
//! Thresholds are chosen on validation folds, never on test data. Networks on
//! two machines agree to within 1e-5, so bits are decided on probabilities
//! rounded to 1e-4, and thresholds are chosen on the rounded probabilities
//! too: a threshold between two values that round to the same one would
//! separate nothing.

use serde::{Deserialize, Serialize};

/// Steps of the rounded probability between 0 and 1.
const STEPS: f64 = 10_000.0;

/// How a study sets the thresholds of its networks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Each network's own, by [`youden`] on its validation fold (the paper).
    #[default]
    Youden,
    /// One for all networks of a task, by [`youden`] on the out-of-fold
    /// probabilities of all folds together. Steadier where folds are small.
    Pooled,
    /// 0.5 everywhere.
    Half,
}

/// The threshold with the largest Youden index, sensitivity + specificity - 1.
///
/// Candidates are the midpoints between neighbouring distinct probabilities;
/// ties go to the one nearest 0.5, then to the smaller. Where there is one
/// class only, or one probability only, there is nothing to choose from: 0.5.
/// Everything is compared in whole numbers, so no tie is lost to rounding.
///
/// # Panics
/// When there is not one truth for each probability.
#[must_use]
pub fn youden(truth: &[bool], probabilities: &[f64]) -> f64 {
    assert_eq!(truth.len(), probabilities.len(), "one truth for each probability");
    let mut cases: Vec<(i64, bool)> =
        probabilities.iter().map(|&p| steps(p)).zip(truth.iter().copied()).collect();
    cases.sort_unstable();
    let positives = truth.iter().filter(|&&positive| positive).count() as i128;
    let negatives = truth.len() as i128 - positives;
    if positives == 0 || negatives == 0 {
        return 0.5;
    }

    // Youden index x positives x negatives, of the threshold below all cases.
    let mut index = 0;
    let mut best: Option<Candidate> = None;
    for neighbours in cases.windows(2) {
        let [(below, positive), (above, _)] = [neighbours[0], neighbours[1]];
        index += if positive { -negatives } else { positives };
        if below == above {
            continue;
        }
        let candidate = Candidate { index, doubled: i128::from(below) + i128::from(above) };
        if best.is_none_or(|best| candidate.beats(best)) {
            best = Some(candidate);
        }
    }
    best.map_or(0.5, Candidate::threshold)
}

/// A probability as bits are decided on it: to the nearest 1e-4, halves away
/// from 0.
#[must_use]
pub fn round(probability: f64) -> f64 {
    (probability * STEPS).round() / STEPS
}

/// A network's answer: is the probability, rounded, at least the threshold?
#[must_use]
pub fn bit(probability: f64, threshold: f64) -> bool {
    round(probability) >= threshold
}

/// The rounded probability in whole steps of 1e-4.
fn steps(probability: f64) -> i64 {
    (probability * STEPS).round() as i64
}

#[derive(Clone, Copy)]
struct Candidate {
    /// The Youden index, times the product of the class sizes.
    index: i128,
    /// The sum of the two neighbours in steps: twice the threshold.
    doubled: i128,
}

impl Candidate {
    fn beats(self, other: Candidate) -> bool {
        let from_half = |candidate: Candidate| (candidate.doubled - STEPS as i128).abs();
        let rank =
            |candidate: Candidate| (-candidate.index, from_half(candidate), candidate.doubled);
        rank(self) < rank(other)
    }

    fn threshold(self) -> f64 {
        self.doubled as f64 / (2.0 * STEPS)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_midpoint_that_separates_the_classes_wins() {
        let truth = [false, true, false, true];
        assert_eq!(youden(&truth, &[0.1, 0.7, 0.3, 0.9]), 0.5);
    }

    #[test]
    fn ties_go_to_the_nearest_to_half_then_to_the_smaller() {
        // Thresholds 0.3 and 0.7 both have sensitivity + specificity - 1 = 0.5
        // and lie 0.2 from 0.5.
        let truth = [false, true, false, true];
        assert_eq!(youden(&truth, &[0.2, 0.4, 0.6, 0.8]), 0.3);
        // 0.35 and 0.7 tie too; 0.35 is nearer.
        assert_eq!(youden(&truth, &[0.2, 0.5, 0.6, 0.8]), 0.35);
        // 0.3 and 0.65 tie; 0.65 is nearer.
        assert_eq!(youden(&truth, &[0.2, 0.4, 0.5, 0.8]), 0.65);
    }

    #[test]
    fn nothing_to_choose_from_is_half() {
        assert_eq!(youden(&[], &[]), 0.5);
        assert_eq!(youden(&[true, true], &[0.1, 0.2]), 0.5);
        assert_eq!(youden(&[true, false], &[0.3, 0.3]), 0.5);
        // Distinct, but not for the bits.
        assert_eq!(youden(&[true, false], &[0.30001, 0.30002]), 0.5);
    }

    #[test]
    fn a_threshold_the_rounded_probability_meets_exactly_is_met() {
        // The midpoint of 0.1234 and 0.1236; 0.12352 rounds onto it.
        let threshold = youden(&[false, true], &[0.1234, 0.1236]);
        assert!(bit(0.123_52, threshold));
        assert!(!bit(0.123_44, threshold));
    }

    #[test]
    fn rules_have_their_words() {
        let words = serde_json::to_string(&[Rule::Youden, Rule::Pooled, Rule::Half]).unwrap();
        assert_eq!(words, r#"["youden","pooled","half"]"#);
    }

    proptest! {
        #[test]
        fn no_candidate_has_a_larger_index(cases in prop::collection::vec((any::<bool>(), 0u32..60), 2..40)) {
            let truth: Vec<bool> = cases.iter().map(|case| case.0).collect();
            let probabilities: Vec<f64> = cases.iter().map(|case| f64::from(case.1) / 60.0).collect();
            let positives = truth.iter().filter(|&&positive| positive).count();
            prop_assume!(positives > 0 && positives < truth.len());
            let index = |threshold: f64| {
                let called = |class: bool| {
                    let cases = truth.iter().zip(&probabilities).filter(|case| *case.0 == class);
                    cases.filter(|case| bit(*case.1, threshold)).count() as f64
                };
                called(true) / positives as f64 - called(false) / (truth.len() - positives) as f64
            };
            let mut distinct: Vec<f64> = probabilities.iter().copied().map(round).collect();
            distinct.sort_by(f64::total_cmp);
            distinct.dedup();
            let best = distinct.windows(2).map(|pair| index((pair[0] + pair[1]) / 2.0)).fold(f64::MIN, f64::max);
            if distinct.len() > 1 {
                prop_assert!((index(youden(&truth, &probabilities)) - best).abs() < 1e-12);
            }
        }

        #[test]
        fn the_order_of_cases_does_not_matter(mut cases in prop::collection::vec((any::<bool>(), 0.0f64..1.0), 0..40)) {
            let split = |cases: &[(bool, f64)]| -> (Vec<bool>, Vec<f64>) { cases.iter().copied().unzip() };
            let (truth, probabilities) = split(&cases);
            let forward = youden(&truth, &probabilities);
            cases.reverse();
            let (truth, probabilities) = split(&cases);
            prop_assert_eq!(forward, youden(&truth, &probabilities));
        }
    }
}
