//! The answers of a study by position: reader, case, arm.

use std::collections::HashMap;

use super::{Question, ReadingCounts, Study};
use crate::stats::weighted::CountsByPatient;
use crate::stats::{Graded, Patients};
use crate::study::StudyAnswer;
use crate::{Grade, Problem};

/// A study whose names are known and whose grades are in range.
pub(super) struct Table<'a> {
    pub study: Study<'a>,
    /// The patient of each case.
    pub patients: Patients,
    pub readings: Vec<Reading<'a>>,
}

/// An answer with the positions of what it names.
pub(super) struct Reading<'a> {
    pub reader: usize,
    pub case: usize,
    pub arm: usize,
    pub answer: &'a StudyAnswer,
}

/// What a question's answers are: `grades[arm][reader][case]` of first readings;
/// `None` where nobody read, could grade, or the answer shown was altered.
pub(super) struct Grid {
    pub grades: Vec<Vec<Vec<Option<Grade>>>>,
    /// The reference grade of each case.
    pub truth: Vec<Option<Grade>>,
    /// The system's grade of each case.
    pub system: Vec<Option<Grade>>,
    pub values: u8,
}

impl<'a> Table<'a> {
    pub fn new(study: Study<'a>) -> Result<Table<'a>, Problem> {
        let arms = places("arm", study.arms.iter())?;
        let readers = places("reader", study.readers.iter().map(|reader| &reader.name))?;
        let cases = places("case", study.cases.iter().map(|case| &case.case))?;
        for case in study.cases {
            let truth = case.truth.iter().map(|grade| grade.unwrap_or(0)).collect::<Vec<_>>();
            check(&study, &truth).map_err(|problem| problem.in_column(&case.case))?;
            case.system.iter().try_for_each(|grades| check(&study, grades))?;
        }
        let place = |kind: &str, known: &HashMap<&str, usize>, name: &str| {
            known.get(name).copied().ok_or_else(|| {
                Problem::new(format!(
                    "an answer names the {kind} {name:?}, which is not in the study"
                ))
            })
        };
        let mut readings = Vec::with_capacity(study.answers.len());
        let mut seen = vec![false; arms.len() * readers.len() * cases.len()];
        for answer in study.answers {
            let reader = place("reader", &readers, &answer.reader)?;
            let case = place("case", &cases, &answer.case)?;
            let arm = place("arm", &arms, &answer.arm)?;
            for grades in [&answer.before, &answer.grades, &answer.shown].into_iter().flatten() {
                check(&study, grades)?;
            }
            let place = (arm * readers.len() + reader) * cases.len() + case;
            if !answer.repeat && std::mem::replace(&mut seen[place], true) {
                return Err(Problem::new(format!(
                    "{} has read {} twice in {}",
                    answer.reader, answer.case, answer.arm
                ))
                .hint("mark the second reading as a repeat"));
            }
            readings.push(Reading { reader, case, arm, answer });
        }
        let names: Vec<&str> = study.cases.iter().map(|case| case.patient.as_str()).collect();
        Ok(Table { study, patients: Patients::named(&names), readings })
    }

    /// In which session a reader read an arm; `None` where nothing was read, or nobody
    /// knows.
    pub fn session(&self, arm: usize, reader: usize) -> Option<u32> {
        let own = self.readings.iter().filter(|of| of.arm == arm && of.reader == reader);
        own.filter_map(|of| of.answer.session).next()
    }

    /// How many readings of each arm there are.
    pub fn reading_counts(&self) -> Vec<ReadingCounts> {
        let counts = |arm: &String| ReadingCounts { arm: arm.clone(), ..ReadingCounts::default() };
        let mut all: Vec<ReadingCounts> = self.study.arms.iter().map(counts).collect();
        for of in &self.readings {
            let counts = &mut all[of.arm];
            if of.answer.repeat {
                counts.repeats += 1;
                continue;
            }
            counts.read += 1;
            counts.not_graded += usize::from(of.answer.grades.is_none());
            counts.altered += usize::from(of.answer.altered);
        }
        all
    }

    pub fn grid(&self, question: &Question) -> Grid {
        let protocol = self.study.protocol;
        let empty = vec![vec![None; self.study.cases.len()]; self.study.readers.len()];
        let mut grades = vec![empty; self.study.arms.len()];
        let usable = self.readings.iter().filter(|of| !of.answer.repeat && !of.answer.altered);
        for of in usable {
            grades[of.arm][of.reader][of.case] =
                of.answer.grades.as_deref().and_then(|all| question.given(protocol, all));
        }
        let cases = self.study.cases.iter();
        let system =
            cases.clone().map(|case| question.given(protocol, case.system.as_deref()?)).collect();
        let truth = cases.map(|case| question.truth(protocol, case)).collect();
        Grid { grades, truth, system, values: question.grades }
    }

    /// The counts of some cases by patient: pairs of (truth or first, given).
    pub fn counts(
        &self,
        values: u8,
        cases: &[usize],
        first: &[Grade],
        given: &[Grade],
    ) -> Result<CountsByPatient, Problem> {
        let graded = Graded::new(values, first, given)?;
        CountsByPatient::new(&graded, &self.patients.keep(cases))
    }
}

impl Grid {
    /// Cases that all of `given` and the truth have a grade of, with the truth.
    pub fn known(&self, given: &[&[Option<Grade>]]) -> (Vec<usize>, Vec<Grade>) {
        let cases = self.truth.iter().enumerate();
        let known = cases.filter(|(case, _)| given.iter().all(|of| of[*case].is_some()));
        known.filter_map(|(case, truth)| Some((case, (*truth)?))).unzip()
    }
}

/// The grades of these cases, all of which have one.
pub(super) fn of_cases(given: &[Option<Grade>], cases: &[usize]) -> Vec<Grade> {
    cases.iter().filter_map(|&case| given[case]).collect()
}

fn places<'n>(
    kind: &str,
    names: impl Iterator<Item = &'n String>,
) -> Result<HashMap<&'n str, usize>, Problem> {
    let mut places = HashMap::new();
    for (place, name) in names.enumerate() {
        if places.insert(name.as_str(), place).is_some() {
            return Err(Problem::new(format!("the {kind} {name:?} stands twice")));
        }
    }
    Ok(places)
}

/// Whether there is a grade in range for each measurement.
fn check(study: &Study<'_>, grades: &[Grade]) -> Result<(), Problem> {
    let measurements = study.protocol.measurements();
    if grades.len() != measurements.len() {
        return Err(Problem::new(format!(
            "{} grades for {} measurements",
            grades.len(),
            measurements.len()
        )));
    }
    let beyond = measurements.iter().zip(grades).find(|(known, grade)| **grade >= known.grades);
    beyond.map_or(Ok(()), |(known, grade)| {
        Err(Problem::new(format!("grade {grade} is outside 0-{}", known.grades - 1))
            .in_column(&known.name))
    })
}
