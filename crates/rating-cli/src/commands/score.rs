//! `rating score`: pairs to grades with a bundle.

use std::path::Path;

use rating::manifest::Row;
use rating::preprocess::coloured_share;
use rating::protocol::Colour;
use rating::scores::{Method, PairScore, Probability, decide, probabilities_csv, scores_csv};
use rating::{Grade, Origin, Pair, Problem, Protocol};
use rating_frozen::{CpuScorer, Inputs, Scorer};
use serde_json::{Map, Value, json};

use crate::args::ScoreArgs;
use crate::commands::pairs::{self, BarControl, Source, open, resources};
use crate::data::{LoadedPair, ManifestFile};
use crate::failure::Failure;
use crate::{commands, files, stop};

/// A pair on its way to its grades: what is known of it, and what networks see.
pub type Waiting = (About, Inputs);

/// What is known of a pair before it is scored.
pub struct About {
    pair_id: String,
    origin: Origin,
    coloured_share: Option<f64>,
}

/// The scores of all pairs, with the answers of each network.
#[derive(Default)]
pub struct Scored {
    /// In the order of the pairs.
    pub scores: Vec<PairScore>,
    /// The same pairs.
    pub probabilities: Vec<(String, Vec<Probability>)>,
}

pub fn run(args: &ScoreArgs) -> Result<(), Failure> {
    stop::listen(|| ())?;
    let scorer = open(&args.bundle, resources(args.threads, &args.memory)?)?;
    let protocol = scorer.identity().protocol.clone();
    let waiting = match Source::asked(&args.pairs, &protocol)? {
        Source::Manifest(file) => from_manifest(&file, args.pairs.cohort.as_deref(), &scorer)?,
        Source::One(pair) => vec![prepare(&pair, Origin::Clinical, &scorer)?],
    };
    let scored = score(&scorer, waiting)?;
    if let Some(out) = &args.out {
        write(&protocol, &scored, out)?;
    }
    if args.json {
        return commands::print_json(&answers(&protocol, &scored));
    }
    match (&args.pairs.manifest, &args.out) {
        (Some(manifest), Some(out)) => commands::print(&format!(
            "{} pairs scored by bundle {:.12}\nnext: rating evaluate --scores {} --probabilities {} --manifest {} --out REPORT\n",
            scored.scores.len(),
            scorer.identity().bundle,
            out.join("scores.csv").display(),
            out.join("probabilities.csv").display(),
            manifest.display()
        )),
        (Some(_), None) => commands::print(&scores_csv(&protocol, &scored.scores)),
        (None, _) => {
            let text: String = scored.scores.iter().map(|score| words(&protocol, score)).collect();
            commands::print(&text)
        }
    }
}

/// The pairs of a manifest, or of one of its cohorts, ready to be scored.
pub fn from_manifest(
    file: &ManifestFile,
    cohort: Option<&str>,
    scorer: &CpuScorer,
) -> Result<Vec<Waiting>, Failure> {
    let protocol = &scorer.identity().protocol;
    let keep = |row: &Row, loaded: &LoadedPair| prepare(&loaded.pair, row.origin, scorer);
    let waiting = pairs::load(file, cohort, protocol, keep)?;
    Ok(waiting.into_iter().map(|(_, waiting)| waiting).collect::<Result<_, _>>()?)
}

/// What is kept of a pair until it is scored.
fn prepare(pair: &Pair, origin: Origin, scorer: &CpuScorer) -> Result<Waiting, Problem> {
    let info = scorer.bundle().info();
    let doppler = info
        .protocol
        .modalities()
        .iter()
        .zip(pair.views())
        .find(|(modality, _)| modality.colour == Colour::DopplerMask);
    let about = About {
        pair_id: pair.id().to_owned(),
        origin,
        coloured_share: doppler.map(|(_, view)| coloured_share(view, info.preprocess.mask.floor)),
    };
    Ok((about, scorer.prepare(pair)?))
}

