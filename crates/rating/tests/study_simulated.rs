//! The analysis of a reader study where the truth is known: simulated readers.
//!
//! Ten readers and 274 cases of 28 patients, as in the paper. Their skill differs;
//! patients and cases make all readers err alike. The gain of an assisted arm is put
//! in as trust in a system of known accuracy.
//!
//! `scripts/long studies` runs all of it; the usual tests a light version.

#![allow(clippy::print_stdout)]

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rating::stats::mrmc::Inference;
use rating::study::analysis::{Plan, Primary, Study, analyse, difference, primary};
use rating::study::simulate::{Likeness, SimulatedReader, Simulation};
use rating::study::{
    AlteredAnswers, DesignKind, Reader, Rule, Schedule, StudyAnswer, StudyCase, StudyProtocol,
};
use rating::{Grade, Protocol, Seed};

const PAPER: &str = include_str!("../../../configs/studies/paper.toml");
const CASES: usize = 274;
const PATIENTS: usize = 28;
/// Skills are drawn evenly from this range.
const SKILLS: [f64; 2] = [0.4, 0.8];
const SYSTEM_SKILL: f64 = 0.95;

fn generator(seed: Seed) -> ChaCha8Rng {
    ChaCha8Rng::from_seed(seed.bytes())
}

fn reader(skill: f64, trust: f64) -> SimulatedReader {
    SimulatedReader { skill, bias: 0.0, trust, seconds: 30.0, seconds_assisted: 0.8 }
}

/// One study, with everything its analysis borrows.
struct Simulated {
    protocol: Protocol,
    study: StudyProtocol,
    arms: Vec<String>,
    cases: Vec<StudyCase>,
    answers: Vec<StudyAnswer>,
}

impl Simulated {
    /// A study of one measurement of four grades. `altered` is the share of answers
    /// altered on purpose; with some, a tenth of the cases is repeated, too.
    fn new(number: u64, trust: f64, altered: f64) -> Simulated {
        Simulated::of(StudyProtocol::from_toml(PAPER).unwrap(), number, trust, altered)
    }

    /// The same readers and cases, each reader in one arm; with fewer readers where asked.
    fn parallel(number: u64, trust: f64, readers: usize) -> Simulated {
        let mut study = StudyProtocol::from_toml(PAPER).unwrap();
        study.design.kind = DesignKind::Parallel;
        study.readers.truncate(readers);
        Simulated::of(study, number, trust, 0.0)
    }

    fn of(mut study: StudyProtocol, number: u64, trust: f64, altered: f64) -> Simulated {
        study.design.repeats = if altered > 0.0 { 0.1 } else { 0.0 };
        study.altered = (altered > 0.0).then(|| AlteredAnswers {
            share: altered,
            rule: Rule::OneOff,
            ethics_approval: "simulated".to_owned(),
        });
        study.seed = number;
        let seed = Seed::new(number).child("simulated study");
        let protocol = Protocol::eoss().combined_alone(&["doppler".to_owned()]).unwrap();
        let cases = cases(&mut generator(seed.child("cases")));
        let schedule = Schedule::draw(&study, cases.len(), generator);
        let mut skill = generator(seed.child("skills"));
        let readers: Vec<SimulatedReader> = study
            .readers
            .iter()
            .map(|_| reader(skill.random_range(SKILLS[0]..SKILLS[1]), trust))
            .collect();
        let simulation = Simulation {
            protocol: &protocol,
            readers: &readers,
            likeness: Likeness::default(),
            seed: seed.child("readers"),
            generator,
        };
        let answers = simulation.study(&study, &schedule, &cases).unwrap();
        Simulated {
            arms: study.arms.iter().map(|arm| arm.name.clone()).collect(),
            protocol,
            study,
            cases,
            answers,
        }
    }

    fn study(&self) -> Study<'_> {
        Study {
            protocol: &self.protocol,
            arms: &self.arms,
            readers: &self.study.readers,
            cases: &self.cases,
            answers: &self.answers,
        }
    }

    fn plan(&self) -> Plan {
        Plan::of(&self.study).unwrap()
    }
}

