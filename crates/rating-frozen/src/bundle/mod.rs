//! The bundle: trained networks with everything a score depends on.
//!
//! A bundle is a folder with one `NETWORK.safetensors` per network and
//! `bundle.json`, which says what they are for and holds the BLAKE3 hash of
//! each. `bundle.json` ends with a seal over itself, so a changed byte anywhere
//! is found. It holds no time, host, path, thread count or duration: equal
//! work gives equal bytes.

mod check;
mod checked;
mod error;
mod info;
mod seal;
mod write;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use memmap2::Mmap;
use rating::network::NetworkId;
use rating::{Origin, Problem, Protocol};

pub use error::BundleError;
pub use info::{BundleInfo, FORMAT, NetworkInfo, SCHEMA, Validation, Versions, code_words};
pub use write::write;

use checked::{Checked, Version};

use crate::network::{Network, Purpose};
use crate::weights::{self, MappedWeights, Weights};

/// The file that makes a folder a bundle.
pub const FILE_NAME: &str = "bundle.json";

/// What an answer must name as its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// BLAKE3 of `bundle.json`, in hex; covers every network through its hash.
    pub bundle: String,
    /// What is graded.
    pub protocol: Protocol,
    /// What the networks learned from.
    pub origin: Origin,
}

/// A bundle on disk. Networks are read, and their hashes checked, one by one
/// when they are first asked for, and again when their file has changed.
#[derive(Debug, Clone)]
pub struct Bundle {
    folder: PathBuf,
    info: BundleInfo,
    identity: Identity,
    /// Networks whose hash and numbers were checked.
    checked: Arc<Checked>,
}

impl Bundle {
    /// Opens a folder: `bundle.json` is read and checked in full, network
    /// files must be there.
    ///
    /// # Errors
    /// No bundle, a damaged one, one of another schema, an incomplete one.
    pub fn open(folder: &Path) -> Result<Bundle, BundleError> {
        let path = folder.join(FILE_NAME);
        let bytes = fs::read(&path).map_err(|error| error::unreadable(&path, &error))?;
        let info = parse(&bytes).map_err(|problem| error::refused(&path, problem))?;
        for network in &info.networks {
            let path = folder.join(&network.file);
            fs::metadata(&path).map_err(|error| error::unreadable(&path, &error))?;
        }
        let identity = Identity {
            bundle: blake3::hash(&bytes).to_hex().to_string(),
            protocol: info.protocol.clone(),
            origin: info.origin,
        };
        Ok(Bundle { folder: folder.to_owned(), info, identity, checked: Arc::default() })
    }

    /// What `bundle.json` says.
    #[must_use]
    pub fn info(&self) -> &BundleInfo {
        &self.info
    }

    /// What answers of this bundle name as their source.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Reads one network, checks its hash and makes it ready for `purpose`.
    /// `position` counts in [`BundleInfo::networks`].
    ///
    /// # Errors
    /// A file that is damaged, gone or of another network; no such position.
    pub fn network(&self, position: usize, purpose: Purpose) -> Result<Network, BundleError> {
        let info = self.info.networks.get(position).ok_or_else(|| {
            let count = self.info.networks.len();
            BundleError::Refused(Problem::new(format!("no network {position} of {count}")))
        })?;
        let path = self.folder.join(&info.file);
        let file = fs::File::open(&path).and_then(|file| {
            let version = Version::of(&file.metadata()?);
            Ok((version, weights::map(&file)?))
        });
        let (version, file) = file.map_err(|error| error::unreadable(&path, &error))?;
        let known = self.checked.is(position, version);
        let network = load(info, file, purpose, known);
        let network = network.map_err(|problem| error::refused(&path, problem))?;
        self.checked.remember(position, version);
        Ok(network)
    }

    /// What networks of this bundle are made ready for.
    #[must_use]
    pub fn purpose(&self, at_once: usize, gradient: bool) -> Purpose {
        let px = self.info.preprocess.input_px as usize;
        Purpose { px, at_once, gradient, passing: false }
    }

    /// Reads the weights of one network and checks their hash, names and
    /// shapes, for whoever wants them other than they are.
    ///
    /// # Errors
    /// As for [`Bundle::network`].
    pub fn weights(&self, position: usize) -> Result<Weights, BundleError> {
        let info = self.info.networks.get(position).ok_or_else(|| {
            let count = self.info.networks.len();
            BundleError::Refused(Problem::new(format!("no network {position} of {count}")))
        })?;
        let path = self.folder.join(&info.file);
        let bytes = fs::read(&path).map_err(|error| error::unreadable(&path, &error))?;
        let read = || {
            check_hash(info, &bytes)?;
            let weights = weights::read(&bytes)?;
            info.architecture.check_weights(&weights)?;
            check_classes(info.architecture.classes(&weights)?)?;
            Ok(weights)
        };
        read().map_err(|problem| error::refused(&path, problem))
    }

    /// Where a network stands in [`BundleInfo::networks`].
    #[must_use]
    pub fn position(&self, id: &NetworkId) -> Option<usize> {
        self.info.networks.iter().position(|network| &network.id == id)
    }

    /// Reads every network as scoring would.
    ///
    /// # Errors
    /// The first that is damaged, gone or of another network.
    pub fn verify(&self) -> Result<(), BundleError> {
        let purpose = self.purpose(1, false);
        let mut positions = 0..self.info.networks.len();
        positions.try_for_each(|position| self.network(position, purpose).map(drop))
    }

    /// Bytes of a network's file.
    pub(crate) fn network_bytes(&self, position: usize) -> u64 {
        let file = self.info.networks.get(position).map(|network| self.folder.join(&network.file));
        file.and_then(|file| fs::metadata(file).ok()).map_or(0, |metadata| metadata.len())
    }
}

/// Reads and checks the bytes of a `bundle.json`.
///
/// # Errors
/// A broken seal, another schema, anything out of range or missing.
pub fn parse(bytes: &[u8]) -> Result<BundleInfo, Problem> {
    check::schema(bytes)?;
    let content = seal::open(bytes)?;
    let info: BundleInfo = serde_json::from_slice(&content)
        .map_err(|error| Problem::new(format!("not a bundle: {error}")).at_row(error.line()))?;
    check::info(&info)?;
    Ok(info)
}

/// A network of a bundle from its mapped file.
fn load(
    info: &NetworkInfo,
    file: Arc<Mmap>,
    purpose: Purpose,
    known: bool,
) -> Result<Network, Problem> {
    if !known {
        check_hash(info, &file)?;
    }
    let weights = MappedWeights::new(file)?;
    if !known {
        weights.check_finite()?;
    }
    let network = Network::of(&info.architecture, &weights, purpose)?;
    check_classes(network.classes())?;
    Ok(network)
}

fn check_classes(classes: usize) -> Result<(), Problem> {
    match classes {
        2 => Ok(()),
        classes => Err(Problem::new(format!("{classes} classes; a task has 2"))),
    }
}

fn check_hash(info: &NetworkInfo, bytes: &[u8]) -> Result<(), Problem> {
    if blake3::hash(bytes).to_hex().as_str() == info.blake3 {
        return Ok(());
    }
    Err(Problem::new("the file is not the one the bundle was written with")
        .hint("copy the bundle again, or train it again"))
}
