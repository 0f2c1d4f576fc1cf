//! Questions put to networks to learn whether their heatmaps are honest.
//!
//! A map that stays the same when the weights are random shows the image, not
//! the network (Adebayo et al. 2018: [`randomised`]). A map that finds what
//! matters ruins the answer faster than chance when its places are taken away
//! (Petsiuk et al. 2018: [`occlusion`]).

pub mod occlusion;
mod random_maps;
pub mod randomised;

pub use random_maps::MeanMaps;
