//! The work folder: files that appear whole, and a lock for each training.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use rating::Problem;

use crate::TrainError;

/// Writes a file so that its name never stands for half of it: a crash or a
/// full disk leaves the old content.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    rating_frozen::files::write_atomically(path, bytes)
        .map_err(|error| TrainError::cannot_write(path, &error))
}

/// Creates a folder and those above it.
pub fn create_folder(path: &Path) -> Result<(), TrainError> {
    fs::create_dir_all(path).map_err(|error| TrainError::cannot_write(path, &error))
}

/// The content of a file, `None` where there is no such file.
pub fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, TrainError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Problem::new(format!("cannot be read: {error}"))
            .in_file(path.display().to_string())
            .into()),
    }
}

/// Removes a file that may not be there.
pub fn remove_if_there(path: &Path) -> Result<(), TrainError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(TrainError::cannot_write(path, &error))
        }
        _ => Ok(()),
    }
}

/// The folder of one training, for one process alone while this lives.
#[derive(Debug)]
pub struct Locked {
    folder: PathBuf,
    _lock: File,
}

impl Locked {
    /// Takes the folder of a training, creating it.
    ///
    /// # Errors
    /// Another process is at work there; the folder cannot be written.
    pub fn take(folder: PathBuf) -> Result<Locked, TrainError> {
        create_folder(&folder)?;
        let path = folder.join("lock");
        let lock = File::create(&path).map_err(|error| TrainError::cannot_write(&path, &error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Locked { folder, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(Problem::new("another run is at work here")
                .in_file(folder.display().to_string())
                .hint("wait for it, or give this run another work folder")
                .into()),
            Err(TryLockError::Error(error)) => Err(TrainError::cannot_write(&path, &error)),
        }
    }

    /// A file in the folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.bin");
        write_whole(&path, b"one").unwrap();
        write_whole(&path, b"two").unwrap();
        assert_eq!(read_if_there(&path).unwrap().unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(read_if_there(&folder.path().join("b")).unwrap(), None);
    }

    #[test]
    fn what_cannot_be_written_is_said_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("missing").join("a.bin");
        let Err(TrainError::CannotWrite(problem)) = write_whole(&path, b"one") else {
            panic!("a folder that does not exist was written")
        };
        assert!(problem.to_string().contains("a.bin"));
    }

    #[test]
    fn a_training_belongs_to_one_run_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = Locked::take(folder.path().join("t")).unwrap();
        assert!(matches!(Locked::take(folder.path().join("t")), Err(TrainError::BadInput(_))));
        drop(first);
        assert!(Locked::take(folder.path().join("t")).is_ok());
    }
}
