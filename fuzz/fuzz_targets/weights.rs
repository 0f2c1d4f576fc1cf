//! Any bytes as a file of weights: what is read is finite, as large as its
//! shapes say, and survives `.safetensors`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rating_frozen::network::Architecture;
use rating_frozen::weights::{read, round_to_f16, to_safetensors};

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut weights) = read(bytes) else {
        return;
    };
    for (name, array) in &weights {
        assert_eq!(array.shape.iter().product::<usize>(), array.data.len(), "{name}");
        assert!(array.data.iter().all(|value| value.is_finite()), "{name}");
    }
    let _ = Architecture::of(&weights);
    if round_to_f16(&mut weights).is_err() {
        return;
    }
    let written = to_safetensors(&weights).expect("rounded weights can be written");
    assert_eq!(read(&written).as_ref(), Ok(&weights));
});
