//! What a report shows beside agreement, on eight pairs worked by hand.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rating::evaluate::{Evaluation, Role, Study, evaluate, tables};
use rating::manifest::{References, patients};
use rating::scores::{Method, PairScore, Probability, ScoreTable, decide_votes};
use rating::{Origin, Problem, Protocol, Seed};

/// What networks said about a pair.
type Answers = (String, Vec<Probability>);

const HEADER: &str = "pair_id,patient_id,cohort,origin,joint,side,hospital,device,grayscale,doppler,\
    grayscale_left,grayscale_top,grayscale_right,grayscale_bottom,\
    doppler_left,doppler_top,doppler_right,doppler_bottom,doppler_mode,\
    synovial_hypertrophy,vascularity,sex,age\n";

/// Pair, patient, joint, device, reference grades, predicted grades, age.
type Line =
    (&'static str, &'static str, &'static str, &'static str, [u8; 2], [u8; 2], &'static str);

const LINES: [Line; 8] = [
    ("a", "p1", "MCP2", "one", [2, 1], [2, 1], "60"),
    ("b", "p1", "MCP3", "one", [0, 0], [1, 0], "60"),
    ("c", "p2", "MCP2", "two", [1, 1], [1, 1], "40"),
    ("d", "p2", "MCP3", "two", [3, 2], [2, 2], "40"),
    ("e", "p3", "MCP2", "two", [0, 0], [1, 0], ""),
    ("f", "p3", "MCP3", "two", [3, 3], [3, 3], ""),
    // All models contradict EOSS.
    ("g", "p4", "MCP2", "two", [1, 0], [0, 2], "70"),
    ("h", "p4", "MCP3", "two", [1, 0], [1, 0], "70"),
];

fn row(
    pair: &str,
    patient: &str,
    cohort: &str,
    joint: &str,
    device: &str,
    grades: [u8; 2],
    age: &str,
) -> String {
    format!(
        "{pair},{patient},{cohort},clinical,{joint},left,north,{device},{pair}g,{pair}d,\
         0,0,9,9,0,0,9,9,cdus,{},{},female,{age}\n",
        grades[0], grades[1]
    )
}

fn score(pair: &str, grades: [u8; 2]) -> PairScore {
    let votes = grades.map(|grade| vec![grade; 5]).to_vec();
    let mut decision = decide_votes(&Protocol::eoss(), votes, Method::Multitude).unwrap();
    // Sure of its grades, and a little surer the higher they are.
    let mean = |grade: u8, above: u8| {
        Some(if grade > above { 0.8 } else { 0.1 } + f64::from(grade) / 100.0)
    };
    decision.mean_probabilities =
        grades.map(|grade| (0..3).map(|above| mean(grade, above)).collect()).to_vec();
    PairScore {
        pair_id: pair.into(),
        decision,
        coloured_share: None,
        networks_used: 60,
        origin: Origin::Clinical,
        bundle: "b".into(),
    }
}

fn evaluated() -> Evaluation {
    let eoss = Protocol::eoss();
    let mut text = HEADER.to_owned();
    for (pair, patient, joint, device, grades, _, age) in LINES {
        text += &row(pair, patient, "test", joint, device, grades, age);
    }
    text += &row("t", "q1", "train", "MCP2", "one", [2, 0], "50");
    text += &row("u", "q2", "train", "MCP2", "one", [0, 0], "30");
    let references = References::parse(text.as_bytes(), &eoss).unwrap();
    let patients = patients::parse(b"patient_id,das28\np1,3\np2,5\nq1,1\n").unwrap();
    let scores: Vec<PairScore> = LINES.iter().map(|line| score(line.0, line.5)).collect();
    let scores = ScoreTable::of(&eoss, &references, &scores).unwrap();
    let held = |pair: &str, fold: u8, probability| {
        let network = format!("sh.gt0.fold{fold}.seed1").parse().unwrap();
        (pair.to_owned(), vec![Probability { network, probability, threshold: 0.5 }])
    };
    let validation = [held("t", 1, 0.7), held("u", 2, 0.2)];
    let study = Study {
        patients: Some(&patients),
        validation: &validation,
        ..Study::new(&references, &scores)
    };
    let mut rng = ChaCha8Rng::from_seed(Seed::new(1).bytes());
    evaluate(&eoss, &study, 200, &mut rng).unwrap()
}

#[test]
fn grades_as_yes_or_no_answers() {
    let cohort = &evaluated().cohorts["test"];
    // Reference 2 0 1 3 0 3 1 1 against 2 1 1 2 1 3 0 1.
    let sh = &cohort.measurements["synovial_hypertrophy"];
    let above_0 = &sh.cut_offs["gt0"];
    assert_eq!((above_0.outcomes.true_positives, above_0.outcomes.false_positives), (5, 2));
    assert_eq!((above_0.outcomes.false_negatives, above_0.outcomes.true_negatives), (1, 0));
    assert_eq!(above_0.sensitivity.value, Some(5.0 / 6.0));
    assert_eq!(above_0.specificity.value, Some(0.0));
    assert_eq!(above_0.npv.value, Some(0.0));
    let interval = above_0.sensitivity.interval.unwrap();
    assert!(interval.low < 5.0 / 6.0 && interval.high == 1.0);
    // No negative is called negative in any sample: no width, but Wilson's.
    assert_eq!(above_0.specificity.interval, None);
    assert!(above_0.specificity.undefined.is_some());
    assert!(above_0.wilson["specificity"].unwrap().high > 0.5);
    // Four of eight are right: (4 x 0.5 - 1) / 3.
    assert!((sh.pabak.unwrap() - 1.0 / 3.0).abs() < 1e-12);
    let errors: Vec<_> = sh
        .commonest_errors
        .iter()
        .map(|error| (error.reference, error.predicted, error.n, error.examples[0].as_str()))
        .collect();
    assert_eq!(errors, [(0, 1, 2, "b"), (1, 0, 1, "g"), (3, 2, 1, "d")]);
}

#[test]
fn pairs_that_one_way_of_deciding_alone_gets_right_are_named() {
    // Two of five models see synovium, four see flow. The majority says flow without
    // synovium, which EOSS excludes; MULTITUDE raises SH, rightly on a, wrongly on b.
    let eoss = Protocol::eoss();
    let text = HEADER.to_owned()
        + &row("a", "p1", "test", "MCP2", "one", [1, 1], "60")
        + &row("b", "p2", "test", "MCP2", "one", [0, 0], "60");
    let references = References::parse(text.as_bytes(), &eoss).unwrap();
    let decided = |pair: &str| {
        let votes = vec![vec![0, 0, 0, 1, 1], vec![1, 1, 1, 1, 0]];
        PairScore {
            decision: decide_votes(&eoss, votes, Method::Multitude).unwrap(),
            ..score(pair, [0, 0])
        }
    };
    let scores = ScoreTable::of(&eoss, &references, &[decided("a"), decided("b")]).unwrap();
    let study = Study::new(&references, &scores);
    let mut rng = ChaCha8Rng::from_seed(Seed::new(1).bytes());
    let evaluation = evaluate(&eoss, &study, 20, &mut rng).unwrap();
    let sh = &evaluation.cohorts["test"].measurements["synovial_hypertrophy"];
    let majority = sh.majority.as_ref().unwrap();
    let (multitude, by_majority) = (&majority.only_multitude_right, &majority.only_majority_right);
    assert_eq!((multitude.n, multitude.examples.as_slice()), (1, ["a".to_owned()].as_slice()));
    assert_eq!((by_majority.n, by_majority.examples.as_slice()), (1, ["b".to_owned()].as_slice()));
}

#[test]
fn subgroups_add_up_to_the_cohort() {
    let cohort = &evaluated().cohorts["test"];
    for groups in cohort.subgroups.values() {
        let n: u64 = groups.values().map(|group| group["combined"].n).sum();
        assert!(n == 8 || groups.contains_key("65 and over"), "{groups:?}");
    }
    let devices = &cohort.subgroups["device"];
    let one = &devices["one"]["synovial_hypertrophy"];
    assert_eq!((one.n, one.patients, one.accuracy.value), (2, Some(1), Some(0.5)));
    // One patient alone says nothing about others.
    assert_eq!(one.accuracy.interval, None);
    let two = &devices["two"]["synovial_hypertrophy"];
    assert_eq!((two.n, two.patients, two.accuracy.value), (6, Some(3), Some(0.5)));
    let bands: Vec<&str> = cohort.subgroups["age"].keys().map(String::as_str).collect();
    assert_eq!(bands, ["0 to 44", "45 to 64", "65 and over"]);
}

#[test]
fn patients_sums_leave_conflicts_out() {
    let cohort = &evaluated().cohorts["test"];
    let patients = cohort.patient_level.as_ref().unwrap();
    // p1: 2 + 0 against 2 + 1; p2: 1 + 3 against 1 + 2; p3: 0 + 3 against 1 + 3;
    // p4 without the conflict: 1 against 1.
    let sums: Vec<_> =
        patients.sums.iter().map(|sum| (sum.reference, sum.predicted, sum.n)).collect();
    assert_eq!(sums, [(1, 1, 1), (2, 3, 1), (3, 4, 1), (4, 3, 1)]);
    assert_eq!((patients.patients, patients.n, patients.joints_left_out), (4, 4, 1));
    let differences = patients.bland_altman.unwrap();
    // 0, 1, 1 and -1: mean 0.25, squares 0.0625 + 2 x 0.5625 + 1.5625.
    assert_eq!(differences.mean, 0.25);
    assert!((differences.deviation - (2.75_f64 / 3.0).sqrt()).abs() < 1e-12);
    assert!(patients.icc_2_1.is_some() && patients.icc_3_1.is_some());
    assert_eq!(patients.wilcoxon.unwrap().differences, 3);
    let p4 = &patients.examinations[3];
    assert_eq!(
        (p4.patient.as_str(), p4.left_out.as_slice()),
        ("p4", ["MCP2 left".to_owned()].as_slice())
    );
}

#[test]
fn a_census_counts_every_cohort_of_the_manifest() {
    let evaluation = evaluated();
    assert_eq!(evaluation.manifest_pairs, 10);
    let test = &evaluation.census["test"];
    assert_eq!((test.pairs, test.patients), (8, 4));
    let age = test.age.unwrap();
    assert_eq!((age.n, age.median), (3, 60.0));
    assert_eq!((test.sex.counts["female"], test.age_bands.not_given), (4, 1));
    assert_eq!(test.das28.unwrap().mean, 4.0);
    assert_eq!(test.disease_duration_years, None);
    assert_eq!(test.device.counts["two"], 6);
    assert_eq!(test.grades["synovial_hypertrophy"].counts, [2, 3, 1, 2]);
    assert_eq!(evaluation.census["train"].pairs, 2);
    assert!(!evaluation.cohorts.contains_key("train"));
}

#[test]
fn tasks_are_calibrated() {
    let cohort = &evaluated().cohorts["test"];
    let task = &cohort.tasks["vascularity"]["gt0"];
    // Reference 1 0 1 2 0 3 0 0 against 1 0 1 2 0 3 2 0; the conflict's votes
    // count, for probabilities know no protocol: 4 positive pairs, 4 negative.
    // Of 16 pairs of pairs, pair g (2) beats both grades 1 and ties with d.
    assert_eq!((task.n, task.positives, task.auc), (8, 4, Some(13.5 / 16.0)));
    assert!(task.auc_delong_interval.unwrap().low < 13.5 / 16.0);
    let calibration = task.calibration.as_ref().unwrap();
    let errors = [0.19_f64, 0.1, 0.19, 0.18, 0.1, 0.17, 0.82, 0.1];
    let brier = errors.iter().map(|error| error * error).sum::<f64>() / 8.0;
    assert!((calibration.brier.value.unwrap() - brier).abs() < 1e-12);
    assert!(calibration.brier.interval.is_some());
    assert_eq!(task.decision_curve.len(), 39);
}

#[test]
fn validation_folds_have_their_own_figures() {
    let evaluation = evaluated();
    let task = &evaluation.validation.as_ref().unwrap()["synovial_hypertrophy"]["gt0"];
    assert_eq!((task.n, task.positives, task.auc), (2, 1, Some(1.0)));
    // Each network saw one class of its own fold.
    let networks = task.networks.as_ref().unwrap();
    assert_eq!((networks.networks, networks.auc.value), (2, None));
}

#[test]
fn yardsticks_are_those_of_the_protocol() {
    let yardsticks = evaluated().yardsticks;
    assert!(yardsticks.iter().any(|yardstick| yardstick.source.starts_with("Hammer")));
    let json = serde_json::to_value(evaluated()).unwrap();
    assert!(json["cohorts"]["test"]["patient_level"]["examinations"].is_null());
    assert_eq!(
        json["cohorts"]["test"]["synovial_hypertrophy"]["cut_offs"]["gt0"]["outcomes"]["true_positives"],
        5
    );
}

#[test]
fn tables_say_where_their_data_come_from() {
    let evaluation = evaluated();
    let tables = tables::tables(&evaluation);
    for table in &tables {
        let mut lines = table.csv.lines();
        let header = lines.next().unwrap();
        assert!(header.ends_with(",origin"), "{}: {header}", table.name);
        assert!(lines.all(|line| line.ends_with(",clinical")), "{}", table.name);
        let may_be_empty = table.name == "left_out.csv";
        assert!(may_be_empty || table.csv.lines().count() > 1, "{} is empty", table.name);
    }
    let named = |name: &str| &tables.iter().find(|table| table.name == name).unwrap().csv;
    assert!(named("confusion.csv").contains("test,synovial_hypertrophy,0,1,2,clinical\n"));
    assert!(named("gloess.csv").contains("test,p4,,1,1,MCP3 left,MCP2 left,clinical\n"));
    assert!(named("flow.csv").contains("train,,without a score,2,clinical\n"));
    assert!(
        named("tasks.csv").contains("\n(validation folds),synovial_hypertrophy,gt0,2,1,auc,1,")
    );
}

/// The evaluation of a manifest's text and the scores of the first `scored` lines.
fn evaluated_with(
    text: &str,
    scored: usize,
    probabilities: &[Answers],
    validation: &[Answers],
) -> Result<Evaluation, Problem> {
    let eoss = Protocol::eoss();
    let references = References::parse(text.as_bytes(), &eoss).unwrap();
    let scores: Vec<PairScore> = LINES[..scored].iter().map(|line| score(line.0, line.5)).collect();
    let scores = ScoreTable::of(&eoss, &references, &scores).unwrap();
    let study = Study { probabilities, validation, ..Study::new(&references, &scores) };
    let mut rng = ChaCha8Rng::from_seed(Seed::new(1).bytes());
    evaluate(&eoss, &study, 100, &mut rng)
}

fn manifest() -> String {
    let rows = LINES.map(|(pair, patient, joint, device, grades, _, age)| {
        row(pair, patient, "test", joint, device, grades, age)
    });
    HEADER.to_owned() + &rows.concat()
}

/// What the networks of "SH > 0", one of each fold, said about a pair.
fn answers(pair: &str, probability: f64) -> Answers {
    let of_fold = |fold: u8| Probability {
        network: format!("sh.gt0.fold{fold}.seed1").parse().unwrap(),
        probability,
        threshold: 0.5,
    };
    (pair.to_owned(), (1..=5).map(of_fold).collect())
}

#[test]
fn networks_that_answered_for_some_pairs_only_have_no_figures() {
    // As `score` makes them up: 0.8 or 0.1, and a hundredth for each grade.
    let of_line = |line: &Line| {
        let grade = f64::from(line.5[0]) / 100.0;
        answers(line.0, if line.5[0] > 0 { 0.8 + grade } else { 0.1 + grade })
    };
    let all: Vec<Answers> = LINES.iter().map(of_line).collect();
    let task = |probabilities: &[Answers]| {
        let evaluation = evaluated_with(&manifest(), 8, probabilities, &[]).unwrap();
        evaluation.cohorts["test"].tasks["synovial_hypertrophy"]["gt0"].clone()
    };
    let whole = task(&all);
    assert_eq!(whole.networks.as_ref().unwrap().networks, 5);
    // Five alike: a mean, and no interval.
    let ppv = &whole.networks.unwrap().ppv;
    assert_eq!((ppv.value, ppv.interval), (Some(5.0 / 7.0), None));
    assert!(ppv.undefined.as_ref().unwrap().contains("no width"));
    let half = task(&all[..4]);
    assert_eq!((half.n, half.auc, half.networks), (8, whole.auc, None));
}

#[test]
fn probabilities_of_other_scores_are_refused() {
    let of_others = [answers("b", 0.19)];
    let problem = evaluated_with(&manifest(), 8, &of_others, &[]).unwrap_err();
    assert!(problem.what.contains("mean 0.1900, the scores say 0.8100"), "{problem}");
    let unknown = [answers("z", 0.19)];
    assert!(evaluated_with(&manifest(), 8, &unknown, &[]).unwrap_err().what.contains("pair z"));
    // Those of a test cohort are no validation: every fold answers.
    let problem = evaluated_with(&manifest(), 8, &[], &[answers("b", 0.81)]).unwrap_err();
    assert!(problem.what.contains("several folds"), "{problem}");
    assert!(evaluated_with(&manifest(), 8, &[], &unknown).unwrap_err().what.contains("pair z"));
}

#[test]
fn the_most_doubtful_pair_of_the_manifest_labels_the_whole_report() {
    assert_eq!(evaluated_with(&manifest(), 8, &[], &[]).unwrap().origin, Origin::Clinical);
    let drawn = row("t", "q1", "train", "MCP2", "one", [2, 0], "50").replace("clinical", "phantom");
    let mixed = evaluated_with(&(manifest() + &drawn), 8, &[], &[]).unwrap();
    assert_eq!((mixed.origin, mixed.cohorts.len()), (Origin::Phantom, 1));
}

#[test]
fn pairs_that_are_not_evaluated_are_named_and_their_patients_not_counted() {
    // p4 has no score for g and h; p3's pairs exclude each other's grades.
    let text = manifest()
        .replace(",0,0,female,\n", ",0,3,female,\n")
        .replace(",3,3,female,\n", ",0,2,female,\n");
    let evaluation = evaluated_with(&text, 6, &[], &[]).unwrap();
    let cohort = &evaluation.cohorts["test"];
    assert_eq!(
        (cohort.pairs, cohort.patients, evaluation.census["test"].patients),
        (8, Some(2), 4)
    );
    let left_out: Vec<_> =
        cohort.left_out.iter().map(|pair| (pair.pair_id.as_str(), pair.why)).collect();
    let (invalid, missing) = ("reference grades exclude each other", "without a score");
    assert_eq!(left_out, [("e", invalid), ("f", invalid), ("g", missing), ("h", missing)]);
    let tables = tables::tables(&evaluation);
    let table = tables.iter().find(|table| table.name == "left_out.csv").unwrap();
    assert!(table.csv.contains("test,h,without a score,clinical\n"), "{}", table.csv);
}

#[test]
fn one_patient_alone_has_figures_but_no_interval() {
    let one = manifest().replace(",p2,", ",p1,").replace(",p3,", ",p1,").replace(",p4,", ",p1,");
    let evaluation = evaluated_with(&one, 8, &[], &[]).unwrap();
    let cohort = &evaluation.cohorts["test"];
    let sh = &cohort.measurements["synovial_hypertrophy"];
    assert_eq!((sh.accuracy, sh.intervals["accuracy"]), (Some(0.5), None));
    let task = &cohort.tasks["vascularity"]["gt0"];
    assert!(task.auc.is_some() && task.auc_interval.is_none());
    let majority = sh.majority.as_ref().unwrap();
    assert!(majority.accuracy_gained.is_some() && majority.accuracy_gained_interval.is_none());
    for reason in [&sh.undefined["accuracy"], &sh.undefined["accuracy_gained"]] {
        assert!(reason.contains("no width"), "{reason}");
    }
    assert!(task.undefined.as_ref().unwrap().contains("no width"));
    let sums = cohort.patient_level.as_ref().unwrap();
    assert!(sums.undefined["gloess"].contains("twice"));
}

/// The eight pairs and two the networks learned from, all with scores.
fn with_training(cohorts: [&str; 2], probabilities: &[Answers]) -> Result<Evaluation, Problem> {
    let eoss = Protocol::eoss();
    let mut text = HEADER.to_owned();
    for (pair, patient, joint, device, grades, _, age) in LINES {
        text += &row(pair, patient, cohorts[0], joint, device, grades, age);
    }
    text += &row("t", "q1", cohorts[1], "MCP2", "one", [2, 0], "50");
    text += &row("u", "q2", cohorts[1], "MCP2", "one", [0, 0], "30");
    let references = References::parse(text.as_bytes(), &eoss).unwrap();
    let mut scores: Vec<PairScore> = LINES.iter().map(|line| score(line.0, line.5)).collect();
    scores.extend([score("t", [2, 0]), score("u", [0, 0])]);
    let scores = ScoreTable::of(&eoss, &references, &scores).unwrap();
    let study = Study { probabilities, ..Study::new(&references, &scores) };
    let mut rng = ChaCha8Rng::from_seed(Seed::new(1).bytes());
    evaluate(&eoss, &study, 50, &mut rng)
}

#[test]
fn training_pairs_are_put_together_with_no_test_pair() {
    let learned = with_training(["test", "train"], &[]).unwrap();
    assert!(learned.cohorts["train"].role.is_training());
    assert_eq!(learned.cohorts["test"].role, Role::Test);
    assert_eq!(learned.pooled, ["test"]);
    assert_eq!(learned.tasks, learned.cohorts["test"].tasks);
    let tests = with_training(["test", "second"], &[]).unwrap();
    assert_eq!(tests.pooled, ["second", "test"]);
    assert_eq!(tests.tasks["synovial_hypertrophy"]["gt0"].n, 10);
    // Alone they are evaluated, and it is said what they are.
    let only = with_training(["train", "train"], &[]).unwrap();
    assert_eq!(only.pooled, ["train"]);
    assert_eq!(only.tasks, only.cohorts["train"].tasks);
    let json = serde_json::to_value(&only).unwrap();
    assert_eq!(json["cohorts"]["train"]["role"], "training");
}

#[test]
fn probabilities_of_other_pairs_are_refused_and_those_of_some_named() {
    let answers = |pairs: &[&str]| -> Vec<Answers> {
        let network = || "sh.gt0.fold1.seed1".parse().unwrap();
        let answer = |_| vec![Probability { network: network(), probability: 0.5, threshold: 0.5 }];
        pairs.iter().map(|pair| ((*pair).to_owned(), answer(pair))).collect()
    };
    // Of ten scored pairs b and c are silent.
    let some = answers(&["a", "d", "e", "f", "g", "h", "t", "u"]);
    let found = with_training(["test", "train"], &some).unwrap().without_probabilities.unwrap();
    assert_eq!((found.pairs, found.first.as_str()), (2, "b"));
    let all = answers(&["a", "b", "c", "d", "e", "f", "g", "h", "t", "u"]);
    let evaluation = with_training(["test", "train"], &all).unwrap();
    assert_eq!(evaluation.without_probabilities, None);

    // The manifest has t and u, but they have no scores.
    let eoss = Protocol::eoss();
    let text = HEADER.to_owned()
        + &row("a", "p1", "test", "MCP2", "one", [2, 1], "60")
        + &row("t", "q1", "train", "MCP2", "one", [2, 0], "50");
    let references = References::parse(text.as_bytes(), &eoss).unwrap();
    let scores = ScoreTable::of(&eoss, &references, &[score("a", [2, 1])]).unwrap();
    let foreign = answers(&["t"]);
    let study = Study { probabilities: &foreign, ..Study::new(&references, &scores) };
    let problem = study.check_probabilities(&eoss).unwrap_err().to_string();
    assert!(problem.starts_with("these are about other pairs"), "{problem}");
}

#[test]
fn what_the_page_shows_of_errors_is_a_table_too() {
    let tables = tables::tables(&evaluated());
    let csv = |name: &str| &tables.iter().find(|table| table.name == name).unwrap().csv;
    let errors = csv("commonest_errors.csv");
    assert!(errors.starts_with("cohort,measurement,reference,predicted,pairs,examples,origin\n"));
    assert!(errors.contains("test,synovial_hypertrophy,0,1,2,b; e,clinical\n"), "{errors}");
    let only = csv("only_right.csv");
    assert!(only.contains("\ntest,synovial_hypertrophy,multitude,0,,clinical\n"), "{only}");
    assert!(csv("reliability.csv").starts_with("set,"));
}
