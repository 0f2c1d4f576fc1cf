//! The analysis of a reader study on a table small enough to work by hand.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rating::stats::Merit;
use rating::study::analysis::{Plan, Study, StudyAnalysis, analyse, primary};
use rating::study::{Reader, StudyAnswer, StudyCase};
use rating::{Grade, Problem, Protocol, Seed};

/// SH grades of the truth and the system of six cases of three patients;
/// vascularity is always 0, so the combined grade is SH.
const CASES: [(&str, Grade, Grade); 6] =
    [("a", 0, 0), ("a", 1, 1), ("b", 2, 2), ("b", 3, 2), ("c", 1, 1), ("c", 2, 3)];

fn cases() -> Vec<StudyCase> {
    let case = |(number, (patient, truth, system)): (usize, &(&str, Grade, Grade))| StudyCase {
        case: format!("c{number}"),
        patient: (*patient).to_owned(),
        truth: vec![Some(*truth), Some(0)],
        system: Some(vec![*system, 0]),
    };
    CASES.iter().enumerate().map(case).collect()
}

/// A reading; position and seconds follow the case.
fn answer(reader: &str, case: usize, arm: &str, grade: Grade) -> StudyAnswer {
    StudyAnswer {
        reader: reader.to_owned(),
        case: format!("c{case}"),
        arm: arm.to_owned(),
        session: Some(if arm == "unaided" { 1 } else { 2 }),
        before: None,
        grades: Some(vec![grade, 0]),
        cannot: None,
        shown: None,
        altered: false,
        repeat: false,
        position: case as u32 + 1,
        seconds: Some(if arm == "unaided" { 20.0 } else { 10.0 } * (1.0 + case as f64)),
        submitted: None,
    }
}

/// An assisted reading: first `before`, then `grade`.
fn assisted(reader: &str, case: usize, before: Grade, grade: Grade) -> StudyAnswer {
    StudyAnswer {
        before: Some(vec![before, 0]),
        shown: Some(vec![CASES[case].2, 0]),
        ..answer(reader, case, "assisted", grade)
    }
}

/// Everybody's answers. R1 unaided: 3 of 6 right; assisted 5 of 6. R2 unaided: 4 of 6;
/// assisted case 5 was altered and followed, case 0 could not be graded.
fn answers() -> Vec<StudyAnswer> {
    let mut answers = Vec::new();
    for (case, grade) in [0, 1, 1, 3, 2, 1].into_iter().enumerate() {
        answers.push(answer("R1", case, "unaided", grade));
    }
    for (case, grade) in [0, 1, 2, 2, 1, 1].into_iter().enumerate() {
        answers.push(answer("R2", case, "unaided", grade));
    }
    // Before and after. R1: case 2 turned right, case 3 turned wrong.
    let first = [(0, 0), (1, 1), (1, 2), (3, 2), (1, 1), (2, 2)];
    for (case, (before, after)) in first.into_iter().enumerate() {
        answers.push(assisted("R1", case, before, after));
    }
    for (case, after) in [(1, 1), (2, 2), (3, 2), (4, 1)] {
        answers.push(assisted("R2", case, after, after));
    }
    let none = StudyAnswer { grades: None, before: None, ..assisted("R2", 0, 0, 0) };
    let fooled = StudyAnswer { altered: true, shown: Some(vec![1, 0]), ..assisted("R2", 5, 2, 1) };
    // R1 sees case 1 again in each arm: once alike, once not.
    let again = StudyAnswer { repeat: true, position: 7, ..answer("R1", 1, "unaided", 1) };
    let other = StudyAnswer { repeat: true, position: 7, ..assisted("R1", 1, 2, 2) };
    answers.extend([none, fooled, again, other]);
    answers
}

fn reader(name: &str) -> Reader {
    Reader { name: name.to_owned(), years: None, group: None }
}

