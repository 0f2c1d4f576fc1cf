//! What a training opens with: its network and what it shows to it.

use rating::network::TrainingId;
use rating::{Seed, jigsaw};

use crate::TrainError;
use crate::config::HeadFeatures;
use crate::job::Job;
use crate::model::{Device, Learner, Start};
use crate::plan::{self, StartFrom, Task};
use crate::progress::Event;
use crate::training::features::FeatureTable;
use crate::training::inputs::{Batch, Features, Inputs, Jigsaws, Pictures};
use crate::training::scale::Scale;
use crate::training::setup::{FORWARD, Setup};
use crate::training::{Control, answer};

/// The network with its starting weights.
pub fn learner(
    job: &Job,
    task: &Task,
    setup: &Setup<'_>,
    seed: Seed,
    device: &Device,
) -> Result<Learner, TrainError> {
    let weights = match &task.start {
        StartFrom::Random => None,
        StartFrom::Imagenet => job.imagenet().map(|imagenet| imagenet.weights.clone()),
        StartFrom::Jigsaw(id) | StartFrom::Sibling(id) => Some(job.finished_weights(id)?),
    };
    // A random stem that never learns would be noise for good.
    let frozen = if weights.is_some() { setup.recipe.freeze.as_slice() } else { &[] };
    let start = Start { weights, seed };
    let optimizer = setup.recipe.optimizer.clone();
    Ok(Learner::new(setup.architecture.clone(), start, frozen, optimizer, device)?)
}

/// What a training shows, and the scale it brings it to.
type Shown<'a> = (Box<dyn Inputs + 'a>, Option<Scale>);

/// What a training shows its network. For a head this is where the features of
/// the frozen extractors are computed.
pub fn inputs<'a>(
    job: &'a Job,
    task: &Task,
    setup: &Setup<'_>,
    seed: Seed,
    control: Control<'_>,
) -> Result<Shown<'a>, TrainError> {
    let bug = || TrainError::Bug(format!("{} sees no modality of the protocol", task.id));
    let modality = plan::modality(job.protocol(), &task.id);
    match &task.id {
        TrainingId::Jigsaw { .. } => {
            Ok((Box::new(jigsaws(job, modality.ok_or_else(bug)?, seed)), None))
        }
        TrainingId::Extractor { .. } | TrainingId::Single(_) => {
            Ok((Box::new(pictures(job, modality.ok_or_else(bug)?, setup)), None))
        }
        TrainingId::Fusion(_) => {
            let features = features(job, task, setup, seed, control)?;
            let scale = job.config().fusion.standardise.then(|| {
                let mut rows = Batch::default();
                for &pair in &setup.split.training {
                    features.clean(pair, &mut rows);
                }
                Scale::of(&rows.inputs, rows.inputs.len() / setup.split.training.len().max(1))
            });
            Ok((Box::new(features), scale))
        }
    }
}

fn pictures<'a>(job: &'a Job, modality: usize, setup: &Setup<'_>) -> Pictures<'a> {
    let colour = job.protocol().modalities()[modality].colour;
    Pictures {
        examples: job.data().examples(),
        modality,
        preprocess: &job.config().preprocess,
        ranges: job.config().augment.ranges(colour),
        labels: setup.labels.clone(),
    }
}

fn jigsaws(job: &Job, modality: usize, seed: Seed) -> Jigsaws<'_> {
    let config = job.config();
    let colour = job.protocol().modalities()[modality].colour;
    let side = jigsaw::jigsaw_px(config.preprocess.input_px);
    Jigsaws {
        examples: job.data().examples(),
        modality,
        preprocess: config.preprocess.with_input_px(side),
        ranges: config.augment.ranges(colour),
        permutations: jigsaw::permutations(config.jigsaw.permutations),
        standardise_tiles: config.jigsaw.standardise_tiles,
        seed: seed.child("validation"),
    }
}

fn features<'a>(
    job: &'a Job,
    task: &Task,
    setup: &Setup<'_>,
    seed: Seed,
    control: Control<'_>,
) -> Result<Features<'a>, TrainError> {
    let copies = match job.config().fusion.head_features {
        HeadFeatures::Cached => job.config().fusion.copies,
        HeadFeatures::Live => 0,
    };
    let mut tables = Vec::new();
    for extractor in &task.needs {
        let modality = plan::modality(job.protocol(), extractor).ok_or_else(|| {
            TrainError::Bug(format!("{extractor} sees no modality of the protocol"))
        })?;
        let network =
            answer::single(job, &job.finished_weights(extractor)?, answer::one_by_one(job))?;
        let pictures = pictures(job, modality, setup);
        let seed = seed.child("copies").child(extractor);
        let table = FeatureTable::compute(
            pictures,
            network,
            &setup.split.training,
            copies,
            seed,
            |images| {
                let image_passes = FORWARD * images as f64;
                control.observer.event(&Event::Passed { id: &task.id, image_passes });
                control.check().is_ok()
            },
        )?;
        tables.push(table.ok_or(TrainError::Interrupted)?);
    }
    Ok(Features { tables, labels: setup.labels.clone() })
}
