//! What goes with the figures: the model card, the datasheet, and in
//! `evaluation.json` where each item of the reporting checklists is answered.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

use rating::evaluate::Evaluation;
use rating::protocol::Measurement;
use rating::stats::interval::mean;
use rating::threshold::Rule;
use rating::{Problem, Protocol};
use rating_frozen::Bundle;
use rating_frozen::bundle::BundleInfo;
use rating_frozen::network::Architecture;
use rating_report::checklist::{CHECKLISTS, Checklist};
use rating_report::{Datasheet, Model, ModelCard, ValidationLine, datasheet, model_card};
use serde::Serialize;

use crate::commands::pairs;
use crate::failure::Failure;
use crate::files;

/// `evaluation.json`.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    #[serde(flatten)]
    evaluation: &'a Evaluation,
    checklists: [&'static Checklist; 4],
}

impl<'a> Report<'a> {
    pub fn new(evaluation: &'a Evaluation) -> Report<'a> {
        Report { evaluation, checklists: CHECKLISTS }
    }
}

/// Opens the bundle of the scores; another one is refused, because its card
/// would describe networks that did not answer.
pub fn open_bundle(folder: &Path, evaluation: &Evaluation) -> Result<Bundle, Failure> {
    let bundle = pairs::open_bundle(folder)?;
    let hash = bundle.identity().bundle.as_str();
    if evaluation.bundles.iter().any(|scored| scored != hash) {
        let what = format!("the scores come from another bundle than {hash}");
        return Err(Failure::Bundle(
            Problem::new(what).in_file(folder.display().to_string()).hint(
                "the column bundle of the scores names theirs; leave --bundle out to do without",
            ),
        ));
    }
    Ok(bundle)
}

/// Writes `model-card.md` and `datasheet.md`.
pub fn write(
    out: &Path,
    evaluation: &Evaluation,
    protocol: &Protocol,
    manifest: &Path,
    bundle: Option<&Bundle>,
) -> Result<(), Failure> {
    let model = bundle.map(|bundle| model(bundle.info(), &bundle.identity().bundle));
    let card = model_card(&ModelCard { evaluation, protocol, model: model.as_ref() });
    files::write(&out.join("model-card.md"), card.as_bytes())?;
    let sheet = datasheet(&Datasheet {
        evaluation,
        protocol,
        manifest_hash: &hash(manifest)?,
        trained_on: bundle.map(|bundle| bundle.info().manifest.as_str()),
    });
    files::write(&out.join("datasheet.md"), sheet.as_bytes())
}

/// BLAKE3 of a file's bytes, in hex; the file may be larger than memory.
fn hash(path: &Path) -> Result<String, Failure> {
    let mut hasher = blake3::Hasher::new();
    let read = File::open(path).and_then(|file| hasher.update_reader(file).map(drop));
    read.map_err(|error| {
        Problem::new(format!("cannot be read: {error}")).in_file(path.display().to_string())
    })?;
    Ok(hasher.finalize().to_hex().to_string())
}

fn model<'a>(info: &'a BundleInfo, hash: &'a str) -> Model<'a> {
    let starts: BTreeSet<String> = info
        .networks
        .iter()
        .flat_map(|network| &network.starts_from)
        .map(|(part, start)| format!("{part}: {}", stage(start)))
        .collect();
    Model {
        name: &info.name,
        hash,
        version: &info.versions.rating,
        origin: info.origin,
        networks: info.networks.len(),
        folds: info.folds,
        seeds: info.seeds,
        shapes: info.protocol.measurements().iter().flat_map(|it| shapes(info, it)).collect(),
        preprocess: &info.preprocess,
        thresholds: match info.threshold_rule {
            Rule::Youden => "its own, by the largest Youden index on its validation fold",
            Rule::Pooled => {
                "one for each task, by the largest Youden index on all validation folds"
            }
            Rule::Half => "0.5 everywhere",
        },
        starts: starts.into_iter().collect(),
        study_seed: info.study_seed,
        trained_on: &info.manifest,
        validation: validation(info),
        config: &info.config,
    }
}

/// What a part started from without fold and seed, which tell nothing new:
/// `grayscale.sh.gt1.fold1.seed1` is "grayscale.sh.gt1 of its own fold and seed".
fn stage(start: &str) -> String {
    match start.split_once(".fold") {
        Some((stage, _)) => format!("{stage} of its own fold and seed"),
        None => start.to_owned(),
    }
}

/// The kinds of network that answer for a measurement, in words.
fn shapes(info: &BundleInfo, measurement: &Measurement) -> BTreeSet<String> {
    let own = info.networks.iter().filter(|network| network.id.measurement == measurement.short);
    own.map(|network| {
        let seen: Vec<String> =
            network.modalities.iter().map(|name| name.replace('_', " ")).collect();
        let backbone = format!("ResNet-18 of width {}", network.architecture.width());
        let shape = match network.architecture {
            Architecture::Single { .. } => format!("{backbone} and a linear layer"),
            Architecture::Fusion { hidden, relu, .. } => {
                let between = if relu { " with ReLU" } else { "" };
                format!("{backbone} for each, then two linear layers with {hidden} units between{between}")
            }
        };
        format!("{}: sees {}; {shape}", measurement.name.replace('_', " "), seen.join(" and "))
    })
    .collect()
}

/// The mean AUC of each task's networks on their validation folds.
fn validation(info: &BundleInfo) -> Vec<ValidationLine> {
    let mut lines = Vec::new();
    for measurement in info.protocol.measurements() {
        for above in 0..measurement.tasks() {
            let networks: Vec<Option<f64>> = info
                .networks
                .iter()
                .filter(|it| it.id.measurement == measurement.short && it.id.above == above)
                .map(|network| network.validation.auc)
                .collect();
            let aucs: Vec<f64> = networks.iter().copied().flatten().collect();
            lines.push(ValidationLine {
                measurement: measurement.name.clone(),
                above,
                auc: mean(&aucs).ok(),
                with_auc: aucs.len(),
                networks: networks.len(),
            });
        }
    }
    lines
}
