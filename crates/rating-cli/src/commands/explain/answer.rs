//! The answer of one pair: `rating.explain/1`.

use rating::heatmap::{caption, display};
use rating::network::NetworkId;
use rating::protocol::Heatmap;
use rating::{Origin, Pair};
use rating_frozen::explain::{Explanation, How, NetworkMaps, Recipe};
use rating_frozen::{CpuScorer, Scorer};
use serde::Serialize;

/// Name and version of the JSON.
pub const SCHEMA: &str = "rating.explain/1";

/// What `PAIR.json` says.
#[derive(Debug, Serialize)]
pub struct Answer {
    schema: &'static str,
    /// The more doubtful of the pair's and the bundle's.
    pub origin: Origin,
    research_use_only: bool,
    pub pair_id: String,
    /// BLAKE3 of the bundle.
    pub bundle: String,
    protocol: String,
    /// The decision explained.
    pub decision: Option<Heatmap>,
    /// Stands under every map.
    pub caption: String,
    pub settings: Settings,
    /// Side of the maps in ROI space.
    side_px: usize,
    /// Gradients taken; those of all images of a pair count once.
    pub gradient_evaluations: usize,
    pub seconds: f64,
    pub maps: Vec<Map>,
    pub networks: Vec<Network>,
}

/// How the maps were computed.
#[derive(Debug, Serialize)]
pub struct Settings {
    #[serde(flatten)]
    pub how: How,
    recipe: Recipe,
    baseline: &'static str,
    noise: &'static str,
    /// Below this the mean of the networks' scaled maps is not shown.
    least_shown: f32,
}

/// The files of one modality.
#[derive(Debug, Serialize)]
pub struct Map {
    pub modality: String,
    /// Left, top, right, bottom in the stored image.
    roi: [u32; 4],
    overlay: String,
    raw: String,
    shown: String,
}

/// One network's part.
#[derive(Debug, Serialize)]
pub struct Network {
    network: NetworkId,
    /// Of the pair without noise, as `rating score` gives it.
    pub probability: f64,
    /// The class whose logit is explained.
    class: usize,
    pub completeness: Option<Completeness>,
    /// Why there is no completeness.
    completeness_undefined: Option<&'static str>,
}

/// Whether attributions add up to the change of the logit; means over copies.
#[derive(Debug, Serialize)]
pub struct Completeness {
    attributed: f64,
    logit_change: f64,
    pub error: f64,
}

impl Answer {
    /// The answer of one pair of this origin.
    pub fn new(
        pair: &Pair,
        origin: Origin,
        explanation: &Explanation,
        scorer: &CpuScorer,
        how: How,
        seconds: f64,
    ) -> Answer {
        let identity = scorer.identity();
        let protocol = &identity.protocol;
        let map = |&position: &usize| {
            let name = &protocol.modalities()[position].name;
            let file = |what: &str| format!("{}_{name}{what}", pair.id());
            Map {
                modality: name.clone(),
                roi: pair.views()[position].roi().sides(),
                overlay: file(".png"),
                raw: file("_raw.npy"),
                shown: file("_shown.npy"),
            }
        };
        Answer {
            schema: SCHEMA,
            origin: origin.with(identity.origin),
            research_use_only: true,
            pair_id: pair.id().to_owned(),
            bundle: identity.bundle.clone(),
            protocol: protocol.name().to_owned(),
            decision: protocol.heatmap().cloned(),
            caption: caption(protocol).unwrap_or_default(),
            settings: Settings {
                how,
                recipe: how.recipe(),
                baseline: "zeros in normalised space",
                noise: "N(0, 1) for each element in normalised space",
                least_shown: display::LEAST_SHOWN,
            },
            side_px: explanation.side_px,
            gradient_evaluations: explanation.evaluations,
            seconds,
            maps: explanation.modalities.iter().map(map).collect(),
            networks: explanation.networks.iter().map(Network::new).collect(),
        }
    }

    /// The largest completeness error of a network, in units of the logit;
    /// `None` where none was computed.
    pub fn largest_error(&self) -> Option<f64> {
        let errors = self.networks.iter().filter_map(|network| network.completeness.as_ref());
        errors.map(|completeness| completeness.error.abs()).max_by(f64::total_cmp)
    }
}

impl Network {
    fn new(maps: &NetworkMaps) -> Network {
        let completeness = maps.completeness.map(|completeness| Completeness {
            attributed: completeness.attributed,
            logit_change: completeness.logit_change,
            error: completeness.error(),
        });
        let reason = "one point on each path is too few to tell";
        Network {
            network: maps.network.clone(),
            probability: maps.probability,
            class: maps.class,
            completeness_undefined: completeness.is_none().then_some(reason),
            completeness,
        }
    }
}
