//! What a training depends on, as a hash: finished work lies under it.
//!
//! Two studies that agree in everything a training depends on share its work;
//! whatever else differs between them does not matter.

use std::collections::BTreeMap;

use serde::Serialize;

use rating::network::{Question, TrainingId};
use rating::preprocess::Preprocess;
use rating::protocol::{Colour, Modality};
use rating::{Protocol, augment};

use crate::config::{Config, Fusion, Jigsaw, Recipe};
use crate::data::Data;
use crate::plan::{self, StartFrom, Task};
use crate::training::labels;

/// Raised whenever the code changes what a training computes.
const FORMAT: u32 = 1;

/// Everything a training depends on.
#[derive(Serialize)]
struct Dependencies<'a> {
    format: u32,
    device: &'a str,
    id: &'a TrainingId,
    study_seed: u64,
    width: usize,
    recipe: Recipe,
    jigsaw: Option<&'a Jigsaw>,
    fusion: Option<&'a Fusion>,
    preprocess: &'a Preprocess,
    modalities: Vec<(Colour, &'a augment::Ranges)>,
    imagenet: Option<&'a str>,
    needs: Vec<&'a str>,
    /// Classes of a network that answers with a grade.
    #[serde(skip_serializing_if = "Option::is_none")]
    grades: Option<u8>,
    data: String,
}

/// The hash of each training of a plan, in hexadecimal.
pub fn identities(
    config: &Config,
    protocol: &Protocol,
    tasks: &[Task],
    data: &Data,
    imagenet: Option<&str>,
    device: &str,
) -> BTreeMap<TrainingId, String> {
    let mut known: BTreeMap<TrainingId, String> = BTreeMap::new();
    for task in tasks {
        let Some(recipe) = plan::recipe(config, &task.id) else { continue };
        let warm = matches!(task.start, StartFrom::Sibling(_));
        let is_jigsaw = matches!(task.id, TrainingId::Jigsaw { .. });
        let is_fusion = matches!(task.id, TrainingId::Fusion(_));
        let dependencies = Dependencies {
            format: FORMAT,
            device,
            id: &task.id,
            study_seed: config.study_seed,
            width: config.network.width,
            recipe: resolved(recipe, warm),
            jigsaw: is_jigsaw.then_some(&config.jigsaw),
            fusion: is_fusion.then_some(&config.fusion),
            preprocess: &config.preprocess,
            modalities: modalities(protocol, &task.id)
                .map(|modality| (modality.colour, config.augment.ranges(modality.colour)))
                .collect(),
            imagenet: (task.start == StartFrom::Imagenet).then_some(imagenet).flatten(),
            needs: task.needs.iter().map(|id| known[id].as_str()).collect(),
            grades: grades(protocol, &task.id),
            data: data_hash(data, protocol, &task.id),
        };
        let json = serde_json::to_vec(&dependencies).expect("dependencies are plain data");
        known.insert(task.id.clone(), blake3::hash(&json).to_hex().to_string());
    }
    known
}

/// The grades there are, where they are a network's classes.
fn grades(protocol: &Protocol, id: &TrainingId) -> Option<u8> {
    let target = id.target().filter(|target| target.question == Question::Grade)?;
    let measurement = protocol.measurement(&target.measurement)?;
    Some(protocol.measurements()[measurement].grades)
}

/// The recipe with only what this training follows.
fn resolved(recipe: &Recipe, warm: bool) -> Recipe {
    Recipe {
        epochs: recipe.epochs(warm),
        warm_epochs: None,
        learning_rate: recipe.learning_rate(warm),
        warm_learning_rate: None,
        ..recipe.clone()
    }
}

/// The modalities whose images decide a training.
fn modalities<'a>(protocol: &'a Protocol, id: &TrainingId) -> impl Iterator<Item = &'a Modality> {
    let positions = match (plan::modality(protocol, id), id) {
        (Some(modality), _) => vec![modality],
        (None, TrainingId::Fusion(target)) => protocol
            .measurement(&target.measurement)
            .map_or_else(Vec::new, |measurement| protocol.modalities_of(measurement).to_vec()),
        (None, _) => Vec::new(),
    };
    positions.into_iter().map(|position| &protocol.modalities()[position])
}

/// The pairs with their images, part of the fold and class; no grade that the
/// training does not see.
fn data_hash(data: &Data, protocol: &Protocol, id: &TrainingId) -> String {
    let mut hasher = blake3::Hasher::new();
    let labels = labels(data, protocol, id);
    for (index, example) in data.examples().iter().enumerate() {
        let part = if example.fold == id.fold() { "validation" } else { "training" };
        let Some(class) = labels.as_ref().map_or(Some(0), |labels| labels[index]) else {
            continue;
        };
        hasher.update(format!("{} {part} {class}\n", example.pair_id).as_bytes());
        hasher.update(&example.digest);
    }
    hasher.finalize().to_hex().to_string()
}
