//! Images per second: decoding a screen, preparing a view, making an input.

fn main() {}
