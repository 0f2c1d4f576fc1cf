//! What becomes of a pair that several readers have read: it is settled where
//! they agree, read again where they do not, and decided by a senior reader
//! where they still do not (method, section 2; paper, "Image selection and
//! scoring"). Every reading is kept; nothing here is stored, all of it follows
//! from the readings.

mod agreement;
mod list;
mod outline;
mod settled;
mod table;
mod way;

use serde::Serialize;
use utoipa::ToSchema;

use crate::readings::{Body, Reading, Stage};
pub use agreement::{Agreement, Among, Beside, agreement};
use outline::Outline;

pub use list::{
    Counts, Listed, Page, Part, Waiting, all, done, is_wanted, list, next, of_pair, overview, part,
    waiting,
};
pub use settled::{Settled, mean};
pub(crate) use table::letters;
pub use table::{Line, told};
pub use way::{Way, way, ways};

/// Which readings count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Counted {
    /// Those that nothing of the system's answer led to. The room works by these.
    #[default]
    Unrevealed,
    /// All of them; only where somebody asks for it by name.
    All,
}

impl Counted {
    /// Whether this reading counts.
    #[must_use]
    pub fn counts(self, reading: &Reading) -> bool {
        self == Counted::All || reading.is_unaided()
    }
}

/// What a locked reading says, as far as readers can agree on it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The grades, in the order of the protocol.
    // `Grade`, under the name that the description of the interface knows.
    Grades(Vec<u8>),
    /// It cannot be graded, for whatever reason.
    CannotGrade,
}

impl Verdict {
    /// The verdict of a reading that is complete.
    #[must_use]
    pub fn of(body: &Body) -> Verdict {
        body.all_grades().map_or(Verdict::CannotGrade, Verdict::Grades)
    }
}

/// How far a pair is.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum State {
    /// Nobody has been asked to read it.
    NotHandedOut,
    /// First readings are missing.
    Reading {
        /// How many are locked.
        locked: usize,
        /// How many it was handed to.
        of: usize,
    },
    /// The readers differ and read it again, knowing what the others said.
    Consensus {
        /// How many second readings are locked.
        locked: usize,
        /// How many readers there are.
        of: usize,
    },
    /// A senior reader has to decide: the readers still differ, or one of them
    /// had seen the system's answer when they came to a consensus.
    Adjudication,
    /// It has a value.
    Settled(Settled),
}

/// How far a pair is, and which readings settled it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Decided {
    NotHandedOut,
    Reading { locked: usize, of: usize },
    Consensus { locked: usize, of: usize },
    Adjudication,
    Settled { by: Stage, readings: Vec<i64> },
}

/// How far a pair is, by whom it was handed to and all readings of it.
///
/// In this order: first readings that agree settle it; else a senior reader's
/// decision (the first one locked); else second readings, when every reader has
/// locked one and all of them count and agree. Readings that do not count do
/// not make readers differ.
#[must_use]
pub fn judge(handed_to: &[i64], readings: &[Reading], counted: Counted) -> State {
    let outlines: Vec<Outline> = readings.iter().filter_map(Outline::of).collect();
    match decide(handed_to, &outlines, counted) {
        Decided::NotHandedOut => State::NotHandedOut,
        Decided::Reading { locked, of } => State::Reading { locked, of },
        Decided::Consensus { locked, of } => State::Consensus { locked, of },
        Decided::Adjudication => State::Adjudication,
        Decided::Settled { readings: by, .. } => {
            let by: Vec<&Reading> = readings.iter().filter(|one| by.contains(&one.id)).collect();
            Settled::by_all(&by).map_or(State::Adjudication, State::Settled)
        }
    }
}

/// The same without what the pair has come to.
fn decide(handed_to: &[i64], readings: &[Outline], counted: Counted) -> Decided {
    if handed_to.is_empty() {
        return Decided::NotHandedOut;
    }
    let at = |stage| readings.iter().filter(move |one| one.stage == stage);
    let counts = |one: &Outline| counted == Counted::All || one.unaided;
    let is_missing = |reader: i64| !at(Stage::First).any(|one| one.reader == reader);
    if handed_to.iter().copied().any(is_missing) {
        return Decided::Reading { locked: at(Stage::First).count(), of: handed_to.len() };
    }
    let counting: Vec<&Outline> = at(Stage::First).filter(|one| counts(one)).collect();
    if let Some(settled) = settled_by(&counting) {
        return settled;
    }
    // Of two at the same moment, the one that was begun first.
    let decision =
        at(Stage::Adjudication).filter(|one| counts(one)).min_by_key(|one| (one.locked, one.id));
    if let Some(settled) = decision.and_then(|one| settled_by(&[one])) {
        return settled;
    }
    if counting.is_empty() {
        return Decided::Adjudication;
    }
    let takes_part = |one: &&Outline| counting.iter().any(|first| first.reader == one.reader);
    let second: Vec<&Outline> = at(Stage::Consensus).filter(takes_part).collect();
    if second.len() < counting.len() {
        return Decided::Consensus { locked: second.len(), of: counting.len() };
    }
    let all_count = second.iter().all(|one| counts(one));
    settled_by(&second).filter(|_| all_count).unwrap_or(Decided::Adjudication)
}

