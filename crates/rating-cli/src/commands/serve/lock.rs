//! One server a room. The operating system holds the lock and lets go of it when
//! the program ends, however it ends: nothing that is left behind refuses the next.

use std::fs::{File, TryLockError};
use std::path::Path;

use rating::Problem;

use crate::commands::room;
use crate::failure::Failure;
use crate::files;

/// The file that is locked. It stays, empty; that it is there says nothing.
const FILE: &str = "room.lock";

/// The right to serve a room, for as long as this is kept.
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of the room in this folder, which is made where it is missing.
    ///
    /// # Errors
    /// Another program serves the room; a folder that cannot be written; a disk
    /// that does not lock files.
    pub fn take(folder: &Path) -> Result<Lock, Failure> {
        room::must_be_folder(folder)?;
        files::make_folder(folder)?;
        let path = folder.join(FILE);
        let file = File::options().write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(|error| Failure::cannot_write(&path, &error))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => {
                let what = "another rating serve has this room open";
                Err(Problem::new(what)
                    .in_file(folder.display().to_string())
                    .hint("end it first, or name another folder with --data")
                    .into())
            }
            Err(TryLockError::Error(error)) => Err(Failure::CannotWrite(
                Problem::new(format!("cannot be locked: {error}"))
                    .in_file(path.display().to_string())
                    .hint("put the room's folder on a disk of this machine"),
            )),
        }
    }
}
