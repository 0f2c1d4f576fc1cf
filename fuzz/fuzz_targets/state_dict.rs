//! Any bytes as the pickle inside a PyTorch file, in both of its formats.
//!
//! A zip archive holds a checksum of each part, which chance never meets; so
//! the archive is put around the pickle here.

#![no_main]

use std::io::{Cursor, Write};

use libfuzzer_sys::fuzz_target;
use rating_frozen::weights::read;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// How the older format starts: its magic number, its version and a machine
/// that is little-endian.
const LEGACY_START: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\
    \x80\x02M\xe9\x03.\x80\x02}X\x0d\x00\x00\x00little_endian\x88s.";

fuzz_target!(|pickle: &[u8]| {
    for file in [archive(pickle), [LEGACY_START, pickle].concat()] {
        let Ok(weights) = read(&file) else { continue };
        let values: usize = weights.values().map(|array| array.data.len()).sum();
        assert!(values <= file.len(), "{values} values from {} bytes", file.len());
    }
});

/// A zip archive with this pickle and two small storages.
fn archive(pickle: &[u8]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let parts = [("a/data.pkl", pickle), ("a/data/0", &[0; 64]), ("a/data/1", &[60; 256])];
    for (name, bytes) in parts {
        zip.start_file(name, SimpleFileOptions::default()).expect("a new name");
        zip.write_all(bytes).expect("writing to memory");
    }
    zip.finish().expect("writing to memory").into_inner()
}
