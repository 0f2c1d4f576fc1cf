//! The seal at the end of `bundle.json`.
//!
//! The last member of the object is `"seal"`, the BLAKE3 hash of every byte
//! before it. A score depends on the thresholds written there, so one changed
//! digit must not pass for a bundle. The seal guards against accidents; it is
//! no signature.

use rating::Problem;

const BEFORE: &[u8] = b",\n  \"seal\": \"";
const AFTER: &[u8] = b"\"\n}\n";
const HEX_DIGITS: usize = 64;

/// An object written by `serde_json`'s pretty printer, with its seal.
pub(super) fn close(object: &[u8]) -> Vec<u8> {
    let body = object.strip_suffix(b"\n}").unwrap_or(object);
    let hash = blake3::hash(body).to_hex();
    [body, BEFORE, hash.as_bytes(), AFTER].concat()
}

/// The object without its seal.
pub(super) fn open(sealed: &[u8]) -> Result<Vec<u8>, Problem> {
    let split = || {
        let rest = sealed.strip_suffix(AFTER)?;
        let (rest, hash) = rest.split_at_checked(rest.len().checked_sub(HEX_DIGITS)?)?;
        Some((rest.strip_suffix(BEFORE)?, hash))
    };
    match split() {
        Some((body, hash)) if blake3::hash(body).to_hex().as_bytes() == hash => {
            Ok([body, b"\n}"].concat())
        }
        _ => Err(Problem::new("changed after it was written: its seal does not match")
            .hint("copy the bundle again, or train it again; bundles are not edited by hand")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OBJECT: &[u8] = b"{\n  \"a\": 1\n}";

    #[test]
    fn what_is_closed_opens() {
        let sealed = close(OBJECT);
        assert_eq!(open(&sealed).unwrap(), OBJECT);
        let value: serde_json::Value = serde_json::from_slice(&sealed).unwrap();
        assert_eq!(value["a"], 1);
    }

    #[test]
    fn every_changed_byte_is_found() {
        let sealed = close(OBJECT);
        for position in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[position] ^= 1;
            assert!(open(&changed).is_err(), "byte {position}");
        }
        for length in 0..sealed.len() {
            assert!(open(&sealed[..length]).is_err(), "{length} bytes");
        }
    }
}
