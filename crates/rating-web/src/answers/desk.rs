//! The desk: one thread that owns the networks and computes answers, so that
//! no request waits for them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use rating::{Origin, Pair, Protocol};
use rating_frozen::{Control, Explanation, Identity, Scorer};
use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::maker::{Maker, Stop};
use super::maps::Maps;
use super::queue::{Job, Place, Queue, Step, Upload, What};
use super::stored::{Answer, Scored, Subject};
use crate::pairs::Images;
use crate::refusal::Refusal;
use crate::store::Store;

/// Uploads that are held in memory at once.
const UPLOADS: usize = 2;

/// Where answers are asked for. Dropping it stops the thread.
pub struct Desk {
    shared: Arc<Shared>,
    uploads: Arc<Semaphore>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    queue: Mutex<Queue>,
    bell: Condvar,
    closing: AtomicBool,
    maker: Maker,
}

impl Desk {
    /// A desk for the pairs of a room. `mask_floor` is the bundle's: the
    /// brightness from which a saturated pixel counts as Doppler signal.
    ///
    /// # Errors
    /// Networks of another protocol; a machine that starts no thread.
    pub(crate) fn open(
        scorer: Arc<dyn Scorer>,
        mask_floor: u8,
        protocol: Protocol,
        store: Store,
        images: Images,
        maps: Maps,
    ) -> Result<Desk, Refusal> {
        if scorer.identity().protocol != protocol {
            return Err(Refusal::unfit("The bundle grades by another protocol than this room."));
        }
        let maker = Maker { scorer, mask_floor, protocol, store, images, maps };
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            bell: Condvar::new(),
            closing: AtomicBool::new(false),
            maker,
        });
        let work = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("answers".to_owned())
            .spawn(move || work.work())
            .map_err(Refusal::broken)?;
        Ok(Desk { shared, uploads: Arc::new(Semaphore::new(UPLOADS)), thread: Some(thread) })
    }

    /// What answers name as their source.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        self.shared.maker.scorer.identity()
    }

    /// Somebody waits for an answer up to this step. Whoever goes on waiting
    /// asks again every few seconds; else it is computed for nobody and dropped.
    ///
    /// # Errors
    /// Too many wait already.
    pub fn want(&self, subject: &Subject, last: Step) -> Result<Place, Refusal> {
        let now = self.shared.maker.store.now();
        let place = self.shared.queue().want(subject, last, now)?;
        self.shared.bell.notify_one();
        Ok(place)
    }

    /// Computes an answer up to a step on the caller's own thread, and keeps it;
    /// false when `control` cancels.
    ///
    /// # Errors
    /// A pair that cannot be answered: a sentence for people.
    pub fn compute(
        &self,
        subject: &Subject,
        last: Step,
        control: &dyn Control,
    ) -> Result<bool, Refusal> {
        let steps: &[Step] = if last == Step::Score { &[last] } else { &[Step::Score, last] };
        for &step in steps {
            match self.shared.maker.step(subject, step, control) {
                Ok(()) => {}
                Err(Stop::Cancelled) => return Ok(false),
                Err(Stop::Failed(sentence)) => return Err(Refusal::unfit(sentence)),
            }
        }
        Ok(true)
    }

    /// Lets what failed be tried again.
    pub fn forgive(&self, subject: &Subject) {
        self.shared.queue().forgive(subject);
    }

    /// The right to hold an upload in memory.
    pub(crate) fn door(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        let free = Arc::clone(&self.uploads).try_acquire_owned();
        free.map_err(|_| Refusal::too_often("Other uploads are being scored: try again."))
    }

    /// The answer about an upload. Whoever stops waiting cancels it.
    pub(crate) async fn ask(
        &self,
        pair: Pair,
        origin: Origin,
        step: Step,
    ) -> Result<(Scored, Option<Explanation>), Refusal> {
        let (reply, answer) = oneshot::channel();
        let upload = Upload { pair, origin, step, reply: Mutex::new(Some(reply)) };
        let now = self.shared.maker.store.now();
        self.shared.queue().bring(Arc::new(upload), now)?;
        self.shared.bell.notify_one();
        answer.await.map_err(|_| Refusal::broken("the desk closed"))?
    }

    /// The answer about a pair, as far as it was computed and is still there.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn known(&self, db: &Connection, subject: &Subject) -> Result<Option<Answer>, Refusal> {
        self.shared.maker.known(db, subject)
    }

    pub(crate) fn maps(&self) -> &Maps {
        &self.shared.maker.maps
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        // Under the lock, so that the thread cannot miss it between looking and sleeping.
        let queue = self.shared.queue();
        self.shared.bell.notify_all();
        drop(queue);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        while let Some(job) = self.next() {
            let number = job.number;
            // A bug in one answer is no reason to give none any more.
            let done = catch_unwind(AssertUnwindSafe(|| self.do_job(&job)));
            if done.is_err() {
                self.queue().failed(number, "The answer could not be computed.");
            }
        }
    }

    /// Sleeps until there is work; `None` when the desk closes.
    fn next(&self) -> Option<Job> {
        let mut queue = self.queue();
        loop {
            if self.closing.load(Ordering::SeqCst) {
                return None;
            }
            if let Some(job) = queue.take(self.maker.store.now()) {
                return Some(job);
            }
            queue = self.bell.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn do_job(&self, job: &Job) {
        let control = Watch { shared: self, number: job.number };
        let done = match &job.what {
            What::Pair(subject) => self.maker.step(subject, job.step, &control),
            What::Upload(upload) => self.maker.upload(upload, &control).map(|answer| {
                upload.answer(Ok(answer));
            }),
        };
        let mut queue = self.queue();
        match done {
            Ok(()) => queue.done(job.number),
            Err(Stop::Cancelled) => queue.stopped(),
            Err(Stop::Failed(sentence)) => {
                queue.failed(job.number, &sentence);
                drop(queue);
                if let What::Upload(upload) = &job.what {
                    upload.answer(Err(Refusal::unfit(sentence)));
                }
            }
        }
    }
}

/// Tells the networks whether to go on, and the queue how far they are.
struct Watch<'s> {
    shared: &'s Shared,
    number: u64,
}

impl Control for Watch<'_> {
    fn cancelled(&self) -> bool {
        let now = self.shared.maker.store.now();
        self.shared.closing.load(Ordering::SeqCst) || !self.shared.queue().goes_on(self.number, now)
    }

    fn progress(&self, done: usize, total: usize) {
        self.shared.queue().progress(self.number, done, total);
    }
}
