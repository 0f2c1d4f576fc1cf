//! The networks that are trained, one training of one of them, and backbones
//! that are finished.
//!
//! A [`Learner`] is a network with its optimizer: it takes a step on a batch,
//! answers for a batch, and hands out its weights under torchvision's names.
//! It owns no generator and no clock; every draw comes from the seed it was
//! started with, so equal calls give equal bits.
//!
//! ```text
//! Architecture ─ tensors (names, shapes) ─ start (drawn or loaded) ─ Learner ─ step, evaluate, weights, state
//! ```

mod architecture;
mod backbone;
mod cpu;
mod device;
mod learner;
mod network;
mod optimizer;
mod pass;
mod plain;
mod start;
mod state;
#[cfg(test)]
mod twins;

pub use architecture::{Architecture, Stage};
pub use backbone::Backbone;
pub use burn::tensor::Device;
pub use device::{device, device_names};
pub use learner::Learner;
pub use optimizer::{OptimizerKind, OptimizerSettings};
pub use start::Start;
