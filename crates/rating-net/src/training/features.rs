//! Features of frozen extractors: what a fusion head learns from.

use std::cell::RefCell;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use rating::augment::Augmentation;
use rating::{Problem, Seed};
use rating_frozen::network::{Network, Workspace};

use crate::training::inputs::Pictures;

/// The features one extractor finds in the images of one modality.
///
/// They come from the engine that scores, so a head learns from what it will
/// later be given. Features of the clean images are kept, and those of a
/// number of augmented copies of the images to learn from; with no copies,
/// augmented features are computed anew each time.
#[derive(Debug)]
pub struct FeatureTable<'a> {
    pictures: Pictures<'a>,
    extractor: Network,
    workspace: RefCell<Workspace>,
    clean: Vec<Vec<f32>>,
    copies: Vec<Vec<Vec<f32>>>,
}

impl<'a> FeatureTable<'a> {
    /// Computes the features of all pairs, and of `copies` augmented copies of
    /// the pairs in `training`; `go_on` is asked after every pair.
    ///
    /// Returns `None` when `go_on` said no.
    ///
    /// # Errors
    /// An extractor that does not fit the pictures.
    pub fn compute(
        pictures: Pictures<'a>,
        extractor: Network,
        training: &[usize],
        copies: usize,
        seed: Seed,
        mut go_on: impl FnMut(usize) -> bool,
    ) -> Result<Option<FeatureTable<'a>>, Problem> {
        let pairs = pictures.examples.len();
        let mut table = FeatureTable {
            pictures,
            extractor,
            workspace: RefCell::default(),
            clean: Vec::new(),
            copies: vec![Vec::new(); pairs],
        };
        for pair in 0..pairs {
            table.clean.push(table.features(pair, &Augmentation::NONE)?);
            if copies > 0 && training.contains(&pair) {
                let seed = seed.child(&table.pictures.examples[pair].pair_id);
                let mut rng = ChaCha8Rng::from_seed(seed.bytes());
                // The clean image is one of those that epochs draw among.
                let mut kept = vec![table.clean[pair].clone()];
                for _ in 0..copies {
                    kept.push(table.augmented(pair, &mut rng)?);
                }
                table.copies[pair] = kept;
            }
            if !go_on(1 + table.copies[pair].len().saturating_sub(1)) {
                return Ok(None);
            }
        }
        Ok(Some(table))
    }

    /// Features of the image as it is.
    pub fn clean(&self, pair: usize) -> &[f32] {
        &self.clean[pair]
    }

    /// Features of the image and its augmented copies; empty where none are kept.
    pub fn cached(&self, pair: usize) -> &[Vec<f32>] {
        &self.copies[pair]
    }

    /// Features of the image, augmented by chance.
    pub fn augmented(&self, pair: usize, rng: &mut ChaCha8Rng) -> Result<Vec<f32>, Problem> {
        self.features(pair, &self.pictures.ranges.draw(rng))
    }

    fn features(&self, pair: usize, augmentation: &Augmentation) -> Result<Vec<f32>, Problem> {
        let picture = self.pictures.picture(pair, augmentation);
        let px = self.pictures.preprocess.input_px as usize;
        self.extractor.features(&[&picture], px, &mut self.workspace.borrow_mut())
    }
}
