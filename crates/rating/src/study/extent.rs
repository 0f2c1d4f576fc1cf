//! How much of a study was read, and how long readers waited between their sessions.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Schedule, StudyAnswer, StudyProtocol};
use crate::words::counted;

/// What became of the readings of one session of one reader, repeats too.
/// `planned` = `withdrawn` + `read` + `missing`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionExtent {
    /// The reader.
    pub reader: String,
    /// Which of the reader's sessions, from 1.
    pub session: u32,
    /// Its arm.
    pub arm: String,
    /// Readings that were planned.
    pub planned: usize,
    /// Of those, of a reader or a case withdrawn: they count nowhere, read or not.
    pub withdrawn: usize,
    /// Of the others, submitted.
    pub read: usize,
    /// Of the others, never submitted.
    pub missing: usize,
    /// Of those read, could not be graded.
    pub not_graded: usize,
    /// Of those read, took longer than the protocol gives a case; `None` where it gives
    /// no limit.
    pub over_time: Option<usize>,
}

/// The extent of every session, by reader and session. `withdrawn_cases` are positions
/// among the cases of `schedule`; `answers` are those that count.
#[must_use]
pub fn extent(
    study: &StudyProtocol,
    schedule: &Schedule,
    withdrawn_readers: &BTreeSet<usize>,
    withdrawn_cases: &BTreeSet<usize>,
    answers: &[StudyAnswer],
) -> Vec<SessionExtent> {
    let mut own: BTreeMap<(&str, u32), Vec<&StudyAnswer>> = BTreeMap::new();
    for answer in answers {
        let Some(session) = answer.session else { continue };
        own.entry((&answer.reader, session)).or_default().push(answer);
    }
    let limit = study.design.seconds_a_case;
    let of_session = |planned: &super::Session| {
        let name = &study.readers[planned.reader].name;
        let session = u32::try_from(planned.number + 1).unwrap_or(u32::MAX);
        let withdrawn = if withdrawn_readers.contains(&planned.reader) {
            planned.readings.len()
        } else {
            planned.readings.iter().filter(|one| withdrawn_cases.contains(&one.case)).count()
        };
        let read = own.get(&(name.as_str(), session)).map_or(&[][..], Vec::as_slice);
        let over = |limit: u32| read.iter().filter(|one| one.is_over(limit)).count();
        SessionExtent {
            reader: name.clone(),
            session,
            arm: study.arms[planned.arm].name.clone(),
            planned: planned.readings.len(),
            withdrawn,
            read: read.len(),
            missing: planned.readings.len().saturating_sub(withdrawn + read.len()),
            not_graded: read.iter().filter(|one| one.grades.is_none()).count(),
            over_time: limit.map(over),
        }
    };
    schedule.sessions.iter().map(of_session).collect()
}

/// What is missing, as a sentence; `None` where everything was read.
#[must_use]
pub fn incomplete(extent: &[SessionExtent]) -> Option<String> {
    let missing: usize = extent.iter().map(|one| one.missing).sum();
    let planned: usize = extent.iter().map(|one| one.planned - one.withdrawn).sum();
    let told: Vec<String> = extent
        .iter()
        .filter(|one| one.missing > 0)
        .map(|one| {
            let (all, session) = (one.read + one.missing, one.session);
            format!("{} read {} of {all} in session {session} ({})", one.reader, one.read, one.arm)
        })
        .collect();
    (missing > 0).then(|| {
        format!(
            "The study is incomplete: {missing} of {planned} planned readings were never made. {}. \
             Each reader counts alike in a mean, however few cases are behind it.",
            told.join("; ")
        )
    })
}

/// How many readers are left: those of whom at least one reading counts.
#[must_use]
pub fn readers_left(extent: &[SessionExtent]) -> usize {
    let read = extent.iter().filter(|one| one.read > 0);
    read.map(|one| one.reader.as_str()).collect::<BTreeSet<_>>().len()
}

/// When one reading was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadAt {
    /// Position of the reader in the protocol.
    pub reader: usize,
    /// Which of the reader's sessions, from 0.
    pub session: usize,
    /// The place in the session.
    pub position: usize,
    /// When it was begun, milliseconds.
    pub begun: i64,
    /// When it was submitted, milliseconds.
    pub submitted: i64,
}

/// How long a reader waited before a session.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Washout {
    /// The reader.
    pub reader: String,
    /// The session that was waited for, from 2.
    pub session: u32,
    /// Days from the last submission of the session before to the begin of its first
    /// reading; below 0 where it was begun before.
    pub days: f64,
    /// What the protocol asks for.
    pub planned_days: u32,
}

const DAY_MS: f64 = 24.0 * 60.0 * 60.0 * 1000.0;

/// The wait before every session that was begun, by reader and session. A session
/// that nobody read in is passed over.
#[must_use]
pub fn washouts(study: &StudyProtocol, read: &[ReadAt]) -> Vec<Washout> {
    // First begin and last submission.
    let mut ends: BTreeMap<(usize, usize), (i64, i64)> = BTreeMap::new();
    for one in read {
        let end = ends.entry((one.reader, one.session)).or_insert((one.begun, one.submitted));
        *end = (end.0.min(one.begun), end.1.max(one.submitted));
    }
    let ends: Vec<((usize, usize), (i64, i64))> = ends.into_iter().collect();
    let neighbours = ends.windows(2).filter(|two| two[0].0.0 == two[1].0.0);
    neighbours
        .filter_map(|two| {
            let (reader, session) = two[1].0;
            Some(Washout {
                reader: study.readers.get(reader)?.name.clone(),
                session: u32::try_from(session + 1).ok()?,
                days: (two[1].1.0 - two[0].1.1) as f64 / DAY_MS,
                planned_days: study.design.washout_days,
            })
        })
        .collect()
}

