//! A study with its data and its work folder: everything a run needs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rating::network::{Question, TrainingId};
use rating::{Problem, Protocol};
use rating_frozen::weights::Weights;

use crate::config::Config;
use crate::data::{Data, Example};
use crate::error::TrainError;
use crate::identity::identities;
use crate::model::{Device, device};
use crate::plan::{self, Task, plan};
use crate::sampling::class_sizes;
use crate::store;
use crate::training::checkpoint::Checkpoint;
use crate::training::finished::Finished;
use crate::training::{self, labels};

/// ImageNet weights and the hash of the file they came from.
#[derive(Debug, Clone)]
pub struct Imagenet {
    /// The weights, by torchvision's names.
    pub weights: Weights,
    /// BLAKE3 of the file, hexadecimal.
    pub blake3: String,
}

impl Imagenet {
    /// Reads the bytes of a `.pth` or `.safetensors` file.
    ///
    /// # Errors
    /// As [`rating_frozen::weights::read`].
    pub fn read(bytes: &[u8]) -> Result<Imagenet, Problem> {
        let weights = rating_frozen::weights::read(bytes)?;
        Ok(Imagenet { weights, blake3: blake3::hash(bytes).to_hex().to_string() })
    }
}

/// A study with its data and its work folder.
#[derive(Debug)]
pub struct Job {
    config: Config,
    protocol: Protocol,
    data: Data,
    imagenet: Option<Imagenet>,
    device: Device,
    work: PathBuf,
    tasks: Vec<Task>,
    identities: BTreeMap<TrainingId, String>,
}

/// How far a training is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its weights and figures are there.
    Finished,
    /// It was stopped after some epochs and can go on.
    Underway {
        /// Epochs that ended.
        epochs: u32,
    },
    /// Nothing is done yet.
    Open,
}

impl Job {
    /// Checks that the data can be trained on and names every training's work.
    ///
    /// # Errors
    /// Pairs that do not fit the protocol; a fold whose training pairs are all
    /// of one class of a task; ImageNet weights that the configuration names
    /// but nobody gave, or the other way round; a device this build lacks.
    pub fn new(
        config: Config,
        protocol: Protocol,
        imagenet: Option<Imagenet>,
        examples: Vec<Example>,
        device_name: &str,
        work: impl Into<PathBuf>,
    ) -> Result<Job, TrainError> {
        let device = device(device_name)?;
        if imagenet.is_some() != config.start.imagenet.is_some() {
            return Err(Problem::new(
                "ImageNet weights are configured but not given, or the other way round",
            )
            .in_column("start.imagenet")
            .into());
        }
        let data = Data::new(examples, &protocol, config.folds)?;
        let tasks = plan(&config, &protocol);
        let problems = one_class_folds(&tasks, &data, &protocol);
        if !problems.is_empty() {
            return Err(problems.into());
        }
        let file_hash = imagenet.as_ref().map(|imagenet| imagenet.blake3.as_str());
        let identities = identities(&config, &protocol, &tasks, &data, file_hash, device_name);
        Ok(Job { config, protocol, data, imagenet, device, work: work.into(), tasks, identities })
    }

    /// The study.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What is graded.
    #[must_use]
    pub fn protocol(&self) -> &Protocol {
        &self.protocol
    }

    /// The pairs.
    #[must_use]
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// The trainings, each after those it needs.
    #[must_use]
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// One training of the plan.
    #[must_use]
    pub fn task(&self, id: &TrainingId) -> Option<&Task> {
        self.tasks.iter().find(|task| &task.id == id)
    }

    /// How far each training is, in the order of the plan.
    ///
    /// # Errors
    /// A work folder that cannot be read.
    pub fn states(&self) -> Result<Vec<(&TrainingId, State)>, TrainError> {
        self.tasks.iter().map(|task| Ok((&task.id, self.state(&task.id)?))).collect()
    }

