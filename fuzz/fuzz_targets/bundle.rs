//! Any bytes as `bundle.json`, as they are and with a seal put under them: what
//! is read survives writing.
//!
//! The seal is a hash of all that stands before it, which chance never meets;
//! without putting it there, nothing behind it would be reached.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rating_frozen::bundle::parse;

fuzz_target!(|bytes: &[u8]| {
    let _ = parse(bytes);
    let Ok(info) = parse(&sealed(bytes)) else {
        return;
    };
    let written = serde_json::to_vec_pretty(&info).expect("a bundle is plain data");
    assert_eq!(parse(&sealed(&written)).as_ref(), Ok(&info));
});

/// The object with a seal as its last member.
fn sealed(object: &[u8]) -> Vec<u8> {
    let body = object.strip_suffix(b"\n}").unwrap_or(object);
    let hash = blake3::hash(body).to_hex();
    [body, b",\n  \"seal\": \"", hash.as_bytes(), b"\"\n}\n"].concat()
}
