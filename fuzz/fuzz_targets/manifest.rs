//! Any bytes as `manifest.csv`: what is read survives writing and reading.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rating::Protocol;
use rating::manifest::{Manifest, checks};

fuzz_target!(|bytes: &[u8]| {
    let eoss = Protocol::eoss();
    let manifest = match Manifest::parse(bytes, &eoss) {
        Ok(manifest) => manifest,
        Err(problems) => {
            assert!(!problems.is_empty(), "refused without a reason");
            return;
        }
    };
    let written = manifest.to_csv(&eoss);
    assert_eq!(Manifest::parse(written.as_bytes(), &eoss).as_ref(), Ok(&manifest), "{written}");

    let _ = checks::check_rows(&manifest, &eoss);
    let _ = checks::missing_grades(&manifest, "train", &eoss);
});
