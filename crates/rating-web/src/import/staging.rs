//! Files that came from a browser and wait for a person to confirm them. They
//! lie in a folder of their own; throwing it away leaves nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rating_frozen::files::write_atomically;
use serde::{Deserialize, Serialize};

use super::limits;
use crate::clock::Moment;
use crate::pairs::Images;
use crate::people::Secrets;
use crate::refusal::Refusal;

/// The name of what describes an import in its folder.
const DESCRIPTION: &str = "import.json";

/// Imports that are not confirmed yet.
#[derive(Debug)]
pub struct Staging {
    folder: PathBuf,
    /// One change of a description at a time.
    changing: Mutex<()>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Staged {
    /// Its name in addresses: nobody can guess it.
    pub id: String,
    /// Who began it.
    pub person: i64,
    /// When, in milliseconds since the beginning of 1970.
    pub begun: i64,
    /// The number of the next file.
    pub next: u32,
    /// Its files, in the order they came.
    pub files: Vec<StagedFile>,
}

/// An image that waits: decoded and written anew, nothing of the file is left
/// but its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StagedFile {
    /// From 0, in the order they came.
    pub number: u32,
    /// The name of the file, with its folders.
    pub name: String,
    /// When it was last changed, if the browser said so: milliseconds since the
    /// beginning of 1970.
    pub modified: Option<i64>,
    /// The hash of its pixels, hexadecimal.
    pub hash: String,
    /// Its size in pixels.
    pub width: u32,
    /// Its size in pixels.
    pub height: u32,
    /// Share of saturated pixels, 0 to 1.
    pub coloured: f64,
}

impl Staging {
    /// Imports in this folder, which is made where it is missing.
    ///
    /// # Errors
    /// A folder that cannot be made.
    pub fn in_folder(folder: &Path) -> Result<Staging, Refusal> {
        fs::create_dir_all(folder).map_err(|error| place(folder, &error))?;
        Ok(Staging { folder: folder.to_path_buf(), changing: Mutex::default() })
    }

    /// Begins an import.
    ///
    /// # Errors
    /// A disk that takes no more.
    pub fn begin(&self, secrets: &Secrets, person: i64, now: Moment) -> Result<Staged, Refusal> {
        let id: String = secrets.bytes::<12>().iter().map(|byte| format!("{byte:02x}")).collect();
        let staged = Staged { id, person, begun: now.millis(), next: 0, files: Vec::new() };
        let folder = self.folder.join(&staged.id);
        fs::create_dir_all(&folder).map_err(|error| place(&folder, &error))?;
        self.write(&staged)?;
        Ok(staged)
    }

    /// An import as it stands.
    ///
    /// # Errors
    /// No such import; a damaged description.
    pub fn get(&self, id: &str) -> Result<Staged, Refusal> {
        let path = self.folder_of(id)?.join(DESCRIPTION);
        let text = fs::read(&path).map_err(|_| no_such_import())?;
        Ok(serde_json::from_slice(&text)?)
    }

    /// Changes an import.
    ///
    /// # Errors
    /// No such import; what `change` refuses.
    pub fn change<T>(
        &self,
        id: &str,
        change: impl FnOnce(&mut Staged) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let _alone = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut staged = self.get(id)?;
        let done = change(&mut staged)?;
        self.write(&staged)?;
        Ok(done)
    }

    /// Its images, as they came.
    ///
    /// # Errors
    /// No such import.
    pub fn images(&self, id: &str) -> Result<Images, Refusal> {
        Images::in_folder(&self.known(id)?.join("images"))
    }

    /// Its images, small.
    ///
    /// # Errors
    /// No such import.
    pub fn thumbnail(&self, id: &str, number: u32) -> Result<PathBuf, Refusal> {
        let folder = self.known(id)?.join("small");
        fs::create_dir_all(&folder).map_err(|error| place(&folder, &error))?;
        Ok(folder.join(format!("{number}.png")))
    }

    /// Throws an import away, with everything in it.
    ///
    /// # Errors
    /// No such import; a folder that cannot be removed.
    pub fn remove(&self, id: &str) -> Result<(), Refusal> {
        let _alone = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = self.known(id)?;
        fs::remove_dir_all(&folder).map_err(|error| place(&folder, &error))
    }

    /// Imports that wait, oldest first. Those that waited too long are thrown away.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn waiting(&self, now: Moment) -> Result<Vec<Staged>, Refusal> {
        let mut waiting = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(|error| place(&self.folder, &error))? {
            let name = entry.map_err(|error| place(&self.folder, &error))?.file_name();
            let Ok(staged) = self.get(&name.to_string_lossy()) else { continue };
            if Moment::at(staged.begun).after(limits::WAITS) < now {
                self.remove(&staged.id)?;
            } else {
                waiting.push(staged);
            }
        }
        waiting.sort_by(|a, b| (a.begun, &a.id).cmp(&(b.begun, &b.id)));
        Ok(waiting)
    }

    fn write(&self, staged: &Staged) -> Result<(), Refusal> {
        let path = self.folder_of(&staged.id)?.join(DESCRIPTION);
        write_atomically(&path, &serde_json::to_vec(staged)?).map_err(|error| place(&path, &error))
    }

    /// The folder of an import that is there.
    fn known(&self, id: &str) -> Result<PathBuf, Refusal> {
        let folder = self.folder_of(id)?;
        if folder.is_dir() { Ok(folder) } else { Err(no_such_import()) }
    }

    /// The id comes from an address: it must be one of ours before it is a path.
    fn folder_of(&self, id: &str) -> Result<PathBuf, Refusal> {
        let is_ours = id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_ours { Ok(self.folder.join(id)) } else { Err(no_such_import()) }
    }
}

fn no_such_import() -> Refusal {
    Refusal::unknown("There is no such import; it may have been confirmed or thrown away.")
}

pub(super) fn place(path: &Path, error: &std::io::Error) -> Refusal {
    Refusal::broken(format!("{}: {error}", path.display()))
}
