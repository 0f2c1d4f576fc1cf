//! Any text as a protocol: what is read survives writing.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rating::Protocol;

fuzz_target!(|text: &str| {
    let Ok(protocol) = Protocol::from_toml(text) else {
        return;
    };
    let written = protocol.to_toml();
    assert_eq!(Protocol::from_toml(&written).as_ref(), Ok(&protocol), "{written}");

    let _ = protocol.is_valid(&vec![0; protocol.measurements().len()]);
});
