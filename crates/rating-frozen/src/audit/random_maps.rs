//! The maps of a cohort from networks with random weights.

use std::sync::Arc;

use rating::heatmap::display;
use rating::{Problem, Seed};

use super::randomised::randomised;
use crate::bundle::BundleError;
use crate::control::Control;
use crate::cpu::{CpuScorer, Progress};
use crate::explain::{Explanation, NetworkMaps, Recipe};
use crate::inputs::Inputs;
use crate::network::Network;
use crate::scorer::ScoreError;

/// The maps of one pair, means over the networks, for each modality explained.
#[derive(Debug, Clone, PartialEq)]
pub struct MeanMaps {
    /// Mean of the raw signed maps.
    pub raw: Vec<Vec<f32>>,
    /// What would be shown.
    pub shown: Vec<Vec<f32>>,
}

impl MeanMaps {
    /// Those of an explanation.
    #[must_use]
    pub fn of(explanation: &Explanation) -> MeanMaps {
        let modalities = 0..explanation.modalities.len();
        MeanMaps {
            raw: modalities.clone().map(|modality| explanation.raw(modality)).collect(),
            shown: modalities.map(|modality| explanation.shown(modality)).collect(),
        }
    }
}

impl CpuScorer {
    /// The maps of pairs after the first `stages` of
    /// [`STAGES`](super::randomised::STAGES) were made random in every network;
    /// the noise is that of [`CpuScorer::explain_inputs`]. Progress counts noisy
    /// copies over all pairs.
    ///
    /// # Errors
    /// As for [`Scorer::explain`](crate::Scorer::explain).
    pub fn explain_randomised(
        &self,
        pairs: &[(&str, &Inputs)],
        recipe: &Recipe,
        stages: usize,
        seed: u64,
        control: &dyn Control,
    ) -> Result<Vec<MeanMaps>, ScoreError> {
        let positions = self.deciding_networks()?;
        let progress = Progress::new(positions.len() * recipe.copies * pairs.len(), control);
        let mut sums: Vec<Sums> = pairs.iter().map(|_| Sums::default()).collect();
        // A network is made once and asked about all pairs.
        for &position in &positions {
            progress.check()?;
            let network = self.randomised_network(position, stages, seed)?;
            for ((pair_id, inputs), sums) in pairs.iter().zip(&mut sums) {
                let seed = Seed::new(seed).child("heatmap").child(pair_id);
                let maps = self.maps_of(position, &network, inputs, recipe, seed, &progress)?;
                sums.add(&maps);
            }
        }
        Ok(sums.into_iter().map(Sums::means).collect())
    }

    fn randomised_network(
        &self,
        position: usize,
        stages: usize,
        seed: u64,
    ) -> Result<Arc<Network>, ScoreError> {
        let info = &self.bundle().info().networks[position];
        let seed = Seed::new(seed).child("random weights").child(&info.id);
        let weights = randomised(&self.bundle().weights(position)?, stages, seed);
        let network = Network::new(&info.architecture, &weights, self.explaining());
        Ok(Arc::new(network.map_err(|problem: Problem| BundleError::Refused(problem))?))
    }
}

/// Sums over the networks asked so far, for each modality.
#[derive(Default)]
struct Sums {
    networks: usize,
    raw: Vec<Vec<f64>>,
    scaled: Vec<Vec<f64>>,
}

impl Sums {
    fn add(&mut self, maps: &NetworkMaps) {
        self.networks += 1;
        self.raw.resize(maps.signed.len(), Vec::new());
        self.scaled.resize(maps.signed.len(), Vec::new());
        for (modality, map) in maps.signed.iter().enumerate() {
            add(&mut self.raw[modality], map);
            add(&mut self.scaled[modality], &display::scaled(map));
        }
    }

    fn means(self) -> MeanMaps {
        let mean = |sums: Vec<f64>| -> Vec<f32> {
            sums.into_iter().map(|sum| (sum / self.networks as f64) as f32).collect()
        };
        let raw = self.raw.into_iter().map(mean).collect();
        let faint = |map: Vec<f32>| display::without_faint(&map);
        MeanMaps { raw, shown: self.scaled.into_iter().map(mean).map(faint).collect() }
    }
}

fn add(sums: &mut Vec<f64>, map: &[f32]) {
    sums.resize(map.len(), 0.0);
    sums.iter_mut().zip(map).for_each(|(sum, &value)| *sum += f64::from(value));
}
