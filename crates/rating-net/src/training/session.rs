//! A training under way: one epoch after the other.

use std::time::Instant;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use rating::network::TrainingId;
use rating::{Problem, Seed};
use rating_frozen::weights::{self, Weights};

use crate::TrainError;
use crate::config::{Place, Select};
use crate::job::Job;
use crate::model::{Device, Learner};
use crate::plan::Task;
use crate::progress::Event;
use crate::sampling;
use crate::training::checkpoint::Checkpoint;
use crate::training::finished::Finished;
use crate::training::inputs::{Batch, Inputs};
use crate::training::metrics::{Best, Criterion, EpochMetrics, Validation};
use crate::training::scale::Scale;
use crate::training::setup::{FORWARD, Setup};
use crate::training::{Control, answer, is_measured, opening, seed};

/// A training under way.
pub struct Session<'a> {
    job: &'a Job,
    task: &'a Task,
    setup: Setup<'a>,
    seed: Seed,
    inputs: Box<dyn Inputs + 'a>,
    scale: Option<Scale>,
    learner: Learner,
    checkpoint: Checkpoint,
    control: Control<'a>,
}

impl<'a> Session<'a> {
    /// A training at its start, or where `checkpoint` left it.
    pub fn new(
        job: &'a Job,
        task: &'a Task,
        setup: Setup<'a>,
        checkpoint: Option<Checkpoint>,
        device: &Device,
        control: Control<'a>,
    ) -> Result<Session<'a>, TrainError> {
        let seed = seed(job, &task.id);
        let mut learner = opening::learner(job, task, &setup, seed, device)?;
        let checkpoint = match checkpoint {
            Some(checkpoint) => {
                learner.restore(&checkpoint.state)?;
                checkpoint
            }
            None => {
                Checkpoint { history: Vec::new(), best: None, state: Vec::new(), kept: Vec::new() }
            }
        };
        let (inputs, scale) = opening::inputs(job, task, &setup, seed, control)?;
        Ok(Session { job, task, setup, seed, inputs, scale, learner, checkpoint, control })
    }

    /// Where the training stands.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Epochs it will have at most.
    pub fn epochs(&self) -> u32 {
        self.setup.epochs
    }

    /// One line of JSON for each epoch.
    pub fn log(&self) -> String {
        let line = |metrics| serde_json::to_string(metrics).expect("metrics are plain data") + "\n";
        self.checkpoint.history.iter().map(line).collect()
    }

    fn epochs_done(&self) -> u32 {
        self.checkpoint.history.len() as u32
    }

    /// Whether all epochs ran, or patience did out.
    pub fn is_over(&self) -> bool {
        let done = self.epochs_done();
        let improved = self.checkpoint.best.as_ref().map_or(done, |best| best.improved);
        let impatient =
            self.setup.recipe.patience.is_some_and(|patience| done - improved >= patience);
        done >= self.setup.epochs || impatient
    }

    /// Estimated work of the epochs that an early stop made needless.
    pub fn work_saved(&self) -> f64 {
        self.setup.work.left(self.epochs_done()) - self.setup.work.before
    }

    /// Runs one epoch and takes down where the training then stands.
    pub fn epoch(&mut self, began: Instant) -> Result<(), TrainError> {
        let done = self.epochs_done();
        let epoch = done + 1;
        let (loss, learning_rate) = self.learn(done)?;
        let measured = is_measured(self.setup.recipe.select, epoch, self.setup.epochs);
        let validation = if measured { self.validate()? } else { None };
        if let (Some(validation), Select::Best) = (&validation, self.setup.recipe.select) {
            let best =
                Best::after(self.checkpoint.best.as_ref(), epoch, validation, self.criterion());
            if best.epoch == epoch {
                self.checkpoint.kept = weights::to_safetensors(&self.weights()?)?;
            }
            self.checkpoint.best = Some(best);
        }
        self.checkpoint.history.push(EpochMetrics {
            id: self.task.id.clone(),
            epoch,
            learning_rate,
            loss,
            validation,
            seconds: began.elapsed().as_secs_f64(),
        });
        self.checkpoint.state = self.learner.state();
        Ok(())
    }

    fn criterion(&self) -> Criterion {
        match self.task.id {
            TrainingId::Jigsaw { .. } => Criterion::Accuracy,
            _ => Criterion::Auc,
        }
    }

    /// Shows every pair of the epoch; returns mean loss and last learning rate.
    fn learn(&mut self, epoch: u32) -> Result<(f64, f64), TrainError> {
        let recipe = self.setup.recipe;
        let mut rng =
            ChaCha8Rng::from_seed(self.seed.child(format!("epoch {}", epoch + 1)).bytes());
        let order = sampling::epoch(
            &self.setup.split.training,
            &self.setup.classes,
            self.setup.rebalance,
            &mut rng,
        );
        let batches = sampling::batches(&order, recipe.batch);
        let steps = batches.len();
        let mut total = 0.0;
        let mut learning_rate = 0.0;
        for (step, pairs) in batches.enumerate() {
            self.control.check()?;
            let mut batch = Batch::default();
            for &pair in pairs {
                self.inputs.draw(pair, &mut rng, &mut batch)?;
            }
            self.rescale(&mut batch);
            let place = Place { epoch, epochs: self.setup.epochs, step, steps };
            learning_rate = recipe.schedule.rate(recipe.learning_rate(self.setup.warm), place);
            let loss = self.learner.step(&batch.inputs, pairs.len(), &batch.labels, learning_rate);
            if !loss.is_finite() {
                return Err(self.diverged(epoch + 1));
            }
            total += loss * pairs.len() as f64;
            self.passed(self.setup.work.sample * pairs.len() as f64);
        }
        Ok((total / order.len().max(1) as f64, learning_rate))
    }

    fn validate(&self) -> Result<Option<Validation>, TrainError> {
        let mut labels = Vec::new();
        let mut logits = Vec::new();
        for pairs in sampling::batches(&self.setup.split.validation, self.setup.recipe.batch) {
            self.control.check()?;
            let mut batch = Batch::default();
            for &pair in pairs {
                self.inputs.clean(pair, &mut batch);
            }
            self.rescale(&mut batch);
            logits.extend(self.learner.evaluate(&batch.inputs, pairs.len()));
            labels.extend(batch.labels);
            if !matches!(self.task.id, TrainingId::Fusion(_)) {
                self.passed(self.setup.work.sample * FORWARD * pairs.len() as f64);
            }
        }
        let classes = self.setup.architecture.classes();
        if logits.iter().any(|logit| !logit.is_finite()) {
            return Err(self.diverged(self.epochs_done() + 1));
        }
        Ok(answer::validation(&logits, &labels, classes))
    }

    fn rescale(&self, batch: &mut Batch) {
        if let Some(scale) = &self.scale {
            scale.apply(&mut batch.inputs);
        }
    }

    fn passed(&self, image_passes: f64) {
        if image_passes > 0.0 {
            self.control.observer.event(&Event::Passed { id: &self.task.id, image_passes });
        }
    }

    fn diverged(&self, epoch: u32) -> TrainError {
        Problem::new(format!("{}: epoch {epoch} left the range of numbers", self.task.id))
            .hint("a lower learning_rate, or a gradient_clip, keeps it there")
            .into()
    }

    /// The weights as a bundle holds them.
    fn weights(&self) -> Result<Weights, TrainError> {
        let mut weights = self.learner.weights();
        if let Some(scale) = &self.scale {
            scale.fold_into(&mut weights)?;
        }
        weights::round_to_f16(&mut weights)?;
        Ok(weights)
    }

    /// The finished training and the file of its weights. What it says about
    /// its validation fold comes from those weights in the engine that scores.
    pub fn finish(self, identity: &str) -> Result<(Finished, Vec<u8>), TrainError> {
        let (epoch, file) = match &self.checkpoint.best {
            Some(best) => (best.epoch, self.checkpoint.kept.clone()),
            None => (self.epochs_done(), weights::to_safetensors(&self.weights()?)?),
        };
        let kept = weights::read(&file)?;
        let measured = self
            .checkpoint
            .history
            .get(epoch as usize - 1)
            .and_then(|metrics| metrics.validation.as_ref());
        let is_jigsaw = matches!(self.task.id, TrainingId::Jigsaw { .. });
        let decides_a_bit = self.task.id.target().is_some_and(|target| target.network().is_some());
        let validation = if decides_a_bit {
            answer::judge(self.job, &self.task.id, &kept, &self.setup)?
        } else {
            Vec::new()
        };
        let finished = Finished {
            id: self.task.id.clone(),
            identity: identity.to_owned(),
            starts_from: self.task.start.words(),
            epochs: self.epochs_done(),
            epoch,
            weights_blake3: blake3::hash(&file).to_hex().to_string(),
            accuracy: measured.filter(|_| is_jigsaw).map(|validation| validation.accuracy),
            validation,
        };
        Ok((finished, file))
    }
}