/// Patients differ in how ill they are; over all of them each grade is as frequent.
fn cases(rng: &mut ChaCha8Rng) -> Vec<StudyCase> {
    let even = |rng: &mut ChaCha8Rng| rng.random_range(0.0..1.0_f64);
    let patients: Vec<f64> = (0..PATIENTS).map(|_| even(rng)).collect();
    let system = reader(SYSTEM_SKILL, 0.0);
    let case = |number: usize| {
        let patient = number % PATIENTS;
        // Half of the cases have their patient's grade.
        let place = if rng.random_bool(0.5) { patients[patient] } else { even(rng) };
        let truth = (4.0 * place) as Grade;
        // Twelve even values less 6 are nearly normal, exactly enough here.
        let noise = (0..12).map(|_| even(rng)).sum::<f64>() - 6.0;
        StudyCase {
            case: format!("case{number}"),
            patient: format!("patient{patient}"),
            truth: vec![Some(truth)],
            system: Some(vec![system.grade(4, truth, noise)]),
        }
    };
    (0..CASES).map(case).collect()
}

/// Accuracy over all cases, each grade as frequent.
fn accuracy(skill: f64) -> f64 {
    (0..4).map(|truth| reader(skill, 0.0).probabilities(4, truth)[usize::from(truth)] / 4.0).sum()
}

/// The gain that was put in, over readers and cases at large.
fn gain(trust: f64) -> f64 {
    let steps = 1000;
    let skill = |step: usize| {
        SKILLS[0] + (SKILLS[1] - SKILLS[0]) * (step as f64 + 0.5) / f64::from(steps as u32)
    };
    let own: f64 = (0..steps).map(|step| accuracy(skill(step)) / f64::from(steps as u32)).sum();
    trust * (accuracy(SYSTEM_SKILL) - own)
}

/// Who is left out in turn.
#[derive(Clone, Copy, PartialEq)]
enum LeftOut {
    Patients,
    /// As if every case was another patient's.
    Cases,
}

/// Of studies with this trust: how many are significant at 0.05, and how many 95 %
/// intervals hold the gain put in.
fn studies(from: u64, count: u64, trust: f64, left_out: LeftOut) -> [u32; 2] {
    let (mut significant, mut held) = (0, 0);
    for number in from..from + count {
        let mut simulated = Simulated::new(number, trust, 0.0);
        if left_out == LeftOut::Cases {
            simulated.cases.iter_mut().for_each(|case| case.patient.clone_from(&case.case));
        }
        let found = primary(simulated.study(), &simulated.plan()).unwrap().unwrap();
        let Primary::SameReaders(found) = found else { panic!("readers read both arms") };
        let both = found.analysis(Inference::RandomReadersRandomCases).unwrap();
        let difference = &both.differences[0];
        significant += u32::from(difference.p < 0.05);
        let truth = gain(trust);
        held += u32::from(difference.interval.low <= truth && truth <= difference.interval.high);
    }
    [significant, held]
}

/// Of studies without gain: how many the paper's z test calls significant, and how
/// many intervals of the resampled patients leave out 0.
fn alarms_of_resampling(from: u64, count: u64, samples: usize) -> [u32; 2] {
    let (mut paper, mut patients) = (0, 0);
    for number in from..from + count {
        let simulated = Simulated::new(number, 0.0, 0.0);
        let plan = Plan { samples, ..simulated.plan() };
        let mut rng = generator(Seed::new(number).child("bootstrap"));
        let found = analyse(simulated.study(), &plan, &mut rng).unwrap();
        let comparison = &found.questions[0].comparisons[0];
        paper += u32::from(comparison.paper_z_test.unwrap().p < 0.05);
        let interval = comparison.mean[&plan.merit].interval.unwrap();
        patients += u32::from(interval.low > 0.0 || interval.high < 0.0);
    }
    [paper, patients]
}

#[test]
fn without_gain_few_are_significant_and_with_it_intervals_hold_it() {
    let [significant, held] = studies(1, 25, 0.0, LeftOut::Patients);
    assert!(significant <= 4 && held == 25 - significant, "{significant} {held}");
    let [significant, held] = studies(1001, 25, 0.3, LeftOut::Patients);
    assert!(significant == 25 && held >= 20, "{significant} {held}");
}

