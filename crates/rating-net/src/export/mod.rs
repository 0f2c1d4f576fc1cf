//! From finished trainings to a bundle: thresholds, validation figures, files.
//!
//! Everything here is computed from the weights as the bundle holds them, by
//! the engine that scores, on probabilities rounded as scoring rounds them.

mod arm;
mod figures;

use std::collections::BTreeMap;
use std::path::Path;

use rating::network::{NetworkId, TrainingId};
use rating::scores::{Probability, probabilities_csv};
use rating::{Origin, Problem, Protocol};
use rating_frozen::bundle::{self, BundleError, BundleInfo, NetworkInfo, Versions, code_words};
use rating_frozen::network::Architecture;
use rating_frozen::weights::Weights;

use crate::TrainError;
use crate::job::Job;
use crate::plan;
use crate::training::answer::{fusion_architecture, fusion_weights};
use crate::training::finished::Finished;
use arm::Arm;
use figures::{figures, thresholds};

/// What a bundle says about its data.
#[derive(Debug, Clone)]
pub struct Source {
    /// The most doubtful origin of its pairs.
    pub origin: Origin,
    /// BLAKE3 of the manifest's content, hexadecimal.
    pub manifest_blake3: String,
}

/// A finished bundle.
#[derive(Debug, Clone)]
pub struct Exported {
    /// BLAKE3 of `bundle.json`, hexadecimal; through it of every network.
    pub hash: String,
    /// The content of `validation_probabilities.csv`: what each network says
    /// about the pairs of its validation fold.
    pub validation_probabilities: String,
}

/// Writes the bundle of a plan whose trainings are all finished.
///
/// # Errors
/// A training that is not finished; another bundle in the folder; no space.
pub fn export(job: &Job, source: &Source, folder: &Path) -> Result<Exported, TrainError> {
    write(job, &Arm::Whole, source, folder)
}

/// Writes the bundle of an arm to compare with, in which a measurement is read
/// from one of its modalities alone: the networks are the extractors that its
/// fusion networks rest on. Positions are those of the protocol.
///
/// # Errors
/// As [`export`]; a measurement that has no extractor of that modality.
pub fn export_arm(
    job: &Job,
    source: &Source,
    measurement: usize,
    modality: usize,
    folder: &Path,
) -> Result<Exported, TrainError> {
    write(job, &Arm::one_modality(job, measurement, modality)?, source, folder)
}

fn write(job: &Job, arm: &Arm, source: &Source, folder: &Path) -> Result<Exported, TrainError> {
    let networks = networks(job, arm)?;
    let thresholds = thresholds(&networks, job.config().threshold);
    let info = info(job, arm, source, &networks, &thresholds);
    let mut failure = None;
    let written = bundle::write(folder, info, &mut |id| {
        weights(job, arm, id).map_err(|error| {
            let told = Problem::new(error.to_string());
            failure = Some(error);
            told
        })
    });
    let hash = match (written, failure) {
        (Ok(hash), _) => hash,
        (Err(_), Some(failure)) => return Err(failure),
        (Err(BundleError::CannotWrite(problem)), None) => {
            return Err(TrainError::CannotWrite(problem));
        }
        (Err(error), None) => return Err(TrainError::Bug(error.to_string())),
    };
    Ok(Exported {
        hash,
        validation_probabilities: validation_probabilities(&networks, &thresholds),
    })
}

/// A network of the bundle and the training that ended in it.
struct Network {
    id: NetworkId,
    training: TrainingId,
    finished: Finished,
}

fn networks(job: &Job, arm: &Arm) -> Result<Vec<Network>, TrainError> {
    let mut found = Vec::new();
    for id in plan::networks(job.config(), job.protocol()) {
        let training = arm.training(job, &id)?;
        let finished = job.finished(&training)?;
        found.push(Network { id, training, finished });
    }
    Ok(found)
}

fn info(
    job: &Job,
    arm: &Arm,
    source: &Source,
    networks: &[Network],
    thresholds: &[f64],
) -> BundleInfo {
    let config = job.config();
    let protocol = arm.protocol(job);
    let network = |(network, &threshold): (&Network, &f64)| {
        let (architecture, modalities) = shape(job, protocol, &network.id);
        let starts_from = starts_from(job, &network.training);
        let figures = figures(&network.finished, threshold);
        NetworkInfo::new(
            network.id.clone(),
            architecture,
            modalities,
            threshold,
            starts_from,
            figures,
        )
    };
    BundleInfo {
        schema: bundle::SCHEMA.to_owned(),
        origin: source.origin,
        research_use_only: true,
        name: arm.name(job),
        protocol: protocol.clone(),
        preprocess: config.preprocess.clone(),
        folds: config.folds,
        seeds: config.seeds,
        code_words: code_words(protocol),
        threshold_rule: config.threshold,
        study_seed: config.study_seed,
        manifest: source.manifest_blake3.clone(),
        config: told_config(job),
        versions: Versions::default(),
        networks: networks.iter().zip(thresholds).map(network).collect(),
    }
}

/// The configuration as a bundle tells it: files by what they are, not where.
fn told_config(job: &Job) -> String {
    let mut config = job.config().clone();
    config.protocol = job.protocol().name().to_owned();
    config.start.imagenet = job.imagenet().map(|imagenet| format!("blake3:{}", imagenet.blake3));
    config.to_toml()
}

fn shape(job: &Job, protocol: &Protocol, id: &NetworkId) -> (Architecture, Vec<String>) {
    let positions = protocol
        .measurement(&id.measurement)
        .map_or(&[][..], |index| protocol.modalities_of(index));
    let modalities: Vec<String> =
        positions.iter().map(|&position| protocol.modalities()[position].name.clone()).collect();
    let architecture = match modalities.len() {
        1 => Architecture::Single { width: job.config().network.width },
        several => fusion_architecture(job, several),
    };
    (architecture, modalities)
}

/// What each part of a network started from, by the prefix of its tensors.
fn starts_from(job: &Job, training: &TrainingId) -> BTreeMap<String, String> {
    let Some(task) = job.task(training) else { return BTreeMap::new() };
    if !matches!(training, TrainingId::Fusion(_)) {
        return BTreeMap::from([("network".to_owned(), task.start.words())]);
    }
    let mut parts = BTreeMap::from([("head1".to_owned(), task.start.words())]);
    for (index, extractor) in task.needs.iter().filter_map(|id| job.task(id)).enumerate() {
        parts.insert(format!("backbone{}", index + 1), extractor.start.words());
    }
    parts
}

/// The weights of a network as the bundle holds them.
fn weights(job: &Job, arm: &Arm, id: &NetworkId) -> Result<Weights, TrainError> {
    let training = arm.training(job, id)?;
    let own = job.finished_weights(&training)?;
    match training {
        TrainingId::Fusion(_) => fusion_weights(job, &training, &own),
        _ => Ok(own),
    }
}

/// What the networks say about the pairs of their validation folds, by pair.
fn validation_probabilities(networks: &[Network], thresholds: &[f64]) -> String {
    let mut answers: BTreeMap<&str, Vec<Probability>> = BTreeMap::new();
    for (network, &threshold) in networks.iter().zip(thresholds) {
        for judged in &network.finished.validation {
            answers.entry(&judged.pair_id).or_default().push(Probability {
                network: network.id.clone(),
                probability: judged.probability,
                threshold,
            });
        }
    }
    probabilities_csv(answers.iter().map(|(pair, answers)| (*pair, answers.as_slice())))
}
