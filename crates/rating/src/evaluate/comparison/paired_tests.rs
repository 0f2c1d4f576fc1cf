//! Tests of one file against the first, pair by pair.
//!
//! All of them take pairs for independent. Joints of one patient are not, and
//! then p is too small: the intervals, which draw patients, go before.

use serde::Serialize;

use crate::Problem;
use crate::stats::wilcoxon::Method;
use crate::stats::{Discordance, Graded, Scored, SignedRanks, Undefined};

/// A test and its p, alone and corrected.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PairedTest {
    /// Which test, and what it counted; `None` where it could not be made.
    #[serde(flatten)]
    pub evidence: Option<Evidence>,
    /// Two-sided p of this test alone.
    pub p: Option<f64>,
    /// Corrected for all tests of the comparison (Holm).
    pub p_holm: Option<f64>,
    /// Why there is no p.
    pub undefined: Option<String>,
}

/// What a test counted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "test")]
pub enum Evidence {
    /// Exact McNemar test of exact agreement.
    #[serde(rename = "mcnemar-exact")]
    McNemar {
        /// Pairs that both files grade as the reference does.
        both: u64,
        /// Only the first file does.
        only_first: u64,
        /// Only this one does.
        only_this: u64,
        /// Neither does.
        neither: u64,
    },
    /// Wilcoxon's signed rank test of the distances from the reference.
    #[serde(rename = "wilcoxon-signed-rank")]
    Wilcoxon {
        /// The smaller sum of ranks.
        statistic: f64,
        /// Pairs in which the distances differ.
        differences: usize,
        /// How p was computed.
        method: Method,
    },
    /// DeLong's test of two AUCs.
    #[serde(rename = "delong-paired")]
    DeLong {
        /// Difference over its standard error.
        statistic: f64,
    },
}

impl PairedTest {
    fn of(evidence: Evidence, p: f64) -> PairedTest {
        PairedTest { evidence: Some(evidence), p: Some(p), p_holm: None, undefined: None }
    }

    fn none(reason: Undefined) -> PairedTest {
        PairedTest { evidence: None, p: None, p_holm: None, undefined: Some(reason.to_string()) }
    }
}

pub(super) fn mcnemar(first: &Graded, this: &Graded) -> PairedTest {
    let right = |(truth, given)| truth == given;
    let pairs = first.iter().zip(this.iter()).map(|(first, this)| (right(first), right(this)));
    let counts = Discordance::count(pairs);
    if first.cases() == 0 {
        return PairedTest::none(Undefined::NoCases);
    }
    let evidence = Evidence::McNemar {
        both: counts.both,
        only_first: counts.first_only,
        only_this: counts.second_only,
        neither: counts.neither,
    };
    PairedTest::of(evidence, counts.mcnemar())
}

pub(super) fn wilcoxon(first: &Graded, this: &Graded) -> Result<PairedTest, Problem> {
    let errors = |graded: &Graded| -> Vec<f64> {
        graded.iter().map(|(truth, given)| f64::from(truth.abs_diff(given))).collect()
    };
    Ok(match SignedRanks::new(&errors(this), &errors(first))?.test() {
        Ok(found) => {
            let evidence = Evidence::Wilcoxon {
                statistic: found.statistic,
                differences: found.differences,
                method: found.method,
            };
            PairedTest::of(evidence, found.p)
        }
        Err(reason) => PairedTest::none(reason),
    })
}

pub(super) fn delong(first: Option<&Scored>, this: Option<&Scored>) -> Result<PairedTest, Problem> {
    let (Some(first), Some(this)) = (first, this) else {
        return Ok(PairedTest::none(Undefined::ProbabilitiesMissing));
    };
    Ok(match this.auc_beside(first)?.and_then(|pair| pair.test()) {
        Ok(found) => PairedTest::of(Evidence::DeLong { statistic: found.statistic }, found.p),
        Err(reason) => PairedTest::none(reason),
    })
}
