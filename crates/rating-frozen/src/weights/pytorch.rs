//! PyTorch's two file formats: the zip archive and the older stream.

use std::borrow::Cow;
use std::io::{Cursor, Read};

use rating::Problem;
use zip::ZipArchive;

use super::Weights;
use super::pickle::{self, Value};
use super::state_dict::{StateDict, Storages};

/// How the older format starts: the pickle of its magic number.
pub(super) const LEGACY_MAGIC: [u8; 15] =
    *b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";

/// The only version of the older format there is.
const LEGACY_VERSION: i64 = 1001;

fn damaged(what: impl std::fmt::Display) -> Problem {
    Problem::new(format!("damaged PyTorch file: {what}"))
}

/// Reads a zip archive with `NAME/data.pkl` and one `NAME/data/KEY` per storage.
pub(super) fn read_zip(bytes: &[u8]) -> Result<Weights, Problem> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    let folder = folder(&archive)?;
    let order = part(&mut archive, &format!("{folder}byteorder"), bytes.len())?;
    if order.is_some_and(|order| order != b"little") {
        return Err(Problem::new("PyTorch file of a big-endian machine"));
    }
    let program = part(&mut archive, &format!("{folder}data.pkl"), bytes.len())?
        .ok_or_else(|| damaged("no data.pkl"))?;
    let pickle = pickle::read(&program)?;
    let state_dict = StateDict::find(&pickle)?;

    // Nor are all together: entries of an archive may share their bytes.
    let mut left = bytes.len();
    let mut storages = Storages::new();
    for key in state_dict.storage_keys() {
        let storage = part(&mut archive, &format!("{folder}data/{key}"), left)?;
        let storage = storage.ok_or_else(|| damaged(format_args!("no storage {key:?}")))?;
        left -= storage.len();
        storages.insert(key.to_owned(), Cow::Owned(storage));
    }
    state_dict.weights(&storages, bytes.len())
}

/// The folder that everything stands in, with its slash.
fn folder(archive: &ZipArchive<Cursor<&[u8]>>) -> Result<String, Problem> {
    for name in archive.file_names() {
        let name = name.map_err(damaged)?;
        if let Some(folder) = name.strip_suffix("data.pkl") {
            return Ok(folder.to_owned());
        }
    }
    Err(Problem::new("zip file without a PyTorch state dict")
        .hint("in PyTorch: torch.save(network.state_dict(), FILE)"))
}

/// One file of the archive, `None` where there is none of that name. PyTorch
/// compresses nothing, so no part is longer than the whole.
fn part(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    name: &str,
    most: usize,
) -> Result<Option<Vec<u8>>, Problem> {
    let Some(index) = archive.index_for_name(name) else {
        return Ok(None);
    };
    let file = archive.by_index(index).map_err(damaged)?;
    let mut bytes = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX);
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| damaged(format_args!("{name}: {error}")))?;
    if bytes.len() > most {
        return Err(damaged(format_args!("{name} is longer than the file")));
    }
    Ok(Some(bytes))
}

/// Reads the older format: pickles of a magic number, a version, the machine,
/// the state dict and the keys of its storages; then the storages in turn.
pub(super) fn read_legacy(bytes: &[u8]) -> Result<Weights, Problem> {
    let mut rest = &bytes[LEGACY_MAGIC.len()..];
    if next_pickle(&mut rest)?.root != Value::Int(LEGACY_VERSION) {
        return Err(Problem::new("PyTorch file of an unknown version"));
    }
    let machine = next_pickle(&mut rest)?;
    let little = (Value::Text("little_endian"), Value::Bool(true));
    if !machine.entries(machine.root).is_some_and(|entries| entries.contains(&little)) {
        return Err(Problem::new("PyTorch file of a big-endian machine"));
    }
    let pickle = next_pickle(&mut rest)?;
    let state_dict = StateDict::find(&pickle)?;
    let keys = next_pickle(&mut rest)?;
    let keys = keys.items(keys.root).ok_or_else(|| damaged("no list of storages"))?;

    let mut storages = Storages::new();
    for key in keys {
        let Value::Text(key) = key else {
            return Err(damaged("a storage without a name"));
        };
        let known = pickle.storages.get(key);
        let known = known.ok_or_else(|| damaged(format_args!("storage {key} of no tensor")))?;
        let storage = next_storage(&mut rest, known.element.bytes())?;
        storages.insert((*key).to_owned(), Cow::Borrowed(storage));
    }
    state_dict.weights(&storages, bytes.len())
}

fn next_pickle<'a>(rest: &mut &'a [u8]) -> Result<pickle::Pickle<'a>, Problem> {
    let pickle = pickle::read(rest)?;
    *rest = &rest[pickle.length..];
    Ok(pickle)
}

/// A storage: its number of elements in 8 bytes, then the elements.
fn next_storage<'a>(rest: &mut &'a [u8], element_bytes: usize) -> Result<&'a [u8], Problem> {
    let broken = || damaged("a storage breaks off");
    let (count, after) = rest.split_first_chunk::<8>().ok_or_else(broken)?;
    let count = usize::try_from(u64::from_le_bytes(*count)).map_err(|_| broken())?;
    let length = count.checked_mul(element_bytes).ok_or_else(broken)?;
    let (storage, after) = after.split_at_checked(length).ok_or_else(broken)?;
    *rest = after;
    Ok(storage)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The older format around a pickled object and one storage of 16-bit floats.
    fn legacy(object: &[u8], values: &[f32]) -> Vec<u8> {
        let mut bytes = LEGACY_MAGIC.to_vec();
        bytes.extend(b"\x80\x02M\xe9\x03.");
        bytes.extend(b"\x80\x02}X\x0d\x00\x00\x00little_endian\x88s.");
        bytes.extend(object);
        bytes.extend(b"\x80\x02]X\x01\x00\x00\x00ka.");
        bytes.extend((values.len() as u64).to_le_bytes());
        bytes.extend(values.iter().flat_map(|&value| half::f16::from_f32(value).to_le_bytes()));
        bytes
    }

    /// `{"epoch": 3, "state_dict": {"fc.bias": tensor}}`, where the tensor is
    /// two values of the storage from the second on.
    fn checkpoint(callee: &[u8]) -> Vec<u8> {
        let parts: [&[u8]; 6] = [
            b"\x80\x02}(X\x05\x00\x00\x00epochK\x03X\x0a\x00\x00\x00state_dict}",
            b"X\x07\x00\x00\x00fc.bias",
            callee,
            b"((X\x07\x00\x00\x00storagectorch\nHalfStorage\nX\x01\x00\x00\x00kX\x03\x00\x00\x00cpuK\x03tQ",
            b"K\x01K\x02\x85K\x01\x85\x89Nt",
            b"Rsu.",
        ];
        parts.concat()
    }

    #[test]
    fn a_state_dict_in_a_checkpoint_is_found() {
        let object = checkpoint(b"ctorch._utils\n_rebuild_tensor_v2\n");
        let weights = read_legacy(&legacy(&object, &[0.5, 1.5, 2.5])).unwrap();
        assert_eq!(weights["fc.bias"].data, [1.5, 2.5]);
        let problem = read_legacy(&legacy(&object, &[0.5, 1.5])).unwrap_err();
        assert!(problem.to_string().contains("fc.bias reaches beyond"), "{problem}");
    }

    #[test]
    fn other_objects_in_a_checkpoint_are_refused_by_name() {
        let problem =
            read_legacy(&legacy(&checkpoint(b"cbuiltins\neval\n"), &[0.0; 3])).unwrap_err();
        assert!(problem.to_string().contains("builtins.eval"), "{problem}");
    }
}
