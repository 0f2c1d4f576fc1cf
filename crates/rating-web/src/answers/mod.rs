//! What the system says about pairs: grades with votes and probabilities, and
//! heatmaps (paper, Figure 5).
//!
//! | module | holds |
//! |---|---|
//! | `queue` | what is to be computed, in which order, for whom |
//! | `desk` | the thread that computes it |
//! | `maker` | one step: a score, a fast heatmap, an exact one |
//! | `stored` | answers that are there |
//! | `maps` | files of heatmaps |
//! | `space` | how much of the disk they may take |
//! | `telling` | an answer in words and JSON |
//! | `uploads` | whether a pair that somebody hands in may be answered |
//! | [`canned`] | answers without networks, for phantoms |
//!
//! Nothing here asks who may know: that is [`crate::readings::disclosure`], and
//! whoever sends an answer asks it first.

pub mod canned;
mod desk;
mod maker;
mod maps;
mod queue;
mod space;
mod stored;
mod telling;
mod uploads;

pub use canned::Canned;
pub use desk::Desk;
pub(crate) use maps::Maps;
pub use maps::veil;
pub use queue::{Place, Step};
pub use space::MAPS_BYTES;
pub use stored::{Answer, Scored, Subject};
pub(crate) use telling::{Graded, SCHEMA, grades, told_votes};
pub use telling::{NO_ANSWERS, Told, tell, watermark};
pub(crate) use uploads::admit;
