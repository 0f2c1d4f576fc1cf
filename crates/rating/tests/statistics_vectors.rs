//! The statistics against vectors of scikit-learn, statsmodels and numpy.

use rating::stats::icc::{Form, icc};
use rating::stats::interval::mean;
use rating::stats::paper::paper_z_test;
use rating::stats::wilcoxon::Continuity;
use rating::stats::{
    BlandAltman, Discordance, Graded, Interval, Measured, Readings, Scored, SignedRanks, Weights,
};
use rating::threshold;
use serde::Deserialize;

/// Largest difference from a vector; both sides round in double precision.
const TOLERANCE: f64 = 1e-12;
/// The same where a tail of a distribution is involved, or many sums.
const TAIL: f64 = 1e-9;

#[derive(Deserialize)]
struct Vectors {
    multiclass: Vec<Multiclass>,
    binary: Vec<Binary>,
    interval: Vec<MeanInterval>,
    undefined: Vec<UndefinedCase>,
    threshold: Vec<Threshold>,
    percentile: Percentile,
    delong: Vec<DeLong>,
    readers: Vec<Readers>,
    mcnemar: Vec<McNemar>,
    ztest: Vec<ZTest>,
}

#[derive(Deserialize)]
struct DeLong {
    truth: Vec<u8>,
    a: Vec<f64>,
    b: Vec<f64>,
    auc: [f64; 2],
    variance: [f64; 2],
    covariance: f64,
    z: f64,
    p: f64,
}

#[derive(Deserialize)]
struct Readers {
    grades: Vec<Vec<u8>>,
    fleiss: f64,
    light_linear: f64,
    gwet_ac1: f64,
    gwet_ac2_linear: f64,
    icc_2_1: f64,
    icc_3_1: f64,
    pabak_first_two: f64,
    wilcoxon_first_two: Wilcoxon,
    bland_altman_first_two: BlandAltmanVector,
}

#[derive(Deserialize)]
struct Wilcoxon {
    statistic: f64,
    p_normal_approximation: f64,
}

#[derive(Deserialize)]
struct BlandAltmanVector {
    mean: f64,
    low: f64,
    high: f64,
}

#[derive(Deserialize)]
struct McNemar {
    correct_a: Vec<u8>,
    correct_b: Vec<u8>,
    table: [[u64; 2]; 2],
    p_exact: f64,
}

#[derive(Deserialize)]
struct ZTest {
    a: Vec<f64>,
    b: Vec<f64>,
    z: f64,
    p: f64,
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
    assert_within(measured, expected, TOLERANCE);
}

#[track_caller]
fn assert_within(measured: f64, expected: f64, tolerance: f64) {
    assert!((measured - expected).abs() <= tolerance, "{measured} instead of {expected}");
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

#[test]
fn aucs_of_the_same_cases() {
    let cases = vectors().delong;
    assert_eq!(cases.len(), 8);
    for case in cases {
        let scored = |scores: &[f64]| Scored::new(&classes(&case.truth), scores).unwrap();
        let paired = scored(&case.a).auc_beside(&scored(&case.b)).unwrap().unwrap();
        let alone = scored(&case.a).auc_estimate().unwrap();
        assert_eq!(alone, paired.first);
        for (found, place) in [(paired.first, 0), (paired.second, 1)] {
            assert_close(found.value, case.auc[place]);
            assert_within(found.standard_error.powi(2), case.variance[place], TAIL);
        }
        assert_within(paired.covariance, case.covariance, TAIL);
        let test = paired.test().unwrap();
        assert_within(test.statistic, case.z, TAIL);
        assert_within(test.p, case.p, TAIL);
    }
}

#[test]
fn several_readers() {
    let cases = vectors().readers;
    assert_eq!(cases.len(), 2);
    for case in cases {
        let readings = Readings::new(4, &case.grades).unwrap();
        assert_within(readings.fleiss().unwrap().value, case.fleiss, TAIL);
        assert_within(readings.light(Weights::Linear).unwrap(), case.light_linear, TAIL);
        // The vectors have five digits of these.
        assert_within(readings.gwet(Weights::None).unwrap().value, case.gwet_ac1, 5.1e-6);
        assert_within(readings.gwet(Weights::Linear).unwrap().value, case.gwet_ac2_linear, 5.1e-6);
        let ratings: Vec<Vec<f64>> =
            case.grades.iter().map(|case| case.iter().copied().map(f64::from).collect()).collect();
        assert_within(icc(&ratings, Form::Agreement).unwrap().value, case.icc_2_1, TAIL);
        assert_within(icc(&ratings, Form::Consistency).unwrap().value, case.icc_3_1, TAIL);
        assert_within(
            readings.confusion(0, 1).unwrap().pabak().unwrap(),
            case.pabak_first_two,
            TAIL,
        );

        let reader = |at: usize| -> Vec<f64> { ratings.iter().map(|case| case[at]).collect() };
        let ranks = SignedRanks::new(&reader(0), &reader(1)).unwrap();
        let expected = &case.wilcoxon_first_two;
        assert_close(ranks.positive.min(ranks.negative), expected.statistic);
        let p = ranks.normal(Continuity::Uncorrected).unwrap();
        assert_within(p, expected.p_normal_approximation, TAIL);

        let differences: Vec<f64> = ratings.iter().map(|case| case[0] - case[1]).collect();
        let found = BlandAltman::of(&differences).unwrap();
        let expected = &case.bland_altman_first_two;
        assert_within(found.mean, expected.mean, TAIL);
        assert_within(found.limits.low, expected.low, TAIL);
        assert_within(found.limits.high, expected.high, TAIL);
    }
}

#[test]
fn who_is_right_more_often() {
    let cases = vectors().mcnemar;
    assert_eq!(cases.len(), 24);
    for case in cases {
        let right = classes(&case.correct_a).into_iter().zip(classes(&case.correct_b));
        let counts = Discordance::count(right);
        let table = [[counts.both, counts.first_only], [counts.second_only, counts.neither]];
        assert_eq!(table, case.table);
        assert_within(counts.mcnemar(), case.p_exact, TAIL);
    }
}

#[test]
fn the_papers_z_test() {
    let cases = vectors().ztest;
    assert_eq!(cases.len(), 10);
    for case in cases {
        let test = paper_z_test(&case.a, &case.b).unwrap();
        assert_within(test.z, case.z, TAIL);
        assert_within(test.p, case.p, TAIL);
    }
}
