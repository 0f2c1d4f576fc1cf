//! A group of simulated readers and their study.

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use super::SimulatedReader;
use crate::stats::distribution::normal_quantile;
use crate::study::{
    Arm, Reading, Schedule, Session, Shows, StudyAnswer, StudyCase, StudyProtocol, alter,
};
use crate::{Grade, Problem, Protocol, Seed};

/// Spread of the natural logarithm of seconds of one reader: half to twice the
/// median are 92 % of the cases.
const SPREAD_OF_SECONDS: f64 = 0.4;

/// Which shares of a reader's noise are not drawn anew for each reading; together
/// at most 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Likeness {
    /// All cases of a patient have it for all readers: patients hard to grade.
    pub patient: f64,
    /// All readings of a case have it: cases that look like another grade.
    pub case: f64,
    /// All readings of a case by one reader have it: how the reader sees it.
    pub reader: f64,
}

impl Default for Likeness {
    /// 0.1 by patient, 0.3 by case, 0.3 by reader and case.
    fn default() -> Likeness {
        Likeness { patient: 0.1, case: 0.3, reader: 0.3 }
    }
}

/// A group of simulated readers. `generator` starts a random generator from a
/// seed; whatever is drawn depends on what it is for, not on the order of work.
pub struct Simulation<'a, G> {
    /// What is graded.
    pub protocol: &'a Protocol,
    /// Who grades.
    pub readers: &'a [SimulatedReader],
    /// How much readings have in common.
    pub likeness: Likeness,
    /// Root of everything drawn.
    pub seed: Seed,
    /// Starts a generator.
    pub generator: G,
}

/// One reading of a simulated reader.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulatedAnswer {
    /// What the reader thinks before an answer is shown.
    pub own: Vec<Grade>,
    /// What the reader submits.
    pub grades: Vec<Grade>,
    /// Seconds it took.
    pub seconds: f64,
}

impl<R: Rng, G: Fn(Seed) -> R> Simulation<'_, G> {
    /// One reader's answer to a case of this true grade in each measurement.
    /// `occasion` tells readings of the same case apart, such as `session 1`;
    /// `shown` is the answer that is shown.
    ///
    /// Grades that the protocol excludes are replaced by the nearest valid ones,
    /// as a page asks back until they are.
    ///
    /// # Panics
    /// When there is no such reader, or not one true grade for each measurement.
    #[must_use]
    pub fn answer(
        &self,
        reader: usize,
        case: &StudyCase,
        truth: &[Grade],
        occasion: &str,
        shown: Option<&[Grade]>,
    ) -> SimulatedAnswer {
        let who = &self.readers[reader];
        let drawn = self.seed.child(format_args!("reader {reader} case {}", case.case));
        let mut fresh = (self.generator)(drawn.child(occasion));
        let own = self.own_grades(reader, case, truth, drawn, &mut fresh);
        let follows = fresh.random_bool(who.trust.clamp(0.0, 1.0));
        let grades = shown.filter(|_| follows).map_or_else(|| own.clone(), <[Grade]>::to_vec);
        let pace = if shown.is_some() { who.seconds_assisted } else { 1.0 };
        let seconds = who.seconds * pace * (SPREAD_OF_SECONDS * normal(&mut fresh)).exp();
        SimulatedAnswer { own, grades, seconds }
    }

    fn own_grades(
        &self,
        reader: usize,
        case: &StudyCase,
        truth: &[Grade],
        drawn: Seed,
        fresh: &mut R,
    ) -> Vec<Grade> {
        let Likeness { patient, case: of_case, reader: of_reader } = self.likeness;
        let rest = (1.0 - patient - of_case - of_reader).max(0.0);
        let mut noises = [
            (patient, (self.generator)(self.seed.child(format_args!("patient {}", case.patient)))),
            (of_case, (self.generator)(self.seed.child(format_args!("case {}", case.case)))),
            (of_reader, (self.generator)(drawn)),
        ];
        let measurements = self.protocol.measurements().iter().zip(truth);
        let grades: Vec<Grade> = measurements
            .map(|(measurement, &truth)| {
                let kept: f64 =
                    noises.iter_mut().map(|(share, rng)| share.sqrt() * normal(rng)).sum();
                let noise = kept + rest.sqrt() * normal(fresh);
                self.readers[reader].grade(measurement.grades, truth, noise)
            })
            .collect();
        nearest_valid(self.protocol, grades)
    }

    /// All answers of a study, in the order of its schedule. Cases without all
    /// true grades are left out.
    ///
    /// # Errors
    /// Not as many simulated readers as the study has; a reader out of range.
    pub fn study(
        &self,
        study: &StudyProtocol,
        schedule: &Schedule,
        cases: &[StudyCase],
    ) -> Result<Vec<StudyAnswer>, Problem> {
        if self.readers.len() != study.readers.len() {
            return Err(Problem::new(format!(
                "{} simulated readers in a study of {}",
                self.readers.len(),
                study.readers.len()
            )));
        }
        self.readers.iter().try_for_each(SimulatedReader::check)?;
        let mut answers = Vec::new();
        for session in &schedule.sessions {
            let readings = session.readings.iter().zip(1..);
            answers.extend(readings.filter_map(|(reading, position)| {
                let case = cases.get(reading.case)?;
                let mut given = self.reading(&study.arms[session.arm], session, *reading, case)?;
                given.reader.clone_from(&study.readers[session.reader].name);
                given.position = position;
                Some(given)
            }));
        }
        Ok(answers)
    }

    /// One reading of a schedule, without the reader's name and the place; `None`
    /// where the truth is not known.
    fn reading(
        &self,
        arm: &Arm,
        session: &Session,
        reading: Reading,
        case: &StudyCase,
    ) -> Option<StudyAnswer> {
        let truth: Vec<Grade> = case.truth.iter().copied().collect::<Option<_>>()?;
        let system = case.system.clone().filter(|_| arm.shows != Shows::Nothing);
        let altered = reading.altered.zip(system.as_ref());
        let altered = altered.and_then(|(how, grades)| alter(self.protocol, grades, how));
        let is_altered = altered.is_some();
        let shown = altered.or(system);
        let occasion = format!("session {} {}", session.number, reading.is_repeat);
        let given = self.answer(session.reader, case, &truth, &occasion, shown.as_deref());
        Some(StudyAnswer {
            reader: String::new(),
            case: case.case.clone(),
            arm: arm.name.clone(),
            session: u32::try_from(session.number + 1).ok(),
            before: arm.own_grades_first.then_some(given.own),
            grades: Some(given.grades),
            cannot: None,
            shown,
            altered: is_altered,
            repeat: reading.is_repeat,
            position: 0,
            seconds: Some(given.seconds),
            submitted: None,
        })
    }
}

