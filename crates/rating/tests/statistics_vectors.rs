//! The statistics against vectors of scikit-learn, statsmodels and numpy.

use rating::stats::interval::mean;
use rating::stats::{Graded, Interval, Measured, Scored, Weights};
use rating::threshold;
use serde::Deserialize;

/// Largest difference from a vector; both sides round in double precision.
const TOLERANCE: f64 = 1e-12;

#[derive(Deserialize)]
struct Vectors {
    multiclass: Vec<Multiclass>,
    binary: Vec<Binary>,
    interval: Vec<MeanInterval>,
    undefined: Vec<UndefinedCase>,
    threshold: Vec<Threshold>,
    percentile: Percentile,
}

#[derive(Deserialize)]
struct Multiclass {
    truth: Vec<u8>,
    predicted: Vec<u8>,
    accuracy: f64,
    close_agreement: f64,
    confusion: Vec<Vec<u64>>,
    kappa: f64,
    kappa_linear: f64,
    kappa_quadratic: f64,
}

#[derive(Deserialize)]
struct Binary {
    truth: Vec<u8>,
    score: Vec<f64>,
    auc: f64,
    average_precision: f64,
    brier: f64,
    threshold: f64,
    sensitivity: f64,
    specificity: f64,
    ppv: f64,
    npv: f64,
    youden: f64,
    roc: Vec<[f64; 2]>,
    best_youden: f64,
}

#[derive(Deserialize)]
struct MeanInterval {
    values: Vec<f64>,
    mean: f64,
    low: f64,
    high: f64,
}

/// A missing key is not asked; `null` is undefined.
#[derive(Deserialize)]
struct UndefinedCase {
    what: String,
    truth: Vec<u8>,
    #[serde(default)]
    score: Vec<f64>,
    predicted: Option<Vec<u8>>,
    #[serde(flatten)]
    figures: serde_json::Map<String, serde_json::Value>,
}

#[derive(Deserialize)]
struct Threshold {
    truth: Vec<u8>,
    score: Vec<f64>,
    threshold: f64,
    youden: Option<f64>,
}

#[derive(Deserialize)]
struct Percentile {
    values: Vec<f64>,
    low: f64,
    high: f64,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../../testdata/statistics.json")).unwrap()
}

fn classes(truth: &[u8]) -> Vec<bool> {
    truth.iter().map(|&class| class == 1).collect()
}

#[track_caller]
fn assert_close(measured: f64, expected: f64) {
    assert!((measured - expected).abs() <= TOLERANCE, "{measured} instead of {expected}");
}

#[test]
fn grades_against_grades() {
    let cases = vectors().multiclass;
    assert_eq!(cases.len(), 24);
    for case in cases {
        let confusion = Graded::new(4, &case.truth, &case.predicted).unwrap().confusion();
        assert_eq!(confusion.rows(), case.confusion);
        assert_close(confusion.accuracy().unwrap(), case.accuracy);
        assert_close(confusion.close_agreement().unwrap(), case.close_agreement);
        assert_close(confusion.kappa(Weights::None).unwrap(), case.kappa);
        assert_close(confusion.kappa(Weights::Linear).unwrap(), case.kappa_linear);
        assert_close(confusion.kappa(Weights::Quadratic).unwrap(), case.kappa_quadratic);
    }
}

#[test]
fn scores_against_classes() {
    let cases = vectors().binary;
    assert_eq!(cases.len(), 24);
    for case in cases {
        let scored = Scored::new(&classes(&case.truth), &case.score).unwrap();
        assert_close(scored.auc().unwrap(), case.auc);
        assert_close(scored.average_precision().unwrap(), case.average_precision);
        assert_close(scored.brier().unwrap(), case.brier);
        assert_close(scored.best_youden().unwrap(), case.best_youden);
        let outcomes = scored.at(case.threshold);
        assert_close(outcomes.sensitivity().unwrap(), case.sensitivity);
        assert_close(outcomes.specificity().unwrap(), case.specificity);
        assert_close(outcomes.ppv().unwrap(), case.ppv);
        assert_close(outcomes.npv().unwrap(), case.npv);
        assert_close(outcomes.youden().unwrap(), case.youden);
        let curve = scored.roc().unwrap();
        assert_eq!(curve.len(), case.roc.len());
        for (point, expected) in curve.iter().zip(case.roc) {
            assert_close(point.false_positive_rate, expected[0]);
            assert_close(point.sensitivity, expected[1]);
        }
    }
}

#[test]
fn undefined_figures_are_null() {
    let cases = vectors().undefined;
    assert_eq!(cases.len(), 3);
    for case in cases {
        assert!(case.figures.len() >= 3, "{}", case.what);
        for (figure, expected) in &case.figures {
            let measured = measure(&case, figure).ok();
            assert_eq!(measured, expected.as_f64(), "{}: {figure}", case.what);
        }
    }
}

/// The figure a vector names.
fn measure(case: &UndefinedCase, figure: &str) -> Measured {
    let scored = Scored::new(&classes(&case.truth), &case.score);
    let outcomes = scored.as_ref().map(|scored| scored.at(0.5));
    let confusion = case
        .predicted
        .as_ref()
        .map(|predicted| Graded::new(4, &case.truth, predicted).unwrap().confusion());
    match figure {
        "auc" => scored.unwrap().auc(),
        "sensitivity" => outcomes.unwrap().sensitivity(),
        "specificity" => outcomes.unwrap().specificity(),
        "ppv" => outcomes.unwrap().ppv(),
        "npv" => outcomes.unwrap().npv(),
        "youden" => outcomes.unwrap().youden(),
        "accuracy" => confusion.unwrap().accuracy(),
        "kappa" => confusion.unwrap().kappa(Weights::None),
        "kappa_linear" => confusion.unwrap().kappa(Weights::Linear),
        _ => panic!("{figure} is not computed"),
    }
}

#[test]
fn thresholds_of_validation_folds() {
    let cases = vectors().threshold;
    assert_eq!(cases.len(), 24);
    for case in cases {
        let truth = classes(&case.truth);
        let threshold = threshold::youden(&truth, &case.score);
        assert_close(threshold, case.threshold);
        let youden = Scored::new(&truth, &case.score).unwrap().at(threshold).youden();
        match case.youden {
            Some(expected) => assert_close(youden.unwrap(), expected),
            None => assert!(youden.is_err()),
        }
    }
}

#[test]
fn intervals_of_means() {
    for case in vectors().interval {
        let interval = Interval::of_mean(&case.values).unwrap();
        assert_close(mean(&case.values).unwrap(), case.mean);
        assert_close(interval.low, case.low);
        assert_close(interval.high, case.high);
    }
}

#[test]
fn percentiles_of_bootstrap_values() {
    let case = vectors().percentile;
    let interval = Interval::percentile(&case.values).unwrap();
    assert_eq!(interval, Interval { low: case.low, high: case.high });
}
