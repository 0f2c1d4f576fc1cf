//! ResNet's layers for a CPU, as operations of Burn's autodiff.
//!
//! Burn's own CPU operations convert layouts, allocate and walk the data many
//! times for each layer; on the small images of a laptop training that is
//! most of the time. Here a convolution, its batch-norm, the way around and
//! the ReLU are one operation with one backward step.
//!
//! Maps lie in memory as `[channels, height, width, batch]`. With the batch
//! innermost every shift of a convolution is a copy of whole runs, borders
//! need no case of their own inside a row, and a channel is one piece.
//!
//! One thread does everything, in an order that the shapes alone fix: the
//! same input gives the same bits. Each kernel is tested against Burn's.

mod columns;
mod convolution;
pub(super) mod geometry;
mod layout;
mod norm;
mod operation;
mod pool;
mod unit;

pub(super) use layout::{from_images, mean_over_pixels};
pub(super) use operation::{max_pool, unit};
