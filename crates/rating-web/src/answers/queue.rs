//! What is to be computed, in which order, and for whom. Arithmetic only: the
//! thread that computes is the desk's.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rating::{Origin, Pair};
use rating_frozen::Explanation;
use rating_frozen::explain::Mode;
use tokio::sync::oneshot;

use super::stored::{Scored, Subject};
use crate::clock::Moment;
use crate::refusal::Refusal;

/// One thing to compute, the quickest first: scores come before maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Grades.
    Score,
    /// A heatmap of fewer gradients.
    Fast,
    /// The paper's heatmap.
    Exact,
}

impl Step {
    /// The word of answers.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Step::Score => "score",
            Step::Fast => "fast",
            Step::Exact => "exact",
        }
    }

    /// The heatmap that is computed in this step.
    #[must_use]
    pub fn mode(self) -> Option<Mode> {
        match self {
            Step::Score => None,
            Step::Fast => Some(Mode::Fast),
            Step::Exact => Some(Mode::Exact),
        }
    }

    fn next(self) -> Step {
        match self {
            Step::Score => Step::Fast,
            Step::Fast | Step::Exact => Step::Exact,
        }
    }
}

/// Whoever waits asks again at least this often, or nobody waits any more.
pub(super) const PATIENCE: Duration = Duration::from_secs(8);
/// Most pairs and uploads that wait at once.
const MOST_WAITING: usize = 64;
/// Failures remembered, so that what fails is not tried again and again.
const MOST_FAILURES: usize = 256;

/// A pair that somebody handed in, with the line its answer goes back on.
pub(super) struct Upload {
    pub(super) pair: Pair,
    pub(super) origin: Origin,
    /// The last step that is wanted.
    pub(super) step: Step,
    pub(super) reply: Mutex<Option<oneshot::Sender<UploadAnswer>>>,
}

/// What is said about an upload.
pub(super) type UploadAnswer = Result<(Scored, Option<Explanation>), Refusal>;

impl Upload {
    fn is_wanted(&self) -> bool {
        let reply = self.reply.lock().unwrap_or_else(PoisonError::into_inner);
        reply.as_ref().is_some_and(|reply| !reply.is_closed())
    }

    /// Answers, if anybody still listens.
    pub(super) fn answer(&self, answer: UploadAnswer) {
        let reply = self.reply.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(reply) = reply {
            let _ = reply.send(answer);
        }
    }
}

/// What the work is about.
#[derive(Clone)]
pub(super) enum What {
    Pair(Subject),
    Upload(Arc<Upload>),
}

/// Work that was taken from the queue.
pub(super) struct Job {
    pub(super) number: u64,
    pub(super) step: Step,
    pub(super) what: What,
}

struct Entry {
    number: u64,
    what: What,
    /// What comes next.
    step: Step,
    /// The last step that is wanted.
    last: Step,
    /// Until when somebody waits, for pairs.
    until: Moment,
}

impl Entry {
    fn is_wanted(&self, now: Moment) -> bool {
        match &self.what {
            What::Pair(_) => self.until >= now,
            What::Upload(upload) => upload.is_wanted(),
        }
    }

    fn is_about(&self, subject: &Subject) -> bool {
        matches!(&self.what, What::Pair(known) if known == subject)
    }
}

/// Where a question stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// It waits, behind so many others.
    Waiting(usize),
    /// It is being worked on: the step, and how much of it is done.
    Running(Step, usize, usize),
    /// It cannot be answered.
    Failed(String),
}

/// Everything that waits.
#[derive(Default)]
pub(super) struct Queue {
    entries: Vec<Entry>,
    numbers: u64,
    running: Option<(u64, usize, usize)>,
    failures: VecDeque<(Subject, String)>,
}

