//! Who reads what in which order, drawn from the protocol's seed.

use std::collections::{BTreeMap, BTreeSet};

use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, RngExt};

use super::altered::Alteration;
use super::protocol::{DesignKind, Rule, Shows, StudyProtocol};
use crate::Seed;

/// Every reading of a study.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// All sessions, by reader and then in the reader's order.
    pub sessions: Vec<Session>,
}

/// All cases, read by one reader in one arm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Position of the reader in the protocol.
    pub reader: usize,
    /// Which of the reader's sessions, from 0.
    pub number: usize,
    /// Position of the arm in the protocol.
    pub arm: usize,
    /// What is read, in this order.
    pub readings: Vec<Reading>,
}

/// One case, read once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Position of the case among the study's cases.
    pub case: usize,
    /// Whether the reader has read it in this session before.
    pub is_repeat: bool,
    /// How the answer that is shown differs from the system's.
    pub altered: Option<Alteration>,
}

impl Schedule {
    /// Draws the schedule of a study of so many cases. `generator` starts a
    /// random generator from a seed; equal protocols give equal schedules.
    ///
    /// - Orders: each reader has an order of their own in each session. The cases
    ///   of a session are dealt to as many blocks as there are readers, and each
    ///   reader begins with another block (a cyclic Latin square), so that over
    ///   the readers every case stands equally often in each part of the session.
    /// - Repeats come at least half a session after the first time.
    /// - Altered answers: over the readers every case is altered about equally
    ///   often; a repeated case never is.
    #[must_use]
    pub fn draw<R: Rng>(
        protocol: &StudyProtocol,
        cases: usize,
        generator: impl Fn(Seed) -> R,
    ) -> Schedule {
        let drawing = Drawing { protocol, cases, seed: Seed::new(protocol.seed), generator };
        let groups = drawing.groups();
        let readers = 0..protocol.readers.len();
        let sessions = readers.flat_map(|reader| {
            let group = groups[reader];
            (0..protocol.sessions()).map(move |number| (reader, group, number))
        });
        let sessions = sessions.map(|(reader, group, number)| {
            let arm = (group + number) % protocol.arms.len();
            let altered = drawing.altered(reader, arm);
            let order = drawing.order(reader, number);
            let readings = drawing.with_repeats(&order, &altered, reader, number);
            Session { reader, number, arm, readings }
        });
        Schedule { sessions: sessions.collect() }
    }
}

struct Drawing<'a, G> {
    protocol: &'a StudyProtocol,
    cases: usize,
    seed: Seed,
    generator: G,
}

impl<R: Rng, G: Fn(Seed) -> R> Drawing<'_, G> {
    fn rng(&self, label: impl std::fmt::Display) -> R {
        (self.generator)(self.seed.child(label))
    }

    fn shuffled(&self, count: usize, label: impl std::fmt::Display) -> Vec<usize> {
        let mut all: Vec<usize> = (0..count).collect();
        all.shuffle(&mut self.rng(label));
        all
    }

    /// The arm that each reader begins with.
    fn groups(&self) -> Vec<usize> {
        let readers = &self.protocol.readers;
        if self.protocol.design.kind == DesignKind::Sequential {
            return vec![0; readers.len()];
        }
        let mut sizes = vec![0_usize; self.protocol.arms.len()];
        let mut groups: Vec<Option<usize>> =
            readers.iter().map(|reader| reader.group.map(|group| group - 1)).collect();
        groups.iter().flatten().for_each(|&group| sizes[group] += 1);
        let order = self.shuffled(sizes.len(), "order of groups");
        for reader in self.shuffled(readers.len(), "groups") {
            if groups[reader].is_none() {
                let smallest = order.iter().copied().min_by_key(|&group| sizes[group]);
                let group = smallest.unwrap_or_default();
                sizes[group] += 1;
                groups[reader] = Some(group);
            }
        }
        groups.into_iter().flatten().collect()
    }

    fn order(&self, reader: usize, number: usize) -> Vec<usize> {
        let dealt = self.shuffled(self.cases, format_args!("blocks of session {number}"));
        let readers = self.shuffled(self.protocol.readers.len(), format_args!("turns {number}"));
        let blocks = readers.len();
        let mut rng = self.rng(format_args!("order of reader {reader} in session {number}"));
        let mut order = Vec::with_capacity(self.cases);
        for turn in 0..blocks {
            let block = (readers[reader] + turn) % blocks;
            let mut block: Vec<usize> = dealt.iter().copied().skip(block).step_by(blocks).collect();
            block.shuffle(&mut rng);
            order.extend(block);
        }
        order
    }

    /// Which cases a reader is shown an altered answer of.
    fn altered(&self, reader: usize, arm: usize) -> BTreeMap<usize, Alteration> {
        let Some(altered) = &self.protocol.altered else { return BTreeMap::new() };
        if self.protocol.arms[arm].shows == Shows::Nothing {
            return BTreeMap::new();
        }
        let count = share_of(self.cases, altered.share);
        let cases = self.shuffled(self.cases, format_args!("altered in arm {arm}"));
        let mut rng = self.rng(format_args!("altered for reader {reader} in arm {arm}"));
        let mine = cases.iter().cycle().skip(reader * count % self.cases.max(1)).take(count);
        mine.map(|&case| {
            let directions: &[Alteration] = match altered.rule {
                Rule::OneUp => &[Alteration::Up],
                Rule::OneDown => &[Alteration::Down],
                Rule::OneOff => &[Alteration::Up, Alteration::Down],
            };
            (case, *directions.choose(&mut rng).expect("there is a direction"))
        })
        .collect()
    }

    fn with_repeats(
        &self,
        order: &[usize],
        altered: &BTreeMap<usize, Alteration>,
        reader: usize,
        number: usize,
    ) -> Vec<Reading> {
        let half = order.len() / 2;
        let mut rng = self.rng(format_args!("repeats of reader {reader} in session {number}"));
        let mut early: Vec<usize> =
            (0..half).filter(|&place| !altered.contains_key(&order[place])).collect();
        early.shuffle(&mut rng);
        let count = share_of(order.len(), self.protocol.design.repeats);
        let repeated: BTreeSet<usize> = early.into_iter().take(count).collect();
        // Which repeats come before a place of the order.
        let mut before: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for place in repeated {
            let slot = rng.random_range(place + half + 1..=order.len());
            before.entry(slot).or_default().push(order[place]);
        }
        let mut readings = Vec::with_capacity(order.len() + count);
        for slot in 0..=order.len() {
            let repeats = before.get(&slot).into_iter().flatten();
            readings.extend(repeats.map(|&case| Reading { case, is_repeat: true, altered: None }));
            let case = order.get(slot).copied();
            readings.extend(case.map(|case| Reading {
                case,
                is_repeat: false,
                altered: altered.get(&case).copied(),
            }));
        }
        readings
    }
}

