//! What a study's analysis reads: its cases and everybody's answers, as tables.

use serde::{Deserialize, Serialize};

use crate::Grade;

/// A case of a study, with what is kept from the readers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StudyCase {
    /// Its name, unique in the study.
    pub case: String,
    /// Whose it is: patients are what intervals resample.
    pub patient: String,
    /// The reference grade of each measurement in the protocol's order; `None`
    /// where there is none.
    pub truth: Vec<Option<Grade>>,
    /// The system's own grades, never altered; `None` where it gave none, as where
    /// its models contradict one another.
    pub system: Option<Vec<Grade>>,
}

/// One reading: one reader, one case, one arm, once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StudyAnswer {
    /// The reader's name in the study.
    pub reader: String,
    /// The case's name.
    pub case: String,
    /// The arm's name.
    pub arm: String,
    /// Which of the reader's sessions, from 1; `None` where not known.
    #[serde(default)]
    pub session: Option<u32>,
    /// The grades given before the system's answer was shown, one for each
    /// measurement; `None` in arms that do not ask for them.
    pub before: Option<Vec<Grade>>,
    /// The grades submitted in the end; `None` where the reader could not grade.
    pub grades: Option<Vec<Grade>>,
    /// Why not, as the reading room's word for it; `None` where there are grades.
    #[serde(default)]
    pub cannot: Option<String>,
    /// The grades shown as the system's; `None` where none were.
    pub shown: Option<Vec<Grade>>,
    /// Whether they were altered on purpose.
    pub altered: bool,
    /// Whether the reader had read the case in this session before.
    pub repeat: bool,
    /// The place in the reader's session, from 1.
    pub position: u32,
    /// Seconds of work, idle time left out; `None` where not known.
    pub seconds: Option<f64>,
    /// When it was submitted, milliseconds since 1970 (UTC); `None` where not known.
    #[serde(default)]
    pub submitted: Option<i64>,
}

impl StudyAnswer {
    /// Whether it took longer than so many seconds of work.
    #[must_use]
    pub fn is_over(&self, limit: u32) -> bool {
        self.seconds.is_some_and(|seconds| seconds > f64::from(limit))
    }
}