fn with<T>(
    answers: &[StudyAnswer],
    ask: impl FnOnce(Study<'_>, Plan) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let (protocol, cases) = (Protocol::eoss(), cases());
    let arms = ["unaided", "assisted"].map(str::to_owned);
    let readers = ["R1", "R2"].map(reader);
    let study =
        Study { protocol: &protocol, arms: &arms, readers: &readers, cases: &cases, answers };
    let plan = Plan {
        measurement: "combined".to_owned(),
        merit: Merit::Accuracy,
        arm: "assisted".to_owned(),
        against: "unaided".to_owned(),
        unaided: Some("unaided".to_owned()),
        samples: 200,
    };
    ask(study, plan)
}

fn analysed() -> StudyAnalysis {
    let mut rng = ChaCha8Rng::from_seed(Seed::new(5).bytes());
    with(&answers(), |study, plan| analyse(study, &plan, &mut rng)).unwrap()
}

#[track_caller]
fn assert_close(found: Option<f64>, by_hand: f64) {
    assert!((found.unwrap() - by_hand).abs() < 1e-12, "{found:?} instead of {by_hand}");
}

#[test]
fn what_was_read_is_counted() {
    let found = analysed();
    let counts = |at: usize| {
        let of = &found.readings[at];
        [of.read, of.not_graded, of.altered, of.repeats]
    };
    assert_eq!((counts(0), counts(1)), ([12, 0, 0, 1], [12, 1, 1, 1]));
    assert_eq!((found.cases, found.patients), (6, 3));
    let names: Vec<&str> = found.questions.iter().map(|of| of.name.as_str()).collect();
    assert_eq!(names, ["synovial_hypertrophy", "vascularity", "combined"]);
}

#[test]
fn figures_and_differences_worked_by_hand() {
    let found = analysed();
    let combined = &found.questions[2];
    let accuracy = |at: usize| -> Vec<f64> {
        let readers = combined.arms[at].readers.iter();
        readers.map(|of| of.figures[&Merit::Accuracy].value.unwrap()).collect()
    };
    assert_eq!(accuracy(0), [3.0 / 6.0, 4.0 / 6.0]);
    // R2 has four assisted cases: without the altered and the ungraded one.
    assert_eq!(accuracy(1), [5.0 / 6.0, 3.0 / 4.0]);
    assert_close(combined.arms[0].mean[&Merit::Accuracy].value, 3.5 / 6.0);
    let system = combined.system.as_ref().unwrap();
    assert_close(system.figures[&Merit::Accuracy].value, 4.0 / 6.0);
    assert_close(combined.arms[0].system_minus_mean[&Merit::Accuracy].value, 0.5 / 6.0);

    let comparison = &combined.comparisons[0];
    assert_eq!((comparison.arm.as_str(), comparison.against.as_str()), ("assisted", "unaided"));
    let [first, second] = &comparison.readers[..] else { panic!() };
    assert_close(first.differences[&Merit::Accuracy].value, 2.0 / 6.0);
    // On R2's four common cases: 1, 2, 3, 4 right but 3 in both.
    assert_eq!((second.cases, second.right.both, second.right.neither), (4, 3, 1));
    assert_close(second.differences[&Merit::Accuracy].value, 0.0);
    // R1 gains cases 2, 4, 5 and loses case 3: a coin's 3 of 4 or worse.
    assert_eq!((first.right.first_only, first.right.second_only), (3, 1));
    assert_close(Some(first.mcnemar), 2.0 * 5.0 / 16.0);
    assert_close(first.mcnemar_holm, 1.0);
    assert_close(comparison.mean[&Merit::Accuracy].value, 1.0 / 6.0);
    let multi_reader = &comparison.multi_reader[&Merit::Accuracy];
    assert_eq!(multi_reader.figures, [[5.0 / 6.0, 3.0 / 4.0], [3.0 / 6.0, 3.0 / 4.0]]);
    // Leaving out patient b leaves no truth above 2.
    assert!(comparison.no_multi_reader[&Merit::Auc(2)].contains("no case is positive"));
}

#[test]
fn changes_and_wrong_answers_worked_by_hand() {
    let found = analysed();
    let combined = &found.questions[2];
    let [changes] = &combined.changes[..] else { panic!("{:?}", combined.changes) };
    let all = changes.together;
    // Ten: R1's six, R2's four; the altered one is left out.
    assert_eq!(
        [all.cases, all.right_right, all.right_wrong, all.wrong_right, all.wrong_wrong],
        [10, 7, 1, 1, 1]
    );
    assert_eq!((all.differed, all.taken_over, all.kept, all.raised, all.lowered), (3, 2, 1, 1, 1));
    assert_close(changes.net_gain.value, 0.0);
    assert_eq!(changes.readers.len(), 2);

    let [automation] = &combined.automation[..] else { panic!() };
    // R2 followed the altered 1 of case 5, and gave 1 unaided, too.
    let altered = &automation.altered;
    assert_eq!((altered.readings, altered.readers[0].followed), (1, 1));
    assert_eq!((altered.followed.value, altered.unaided.value), (Some(1.0), Some(1.0)));
    assert_close(altered.bias.value, 0.0);
    // The system's own errors: case 3 (2 for 3), case 5 (3 for 2). R1 followed the first and
    // gave the truth of the second, R2 followed the first and would have, unaided.
    let own = &automation.own_errors;
    assert_eq!((own.readings, own.pairs), (3, 3));
    assert_close(own.followed.value, 2.0 / 3.0);
    assert_close(own.right.value, 1.0 / 3.0);
    assert_close(own.bias.value, 1.0 / 3.0);
}

#[test]
fn agreement_and_time_worked_by_hand() {
    let found = analysed();
    let combined = &found.questions[2];
    let [unaided, assisted] = &combined.within_readers[..] else { panic!() };
    assert_eq!(unaided.together["agreement"].value, Some(1.0));
    assert_eq!(assisted.together["agreement"].value, Some(0.0));
    assert_eq!(assisted.together["close_agreement"].value, Some(1.0));
    assert_eq!(assisted.readers[0].cases, 1);
    // Unaided the readers agree on cases 0, 1, 5 of six; assisted on 1, 2, 3, 4 of four.
    let between = &combined.between_readers;
    assert_close(between.arms[0].agreement.value, 3.0 / 6.0);
    assert_close(between.arms[1].agreement.value, 1.0);
    assert_eq!((between.arms[1].cases, between.arms[1].fleiss.value), (4, Some(1.0)));
    assert_close(between.differences[0].agreement.value, 0.5);

    // Unaided 20, 40 ... 120 seconds, assisted half.
    assert_close(found.time.arms[0].median, 70.0);
    assert_close(found.time.ratios[0].ratio.value, 0.5);
    assert_eq!(found.time.ratios[0].readers, 2);
    // Both readers alike: no spread between them.
    assert_eq!(found.time.ratios[0].random_readers, None);
    // R1's right ones unaided are 1 1 0 1 0 0, R2's 1 1 1 0 1 0 over places 1 to 6.
    // Sum of (place - 3.5) x right: -3.5 and -3; squares of places 17.5 each.
    let drift = &combined.drift[0];
    assert_eq!(drift.readings, 12);
    assert_close(drift.per_hundred.map(|slope| slope.value), -100.0 * 6.5 / 35.0);
}

#[test]
fn what_contradicts_the_study_is_refused() {
    let refused = |change: &dyn Fn(&mut Vec<StudyAnswer>)| {
        let mut answers = answers();
        change(&mut answers);
        with(&answers, |study, plan| primary(study, &plan)).unwrap_err().to_string()
    };
    assert!(refused(&|all| all[0].reader = "R9".to_owned()).contains("reader \"R9\""));
    assert!(refused(&|all| all[0].case = "c9".to_owned()).contains("case \"c9\""));
    assert!(refused(&|all| all[0].arm = "other".to_owned()).contains("arm \"other\""));
    assert!(refused(&|all| all[0].grades = Some(vec![4, 0])).contains("grade 4"));
    assert!(refused(&|all| all[0].grades = Some(vec![1])).contains("1 grades for 2"));
    assert!(refused(&|all| all.push(all[0].clone())).contains("twice"));
    let plan = |change: &dyn Fn(&mut Plan)| {
        let asked = with(&answers(), |study, mut plan| {
            change(&mut plan);
            primary(study, &plan)
        });
        asked.unwrap_err().to_string()
    };
    assert!(plan(&|plan| plan.arm = "other".to_owned()).contains("unaided, assisted"));
    assert!(plan(&|plan| plan.arm = "unaided".to_owned()).contains("itself"));
    assert!(plan(&|plan| plan.measurement = "oedema".to_owned()).contains("oedema"));
}

#[test]
fn a_study_nobody_read_has_reasons_instead_of_figures() {
    let mut rng = ChaCha8Rng::from_seed(Seed::new(5).bytes());
    let found = with(&[], |study, plan| analyse(study, &plan, &mut rng)).unwrap();
    let combined = &found.questions[2];
    assert!(combined.arms.iter().all(|arm| arm.readers.is_empty()));
    assert!(combined.comparisons[0].multi_reader.is_empty());
    assert_eq!(combined.comparisons[0].mean[&Merit::Accuracy].value, None);
    assert!(combined.drift[0].undefined.is_some() && combined.changes.is_empty());
    assert_eq!(found.time.arms[0].median, None);
    assert!(with(&[], |study, plan| primary(study, &plan)).unwrap().is_err());
}

#[test]
fn the_system_is_tested_against_each_reader_case_by_case() {
    let found = analysed();
    let combined = found.questions.iter().find(|question| question.name == "combined").unwrap();
    let unaided = &combined.system_tests[0];
    assert_eq!(unaided.arm, "unaided");
    // The system is right but for cases 3 and 5; R1 in cases 0, 1 and 3.
    let first = &unaided.readers[0];
    assert_eq!((first.reader.as_str(), first.cases), ("R1", 6));
    assert_eq!((first.right.first_only, first.right.second_only), (2, 1));
    assert_eq!((first.mcnemar, first.mcnemar_holm), (1.0, Some(1.0)));
    // R2 gave the system's grades wherever it was right.
    let second = &unaided.readers[1].right;
    assert_eq!((second.both, second.first_only, second.second_only), (4, 0, 0));
}

#[test]
fn experience_is_a_line_through_the_readers_gains() {
    let answers: Vec<StudyAnswer> = (0..4)
        .flat_map(|reader| {
            // Unaided a case more is right with each reader, assisted all are.
            let unaided = move |case: usize| {
                let truth = CASES[case].1;
                let grade = if case <= reader { truth } else { 3 - truth };
                answer(&format!("R{reader}"), case, "unaided", grade)
            };
            let assisted =
                move |case: usize| answer(&format!("R{reader}"), case, "assisted", CASES[case].1);
            (0..6).map(unaided).chain((0..6).map(assisted))
        })
        .collect();
    let years = [Some(1.0), Some(3.0), Some(5.0), Some(7.0)];
    let slope = |years: [Option<f64>; 4]| {
        let readers: Vec<Reader> = (0..4)
            .map(|at| Reader { name: format!("R{at}"), years: years[at], group: None })
            .collect();
        let (protocol, cases) = (Protocol::eoss(), cases());
        let arms = ["unaided", "assisted"].map(str::to_owned);
        let answers = answers.as_slice();
        let study =
            Study { protocol: &protocol, arms: &arms, readers: &readers, cases: &cases, answers };
        let plan = Plan {
            measurement: "combined".to_owned(),
            merit: Merit::Accuracy,
            arm: "assisted".to_owned(),
            against: "unaided".to_owned(),
            unaided: None,
            samples: 100,
        };
        let mut rng = ChaCha8Rng::from_seed(Seed::new(5).bytes());
        let found = analyse(study, &plan, &mut rng).unwrap();
        let combined = found.questions.into_iter().find(|one| one.name == "combined").unwrap();
        combined.comparisons.into_iter().next().unwrap().experience
    };
    // Gains of 5, 4, 3 and 2 of 6 cases, but for one reader: a sixth less in two years.
    let mut known = years;
    known[3] = Some(8.0);
    let found = slope(known).unwrap();
    let (x, y) = ([1.0, 3.0, 5.0, 8.0], [5.0, 4.0, 3.0, 2.0].map(|right| right / 6.0));
    let mean = |of: [f64; 4]| of.iter().sum::<f64>() / 4.0;
    let above: f64 = x.iter().zip(y).map(|(x1, y1)| (x1 - mean(x)) * (y1 - mean(y))).sum();
    let below: f64 = x.iter().map(|x1| (x1 - mean(x)).powi(2)).sum();
    assert!((found.value - above / below).abs() < 1e-12, "{found:?}");
    assert!(slope([None, None, Some(5.0), Some(7.0)]).is_none());
    assert!(slope([Some(4.0); 4]).is_none());
}

#[test]
fn an_experience_of_three_readers_has_one_degree_of_freedom() {
    // Gains of 0, 0 and 3 of 6 cases over 0, 1 and 2 years.
    let answers: Vec<StudyAnswer> = (0..3)
        .flat_map(|reader| {
            let wrong = if reader == 2 { 3 } else { 0 };
            let unaided = move |case: usize| {
                let truth = CASES[case].1;
                let grade = if case < wrong { 3 - truth } else { truth };
                answer(&format!("R{reader}"), case, "unaided", grade)
            };
            let right =
                move |case: usize| answer(&format!("R{reader}"), case, "assisted", CASES[case].1);
            (0..6).map(unaided).chain((0..6).map(right))
        })
        .collect();
    let readers: Vec<Reader> = (0..3)
        .map(|at| Reader { name: format!("R{at}"), years: Some(f64::from(at)), group: None })
        .collect();
    let found = asked(&answers, &readers, Some("unaided"));
    let line = found.questions[2].comparisons[0].experience.unwrap();
    // As in the test of the line: slope 1 / 4, t = the square root of 3, p = 1 / 3.
    assert!((line.value - 0.25).abs() < 1e-12 && line.points == 3);
    assert!((line.p - 1.0 / 3.0).abs() < 1e-9, "{line:?}");
}

/// The analysis of these readers.
fn asked(answers: &[StudyAnswer], readers: &[Reader], unaided: Option<&str>) -> StudyAnalysis {
    let (protocol, cases) = (Protocol::eoss(), cases());
    let arms = ["unaided", "assisted"].map(str::to_owned);
    let study = Study { protocol: &protocol, arms: &arms, readers, cases: &cases, answers };
    let plan = Plan {
        measurement: "combined".to_owned(),
        merit: Merit::Accuracy,
        arm: "assisted".to_owned(),
        against: "unaided".to_owned(),
        unaided: unaided.map(str::to_owned),
        samples: 100,
    };
    analyse(study, &plan, &mut ChaCha8Rng::from_seed(Seed::new(5).bytes())).unwrap()
}

#[test]
fn groups_of_readers_are_compared_with_readers_as_the_unit() {
    // Right in 6, 4 and 5 of 6 cases with the answer, in 3, 1 and 2 without.
    let rights = [("assisted", [6, 4, 5]), ("unaided", [3, 1, 2])];
    let mut readers = Vec::new();
    let mut answers = Vec::new();
    for (arm, rights) in rights {
        for right in rights {
            let name = format!("R{}", readers.len());
            for (case, (_, truth, _)) in CASES.into_iter().enumerate() {
                let grade = if case < right { truth } else { 3 - truth };
                answers.push(answer(&name, case, arm, grade));
            }
            readers.push(reader(&name));
        }
    }
    let found = asked(&answers, &readers, Some("unaided"));
    let comparison = &found.questions[2].comparisons[0];
    assert_eq!(comparison.groups, Some([3, 3]));
    let welch = comparison.welch[&Merit::Accuracy];
    assert_close(Some(welch.value), 0.5);
    // Variances of 1 / 36 each over 3 readers; four degrees of freedom.
    assert_close(Some(welch.standard_error), (2.0 / 36.0 / 3.0_f64).sqrt());
    assert!((welch.freedom - 4.0).abs() < 1e-9);
    let mean = &comparison.mean[&Merit::Accuracy];
    assert_close(mean.value, 0.5);
    assert_eq!(mean.interval, Some(welch.interval));
    assert!(comparison.no_multi_reader[&Merit::Accuracy].contains("no reader read both arms"));
    assert!(comparison.no_period.as_deref().unwrap().contains("no reader read both arms"));
    // One reader of an arm has no spread: a value, and why there is no interval.
    let two: Vec<StudyAnswer> = answers
        .iter()
        .filter(|answer| !["R1", "R2"].contains(&answer.reader.as_str()))
        .cloned()
        .collect();
    let found = asked(&two, &readers, Some("unaided"));
    let mean = &found.questions[2].comparisons[0].mean[&Merit::Accuracy];
    assert!(mean.value.is_some() && mean.interval.is_none());
    assert_eq!(mean.undefined.as_deref(), Some("a group has fewer than two readers"));
}

#[test]
fn bias_is_held_against_the_arm_that_shows_nothing() {
    let with = |unaided| {
        let found = asked(&answers(), &["R1", "R2"].map(reader), unaided);
        found.questions[2].automation[0].clone()
    };
    let told = with(Some("unaided"));
    assert_eq!((told.unaided.as_deref(), told.own_errors.pairs), (Some("unaided"), 3));
    let none = with(None);
    assert_eq!((none.unaided, none.own_errors.bias.value), (None, None));
    assert_eq!(none.own_errors.bias.undefined.as_deref(), Some("no arm shows nothing"));
    assert_eq!(none.own_errors.followed, told.own_errors.followed);
}

#[test]
fn one_order_has_no_period() {
    let found = analysed();
    let comparison = &found.questions[2].comparisons[0];
    assert_eq!(comparison.period, None);
    assert!(comparison.no_period.as_deref().unwrap().contains("in the same order"));
}

#[test]
fn a_crossover_tells_the_session_from_the_arm() {
    // Of 6 cases right: reader, session of the unaided arm, unaided, assisted.
    let told = [(0, 1, 1, 5), (1, 1, 2, 5), (2, 2, 3, 4)];
    let mut answers = Vec::new();
    for (reader, first, unaided, assisted) in told {
        for (arm, session, right) in
            [("unaided", first, unaided), ("assisted", 3 - first, assisted)]
        {
            answers.extend(CASES.into_iter().enumerate().map(|(case, (_, truth, _))| {
                let grade = if case < right { truth } else { 3 - truth };
                let given = answer(&format!("R{reader}"), case, arm, grade);
                StudyAnswer { session: Some(session), ..given }
            }));
        }
    }
    let found = asked(&answers, &["R0", "R1", "R2"].map(reader), Some("unaided"));
    let period = found.questions[2].comparisons[0].period.unwrap();
    // Second less first session: 4 and 3 with unaided first, -1 with assisted first.
    assert_eq!(period.readers, [1, 2]);
    assert_close(Some(period.session.value), (3.5 - 1.0) / 2.0 / 6.0);
    assert_close(Some(period.arm.value), f64::midpoint(3.5, 1.0) / 6.0);
    // Means of 3.5 with assisted first, 3 and 3.5 with unaided first.
    assert_close(Some(period.order.value), 0.25 / 6.0);
    assert!((period.session.freedom - 1.0).abs() < 1e-12);
}
