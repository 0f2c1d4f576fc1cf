//! Laws of early decisions, against going through what could still come.

use proptest::prelude::*;
use rating::network::NetworkId;
use rating::scores::{Decision, Method, Probability, decide, decide_early, is_decided};
use rating::{Grade, Protocol};

const THRESHOLD: f64 = 0.5;

fn networks(folds: u8, seeds: u8) -> Vec<NetworkId> {
    let mut all = Vec::new();
    for measurement in ["sh", "vascularity"] {
        for above in 0..3 {
            for (fold, seed) in
                (1..=folds).flat_map(|fold| (1..=seeds).map(move |seed| (fold, seed)))
            {
                all.push(NetworkId { measurement: measurement.to_owned(), above, fold, seed });
            }
        }
    }
    all
}

fn answer(network: &NetworkId, probability: f64) -> Probability {
    Probability { network: network.clone(), probability, threshold: THRESHOLD }
}

/// What every network would say of a pair with these grades, where `doubt` (0 to
/// 1 for each network) draws some of them to the other side.
fn answers(networks: &[NetworkId], grades: [Grade; 2], doubts: &[f64]) -> Vec<Probability> {
    let of_network = |(network, &doubt): (&NetworkId, &f64)| {
        let grade = grades[usize::from(network.measurement == "vascularity")];
        answer(network, if grade > network.above { 1.0 - doubt } else { doubt })
    };
    networks.iter().zip(doubts).map(of_network).collect()
}

fn all_decided(answers: &[Probability]) -> Decision {
    decide(&Protocol::eoss(), answers, Method::Multitude).unwrap()
}

fn outcome(decision: &Decision) -> (&[Grade], Option<Grade>, bool) {
    (&decision.grades, decision.combined, decision.conflict)
}

/// Everything that an early decision says is what the full one says.
fn assert_agrees(early: &Decision, full: &Decision) {
    assert_eq!(outcome(early), outcome(full));
    assert!(early.weight.is_none_or(|weight| full.weight == Some(weight)));
    for (early, full) in early.votes.iter().flatten().zip(full.votes.iter().flatten()) {
        assert!(early.is_none() || early == full);
    }
    let means = full.mean_probabilities.iter().flatten();
    for (early, full) in early.mean_probabilities.iter().flatten().zip(means) {
        assert!(early.is_none() || early == full);
    }
}

/// A bundle's networks, what they would all say, how many have been asked, in
/// which order.
fn scorings(
    doubt: f64,
) -> impl Strategy<Value = (Vec<NetworkId>, Vec<Probability>, Vec<Probability>)> {
    (1u8..=5, 1u8..=3, [0u8..4, 0u8..4])
        .prop_flat_map(move |(folds, seeds, grades)| {
            let networks = networks(folds, seeds);
            let count = networks.len();
            let doubts = prop::collection::vec(0.0..doubt, count);
            (Just(networks), Just(grades), doubts, 0..=count)
        })
        .prop_flat_map(|(networks, grades, doubts, asked)| {
            let all = answers(&networks, grades, &doubts);
            (Just(networks), Just(all.clone()), Just(all).prop_shuffle(), Just(asked))
        })
        .prop_map(|(networks, all, mut some, asked)| {
            some.truncate(asked);
            (networks, all, some)
        })
}

/// What was said so far, and bits for the rest.
fn completed(networks: &[NetworkId], some: &[Probability], bits: &[bool]) -> Vec<Probability> {
    let missing = networks.iter().filter(|id| !some.iter().any(|answer| &answer.network == *id));
    let rest = missing.zip(bits).map(|(id, &bit)| answer(id, f64::from(u8::from(bit))));
    some.iter().cloned().chain(rest).collect()
}

