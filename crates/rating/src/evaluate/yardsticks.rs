//! Published figures of people and machines, to read ours beside. They are of
//! other pairs, of other readers, and often of other joints.

use serde::Serialize;

use crate::Protocol;

/// What others reached on one measurement.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Yardstick {
    /// Who, and when.
    pub source: &'static str,
    /// Who graded, and what was compared.
    pub what: &'static str,
    /// `synovial_hypertrophy`, `vascularity` or `combined`.
    pub measurement: &'static str,
    /// Percent exact agreement (PEA), 0 to 1.
    pub accuracy: Option<f64>,
    /// Percent close agreement (PCA), 0 to 1.
    pub close_agreement: Option<f64>,
    /// Kappa as published.
    pub kappa: Option<f64>,
    /// Its weights, as far as the publication says.
    pub kappa_weights: &'static str,
}

const SH: &str = "synovial_hypertrophy";
const VASCULARITY: &str = "vascularity";
const COMBINED: &str = "combined";

const HAMMER: &str = "Hammer et al. 2011";
const ROBOT: &str = "ARTHUR and DIANA 2025";
const PAPER: &str = "Zhou et al. 2022";

const READERS: &str = "readers trained with an atlas, medians";
const AGAINST_RHEUMATOLOGIST: &str = "robot against a rheumatologist";
const PROSPECTIVE: &str = "RATING, prospective cohort (274 pairs)";
const EXTERNAL: &str = "RATING, external cohort (293 pairs, power Doppler)";

const ALONE: &str = "10 radiologists alone, mean (274 pairs)";
const ASSISTED: &str = "the same radiologists with RATING's answer, mean (274 pairs)";

const EOSS: [Yardstick; 14] = [
    row(HAMMER, READERS, SH, [Some(0.73), Some(0.98), Some(0.77)], "weighted"),
    row(HAMMER, READERS, VASCULARITY, [Some(0.84), Some(0.98), Some(0.83)], "weighted"),
    row(ROBOT, AGAINST_RHEUMATOLOGIST, SH, [Some(0.579), Some(0.929), Some(0.38)], "not said"),
    row(
        ROBOT,
        AGAINST_RHEUMATOLOGIST,
        VASCULARITY,
        [Some(0.773), Some(0.942), Some(0.44)],
        "not said",
    ),
    row("Andersen et al. 2019", "network, own data", COMBINED, [Some(0.75), None, None], ""),
    row("Christensen et al. 2020", "network, own data", COMBINED, [Some(0.839), None, None], ""),
    row(PAPER, PROSPECTIVE, SH, [Some(0.796), None, Some(0.757)], "linear"),
    row(PAPER, PROSPECTIVE, VASCULARITY, [Some(0.945), None, Some(0.919)], "linear"),
    row(PAPER, PROSPECTIVE, COMBINED, [Some(0.861), None, Some(0.853)], "linear"),
    row(PAPER, ALONE, COMBINED, [Some(0.414), None, None], ""),
    row(PAPER, ASSISTED, COMBINED, [Some(0.64), None, None], ""),
    row(PAPER, EXTERNAL, SH, [Some(0.829), None, Some(0.832)], "linear"),
    row(PAPER, EXTERNAL, VASCULARITY, [Some(0.962), None, Some(0.957)], "linear"),
    row(PAPER, EXTERNAL, COMBINED, [Some(0.85), None, Some(0.857)], "linear"),
];

const fn row(
    source: &'static str,
    what: &'static str,
    measurement: &'static str,
    [accuracy, close_agreement, kappa]: [Option<f64>; 3],
    kappa_weights: &'static str,
) -> Yardstick {
    Yardstick { source, what, measurement, accuracy, close_agreement, kappa, kappa_weights }
}

/// Those of a protocol; there are some of EOSS.
#[must_use]
pub fn yardsticks(protocol: &Protocol) -> &'static [Yardstick] {
    if protocol.name() == Protocol::eoss().name() { &EOSS } else { &[] }
}