/// What readings of one stage settle; `None` when there is none or they differ.
fn settled_by(readings: &[&Outline]) -> Option<Decided> {
    let first = readings.first()?;
    let agree = readings.iter().all(|one| one.verdict == first.verdict);
    let ids = || readings.iter().map(|one| one.id).collect();
    agree.then(|| Decided::Settled { by: first.stage, readings: ids() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Moment;
    use crate::readings::{Reason, Shown};
    use rating::Grade;

    /// A locked reading: reader, stage, grades (none: cannot grade).
    fn reading(reader: i64, stage: Stage, grades: Option<[Grade; 2]>) -> Reading {
        let body = Body {
            grades: grades.map_or(vec![None; 2], |grades| grades.map(Some).to_vec()),
            cannot: if grades.is_none() { Some(Reason::Motion) } else { None },
            rois: vec![None; 2],
            comment: String::new(),
        };
        let (id, time) = (10 * reader + stage as i64, Moment::at(reader));
        let (change, shown) = (String::new(), Shown::default());
        Reading {
            id,
            pair: 1,
            reader,
            stage,
            version: 2,
            change,
            body,
            shown,
            seen_by: Vec::new(),
            opened: time,
            saved: time,
            locked: Some(time),
        }
    }

    fn state(readings: &[Reading]) -> State {
        judge(&[1, 2], readings, Counted::Unrevealed)
    }

    fn settled(readings: &[Reading]) -> (Stage, Verdict) {
        match state(readings) {
            State::Settled(settled) => (settled.by, settled.verdict),
            other => panic!("{other:?}"),
        }
    }

    use Stage::{Adjudication, Consensus, First};

    #[test]
    fn alike_first_readings_settle_a_pair() {
        let one = reading(1, First, Some([2, 1]));
        assert_eq!(state(std::slice::from_ref(&one)), State::Reading { locked: 1, of: 2 });
        let both = [one, reading(2, First, Some([2, 1]))];
        assert_eq!(settled(&both), (First, Verdict::Grades(vec![2, 1])));
        let neither = [reading(1, First, None), reading(2, First, None)];
        assert_eq!(settled(&neither), (First, Verdict::CannotGrade));
        assert_eq!(judge(&[], &[], Counted::All), State::NotHandedOut);
    }

    #[test]
    fn any_difference_leads_to_consensus_and_then_to_a_senior_reader() {
        for other in [Some([2, 2]), Some([1, 1]), None] {
            let mut readings = vec![reading(1, First, Some([2, 1])), reading(2, First, other)];
            assert_eq!(state(&readings), State::Consensus { locked: 0, of: 2 });
            readings.push(reading(1, Consensus, Some([2, 1])));
            assert_eq!(state(&readings), State::Consensus { locked: 1, of: 2 });
            let mut alike = readings.clone();
            alike.push(reading(2, Consensus, Some([2, 1])));
            assert_eq!(settled(&alike), (Consensus, Verdict::Grades(vec![2, 1])));
            readings.push(reading(2, Consensus, other));
            assert_eq!(state(&readings), State::Adjudication);
            readings.push(reading(9, Adjudication, Some([3, 3])));
            assert_eq!(settled(&readings), (Adjudication, Verdict::Grades(vec![3, 3])));
        }
    }

    #[test]
    fn a_reading_made_after_the_answer_was_seen_counts_only_when_asked_for() {
        let seen = |reading| Reading { shown: Shown { grades: true, heatmap: false }, ..reading };
        let readings = [reading(1, First, Some([2, 1])), seen(reading(2, First, Some([3, 1])))];
        assert_eq!(settled(&readings), (First, Verdict::Grades(vec![2, 1])));
        let all = judge(&[1, 2], &readings, Counted::All);
        assert_eq!(all, State::Consensus { locked: 0, of: 2 });

        let readings = [
            reading(1, First, Some([2, 1])),
            reading(2, First, Some([3, 1])),
            reading(1, Consensus, Some([2, 1])),
            seen(reading(2, Consensus, Some([2, 1]))),
        ];
        assert_eq!(state(&readings), State::Adjudication);
        assert!(matches!(judge(&[1, 2], &readings, Counted::All), State::Settled(_)));
        // The other reader had seen it when this one was locked.
        let coloured = Reading { seen_by: vec![2], ..reading(1, Consensus, Some([2, 1])) };
        let mut readings = readings;
        (readings[2], readings[3]) = (coloured, reading(2, Consensus, Some([2, 1])));
        assert_eq!(state(&readings), State::Adjudication);
        assert!(matches!(judge(&[1, 2], &readings, Counted::All), State::Settled(_)));
        let none = [seen(reading(1, First, None)), seen(reading(2, First, None))];
        assert_eq!(state(&none), State::Adjudication);
    }
}
