//! Why a command ended without its result, and with which exit code.

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use rating::Problem;

use crate::stderr::say;

/// Exit code where the disk, the memory or the threads are used up.
const NO_SPACE: u8 = 5;

/// Why a command ended without its result.
#[derive(Debug)]
pub enum Failure {
    /// Our bug.
    Bug(String),
    /// Flags that do not fit together.
    Usage(String),
    /// Files that a person has to mend.
    Input(Vec<Problem>),
    /// A bundle that is damaged or does not fit.
    Bundle(Problem),
    /// No space, or no right to write.
    CannotWrite(Problem),
    /// The machine has no memory or threads to spare.
    Machine(Problem),
    /// The person asked to stop.
    Interrupted,
}

impl Failure {
    /// A file or folder that could not be written.
    pub fn cannot_write(path: &Path, error: &io::Error) -> Failure {
        let hint = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room on the disk",
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                "choose a folder that you may write to"
            }
            _ => "choose another folder",
        };
        Failure::CannotWrite(
            Problem::new(format!("cannot write: {error}"))
                .in_file(path.display().to_string())
                .hint(hint),
        )
    }

    /// The machine starts no more threads.
    pub fn no_threads(why: &str) -> Failure {
        Failure::Machine(
            Problem::new(format!("the machine starts no more threads: {why}"))
                .hint("ask for fewer with --threads, end other programs, or lift the limit"),
        )
    }

    /// The exit code of `docs/contract.md`.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Failure::Bug(_) => 1,
            Failure::Usage(_) => 2,
            Failure::Input(_) => 3,
            Failure::Bundle(_) => 4,
            Failure::CannotWrite(_) | Failure::Machine(_) => NO_SPACE,
            Failure::Interrupted => 130,
        })
    }

    /// Says on stderr what happened, one line a problem.
    pub fn report(&self) {
        match self {
            Failure::Bug(what) => say(format_args!("error: a mistake of this program: {what}")),
            Failure::Usage(what) => say(format_args!("error: {what}")),
            Failure::Input(problems) => {
                for problem in problems {
                    say(format_args!("error: {problem}"));
                }
            }
            Failure::Bundle(problem)
            | Failure::CannotWrite(problem)
            | Failure::Machine(problem) => say(format_args!("error: {problem}")),
            Failure::Interrupted => say("interrupted"),
        }
    }
}

/// Ends the program when the machine has no memory left. Unfinished files keep
/// their hidden names.
pub fn out_of_memory(bytes: usize) -> ! {
    // Several threads may come here at once.
    static SAID: AtomicBool = AtomicBool::new(false);
    if !SAID.swap(true, Ordering::Relaxed) {
        say(format_args!(
            "error: no memory left, {bytes} bytes more were wanted \
             (hint: end other programs, lift the limit, or give --memory or --threads less)"
        ));
    }
    std::process::exit(i32::from(NO_SPACE))
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Failure {
        Failure::Input(vec![problem])
    }
}

impl From<Vec<Problem>> for Failure {
    fn from(problems: Vec<Problem>) -> Failure {
        Failure::Input(problems)
    }
}
