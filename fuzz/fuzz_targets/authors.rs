//! Any bytes as two of the authors' dataset files, parted by a NUL: what is
//! imported is a manifest that can be written and read. The same bytes as a table
//! of patients.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rating::Protocol;
use rating::manifest::Manifest;
use rating::manifest::authors::{DatasetFile, import, parse_patients};

fuzz_target!(|bytes: &[u8]| {
    let _ = parse_patients(bytes);
    let mut parts = bytes.splitn(2, |&byte| byte == 0);
    let names = ["val_split1.json", "train_split2.json"];
    let files: Vec<DatasetFile<'_>> = names
        .into_iter()
        .map_while(|name| Some(DatasetFile { name, bytes: parts.next()? }))
        .collect();
    let manifest = match import(&files, None, "train") {
        Ok(manifest) => manifest,
        Err(problems) => {
            assert!(!problems.is_empty(), "refused without a reason");
            return;
        }
    };
    let eoss = Protocol::eoss();
    let written = manifest.to_csv(&eoss);
    match Manifest::parse(written.as_bytes(), &eoss) {
        Ok(read) => assert_eq!(read.to_csv(&eoss), written),
        // Files of empty lists make no rows.
        Err(problems) => assert!(manifest.rows.is_empty(), "{problems:?}\n{written}"),
    }
});
