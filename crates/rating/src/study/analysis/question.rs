//! What a study asks of each case: a measurement's grade, or the combined one.

use crate::study::StudyCase;
use crate::{Grade, Problem, Protocol};

/// A measurement, or the combined grade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The measurement's name, or `combined`.
    pub name: String,
    /// How many grades there are.
    pub grades: u8,
    /// The measurement's position; `None` is the combined grade.
    measurement: Option<usize>,
}

impl Question {
    /// All measurements in the protocol's order, then the combined grade where the
    /// protocol has one.
    #[must_use]
    pub fn all(protocol: &Protocol) -> Vec<Question> {
        let measurements = protocol.measurements().iter().enumerate();
        let mut all: Vec<Question> = measurements
            .map(|(position, known)| Question {
                name: known.name.clone(),
                grades: known.grades,
                measurement: Some(position),
            })
            .collect();
        all.extend(protocol.combined_grades().map(|grades| Question {
            name: "combined".to_owned(),
            grades,
            measurement: None,
        }));
        all
    }

    /// The question of this name.
    ///
    /// # Errors
    /// When the protocol has none of this name.
    pub fn named(protocol: &Protocol, name: &str) -> Result<Question, Problem> {
        let all = Question::all(protocol);
        let known: Vec<&str> = all.iter().map(|question| question.name.as_str()).collect();
        let problem = Problem::new(format!("{name:?} is not a measurement"))
            .hint(format!("one of {}", known.join(", ")));
        all.into_iter().find(|question| question.name == name).ok_or(problem)
    }

    /// The grade asked about, of one for each measurement.
    #[must_use]
    pub fn given(&self, protocol: &Protocol, grades: &[Grade]) -> Option<Grade> {
        match self.measurement {
            Some(position) => grades.get(position).copied(),
            None => protocol.combined(grades),
        }
    }

    /// The reference grade of a case; of the combined grade where all are known.
    #[must_use]
    pub fn truth(&self, protocol: &Protocol, case: &StudyCase) -> Option<Grade> {
        match self.measurement {
            Some(position) => case.truth.get(position).copied().flatten(),
            None => protocol.combined(&case.truth.iter().copied().collect::<Option<Vec<_>>>()?),
        }
    }
}
