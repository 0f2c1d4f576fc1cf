//! Progress of a training plan: one bar for the plan, one for each training.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use rating::network::TrainingId;
use rating_net::{Event, Observer};

use super::LINE_EVERY;

/// Bars of a running plan; lines where stderr is no terminal.
pub struct TrainingBars {
    is_terminal: bool,
    bars: MultiProgress,
    now: Mutex<Now>,
}

struct Now {
    plan: ProgressBar,
    trainings: BTreeMap<TrainingId, ProgressBar>,
    total: usize,
    finished: usize,
    work: f64,
    done: f64,
    began: Instant,
    last_line: Option<Instant>,
}

impl TrainingBars {
    /// No bar yet.
    pub fn new() -> TrainingBars {
        let is_terminal = std::io::stderr().is_terminal();
        let target =
            if is_terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bars = MultiProgress::with_draw_target(target);
        let plan = bars.add(ProgressBar::new(0).with_style(style("{msg}")));
        let now = Now {
            plan,
            trainings: BTreeMap::new(),
            total: 0,
            finished: 0,
            work: 0.0,
            done: 0.0,
            began: Instant::now(),
            last_line: None,
        };
        TrainingBars { is_terminal, bars, now: Mutex::new(now) }
    }

    /// Takes the bars away.
    pub fn finish(&self) {
        // Clearing can fail only when the terminal is gone.
        let _ = self.bars.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn say(&self, line: &str) {
        if self.is_terminal {
            // As above.
            let _ = self.bars.println(line);
        } else {
            crate::stderr::say(line);
        }
    }
}

/// Message, bar and, behind it, whatever the template says.
fn style(message: &str) -> ProgressStyle {
    ProgressStyle::with_template(&format!("{message:<34} [{{bar:28}}] {{prefix}}"))
        .expect("a valid template")
        .progress_chars("=> ")
}

impl Now {
    /// Time left at the speed so far; `None` before anything was measured.
    fn left(&self) -> Option<Duration> {
        let share = self.done / self.work;
        if !share.is_finite() || share <= 0.0 {
            return None;
        }
        let elapsed = self.began.elapsed().as_secs_f64();
        Duration::try_from_secs_f64((elapsed / share - elapsed).max(0.0)).ok()
    }

    fn words(&self) -> String {
        let left =
            self.left().map_or_else(|| "-".to_owned(), |left| HumanDuration(left).to_string());
        format!("{} of {} trainings, {left} left", self.finished, self.total)
    }

    fn refresh(&self) {
        self.plan.set_length(self.work.ceil() as u64);
        self.plan.set_position(self.done as u64);
        self.plan.set_message("training");
        self.plan.set_prefix(self.words());
    }
}

impl Observer for TrainingBars {
    fn event(&self, event: &Event<'_>) {
        let mut now = self.lock();
        match event {
            Event::Planned { trainings, finished, image_passes } => {
                (now.total, now.finished, now.work) = (*trainings, *finished, *image_passes);
                now.began = Instant::now();
            }
            Event::Started { id, epochs_done, epochs, image_passes } => {
                let bar = self
                    .bars
                    .add(ProgressBar::new(image_passes.ceil() as u64).with_style(style("  {msg}")));
                bar.set_message(id.to_string());
                bar.set_prefix(format!("epoch {epochs_done} of {epochs}"));
                now.trainings.insert((*id).clone(), bar);
            }
            Event::Passed { id, image_passes } => {
                now.done += image_passes;
                if let Some(bar) = now.trainings.get(*id) {
                    bar.inc(image_passes.round() as u64);
                }
            }
            Event::Epoch { id, metrics, epochs } => {
                if let Some(bar) = now.trainings.get(*id) {
                    bar.set_prefix(format!(
                        "epoch {} of {epochs}, loss {:.3}",
                        metrics.epoch, metrics.loss
                    ));
                }
            }
            Event::Finished { id, image_passes_saved } => {
                now.finished += 1;
                now.work -= image_passes_saved;
                if let Some(bar) = now.trainings.remove(*id) {
                    bar.finish_and_clear();
                }
            }
            Event::Warning { text } => self.say(&format!("warning: {text}")),
            _ => {}
        }
        now.refresh();
        let is_due = now.last_line.is_none_or(|last| last.elapsed() >= LINE_EVERY);
        if !self.is_terminal && is_due && now.work > 0.0 {
            now.last_line = Some(Instant::now());
            self.say(&format!("training: {}", now.words()));
        }
    }
}
