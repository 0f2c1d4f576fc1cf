//! `rating score`: pairs to grades with a bundle.

use std::path::Path;

use rating::manifest::Row;
use rating::network::NetworkId;
use rating::preprocess::coloured_share;
use rating::protocol::Colour;
use rating::scores::{
    Decision, Method, PairScore, Probability, decide, decide_early, is_decided, probabilities_csv,
    scores_csv,
};
use rating::words::counted;
use rating::{Origin, Pair, Problem, Protocol};
use rating_frozen::{Bundle, Inputs};
use serde_json::{Map, Value, json};

use crate::args::ScoreArgs;
use crate::commands::engine::{Asking, Engine};
use crate::commands::pairs::{self, BarControl, Source, check_memory, resources};
use crate::data::{LoadedPair, ManifestFile};
use crate::failure::Failure;
use crate::stderr::say;
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
    let asking = if args.lazy { Asking::UntilDecided } else { Asking::All };
    let resources = resources(args.threads, &args.memory)?;
    let engine = Engine::open(&args.bundle, &args.device, asking, resources)?;
    check_memory(&args.memory, engine.least_memory())?;
    let bundle = engine.bundle();
    let protocol = bundle.identity().protocol.clone();
    let waiting = match Source::asked(&args.pairs, &protocol)? {
        Source::Manifest(file) => from_manifest(&file, args.pairs.cohort.as_deref(), bundle)?,
        Source::One(pair) => vec![prepare(&pair, Origin::Clinical, bundle)?],
    };
    let scored = score(&engine, waiting, asking)?;
    let effort = match asking {
        Asking::All => String::new(),
        Asking::UntilDecided => effort(&scored, bundle.info().networks.len()),
    };
    if let Some(out) = &args.out {
        write(&protocol, &scored, out)?;
    }
    if args.json {
        return commands::print_json(&answers(&protocol, &scored));
    }
    let origin = scored.scores.iter().map(|score| score.origin).max();
    match (&args.pairs.manifest, &args.out) {
        (Some(manifest), Some(out)) => commands::print(&format!(
            "{} scored by bundle {:.12}\n{effort}{}next: rating evaluate --scores {} --probabilities {} --manifest {} --out REPORT\n",
            counted(scored.scores.len(), "pair", "pairs"),
            bundle.identity().bundle,
            commands::warning(origin),
            out.join("scores.csv").display(),
            out.join("probabilities.csv").display(),
            manifest.display()
        )),
        (Some(_), None) => {
            say(format_args!("{effort}{}", commands::warning(origin).trim_end()));
            commands::print(&scores_csv(&protocol, &scored.scores))
        }
        (None, _) => {
            let text: String = scored.scores.iter().map(|score| words(&protocol, score)).collect();
            commands::print(&(text + &effort))
        }
    }
}

/// The pairs of a manifest, or of one of its cohorts, ready to be scored.
pub fn from_manifest(
    file: &ManifestFile,
    cohort: Option<&str>,
    bundle: &Bundle,
) -> Result<Vec<Waiting>, Failure> {
    let protocol = &bundle.identity().protocol;
    let keep = |row: &Row, loaded: &LoadedPair| prepare(&loaded.pair, row.origin, bundle);
    let waiting = pairs::load(file, cohort, protocol, keep)?;
    Ok(waiting.into_iter().map(|(_, waiting)| waiting).collect::<Result<_, _>>()?)
}

/// What is kept of a pair until it is scored.
fn prepare(pair: &Pair, origin: Origin, bundle: &Bundle) -> Result<Waiting, Problem> {
    let info = bundle.info();
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
    Ok((about, Inputs::new(pair, &info.protocol, &info.preprocess)?))
}

/// Asks networks about all pairs.
pub fn score(engine: &Engine, waiting: Vec<Waiting>, asking: Asking) -> Result<Scored, Failure> {
    let (info, identity) = (engine.bundle().info(), engine.bundle().identity());
    let control = BarControl::new("asking networks", info.networks.len() * waiting.len());
    let (pairs, inputs): (Vec<About>, Vec<Inputs>) = waiting.into_iter().unzip();
    let protocol = &identity.protocol;
    let networks: Vec<NetworkId> = info.networks.iter().map(|network| network.id.clone()).collect();
    let is_decided = |answers: &[Probability]| is_decided(protocol, &networks, answers);
    let answers = engine.answers(&inputs, asking, &is_decided, &control)?;
    control.finish();

    let decision = |answers: &[Probability]| -> Result<Decision, Problem> {
        let early = match asking {
            Asking::All => None,
            Asking::UntilDecided => decide_early(protocol, &networks, answers)?,
        };
        early.map_or_else(|| decide(protocol, answers, Method::Multitude), Ok)
    };
    let mut scored = Scored { scores: Vec::new(), probabilities: Vec::new() };
    for (pair, answers) in pairs.into_iter().zip(answers) {
        scored.scores.push(PairScore {
            pair_id: pair.pair_id.clone(),
            decision: decision(&answers)?,
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
        "weight": decision.weight.and_then(|weight| u64::try_from(weight).ok()),
        "conflict": decision.conflict,
        "votes": of_measurements(&|position| json!(decision.votes[position])),
        "probabilities": of_measurements(&|position| json!(decision.mean_probabilities[position])),
        "coloured_share": score.coloured_share,
        "networks_used": score.networks_used,
        "origin": score.origin,
    })
}

/// How many networks were needed, for people.
fn effort(scored: &Scored, networks: usize) -> String {
    let asked: usize = scored.scores.iter().map(|score| score.networks_used).sum();
    match scored.scores.len() {
        0 => String::new(),
        1 => format!("networks asked: {asked} of {networks}\n"),
        pairs => {
            format!("networks asked: {:.1} of {networks} on average\n", asked as f64 / pairs as f64)
        }
    }
}

/// What is not known is shown as a dash.
fn or_dash(shown: Option<String>) -> String {
    shown.unwrap_or_else(|| "-".to_owned())
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
        let votes: Vec<String> = decision.votes[position]
            .iter()
            .map(|vote| or_dash(vote.map(|vote| vote.to_string())))
            .collect();
        let chances: Vec<String> = decision.mean_probabilities[position]
            .iter()
            .enumerate()
            .map(|(above, p)| format!("> {above}: {}", or_dash(p.map(|p| format!("{p:.2}")))))
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
