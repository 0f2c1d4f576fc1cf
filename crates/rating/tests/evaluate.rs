//! A cohort small enough to be worked by hand.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rating::evaluate::{Evaluation, Study, evaluate};
use rating::manifest::{Manifest, References};
use rating::scores::{Method, PairScore, Probability, ScoreTable, decide_votes};
use rating::{Origin, Protocol, Seed};

const HEADER: &str = "pair_id,patient_id,cohort,origin,joint,side,hospital,device,grayscale,doppler,\
    grayscale_left,grayscale_top,grayscale_right,grayscale_bottom,\
    doppler_left,doppler_top,doppler_right,doppler_bottom,doppler_mode,\
    synovial_hypertrophy,vascularity\n";

/// Pair, patient, reference grades, votes of both measurements.
type Line = (&'static str, &'static str, &'static str, [[u8; 5]; 2]);

const LINES: [Line; 6] = [
    ("a", "p1", "2,1", [[2; 5], [1; 5]]),
    ("b", "p1", "0,0", [[1; 5], [0; 5]]),
    // Majority says SH 0 with flow; MULTITUDE finds SH 1.
    ("c", "p2", "1,1", [[0, 0, 0, 1, 1], [1; 5]]),
    // All models contradict EOSS.
    ("d", "p2", "0,0", [[0; 5], [2; 5]]),
    ("e", "p3", "3,", [[3; 5], [3; 5]]),
    // A reference that medicine excludes.
    ("f", "p3", "0,3", [[1; 5], [3; 5]]),
];

fn evaluated(with_patients: bool) -> Evaluation {
    let eoss = Protocol::eoss();
    let mut text = HEADER.to_owned();
    let mut scores = Vec::new();
    for (pair, patient, grades, votes) in LINES {
        let patient = if with_patients { patient } else { "" };
        text += &format!(
            "{pair},{patient},prospective,clinical,,,,,{pair}g,{pair}d,0,0,9,9,0,0,9,9,cdus,{grades}\n"
        );
        scores.push(PairScore {
            pair_id: pair.into(),
            decision: decide_votes(&eoss, votes.map(Vec::from).to_vec(), Method::Multitude)
                .unwrap(),
            coloured_share: None,
            networks_used: 60,
            origin: Origin::Phantom,
            bundle: "b".into(),
        });
    }
    let manifest = Manifest::parse(text.as_bytes(), &eoss).unwrap();
    let mut rng = ChaCha8Rng::from_seed(Seed::new(1).bytes());
    let references = References::of(&manifest);
    let scores = ScoreTable::of(&eoss, &references, &scores).unwrap();
    let study = Study::new(&references, &scores);
    evaluate(&eoss, &study, 200, &mut rng).unwrap()
}

#[test]
fn figures_worked_by_hand() {
    let evaluation = evaluated(true);
    assert_eq!(evaluation.origin, Origin::Phantom);
    let cohort = &evaluation.cohorts["prospective"];
    assert_eq!((cohort.pairs, cohort.patients, cohort.without_score), (6, Some(3), 0));
    assert_eq!((cohort.invalid_reference, cohort.conflicts), (1, 1));

    // Reference 2 0 1 0 3 against 2 1 1 0 3.
    let sh = &cohort.measurements["synovial_hypertrophy"];
    assert_eq!((sh.n, sh.missing, sh.accuracy, sh.close_agreement), (5, 0, Some(0.8), Some(1.0)));
    assert_eq!(sh.confusion.rows()[0], [1, 1, 0, 0]);
    // The conflict (pair d) counts as 0 and happens to be right.
    assert_eq!(sh.accuracy_without_conflicts, Some(0.75));
    let majority = sh.majority.as_ref().unwrap();
    assert_eq!(majority.accuracy, Some(0.6));
    assert!((majority.accuracy_gained.unwrap() - 0.2).abs() < 1e-12);

    // The missing vascularity of pair e is missing in the combined grade, too.
    let vascularity = &cohort.measurements["vascularity"];
    assert_eq!((vascularity.n, vascularity.missing, vascularity.accuracy), (4, 1, Some(1.0)));
    let combined = &cohort.measurements["combined"];
    assert_eq!((combined.n, combined.missing, combined.accuracy), (4, 1, Some(0.75)));

    let interval = sh.intervals["accuracy"].unwrap();
    assert!(interval.low <= 0.8 && interval.high >= 0.8);
}

#[test]
fn without_patients_no_interval_is_given() {
    let evaluation = evaluated(false);
    let sh = &evaluation.cohorts["prospective"].measurements["synovial_hypertrophy"];
    assert!(sh.intervals.is_empty());
    assert_eq!(sh.undefined["intervals"], "patients are unknown");
    assert_eq!(sh.accuracy, Some(0.8));
}

#[test]
fn figures_that_need_networks_which_were_not_asked_are_undefined() {
    let eoss = Protocol::eoss();
    let mut text = HEADER.to_owned();
    let mut scores = Vec::new();
    let mut probabilities = Vec::new();
    for (pair, folds) in [("a", 2), ("b", 1)] {
        let grade = u8::from(pair == "a");
        text += &format!(
            "{pair},{pair},external,phantom,,,,,{pair}g,{pair}d,0,0,9,9,0,0,9,9,cdus,{grade},0\n"
        );
        let mut decision =
            decide_votes(&eoss, vec![vec![grade; 2], vec![0; 2]], Method::Multitude).unwrap();
        if folds == 1 {
            (decision.votes[0][1], decision.weight) = (None, None);
        }
        let answer = |fold| Probability {
            network: format!("sh.gt0.fold{fold}.seed1").parse().unwrap(),
            probability: f64::from(grade),
            threshold: 0.5,
        };
        probabilities.push((pair.to_owned(), (1..=folds).map(answer).collect()));
        scores.push(PairScore {
            pair_id: pair.into(),
            decision,
            coloured_share: None,
            networks_used: folds,
            origin: Origin::Phantom,
            bundle: "b".into(),
        });
    }
    let references = References::parse(text.as_bytes(), &eoss).unwrap();
    let scores = ScoreTable::of(&eoss, &references, &scores).unwrap();
    let mut rng = ChaCha8Rng::from_seed(Seed::new(1).bytes());
    let study = Study { probabilities: &probabilities, ..Study::new(&references, &scores) };
    let evaluation = evaluate(&eoss, &study, 10, &mut rng).unwrap();
    let sh = &evaluation.cohorts["external"].measurements["synovial_hypertrophy"];
    assert_eq!((sh.accuracy, &sh.majority), (Some(1.0), &None));
    let task = &evaluation.tasks["synovial_hypertrophy"]["gt0"];
    assert_eq!((task.n, task.auc, &task.networks), (1, None, &None));
    let reason = "all networks of the task answered for 1 of 2 pairs";
    assert_eq!(task.undefined.as_deref(), Some(reason));
}

#[test]
fn a_score_of_an_unknown_pair_is_refused() {
    let eoss = Protocol::eoss();
    let score = PairScore {
        pair_id: "z".into(),
        decision: decide_votes(&eoss, vec![vec![1; 5]; 2], Method::Multitude).unwrap(),
        coloured_share: None,
        networks_used: 60,
        origin: Origin::Clinical,
        bundle: String::new(),
    };
    let problem = ScoreTable::of(&eoss, &References::default(), &[score]).unwrap_err();
    assert!(problem.what.contains("pair z is not in the manifest"));
}
