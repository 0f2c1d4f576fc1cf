//! Threads that work on one pass together.
//!
//! Every member runs the same code, takes its share of each step and waits for
//! the others where a step needs what they made. What is computed does not
//! depend on how many they are.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::{ThreadPool, ThreadPoolBuilder};

/// Turns to look before a member lets others run.
const PATIENCE: usize = 20_000;

/// Where members wait for one another.
#[derive(Debug)]
struct Meeting {
    size: usize,
    arrived: AtomicUsize,
    rounds: AtomicUsize,
}

/// One member of a team.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member<'t> {
    /// Its number, from 0.
    pub(super) rank: usize,
    /// How many there are.
    pub(super) size: usize,
    meeting: Option<&'t Meeting>,
}

impl Member<'_> {
    /// A team of one, which never waits.
    pub const ALONE: Member<'static> = Member { rank: 0, size: 1, meeting: None };

    /// This member's share of `count` things in a row: as even as can be.
    pub fn share(self, count: usize) -> Range<usize> {
        let bound = |rank: usize| count * rank / self.size;
        bound(self.rank)..bound(self.rank + 1)
    }

    /// Waits until every member is here; what they wrote before can be read
    /// after.
    pub fn wait(self) {
        let Some(meeting) = self.meeting else { return };
        let round = meeting.rounds.load(Ordering::Acquire);
        if meeting.arrived.fetch_add(1, Ordering::AcqRel) + 1 == meeting.size {
            meeting.arrived.store(0, Ordering::Release);
            meeting.rounds.fetch_add(1, Ordering::AcqRel);
            return;
        }
        let mut turns = 0;
        while meeting.rounds.load(Ordering::Acquire) == round {
            turns += 1;
            if turns < PATIENCE {
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
        }
    }
}

/// Threads that wait to be a team. Starting threads anew for each pass would
/// leave them on one core for longer than a pass takes.
#[derive(Debug)]
pub(crate) struct Crew {
    /// None for a team of one.
    pool: Option<ThreadPool>,
}

impl Crew {
    /// A crew of so many threads; of one where the machine starts no more.
    pub fn new(size: usize) -> Crew {
        let pool = ThreadPoolBuilder::new().num_threads(size);
        Crew { pool: if size > 1 { pool.build().ok() } else { None } }
    }

    /// How many members a team of this crew has.
    pub fn size(&self) -> usize {
        self.pool.as_ref().map_or(1, ThreadPool::current_num_threads)
    }

    /// Runs `work` once for each member, all at once.
    pub fn together(&mut self, work: impl Fn(Member<'_>) + Sync) {
        let Some(pool) = &self.pool else { return work(Member::ALONE) };
        let size = pool.current_num_threads();
        let meeting = Meeting { size, arrived: AtomicUsize::new(0), rounds: AtomicUsize::new(0) };
        // The crew is borrowed alone: two teams at once could wait for each other.
        pool.broadcast(|thread| {
            work(Member { rank: thread.index(), size, meeting: Some(&meeting) });
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn shares_cover_everything_once() {
        let seen = Mutex::new(Vec::new());
        Crew::new(3).together(|member| seen.lock().unwrap().extend(member.share(10)));
        let mut seen = seen.into_inner().unwrap();
        seen.sort_unstable();
        assert_eq!(seen, (0..10).collect::<Vec<_>>());
    }

    #[test]
    fn nobody_passes_before_all_have_come() {
        let come = AtomicUsize::new(0);
        Crew::new(4).together(|member| {
            for round in 1..=200 {
                come.fetch_add(1, Ordering::AcqRel);
                member.wait();
                assert!(come.load(Ordering::Acquire) >= 4 * round);
                member.wait();
            }
        });
        assert_eq!(come.into_inner(), 800);
    }
}
