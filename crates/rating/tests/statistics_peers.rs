//! The statistics against known packages: `testdata/peers/figures.py`.

use rating::stats::calibration::Recalibration;
use rating::stats::icc::{Form, icc};
use rating::stats::proportion::{clopper_pearson, wilson};
use rating::stats::wilcoxon::{Continuity, Method};
use rating::stats::{Estimate, Interval, Readings, Scored, SignedRanks, Weights, bca, holm::holm};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Closed forms; irrCAC rounds to 13 digits.
const CLOSED: f64 = 1e-9;
/// What both sides find step by step.
const ITERATIVE: f64 = 1e-7;

#[derive(Deserialize)]
struct Peers {
    readers: Vec<Readers>,
    wilcoxon: Vec<Wilcoxon>,
    recalibration: Vec<Recalibrated>,
    bca: Vec<Levels>,
    proportions: Vec<Proportion>,
    holm: Vec<Holm>,
}

#[derive(Deserialize)]
struct Readers {
    grades: Vec<Vec<u8>>,
    kappa: BTreeMap<String, Kappa>,
    chance_corrected: BTreeMap<String, Value>,
    ratings: Vec<Vec<f64>>,
    icc: BTreeMap<String, Correlation>,
}

#[derive(Deserialize)]
struct Kappa {
    kappa: f64,
    standard_error: f64,
    z: f64,
}

#[derive(Deserialize)]
struct Value {
    value: f64,
    standard_error: f64,
}

#[derive(Deserialize)]
struct Correlation {
    value: f64,
    interval: [f64; 2],
}

#[derive(Deserialize)]
struct Wilcoxon {
    first: Vec<f64>,
    second: Vec<f64>,
    corrected: f64,
    uncorrected: f64,
    exact: Option<f64>,
}

#[derive(Deserialize)]
struct Recalibrated {
    truth: Vec<u8>,
    probability: Vec<f64>,
    intercept: [f64; 2],
    slope: [f64; 2],
    in_the_large: [f64; 2],
}

#[derive(Deserialize)]
struct Levels {
    values: Vec<f64>,
    estimate: f64,
    jackknife: Vec<f64>,
    levels: [f64; 2],
}

#[derive(Deserialize)]
struct Proportion {
    hits: u64,
    cases: u64,
    wilson: [f64; 2],
    clopper_pearson: [f64; 2],
}

#[derive(Deserialize)]
struct Holm {
    p: Vec<f64>,
    adjusted: Vec<f64>,
}

fn peers() -> Peers {
    serde_json::from_str(include_str!("../../../testdata/peers/figures.json")).unwrap()
}

fn weights(name: &str) -> Weights {
    match name {
        "none" => Weights::None,
        "linear" => Weights::Linear,
        "quadratic" => Weights::Quadratic,
        _ => panic!("{name}"),
    }
}

#[track_caller]
fn assert_close(measured: f64, expected: f64, tolerance: f64) {
    assert!((measured - expected).abs() <= tolerance, "{measured} instead of {expected}");
}

#[track_caller]
fn assert_estimate(measured: Estimate, expected: [f64; 2], tolerance: f64) {
    assert_close(measured.value, expected[0], tolerance);
    assert_close(measured.standard_error, expected[1], tolerance);
}

#[track_caller]
fn assert_ends(measured: Interval, expected: [f64; 2]) {
    assert_close(measured.low, expected[0], CLOSED);
    assert_close(measured.high, expected[1], CLOSED);
}

#[test]
fn kappas_of_statsmodels() {
    for readers in peers().readers {
        let readings = Readings::new(4, &readers.grades).unwrap();
        let confusion = readings.confusion(0, 1).unwrap();
        assert_eq!(readers.kappa.len(), 3);
        for (name, expected) in readers.kappa {
            let estimate = confusion.kappa_estimate(weights(&name)).unwrap();
            assert_estimate(estimate, [expected.kappa, expected.standard_error], CLOSED);
            let test = confusion.kappa_test(weights(&name)).unwrap();
            assert_close(test.statistic, expected.z, CLOSED);
        }
    }
}

