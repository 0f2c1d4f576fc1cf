//! Bundles with bad numbers under good hashes, as a faulty trainer would write
//! them: `rating_frozen::bundle::write` refuses to.

use std::fs;
use std::ops::Range;
use std::path::Path;

/// Overwrites the first value of a tensor with `value` (little-endian, as the
/// file keeps it), and makes every hash of the bundle right again.
pub fn forge(bundle: &Path, network: &str, tensor: &str, value: &[u8]) {
    let file = bundle.join(format!("{network}.safetensors"));
    let mut bytes = fs::read(&file).unwrap();
    let before = blake3::hash(&bytes).to_hex();
    let place = place_of(&bytes, tensor);
    bytes[place.start..place.start + value.len()].copy_from_slice(value);
    fs::write(&file, &bytes).unwrap();
    let after = blake3::hash(&bytes).to_hex();

    let json = bundle.join("bundle.json");
    let text = fs::read_to_string(&json).unwrap();
    let (body, _) = text.rsplit_once(",\n  \"seal\": ").unwrap();
    let body = body.replace(before.as_str(), after.as_str());
    let seal = blake3::hash(body.as_bytes()).to_hex();
    fs::write(&json, format!("{body},\n  \"seal\": \"{seal}\"\n}}\n")).unwrap();
}

/// Where a tensor's values lie in a `.safetensors` file.
fn place_of(bytes: &[u8], tensor: &str) -> Range<usize> {
    let header_len = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header: serde_json::Value = serde_json::from_slice(&bytes[8..8 + header_len]).unwrap();
    let offset = |end: usize| header[tensor]["data_offsets"][end].as_u64().unwrap() as usize;
    8 + header_len + offset(0)..8 + header_len + offset(1)
}
