//! Weights from files that PyTorch wrote.

use proptest::prelude::*;
use rating_frozen::weights::{Weights, read};

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
