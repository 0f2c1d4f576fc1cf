//! The engine: ResNet-18 backbones on a CPU, forward and backward.
//!
//! Maps lie as rows of pixels of channels ([`map`]), weights as the kernels
//! read them ([`pack`]). The kernels are written once for any [`vector`] and
//! compiled for each instruction set ([`kernels`]).

mod backbone;
mod convolution;
mod finish;
mod kernels;
mod layer;
mod map;
mod pack;
mod pool;
mod probe;
mod purpose;
mod space;
mod stem;
mod step;
mod team;
#[cfg(test)]
mod tests;
mod tile;
mod unpack;
mod vector;
mod winograd;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(crate) use backbone::{Backbone, End, FoldedBackbone, Start};
pub(crate) use kernels::Kernels;
pub(crate) use pack::{Folded, Raw};
pub use probe::peak_gflops;
pub use purpose::Purpose;
pub(crate) use space::Space;
pub(crate) use team::Crew;
