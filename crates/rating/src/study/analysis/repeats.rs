//! Do readers agree with themselves? Repeats that they were not told of.

use std::collections::BTreeMap;

use rand::Rng;
use serde::Serialize;

use super::Question;
use super::table::{Reading, Table};
use crate::evaluate::Figure;
use crate::stats::kappa::altman;
use crate::stats::{Confusion, Estimate, Measured, Resamples, Weights};
use crate::{Grade, Problem};

/// Agreement of readers with themselves, in one arm.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WithinReaders {
    /// The arm.
    pub arm: String,
    /// Readers with a repeated case.
    pub readers: Vec<Repeated>,
    /// All readers' repeats in one table, patients resampled: `agreement`, `close_agreement`,
    /// `kappa`, `kappa_linear`, `kappa_quadratic`.
    pub together: BTreeMap<&'static str, Figure>,
}

/// One reader's repeats.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Repeated {
    /// The reader.
    pub reader: String,
    /// Cases graded twice.
    pub cases: usize,
    /// Share graded alike.
    pub agreement: Option<f64>,
    /// Cohen's kappa with its standard error, cases as independent.
    pub kappa: Option<Estimate>,
    /// With linear weights.
    pub kappa_linear: Option<Estimate>,
    /// With quadratic weights.
    pub kappa_quadratic: Option<Estimate>,
    /// Altman's word for the linear kappa.
    pub word: Option<&'static str>,
}

type OfConfusion = (&'static str, fn(&Confusion) -> Measured);

const OF_REPEATS: [OfConfusion; 5] = [
    ("agreement", Confusion::accuracy),
    ("close_agreement", Confusion::close_agreement),
    ("kappa", |confusion| confusion.kappa(Weights::None)),
    ("kappa_linear", |confusion| confusion.kappa(Weights::Linear)),
    ("kappa_quadratic", |confusion| confusion.kappa(Weights::Quadratic)),
];

pub(super) fn within<R: Rng + Clone + Sync>(
    table: &Table<'_>,
    question: &Question,
    resamples: &Resamples<R>,
) -> Result<Vec<WithinReaders>, Problem> {
    let ones = vec![1; table.patients.count()];
    let of_arm = |(arm, name): (usize, &String)| {
        let repeats = repeats(table, question, arm);
        let counts = |of: &[&Twice]| {
            let cases: Vec<usize> = of.iter().map(|twice| twice.case).collect();
            let grades =
                |at: usize| -> Vec<Grade> { of.iter().map(|twice| twice.grades[at]).collect() };
            table.counts(question.grades, &cases, &grades(0), &grades(1))
        };
        let mut readers = Vec::new();
        for (reader, who) in table.study.readers.iter().enumerate() {
            let own: Vec<&Twice> = repeats.iter().filter(|twice| twice.reader == reader).collect();
            if !own.is_empty() {
                readers.push(Repeated::of(&who.name, &counts(&own)?.weighted(&ones)));
            }
        }
        let all = counts(&repeats.iter().collect::<Vec<_>>())?;
        let figures = |weights: &[u32]| {
            let confusion = all.weighted(weights);
            OF_REPEATS.map(|(_, figure)| figure(&confusion))
        };
        let bootstraps = resamples.of_each(figures);
        let together = OF_REPEATS.iter().zip(figures(&ones)).zip(bootstraps);
        let together = together
            .map(|((of, value), bootstrap)| (of.0, Figure::resampled(value, Some(bootstrap))));
        Ok(WithinReaders { arm: name.clone(), readers, together: together.collect() })
    };
    table.study.arms.iter().enumerate().map(of_arm).collect()
}

/// A case that a reader graded twice in a session.
struct Twice {
    reader: usize,
    case: usize,
    grades: [Grade; 2],
}

fn repeats(table: &Table<'_>, question: &Question, arm: usize) -> Vec<Twice> {
    let given =
        |of: &Reading<'_>| question.given(table.study.protocol, of.answer.grades.as_deref()?);
    let usable = || table.readings.iter().filter(|of| of.arm == arm && !of.answer.altered);
    let first: BTreeMap<(usize, usize), Grade> = usable()
        .filter(|of| !of.answer.repeat)
        .filter_map(|of| Some(((of.reader, of.case), given(of)?)))
        .collect();
    let repeat = |of: &Reading<'_>| {
        let first = *first.get(&(of.reader, of.case))?;
        Some(Twice { reader: of.reader, case: of.case, grades: [first, given(of)?] })
    };
    usable().filter(|of| of.answer.repeat).filter_map(repeat).collect()
}

impl Repeated {
    fn of(reader: &str, confusion: &Confusion) -> Repeated {
        let linear = confusion.kappa_estimate(Weights::Linear).ok();
        Repeated {
            reader: reader.to_owned(),
            cases: confusion.cases() as usize,
            agreement: confusion.accuracy().ok(),
            kappa: confusion.kappa_estimate(Weights::None).ok(),
            kappa_linear: linear,
            kappa_quadratic: confusion.kappa_estimate(Weights::Quadratic).ok(),
            word: linear.map(|kappa| altman(kappa.value)),
        }
    }
}