#[test]
fn the_papers_z_test_finds_gains_where_there_are_none() {
    let [paper, patients] = alarms_of_resampling(2001, 12, 400);
    assert!(paper >= 8 && patients <= 3, "{paper} {patients}");
}

/// Of parallel studies with so many readers and this trust: how many are significant at
/// 0.05, and how many 95 % intervals hold the gain put in.
fn parallel_studies(from: u64, count: u64, trust: f64, readers: usize) -> [u32; 2] {
    let (mut significant, mut held) = (0, 0);
    for number in from..from + count {
        let simulated = Simulated::parallel(number, trust, readers);
        let (study, plan) = (simulated.study(), simulated.plan());
        let Ok(Primary::OtherReaders(found)) = primary(study, &plan).unwrap() else {
            panic!("no reader read both arms")
        };
        assert_eq!(found.values, [readers / 2; 2]);
        let alone = difference(study, &plan).unwrap().unwrap();
        assert!((alone - found.value).abs() < 1e-12);
        significant += u32::from(found.p < 0.05);
        let truth = gain(trust);
        held += u32::from(found.interval.low <= truth && truth <= found.interval.high);
    }
    [significant, held]
}

#[test]
fn of_parallel_studies_without_gain_one_in_twenty_is_significant() {
    // Welch's t is a little cautious with three readers an arm. 300 studies: 15 expected,
    // standard deviation 4.
    for readers in [6, 10] {
        let [significant, held] = parallel_studies(1, 300, 0.0, readers);
        println!("{readers} readers, 300 parallel studies without gain: {significant} significant");
        assert!((3..=27).contains(&significant), "{readers} readers: {significant}");
        assert_eq!(held, 300 - significant);
    }
    let [significant, held] = parallel_studies(1001, 60, 0.6, 10);
    assert!(significant >= 40 && held >= 51, "{significant} {held}");
}

#[test]
fn whatever_was_put_in_is_found() {
    let simulated = Simulated::new(7, 0.4, 0.2);
    let plan = simulated.plan();
    let found = analyse(simulated.study(), &plan, &mut generator(Seed::new(7))).unwrap();
    let again = analyse(simulated.study(), &plan, &mut generator(Seed::new(7))).unwrap();
    assert_eq!(found, again);
    let question = &found.questions[0];
    let assisted = found.readings.iter().find(|of| of.arm == plan.arm).unwrap();
    assert_eq!(assisted.read, 10 * CASES);
    // A fifth of ten readers' cases; none of those at the edge is left out.
    let altered = assisted.altered as f64 / assisted.read as f64;
    assert!((0.15..=0.21).contains(&altered), "{altered}");
    assert!(assisted.repeats > 200);
    // Readers see most of a case as before, and all of them are better than chance.
    let within = &question.within_readers[0];
    assert_eq!(within.readers.len(), 10);
    let kappa = within.together["kappa_linear"].value.unwrap();
    assert!((0.4..0.95).contains(&kappa), "{kappa}");

    // Trust 0.4: that share of the wrong answers is followed beyond the unaided.
    let bias = &question.automation.iter().find(|of| of.arm == plan.arm).unwrap().altered;
    assert!(bias.readings > 400 && bias.pairs == bias.readings);
    // Followed = trust + (1 - trust) x unaided, so bias = trust x (1 - unaided).
    let expected = 0.4 * (1.0 - bias.unaided.value.unwrap());
    let interval = bias.bias.interval.unwrap();
    assert!(interval.low < expected && expected < interval.high, "{expected} {bias:?}");

    // 0.8 times the seconds.
    let ratio = &found.time.ratios[0];
    assert!((ratio.ratio.value.unwrap() - 0.8).abs() < 0.03, "{ratio:?}");
    assert!(ratio.random_readers.is_some());
    assert!(found.pace.iter().all(|drift| drift.per_hundred.is_some()));

    // Everybody trusts the same answers, so readers agree better.
    let agreement = &question.between_readers;
    assert!(agreement.differences[0].fleiss.interval.unwrap().low > 0.0, "{agreement:?}");
    assert_eq!(agreement.arms.len(), 2);
    assert_eq!(question.comparisons[0].readers.len(), 10);
    let json = serde_json::to_string(&found).unwrap();
    assert!(json.contains("\"kappa_quadratic\"") && json.contains("random-readers-random-cases"));
}