    /// How far a training is.
    ///
    /// # Errors
    /// A work folder that cannot be read.
    pub fn state(&self, id: &TrainingId) -> Result<State, TrainError> {
        let (folder, identity) = (self.folder(id), self.identity(id));
        if Finished::read(&folder, identity)?.is_some() {
            return Ok(State::Finished);
        }
        let checkpoint = store::read_if_there(&folder.join("checkpoint.bin"))?
            .and_then(|bytes| Checkpoint::from_bytes(&bytes, identity));
        Ok(checkpoint.map_or(State::Open, |checkpoint| State::Underway {
            epochs: checkpoint.history.len() as u32,
        }))
    }

    /// The folder of a training: its name and the first half of its hash.
    #[must_use]
    pub fn folder(&self, id: &TrainingId) -> PathBuf {
        let identity = self.identity(id);
        self.work.join(format!("{id}-{}", identity.get(..32).unwrap_or(identity)))
    }

    /// The folder of all work.
    #[must_use]
    pub fn work(&self) -> &Path {
        &self.work
    }

    /// The hash of all a training depends on; empty for one of another plan.
    pub(crate) fn identity(&self, id: &TrainingId) -> &str {
        self.identities.get(id).map_or("", String::as_str)
    }

    pub(crate) fn device(&self) -> &Device {
        &self.device
    }

    pub(crate) fn imagenet(&self) -> Option<&Imagenet> {
        self.imagenet.as_ref()
    }

    /// The figures of a training that must be finished.
    pub(crate) fn finished(&self, id: &TrainingId) -> Result<Finished, TrainError> {
        Finished::read(&self.folder(id), self.identity(id))?.ok_or_else(|| {
            Problem::new(format!("{id} is not finished"))
                .hint(format!("run it first: train --only {id}"))
                .into()
        })
    }

    /// The weights of a training that must be finished.
    pub(crate) fn finished_weights(&self, id: &TrainingId) -> Result<Weights, TrainError> {
        self.finished(id)?.weights(&self.folder(id))
    }
}

/// The folds whose training pairs are all of one class of a task.
fn one_class_folds(tasks: &[Task], data: &Data, protocol: &Protocol) -> Vec<Problem> {
    let mut problems = Vec::new();
    for task in tasks {
        let (1, TrainingId::Fusion(target) | TrainingId::Single(target), Some(labels)) =
            (task.id.seed(), &task.id, labels(data, protocol, &task.id))
        else {
            continue;
        };
        let split = training::split(data, &task.id, Some(&labels));
        let classes: Vec<usize> = split.training.iter().filter_map(|&pair| labels[pair]).collect();
        let present = class_sizes(&classes).iter().filter(|&&size| size > 0).count();
        if present < 2 {
            let name = protocol
                .measurement(&target.measurement)
                .map_or("", |measurement| protocol.measurements()[measurement].name.as_str());
            let alike = match (target.question, classes.first()) {
                (Question::Above(above), Some(1)) => format!("all above {name} {above}"),
                (Question::Above(above), _) => format!("all not above {name} {above}"),
                (Question::Next(least), _) => {
                    format!("alike among those of {name} {least} and more")
                }
                (Question::Grade, _) => format!("all of one grade of {name}"),
            };
            problems.push(
                Problem::new(format!("fold {}: the pairs to learn from are {alike}", target.fold))
                    .hint("a network needs pairs of both classes: add pairs, or use other folds"),
            );
        }
    }
    problems
}

/// The validation folds of one class, as warnings.
pub(crate) fn one_class_validation(job: &Job) -> Vec<String> {
    let mut warnings = Vec::new();
    for network in plan::networks(&job.config, &job.protocol) {
        let target = network.clone().into();
        let Some(id) = plan::deciding_training(&job.protocol, target) else { continue };
        let (1, Some(labels)) = (network.seed, labels(&job.data, &job.protocol, &id)) else {
            continue;
        };
        let split = job.data.split(network.fold);
        let first = split.validation.first().map(|&pair| labels[pair]);
        if split.validation.iter().all(|&pair| Some(labels[pair]) == first) {
            warnings.push(format!(
                "fold {} has one class of {} > {}: its networks keep the epoch of the lowest loss and cut at 0.5",
                network.fold, network.measurement, network.above
            ));
        }
    }
    warnings
}
