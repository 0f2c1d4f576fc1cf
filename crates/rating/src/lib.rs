//! The method of Zhou et al. (Patterns 2022) as values and arithmetic.
//!
//! A pair of ultrasound images goes in one direction:
//!
//! ```text
//! bytes - decode > Pair - preprocess > Input - networks > probabilities - ecoc > votes - multitude > grades
//! ```
//!
//! This crate holds every step but the networks. It opens no file, reads no
//! clock, owns no random generator and knows no tensor library: bytes, numbers
//! and generators are handed in, values come out.

pub mod augment;
pub mod decode;
pub mod ecoc;
pub mod evaluate;
pub mod heatmap;
pub mod jigsaw;
pub mod manifest;
pub mod multitude;
pub mod network;
pub mod origin;
pub mod pair;
pub mod preprocess;
pub mod problem;
pub mod protocol;
pub mod roi;
pub mod scores;
pub mod seed;
pub mod shortcut;
pub mod stats;
pub mod study;
mod table;
mod text;
pub mod threshold;
pub mod words;

pub use origin::Origin;
pub use pair::{Pair, View};
pub use problem::Problem;
pub use protocol::{Grade, Protocol};
pub use roi::Roi;
pub use seed::Seed;
pub use text::Text;
