//! Laws that hold whatever the grades and scores are.

use proptest::prelude::*;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rating::Seed;
use rating::stats::holm::holm;
use rating::stats::icc::{Form, icc};
use rating::stats::proportion::{clopper_pearson, wilson};
use rating::stats::{Confusion, Graded, Readings, Scored, SignedRanks, Undefined, Weights};

const WEIGHTS: [Weights; 3] = [Weights::None, Weights::Linear, Weights::Quadratic];

fn graded() -> impl Strategy<Value = Graded> {
    prop::collection::vec((0u8..4, 0u8..4), 1..60).prop_map(|cases| {
        let (truth, predicted): (Vec<u8>, Vec<u8>) = cases.into_iter().unzip();
        Graded::new(4, &truth, &predicted).unwrap()
    })
}

/// Cases with few distinct scores, so that there are ties.
fn cases() -> impl Strategy<Value = Vec<(bool, f64)>> {
    let case = (any::<bool>(), (0u8..20).prop_map(|score| f64::from(score) / 20.0));
    prop::collection::vec(case, 1..60)
}

fn scored(cases: impl IntoIterator<Item = (bool, f64)>) -> Scored {
    let (truth, scores): (Vec<bool>, Vec<f64>) = cases.into_iter().unzip();
    Scored::new(&truth, &scores).unwrap()
}

/// 3,000 grades against the same grades in another order.
fn shuffled(seed: u64) -> Confusion {
    let truth: Vec<u8> = (0..3000).map(|case| (case % 10 / 3) as u8).collect();
    let mut shuffled = truth.clone();
    shuffled.shuffle(&mut ChaCha8Rng::from_seed(Seed::new(seed).bytes()));
    Graded::new(4, &truth, &shuffled).unwrap().confusion()
}

#[test]
fn the_test_of_kappa_holds_its_level() {
    for weights in WEIGHTS {
        let p = (0..2000).map(|seed| shuffled(seed).kappa_test(weights).unwrap().p);
        let alarms = p.filter(|&p| p < 0.05).count();
        // 100 expected, standard deviation 10.
        assert!((60..140).contains(&alarms), "{alarms}");
    }
}

