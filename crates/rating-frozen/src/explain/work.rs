//! The work behind an explanation, shared out among threads.

use rating::heatmap::PathPoint;
use rating::network::NetworkId;
use rating::{Problem, Seed};
use rayon::prelude::*;

use super::noise::noisy;
use super::{Completeness, Explanation, NetworkMaps, Recipe, Target};
use crate::control::Control;
use crate::cpu::{CpuScorer, Progress};
use crate::inputs::Inputs;
use crate::network::{Network, Workspace, probabilities};
use crate::scorer::{ScoreError, not_a_number};

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
        let task = Task { network, id, inputs, px: self.side_px(), recipe, seed: seed.child(id) };
        self.pool().install(|| task.run(progress))
    }

    /// Side of the networks' inputs in pixels.
    pub(crate) fn side_px(&self) -> usize {
        self.bundle().info().preprocess.input_px as usize
    }
}

/// One network asked about one pair.
struct Task<'t> {
    network: &'t Network,
    id: &'t NetworkId,
    /// Normalised, in the network's order.
    inputs: &'t [&'t [f32]],
    px: usize,
    recipe: &'t Recipe,
    seed: Seed,
}

/// What one noisy copy gives.
struct Answer {
    /// Per modality, summed over channels.
    maps: Vec<Vec<f32>>,
    attributed: f64,
    /// The logit of the noisy copy; only where paths are followed.
    logit: Option<f64>,
}

impl Task<'_> {
    /// All copies, on the threads of the pool this runs in.
    fn run(&self, progress: &Progress<'_>) -> Result<NetworkMaps, ScoreError> {
        let mut workspace = Workspace::default();
        let logits = self.network.logits(self.inputs, self.px, &mut workspace)?;
        let probabilities = probabilities(&logits);
        let probability = probabilities.get(1).copied().unwrap_or(f64::NAN);
        if !probability.is_finite() {
            return Err(not_a_number(self.id));
        }
        let class = match self.recipe.target {
            Target::Above => 1,
            Target::Predicted => usize::from(probability > 0.5),
        };
        let points = self.recipe.points(self.seed);
        let answers: Result<Vec<Answer>, ScoreError> = points
            .par_iter()
            .enumerate()
            .map_init(Workspace::default, |workspace, (copy, points)| {
                progress.check()?;
                let answer = self.answer(class, copy, points, workspace)?;
                progress.one_more();
                Ok(answer)
            })
            .collect();
        let answers = answers?;
        let completeness = self.completeness(class, &answers, &mut workspace)?;
        let signed = mean_maps(&answers, self.inputs.len());
        if signed.iter().flatten().any(|value| !value.is_finite()) {
            return Err(not_a_number(self.id));
        }
        Ok(NetworkMaps { network: self.id.clone(), probability, class, signed, completeness })
    }

    /// Integrated gradients of one noisy copy.
    fn answer(
        &self,
        class: usize,
        copy: usize,
        points: &[PathPoint],
        workspace: &mut Workspace,
    ) -> Result<Answer, Problem> {
        let (noise, sign) = match self.recipe.antithetic {
            true => (copy / 2, if copy.is_multiple_of(2) { 1.0 } else { -1.0 }),
            false => (copy, 1.0),
        };
        let inputs = noisy(self.inputs, self.seed.child(noise), sign);
        let inputs: Vec<&[f32]> = inputs.iter().map(Vec::as_slice).collect();
        let slopes = self.network.path_gradient(class, &inputs, self.px, points, workspace)?;
        let mut attributed = 0.0;
        let mut maps = Vec::with_capacity(inputs.len());
        for (input, slope) in inputs.iter().zip(&slopes) {
            let mut map = vec![0.0; self.px * self.px];
            for (values, slopes) in input.chunks_exact(map.len()).zip(slope.chunks_exact(map.len()))
            {
                for (sum, (value, slope)) in map.iter_mut().zip(values.iter().zip(slopes)) {
                    let attribution = value * slope;
                    attributed += f64::from(attribution);
                    *sum +=
                        if self.recipe.squared { attribution * attribution } else { attribution };
                }
            }
            maps.push(map);
        }
        let logit = match self.recipe.follows_paths() {
            true => Some(f64::from(self.network.logits(&inputs, self.px, workspace)?[class])),
            false => None,
        };
        Ok(Answer { maps, attributed, logit })
    }

    fn completeness(
        &self,
        class: usize,
        answers: &[Answer],
        workspace: &mut Workspace,
    ) -> Result<Option<Completeness>, Problem> {
        let logits: Option<Vec<f64>> = answers.iter().map(|answer| answer.logit).collect();
        let Some(logits) = logits.filter(|logits| !logits.is_empty()) else { return Ok(None) };
        let zeros = vec![0.0; 3 * self.px * self.px];
        let baseline: Vec<&[f32]> = self.inputs.iter().map(|_| zeros.as_slice()).collect();
        let at_baseline = f64::from(self.network.logits(&baseline, self.px, workspace)?[class]);
        let mean =
            |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / answers.len() as f64;
        Ok(Some(Completeness {
            attributed: mean(&mut answers.iter().map(|answer| answer.attributed)),
            logit_change: mean(&mut logits.iter().copied()) - at_baseline,
        }))
    }
}

/// The mean over copies, for each modality; in the copies' order, so that
/// threads do not change it.
fn mean_maps(answers: &[Answer], modalities: usize) -> Vec<Vec<f32>> {
    let of_modality = |modality: usize| {
        let mut sums: Vec<f64> = Vec::new();
        for answer in answers {
            let map = &answer.maps[modality];
            sums.resize(map.len(), 0.0);
            sums.iter_mut().zip(map).for_each(|(sum, &value)| *sum += f64::from(value));
        }
        sums.into_iter().map(|sum| (sum / answers.len() as f64) as f32).collect()
    };
    (0..modalities).map(of_modality).collect()
}
