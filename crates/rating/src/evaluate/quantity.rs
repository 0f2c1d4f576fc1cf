//! What is graded: a measurement, or the combined grade derived from all.

use super::Case;
use crate::manifest::Reference;
use crate::scores::{Method, decide_votes};
use crate::stats::Graded;
use crate::{Grade, Protocol};

/// A measurement of the protocol, or the combined grade.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quantity<'a> {
    protocol: &'a Protocol,
    /// As files write it.
    pub(super) name: &'a str,
    /// Position in the protocol; `None` is the combined grade.
    measurement: Option<usize>,
    /// How many grades it has.
    pub(super) grades: u8,
}

impl<'a> Quantity<'a> {
    /// Every measurement, and the combined grade where the protocol has one.
    pub(super) fn all(protocol: &'a Protocol) -> Vec<Quantity<'a>> {
        let measurements = protocol.measurements().iter().enumerate();
        let mut all: Vec<Quantity<'a>> = measurements
            .map(|(position, measurement)| Quantity {
                protocol,
                name: &measurement.name,
                measurement: Some(position),
                grades: measurement.grades,
            })
            .collect();
        let combined = protocol.combined_grades().map(|grades| Quantity {
            protocol,
            name: "combined",
            measurement: None,
            grades,
        });
        all.extend(combined);
        all
    }

    /// This quantity among the grades of all measurements.
    pub(super) fn of_grades(&self, grades: &[Grade]) -> Option<Grade> {
        match self.measurement {
            Some(position) => grades.get(position).copied(),
            None => self.protocol.combined(grades),
        }
    }

    /// The reference grade, `None` where it is missing.
    pub(super) fn of_row(&self, row: &Reference) -> Option<Grade> {
        match self.measurement {
            Some(position) => row.grades.get(position).copied().flatten(),
            None => row.all_grades().and_then(|all| self.protocol.combined(&all)),
        }
    }

    /// The pairs that have a reference grade, column by column.
    pub(super) fn columns(&self, cases: &[Case<'_>], majority: &Majority) -> Columns {
        let mut columns = Columns { grades: self.grades, ..Columns::default() };
        for (position, case) in cases.iter().enumerate() {
            let predicted = self.of_grades(case.score.grades());
            let (Some(reference), Some(predicted)) = (self.of_row(case.row), predicted) else {
                continue;
            };
            columns.cases.push(position);
            columns.reference.push(reference);
            columns.predicted.push(predicted);
            columns.majority.push(majority.of(position).and_then(|grades| self.of_grades(grades)));
            columns.is_conflict.push(case.score.is_conflict());
        }
        columns
    }
}

/// The grades that each measurement's own votes give.
#[derive(Debug, Default)]
pub(super) struct Majority {
    measurements: usize,
    /// Measurement by measurement, case after case.
    grades: Vec<Grade>,
    /// Whether the votes of a case are all known.
    is_known: Vec<bool>,
}

impl Majority {
    pub(super) fn of_cases(protocol: &Protocol, cases: &[Case<'_>]) -> Majority {
        let measurements = protocol.measurements().len();
        let mut majority = Majority { measurements, ..Majority::default() };
        for case in cases {
            let grades = majority_grades(protocol, case);
            majority.is_known.push(grades.is_some());
            majority.grades.extend(grades.unwrap_or_else(|| vec![0; measurements]));
        }
        majority
    }

    fn of(&self, case: usize) -> Option<&[Grade]> {
        let begin = case * self.measurements;
        let is_known = self.is_known.get(case).copied().unwrap_or_default();
        self.grades.get(begin..begin + self.measurements).filter(|_| is_known)
    }
}

fn majority_grades(protocol: &Protocol, case: &Case<'_>) -> Option<Vec<Grade>> {
    let votes = case.score.all_votes()?;
    if votes.iter().any(Vec::is_empty) {
        return None;
    }
    decide_votes(protocol, votes, Method::Majority).ok().map(|decision| decision.grades)
}

/// The pairs of one quantity that have a reference grade.
#[derive(Debug, Default)]
pub(super) struct Columns {
    /// How many grades the quantity has.
    pub(super) grades: u8,
    /// Positions among the cohort's cases.
    pub(super) cases: Vec<usize>,
    pub(super) reference: Vec<Grade>,
    pub(super) predicted: Vec<Grade>,
    pub(super) majority: Vec<Option<Grade>>,
    pub(super) is_conflict: Vec<bool>,
}

impl Columns {
    /// Predicted grades against reference grades.
    pub(super) fn graded(&self) -> Graded {
        self.against(&self.predicted)
    }

    /// The majority's grades against reference grades; `None` where the votes of
    /// a pair are not known.
    pub(super) fn graded_by_majority(&self) -> Option<Graded> {
        let majority: Option<Vec<Grade>> = self.majority.iter().copied().collect();
        majority.map(|majority| self.against(&majority))
    }

    /// Some of the pairs, by position in these columns.
    pub(super) fn graded_at(&self, places: &[usize]) -> Graded {
        let at = |grades: &[Grade]| places.iter().map(|&place| grades[place]).collect::<Vec<_>>();
        graded(self.grades, &at(&self.reference), &at(&self.predicted))
    }

    fn against(&self, predicted: &[Grade]) -> Graded {
        graded(self.grades, &self.reference, predicted)
    }
}

fn graded(grades: u8, reference: &[Grade], predicted: &[Grade]) -> Graded {
    Graded::new(grades, reference, predicted).expect("manifest and scores were checked when read")
}
