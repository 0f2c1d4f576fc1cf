//! `rating explain`: what the images contributed to the networks' decision.

mod answer;
mod audit;
mod output;

use std::time::Instant;

use rating::heatmap::caption;
use rating::manifest::Row;
use rating::words::{counted, word};
use rating::{Origin, Pair, Protocol};
use rating_frozen::Scorer;
use rating_frozen::explain::{How, Mode, Variant};
use serde_json::json;

use answer::{Answer, SCHEMA};

use crate::args::{ExplainArgs, ExplainMode, ExplainVariant};
use crate::commands::pairs::{self, BarControl, Source, check_memory, open, resources};
use crate::data::{LoadedPair, ManifestFile};
use crate::failure::Failure;
use crate::stderr::say;
use crate::{commands, files, stop};

pub fn run(args: &ExplainArgs) -> Result<(), Failure> {
    stop::listen(|| ())?;
    let scorer = open(&args.bundle, resources(args.threads, &args.memory)?)?;
    check_memory(&args.memory, scorer.least_memory_to_explain())?;
    let protocol = scorer.identity().protocol.clone();
    let networks = scorer.deciding_networks().map_err(Failure::Bundle)?.len();
    let source = Source::asked(&args.pairs, &protocol)?;
    if args.audit {
        let Source::Manifest(file) = &source else {
            return Err(Failure::Usage("--audit needs --manifest".to_owned()));
        };
        files::make_folder(&args.out)?;
        return audit::run(args, file, &scorer, how(args));
    }
    let pairs = Pairs::new(&source, args.pairs.cohort.as_deref(), &protocol)?;
    files::make_folder(&args.out)?;

    let how = how(args);
    let copies = networks * how.recipe().copies;
    let control = BarControl::new("following gradients", copies * pairs.len());
    let mut answers = Vec::new();
    for number in 0..pairs.len() {
        control.continue_from(number * copies);
        let (pair, origin) = pairs.get(number, &protocol)?;
        let start = Instant::now();
        let explanation = scorer.explain(&pair, &how, &control);
        let explanation = explanation.inspect_err(|_| {
            control.finish();
            let (all, out) = (counted(pairs.len(), "pair", "pairs"), args.out.display());
            say(format_args!("{number} of {all} {} finished in {out}", word(number, "is", "are")));
        })?;
        let seconds = start.elapsed().as_secs_f64();
        let answer = Answer::new(&pair, origin, &explanation, &scorer, how, seconds);
        output::write(&args.out, &pair, &explanation, &answer, args.per_network)?;
        answers.push(answer);
    }
    control.finish();
    if args.json {
        return commands::print_json(&json!({
            "schema": SCHEMA,
            "origin": answers.iter().map(|answer| answer.origin).max(),
            "research_use_only": true,
            "bundle": scorer.identity().bundle,
            "pairs": answers,
        }));
    }
    let shown = caption(&protocol).unwrap_or_default();
    let origin = answers.iter().map(|answer| answer.origin).max();
    commands::print(&format!(
        "{} explained; look at {}\n{shown}\n{}",
        counted(answers.len(), "pair", "pairs"),
        args.out.join("PAIR.html").display(),
        commands::warning(origin)
    ))
}

fn how(args: &ExplainArgs) -> How {
    let mode = match args.mode {
        ExplainMode::Exact => Mode::Exact,
        ExplainMode::Fast => Mode::Fast,
    };
    let variant = match args.variant {
        ExplainVariant::Paper => Variant::Paper,
        ExplainVariant::Authors => Variant::Authors,
    };
    How { mode, variant, seed: args.seed }
}

/// The pairs to be explained; images are decoded again when their turn comes.
pub enum Pairs<'s> {
    Rows { file: &'s ManifestFile, positions: Vec<usize> },
    One(&'s Pair),
}

impl<'s> Pairs<'s> {
    /// The pairs of a source, every image of which can be decoded.
    pub fn new(
        source: &'s Source,
        cohort: Option<&str>,
        protocol: &Protocol,
    ) -> Result<Pairs<'s>, Failure> {
        Ok(match source {
            Source::One(pair) => Pairs::One(pair),
            Source::Manifest(file) => {
                let keep = |_: &Row, _: &LoadedPair| ();
                let loaded = pairs::load(file, cohort, protocol, keep)?;
                Pairs::Rows { file, positions: loaded.into_iter().map(|(at, ())| at).collect() }
            }
        })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Pairs::Rows { positions, .. } => positions.len(),
            Pairs::One(_) => 1,
        }
    }

    /// One of them, decoded, and where it comes from.
    pub fn get(&self, number: usize, protocol: &Protocol) -> Result<(Pair, Origin), Failure> {
        match self {
            Pairs::One(pair) => Ok(((*pair).clone(), Origin::Clinical)),
            Pairs::Rows { file, positions } => {
                let position = positions[number];
                let loaded = file.load(position, protocol)?;
                Ok((loaded.pair, file.manifest.rows[position].origin))
            }
        }
    }
}
