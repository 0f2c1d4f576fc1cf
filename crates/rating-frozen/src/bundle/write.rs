//! Writing a bundle: nothing half-written under its name.

use std::fs;
use std::io;
use std::path::Path;

use rating::Problem;
use rating::network::NetworkId;

use super::error::{BundleError, cannot_write, refused};
use super::info::{BundleInfo, needed};
use super::{FILE_NAME, check, seal};
use crate::files;
use crate::network::{Network, Purpose};
use crate::weights::{self, Weights};

/// Writes a bundle and returns its hash.
///
/// `weights_of` is asked for one network at a time. Convolution and linear
/// weights are stored as 16-bit floats, so thresholds and validation figures
/// should have been computed after [`weights::round_to_f16`]. Networks are put
/// in order, their hashes filled in.
///
/// Everything is written into a hidden folder beside `folder` and moved there
/// when it is whole, `bundle.json` last. A folder that exists keeps its other
/// files. Writing the same bundle again changes nothing; another one is not
/// overwritten.
///
/// # Errors
/// `Refused`: `info` does not hold together, weights that are not the
/// network's, another bundle in that folder. `CannotWrite`: no space, no right.
pub fn write(
    folder: &Path,
    mut info: BundleInfo,
    weights_of: &mut dyn FnMut(&NetworkId) -> Result<Weights, Problem>,
) -> Result<String, BundleError> {
    let order = needed(&info.protocol, info.folds, info.seeds);
    info.networks.sort_by_key(|network| order.iter().position(|id| id == &network.id));
    check::info(&info).map_err(|problem| refused(&folder.join(FILE_NAME), problem))?;

    let unfinished = files::unfinished(folder).map_err(|error| cannot_write(folder, &error))?;
    let written = start(&unfinished)
        .map_err(|error| cannot_write(&unfinished, &error))
        .and_then(|()| write_files(&unfinished, &mut info, weights_of))
        .and_then(|bytes| {
            move_files(&unfinished, folder, &info, &bytes)?;
            Ok(blake3::hash(&bytes).to_hex().to_string())
        });
    // Whatever is left there is of no use; the first error counts.
    let _ = fs::remove_dir_all(&unfinished);
    written
}

/// An empty folder, whatever an earlier attempt left there.
fn start(unfinished: &Path) -> io::Result<()> {
    match fs::remove_dir_all(unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::create_dir_all(unfinished)
}

/// Writes the networks, then `bundle.json`, whose bytes come back.
fn write_files(
    unfinished: &Path,
    info: &mut BundleInfo,
    weights_of: &mut dyn FnMut(&NetworkId) -> Result<Weights, Problem>,
) -> Result<Vec<u8>, BundleError> {
    let px = info.preprocess.input_px as usize;
    for network in &mut info.networks {
        let path = unfinished.join(&network.file);
        let bytes = weights_of(&network.id)
            .and_then(|weights| {
                weights::check_finite(&weights)?;
                let purpose = Purpose::one_by_one(px);
                Network::new(&network.architecture, &weights, purpose)?;
                weights::to_safetensors(&weights)
            })
            .map_err(|problem| refused(Path::new(&network.file), problem))?;
        network.blake3 = blake3::hash(&bytes).to_hex().to_string();
        files::write_through(&path, &bytes).map_err(|error| cannot_write(&path, &error))?;
    }
    let path = unfinished.join(FILE_NAME);
    let object = serde_json::to_vec_pretty(info)
        .map_err(|error| refused(&path, Problem::new(error.to_string())))?;
    let bytes = seal::close(&object);
    files::write_through(&path, &bytes).map_err(|error| cannot_write(&path, &error))?;
    Ok(bytes)
}

/// Moves what was written to its place.
fn move_files(
    unfinished: &Path,
    folder: &Path,
    info: &BundleInfo,
    bytes: &[u8],
) -> Result<(), BundleError> {
    let place = folder.join(FILE_NAME);
    let failed = |error: io::Error| cannot_write(folder, &error);
    match fs::read(&place) {
        Ok(present) if present != bytes => {
            return Err(BundleError::CannotWrite(
                Problem::new("another bundle is here already")
                    .in_file(place.display().to_string())
                    .hint("choose another folder, or delete that one"),
            ));
        }
        _ => {}
    }
    fs::create_dir_all(folder).map_err(failed)?;
    let networks = info.networks.iter().map(|network| network.file.as_str());
    for file in networks.chain([FILE_NAME]) {
        // The names of the networks are on the disk before that of bundle.json.
        if file == FILE_NAME {
            files::sync_folder(folder).map_err(failed)?;
        }
        fs::rename(unfinished.join(file), folder.join(file)).map_err(failed)?;
    }
    files::sync_folder(folder)
        .and_then(|()| files::sync_folder(files::parent(folder)))
        .map_err(failed)
}