#[test]
fn fleiss_and_gwet_of_irr_cac() {
    for readers in peers().readers {
        let readings = Readings::new(4, &readers.grades).unwrap();
        assert_eq!(readers.chance_corrected.len(), 4);
        for (name, expected) in readers.chance_corrected {
            let estimate = match name.as_str() {
                "fleiss" => readings.fleiss().unwrap(),
                name => readings.gwet(weights(name)).unwrap(),
            };
            assert_estimate(estimate, [expected.value, expected.standard_error], CLOSED);
            if name != "fleiss" && readings.readers() == 2 {
                let of_matrix = readings.confusion(0, 1).unwrap().gwet(weights(&name)).unwrap();
                assert_close(of_matrix.standard_error, estimate.standard_error, CLOSED);
            }
        }
    }
}

#[test]
fn intraclass_correlations_of_pingouin() {
    for readers in peers().readers {
        for (name, form) in [("ICC(2,1)", Form::Agreement), ("ICC(3,1)", Form::Consistency)] {
            let (found, expected) = (icc(&readers.ratings, form).unwrap(), &readers.icc[name]);
            assert_close(found.value, expected.value, CLOSED);
            assert_ends(found.interval.unwrap(), expected.interval);
            assert_eq!(serde_json::to_value(form).unwrap(), name);
        }
    }
}

#[test]
fn signed_ranks_of_scipy() {
    for case in peers().wilcoxon {
        let ranks = SignedRanks::new(&case.first, &case.second).unwrap();
        assert_close(ranks.normal(Continuity::Corrected).unwrap(), case.corrected, CLOSED);
        assert_close(ranks.normal(Continuity::Uncorrected).unwrap(), case.uncorrected, CLOSED);
        let test = ranks.test().unwrap();
        match (case.exact, test.method) {
            (Some(p), Method::Exact) => assert_close(test.p, p, CLOSED),
            // Too many ties for scipy to count, not for us.
            (None, Method::Exact) => assert_close(test.p, case.corrected, 0.005),
            (_, Method::Normal) => {
                assert!(case.first.len() > 50);
                assert_eq!(Ok(test.p), ranks.normal(Continuity::Corrected));
            }
        }
    }
}

#[test]
fn recalibration_of_statsmodels() {
    for case in peers().recalibration {
        let truth: Vec<bool> = case.truth.iter().map(|&class| class == 1).collect();
        let scored = Scored::new(&truth, &case.probability).unwrap();
        let Recalibration { slope, intercept, in_the_large, moved } =
            scored.recalibration().unwrap();
        assert_estimate(slope, case.slope, ITERATIVE);
        assert_estimate(intercept, case.intercept, ITERATIVE);
        assert_estimate(in_the_large, case.in_the_large, ITERATIVE);
        assert_eq!(moved, 0);
    }
}

#[test]
fn levels_of_scipys_bca() {
    for case in peers().bca {
        let levels = bca::levels(&case.values, case.estimate, &case.jackknife).unwrap();
        assert_close(levels[0], case.levels[0], CLOSED);
        assert_close(levels[1], case.levels[1], CLOSED);
    }
}

#[test]
fn proportions_and_holm_of_statsmodels() {
    let peers = peers();
    for case in peers.proportions {
        assert_ends(wilson(case.hits, case.cases).unwrap(), case.wilson);
        assert_ends(clopper_pearson(case.hits, case.cases).unwrap(), case.clopper_pearson);
    }
    for case in peers.holm {
        let adjusted = holm(&case.p.iter().copied().map(Some).collect::<Vec<_>>());
        assert_eq!(adjusted.len(), case.adjusted.len());
        for (adjusted, expected) in adjusted.iter().zip(case.adjusted) {
            assert_close(adjusted.unwrap(), expected, CLOSED);
        }
    }
}
