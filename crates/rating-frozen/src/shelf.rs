//! Which networks of a bundle are in memory.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use crate::bundle::{Bundle, BundleError};
use crate::network::{Network, Purpose, Workspace};

/// Files hold 16-bit floats, memory 32-bit ones.
const BYTES_PER_FILE_BYTE: u64 = 2;
/// Made ready for several images at once, most weights are transformed, which
/// takes four times their bytes (36 values for 9).
const FOR_SEVERAL: u64 = 4;
/// Made ready for one image, some are.
const FOR_ONE: u64 = 2;
/// Gradients need weights the other way round as well.
const FOR_GRADIENTS: u64 = 2;

/// Images that networks for several are made ready for.
const SEVERAL: usize = 8;

/// Networks with larger files are unpacked while they are asked.
const LARGE_FILE: u64 = 4 << 20;

/// A bundle's networks: those that fit stay loaded from one call to the next,
/// the others are read again.
#[derive(Debug)]
pub(crate) struct Shelf {
    /// Bytes for networks.
    memory: u64,
    threads: usize,
    kept: Mutex<BTreeMap<(usize, Purpose), Arc<Network>>>,
    workspaces: Mutex<Vec<Workspace>>,
}

impl Shelf {
    pub fn new(memory: u64, threads: usize) -> Shelf {
        Shelf { memory, threads, kept: Mutex::default(), workspaces: Mutex::default() }
    }

    /// The purpose of networks that so many images are waiting for. Weights for
    /// several images at once are larger: they must fit for every thread.
    pub fn purpose(&self, bundle: &Bundle, images: usize, gradient: bool) -> Purpose {
        let files =
            (0..bundle.info().networks.len()).map(|position| bundle.network_bytes(position));
        // Unpacking costs a large network little beside a pass, and memory is
        // scarce; gradients pass hundreds of times.
        let passing = !gradient && files.max().unwrap_or(0) > LARGE_FILE;
        let several = Purpose { passing, ..bundle.purpose(SEVERAL, gradient) };
        // Threads score networks of their own, but explain with one together.
        let networks = if gradient { 1 } else { self.threads as u64 };
        let largest = largest(bundle, several).saturating_mul(networks);
        // From half as many on, transforming the weights pays.
        if images >= SEVERAL / 2 && largest <= self.memory {
            return several;
        }
        Purpose { at_once: 1, ..several }
    }

    /// Bytes that must be there for one network, whichever it is.
    pub fn least_memory(&self, bundle: &Bundle, gradient: bool) -> u64 {
        largest(bundle, self.purpose(bundle, 1, gradient))
    }

    /// Splits networks into those that threads share among them. `one_pass`: each
    /// network is asked once, so that a thread holds one at a time.
    pub fn groups(
        &self,
        bundle: &Bundle,
        wanted: &[usize],
        purpose: Purpose,
        one_pass: bool,
    ) -> Vec<Range<usize>> {
        let sizes = wanted.iter().map(|&position| bytes(bundle, position, purpose));
        let all_fit = sizes.fold(0, u64::saturating_add) <= self.memory;
        let transient = self.transient(bundle, purpose);
        let group = match all_fit || (one_pass && transient == self.threads) {
            true => wanted.len(),
            false => transient,
        };
        let starts = (0..wanted.len()).step_by(group.max(1));
        starts.map(|start| start..(start + group).min(wanted.len())).collect()
    }

    /// How many networks that are not kept are loaded at once: at least one.
    fn transient(&self, bundle: &Bundle, purpose: Purpose) -> usize {
        let fit = self.memory / largest(bundle, purpose).max(1);
        usize::try_from(fit).unwrap_or(usize::MAX).clamp(1, self.threads)
    }

    /// A network, loaded before or now.
    ///
    /// # Errors
    /// As for [`Bundle::network`].
    pub fn network(
        &self,
        bundle: &Bundle,
        position: usize,
        purpose: Purpose,
    ) -> Result<Arc<Network>, BundleError> {
        let locked = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(network) = locked().get(&(position, purpose)) {
            return Ok(Arc::clone(network));
        }
        // Two calls at once may both load it; either will do.
        let network = Arc::new(bundle.network(position, purpose)?);
        let mut kept = locked();
        // Pages that are mapped twice would count twice.
        kept.retain(|(other, made_for), _| *other != position || !made_for.passing);
        let held: u64 =
            kept.keys().map(|&(position, purpose)| kept_bytes(bundle, position, purpose)).sum();
        let total = (0..bundle.info().networks.len())
            .map(|position| kept_bytes(bundle, position, purpose))
            .fold(0, u64::saturating_add);
        let reserve = match total <= self.memory {
            true => 0,
            // Room for those that come and go.
            false => largest(bundle, purpose) * self.transient(bundle, purpose) as u64,
        };
        if held + kept_bytes(bundle, position, purpose) + reserve <= self.memory {
            kept.insert((position, purpose), Arc::clone(&network));
        }
        Ok(network)
    }

    /// Lends memory for passes by one thread.
    pub fn with_workspace<T>(&self, work: impl FnOnce(&mut Workspace) -> T) -> T {
        let locked = || self.workspaces.lock().unwrap_or_else(PoisonError::into_inner);
        let lent = locked().pop();
        let mut workspace = lent.unwrap_or_default();
        let result = work(&mut workspace);
        locked().push(workspace);
        result
    }
}

/// Bytes a network takes while nobody asks it, nearly. The mapped file of one
/// that is unpacked while it is asked is the system's: it can take the pages
/// back whenever it needs them.
fn kept_bytes(bundle: &Bundle, position: usize, purpose: Purpose) -> u64 {
    const FOR_PARTS_THAT_ARE_NO_MAP: u64 = 16;
    // Cohorts ask each network once, so there keeping the map gains nothing.
    match purpose.passing && purpose.at_once == 1 {
        true => bundle.network_bytes(position) / FOR_PARTS_THAT_ARE_NO_MAP,
        false => bytes(bundle, position, purpose),
    }
}

/// Bytes a network takes while it is asked, nearly.
fn bytes(bundle: &Bundle, position: usize, purpose: Purpose) -> u64 {
    if purpose.passing {
        // The mapped file, and about as much again for the pass.
        return bundle.network_bytes(position).saturating_mul(2);
    }
    let transformed = if purpose.at_once > 1 { FOR_SEVERAL } else { FOR_ONE };
    let directions = if purpose.gradient { FOR_GRADIENTS } else { 1 };
    let factor = BYTES_PER_FILE_BYTE * transformed * directions;
    bundle.network_bytes(position).saturating_mul(factor)
}

fn largest(bundle: &Bundle, purpose: Purpose) -> u64 {
    let all = 0..bundle.info().networks.len();
    all.map(|position| bytes(bundle, position, purpose)).max().unwrap_or(0)
}