/// Asks all networks about all pairs.
pub fn score(scorer: &CpuScorer, waiting: Vec<Waiting>) -> Result<Scored, Failure> {
    let networks = scorer.bundle().info().networks.len();
    let control = BarControl::new("asking networks", networks * waiting.len());
    let (pairs, inputs): (Vec<About>, Vec<Inputs>) = waiting.into_iter().unzip();
    let answers = scorer.score_inputs(&inputs, &|_| true, &control)?;
    control.finish();

    let identity = scorer.identity();
    let mut scored = Scored { scores: Vec::new(), probabilities: Vec::new() };
    for (pair, answers) in pairs.into_iter().zip(answers) {
        scored.scores.push(PairScore {
            pair_id: pair.pair_id.clone(),
            decision: decide(&identity.protocol, &answers, Method::Multitude)?,
            coloured_share: pair.coloured_share,
            networks_used: answers.len(),
            origin: pair.origin.with(identity.origin),
            bundle: identity.bundle.clone(),
        });
        scored.probabilities.push((pair.pair_id, answers));
    }
    Ok(scored)
}

/// Writes `scores.csv` and `probabilities.csv`.
pub fn write(protocol: &Protocol, scored: &Scored, out: &Path) -> Result<(), Failure> {
    files::make_folder(out)?;
    let answers =
        scored.probabilities.iter().map(|(pair, answers)| (pair.as_str(), answers.as_slice()));
    files::write(&out.join("probabilities.csv"), probabilities_csv(answers).as_bytes())?;
    files::write(&out.join("scores.csv"), scores_csv(protocol, &scored.scores).as_bytes())
}

/// All answers as JSON.
fn answers(protocol: &Protocol, scored: &Scored) -> Value {
    let pairs: Vec<Value> = scored.scores.iter().map(|score| answer(protocol, score)).collect();
    json!({
        "schema": "rating.scores/1",
        "origin": scored.scores.iter().map(|score| score.origin).max(),
        "research_use_only": true,
        "bundle": scored.scores.first().map(|score| score.bundle.as_str()),
        "pairs": pairs,
    })
}

fn answer(protocol: &Protocol, score: &PairScore) -> Value {
    let decision = &score.decision;
    let of_measurements = |value: &dyn Fn(usize) -> Value| -> Value {
        let measurements = protocol.measurements().iter().enumerate();
        let entries =
            measurements.map(|(position, measurement)| (measurement.name.clone(), value(position)));
        Value::Object(entries.collect::<Map<String, Value>>())
    };
    json!({
        "pair_id": score.pair_id,
        "grades": of_measurements(&|position| json!(decision.grades[position])),
        "combined": decision.combined,
        "weight": decision.weight.to_string().parse::<u64>().ok(),
        "conflict": decision.conflict,
        "votes": of_measurements(&|position| json!(decision.votes[position])),
        "probabilities": of_measurements(&|position| json!(decision.mean_probabilities[position])),
        "coloured_share": score.coloured_share,
        "networks_used": score.networks_used,
        "origin": score.origin,
    })
}

/// One pair's answer for people.
fn words(protocol: &Protocol, score: &PairScore) -> String {
    let decision = &score.decision;
    let mut text = String::new();
    if decision.conflict {
        text += &format!("no grade: the models contradict {}\n", protocol.title());
    }
    for (position, measurement) in protocol.measurements().iter().enumerate() {
        let grade = decision.grades[position];
        let shown = if decision.conflict { "-".to_owned() } else { grade.to_string() };
        let votes: Vec<String> = decision.votes[position].iter().map(Grade::to_string).collect();
        let chances: Vec<String> = decision.mean_probabilities[position]
            .iter()
            .enumerate()
            .map(|(above, p)| format!("> {above}: {p:.2}"))
            .collect();
        let meaning = match measurement.sentences.get(usize::from(grade)) {
            Some(sentence) if !decision.conflict => format!("  ({sentence})"),
            _ => String::new(),
        };
        text += &format!(
            "{:22} {shown}   votes {}   {}{meaning}\n",
            measurement.name.replace('_', " "),
            votes.join(" "),
            chances.join("  ")
        );
    }
    if let (Some(combined), false) = (decision.combined, decision.conflict) {
        text += &format!("{:22} {combined}\n", "combined");
    }
    if let Some(share) = score.coloured_share {
        text += &format!(
            "coloured share of the ROI box (a quality figure, not a grade): {:.1} %\n",
            100.0 * share
        );
    }
    text += &format!(
        "origin: {}; bundle {:.12}; research use only, not for diagnosis\n",
        score.origin, score.bundle
    );
    text
}
