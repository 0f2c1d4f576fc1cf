//! What a training is made of, before anything is computed.

use rating::network::{Target, TrainingId};
use rating::{Protocol, jigsaw};

use crate::TrainError;
use crate::config::{HeadFeatures, Recipe, Select};
use crate::data::Split;
use crate::job::Job;
use crate::model::Architecture;
use crate::plan::{self, StartFrom, Task};
use crate::sampling;
use crate::training::{labels, split};

/// What a training is made of.
#[derive(Debug)]
pub struct Setup<'a> {
    /// How it runs.
    pub recipe: &'a Recipe,
    /// Whether it starts from a sibling.
    pub warm: bool,
    /// Epochs it will have at most.
    pub epochs: u32,
    /// The network.
    pub architecture: Architecture,
    /// Pairs to learn from and to be judged by.
    pub split: Split,
    /// The class of each pair of the data; all 0 for jigsaws, and 0 for pairs in
    /// neither part.
    pub labels: Vec<usize>,
    /// The class of each pair to learn from.
    pub classes: Vec<usize>,
    /// Whether each epoch oversamples the smaller class.
    pub rebalance: bool,
    /// How much work it is.
    pub work: Work,
}

/// How much work a training is, in image passes (see [`crate::progress::Event`]).
#[derive(Debug, Clone, Copy)]
pub struct Work {
    /// Before the first epoch.
    pub before: f64,
    /// One sample in a training step.
    pub sample: f64,
    /// An epoch.
    pub epoch: f64,
    /// Measuring the last epoch, where the others are not measured.
    pub last: f64,
    /// Epochs at most.
    pub epochs: u32,
}

impl Work {
    /// What is left after some epochs.
    pub fn left(&self, epochs_done: u32) -> f64 {
        self.before + self.last + self.epoch * f64::from(self.epochs.saturating_sub(epochs_done))
    }
}

/// A pass that does not learn, in passes that do.
pub const FORWARD: f64 = 1.0 / 3.0;

impl<'a> Setup<'a> {
    /// Looks up all that a training needs.
    pub fn new(job: &'a Job, task: &Task) -> Result<Setup<'a>, TrainError> {
        let bug = || TrainError::Bug(format!("{} is not of this plan", task.id));
        let config = job.config();
        let recipe = plan::recipe(config, &task.id).ok_or_else(bug)?;
        let is_jigsaw = matches!(task.id, TrainingId::Jigsaw { .. });
        let labels = labels(job.data(), job.protocol(), &task.id);
        let split = split(job.data(), &task.id, labels.as_deref());
        // Pairs without a class are in neither part.
        let labels = labels.map_or_else(
            || vec![0; job.data().examples().len()],
            |labels| labels.into_iter().map(Option::unwrap_or_default).collect(),
        );
        let classes: Vec<usize> = split.training.iter().map(|&pair| labels[pair]).collect();
        let rebalance = recipe.rebalance && !is_jigsaw;
        let warm = matches!(task.start, StartFrom::Sibling(_));
        let epochs = recipe.epochs(warm);
        let shown = sampling::epoch_len(&classes, rebalance) as f64;
        let work = work(job, &task.id, &split, shown, epochs, recipe.select);
        let architecture = architecture(job, &task.id).ok_or_else(bug)?;
        Ok(Setup { recipe, warm, epochs, architecture, split, labels, classes, rebalance, work })
    }
}

/// How many answers a network has; `None` for another protocol's.
fn classes(protocol: &Protocol, target: &Target) -> Option<usize> {
    let measurement = protocol.measurement(&target.measurement)?;
    Some(target.question.classes(protocol.measurements()[measurement].grades))
}

/// The network a training trains.
fn architecture(job: &Job, id: &TrainingId) -> Option<Architecture> {
    let config = job.config();
    let width = config.network.width;
    let classes = match id.target() {
        Some(target) => classes(job.protocol(), target)?,
        None => config.jigsaw.permutations,
    };
    Some(match id {
        TrainingId::Jigsaw { .. } => {
            Architecture::Jigsaw { width, permutations: classes, hidden: config.jigsaw.hidden }
        }
        TrainingId::Extractor { .. } | TrainingId::Single(_) => {
            Architecture::Single { width, classes }
        }
        TrainingId::Fusion(target) => {
            let measurement = job.protocol().measurement(&target.measurement)?;
            Architecture::Head {
                features: 8 * width * job.protocol().modalities_of(measurement).len(),
                hidden: config.fusion.hidden,
                relu: config.fusion.relu,
                dropout: config.fusion.dropout,
                classes,
            }
        }
    })
}

fn work(
    job: &Job,
    id: &TrainingId,
    split: &Split,
    shown: f64,
    epochs: u32,
    select: Select,
) -> Work {
    let config = job.config();
    let images = |sample: f64| {
        let judged = sample * FORWARD * split.validation.len() as f64;
        let (each, last) = if select == Select::Best { (judged, 0.0) } else { (0.0, judged) };
        Work { before: 0.0, sample, epoch: sample * shown + each, last, epochs }
    };
    match id {
        TrainingId::Jigsaw { .. } => {
            let px = config.preprocess.input_px;
            let tile = jigsaw::Tiles::new(jigsaw::jigsaw_px(px)).tile;
            images(9.0 * (f64::from(tile) / f64::from(px)).powi(2))
        }
        TrainingId::Extractor { .. } | TrainingId::Single(_) => images(1.0),
        TrainingId::Fusion(target) => {
            let measurement = job.protocol().measurement(&target.measurement).unwrap_or(0);
            let sample = job.protocol().modalities_of(measurement).len() as f64 * FORWARD;
            let pairs = (split.training.len() + split.validation.len()) as f64;
            let copies = (split.training.len() * config.fusion.copies) as f64;
            // The head itself is next to nothing.
            let (before, sample) = match config.fusion.head_features {
                HeadFeatures::Cached => (sample * (pairs + copies), 0.0),
                HeadFeatures::Live => (sample * pairs, sample),
            };
            Work { before, sample, epoch: sample * shown, last: 0.0, epochs }
        }
    }
}
