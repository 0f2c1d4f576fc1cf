//! Laws that hold whatever the grades and scores are.

use proptest::prelude::*;
use rating::stats::{Graded, Scored, Undefined, Weights};

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
}
