//! Any bytes as `manifest.csv`: what is read survives writing and reading.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rating::Protocol;
use rating::manifest::{Manifest, checks};

/// Read once: it takes longer than most tables.
static EOSS: LazyLock<Protocol> = LazyLock::new(Protocol::eoss);

fuzz_target!(|bytes: &[u8]| {
    let manifest = match Manifest::parse(bytes, &EOSS) {
        Ok(manifest) => manifest,
        Err(problems) => {
            assert!(!problems.is_empty(), "refused without a reason");
            return;
        }
    };
    let written = manifest.to_csv(&EOSS);
    let read = Manifest::parse(written.as_bytes(), &EOSS).map(|read| read.to_csv(&EOSS));
    assert_eq!(read.as_ref(), Ok(&written));

    let _ = checks::check_rows(&manifest, &EOSS);
    let _ = checks::missing_grades(&manifest, "train", &EOSS);
});
