//! What networks are shown of a pair.

use image::RgbImage;
use rating::augment::Augmentation;
use rating::preprocess::{Prepared, Preprocess, network_input, normalise};
use rating::words::counted;
use rating::{Pair, Problem, Protocol};

/// The network inputs of one pair, 8 bits a channel: small enough to keep many
/// when the images themselves are gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inputs {
    pictures: Vec<RgbImage>,
}

impl Inputs {
    /// The inputs of a pair, through the one preprocessing there is.
    ///
    /// # Errors
    /// A pair of a protocol with another number of modalities.
    pub fn new(pair: &Pair, protocol: &Protocol, settings: &Preprocess) -> Result<Inputs, Problem> {
        let (views, modalities) = (pair.views(), protocol.modalities());
        if views.len() != modalities.len() {
            return Err(Problem::new(format!(
                "pair {} has {}, protocol {} wants {}",
                pair.id(),
                counted(views.len(), "image", "images"),
                protocol.name(),
                modalities.len()
            )));
        }
        let picture = |(view, colour)| {
            network_input(&Prepared::new(view, colour, settings), &Augmentation::NONE, settings)
        };
        let colours = modalities.iter().map(|modality| modality.colour);
        Ok(Inputs { pictures: views.iter().zip(colours).map(picture).collect() })
    }

    /// The picture of each modality, in the protocol's order.
    #[must_use]
    pub fn pictures(&self) -> &[RgbImage] {
        &self.pictures
    }

    /// The pictures as networks take them: `[3, px, px]`, normalised.
    pub(crate) fn normalised(&self) -> Vec<Vec<f32>> {
        (0..self.pictures.len()).map(|image| self.normalised_one(image)).collect()
    }

    /// The picture of one modality as networks take it: `[3, px, px]`, normalised.
    ///
    /// # Panics
    /// The pair has no such picture.
    #[must_use]
    pub fn normalised_one(&self, image: usize) -> Vec<f32> {
        let picture = &self.pictures[image];
        let mut values = vec![0.0; picture.as_raw().len()];
        normalise(picture, &mut values);
        values
    }
}
