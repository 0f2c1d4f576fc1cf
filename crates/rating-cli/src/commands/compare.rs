//! `rating compare`: score files of the same pairs beside each other.

mod named;
mod table;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rating::evaluate::comparison::{Comparison, Part, Scored, compare_scores};
use rating::words::{counted, word};
use rating::{Problem, Seed};
use rating_report::{Fact, comparison_page};
use serde::Serialize;

use crate::args::CompareArgs;
use crate::failure::Failure;
use crate::{commands, data, files};

/// The comparison with the seed of its intervals.
#[derive(Serialize)]
struct Written<'a> {
    #[serde(flatten)]
    comparison: &'a Comparison,
    seed: u64,
}

pub fn run(args: &CompareArgs) -> Result<(), Failure> {
    let asked = named::all(&args.scores)?;
    let protocol = files::protocol(&args.protocol)?;
    let references = data::read_references(&args.manifest, &protocol)?;
    let places = references.places();
    let mut read = Vec::new();
    for asked in &asked {
        read.push(asked.read(&protocol, &places)?);
    }
    drop(places);
    let scored: Vec<Scored<'_>> = asked
        .iter()
        .zip(&read)
        .map(|(asked, scores)| Scored { name: &asked.name, scores })
        .collect();
    let mut rng = ChaCha8Rng::from_seed(Seed::new(args.seed).child("bootstrap").bytes());
    let comparison = compare_scores(&protocol, &references, &scored, args.samples, &mut rng)
        .map_err(|problem: Problem| problem.in_file(args.manifest.display().to_string()))?;

    files::make_folder(&args.out)?;
    let written = Written { comparison: &comparison, seed: args.seed };
    let json =
        serde_json::to_string_pretty(&written).map_err(|error| Failure::Bug(error.to_string()))?;
    files::write(&args.out.join("comparison.csv"), &table::csv(&comparison)?)?;
    files::write(&args.out.join("comparison.json"), (json + "\n").as_bytes())?;
    let page = comparison_page(&comparison, &facts(args, &asked));
    files::write(&args.out.join("comparison.html"), page.as_bytes())?;
    if args.json {
        return commands::print_json(&written);
    }
    commands::print(&words(&comparison))?;
    commands::print(&format!("written to {}\n", args.out.display()))
}

fn facts(args: &CompareArgs, asked: &[named::Named]) -> Vec<Fact> {
    let mut facts: Vec<Fact> = asked
        .iter()
        .map(|asked| Fact::new(format!("Scores {}", asked.name), asked.path.display().to_string()))
        .collect();
    facts.extend([
        Fact::new("Manifest", args.manifest.display().to_string()),
        Fact::new("Seed", args.seed.to_string()),
        Fact::new("Bootstrap samples", args.samples.to_string()),
        Fact::new("Version", env!("CARGO_PKG_VERSION")),
    ]);
    facts
}

/// Exact agreement as text: a line for each measurement and file.
fn words(comparison: &Comparison) -> String {
    let mut text = commands::warning(Some(comparison.origin));
    for file in &comparison.files {
        if file.left_out > 0 {
            let names = file.first_left_out.join(", ");
            let left_out = file.left_out;
            text += &format!(
                "{}: {} that not every file scores {} left out ({names}{})\n",
                file.name,
                counted(left_out, "pair", "pairs"),
                word(left_out, "is", "are"),
                if left_out > file.first_left_out.len() { ", ..." } else { "" }
            );
        }
    }
    let cohorts = comparison.cohorts.iter().map(|(name, part)| (name.as_str(), part));
    let together = comparison.together.iter().map(|part| (table::TOGETHER, part));
    let mut parts: Vec<(&str, &Part)> = cohorts.chain(together).collect();
    parts.sort_by_key(|(_, part)| part.role.is_training());
    for (name, part) in parts {
        text += &format!("{name}: {}\n", counted(part.pairs, "pair", "pairs"));
        text += commands::learned_from(part.role);
        text += &accuracies(comparison, part);
    }
    text
}

fn accuracies(comparison: &Comparison, part: &Part) -> String {
    let number = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.3}"));
    let corrected = match comparison.is_apart(part) {
        true => "corrected for the tests of these pairs".to_owned(),
        false => format!("corrected for {} tests", comparison.tests),
    };
    let mut text = String::new();
    for (measurement, quantity) in &part.measurements {
        let Some(accuracy) = quantity.figures.get("accuracy") else { continue };
        for (position, (file, figure)) in comparison.files.iter().zip(&accuracy.files).enumerate() {
            text += &format!(
                "  {:22} {:16} accuracy {}",
                measurement.replace('_', " "),
                file.name,
                number(figure.value)
            );
            let difference =
                position.checked_sub(1).and_then(|other| accuracy.differences.get(other));
            if let Some(difference) = difference {
                let interval = difference.figure.interval;
                let interval = interval.map_or(String::new(), |interval| {
                    format!(" [{:+.3}, {:+.3}]", interval.low, interval.high)
                });
                let signed = difference.figure.value.map(|value| format!("{value:+.3}"));
                let test = difference.test.as_ref();
                text += &format!(
                    "  difference {}{interval}  McNemar p {}, {} {corrected}",
                    signed.unwrap_or("-".to_owned()),
                    p_value(test.and_then(|test| test.p)),
                    p_value(test.and_then(|test| test.p_holm)),
                );
            }
            text.push('\n');
        }
    }
    text
}

fn p_value(p: Option<f64>) -> String {
    match p {
        None => "-".to_owned(),
        Some(p) if p < 0.001 => "<0.001".to_owned(),
        Some(p) => format!("{p:.3}"),
    }
}
