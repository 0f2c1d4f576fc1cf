//! A grade as a yes-or-no answer: "is it greater than the cut-off?".

use std::collections::BTreeMap;

use serde::Serialize;

use super::figure::Figure;
use crate::stats::proportion::wilson;
use crate::stats::{Interval, Measured, Outcomes};

/// How many figures a cut-off has.
pub(super) const FIGURES_A_CUT_OFF: usize = 5;

/// The graded pairs, those above a cut-off against the others. This judges the
/// final grades; how well probabilities rank is in
/// [`TaskFigures`](super::TaskFigures).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CutOff {
    /// How the answers turned out.
    pub outcomes: Outcomes,
    /// Sensitivity, patients resampled; so are the others.
    pub sensitivity: Figure,
    /// Specificity.
    pub specificity: Figure,
    /// Positive predictive value.
    pub ppv: Figure,
    /// Negative predictive value.
    pub npv: Figure,
    /// Youden index.
    pub youden: Figure,
    /// Wilson's intervals of the four shares, pairs taken as independent: for
    /// shares of 0 and 1, which resampling gives no width.
    pub wilson: BTreeMap<&'static str, Option<Interval>>,
}

impl CutOff {
    /// The figures in the order of [`CutOff::new`].
    pub(super) fn figures(outcomes: Outcomes) -> [Measured; FIGURES_A_CUT_OFF] {
        [
            outcomes.sensitivity(),
            outcomes.specificity(),
            outcomes.ppv(),
            outcomes.npv(),
            outcomes.youden(),
        ]
    }

    pub(super) fn new(outcomes: Outcomes, figures: [Figure; FIGURES_A_CUT_OFF]) -> CutOff {
        let [sensitivity, specificity, ppv, npv, youden] = figures;
        let Outcomes { true_positives, false_positives, false_negatives, true_negatives } =
            outcomes;
        let shares = [
            ("sensitivity", true_positives, false_negatives),
            ("specificity", true_negatives, false_positives),
            ("ppv", true_positives, false_positives),
            ("npv", true_negatives, false_negatives),
        ];
        let wilson = shares.map(|(name, hits, misses)| (name, wilson(hits, hits + misses).ok()));
        CutOff {
            outcomes,
            sensitivity,
            specificity,
            ppv,
            npv,
            youden,
            wilson: BTreeMap::from(wilson),
        }
    }
}
