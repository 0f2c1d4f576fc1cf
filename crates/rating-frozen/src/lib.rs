//! Trained networks at work on a CPU.
//!
//! A network comes from a file of [`weights`], answers as a [`network`], lives
//! in a [`bundle`] with its threshold and everything else that a score depends
//! on, and is asked through a [`scorer`].
//!
//! This crate builds without Burn, and is the only one where `unsafe` is
//! allowed: in the engine's kernels, at the call of the matrix product, where a
//! file is mapped, and in the allocator of [`memory`].

pub mod audit;
pub mod authors;
pub mod bundle;
pub mod control;
pub mod cpu;
#[allow(unsafe_code, reason = "kernels work on raw memory; see the module")]
mod engine;
pub mod explain;
pub mod files;
pub mod inputs;
mod lazy;
#[allow(unsafe_code, reason = "an allocator cannot be written without")]
pub mod memory;
pub mod network;
pub mod scorer;
mod shelf;
pub mod weights;

pub use bundle::{Bundle, BundleError, Identity};
pub use control::{Control, Uncontrolled};
pub use cpu::{CpuScorer, Resources};
pub use explain::{Explanation, How};
pub use inputs::Inputs;
pub use scorer::{ScoreError, Scorer};