/// What is odd about the times, as sentences: washouts shorter than planned, and times
/// that run backwards.
#[must_use]
pub fn odd_times(study: &StudyProtocol, read: &[ReadAt]) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    for one in washouts(study, read) {
        let Washout { reader, session, days, planned_days } = one;
        if days < 0.0 {
            told.push(format!(
                "{reader} began session {session} {:.1} days before the end of the session before: times run backwards, or sessions overlap.",
                -days
            ));
        } else if days < f64::from(planned_days) {
            told.push(format!(
                "{reader} waited {days:.1} days before session {session}; the protocol asks for {}.",
                counted(planned_days as usize, "day", "days")
            ));
        }
    }
    let mut ordered = read.to_vec();
    ordered.sort_by_key(|one| (one.reader, one.session, one.position));
    let mut backwards: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for one in ordered.iter().filter(|one| one.submitted < one.begun) {
        *backwards.entry((one.reader, one.session)).or_default() += 1;
    }
    for two in ordered.windows(2) {
        let of = |one: &ReadAt| (one.reader, one.session);
        if of(&two[0]) == of(&two[1]) && two[1].submitted < two[0].submitted {
            *backwards.entry(of(&two[1])).or_default() += 1;
        }
    }
    for ((reader, session), count) in backwards {
        let name = study.readers.get(reader).map_or("a reader", |reader| reader.name.as_str());
        told.push(format!(
            "Times of {name} run backwards in session {}, at {}: a clock was set.",
            session + 1,
            counted(count, "reading", "readings")
        ));
    }
    told
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    const CROSSOVER: &str = include_str!("../../../../configs/studies/crossover.toml");

    fn study() -> StudyProtocol {
        let mut study = StudyProtocol::from_toml(CROSSOVER).unwrap();
        study.design.repeats = 0.0;
        study.design.seconds_a_case = Some(30);
        study
    }

    fn answer(reader: &str, session: u32, case: usize, seconds: f64) -> StudyAnswer {
        StudyAnswer {
            reader: reader.to_owned(),
            case: format!("c{case}"),
            arm: String::new(),
            session: Some(session),
            before: None,
            grades: Some(vec![0, 0]),
            cannot: None,
            shown: None,
            altered: false,
            repeat: false,
            position: 1,
            seconds: Some(seconds),
            submitted: None,
        }
    }

    #[test]
    fn every_planned_reading_is_read_withdrawn_or_missing() {
        let study = study();
        let schedule = Schedule::draw(&study, 5, |seed| ChaCha8Rng::from_seed(seed.bytes()));
        let names: Vec<&str> = study.readers.iter().map(|reader| reader.name.as_str()).collect();
        // Case 4 and the second reader are withdrawn; the first read 4 and 1, others all.
        let mut answers: Vec<StudyAnswer> = Vec::new();
        for (at, name) in names.iter().enumerate().filter(|(at, _)| *at != 1) {
            answers.extend((0..4).map(|case| answer(name, 1, case, 31.0)));
            let most = if at == 0 { 1 } else { 4 };
            answers.extend((0..most).map(|case| answer(name, 2, case, 30.0)));
        }
        let found = extent(&study, &schedule, &[1].into(), &[4].into(), &answers);
        assert_eq!(found.len(), 2 * names.len());
        let of = |at: usize| {
            let one = &found[at];
            [one.planned, one.withdrawn, one.read, one.missing]
        };
        assert_eq!((of(0), of(1)), ([5, 1, 4, 0], [5, 1, 1, 3]));
        assert_eq!((of(2), of(4)), ([5, 5, 0, 0], [5, 1, 4, 0]));
        assert_eq!((found[0].over_time, found[1].over_time), (Some(4), Some(0)));
        let told = incomplete(&found).unwrap();
        let arm = &found[1].arm;
        assert!(told.contains(&format!("3 of {} planned", 8 * (names.len() - 1))), "{told}");
        assert!(told.contains(&format!("{} read 1 of 4 in session 2 ({arm})", names[0])), "{told}");
        assert_eq!(readers_left(&found), names.len() - 1);
        assert_eq!(incomplete(&found[2..]), None);
    }

    #[test]
    fn washouts_are_what_the_clock_says() {
        let study = study();
        let day = DAY_MS as i64;
        let read = |reader, session, position, begun, submitted| ReadAt {
            reader,
            session,
            position,
            begun,
            submitted,
        };
        let planned = i64::from(study.design.washout_days);
        let all = [
            read(0, 0, 0, 0, day / 2),
            read(0, 0, 1, day / 2, day),
            read(0, 1, 0, (planned + 2) * day, (planned + 2) * day + 5),
            // Begun too early, after the clock was set back in the first session.
            read(1, 0, 0, 9 * day, 10 * day),
            read(1, 0, 1, 8 * day, 9 * day),
            read(1, 1, 0, 11 * day, 11 * day + 1),
            read(2, 0, 0, 3 * day, 3 * day + 1),
        ];
        let found = washouts(&study, &all);
        let days: Vec<f64> = found.iter().map(|one| one.days).collect();
        assert_eq!(days, [planned as f64 + 1.0, 1.0]);
        let told = odd_times(&study, &all);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].contains("waited 1.0 days before session 2"), "{told:?}");
        assert!(told[1].contains("run backwards in session 1, at 1 reading"), "{told:?}");
        let overlap = [read(0, 0, 0, 0, 2 * day), read(0, 1, 0, day, day + 1)];
        assert!(odd_times(&study, &overlap)[0].contains("1.0 days before the end"));
    }
}
