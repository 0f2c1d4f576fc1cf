//! Two score files of a handful of pairs, compared by hand.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rating::evaluate::Role;
use rating::evaluate::comparison::{Comparison, Evidence, PairedTest, Scored, compare_scores};
use rating::manifest::References;
use rating::scores::{Method, PairScore, ScoreTable, decide_votes};
use rating::{Grade, Origin, Problem, Protocol, Seed};

const HEADER: &str = "pair_id,patient_id,cohort,origin,joint,side,hospital,device,grayscale,doppler,\
    grayscale_left,grayscale_top,grayscale_right,grayscale_bottom,\
    doppler_left,doppler_top,doppler_right,doppler_bottom,doppler_mode,\
    synovial_hypertrophy,vascularity\n";

/// Pair, patient, cohort, reference grades; SH and probability of SH > 0 by
/// the files "old" and "new", where they score it.
type Line = (&'static str, &'static str, &'static str, &'static str, [Option<(Grade, f64)>; 2]);

const LINES: [Line; 9] = [
    ("a", "p1", "one", "2,0", [Some((1, 0.8)), Some((2, 0.9))]),
    ("b", "p1", "one", "0,0", [Some((0, 0.4)), Some((0, 0.3))]),
    ("c", "p2", "one", "1,0", [Some((3, 0.3)), Some((1, 0.7))]),
    ("d", "p3", "one", "0,0", [Some((0, 0.2)), Some((1, 0.5))]),
    ("e", "p4", "two", "3,0", [Some((3, 0.9)), Some((3, 0.9))]),
    ("f", "p5", "two", ",0", [Some((1, 0.6)), Some((1, 0.6))]),
    // A reference that medicine excludes.
    ("g", "p5", "two", "0,3", [Some((1, 0.6)), Some((1, 0.6))]),
    ("h", "p5", "two", "1,0", [Some((1, 0.6)), None]),
    ("i", "p5", "two", "1,0", [None, Some((1, 0.6))]),
];

/// The manifest's text and the scores of both files.
fn files() -> (String, [Vec<PairScore>; 2]) {
    let mut text = HEADER.to_owned();
    let mut files = [Vec::new(), Vec::new()];
    for (pair, patient, cohort, reference, given) in LINES {
        text += &format!(
            "{pair},{patient},{cohort},clinical,,,,,g,d,0,0,9,9,0,0,9,9,cdus,{reference}\n"
        );
        for (file, given) in files.iter_mut().zip(given) {
            let Some((grade, probability)) = given else { continue };
            let votes = vec![vec![grade; 5], vec![0; 5]];
            let mut decision = decide_votes(&Protocol::eoss(), votes, Method::Multitude).unwrap();
            decision.mean_probabilities[0][0] = Some(probability);
            file.push(PairScore {
                pair_id: pair.into(),
                decision,
                coloured_share: None,
                networks_used: 60,
                origin: Origin::Phantom,
                bundle: "b".into(),
            });
        }
    }
    (text, files)
}

fn compare(text: &str, files: &[Vec<PairScore>]) -> Result<Comparison, Problem> {
    let eoss = Protocol::eoss();
    let references = References::parse(text.as_bytes(), &eoss).unwrap();
    let table = |scores: &Vec<PairScore>| ScoreTable::of(&eoss, &references, scores);
    let tables: Vec<ScoreTable> = files.iter().map(table).collect::<Result<_, _>>()?;
    let names = ["old", "new", "third"].into_iter();
    let named: Vec<Scored<'_>> =
        names.zip(&tables).map(|(name, scores)| Scored { name, scores }).collect();
    let mut rng = ChaCha8Rng::from_seed(Seed::new(1).bytes());
    compare_scores(&eoss, &references, &named, 200, &mut rng)
}

fn compared() -> Comparison {
    let (text, files) = files();
    compare(&text, &files).unwrap()
}

#[test]
fn only_pairs_of_all_files_count() {
    let comparison = compared();
    assert_eq!(comparison.origin, Origin::Phantom);
    let [old, new] = comparison.files.as_slice() else { panic!("two files") };
    assert_eq!((old.pairs, old.left_out, &old.first_left_out[..]), (8, 1, &["h".to_owned()][..]));
    assert_eq!((new.pairs, new.left_out, &new.first_left_out[..]), (8, 1, &["i".to_owned()][..]));
    let together = comparison.together.as_ref().unwrap();
    assert_eq!((together.pairs, together.patients, together.invalid_reference), (7, Some(5), 1));
    let two = &comparison.cohorts["two"].measurements["synovial_hypertrophy"];
    assert_eq!((two.n, two.missing), (1, 1));
}

#[test]
fn figures_and_differences_worked_by_hand() {
    let comparison = compared();
    let one = &comparison.cohorts["one"];
    let sh = &one.measurements["synovial_hypertrophy"];
    // Reference 2 0 1 0 against 1 0 3 0 and 2 0 1 1.
    let of = |figure: &str| {
        let figure = &sh.figures[figure];
        (figure.files[0].value, figure.files[1].value, figure.differences[0].figure.value)
    };
    assert_eq!(of("accuracy"), (Some(0.5), Some(0.75), Some(0.25)));
    assert_eq!(of("close_agreement"), (Some(0.75), Some(1.0), Some(0.25)));
    assert_eq!(of("absolute_error"), (Some(0.75), Some(0.25), Some(-0.5)));
    let interval = sh.figures["accuracy"].differences[0].figure.interval.unwrap();
    // The three patients gain 1/2, 1 and lose 1.
    assert_eq!((interval.low, interval.high), (-1.0, 1.0));

    // Positive a c: 0.8 0.3, then 0.9 0.7; negative b d: 0.4 0.2, then 0.3 0.5.
    let auc = &one.tasks["synovial_hypertrophy"]["gt0"];
    assert_eq!((auc.n, auc.positives), (4, Some(2)));
    let auc = &auc.figures["auc"];
    assert_eq!((auc.files[0].value, auc.files[1].value), (Some(0.75), Some(1.0)));
    assert_eq!(auc.differences[0].figure.value, Some(0.25));
}

