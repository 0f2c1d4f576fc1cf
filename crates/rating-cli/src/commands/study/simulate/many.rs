//! Many studies without the server: how often is a gain found that is there, and
//! one that is not?

use std::borrow::Cow;

use rating::stats::Merit;
use rating::stats::mrmc::Inference;
use rating::study::analysis::{Plan, Study, StudyAnalysis, analyse, difference};
use rating::study::simulate::SimulatedReader;
use rating::study::{DesignKind, Schedule, StudyAnswer};
use rating::{Problem, Seed};
use rayon::prelude::*;

use super::{Staged, generator, write};
use crate::args::StudySimulateArgs;
use crate::commands::print;
use crate::failure::Failure;
use crate::progress::Bar;
use crate::stop;

/// Two-sided level of significance, as intervals are 95 % ones.
const LEVEL: f64 = 0.05;
/// Simulated studies behind the gain that was put in.
const FOR_TRUTH: usize = 400;

/// What one study found.
struct Finding {
    difference: Option<f64>,
    /// Bootstrap interval, readers kept.
    covers: Option<bool>,
    /// Multi-reader interval.
    multi_covers: Option<bool>,
    p: Option<f64>,
    paper_p: Option<f64>,
    /// Of parallel studies the interval of Welch's t, and its p.
    welch_covers: Option<bool>,
    welch_p: Option<f64>,
}

pub fn run(
    args: &StudySimulateArgs,
    staged: &Staged,
    group: &[SimulatedReader],
    studies: usize,
) -> Result<(), Failure> {
    let truth = expected(args, staged, group, Seed::new(args.seed).child("expected"))?;
    let bar = Bar::new("studies", studies);
    let findings: Result<Vec<Finding>, Failure> = (0..studies)
        .into_par_iter()
        .map(|number| {
            stop::check()?;
            let seed = Seed::new(args.seed).child(format_args!("study {number}"));
            let group = readers(args, staged, group, seed)?;
            let found = finding(staged, &group, seed, truth);
            bar.advance(1);
            found
        })
        .collect();
    bar.finish();
    tell(args, staged, &findings?, truth)
}

/// The readers of one of many studies. In a parallel study they are drawn anew for each:
/// of one group the luck of who is in which arm would be taken for a gain.
fn readers<'a>(
    args: &StudySimulateArgs,
    staged: &Staged,
    group: &'a [SimulatedReader],
    seed: Seed,
) -> Result<Cow<'a, [SimulatedReader]>, Failure> {
    if staged.study.design.kind != DesignKind::Parallel {
        return Ok(Cow::Borrowed(group));
    }
    Ok(Cow::Owned(super::group(args, &staged.study, seed.child("skills"))?))
}

/// The gain that these readers have on these cases (in a parallel study readers like
/// them): mean over simulated studies, but for those whose figure is not defined.
pub fn expected(
    args: &StudySimulateArgs,
    staged: &Staged,
    group: &[SimulatedReader],
    seed: Seed,
) -> Result<f64, Failure> {
    let plan = plan(staged)?;
    let differences: Result<Vec<_>, Failure> = (0..FOR_TRUTH)
        .into_par_iter()
        .map(|number| {
            stop::check()?;
            let seed = seed.child(number);
            let group = readers(args, staged, group, seed)?;
            let answers = answers(staged, &group, seed)?;
            Ok(of(staged, &answers, |study| difference(study, &plan))??)
        })
        .collect();
    let differences = differences?;
    let defined: Vec<f64> = differences.iter().filter_map(|one| one.ok()).collect();
    match differences.iter().find_map(|one| one.err()) {
        Some(why) if defined.is_empty() => {
            let what = format!("{} cannot be compared: {why}", plan.merit);
            Err(Problem::new(what).hint("see rating study check").into())
        }
        _ => Ok(defined.iter().sum::<f64>() / defined.len() as f64),
    }
}

fn plan(staged: &Staged) -> Result<Plan, Failure> {
    Ok(Plan::of(&staged.study)
        .ok_or_else(|| Problem::new("a study of one arm compares nothing"))?)
}

fn answers(
    staged: &Staged,
    group: &[SimulatedReader],
    seed: Seed,
) -> Result<Vec<StudyAnswer>, Failure> {
    let schedule = Schedule::draw(&staged.study, staged.cases.len(), generator);
    Ok(staged.simulation(group, seed).study(&staged.study, &schedule, &staged.cases)?)
}

