//! Threads that work on one pass together.
//!
//! Every member runs the same code, takes its share of each step and waits for
//! the others where a step needs what they made. What is computed does not
//! depend on how many they are.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

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
pub(super) struct Member<'t> {
    /// Its number, from 0.
    pub rank: usize,
    /// How many there are.
    pub size: usize,
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

/// Runs `work` once for each member of a team of `size`, this thread being
/// one of them.
pub(super) fn together(size: usize, work: impl Fn(Member<'_>) + Sync) {
    if size <= 1 {
        return work(Member::ALONE);
    }
    let meeting = Meeting { size, arrived: AtomicUsize::new(0), rounds: AtomicUsize::new(0) };
    let member = |rank| Member { rank, size, meeting: Some(&meeting) };
    std::thread::scope(|scope| {
        for rank in 1..size {
            let (work, member) = (&work, member(rank));
            scope.spawn(move || work(member));
        }
        work(member(0));
    });
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn shares_cover_everything_once() {
        let seen = Mutex::new(Vec::new());
        together(3, |member| seen.lock().unwrap().extend(member.share(10)));
        let mut seen = seen.into_inner().unwrap();
        seen.sort_unstable();
        assert_eq!(seen, (0..10).collect::<Vec<_>>());
    }

    #[test]
    fn nobody_passes_before_all_have_come() {
        let come = AtomicUsize::new(0);
        together(4, |member| {
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