/// The valid grades that differ least from these, the first in lexicographic
/// order where several do.
fn nearest_valid(protocol: &Protocol, grades: Vec<Grade>) -> Vec<Grade> {
    if protocol.is_valid(&grades) {
        return grades;
    }
    let distance = |other: &[Grade]| -> u32 {
        grades.iter().zip(other).map(|(&a, &b)| u32::from(a.abs_diff(b))).sum()
    };
    let mut best: Option<(u32, Vec<Grade>)> = None;
    let mut other = vec![0; grades.len()];
    loop {
        let far = distance(&other);
        if protocol.is_valid(&other) && best.as_ref().is_none_or(|best| far < best.0) {
            best = Some((far, other.clone()));
        }
        // The next combination, the last measurement counting fastest.
        let values = protocol.measurements().iter().map(|measurement| measurement.grades);
        let step = other.iter_mut().zip(values).rev().find_map(|(grade, values)| {
            *grade += 1;
            if *grade < values {
                return Some(());
            }
            *grade = 0;
            None
        });
        if step.is_none() {
            return best.map_or(grades, |best| best.1);
        }
    }
}

/// A standard normal value.
fn normal(rng: &mut impl Rng) -> f64 {
    normal_quantile(rng.random_range(1e-12..1.0))
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    const CHANCE: SimulatedReader =
        SimulatedReader { skill: 0.0, bias: 0.0, trust: 0.0, seconds: 30.0, seconds_assisted: 1.0 };

    fn generator(seed: Seed) -> ChaCha8Rng {
        ChaCha8Rng::from_seed(seed.bytes())
    }

    fn case(number: u32, truth: [Grade; 2], system: [Grade; 2]) -> StudyCase {
        StudyCase {
            case: format!("c{number}"),
            patient: format!("p{}", number / 10),
            truth: truth.map(Some).to_vec(),
            system: Some(system.to_vec()),
        }
    }

    /// Shares of grades 0 to 3 given to 4,000 cases of this SH grade; the patient
    /// and case shares of the noise make them differ a little.
    fn shares(reader: SimulatedReader, truth: Grade) -> [f64; 4] {
        let protocol = Protocol::eoss();
        let simulation = Simulation {
            protocol: &protocol,
            readers: &[reader],
            likeness: Likeness::default(),
            seed: Seed::new(3),
            generator,
        };
        let mut counts = [0.0; 4];
        for number in 0..4000 {
            let answer =
                simulation.answer(0, &case(number, [truth, 0], [0, 0]), &[truth, 0], "now", None);
            counts[usize::from(answer.own[0])] += 1.0 / 4000.0;
        }
        counts
    }

    #[test]
    fn grades_come_as_often_as_they_should() {
        let reader = SimulatedReader { skill: 0.7, bias: -0.2, ..CHANCE };
        let found = shares(reader, 2);
        for (found, expected) in found.into_iter().zip(reader.probabilities(4, 2)) {
            assert!((found - expected).abs() < 0.03, "{found} {expected}");
        }
    }

    #[test]
    fn full_trust_gives_the_systems_answer_and_none_the_readers_own() {
        let protocol = Protocol::eoss();
        let readers =
            [SimulatedReader { trust: 1.0, ..CHANCE }, SimulatedReader { trust: 0.0, ..CHANCE }];
        let simulation = Simulation {
            protocol: &protocol,
            readers: &readers,
            likeness: Likeness { patient: 0.0, case: 0.5, reader: 0.5 },
            seed: Seed::new(4),
            generator,
        };
        for number in 0..50 {
            let case = case(number, [1, 0], [3, 2]);
            let all = simulation.answer(0, &case, &[1, 0], "now", Some(&[3, 2]));
            assert_eq!(all.grades, [3, 2]);
            let own = simulation.answer(1, &case, &[1, 0], "now", Some(&[3, 2]));
            assert_eq!(own.grades, own.own);
            assert!(protocol.is_valid(&own.own));
            // Nothing is drawn anew: the reader answers alike on another day.
            let later = simulation.answer(1, &case, &[1, 0], "later", None);
            assert_eq!(later.own, own.own);
        }
    }

    #[test]
    fn what_is_excluded_becomes_the_nearest_valid() {
        // SH 0 with vascularity 1: vascularity 0 and SH 1 are as near.
        assert_eq!(nearest_valid(&Protocol::eoss(), vec![0, 1]), [0, 0]);
        assert_eq!(nearest_valid(&Protocol::eoss(), vec![0, 3]), [1, 3]);
    }
}
