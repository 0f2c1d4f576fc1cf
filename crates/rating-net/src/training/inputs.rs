//! What a training shows its network: pictures, jigsaws or features.

use image::RgbImage;
use rand::RngExt;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use rating::augment::{Augmentation, Ranges};
use rating::preprocess::{Preprocess, network_input, normalise};
use rating::{Problem, Seed, jigsaw};

use crate::data::Example;
use crate::training::features::FeatureTable;

/// A batch as a learner takes it.
#[derive(Debug, Default)]
pub struct Batch {
    /// The samples one after the other.
    pub inputs: Vec<f32>,
    /// The class of each sample.
    pub labels: Vec<usize>,
}

/// Makes samples of pairs, by their position in the data.
pub trait Inputs {
    /// Adds a pair as training shows it: augmented, by chance.
    ///
    /// # Errors
    /// Features that cannot be computed.
    fn draw(&self, pair: usize, rng: &mut ChaCha8Rng, batch: &mut Batch) -> Result<(), Problem>;

    /// Adds a pair as validation shows it: the same every time.
    fn clean(&self, pair: usize, batch: &mut Batch);
}

/// One image of each pair, labelled by a task.
#[derive(Debug)]
pub struct Pictures<'a> {
    /// All pairs.
    pub examples: &'a [Example],
    /// The modality that is shown.
    pub modality: usize,
    /// How it becomes a network's input.
    pub preprocess: &'a Preprocess,
    /// How training varies it.
    pub ranges: &'a Ranges,
    /// The class of each pair.
    pub labels: Vec<usize>,
}

impl Pictures<'_> {
    /// One image as a network sees it, `[3, px, px]`.
    pub fn picture(&self, pair: usize, augmentation: &Augmentation) -> Vec<f32> {
        let mut picture = Vec::new();
        self.push(pair, augmentation, &mut picture);
        picture
    }

    fn push(&self, pair: usize, augmentation: &Augmentation, inputs: &mut Vec<f32>) {
        let view = &self.examples[pair].views[self.modality];
        push_normalised(&network_input(view, augmentation, self.preprocess), inputs);
    }
}

impl Inputs for Pictures<'_> {
    fn draw(&self, pair: usize, rng: &mut ChaCha8Rng, batch: &mut Batch) -> Result<(), Problem> {
        self.push(pair, &self.ranges.draw(rng), &mut batch.inputs);
        batch.labels.push(self.labels[pair]);
        Ok(())
    }

    fn clean(&self, pair: usize, batch: &mut Batch) {
        self.push(pair, &Augmentation::NONE, &mut batch.inputs);
        batch.labels.push(self.labels[pair]);
    }
}

/// Nine shuffled tiles of one image of each pair, labelled by their order.
#[derive(Debug)]
pub struct Jigsaws<'a> {
    /// All pairs.
    pub examples: &'a [Example],
    /// The modality that is cut.
    pub modality: usize,
    /// How it becomes the picture that is cut.
    pub preprocess: Preprocess,
    /// How training varies it.
    pub ranges: &'a Ranges,
    /// The orders to tell apart.
    pub permutations: Vec<[u8; 9]>,
    /// Whether each tile is brought to mean 0 and deviation 1.
    pub standardise_tiles: bool,
    /// The root of the validation's puzzles.
    pub seed: Seed,
}

impl Jigsaws<'_> {
    fn push(
        &self,
        pair: usize,
        augmentation: &Augmentation,
        rng: &mut ChaCha8Rng,
        batch: &mut Batch,
    ) {
        let view = &self.examples[pair].views[self.modality];
        let picture = network_input(view, augmentation, &self.preprocess);
        let label = rng.random_range(0..self.permutations.len());
        for tile in jigsaw::tiles(&picture, &self.permutations[label], rng) {
            let start = batch.inputs.len();
            push_normalised(&tile, &mut batch.inputs);
            if self.standardise_tiles {
                standardise(&mut batch.inputs[start..]);
            }
        }
        batch.labels.push(label);
    }
}

impl Inputs for Jigsaws<'_> {
    fn draw(&self, pair: usize, rng: &mut ChaCha8Rng, batch: &mut Batch) -> Result<(), Problem> {
        let augmentation = self.ranges.draw(rng);
        self.push(pair, &augmentation, rng, batch);
        Ok(())
    }

    fn clean(&self, pair: usize, batch: &mut Batch) {
        let seed = self.seed.child(&self.examples[pair].pair_id);
        let mut rng = ChaCha8Rng::from_seed(seed.bytes());
        self.push(pair, &Augmentation::NONE, &mut rng, batch);
    }
}

/// The features of all images of each pair, labelled by a task.
#[derive(Debug)]
pub struct Features<'a> {
    /// A table for each modality, in the measurement's order.
    pub tables: Vec<FeatureTable<'a>>,
    /// The class of each pair.
    pub labels: Vec<usize>,
}

impl Inputs for Features<'_> {
    fn draw(&self, pair: usize, rng: &mut ChaCha8Rng, batch: &mut Batch) -> Result<(), Problem> {
        for table in &self.tables {
            match table.cached(pair).choose(rng) {
                Some(features) => batch.inputs.extend(features),
                None => batch.inputs.extend(table.augmented(pair, rng)?),
            }
        }
        batch.labels.push(self.labels[pair]);
        Ok(())
    }

    fn clean(&self, pair: usize, batch: &mut Batch) {
        for table in &self.tables {
            batch.inputs.extend(table.clean(pair));
        }
        batch.labels.push(self.labels[pair]);
    }
}

fn push_normalised(picture: &RgbImage, inputs: &mut Vec<f32>) {
    let start = inputs.len();
    inputs.resize(start + picture.as_raw().len(), 0.0);
    normalise(picture, &mut inputs[start..]);
}

/// Brings values to mean 0 and deviation 1; a flat tile to 0.
fn standardise(values: &mut [f32]) {
    let count = values.len() as f64;
    let mean = values.iter().copied().map(f64::from).sum::<f64>() / count;
    let variance =
        values.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>() / count;
    // A hundredth of the spread of a usual picture: noise stays noise.
    let scale = 1.0 / variance.sqrt().max(0.01);
    for value in values {
        *value = ((f64::from(*value) - mean) * scale) as f32;
    }
}
