//! Why training ended without a bundle.

use std::fmt;
use std::path::Path;

use rating::Problem;

/// Why training ended without a bundle; each kind has its own exit code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrainError {
    /// Configuration, protocol or data cannot be trained on (exit code 3).
    BadInput(Vec<Problem>),
    /// The disk is full or a folder cannot be written (exit code 5).
    CannotWrite(Problem),
    /// Someone asked to stop; every epoch that ended is kept (exit code 130).
    Interrupted,
    /// A mistake of this program (exit code 1).
    Bug(String),
}

impl TrainError {
    /// A file or folder that could not be written.
    pub(crate) fn cannot_write(path: &Path, error: &std::io::Error) -> TrainError {
        let hint = match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                "make room and run the same command again: it goes on where it stopped"
            }
            _ => "run the same command again when the folder can be written",
        };
        TrainError::CannotWrite(
            Problem::new(format!("cannot be written: {error}"))
                .in_file(path.display().to_string())
                .hint(hint),
        )
    }
}

impl From<Problem> for TrainError {
    fn from(problem: Problem) -> TrainError {
        TrainError::BadInput(vec![problem])
    }
}

impl From<Vec<Problem>> for TrainError {
    fn from(problems: Vec<Problem>) -> TrainError {
        TrainError::BadInput(problems)
    }
}

impl fmt::Display for TrainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TrainError::BadInput(problems) => {
                let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
                f.write_str(&lines.join("\n"))
            }
            TrainError::CannotWrite(problem) => problem.fmt(f),
            TrainError::Interrupted => {
                f.write_str("interrupted; the same command goes on where this one stopped")
            }
            TrainError::Bug(what) => write!(f, "a mistake of this program: {what}"),
        }
    }
}

impl std::error::Error for TrainError {}
