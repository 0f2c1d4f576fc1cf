//! A bundle's networks on the processor.

use std::sync::{Arc, Mutex, PoisonError};

use rating::network::NetworkId;
use rating::scores::Probability;
use rating::{Pair, Problem};
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::bundle::{Bundle, Identity};
use crate::control::Control;
use crate::explain::{Explanation, How};
use crate::inputs::Inputs;
use crate::network::{Network, Purpose, Workspace};
use crate::scorer::{ScoreError, Scorer, answer};
use crate::shelf::Shelf;

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
/// A probability does not depend on threads. Pairs pass a network together; how
/// many there are, and how much memory, decides which algorithm is fastest, and
/// so the last digits: probabilities agree within 1e-5.
#[derive(Debug)]
pub struct CpuScorer {
    bundle: Bundle,
    pool: ThreadPool,
    /// For each network, the positions of its images in a pair.
    images: Vec<Vec<usize>>,
    shelf: Shelf,
}

/// Pairs that pass a network together.
const TOGETHER: usize = 16;

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
        let info = bundle.info();
        let images = info.networks.iter().map(|network| network.images(&info.protocol)).collect();
        let shelf = Shelf::new(resources.memory, pool.current_num_threads());
        Ok(CpuScorer { bundle, pool, images, shelf })
    }

    /// The bundle that answers.
    #[must_use]
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// Bytes that scoring takes for networks however little
    /// [`Resources::memory`] grants.
    #[must_use]
    pub fn least_memory_to_score(&self) -> u64 {
        self.shelf.least_memory(&self.bundle, false)
    }

    /// Bytes that explaining takes for networks however little
    /// [`Resources::memory`] grants.
    #[must_use]
    pub fn least_memory_to_explain(&self) -> u64 {
        self.shelf.least_memory(&self.bundle, true)
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
        let inputs: Vec<&Inputs> = inputs.iter().collect();
        self.ask(&wanted, self.scoring(inputs.len()), &inputs, &progress)
    }

    /// What these networks say of each pair, in the order given.
    pub(crate) fn ask(
        &self,
        wanted: &[usize],
        purpose: Purpose,
        inputs: &[&Inputs],
        progress: &Progress<'_>,
    ) -> Result<Vec<Vec<Probability>>, ScoreError> {
        let mut answers = vec![Vec::with_capacity(wanted.len()); inputs.len()];
        let one_pass = inputs.len() == 1;
        for group in self.shelf.groups(&self.bundle, wanted, purpose, one_pass) {
            let positions = &wanted[group];
            let of_network = |&position: &usize| self.answers(position, purpose, inputs, progress);
            // All, so that the first network that fails is named whoever comes first.
            let answered: Vec<Result<Vec<Probability>, ScoreError>> =
                self.pool.install(|| positions.par_iter().map(of_network).collect());
            for of_network in answered {
                for (answers, answer) in answers.iter_mut().zip(of_network?) {
                    answers.push(answer);
                }
            }
        }
        Ok(answers)
    }

    /// What a network says of all pairs.
    fn answers(
        &self,
        position: usize,
        purpose: Purpose,
        inputs: &[&Inputs],
        progress: &Progress<'_>,
    ) -> Result<Vec<Probability>, ScoreError> {
        progress.check()?;
        let network = self.network(position, purpose)?;
        let parts: Result<Vec<Vec<Probability>>, ScoreError> = inputs
            .par_chunks(TOGETHER)
            .map(|inputs| {
                progress.check()?;
                let answers = self.together(position, &network, inputs)?;
                answers.iter().for_each(|_| progress.one_more());
                Ok(answers)
            })
            .collect();
        Ok(parts?.concat())
    }

    /// What a network says of some pairs, in one pass.
    fn together(
        &self,
        position: usize,
        network: &Network,
        inputs: &[&Inputs],
    ) -> Result<Vec<Probability>, ScoreError> {
        let images: Vec<Vec<Vec<f32>>> = self.images[position]
            .iter()
            .map(|&image| inputs.iter().map(|inputs| inputs.normalised_one(image)).collect())
            .collect();
        let images: Vec<Vec<&[f32]>> =
            images.iter().map(|images| images.iter().map(Vec::as_slice).collect()).collect();
        let images: Vec<&[&[f32]]> = images.iter().map(Vec::as_slice).collect();
        let logits = self
            .with_workspace(|workspace| network.logits_of_pairs(&images, self.px(), workspace))?;
        let info = &self.bundle.info().networks[position];
        logits.chunks_exact(network.classes()).map(|logits| answer(info, logits)).collect()
    }

    fn px(&self) -> usize {
        self.bundle.info().preprocess.input_px as usize
    }

    /// Lends memory for passes by one thread.
    pub(crate) fn with_workspace<T>(&self, work: impl FnOnce(&mut Workspace) -> T) -> T {
        self.shelf.with_workspace(work)
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
    pub(crate) fn network(
        &self,
        position: usize,
        purpose: Purpose,
    ) -> Result<Arc<Network>, ScoreError> {
        Ok(self.shelf.network(&self.bundle, position, purpose)?)
    }

    /// The purpose of networks that score so many pairs.
    pub(crate) fn scoring(&self, pairs: usize) -> Purpose {
        self.shelf.purpose(&self.bundle, pairs, false)
    }

    /// The purpose of networks that explain.
    pub(crate) fn explaining(&self) -> Purpose {
        self.shelf.purpose(&self.bundle, usize::MAX, true)
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

    pub(crate) fn one_more(&self) {
        self.more(1);
    }

    /// Told under the lock, so that what is heard never goes back.
    pub(crate) fn more(&self, answers: usize) {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        *done += answers;
        self.control.progress(*done, self.total);
    }
}
