//! The reading room: a browser page where a radiologist reads pairs, draws ROIs
//! and sees what RATING says (paper, Figure 5 and "Image annotation").

pub mod answers;
pub mod clock;
pub mod consensus;
pub mod export;
pub mod import;
pub mod pairs;
pub mod people;
pub mod readings;
mod reason;
pub mod refusal;
pub mod room;
mod schema;
pub mod server;
pub mod settings;
pub mod store;
pub mod studies;
pub mod teaching;
pub mod web;

use std::io::Write;

pub use clock::{Clock, Moment, SetClock, SystemClock};
pub use refusal::Refusal;
pub use room::{Opening, Room};
pub use store::Store;

/// A line on stderr; a closed one is no reason to stop serving.
pub(crate) fn say(line: std::fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