proptest! {
    #[test]
    fn kappa_is_symmetric_and_at_most_one(graded in graded()) {
        let confusion = graded.confusion();
        for weights in WEIGHTS {
            let kappa = confusion.kappa(weights);
            prop_assert_eq!(kappa, confusion.transposed().kappa(weights));
            prop_assert!(kappa.is_err() || kappa.unwrap() <= 1.0);
        }
        prop_assert!(confusion.accuracy().unwrap() <= confusion.close_agreement().unwrap());
    }

    #[test]
    fn repeating_every_case_changes_no_agreement(graded in graded()) {
        let twice: Vec<usize> = (0..graded.cases()).chain(0..graded.cases()).collect();
        let (once, twice) = (graded.confusion(), graded.confusion_of(&twice));
        prop_assert_eq!(twice.cases(), 2 * once.cases());
        prop_assert_eq!(once.accuracy(), twice.accuracy());
        for weights in WEIGHTS {
            let (once, twice) = (once.kappa(weights), twice.kappa(weights));
            prop_assert!(once == twice || (once.unwrap() - twice.unwrap()).abs() < 1e-12);
        }
    }

    #[test]
    fn perfect_agreement_has_kappa_one_or_none(truth in prop::collection::vec(0u8..4, 1..60)) {
        let confusion = Graded::new(4, &truth, &truth).unwrap().confusion();
        let one_grade = truth.iter().all(|&grade| grade == truth[0]);
        let expected = if one_grade { Err(Undefined::OneGrade) } else { Ok(1.0) };
        for weights in WEIGHTS {
            prop_assert_eq!(confusion.kappa(weights), expected);
        }
    }

    #[test]
    fn with_two_grades_all_kappas_are_one(cases in prop::collection::vec((0u8..2, 0u8..2), 1..60)) {
        let (truth, predicted): (Vec<u8>, Vec<u8>) = cases.into_iter().unzip();
        let confusion = Graded::new(2, &truth, &predicted).unwrap().confusion();
        let plain = confusion.kappa(Weights::None);
        prop_assert_eq!(plain, confusion.kappa(Weights::Linear));
        prop_assert_eq!(plain, confusion.kappa(Weights::Quadratic));
    }

    #[test]
    fn negating_scores_or_truth_mirrors_the_auc(cases in cases()) {
        if let Ok(auc) = scored(cases.clone()).auc() {
            let mirrored = scored(cases.iter().map(|&(truth, score)| (truth, -score))).auc().unwrap();
            prop_assert!((auc + mirrored - 1.0).abs() < 1e-12);
            let exchanged = scored(cases.iter().map(|&(truth, score)| (!truth, score))).auc().unwrap();
            prop_assert!((auc + exchanged - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn the_auc_is_the_area_under_the_curve(cases in cases()) {
        let scored = scored(cases);
        if let Ok(auc) = scored.auc() {
            let curve = scored.roc().unwrap();
            let area: f64 = curve.windows(2).map(|pair| {
                let width = pair[1].false_positive_rate - pair[0].false_positive_rate;
                width * (pair[1].sensitivity + pair[0].sensitivity) / 2.0
            }).sum();
            prop_assert!((auc - area).abs() < 1e-12);
        }
    }

    #[test]
    fn the_auc_is_the_share_of_pairs_won(cases in cases()) {
        if let Ok(auc) = scored(cases.clone()).auc() {
            let (mut won, mut pairs) = (0.0, 0.0);
            for positive in cases.iter().filter(|case| case.0) {
                for negative in cases.iter().filter(|case| !case.0) {
                    pairs += 1.0;
                    won += f64::from(u8::from(positive.1 > negative.1));
                    won += f64::from(u8::from(positive.1 == negative.1)) / 2.0;
                }
            }
            prop_assert!((auc - won / pairs).abs() < 1e-12);
        }
    }

    #[test]
    fn the_order_of_cases_does_not_matter(cases in cases()) {
        let (forward, reversed) = (scored(cases.clone()), scored(cases.into_iter().rev()));
        prop_assert_eq!(forward.roc(), reversed.roc());
        prop_assert_eq!(forward.auc(), reversed.auc());
        prop_assert_eq!(forward.average_precision(), reversed.average_precision());
        prop_assert_eq!(forward.brier(), reversed.brier());
    }

    #[test]
    fn no_cut_off_beats_the_best_youden(cases in cases(), threshold in 0.0f64..1.0) {
        let scored = scored(cases);
        if let Ok(best) = scored.best_youden() {
            prop_assert!(scored.at(threshold).youden().unwrap() <= best + 1e-12);
        }
    }

    #[test]
    fn a_rising_map_of_scores_changes_no_auc(cases in cases()) {
        let scored_cases = scored(cases.clone());
        let mapped = scored(cases.iter().map(|&(truth, score)| (truth, score.powi(3).exp() - 7.0)));
        prop_assert_eq!(scored_cases.auc(), mapped.auc());
        prop_assert_eq!(scored_cases.auc_estimate(), mapped.auc_estimate());
        if let Ok(paired) = scored_cases.auc_beside(&mapped).unwrap() {
            prop_assert_eq!((paired.difference.value, paired.test()), (0.0, Err(Undefined::NoWidth)));
        }
    }

    #[test]
    fn exchanging_two_scores_mirrors_delongs_test(cases in prop::collection::vec((any::<bool>(), 0u8..9, 0u8..9), 4..60)) {
        let scored = |score: fn(&(bool, u8, u8)) -> u8| {
            scored(cases.iter().map(|case| (case.0, f64::from(score(case)))))
        };
        let (a, b) = (scored(|case| case.1), scored(|case| case.2));
        let (forward, back) = (a.auc_beside(&b).unwrap(), b.auc_beside(&a).unwrap());
        if let (Ok(forward), Ok(back)) = (forward, back) {
            prop_assert!((forward.difference.value + back.difference.value).abs() < 1e-12);
            let apart = forward.first.standard_error.powi(2) + forward.second.standard_error.powi(2);
            let variance = apart - 2.0 * forward.covariance;
            prop_assert!((forward.difference.standard_error.powi(2) - variance).abs() < 1e-9);
        }
    }

    #[test]
    fn agreement_beyond_chance_is_at_most_one_and_does_not_mind_order(graded in graded()) {
        let confusion = graded.confusion();
        for weights in WEIGHTS {
            let (one, other) = (confusion.gwet(weights), confusion.transposed().gwet(weights));
            if let (Ok(one), Ok(other)) = (one, other) {
                prop_assert!(one.value <= 1.0 + 1e-12 && (one.value - other.value).abs() < 1e-12);
                prop_assert!(one.standard_error.is_finite());
            }
            if let (Ok(one), Ok(other)) = (confusion.kappa_estimate(weights), confusion.transposed().kappa_estimate(weights)) {
                prop_assert!((one.standard_error - other.standard_error).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn readers_who_agree_have_kappa_one(truth in prop::collection::vec(0u8..4, 2..40), readers in 2usize..5) {
        let cases: Vec<Vec<u8>> = truth.iter().map(|&grade| vec![grade; readers]).collect();
        let readings = Readings::new(4, &cases).unwrap();
        let close = |value: f64| (value - 1.0).abs() < 1e-12;
        prop_assert!(readings.gwet(Weights::Linear).is_ok_and(|estimate| close(estimate.value)));
        let one_grade = truth.iter().all(|&grade| grade == truth[0]);
        for measured in [readings.light(Weights::None), readings.fleiss().map(|fleiss| fleiss.value)] {
            match measured {
                Ok(kappa) => prop_assert!(close(kappa)),
                Err(reason) => prop_assert!(one_grade && reason == Undefined::OneGrade),
            }
        }
    }

    #[test]
    fn shuffled_grades_have_a_kappa_about_zero(seed: u64) {
        let confusion = shuffled(seed);
        for weights in WEIGHTS {
            // Seven standard errors, so that no seed ever drawn comes near.
            prop_assert!(confusion.kappa(weights).unwrap().abs() < 0.13);
            prop_assert!(confusion.kappa_test(weights).unwrap().statistic.abs() < 7.0);
        }
    }

    #[test]
    fn correlations_do_not_mind_scale_and_origin(ratings in prop::collection::vec([0u8..20, 0u8..20, 0u8..20], 2..20), shift in -9i8..9) {
        let plain: Vec<Vec<f64>> = ratings.iter().map(|case| case.map(f64::from).to_vec()).collect();
        let moved: Vec<Vec<f64>> =
            plain.iter().map(|case| case.iter().map(|value| 2.0 * value + f64::from(shift)).collect()).collect();
        for form in [Form::Agreement, Form::Consistency] {
            if let (Ok(one), Ok(other)) = (icc(&plain, form), icc(&moved, form)) {
                prop_assert!((one.value - other.value).abs() < 1e-9 && one.value <= 1.0 + 1e-12);
                let inside = one.interval.is_none_or(|interval| interval.low <= one.value && one.value <= interval.high);
                prop_assert!(inside, "{:?}", one);
            }
        }
    }

    #[test]
    fn exchanging_both_sides_changes_no_signed_rank_test(pairs in prop::collection::vec((0u8..40, 0u8..40), 0..40)) {
        let (first, second): (Vec<f64>, Vec<f64>) =
            pairs.iter().map(|&(a, b)| (f64::from(a), f64::from(b))).unzip();
        let (one, other) = (SignedRanks::new(&first, &second).unwrap(), SignedRanks::new(&second, &first).unwrap());
        prop_assert_eq!(one.test(), other.test());
        let count = one.differences as f64;
        prop_assert_eq!(one.positive + one.negative, count * (count + 1.0) / 2.0);
        prop_assert!(one.test().is_err() || (0.0..=1.0).contains(&one.test().unwrap().p));
    }

    #[test]
    fn intervals_of_a_proportion_hold_it((hits, misses) in (0u64..300, 0u64..300)) {
        if hits + misses > 0 {
            let share = hits as f64 / (hits + misses) as f64;
            let (score, exact) = (wilson(hits, hits + misses).unwrap(), clopper_pearson(hits, hits + misses).unwrap());
            for interval in [score, exact] {
                prop_assert!(0.0 <= interval.low && interval.low <= share + 1e-12);
                prop_assert!(share - 1e-12 <= interval.high && interval.high <= 1.0);
            }
        }
    }

    #[test]
    fn probabilities_recalibrated_are_calibrated(cases in prop::collection::vec((any::<bool>(), 1u8..99), 8..80)) {
        let logit = |p: f64| (p / (1.0 - p)).ln();
        let logistic = |odds: f64| 1.0 / (1.0 + (-odds).exp());
        let probabilities = scored(cases.iter().map(|&(truth, p)| (truth, f64::from(p) / 100.0)));
        if let Ok(found) = probabilities.recalibration() {
            // Slopes near 0 squeeze probabilities until rounding decides.
            if (0.05..20.0).contains(&found.slope.value) {
                let again = scored(probabilities.iter().map(|(truth, p)| {
                    (truth, logistic(found.intercept.value + found.slope.value * logit(p)))
                }));
                if again.iter().all(|case| (1e-5..1.0 - 1e-5).contains(&case.1)) {
                    let again = again.recalibration().unwrap();
                    prop_assert!((again.slope.value - 1.0).abs() < 1e-5, "{:?}", again);
                    prop_assert!(again.in_the_large.value.abs() < 1e-5 && again.intercept.value.abs() < 1e-5);
                }
            }
        }
    }

    #[test]
    fn calling_all_is_the_curve_of_certainty(cases in cases(), threshold in 0.01f64..0.99) {
        let curve = scored(cases.iter().map(|&(truth, _)| (truth, 1.0))).decision_curve(&[threshold]).unwrap();
        prop_assert!((curve[0].model - curve[0].all).abs() < 1e-12);
        let best = scored(cases.iter().map(|&(truth, _)| (truth, f64::from(u8::from(truth))))).decision_curve(&[threshold]).unwrap();
        prop_assert!(best[0].model >= best[0].all - 1e-12 && best[0].model >= 0.0);
    }

    #[test]
    fn adjusted_p_are_larger_and_in_order(p in prop::collection::vec(0.0f64..1.0, 0..12)) {
        let adjusted = holm(&p.iter().copied().map(Some).collect::<Vec<_>>());
        for (one, &of_one) in adjusted.iter().zip(&p) {
            prop_assert!(one.unwrap() >= of_one && one.unwrap() <= 1.0);
            for (other, &of_other) in adjusted.iter().zip(&p) {
                prop_assert!(of_one > of_other || one.unwrap() <= other.unwrap());
            }
        }
    }
}
