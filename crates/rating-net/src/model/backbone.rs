//! A trained backbone at work, on any device.

use burn::tensor::Device;
use rating::Problem;
use rating_frozen::weights::Weights;

use super::architecture::Architecture;
use super::network;
use super::pass::{Layers, Parameter, Parameters, Pass, upload, values};
use super::start::loaded;

/// A ResNet-18 without its last layer, its weights on a device.
#[derive(Debug)]
pub struct Backbone {
    parameters: Parameters,
    device: Device,
    layers: Layers,
}

impl Backbone {
    /// The backbone whose tensors stand under `prefix` and torchvision's names.
    ///
    /// # Errors
    /// A tensor that is missing, of another shape than `width` makes it, or not
    /// finite.
    pub fn new(
        width: usize,
        weights: &Weights,
        prefix: &str,
        device: &Device,
    ) -> Result<Backbone, Problem> {
        let device = device.clone().inner();
        let mut parameters = Parameters::new();
        for spec in (Architecture::Single { width, classes: 2 }).tensors() {
            if spec.stage.is_none() {
                continue; // of the head
            }
            let array = loaded(weights.get(&format!("{prefix}{}", spec.name)), &spec)?;
            let value = upload(array.data, &device);
            let parameter = Parameter { value, shape: spec.shape, trained: false, learned: false };
            parameters.insert(spec.name, parameter);
        }
        let layers = Layers::of(&device);
        Ok(Backbone { parameters, device, layers })
    }

    /// The features of a batch of normalised images `[batch, 3, px, px]`: 8
    /// widths for each, in row-major order.
    ///
    /// # Panics
    /// `images` is not such a batch: a bug of the caller.
    #[must_use]
    pub fn features(&self, images: &[f32], batch: usize) -> Vec<f32> {
        let pass = Pass::evaluation(&self.parameters, self.layers);
        let images = pass.images(upload(images.to_vec(), &self.device), batch);
        values(network::backbone(&pass, images)) // [batch, 8 widths]
    }
}
