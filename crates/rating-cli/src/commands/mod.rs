//! One module a command: flags in, files and words out.

pub mod bundle;
pub mod check;
pub mod compare;
pub mod decode;
#[cfg(feature = "train")]
pub mod demo;
pub mod engine;
pub mod evaluate;
#[cfg(feature = "train")]
pub mod experiment;
pub mod explain;
pub mod import;
pub mod pairs;
pub mod phantom;
pub mod pictures;
pub mod room;
pub mod score;
pub mod serve;
pub mod study;
#[cfg(feature = "train")]
pub mod train;

use std::io::Write;

use rating::Origin;
use rating::evaluate::Role;

use crate::failure::Failure;

/// Prints a result on stdout. A reader who went away (`rating ... | head`) is
/// no error.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::cannot_write(std::path::Path::new("standard output"), &error))
        }
        _ => Ok(()),
    }
}

/// The line that goes with every answer for people.
pub fn warning(origin: Option<Origin>) -> String {
    let origin = origin.map_or(String::new(), |origin| format!("origin: {origin}; "));
    format!("{origin}research use only, not for diagnosis\n")
}

/// The line over figures of pairs that the networks learned from.
pub fn learned_from(role: Role) -> &'static str {
    match role {
        Role::Training => "  the networks learned from these pairs: optimistic\n",
        Role::Test => "",
    }
}

/// Prints a value as JSON on stdout.
pub fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let text =
        serde_json::to_string_pretty(value).map_err(|error| Failure::Bug(error.to_string()))?;
    print(&(text + "\n"))
}
