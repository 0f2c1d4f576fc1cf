//! `rating evaluate`: scores against reference grades.

mod documents;
mod examples;

use std::collections::BTreeSet;
use std::path::Path;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rating::evaluate::tables::tables;
use rating::evaluate::{Cohort, Evaluation, Study, evaluate};
use rating::scores::{PairScore, Probability, parse_probabilities, parse_some_scores};
use rating::words::{counted, word};
use rating::{Protocol, Seed};
use rating_frozen::{CpuScorer, Resources};
use rating_report::evaluation_page_with;

use documents::Report;
use examples::{Examples, Source};

use crate::args::EvaluateArgs;
use crate::data::ManifestFile;
use crate::failure::Failure;
use crate::stderr::say;
use crate::{commands, data, files};

pub fn run(args: &EvaluateArgs) -> Result<(), Failure> {
    let protocol = files::protocol(&args.protocol)?;
    if let Some(bundle) = &args.bundle {
        commands::pairs::open_bundle(bundle)?;
    }
    let evaluation = evaluated(args, &protocol)?;
    warn(&evaluation);
    // Of a million pairs the page shows a handful: only those are read in full.
    let named: BTreeSet<&str> = examples::named(&evaluation).into_iter().collect();
    let wanted = |pair: &str| named.contains(pair);
    let file = ManifestFile::read_some(&args.manifest, &protocol, wanted)?;
    let scores = parse_some_scores(&files::read(&args.scores)?, &protocol, wanted)
        .map_err(|problem| problem.in_file(args.scores.display().to_string()))?;

    write(args, &protocol, &file, &scores, &evaluation)?;
    if args.json {
        return commands::print_json(&Report::new(&evaluation));
    }
    commands::print(&table(&evaluation))?;
    commands::print(&format!("written to {}\n", args.out.display()))
}

/// What is to be known before any figure is read.
fn warn(evaluation: &Evaluation) {
    if let Some(without) = &evaluation.without_probabilities {
        let first = word(without.pairs, "it is", "the first is");
        say(format_args!(
            "warning: of {} the probabilities of single networks are not at hand ({first} {})",
            counted(without.pairs, "scored pair", "scored pairs"),
            without.first
        ));
    }
}

/// The figures, from tables that are gone when they are computed.
fn evaluated(args: &EvaluateArgs, protocol: &Protocol) -> Result<Evaluation, Failure> {
    let references = data::read_references(&args.manifest, protocol)?;
    let scores = data::read_scores(&args.scores, protocol, &references.places())?;
    let patients = data::patients_beside(&args.manifest)?;
    let study = Study {
        patients: patients.as_ref(),
        probabilities: &probabilities(args.probabilities.as_deref(), protocol)?,
        validation: &probabilities(args.validation.as_deref(), protocol)?,
        ..Study::new(&references, &scores)
    };
    for (path, checked) in [
        (&args.probabilities, study.check_probabilities(protocol)),
        (&args.validation, study.check_validation(protocol)),
    ] {
        let name = path.as_ref().map_or_else(String::new, |path| path.display().to_string());
        checked.map_err(|problem| problem.in_file(name))?;
    }
    let mut rng = ChaCha8Rng::from_seed(Seed::new(args.seed).child("bootstrap").bytes());
    let evaluation = evaluate(protocol, &study, args.samples, &mut rng)
        .map_err(|problem| problem.in_file(args.manifest.display().to_string()))?;
    Ok(Evaluation { bootstrap_seed: Some(args.seed), ..evaluation })
}

/// A file of probabilities, each pair's; none without a file.
fn probabilities(
    path: Option<&Path>,
    protocol: &Protocol,
) -> Result<Vec<(String, Vec<Probability>)>, Failure> {
    let Some(path) = path else { return Ok(Vec::new()) };
    let parsed = parse_probabilities(&files::read(path)?, protocol);
    Ok(parsed.map_err(|problem| problem.in_file(path.display().to_string()))?)
}

/// The figures as JSON and CSV, the page, the model card and the datasheet.
fn write(
    args: &EvaluateArgs,
    protocol: &Protocol,
    file: &ManifestFile,
    scores: &[PairScore],
    evaluation: &Evaluation,
) -> Result<(), Failure> {
    let scorer = match &args.bundle {
        None => None,
        Some(folder) => {
            let bundle = documents::open_bundle(folder, evaluation)?;
            Some(CpuScorer::new(bundle, Resources::default())?)
        }
    };
    let (scorer, most_pictures) = (scorer.as_ref(), args.pictures);
    let source = Source { protocol, file, scores, scorer, most_pictures };
    let examples = Examples::of(evaluation, &source)?;

    files::make_folder(&args.out)?;
    for table in tables(evaluation) {
        files::write(&args.out.join(table.name), table.csv.as_bytes())?;
    }
    let json = serde_json::to_string_pretty(&Report::new(evaluation))
        .map_err(|error| Failure::Bug(error.to_string()))?;
    files::write(&args.out.join("evaluation.json"), (json + "\n").as_bytes())?;
    let page = evaluation_page_with(evaluation, Some(&examples.on_page(protocol)));
    files::write(&args.out.join("evaluation.html"), page.as_bytes())?;
    documents::write(&args.out, evaluation, protocol, &args.manifest, scorer.map(CpuScorer::bundle))
}

/// The main figures as text: a line for each cohort and measurement.
pub fn table(evaluation: &Evaluation) -> String {
    let figure =
        |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"));
    let mut text = format!("origin: {}; research use only, not for diagnosis\n", evaluation.origin);
    let mut cohorts: Vec<(&String, &Cohort)> = evaluation.cohorts.iter().collect();
    cohorts.sort_by_key(|(_, cohort)| cohort.role.is_training());
    for (name, cohort) in cohorts {
        let patients = cohort.patients.map_or_else(
            || "unknown patients".to_owned(),
            |patients| counted(patients, "patient", "patients"),
        );
        text += &format!(
            "{name}: {}, {patients}, {}\n",
            evaluated_of(cohort),
            counted(cohort.conflicts, "conflict", "conflicts")
        );
        text += commands::learned_from(cohort.role);
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

/// How many of the cohort's pairs the figures are about.
fn evaluated_of(cohort: &Cohort) -> String {
    let all = counted(cohort.pairs, "pair", "pairs");
    match cohort.left_out.len() {
        0 => all,
        left_out => format!("{} of {all} evaluated", cohort.pairs - left_out),
    }
}
