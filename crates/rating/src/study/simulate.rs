//! Simulated readers: a study rehearsed, its size planned, its analysis tested
//! where the truth is known.
//!
//! A reader sees a case as a value on a hidden scale on which all grades are
//! equally wide: skill x (place of the true grade) + sqrt(1 - skill^2) x noise + bias.
//! Skill 1 without bias always gives the truth, skill 0 any grade as often as any
//! other. An assisted reader takes over the answer shown with the probability
//! `trust`, else stays with the own grades.
//!
//! Simulated answers are phantoms: whatever is computed from them says so.

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use super::{Schedule, StudyAnswer, StudyCase, StudyProtocol, alter};
use crate::stats::distribution::{normal_cdf, normal_quantile};
use crate::{Grade, Problem, Protocol, Seed};

/// Spread of the natural logarithm of seconds of one reader: half to twice the
/// median are 92 % of the cases.
const SPREAD_OF_SECONDS: f64 = 0.4;

/// How a simulated reader grades.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimulatedReader {
    /// From 0, chance, to 1, the truth: how the hidden value correlates with it.
    pub skill: f64,
    /// Added to the hidden value, in standard deviations; above 0 grades too high.
    #[serde(default)]
    pub bias: f64,
    /// Probability of taking over an answer that is shown, 0 to 1.
    pub trust: f64,
    /// Median seconds of a case, unaided.
    #[serde(default = "half_a_minute")]
    pub seconds: f64,
    /// What an answer that is shown multiplies the seconds with.
    #[serde(default = "one")]
    pub seconds_assisted: f64,
}

fn half_a_minute() -> f64 {
    30.0
}

fn one() -> f64 {
    1.0
}

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

impl SimulatedReader {
    /// Whether all numbers are in range.
    ///
    /// # Errors
    /// Skill or trust outside 0 to 1, a bias that is not finite, seconds that are
    /// not above 0.
    pub fn check(&self) -> Result<(), Problem> {
        for (name, share) in [("skill", self.skill), ("trust", self.trust)] {
            if !(0.0..=1.0).contains(&share) {
                return Err(Problem::new(format!("{share} is outside 0-1")).in_column(name));
            }
        }
        if !self.bias.is_finite() {
            return Err(Problem::new("not a finite number").in_column("bias"));
        }
        for (name, time) in [("seconds", self.seconds), ("seconds_assisted", self.seconds_assisted)]
        {
            if !(time.is_finite() && time > 0.0) {
                return Err(Problem::new(format!("{time} is not above 0")).in_column(name));
            }
        }
        Ok(())
    }

    /// The grade given to a case, of `grades` grades; `noise` is standard normal.
    #[must_use]
    pub fn grade(&self, grades: u8, truth: Grade, noise: f64) -> Grade {
        let clear = self.place(grades, truth);
        let seen = clear + (1.0 - self.skill.powi(2)).max(0.0).sqrt() * noise;
        let width = (f64::from(grades) * normal_cdf(seen)).floor();
        (width as Grade).min(grades.saturating_sub(1))
    }

    /// How probable each of `grades` grades is for a case of this true grade.
    #[must_use]
    pub fn probabilities(&self, grades: u8, truth: Grade) -> Vec<f64> {
        let clear = self.place(grades, truth);
        let noise = (1.0 - self.skill.powi(2)).max(0.0).sqrt();
        let below = |grade: u8| match grade {
            0 => 0.0,
            grade if grade == grades => 1.0,
            grade => {
                let line = normal_quantile(f64::from(grade) / f64::from(grades)) - clear;
                if noise > 0.0 { normal_cdf(line / noise) } else { f64::from(u8::from(line > 0.0)) }
            }
        };
        (0..grades).map(|grade| below(grade + 1) - below(grade)).collect()
    }

    /// Where cases of this true grade lie on the hidden scale, without noise.
    fn place(&self, grades: u8, truth: Grade) -> f64 {
        self.skill * normal_quantile((f64::from(truth) + 0.5) / f64::from(grades)) + self.bias
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
            let arm = &study.arms[session.arm];
            for (position, reading) in session.readings.iter().enumerate() {
                let Some(case) = cases.get(reading.case) else { continue };
                let Some(truth) = case.truth.iter().copied().collect::<Option<Vec<Grade>>>() else {
                    continue;
                };
                let shows = arm.shows != super::Shows::Nothing;
                let system = case.system.clone().filter(|_| shows);
                let altered = reading.altered.zip(system.as_ref());
                let altered = altered.and_then(|(how, grades)| alter(self.protocol, grades, how));
                let is_altered = altered.is_some();
                let shown = altered.or(system);
                let occasion = format!("session {} {}", session.number, reading.is_repeat);
                let given = self.answer(session.reader, case, &truth, &occasion, shown.as_deref());
                answers.push(StudyAnswer {
                    reader: study.readers[session.reader].name.clone(),
                    case: case.case.clone(),
                    arm: arm.name.clone(),
                    before: arm.own_grades_first.then_some(given.own),
                    grades: Some(given.grades),
                    shown,
                    altered: is_altered,
                    repeat: reading.is_repeat,
                    position: position as u32 + 1,
                    seconds: Some(given.seconds),
                });
            }
        }
        Ok(answers)
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
    fn no_skill_is_chance_and_full_skill_the_truth() {
        assert!(CHANCE.probabilities(4, 2).iter().all(|p| (p - 0.25).abs() < 1e-12));
        let sure = SimulatedReader { skill: 1.0, ..CHANCE };
        for truth in 0..4 {
            assert_eq!(sure.grade(4, truth, 3.0), truth);
            assert_eq!(sure.probabilities(4, truth)[usize::from(truth)], 1.0);
        }
        let high = SimulatedReader { skill: 0.6, bias: 0.5, ..CHANCE };
        let fair = SimulatedReader { skill: 0.6, ..CHANCE };
        assert!(high.probabilities(4, 1)[3] > fair.probabilities(4, 1)[3]);
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

    #[test]
    fn numbers_out_of_range_are_refused() {
        assert!(CHANCE.check().is_ok());
        let all = [
            SimulatedReader { skill: 1.1, ..CHANCE },
            SimulatedReader { trust: f64::NAN, ..CHANCE },
            SimulatedReader { bias: f64::INFINITY, ..CHANCE },
            SimulatedReader { seconds: 0.0, ..CHANCE },
        ];
        assert!(all.iter().all(|reader| reader.check().is_err()));
    }
}
