//! Reading and writing whole files, with the place in every error.

use std::fs;
use std::io;
use std::path::Path;

use rating::{Problem, Protocol};

use crate::failure::Failure;

/// A file's bytes.
pub fn read(path: &Path) -> Result<Vec<u8>, Problem> {
    fs::read(path).map_err(|error| {
        let problem = match error.kind() {
            io::ErrorKind::NotFound => Problem::new("the file does not exist")
                .hint("check the path; those in a manifest are relative to it"),
            io::ErrorKind::IsADirectory => {
                Problem::new("is a folder, not a file").hint("name the file in it")
            }
            _ => Problem::new(format!("cannot be read: {error}"))
                .hint("check the path and who may read it"),
        };
        problem.in_file(path.display().to_string())
    })
}

/// A file's text.
pub fn read_text(path: &Path) -> Result<String, Problem> {
    String::from_utf8(read(path)?)
        .map_err(|_| Problem::new("is not UTF-8 text").in_file(path.display().to_string()))
}

/// Writes a file so that it appears under its name only when whole.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    rating_frozen::files::write_atomically(path, bytes)
        .map_err(|error| Failure::cannot_write(path, &error))
}

/// Makes a folder with its parents.
pub fn make_folder(path: &Path) -> Result<(), Failure> {
    fs::create_dir_all(path).map_err(|error| Failure::cannot_write(path, &error))
}

/// The protocol of a flag: `eoss`, or the path of a TOML file.
pub fn protocol(name: &str) -> Result<Protocol, Problem> {
    if name == Protocol::eoss().name() {
        return Ok(Protocol::eoss());
    }
    let path = Path::new(name);
    if !path.exists() {
        return Err(Problem::new(format!("there is no protocol {name:?}"))
            .hint("eoss is built in; others are TOML files, such as configs/protocols/salivary-omeract.toml"));
    }
    Protocol::from_toml(&read_text(path)?).map_err(|problem| problem.in_file(name))
}