#[test]
#[ignore = "minutes: scripts/long studies"]
fn two_hundred_studies_without_gain_and_two_hundred_with() {
    let [significant, _] = studies(1, 200, 0.0, LeftOut::Patients);
    println!("200 studies without gain: {significant} significant at 0.05 (10 by chance)");
    let [found, held] = studies(1001, 200, 0.3, LeftOut::Patients);
    let put_in = 100.0 * gain(0.3);
    println!(
        "200 studies with a gain of {put_in:.1} points of accuracy: {found} significant, {held} \
         intervals hold it (190 by chance)"
    );
    let [alarms, by_case] =
        [(1, 0.0), (1001, 0.3)].map(|(from, trust)| studies(from, 200, trust, LeftOut::Cases));
    println!(
        "the same with cases left out as if of strangers: {} significant without gain, {} \
         intervals hold the gain",
        alarms[0], by_case[1]
    );
    let [paper, patients] = alarms_of_resampling(2001, 100, 1000);
    println!(
        "100 studies without gain: the paper's z test calls {paper} significant, {patients} \
         intervals of resampled patients leave out 0"
    );
    assert!(significant <= 18 && (178..=198).contains(&held) && paper > 70);
}

#[test]
#[ignore = "a minute: scripts/long studies"]
fn a_large_study_is_analysed_in_a_minute() {
    let protocol = Protocol::eoss();
    let (readers, cases) = (200, 2000);
    let mut rng = generator(Seed::new(200));
    let grade = |rng: &mut ChaCha8Rng| rng.random_range(0..4_u8);
    let cases: Vec<StudyCase> = (0..cases)
        .map(|number| StudyCase {
            case: format!("case{number}"),
            patient: format!("patient{}", number / 10),
            truth: vec![Some(grade(&mut rng)), Some(grade(&mut rng))],
            system: None,
        })
        .collect();
    let arms = vec!["unaided".to_owned(), "assisted".to_owned()];
    let readers: Vec<Reader> = (0..readers)
        .map(|n| Reader { name: format!("R{n}"), years: Some(f64::from(n % 20)), group: None })
        .collect();
    let mut answers = Vec::new();
    for (arm, reader) in arms.iter().flat_map(|arm| readers.iter().map(move |of| (arm, of))) {
        for (position, case) in cases.iter().enumerate() {
            let truth = [0, 1].map(|at| case.truth[at].unwrap());
            let right = rng.random_bool(0.6);
            let given = if right { truth } else { [0, 1].map(|_| grade(&mut rng)) };
            answers.push(StudyAnswer {
                reader: reader.name.clone(),
                case: case.case.clone(),
                arm: arm.clone(),
                session: None,
                before: None,
                grades: Some(given.to_vec()),
                cannot: None,
                shown: None,
                altered: false,
                repeat: false,
                position: position as u32 + 1,
                seconds: Some(rng.random_range(5.0..60.0)),
                submitted: None,
            });
        }
    }
    let study = Study {
        protocol: &protocol,
        arms: &arms,
        readers: &readers,
        cases: &cases,
        answers: &answers,
    };
    let plan = Plan {
        measurement: "combined".to_owned(),
        merit: rating::stats::Merit::Accuracy,
        arm: "assisted".to_owned(),
        against: "unaided".to_owned(),
        unaided: Some("unaided".to_owned()),
        samples: 1000,
    };
    let began = std::time::Instant::now();
    let found = analyse(study, &plan, &mut rng).unwrap();
    let seconds = began.elapsed().as_secs_f64();
    println!("200 readers x 2,000 cases x 2 arms: {seconds:.1} s");
    assert_eq!(found.questions.len(), 3);
    assert!(seconds < 60.0);
}