impl Queue {
    /// Somebody waits for an answer up to this step, and will ask again.
    ///
    /// # Errors
    /// Too many wait already.
    pub(super) fn want(
        &mut self,
        subject: &Subject,
        last: Step,
        now: Moment,
    ) -> Result<Place, Refusal> {
        if let Some((_, sentence)) = self.failures.iter().find(|(known, _)| known == subject) {
            return Ok(Place::Failed(sentence.clone()));
        }
        let until = now.after(PATIENCE);
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.is_about(subject)) {
            entry.until = until;
            entry.last = entry.last.max(last);
        } else {
            self.enter(What::Pair(subject.clone()), Step::Score, last, until, now)?;
        }
        Ok(self.place(subject, now))
    }

    /// Somebody waits for an answer about an upload.
    ///
    /// # Errors
    /// Too many wait already.
    pub(super) fn bring(&mut self, upload: Arc<Upload>, now: Moment) -> Result<(), Refusal> {
        let step = upload.step;
        self.enter(What::Upload(upload), step, step, now, now)
    }

    fn enter(
        &mut self,
        what: What,
        step: Step,
        last: Step,
        until: Moment,
        now: Moment,
    ) -> Result<(), Refusal> {
        self.drop_unwanted(now);
        if self.entries.len() >= MOST_WAITING {
            return Err(Refusal::too_often("Too many answers are being waited for: try again."));
        }
        self.numbers += 1;
        self.entries.push(Entry { number: self.numbers, what, step, last, until });
        Ok(())
    }

    fn place(&self, subject: &Subject, now: Moment) -> Place {
        let Some(entry) = self.entries.iter().find(|entry| entry.is_about(subject)) else {
            return Place::Waiting(0);
        };
        match self.running {
            Some((number, done, total)) if number == entry.number => {
                Place::Running(entry.step, done, total)
            }
            _ => {
                let ahead = |other: &&Entry| {
                    other.is_wanted(now) && (other.step, other.number) < (entry.step, entry.number)
                };
                Place::Waiting(self.entries.iter().filter(ahead).count())
            }
        }
    }

    /// The next work: the quickest step, and of those who wait for it the first.
    pub(super) fn take(&mut self, now: Moment) -> Option<Job> {
        self.drop_unwanted(now);
        let entry = self.entries.iter().min_by_key(|entry| (entry.step, entry.number))?;
        self.running = Some((entry.number, 0, 0));
        Some(Job { number: entry.number, step: entry.step, what: entry.what.clone() })
    }

    /// Whether work goes on: somebody still waits for it, and nobody waits for
    /// something quicker.
    pub(super) fn goes_on(&self, number: u64, now: Moment) -> bool {
        let Some(entry) = self.entries.iter().find(|entry| entry.number == number) else {
            return false;
        };
        let gives_way = self
            .entries
            .iter()
            .any(|other| other.number != number && other.step < entry.step && other.is_wanted(now));
        entry.is_wanted(now) && !gives_way
    }

    /// How far the work is.
    pub(super) fn progress(&mut self, number: u64, done: usize, total: usize) {
        if let Some(running) = self.running.as_mut().filter(|running| running.0 == number) {
            *running = (number, done, total);
        }
    }

    /// Work stopped half-way; whoever still waits for it is kept.
    pub(super) fn stopped(&mut self) {
        self.running = None;
    }

    /// A step is there.
    pub(super) fn done(&mut self, number: u64) {
        self.running = None;
        for entry in self.entries.iter_mut().filter(|entry| entry.number == number) {
            if entry.step < entry.last {
                entry.step = entry.step.next();
                return;
            }
        }
        self.entries.retain(|entry| entry.number != number);
    }

    /// It cannot be answered.
    pub(super) fn failed(&mut self, number: u64, sentence: &str) {
        self.running = None;
        for entry in self.entries.extract_if(.., |entry| entry.number == number) {
            if let What::Pair(subject) = entry.what {
                self.failures.push_back((subject, sentence.to_owned()));
            }
        }
        if self.failures.len() > MOST_FAILURES {
            self.failures.pop_front();
        }
    }

    /// Lets what failed be tried again.
    pub(super) fn forgive(&mut self, subject: &Subject) {
        self.failures.retain(|(known, _)| known != subject);
    }

    fn drop_unwanted(&mut self, now: Moment) {
        let running = self.running.map(|(number, _, _)| number);
        self.entries.retain(|entry| entry.is_wanted(now) || running == Some(entry.number));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment::at(1_000_000);

    fn subject(pair: i64) -> Subject {
        Subject { pair, rois: Vec::new() }
    }

    fn taken(queue: &mut Queue, now: Moment) -> Option<(u64, Step)> {
        queue.take(now).map(|job| (job.number, job.step))
    }

    #[test]
    fn scores_come_before_maps_and_the_first_who_waits_before_the_second() {
        let mut queue = Queue::default();
        queue.want(&subject(1), Step::Exact, NOW).unwrap();
        queue.want(&subject(2), Step::Exact, NOW).unwrap();
        let mut order = Vec::new();
        while let Some((number, step)) = taken(&mut queue, NOW) {
            order.push((number, step));
            queue.done(number);
        }
        use Step::{Exact, Fast, Score};
        assert_eq!(order, [(1, Score), (2, Score), (1, Fast), (2, Fast), (1, Exact), (2, Exact)]);
    }

    #[test]
    fn a_map_gives_way_to_a_score_and_is_begun_again() {
        let mut queue = Queue::default();
        queue.want(&subject(1), Step::Exact, NOW).unwrap();
        for _ in [Step::Score, Step::Fast] {
            let (number, _) = taken(&mut queue, NOW).unwrap();
            queue.done(number);
        }
        assert_eq!(taken(&mut queue, NOW), Some((1, Step::Exact)));
        assert!(queue.goes_on(1, NOW));
        assert_eq!(queue.want(&subject(2), Step::Score, NOW).unwrap(), Place::Waiting(0));
        assert!(!queue.goes_on(1, NOW));
        queue.stopped();
        assert_eq!(taken(&mut queue, NOW), Some((2, Step::Score)));
        queue.done(2);
        assert_eq!(taken(&mut queue, NOW), Some((1, Step::Exact)));
    }

    #[test]
    fn what_nobody_waits_for_any_more_is_dropped() {
        let mut queue = Queue::default();
        queue.want(&subject(1), Step::Exact, NOW).unwrap();
        assert_eq!(taken(&mut queue, NOW), Some((1, Step::Score)));
        assert!(queue.goes_on(1, NOW.after(PATIENCE)));
        let later = NOW.after(PATIENCE + Duration::from_millis(1));
        assert!(!queue.goes_on(1, later));
        queue.stopped();
        assert_eq!(taken(&mut queue, later), None);
    }

    #[test]
    fn the_queue_is_bounded() {
        let mut queue = Queue::default();
        for pair in 0..MOST_WAITING as i64 {
            queue.want(&subject(pair), Step::Score, NOW).unwrap();
        }
        let refused = queue.want(&subject(1000), Step::Score, NOW).unwrap_err();
        assert_eq!(refused.status.as_u16(), 429);
        let later = NOW.after(PATIENCE * 2);
        queue.want(&subject(1000), Step::Score, later).unwrap();
    }

    #[test]
    fn what_failed_is_not_tried_again_until_it_is_asked_anew() {
        let mut queue = Queue::default();
        queue.want(&subject(1), Step::Exact, NOW).unwrap();
        taken(&mut queue, NOW).unwrap();
        queue.failed(1, "No.");
        let failed = Place::Failed("No.".to_owned());
        assert_eq!(queue.want(&subject(1), Step::Exact, NOW).unwrap(), failed);
        assert_eq!(taken(&mut queue, NOW), None);
        queue.forgive(&subject(1));
        assert_eq!(queue.want(&subject(1), Step::Exact, NOW).unwrap(), Place::Waiting(0));
    }
}
