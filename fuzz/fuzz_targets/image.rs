//! Any bytes as an image: a sentence or pixels, never both, never a panic.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rating::decode::{self, MOST_PIXELS};

fuzz_target!(|bytes: &[u8]| {
    let Ok(decoded) = decode::decode(bytes) else {
        return;
    };
    let (width, height) = decoded.image.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    assert!((1..=MOST_PIXELS).contains(&pixels), "{width} x {height}");
    // A buffer of another size would show the rows of another picture.
    assert_eq!(decoded.image.as_raw().len() as u64, pixels * 3);
    assert!(decoded.orientation.is_none_or(|number| (2..=8).contains(&number)));
});
