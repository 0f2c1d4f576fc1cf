//! `rating evaluate`: scores against reference grades.

use std::path::PathBuf;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rating::evaluate::tables::tables;
use rating::evaluate::{Evaluation, Study, evaluate};
use rating::scores::{parse_probabilities, parse_scores};
use rating::{Problem, Seed};

use crate::args::EvaluateArgs;
use crate::data::ManifestFile;
use crate::failure::Failure;
use crate::{commands, files};

pub fn run(args: &EvaluateArgs) -> Result<(), Failure> {
    let protocol = files::protocol(&args.protocol)?;
    let file = ManifestFile::read(&args.manifest, &protocol)?;
    let in_scores = |problem: Problem| problem.in_file(args.scores.display().to_string());
    let scores = parse_scores(&files::read(&args.scores)?, &protocol).map_err(in_scores)?;
    let read_probabilities = |path: &Option<PathBuf>| match path {
        None => Ok(Vec::new()),
        Some(path) => parse_probabilities(&files::read(path)?, &protocol)
            .map_err(|problem| problem.in_file(path.display().to_string())),
    };
    let probabilities = read_probabilities(&args.probabilities)?;
    let validation = read_probabilities(&args.validation)?;
    let patients = file.patients()?;
    let study = Study {
        rows: &file.manifest.rows,
        patients: patients.as_ref(),
        scores: &scores,
        probabilities: &probabilities,
        validation: &validation,
    };
    let mut rng = ChaCha8Rng::from_seed(Seed::new(args.seed).child("bootstrap").bytes());
    let mut evaluation = evaluate(&protocol, &study, args.samples, &mut rng).map_err(in_scores)?;
    evaluation.bootstrap_seed = Some(args.seed);

    files::make_folder(&args.out)?;
    for table in tables(&evaluation) {
        files::write(&args.out.join(table.name), table.csv.as_bytes())?;
    }
    let json = serde_json::to_string_pretty(&evaluation)
        .map_err(|error| Failure::Bug(error.to_string()))?;
    files::write(&args.out.join("evaluation.json"), (json + "\n").as_bytes())?;
    let page = rating_report::evaluation_page(&evaluation);
    files::write(&args.out.join("evaluation.html"), page.as_bytes())?;
    if args.json {
        return commands::print_json(&evaluation);
    }
    commands::print(&table(&evaluation))?;
    commands::print(&format!("written to {}\n", args.out.display()))
}

/// The main figures as text: a line for each cohort and measurement.
pub fn table(evaluation: &Evaluation) -> String {
    let figure =
        |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"));
    let mut text = format!("origin: {}; research use only, not for diagnosis\n", evaluation.origin);
    for (name, cohort) in &evaluation.cohorts {
        let patients =
            cohort.patients.map_or_else(|| "unknown".to_owned(), |patients| patients.to_string());
        text += &format!(
            "{name}: {} pairs, {patients} patients, {} conflicts\n",
            cohort.pairs, cohort.conflicts
        );
        for (measurement, figures) in &cohort.measurements {
            let interval = |key: &str| match figures.intervals.get(key) {
                Some(Some(interval)) => format!(" [{:.3}, {:.3}]", interval.low, interval.high),
                _ => String::new(),
            };
            let majority = figures.majority.as_ref().and_then(|majority| majority.accuracy);
            text += &format!(
                "  {:22} accuracy {}{}  linear kappa {}{}  within one {}  majority vote {}\n",
                measurement.replace('_', " "),
                figure(figures.accuracy),
                interval("accuracy"),
                figure(figures.kappa_linear),
                interval("kappa_linear"),
                figure(figures.close_agreement),
                figure(majority),
            );
        }
    }
    text
}
