//! A bundle's networks on the processor.

use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rating::network::NetworkId;
use rating::scores::Probability;
use rating::{Pair, Problem};
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::bundle::{Bundle, Identity};
use crate::control::Control;
use crate::explain::{Explanation, How};
use crate::inputs::Inputs;
use crate::network::{Network, Workspace, probabilities};
use crate::scorer::{ScoreError, Scorer, not_a_number};

/// How much of the machine scoring may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resources {
    /// Threads; 0 means one per core.
    pub threads: usize,
    /// Bytes for networks. Networks that fit stay loaded from one call to the
    /// next; the others are read again, as many at once as fit, at least one.
    pub memory: u64,
}

impl Default for Resources {
    /// Every core, and 1 GiB.
    fn default() -> Resources {
        Resources { threads: 0, memory: 1 << 30 }
    }
}

/// Scores with the networks of a bundle on this machine's processor.
///
/// Every image passes every network by itself, so a probability depends
/// neither on the other pairs nor on threads or memory.
#[derive(Debug)]
pub struct CpuScorer {
    bundle: Bundle,
    pool: ThreadPool,
    /// For each network, the positions of its images in a pair.
    images: Vec<Vec<usize>>,
    /// The networks that stay loaded: the first ones, as many as fit.
    kept: Vec<OnceLock<Arc<Network>>>,
    /// How many of the others are loaded at once.
    group: usize,
}

/// Loaded weights take twice the bytes of a file of 16-bit floats.
const BYTES_PER_FILE_BYTE: u64 = 2;

impl CpuScorer {
    /// A scorer for an opened bundle.
    ///
    /// # Errors
    /// The machine starts no threads.
    pub fn new(bundle: Bundle, resources: Resources) -> Result<CpuScorer, ScoreError> {
        let pool = ThreadPoolBuilder::new()
            .num_threads(resources.threads)
            .thread_name(|index| format!("score-{index}"))
            .build()
            .map_err(|error| ScoreError::Machine(error.to_string()))?;
        let sizes: Vec<u64> = (0..bundle.info().networks.len())
            .map(|position| bundle.network_bytes(position).saturating_mul(BYTES_PER_FILE_BYTE))
            .collect();
        let (kept, group) = plan_memory(&sizes, resources.memory, pool.current_num_threads());
        let images = bundle.info().networks.iter().map(|network| {
            let modalities = bundle.info().protocol.modalities();
            let position = |name| modalities.iter().position(|modality| &modality.name == name);
            network.modalities.iter().filter_map(position).collect()
        });
        let images = images.collect();
        let kept = (0..kept).map(|_| OnceLock::new()).collect();
        Ok(CpuScorer { bundle, pool, images, kept, group })
    }

    /// The bundle that answers.
    #[must_use]
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// What the networks are shown of a pair; the pair can be dropped then.
    ///
    /// # Errors
    /// A pair of another protocol.
    pub fn prepare(&self, pair: &Pair) -> Result<Inputs, Problem> {
        let info = self.bundle.info();
        Inputs::new(pair, &info.protocol, &info.preprocess)
    }

    /// Like [`Scorer::score`], for pairs prepared before, and only the networks
    /// `wanted`, in the bundle's order.
    ///
    /// # Errors
    /// As for [`Scorer::score`].
    pub fn score_inputs(
        &self,
        inputs: &[Inputs],
        wanted: &(dyn Fn(&NetworkId) -> bool + Sync),
        control: &dyn Control,
    ) -> Result<Vec<Vec<Probability>>, ScoreError> {
        let all = &self.bundle.info().networks;
        let wanted: Vec<usize> =
            (0..all.len()).filter(|&position| wanted(&all[position].id)).collect();
        let progress = Progress::new(inputs.len() * wanted.len(), control);
        let mut answers = vec![Vec::with_capacity(wanted.len()); inputs.len()];
        for group in self.groups(&wanted) {
            let positions = &wanted[group];
            let answered = self.pool.install(|| self.score_group(positions, inputs, &progress))?;
            for (answers, probabilities) in answers.iter_mut().zip(answered) {
                answers.extend(self.named(positions, probabilities));
            }
        }
        Ok(answers)
    }

    /// Splits networks into those loaded together.
    fn groups(&self, wanted: &[usize]) -> Vec<Range<usize>> {
        let kept = wanted.iter().filter(|&&position| position < self.kept.len()).count();
        let starts = (kept..wanted.len()).step_by(self.group);
        let others = starts.map(|start| start..(start + self.group).min(wanted.len()));
        std::iter::once(0..kept).filter(|range| !range.is_empty()).chain(others).collect()
    }

    /// The answers of some networks, `[pair][network]`.
    fn score_group(
        &self,
        positions: &[usize],
        inputs: &[Inputs],
        progress: &Progress<'_>,
    ) -> Result<Vec<Vec<f64>>, ScoreError> {
        progress.check()?;
        let networks: Result<Vec<Arc<Network>>, ScoreError> =
            positions.par_iter().map(|&position| self.network(position)).collect();
        let networks: Vec<(usize, Arc<Network>)> =
            positions.iter().copied().zip(networks?).collect();
        // With few pairs there is more to share among threads in the networks.
        let threads = self.pool.current_num_threads();
        let at_once = if inputs.len() < threads { 1 } else { networks.len() };
        inputs
            .par_iter()
            .map(|inputs| {
                let normalised = inputs.normalised();
                let parts: Result<Vec<Vec<f64>>, ScoreError> = networks
                    .par_chunks(at_once)
                    .map(|networks| self.answers(networks, &normalised, progress))
                    .collect();
                Ok(parts?.concat())
            })
            .collect()
    }