/// Asks something of simulated answers.
fn of<T>(
    staged: &Staged,
    answers: &[StudyAnswer],
    question: impl FnOnce(Study<'_>) -> T,
) -> Result<T, Failure> {
    let arms: Vec<String> = staged.study.arms.iter().map(|arm| arm.name.clone()).collect();
    let study = Study {
        protocol: &staged.protocol,
        arms: &arms,
        readers: &staged.study.readers,
        cases: &staged.cases,
        answers,
    };
    Ok(question(study))
}

fn finding(
    staged: &Staged,
    group: &[SimulatedReader],
    seed: Seed,
    truth: f64,
) -> Result<Finding, Failure> {
    let answers = answers(staged, group, seed)?;
    let plan = plan(staged)?;
    let mut rng = generator(seed.child("bootstrap"));
    let analysis = of(staged, &answers, |study| analyse(study, &plan, &mut rng))??;
    Ok(read(&analysis, truth))
}

fn read(analysis: &StudyAnalysis, truth: f64) -> Finding {
    let plan = &analysis.plan;
    let question = analysis.questions.iter().find(|question| question.name == plan.measurement);
    let comparison = question.and_then(|question| {
        question.comparisons.iter().find(|one| one.arm == plan.arm && one.against == plan.against)
    });
    let mean = comparison.and_then(|comparison| comparison.mean.get(&plan.merit));
    let multi = comparison
        .and_then(|comparison| comparison.multi_reader.get(&plan.merit))
        .and_then(|found| found.analysis(Inference::RandomReadersRandomCases))
        .and_then(|analysis| analysis.differences.first());
    let welch = comparison.and_then(|comparison| comparison.welch.get(&plan.merit));
    let is_resampled = comparison.is_some_and(|comparison| comparison.groups.is_none());
    let holds = |interval: rating::stats::Interval| interval.low <= truth && truth <= interval.high;
    let is_accuracy = plan.merit == Merit::Accuracy;
    Finding {
        difference: mean.and_then(|figure| figure.value),
        covers: mean.and_then(|figure| figure.interval).filter(|_| is_resampled).map(holds),
        multi_covers: multi.map(|difference| holds(difference.interval)),
        p: multi.map(|difference| difference.p),
        paper_p: comparison
            .and_then(|comparison| comparison.paper_z_test.as_ref())
            .filter(|_| is_accuracy)
            .map(|test| test.p),
        welch_covers: welch.map(|found| holds(found.interval)),
        welch_p: welch.map(|found| found.p),
    }
}

fn tell(
    args: &StudySimulateArgs,
    staged: &Staged,
    findings: &[Finding],
    truth: f64,
) -> Result<(), Failure> {
    // Of those in which it is defined.
    let share = |holds: &dyn Fn(&Finding) -> Option<bool>| {
        let known: Vec<bool> = findings.iter().filter_map(holds).collect();
        match known.len() {
            0 => "-".to_owned(),
            all => format!("{} of {all}", known.iter().filter(|&&holds| holds).count()),
        }
    };
    let below = |p: Option<f64>| p.map(|p| p < LEVEL);
    let all = findings.len();
    let found: Vec<f64> = findings.iter().filter_map(|one| one.difference).collect();
    let mean = match found.len() {
        0 => "-".to_owned(),
        known => {
            let undefined =
                if known < all { format!(" (in {known} of them)") } else { String::new() };
            format!("{:+.4}{undefined}", found.iter().sum::<f64>() / known as f64)
        }
    };
    let rows = findings.iter().map(|one| {
        let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
        let yes = |value: Option<bool>| {
            value.map_or_else(String::new, |value| u8::from(value).to_string())
        };
        format!(
            "{},{},{},{},{},{},{}\n",
            number(one.difference),
            yes(one.covers),
            yes(one.multi_covers),
            number(one.p),
            number(one.paper_p),
            yes(one.welch_covers),
            number(one.welch_p)
        )
    });
    let csv: String = std::iter::once(
        "difference,bootstrap_interval_holds_truth,multi_reader_interval_holds_truth,multi_reader_p,paper_z_test_p,welch_interval_holds_truth,welch_p\n".to_owned(),
    )
    .chain(rows)
    .collect();
    write(&args.out, "studies.csv", &csv)?;
    let found = if staged.study.design.kind == DesignKind::Parallel {
        format!(
            "significant at {LEVEL} (Welch's t, readers as the unit, drawn anew for each study): {}\n\
             95 % intervals that hold the gain: {}\n",
            share(&|one| below(one.welch_p)),
            share(&|one| one.welch_covers)
        )
    } else {
        format!(
            "significant at {LEVEL} (multi-reader, readers and patients as samples): {}\n\
             significant by the paper's z test (unsound): {}\n\
             95 % intervals that hold the gain: bootstrap of patients {}, multi-reader {}\n",
            share(&|one| below(one.p)),
            share(&|one| below(one.paper_p)),
            share(&|one| one.covers),
            share(&|one| one.multi_covers)
        )
    };
    print(&format!(
        "{all} simulated studies of {} readers and {} cases (simulated: says nothing about people)\n\
         gain that was put in: {truth:+.4}; mean found: {mean}\n\
         {found}\
         written to {}\n",
        staged.study.readers.len(),
        staged.cases.len(),
        args.out.join("studies.csv").display()
    ))
}
