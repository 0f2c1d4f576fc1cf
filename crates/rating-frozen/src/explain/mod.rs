//! Why the networks say what they say of a pair: integrated gradients with
//! SmoothGrad (paper, "Heatmaps"; method, section 6).
//!
//! For each network that answers the protocol's decision, each noisy copy of
//! the pair is followed from the baseline (zeros in normalised space) to
//! itself; both images go together.

mod how;
mod noise;
mod pair;
mod question;

use rating::heatmap::display;
use rating::network::NetworkId;

pub use how::{How, Mode, Path, Recipe, Target, Variant};

/// The maps of one pair, in ROI space.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// Side of every map in pixels; maps are `[side_px, side_px]`.
    pub side_px: usize,
    /// The modalities explained, as positions in the protocol.
    pub modalities: Vec<usize>,
    /// What each network gives, in the bundle's order.
    pub networks: Vec<NetworkMaps>,
    /// Gradients taken altogether.
    pub evaluations: usize,
}

/// The maps of one network.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkMaps {
    /// Which network.
    pub network: NetworkId,
    /// Its probability of `grade > cut-off`, as scoring gives it.
    pub probability: f64,
    /// The class whose logit is explained.
    pub class: usize,
    /// The raw signed map of each modality: mean over noisy copies, summed
    /// over channels.
    pub signed: Vec<Vec<f32>>,
    /// Whether attributions add up; `None` where too few points were taken on
    /// a path to tell.
    pub completeness: Option<Completeness>,
}

/// Attributions should add up to the change of the logit from the baseline to
/// the image; both are means over noisy copies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Completeness {
    /// Sum of the attributions, before any squares.
    pub attributed: f64,
    /// Change of the logit.
    pub logit_change: f64,
}

impl Completeness {
    /// What is missing or too much, in units of the logit.
    #[must_use]
    pub fn error(&self) -> f64 {
        self.attributed - self.logit_change
    }
}

impl Explanation {
    /// The mean of the networks' raw signed maps, for the modality at this
    /// position in [`Explanation::modalities`].
    #[must_use]
    pub fn raw(&self, modality: usize) -> Vec<f32> {
        display::mean(&self.of_networks(modality))
    }

    /// The map that is shown, 0 to 1 (method, section 6).
    #[must_use]
    pub fn shown(&self, modality: usize) -> Vec<f32> {
        display::shown(&self.of_networks(modality))
    }

    /// The raw signed map of each network.
    #[must_use]
    pub fn of_networks(&self, modality: usize) -> Vec<Vec<f32>> {
        let map = |maps: &NetworkMaps| maps.signed.get(modality).cloned();
        self.networks.iter().filter_map(map).collect()
    }
}