    /// The probabilities that some networks give one pair.
    fn answers(
        &self,
        networks: &[(usize, Arc<Network>)],
        normalised: &[Vec<f32>],
        progress: &Progress<'_>,
    ) -> Result<Vec<f64>, ScoreError> {
        let px = self.bundle.info().preprocess.input_px as usize;
        let mut workspace = Workspace::default();
        let mut answers = Vec::with_capacity(networks.len());
        for (position, network) in networks {
            progress.check()?;
            let images = self.images_of(*position, normalised);
            let logits = network.logits(&images, px, &mut workspace)?;
            let probability = probabilities(&logits).get(1).copied().unwrap_or(f64::NAN);
            if !probability.is_finite() {
                return Err(not_a_number(&self.bundle.info().networks[*position].id));
            }
            answers.push(probability);
            progress.one_more();
        }
        Ok(answers)
    }

    /// The threads everything runs on.
    pub(crate) fn pool(&self) -> &ThreadPool {
        &self.pool
    }

    /// The positions in a pair of what a network sees.
    pub(crate) fn images(&self, position: usize) -> &[usize] {
        &self.images[position]
    }

    /// What a network sees of a pair.
    pub(crate) fn images_of<'n>(
        &self,
        position: usize,
        normalised: &'n [Vec<f32>],
    ) -> Vec<&'n [f32]> {
        let images = self.images(position).iter().filter_map(|&image| normalised.get(image));
        images.map(Vec::as_slice).collect()
    }

    /// A network, loaded before or now.
    pub(crate) fn network(&self, position: usize) -> Result<Arc<Network>, ScoreError> {
        let kept = self.kept.get(position);
        if let Some(network) = kept.and_then(OnceLock::get) {
            return Ok(Arc::clone(network));
        }
        let network = Arc::new(self.bundle.network(position)?);
        // Two calls at once may both load it; either will do.
        Ok(Arc::clone(kept.map_or(&network, |kept| kept.get_or_init(|| Arc::clone(&network)))))
    }

    fn named(&self, positions: &[usize], probabilities: Vec<f64>) -> Vec<Probability> {
        let named = |(&position, probability): (&usize, f64)| {
            let network = &self.bundle.info().networks[position];
            Probability { network: network.id.clone(), probability, threshold: network.threshold }
        };
        positions.iter().zip(probabilities).map(named).collect()
    }
}

impl Scorer for CpuScorer {
    fn identity(&self) -> &Identity {
        self.bundle.identity()
    }

    fn score(
        &self,
        pairs: &[Pair],
        control: &dyn Control,
    ) -> Result<Vec<Vec<Probability>>, ScoreError> {
        let inputs: Result<Vec<Inputs>, Problem> =
            self.pool.install(|| pairs.par_iter().map(|pair| self.prepare(pair)).collect());
        self.score_inputs(&inputs?, &|_| true, control)
    }

    fn explain(
        &self,
        pair: &Pair,
        how: &How,
        control: &dyn Control,
    ) -> Result<Explanation, ScoreError> {
        let inputs = self.prepare(pair)?;
        self.explain_inputs(pair.id(), &inputs, &how.recipe(), how.seed, control)
    }
}

/// How many networks stay loaded, and how many of the others are at once.
fn plan_memory(sizes: &[u64], memory: u64, threads: usize) -> (usize, usize) {
    let total: u64 = sizes.iter().sum();
    if total <= memory {
        return (sizes.len(), 1);
    }
    let largest = sizes.iter().copied().max().unwrap_or(0).max(1);
    let fit = usize::try_from(memory / largest).unwrap_or(usize::MAX);
    // Room for what comes and goes first; the rest stays.
    let group = fit.clamp(1, threads.max(1));
    (fit.saturating_sub(group).min(sizes.len()), group)
}

/// Counts answers for whoever waits.
pub(crate) struct Progress<'c> {
    done: Mutex<usize>,
    total: usize,
    control: &'c dyn Control,
}

impl<'c> Progress<'c> {
    pub(crate) fn new(total: usize, control: &'c dyn Control) -> Progress<'c> {
        Progress { done: Mutex::new(0), total, control }
    }

    pub(crate) fn check(&self) -> Result<(), ScoreError> {
        if self.control.cancelled() { Err(ScoreError::Cancelled) } else { Ok(()) }
    }

    /// Told under the lock, so that what is heard never goes back.
    pub(crate) fn one_more(&self) {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        *done += 1;
        self.control.progress(*done, self.total);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_stays_and_the_rest_comes_and_goes() {
        assert_eq!(plan_memory(&[10; 6], 60, 2), (6, 1));
        assert_eq!(plan_memory(&[10; 6], 50, 2), (3, 2));
        assert_eq!(plan_memory(&[10; 6], 20, 2), (0, 2));
        assert_eq!(plan_memory(&[10; 6], 5, 2), (0, 1));
        assert_eq!(plan_memory(&[], 0, 2), (0, 1));
    }
}