/// At most this share of a count: no more is altered than a committee approved.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "shares are in [0, 1]")]
pub(super) fn share_of(count: usize, share: f64) -> usize {
    // A tenth of 30 is 3, though 30 times the number nearest to 0.1 may be less.
    (count as f64 * share + 1e-9).floor() as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::study::AlteredAnswers;

    const CROSSOVER: &str = include_str!("../../../../configs/studies/crossover.toml");

    fn crossover() -> StudyProtocol {
        StudyProtocol::from_toml(CROSSOVER).unwrap()
    }

    fn draw(protocol: &StudyProtocol, cases: usize) -> Schedule {
        Schedule::draw(protocol, cases, |seed| ChaCha8Rng::from_seed(seed.bytes()))
    }

    #[test]
    fn a_crossover_gives_every_reader_every_arm_and_every_arm_a_first_half() {
        let schedule = draw(&crossover(), 40);
        assert_eq!(schedule.sessions.len(), 12);
        let first =
            |arm| schedule.sessions.iter().filter(|s| s.number == 0 && s.arm == arm).count();
        assert_eq!((first(0), first(1)), (3, 3));
        for pair in schedule.sessions.chunks(2) {
            assert_ne!(pair[0].arm, pair[1].arm);
            assert_ne!(pair[0].readings, pair[1].readings);
        }
    }

    #[test]
    fn over_the_readers_every_case_stands_in_every_part_of_a_session() {
        let mut protocol = crossover();
        protocol.design.repeats = 0.0;
        let schedule = draw(&protocol, 60);
        for number in 0..2 {
            for case in 0..60 {
                let sessions = schedule.sessions.iter().filter(|s| s.number == number);
                let sixths: BTreeSet<usize> = sessions
                    .map(|s| s.readings.iter().position(|r| r.case == case).unwrap() / 10)
                    .collect();
                assert_eq!(sixths.len(), 6, "case {case}");
            }
        }
    }

    #[test]
    fn groups_of_the_file_are_kept() {
        let mut protocol = crossover();
        protocol.readers[0].group = Some(2);
        protocol.readers[1].group = Some(2);
        let schedule = draw(&protocol, 4);
        assert_eq!((schedule.sessions[0].arm, schedule.sessions[2].arm), (1, 1));
        let begin_assisted = schedule.sessions.iter().filter(|s| s.number == 0 && s.arm == 1);
        assert_eq!(begin_assisted.count(), 3);
    }

    proptest! {
        #[test]
        fn everybody_reads_everything(
            cases in 0_usize..60, seed in 0_u64..1000, repeats in 0.0..0.5, share in 0.01..0.5,
        ) {
            let mut protocol = crossover();
            protocol.seed = seed;
            protocol.design.repeats = repeats;
            protocol.altered = Some(AlteredAnswers {
                share, rule: Rule::OneOff, ethics_approval: "test".to_owned(),
            });
            let schedule = draw(&protocol, cases);
            prop_assert_eq!(&schedule, &draw(&protocol, cases));
            for session in &schedule.sessions {
                let mut read: Vec<usize> =
                    session.readings.iter().filter(|r| !r.is_repeat).map(|r| r.case).collect();
                read.sort_unstable();
                prop_assert_eq!(read, (0..cases).collect::<Vec<_>>());
                let shows = protocol.arms[session.arm].shows != Shows::Nothing;
                let altered = session.readings.iter().filter(|r| r.altered.is_some()).count();
                prop_assert_eq!(altered, if shows { share_of(cases, share) } else { 0 });
                for (place, reading) in session.readings.iter().enumerate() {
                    let first = session.readings.iter().position(|r| r.case == reading.case);
                    if reading.is_repeat {
                        prop_assert!(place - first.unwrap() > cases / 2);
                        prop_assert!(reading.altered.is_none());
                    } else {
                        prop_assert_eq!(first, Some(place));
                    }
                }
            }
        }
    }
}