fn test_of(comparison: &Comparison, figure: &str) -> PairedTest {
    let sh = &comparison.cohorts["one"].measurements["synovial_hypertrophy"];
    sh.figures[figure].differences[0].test.clone().unwrap()
}

#[test]
fn tests_are_made_pair_by_pair_and_corrected_together() {
    let comparison = compared();
    // a and c are right in the new file only, d in the old one only: one head of
    // three tosses or none, twice.
    let exact = test_of(&comparison, "accuracy");
    let counts = Evidence::McNemar { both: 1, only_first: 1, only_this: 2, neither: 0 };
    assert_eq!((exact.evidence, exact.p), (Some(counts), Some(1.0)));
    // Distances of the new file minus those of the old: -1 0 -2 1.
    let Some(Evidence::Wilcoxon { statistic, differences, .. }) =
        test_of(&comparison, "absolute_error").evidence
    else {
        panic!("a Wilcoxon test")
    };
    assert_eq!((statistic, differences), (1.5, 3));
    assert!(comparison.tests > 2);
    // The smallest p of all counts as often as there are tests.
    let auc = &comparison.cohorts["one"].tasks["synovial_hypertrophy"]["gt0"].figures["auc"];
    let delong = auc.differences[0].test.as_ref().unwrap();
    let (raw, corrected) = (delong.p.unwrap(), delong.p_holm.unwrap());
    assert!((corrected - (raw * comparison.tests as f64).min(1.0)).abs() < 1e-12);
}

#[test]
fn what_is_missing_says_why() {
    let comparison = compared();
    let one = &comparison.cohorts["one"];
    let auc = &one.tasks["synovial_hypertrophy"]["gt1"].figures["auc"];
    let reason = Some("not every pair has a mean probability");
    assert_eq!((auc.files[0].value, auc.files[0].undefined.as_deref()), (None, reason));
    assert_eq!(auc.differences[0].test.as_ref().unwrap().undefined.as_deref(), reason);
    let (text, files) = files();
    let unknown = ["p1", "p2", "p3", "p4", "p5"].iter();
    let text = unknown.fold(text, |text, patient| text.replace(&format!(",{patient},"), ",,"));
    let comparison = compare(&text, &files).unwrap();
    let together = comparison.together.unwrap();
    let accuracy = &together.measurements["combined"].figures["accuracy"];
    assert_eq!((together.patients, accuracy.files[0].interval), (None, None));
    assert!(accuracy.files[0].value.is_some());
}

#[test]
fn a_file_compared_with_itself_differs_in_nothing() {
    let (text, [old, _]) = files();
    let comparison = compare(&text, &[old.clone(), old.clone(), old]).unwrap();
    let one = &comparison.cohorts["one"].measurements["synovial_hypertrophy"];
    for difference in &one.figures["kappa_linear"].differences {
        assert_eq!((difference.figure.value, difference.figure.interval), (Some(0.0), None));
        assert!(difference.figure.undefined.as_ref().unwrap().contains("no width"));
    }
    assert_eq!(test_of(&comparison, "accuracy").p, Some(1.0));
    let none = test_of(&comparison, "absolute_error");
    assert_eq!(
        (none.p, none.undefined.as_deref()),
        (None, Some("no case differs between the two"))
    );
}

#[test]
fn files_that_cannot_be_compared_are_refused() {
    let (text, [old, new]) = files();
    assert!(compare(&text, std::slice::from_ref(&old)).is_err());
    let apart = [old[..2].to_vec(), new[2..].to_vec()];
    assert!(compare(&text, &apart).unwrap_err().what.contains("no pair has a score in every file"));
    let text = text.replace("\nb,", "\nz,");
    let problem = compare(&text, &[old, new]).unwrap_err();
    assert!(problem.to_string().starts_with("pair b is not in the manifest"), "{problem}");
}

#[test]
fn training_pairs_stand_by_themselves() {
    let (text, files) = files();
    // Cohort "two" becomes what the networks learned from.
    let learned = compare(&text.replace(",two,", ",train,"), &files).unwrap();
    assert!(learned.cohorts["train"].role.is_training());
    assert_eq!(learned.cohorts["one"].role, Role::Test);
    assert!(
        learned.is_apart(&learned.cohorts["train"]) && !learned.is_apart(&learned.cohorts["one"])
    );
    assert_eq!(learned.together, None);
    // Tests of the other cohort are corrected as if it were alone.
    let both = compared();
    let alone: Vec<Vec<PairScore>> = files
        .iter()
        .map(|file| file.iter().filter(|score| "abcd".contains(&score.pair_id)).cloned().collect())
        .collect();
    let alone = compare(&text, &alone).unwrap();
    assert_eq!(learned.cohorts["one"], alone.cohorts["one"]);
    assert_eq!(learned.tests, alone.tests);
    assert!(learned.tests < both.tests);

    // Of three cohorts two are put together.
    let three = text.replace("e,p4,two", "e,p4,train");
    let learned = compare(&three, &files).unwrap();
    assert_eq!((learned.cohorts.len(), learned.together.unwrap().pairs), (3, 6));
    // Alone, training pairs are compared all the same.
    let only = compare(&text.replace(",one,", ",train,").replace(",two,", ",train,"), &files);
    assert!(only.unwrap().tests > 0);
}
