//! Weights from files that PyTorch wrote.

use std::io::{Cursor, Write};

use proptest::prelude::*;
use rating_frozen::weights::{Weights, read};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const ZIP: &[u8] = include_bytes!("../../../testdata/resnet18_w8.pth");
const LEGACY: &[u8] = include_bytes!("../../../testdata/resnet18_w8_legacy.pth");
const SAFETENSORS: &[u8] = include_bytes!("../../../testdata/resnet18_w8.safetensors");
const FUSION_ZIP: &[u8] = include_bytes!("../../../testdata/fusion_w4.pth");
const FUSION_SAFETENSORS: &[u8] = include_bytes!("../../../testdata/fusion_w4.safetensors");

fn weights(bytes: &[u8]) -> Weights {
    read(bytes).unwrap()
}

#[test]
fn all_formats_load_the_same_weights() {
    let expected = weights(SAFETENSORS);
    assert_eq!(expected.len(), 102);
    assert_eq!(expected["conv1.weight"].shape, [8, 3, 7, 7]);
    assert!(weights(ZIP) == expected);
    assert!(weights(LEGACY) == expected);
    assert!(weights(FUSION_ZIP) == weights(FUSION_SAFETENSORS));
}

#[test]
fn a_file_that_breaks_off_is_refused() {
    for file in [ZIP, LEGACY, SAFETENSORS] {
        for length in [0, 1, 8, 16, 100, 5_000, file.len() / 2, file.len() - 1] {
            assert!(read(&file[..length]).is_err(), "{length}");
        }
    }
}

/// The pickle of two tensors of one value, `a` in storage 0 and `b` in storage 1.
fn two_tensors() -> Vec<u8> {
    let tensor = |name: &str, key: &str| {
        format!(
            "X\x01\0\0\0{name}ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storage\
             ctorch\nFloatStorage\nX\x01\0\0\0{key}NK\x01tQK\0K\x01\u{85}K\x01\u{85}tR"
        )
    };
    // Latin-1, not UTF-8: an instruction is one byte.
    let text = format!("\u{80}\x02}}({}{}u.", tensor("a", "0"), tensor("b", "1"));
    text.chars().map(|letter| u8::try_from(letter).unwrap()).collect()
}

#[test]
fn storages_that_share_their_bytes_cannot_fill_memory() {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let parts =
        [("a/data.pkl", two_tensors()), ("a/data/0", vec![0; 4096]), ("a/data/1", vec![0; 4])];
    // As PyTorch writes them; the default depends on what else is built.
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, bytes) in parts {
        archive.start_file(name, options).unwrap();
        archive.write_all(&bytes).unwrap();
    }
    let mut file = archive.finish().unwrap().into_inner();
    assert_eq!(read(&file).unwrap().len(), 2);

    // In the directory, the second storage gets checksum, sizes and place of
    // the first.
    let entry = |name: &[u8]| file.windows(name.len()).rposition(|part| part == name).unwrap() - 46;
    let (first, second) = (entry(b"a/data/0"), entry(b"a/data/1"));
    for fields in [16..28, 42..46] {
        file.copy_within(first + fields.start..first + fields.end, second + fields.start);
    }
    let problem = read(&file).unwrap_err().to_string();
    assert!(problem.contains("data/1 is longer than the file"), "{problem}");
}

/// The part of a file that says what is in it, where damage does most.
fn structure(file: &[u8]) -> usize {
    file.len().min(20_000)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damage_never_panics(
        file in prop::sample::select(vec![ZIP, LEGACY, SAFETENSORS]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        at_end in any::<bool>(),
    ) {
        let mut damaged = file.to_vec();
        for (place, byte) in changes {
            let within = place.index(structure(file));
            let position = if at_end { file.len() - 1 - within } else { within };
            damaged[position] = byte;
        }
        let _ = read(&damaged);
    }
}
