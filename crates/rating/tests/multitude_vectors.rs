//! MULTITUDE against vectors of an independent implementation, and its laws.

use proptest::prelude::*;
use rating::multitude::{decide, decide_by_majority, majority, multitude};
use rating::{Grade, Protocol};
use serde::Deserialize;

#[derive(Deserialize)]
struct Eoss {
    models: usize,
    valid: Vec<Vec<Grade>>,
    cases: Vec<EossCase>,
}

#[derive(Deserialize)]
struct EossCase {
    sh: Vec<Grade>,
    vascularity: Vec<Grade>,
    predicted_sh: Grade,
    predicted_vascularity: Grade,
    combined: Grade,
    weight: u128,
    conflict: bool,
}

#[derive(Deserialize)]
struct General {
    models: usize,
    values: Vec<u8>,
    valid: Vec<Vec<Grade>>,
    cases: Vec<GeneralCase>,
}

#[derive(Deserialize)]
struct GeneralCase {
    votes: Vec<Vec<Grade>>,
    predicted: Vec<Grade>,
    weight: u128,
}

#[test]
fn eoss_vectors() {
    let vectors: Eoss =
        serde_json::from_str(include_str!("../../../testdata/multitude_eoss.json")).unwrap();
    let eoss = Protocol::eoss();
    for sh in 0..4 {
        for vascularity in 0..4 {
            let grades = [sh, vascularity];
            assert_eq!(eoss.is_valid(&grades), vectors.valid.contains(&grades.to_vec()));
        }
    }
    assert_eq!(vectors.cases.len(), 604);
    for (number, case) in vectors.cases.into_iter().enumerate() {
        assert_eq!(case.sh.len(), vectors.models);
        let decision = multitude(&eoss, &[case.sh, case.vascularity]).unwrap();
        assert_eq!(
            decision.grades,
            [case.predicted_sh, case.predicted_vascularity],
            "case {number}"
        );
        assert_eq!(decision.weight, case.weight, "case {number}");
        assert_eq!(decision.conflict, case.conflict, "case {number}");
        assert_eq!(eoss.combined(&decision.grades), Some(case.combined), "case {number}");
    }
}

#[test]
fn general_vectors() {
    let vectors: General =
        serde_json::from_str(include_str!("../../../testdata/multitude_general.json")).unwrap();
    assert_eq!(vectors.cases.len(), 300);
    let is_valid = |grades: &[Grade]| vectors.valid.iter().any(|valid| valid == grades);
    for (number, case) in vectors.cases.iter().enumerate() {
        assert_eq!(case.votes[0].len(), vectors.models);
        let decision = decide(&vectors.values, is_valid, &case.votes).unwrap();
        assert_eq!(decision.grades, case.predicted, "case {number}");
        assert_eq!(decision.weight, case.weight, "case {number}");
        assert_eq!(decision.conflict, case.weight == 0, "case {number}");
    }
}

/// Votes of up to six models on up to four measurements of up to five grades,
/// with a seed for an arbitrary set of valid combinations.
fn elections() -> impl Strategy<Value = (Vec<u8>, Vec<Vec<Grade>>, u64)> {
    let sizes = (prop::collection::vec(2u8..=5, 1..=4), 1usize..=6, any::<u64>());
    sizes.prop_flat_map(|(values, models, rule)| {
        let votes: Vec<_> =
            values.iter().map(|&values| prop::collection::vec(0..values, models)).collect();
        (Just(values), votes, Just(rule))
    })
}

/// An arbitrary but fixed half of all combinations.
fn allowed(rule: u64) -> impl Fn(&[Grade]) -> bool {
    move |grades| {
        let mixed = grades.iter().fold(rule, |mixed, &grade| {
            (mixed ^ u64::from(grade)).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29)
        });
        mixed & 1 == 1
    }
}

/// The definition, word for word: every combination, its weight, the first of
/// the heaviest.
fn by_definition(values: &[u8], rule: u64, votes: &[Vec<Grade>]) -> Option<(Vec<Grade>, u128)> {
    let mut combinations = vec![Vec::new()];
    for &values in values {
        combinations = combinations
            .into_iter()
            .flat_map(|head: Vec<Grade>| {
                (0..values).map(move |grade| [head.clone(), vec![grade]].concat())
            })
            .collect();
    }
    let weight = |grades: &[Grade]| -> u128 {
        let support = grades
            .iter()
            .zip(votes)
            .map(|(grade, votes)| votes.iter().filter(|vote| *vote == grade).count());
        support.map(|votes| votes as u128).product()
    };
    let mut best: Option<(Vec<Grade>, u128)> = None;
    for grades in combinations.into_iter().filter(|grades| allowed(rule)(grades)) {
        let weight = weight(&grades);
        if best.as_ref().is_none_or(|best| weight > best.1) {
            best = Some((grades, weight));
        }
    }
    best
}

proptest! {
    #[test]
    fn the_search_finds_what_the_definition_says((values, votes, rule) in elections()) {
        let decided = decide(&values, allowed(rule), &votes);
        match by_definition(&values, rule, &votes) {
            None => prop_assert!(decided.is_err()),
            Some((grades, weight)) => {
                let decided = decided.unwrap();
                prop_assert_eq!(decided.conflict, weight == 0);
                prop_assert_eq!((decided.grades, decided.weight), (grades, weight));
            }
        }
    }

    #[test]
    fn where_everything_is_valid_it_is_majority_voting((values, votes, _) in elections()) {
        let everything = |_: &[Grade]| true;
        prop_assert_eq!(
            decide(&values, everything, &votes).unwrap(),
            decide_by_majority(&values, everything, &votes).unwrap()
        );
    }

    #[test]
    fn a_valid_majority_wins(votes in prop::collection::vec((0u8..4, 0u8..4), 1..12)) {
        let (sh, vascularity): (Vec<Grade>, Vec<Grade>) = votes.into_iter().unzip();
        let eoss = Protocol::eoss();
        let votes = [sh, vascularity];
        let voted = majority(&eoss, &votes).unwrap();
        if !voted.conflict {
            prop_assert_eq!(multitude(&eoss, &votes).unwrap(), voted);
        }
    }

    #[test]
    fn the_order_of_models_does_not_matter((values, votes, rule) in elections(), turn in 0usize..6) {
        let mut turned = votes.clone();
        for (measurement, votes) in turned.iter_mut().enumerate() {
            // Each measurement is turned by its own amount: only counts matter.
            let models = votes.len();
            votes.rotate_left((turn + measurement) % models);
            votes.swap(0, turn % models);
        }
        prop_assert_eq!(decide(&values, allowed(rule), &votes), decide(&values, allowed(rule), &turned));
        prop_assert_eq!(
            decide_by_majority(&values, allowed(rule), &votes),
            decide_by_majority(&values, allowed(rule), &turned)
        );
    }

    #[test]
    fn no_votes_make_it_panic(values in prop::collection::vec(any::<u8>(), 0..4), votes in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..4), 0..4)) {
        let _ = decide(&values, |_| true, &votes);
        let _ = decide_by_majority(&values, |_| true, &votes);
    }
}
