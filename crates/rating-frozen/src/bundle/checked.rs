//! Which networks of a bundle were checked, so that reading them again, as a
//! small memory makes scoring do, costs no second hash.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// What tells one content of a file from another without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Version {
    bytes: u64,
    /// `None` where the system does not tell; such a file is never known.
    modified: Option<SystemTime>,
}

impl Version {
    pub fn of(metadata: &Metadata) -> Version {
        Version { bytes: metadata.len(), modified: metadata.modified().ok() }
    }
}

/// Networks that were checked, by their position, in the version they had.
#[derive(Debug, Default)]
pub(super) struct Checked(Mutex<BTreeMap<usize, Version>>);

impl Checked {
    /// Whether this version of a network was checked.
    pub fn is(&self, position: usize, version: Version) -> bool {
        version.modified.is_some() && self.lock().get(&position) == Some(&version)
    }

    /// Remembers that it was.
    pub fn remember(&self, position: usize, version: Version) {
        self.lock().insert(position, version);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<usize, Version>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn another_version_is_not_known() {
        let checked = Checked::default();
        let first = Version { bytes: 9, modified: Some(SystemTime::UNIX_EPOCH) };
        checked.remember(3, first);
        assert!(checked.is(3, first));
        let later = SystemTime::UNIX_EPOCH + Duration::from_nanos(1);
        for version in [
            Version { modified: Some(later), ..first },
            Version { bytes: 8, ..first },
            Version { modified: None, ..first },
        ] {
            assert!(!checked.is(3, version));
        }
        assert!(!checked.is(4, first));
        let untold = Version { bytes: 9, modified: None };
        checked.remember(5, untold);
        assert!(!checked.is(5, untold));
    }
}
