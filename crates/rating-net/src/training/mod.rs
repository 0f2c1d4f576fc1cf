//! One training, from its starting weights to its finished ones.
//!
//! An epoch draws all its chance from (study seed, training, epoch), so it
//! never depends on what ran before it. After each epoch a checkpoint goes to
//! disk; a training that was stopped goes on from there, bit for bit.

pub mod metrics;

pub(crate) mod answer;
pub(crate) mod checkpoint;
pub(crate) mod finished;

mod features;
mod inputs;
mod opening;
mod scale;
mod session;
pub(crate) mod setup;

use std::time::Instant;

use rating::network::TrainingId;
use rating::{Protocol, Seed};

use crate::TrainError;
use crate::config::Select;
use crate::data::{Data, Split};
use crate::job::Job;
use crate::plan::Task;
use crate::progress::{Event, Observer, Stop};
use crate::store::{self, Locked};
use finished::Finished;
use session::Session;

/// Where progress is told and stops are heard.
#[derive(Clone, Copy)]
pub(crate) struct Control<'a> {
    pub observer: &'a dyn Observer,
    pub stop: &'a Stop,
    /// Set where another training failed, so that this one ends too.
    pub halted: &'a Stop,
}

impl Control<'_> {
    fn check(&self) -> Result<(), TrainError> {
        if self.stop.asked() || self.halted.asked() { Err(TrainError::Interrupted) } else { Ok(()) }
    }
}

/// Runs a training to its end, from where an earlier run left it. The
/// trainings it needs must be finished.
pub(crate) fn run(job: &Job, task: &Task, control: Control<'_>) -> Result<(), TrainError> {
    let identity = job.identity(&task.id);
    let locked = Locked::take(job.folder(&task.id))?;
    if Finished::read(&job.folder(&task.id), identity)?.is_some() {
        return Ok(());
    }
    control.check()?;
    let checkpoint_file = locked.file("checkpoint.bin");
    let metrics_file = locked.file("metrics.jsonl");
    let checkpoint = store::read_if_there(&checkpoint_file)?
        .and_then(|bytes| checkpoint::Checkpoint::from_bytes(&bytes, identity));
    let epochs_done = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.history.len() as u32);
    let setup = setup::Setup::new(job, task)?;
    control.observer.event(&Event::Started {
        id: &task.id,
        epochs_done,
        epochs: setup.epochs,
        image_passes: setup.work.left(epochs_done),
    });
    let mut session = Session::new(job, task, setup, checkpoint, job.device(), control)?;

    while !session.is_over() {
        let began = Instant::now();
        session.epoch(began)?;
        store::write_whole(&checkpoint_file, &session.checkpoint().to_bytes(identity))?;
        store::write_whole(&metrics_file, session.log().as_bytes())?;
        if let Some(metrics) = session.checkpoint().history.last() {
            control.observer.event(&Event::Epoch {
                id: &task.id,
                metrics,
                epochs: session.epochs(),
            });
        }
    }

    let saved = session.work_saved();
    let (finished, weights) = session.finish(identity)?;
    finished.write(&locked, &weights)?;
    store::remove_if_there(&checkpoint_file)?;
    control.observer.event(&Event::Finished { id: &task.id, image_passes_saved: saved });
    Ok(())
}

/// The seed of a training.
fn seed(job: &Job, id: &TrainingId) -> Seed {
    Seed::new(job.config().study_seed).child(id)
}

/// The class of each pair for a training, `None` where its question does not
/// arise; nothing for jigsaws, which have no classes.
pub(crate) fn labels(
    data: &Data,
    protocol: &Protocol,
    id: &TrainingId,
) -> Option<Vec<Option<usize>>> {
    let target = id.target()?;
    let measurement = protocol.measurement(&target.measurement)?;
    let class = |grades: &[u8]| target.question.answer(grades[measurement]);
    Some(data.examples().iter().map(|example| class(&example.grades)).collect())
}

/// The two parts of a training's fold, pairs left out for which its question
/// does not arise.
pub(crate) fn split(data: &Data, id: &TrainingId, labels: Option<&[Option<usize>]>) -> Split {
    let mut split = data.split(id.fold());
    if let Some(labels) = labels {
        for part in [&mut split.training, &mut split.validation] {
            part.retain(|&pair| labels[pair].is_some());
        }
    }
    split
}

/// Whether an epoch is measured on the validation fold.
fn is_measured(select: Select, epoch: u32, epochs: u32) -> bool {
    select == Select::Best || epoch == epochs
}
