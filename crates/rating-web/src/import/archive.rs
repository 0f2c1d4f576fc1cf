//! A zip file that came from a browser: what it says about itself is not
//! believed.

use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use super::limits;
use crate::refusal::Refusal;

/// One file of a zip.
pub(super) struct Entry {
    /// Its path within the zip.
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

/// Whether these bytes begin as a zip does.
#[must_use]
pub fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// Hands on the files of a zip one after the other, without folders and without
/// what macOS adds.
///
/// # Errors
/// A damaged or encrypted zip; more entries or bytes than [`limits`] allow,
/// whatever its header says; a name that leads out of the zip; what `each`
/// refuses.
pub(super) fn entries(
    bytes: &[u8],
    mut each: impl FnMut(Entry) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(&error))?;
    if archive.len() > limits::FILES {
        let what =
            format!("A zip has at most {} entries; this has {}.", limits::FILES, archive.len());
        return Err(Refusal::too_large(what));
    }
    let names = archive.file_names().map(|name| Ok(name?.into_owned()));
    let names =
        names.collect::<Result<Vec<String>, ZipError>>().map_err(|error| damaged(&error))?;
    if let Some(name) = names.iter().find(|name| leads_out(name)) {
        return Err(Refusal::unfit(format!("The zip holds a name that leads out of it: {name}.")));
    }
    let mut left = limits::REQUEST_BYTES;
    for index in 0..archive.len() {
        let file = archive.by_index(index).map_err(|error| damaged(&error))?;
        let name = file.name().map_err(|error| damaged(&error))?.into_owned();
        if file.is_dir() || is_litter(&name) {
            continue;
        }
        if file.is_symlink() {
            return Err(Refusal::unfit(format!(
                "The zip holds a link, which is not followed: {name}."
            )));
        }
        let most = limits::FILE_BYTES.min(left);
        let mut bytes = Vec::new();
        file.take(most + 1).read_to_end(&mut bytes).map_err(|error| damaged(&error))?;
        if bytes.len() as u64 > most {
            return Err(too_much(&name, most));
        }
        left -= bytes.len() as u64;
        each(Entry { name, bytes })?;
    }
    Ok(())
}

fn too_much(name: &str, most: u64) -> Refusal {
    let (file, all) = (limits::FILE_BYTES >> 20, limits::REQUEST_BYTES >> 20);
    Refusal::too_large(if most == limits::FILE_BYTES {
        format!("{name} unpacks to more than {file} MiB, the most for a file.")
    } else {
        format!("The zip unpacks to more than {all} MiB, the most for one.")
    })
}

/// An absolute path, a drive, or a step up.
fn leads_out(name: &str) -> bool {
    let mut parts = name.split(['/', '\\']);
    name.starts_with(['/', '\\']) || name.contains(':') || parts.any(|part| part == "..")
}

/// Folders' own files of macOS and Windows.
fn is_litter(name: &str) -> bool {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    name.starts_with("__MACOSX/")
        || last.starts_with("._")
        || matches!(last, ".DS_Store" | "Thumbs.db")
}

fn damaged(error: &impl std::fmt::Display) -> Refusal {
    Refusal::unfit(format!("The zip cannot be read: {error}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_out_are_seen() {
        for name in ["../a.png", "a/../../b", "/etc/passwd", "\\\\host\\a", "C:\\a.png", "a\\..\\b"]
        {
            assert!(leads_out(name), "{name}");
        }
        for name in ["a.png", "p1/a..b.png", "p1/left/a.png"] {
            assert!(!leads_out(name), "{name}");
        }
    }
}
