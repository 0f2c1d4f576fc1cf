//! Why a bundle cannot be used or written.

use std::io;
use std::path::Path;

use rating::Problem;

/// Why a bundle cannot be used or written; each has an exit code of its own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// The bundle is not there, damaged, incomplete or of another kind.
    #[error("{0}")]
    Refused(Problem),
    /// The bundle could not be written: no space, no right.
    #[error("{0}")]
    CannotWrite(Problem),
    /// The machine has no memory to read it.
    #[error("{0}")]
    NoMemory(Problem),
}

impl BundleError {
    /// What is wrong, for people.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        match self {
            BundleError::Refused(problem)
            | BundleError::CannotWrite(problem)
            | BundleError::NoMemory(problem) => problem,
        }
    }
}

pub(super) fn refused(path: &Path, problem: Problem) -> BundleError {
    BundleError::Refused(problem.in_file(path.display().to_string()))
}

pub(super) fn unreadable(path: &Path, error: &io::Error) -> BundleError {
    let problem = match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            if path.ends_with(super::FILE_NAME) =>
        {
            Problem::new("there is no bundle here").hint("a folder that train wrote")
        }
        io::ErrorKind::OutOfMemory => {
            let problem = Problem::new(format!("no memory to read it: {error}"))
                .hint("end other programs, or give --memory less");
            return BundleError::NoMemory(problem.in_file(path.display().to_string()));
        }
        io::ErrorKind::NotFound => {
            Problem::new("the file is missing").hint("copy the bundle again, with every file")
        }
        _ => Problem::new(format!("cannot be read: {error}")),
    };
    refused(path, problem)
}

pub(super) fn cannot_write(path: &Path, error: &io::Error) -> BundleError {
    let hint = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room on the disk",
        _ => "choose a folder that can be written to",
    };
    let problem = Problem::new(format!("cannot write: {error}")).hint(hint);
    BundleError::CannotWrite(problem.in_file(path.display().to_string()))
}
