//! Words on stderr.

use std::fmt::Display;
use std::io::{self, Write};

/// Says a line to people. That nobody listens any more (`rating ... 2>&1 | head`)
/// is no error; `eprintln!` would panic.
pub fn say(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}
