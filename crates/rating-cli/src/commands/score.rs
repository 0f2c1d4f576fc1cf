//! `rating score`: pairs to grades with a bundle.

use std::collections::BTreeMap;
use std::path::Path;

use rating::preprocess::coloured_share;
use rating::protocol::Colour;
use rating::scores::{Method, PairScore, Probability, decide, probabilities_csv, scores_csv};
use rating::{Grade, Origin, Pair, Problem, Protocol, Roi, View};
use rating_frozen::bundle::{Bundle, BundleError};
use rating_frozen::{Control, CpuScorer, Inputs, Resources, ScoreError, Scorer};
use serde_json::{Map, Value, json};

use crate::args::ScoreArgs;
use crate::data::{ManifestFile, load_image};
use crate::failure::Failure;
use crate::progress::Bar;
use crate::{commands, files, stop};

impl From<BundleError> for Failure {
    fn from(error: BundleError) -> Failure {
        match error {
            BundleError::Refused(problem) => Failure::Bundle(problem),
            BundleError::CannotWrite(problem) => Failure::CannotWrite(problem),
        }
    }
}

impl From<ScoreError> for Failure {
    fn from(error: ScoreError) -> Failure {
        match error {
            ScoreError::Cancelled => Failure::Interrupted,
            ScoreError::Bundle(error) => error.into(),
            ScoreError::Pair(problem) => problem.into(),
            ScoreError::Machine(what) => Failure::Bug(what),
        }
    }
}

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
    let resources =
        Resources { threads: args.threads.unwrap_or(0), memory: parse_memory(&args.memory)? };
    let scorer = open(&args.bundle, resources)?;
    let protocol = scorer.identity().protocol.clone();
    let waiting = match &args.manifest {
        Some(manifest) => {
            let file = read_manifest(manifest, &protocol)?;
            from_manifest(&file, args.cohort.as_deref(), &scorer)?
        }
        None => vec![single(args, &scorer)?],
    };
    let scored = score(&scorer, waiting)?;
    if let Some(out) = &args.out {
        write(&protocol, &scored, out)?;
    }
    if args.json {
        return commands::print_json(&answers(&protocol, &scored));
    }
    match (&args.manifest, &args.out) {
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

/// A scorer on this machine's processor.
pub fn open(bundle: &Path, resources: Resources) -> Result<CpuScorer, Failure> {
    Ok(CpuScorer::new(Bundle::open(bundle)?, resources)?)
}

/// Reads a manifest of the bundle's protocol. One of another protocol means
/// that the bundle is the wrong one.
fn read_manifest(path: &Path, protocol: &Protocol) -> Result<ManifestFile, Failure> {
    let failure = match ManifestFile::read(path, protocol) {
        Ok(file) => return Ok(file),
        Err(failure) => failure,
    };
    let Failure::Input(problems) = &failure else { return Err(failure) };
    let lacks_modality = problems.iter().any(|problem| {
        let column = problem.column.as_deref();
        problem.row == Some(1)
            && protocol.modalities().iter().any(|modality| column == Some(modality.name.as_str()))
    });
    if lacks_modality || ManifestFile::read(path, &Protocol::eoss()).is_ok() {
        let problem = Problem::new(format!(
            "not a manifest of protocol {}, which the bundle grades",
            protocol.name()
        ))
        .in_file(path.display().to_string())
        .hint("score with a bundle of the manifest's protocol; rating bundle show names it");
        return Err(Failure::Bundle(problem));
    }
    Err(failure)
}

/// The pairs of a manifest, or of one of its cohorts, ready to be scored.
pub fn from_manifest(
    file: &ManifestFile,
    cohort: Option<&str>,
    scorer: &CpuScorer,
) -> Result<Vec<Waiting>, Failure> {
    let protocol = &scorer.identity().protocol;
    let wanted = |row: &rating::manifest::Row| cohort.is_none_or(|cohort| row.cohort == cohort);
    if !file.manifest.rows.iter().any(wanted) {
        let what = format!("no pair is in cohort {:?}", cohort.unwrap_or_default());
        return Err(Problem::new(what).in_file(&file.name).in_column("cohort").into());
    }
    let loaded = file.load_all(protocol, "reading images", wanted, |row, loaded| {
        prepare(&loaded.pair, row.origin, scorer)
    })?;
    for warning in &loaded.warnings {
        eprintln!("warning: {warning}");
    }
    // Reference grades do not matter here; images that cannot be read do.
    if !loaded.unreadable.is_empty() {
        return Err(loaded.unreadable.into());
    }
    Ok(loaded.kept.into_iter().flatten().collect::<Result<_, _>>()?)
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

/// The one pair of `--image` and `--roi`.
fn single(args: &ScoreArgs, scorer: &CpuScorer) -> Result<Waiting, Failure> {
    let protocol = &scorer.identity().protocol;
    let images = by_modality(&args.image, "--image", protocol)?;
    let rois = by_modality(&args.roi, "--roi", protocol)?;
    let mut views = Vec::new();
    for modality in protocol.modalities() {
        let name = modality.name.as_str();
        let (Some(path), Some(sides)) = (images.get(name), rois.get(name)) else {
            return Err(Failure::Usage(format!(
                "--image {name}=FILE and --roi {name}=left,top,right,bottom are needed"
            )));
        };
        let place = |problem: Problem| problem.in_file(*path);
        let loaded = load_image(Path::new(path)).map_err(place)?;
        if let Some(warning) = loaded.warning {
            eprintln!("warning: {}", place(warning));
        }
        views.push(View::new(loaded.image, parse_roi(sides)?).map_err(place)?);
    }
    let pair = Pair::new("pair", views, protocol)?;
    Ok(prepare(&pair, Origin::Clinical, scorer)?)
}

/// `name=value` arguments by modality.
fn by_modality<'a>(
    arguments: &'a [String],
    flag: &str,
    protocol: &Protocol,
) -> Result<BTreeMap<&'a str, &'a str>, Failure> {
    let mut values = BTreeMap::new();
    for argument in arguments {
        let (name, value) = argument
            .split_once('=')
            .ok_or_else(|| Failure::Usage(format!("{flag} {argument}: write MODALITY=VALUE")))?;
        if !protocol.modalities().iter().any(|modality| modality.name == name) {
            let known: Vec<&str> =
                protocol.modalities().iter().map(|modality| modality.name.as_str()).collect();
            return Err(Failure::Usage(format!(
                "{flag} {argument}: the bundle's modalities are {}",
                known.join(" and ")
            )));
        }
        if values.insert(name, value).is_some() {
            return Err(Failure::Usage(format!("{flag} {name} is given twice")));
        }
    }
    Ok(values)
}

fn parse_roi(text: &str) -> Result<Roi, Failure> {
    let sides: Vec<i64> = text.split(',').filter_map(|side| side.trim().parse().ok()).collect();
    match <[i64; 4]>::try_from(sides) {
        Ok(sides) if text.split(',').count() == 4 => Ok(Roi::new(sides)?),
        _ => Err(Failure::Usage(format!("--roi {text}: write left,top,right,bottom in pixels"))),
    }
}

fn parse_memory(text: &str) -> Result<u64, Failure> {
    let upper = text.to_ascii_uppercase();
    let digits = upper.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match &upper[digits.len()..] {
        "" => Some(1),
        "K" | "KB" | "KIB" => Some(1 << 10),
        "M" | "MB" | "MIB" => Some(1 << 20),
        "G" | "GB" | "GIB" => Some(1 << 30),
        _ => None,
    };
    let bytes = digits
        .parse::<u64>()
        .ok()
        .zip(factor)
        .and_then(|(number, factor)| number.checked_mul(factor));
    bytes.ok_or_else(|| Failure::Usage(format!("--memory {text}: write a size such as 500M or 2G")))
}

/// Reports to a bar, stops on Ctrl-C.
struct BarControl {
    bar: Bar,
}

impl Control for BarControl {
    fn cancelled(&self) -> bool {
        stop::asked()
    }

    fn progress(&self, done: usize, _total: usize) {
        self.bar.reach(done);
    }
}

/// Asks all networks about all pairs.
pub fn score(scorer: &CpuScorer, waiting: Vec<Waiting>) -> Result<Scored, Failure> {
    let networks = scorer.bundle().info().networks.len();
    let control = BarControl { bar: Bar::new("asking networks", networks * waiting.len()) };
    let (pairs, inputs): (Vec<About>, Vec<Inputs>) = waiting.into_iter().unzip();
    let answers = scorer.score_inputs(&inputs, &|_| true, &control)?;
    control.bar.finish();

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