proptest! {
    #[test]
    fn nothing_that_comes_later_changes_an_early_decision(
        (networks, all, some) in scorings(0.7),
        rounds in prop::collection::vec(prop::collection::vec(any::<bool>(), 90), 20),
    ) {
        let eoss = Protocol::eoss();
        if let Some(early) = decide_early(&eoss, &networks, &some).unwrap() {
            assert_agrees(&early, &all_decided(&all));
            for bits in rounds {
                let full = all_decided(&completed(&networks, &some, &bits));
                prop_assert_eq!(outcome(&early), outcome(&full));
                prop_assert!(early.weight.is_none_or(|weight| full.weight == Some(weight)));
                for (early, full) in early.votes.iter().flatten().zip(full.votes.iter().flatten()) {
                    prop_assert!(early.is_none() || early == full);
                }
            }
        }
    }

    #[test]
    fn all_answers_decide_everything((networks, all, _) in scorings(1.0)) {
        let early = decide_early(&Protocol::eoss(), &networks, &all).unwrap();
        prop_assert_eq!(early, Some(all_decided(&all)));
    }

    #[test]
    fn what_is_decided_stays_decided((networks, all, some) in scorings(0.6)) {
        let eoss = Protocol::eoss();
        let more = all.iter().find(|answer| !some.contains(answer));
        if let (Some(more), true) = (more, is_decided(&eoss, &networks, &some)) {
            let more = [some.clone(), vec![more.clone()]].concat();
            prop_assert!(is_decided(&eoss, &networks, &more));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn undecided_means_that_two_ends_are_possible((networks, all, _) in scorings(0.7), open in 0usize..=8) {
        // The last networks of the last folds are open: every end is gone through.
        let mut order = all;
        order.sort_by_key(|answer| answer.network.fold);
        order.truncate(order.len() - open.min(order.len()));
        let missing = networks.len() - order.len();
        let mut ends = (0..1u32 << missing).map(|number| {
            let bits: Vec<bool> = (0..missing).map(|bit| number >> bit & 1 == 1).collect();
            all_decided(&completed(&networks, &order, &bits))
        });
        let first = ends.next().unwrap();
        let one_end = ends.all(|end| outcome(&end) == outcome(&first));
        prop_assert_eq!(is_decided(&Protocol::eoss(), &networks, &order), one_end);
    }
}

/// The answers of the first folds to a pair of these grades.
fn first_folds(count: u8, grades: [Grade; 2]) -> Vec<Probability> {
    let networks = networks(5, 2);
    let mut answers = answers(&networks, grades, &[0.1; 60]);
    answers.retain(|answer| answer.network.fold <= count);
    answers
}

#[test]
fn three_models_of_five_that_agree_decide_grades_without_rivals() {
    let (eoss, networks) = (Protocol::eoss(), networks(5, 2));
    // (1, 0): the other two could agree on nothing heavier than 3 x 3.
    assert!(!is_decided(&eoss, &networks, &first_folds(2, [1, 0])));
    let early = decide_early(&eoss, &networks, &first_folds(3, [1, 0])).unwrap().unwrap();
    assert_eq!((early.grades, early.combined, early.conflict), (vec![1, 0], Some(1), false));
    assert_eq!(early.votes[0], [Some(1), Some(1), Some(1), None, None]);
    assert_eq!((early.weight, &early.mean_probabilities[1]), (None, &vec![None; 3]));
}

#[test]
fn a_conflict_is_known_with_the_last_model() {
    let (eoss, networks) = (Protocol::eoss(), networks(5, 2));
    assert!(!is_decided(&eoss, &networks, &first_folds(4, [0, 2])));
    let early = decide_early(&eoss, &networks, &first_folds(5, [0, 2])).unwrap().unwrap();
    assert_eq!((early.conflict, early.weight), (true, Some(0)));
}

#[test]
fn nothing_known_decides_nothing_and_foreign_answers_are_refused() {
    let (eoss, all) = (Protocol::eoss(), networks(5, 2));
    assert_eq!(decide_early(&eoss, &all, &[]), Ok(None));
    let foreign = answer(&networks(6, 2)[10], 0.5);
    assert!(decide_early(&eoss, &all, &[foreign]).is_err());
    assert!(decide_early(&eoss, &[], &[]).is_err());
    let twice = answer(&all[0], 0.5);
    assert!(!is_decided(&eoss, &all, &[twice.clone(), twice]));
}
