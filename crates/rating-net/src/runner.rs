//! The trainings of a plan, as many at once as asked.
//!
//! Each training has a pool of one thread to itself, which is faster than
//! sharing and makes its result independent of threads: whatever the number
//! of jobs and the order of work, the bytes are the same.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use rating::Problem;
use rating::network::TrainingId;

use crate::TrainError;
use crate::job::{Job, State, one_class_validation};
use crate::plan::Task;
use crate::progress::{Event, Observer, Stop};
use crate::store;
use crate::training::{self, Control, setup::Setup};

/// Runs every training of a plan that is not finished, or one alone.
///
/// # Errors
/// The first failure of a training; the others then stop after their last
/// finished epoch. [`TrainError::Interrupted`] when `stop` was asked for.
pub fn run(
    job: &Job,
    jobs: NonZeroUsize,
    only: Option<&TrainingId>,
    observer: &dyn Observer,
    stop: &Stop,
) -> Result<(), TrainError> {
    store::create_folder(job.work())?;
    for text in one_class_validation(job) {
        observer.event(&Event::Warning { text });
    }
    let halted = Stop::new();
    let control = Control { observer, stop, halted: &halted };
    let board = Board::new(job, only)?;
    observer.event(&board.planned());
    std::thread::scope(|scope| {
        for worker in 0..jobs.get().min(board.trainings()) {
            let name = format!("training {worker}");
            let spawned = std::thread::Builder::new()
                .name(name)
                .spawn_scoped(scope, || work(job, &board, control));
            if let Err(error) = spawned {
                board.fail(TrainError::Bug(format!("no thread to train on: {error}")), &halted);
            }
        }
    });
    board.outcome()
}

/// Takes one training after the other until none is left.
fn work(job: &Job, board: &Board<'_>, control: Control<'_>) {
    while let Some(task) = board.take() {
        let outcome =
            catch_unwind(AssertUnwindSafe(|| alone(|| training::run(job, task, control))));
        match outcome {
            Ok(Ok(())) => board.finish(task),
            Ok(Err(error)) => board.fail(error, control.halted),
            Err(_) => {
                let what = format!("the training {} broke off; the message stands above", task.id);
                board.fail(TrainError::Bug(what), control.halted);
            }
        }
    }
}

/// Runs in a pool of one thread.
fn alone(work: impl FnOnce() -> Result<(), TrainError> + Send) -> Result<(), TrainError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    pool.map_err(|error| TrainError::Bug(format!("no thread to train on: {error}")))?.install(work)
}

/// What is to be done, what is being done, what went wrong.
struct Board<'a> {
    tasks: Vec<&'a Task>,
    /// Work on the longest way from each task to the end of the plan.
    ahead: BTreeMap<&'a TrainingId, f64>,
    finished_before: usize,
    image_passes: f64,
    now: Mutex<Now<'a>>,
    changed: Condvar,
}

struct Now<'a> {
    open: Vec<&'a Task>,
    finished: Vec<&'a TrainingId>,
    running: usize,
    failure: Option<TrainError>,
}

impl<'a> Board<'a> {
    fn new(job: &'a Job, only: Option<&TrainingId>) -> Result<Board<'a>, TrainError> {
        let states: BTreeMap<&TrainingId, State> = job.states()?.into_iter().collect();
        let tasks: Vec<&Task> = match only {
            None => job.tasks().iter().collect(),
            Some(id) => vec![alone_possible(job, id, &states)?],
        };
        let mut left = BTreeMap::new();
        for task in job.tasks() {
            let work = match states[&task.id] {
                State::Finished => 0.0,
                State::Underway { epochs } => Setup::new(job, task)?.work.left(epochs),
                State::Open => Setup::new(job, task)?.work.left(0),
            };
            left.insert(&task.id, work);
        }
        let is_open = |task: &&Task| states[&task.id] != State::Finished;
        let open: Vec<&Task> = tasks.iter().copied().filter(is_open).collect();
        let finished = states
            .iter()
            .filter(|(_, state)| **state == State::Finished)
            .map(|(id, _)| *id)
            .collect();
        Ok(Board {
            finished_before: tasks.len() - open.len(),
            image_passes: open.iter().map(|task| left[&task.id]).sum(),
            ahead: ahead(job.tasks(), &left),
            tasks,
            now: Mutex::new(Now { open, finished, running: 0, failure: None }),
            changed: Condvar::new(),
        })
    }

    fn trainings(&self) -> usize {
        self.tasks.len()
    }

    fn planned(&self) -> Event<'static> {
        Event::Planned {
            trainings: self.tasks.len(),
            finished: self.finished_before,
            image_passes: self.image_passes,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Now<'a>> {
        // Nothing that can panic runs under the lock.
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The training to do next: of those whose needs are finished, the one
    /// with most work ahead of the plan's end. `None` when all is done or
    /// something failed.
    fn take(&self) -> Option<&'a Task> {
        let mut now = self.lock();
        loop {
            if now.failure.is_some() || now.open.is_empty() {
                return None;
            }
            let ready = |task: &&Task| task.needs.iter().all(|id| now.finished.contains(&id));
            let next = now
                .open
                .iter()
                .enumerate()
                .filter(|(_, task)| ready(task))
                // The first of equals, in the order of the plan.
                .rev()
                .max_by(|(_, a), (_, b)| self.ahead[&a.id].total_cmp(&self.ahead[&b.id]))
                .map(|(position, _)| position);
            match next {
                Some(position) => {
                    now.running += 1;
                    return Some(now.open.remove(position));
                }
                None if now.running == 0 => {
                    now.failure =
                        Some(TrainError::Bug("the plan needs what it does not hold".to_owned()));
                    return None;
                }
                None => now = self.changed.wait(now).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    fn finish(&self, task: &'a Task) {
        let mut now = self.lock();
        now.running -= 1;
        now.finished.push(&task.id);
        drop(now);
        self.changed.notify_all();
    }

    fn fail(&self, error: TrainError, halted: &Stop) {
        let mut now = self.lock();
        now.running = now.running.saturating_sub(1);
        now.failure.get_or_insert(error);
        drop(now);
        halted.ask();
        self.changed.notify_all();
    }

    fn outcome(self) -> Result<(), TrainError> {
        let now = self.now.into_inner().unwrap_or_else(PoisonError::into_inner);
        now.failure.map_or(Ok(()), Err)
    }
}

/// The task of one training that runs alone: all it needs must be finished.
fn alone_possible<'a>(
    job: &'a Job,
    id: &TrainingId,
    states: &BTreeMap<&TrainingId, State>,
) -> Result<&'a Task, TrainError> {
    let task = job.task(id).ok_or_else(|| {
        Problem::new(format!("{id} is not a training of this plan"))
            .hint("train --list names them all")
    })?;
    match task.needs.iter().find(|needed| states[needed] != State::Finished) {
        Some(needed) => Err(Problem::new(format!("{id} needs {needed}, which is not finished"))
            .hint(format!("run it first: train --only {needed}"))
            .into()),
        None => Ok(task),
    }
}

/// Work on the longest way from each task to the end of the plan.
fn ahead<'a>(
    tasks: &'a [Task],
    left: &BTreeMap<&'a TrainingId, f64>,
) -> BTreeMap<&'a TrainingId, f64> {
    let mut ahead = left.clone();
    // Each task stands after those it needs, so backwards every task is
    // complete before it is passed on.
    for task in tasks.iter().rev() {
        let behind = ahead[&task.id];
        for needed in &task.needs {
            let way = left[needed] + behind;
            if let Some(most) = ahead.get_mut(needed) {
                *most = most.max(way);
            }
        }
    }
    ahead
}
