//! An explanation: the networks of the decision, one after the other.

use rating::network::NetworkId;
use rating::{Problem, Seed};
use rayon::prelude::*;

use super::question::Question;
use super::{Explanation, NetworkMaps, Recipe};
use crate::control::Control;
use crate::cpu::{CpuScorer, Progress};
use crate::inputs::Inputs;
use crate::network::Network;
use crate::scorer::ScoreError;

impl CpuScorer {
    /// Like [`Scorer::explain`](crate::Scorer::explain), for a pair prepared
    /// before and with any recipe. Progress counts noisy copies, over all
    /// networks.
    ///
    /// # Errors
    /// As for [`Scorer::explain`](crate::Scorer::explain).
    pub fn explain_inputs(
        &self,
        pair_id: &str,
        inputs: &Inputs,
        recipe: &Recipe,
        seed: u64,
        control: &dyn Control,
    ) -> Result<Explanation, ScoreError> {
        let positions = self.deciding_networks()?;
        let progress = Progress::new(positions.len() * recipe.copies, control);
        let seed = Seed::new(seed).child("heatmap").child(pair_id);
        let of_network = |&position: &usize| {
            progress.check()?;
            let network = self.network(position, self.explaining())?;
            self.maps_of(position, &network, inputs, recipe, seed, &progress)
        };
        // Networks are large: no more at once than it takes to keep all threads busy.
        let at_once = self.pool().current_num_threads().div_ceil(recipe.copies.max(1));
        let mut networks = Vec::with_capacity(positions.len());
        for positions in positions.chunks(at_once) {
            let maps = || positions.par_iter().map(of_network).collect();
            let maps: Result<Vec<NetworkMaps>, ScoreError> = self.pool().install(maps);
            networks.extend(maps?);
        }
        Ok(Explanation {
            side_px: self.side_px(),
            modalities: positions.first().map_or(Vec::new(), |&first| self.images(first).to_vec()),
            evaluations: networks.len() * recipe.evaluations(),
            networks,
        })
    }

    /// The networks that answer the decision which the protocol explains.
    ///
    /// # Errors
    /// A protocol that names none.
    pub fn deciding_networks(&self) -> Result<Vec<usize>, Problem> {
        let info = self.bundle().info();
        let protocol = &info.protocol;
        let heatmap = protocol.heatmap().ok_or_else(|| {
            Problem::new(format!("protocol {} names no decision to explain", protocol.name()))
                .hint("write heatmap = { measurement = ..., above = ... } into the protocol")
        })?;
        let measurement = protocol.measurement(&heatmap.measurement);
        let short = measurement.map(|position| protocol.measurements()[position].short.as_str());
        let decides =
            |id: &NetworkId| Some(id.measurement.as_str()) == short && id.above == heatmap.above;
        let networks = info.networks.iter().enumerate();
        Ok(networks.filter(|(_, network)| decides(&network.id)).map(|(at, _)| at).collect())
    }

    /// What a network at this position gives; `seed` is the pair's.
    pub(crate) fn maps_of(
        &self,
        position: usize,
        network: &Network,
        inputs: &Inputs,
        recipe: &Recipe,
        seed: Seed,
        progress: &Progress<'_>,
    ) -> Result<NetworkMaps, ScoreError> {
        let id = &self.bundle().info().networks[position].id;
        let normalised = inputs.normalised();
        let inputs = &self.images_of(position, &normalised);
        let (px, seed) = (self.side_px(), seed.child(id));
        let question = Question { scorer: self, network, id, inputs, px, recipe, seed };
        self.pool().install(|| question.run(progress))
    }

    /// Side of the networks' inputs in pixels.
    pub(crate) fn side_px(&self) -> usize {
        self.bundle().info().preprocess.input_px as usize
    }
}
