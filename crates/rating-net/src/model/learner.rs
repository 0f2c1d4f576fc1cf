//! One training of one network.

use std::collections::BTreeMap;

use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Tensor, TensorData};
use rating::{Problem, Seed};
use rating_frozen::weights::{Array, Weights};

use super::architecture::{Architecture, Stage};
use super::network;
use super::optimizer::{Moments, OptimizerSettings};
use super::pass::{Layers, Parameter, Parameters, Pass, Traces, download, upload, values};
use super::start::{Start, initial_weights};
use super::state::State;

/// A network, its optimizer, and how far they have come.
#[derive(Debug)]
pub struct Learner {
    architecture: Architecture,
    parameters: Parameters,
    optimizer: OptimizerSettings,
    moments: Moments,
    seed: Seed,
    device: Device,
    layers: Layers,
}

impl Learner {
    /// A training about to start.
    ///
    /// A frozen stage neither learns nor moves its batch-norm statistics.
    ///
    /// # Errors
    /// When a size or a setting is impossible; when the weights to load lack
    /// a tensor of the backbone, have one of another shape or one that is not
    /// finite; when a stage is frozen and nothing was loaded.
    pub fn new(
        architecture: Architecture,
        start: Start,
        frozen: &[Stage],
        optimizer: OptimizerSettings,
        device: &Device,
    ) -> Result<Learner, Problem> {
        architecture.check()?;
        optimizer.check()?;
        let device = device.clone().inner();
        let mut weights = initial_weights(&architecture, &start, frozen)?;
        let mut parameters = Parameters::new();
        for spec in architecture.tensors() {
            let Some(Array { shape, data }) = weights.remove(&spec.name) else { continue };
            let trained = spec.stage.is_none_or(|stage| !frozen.contains(&stage));
            let learned = spec.role.learned();
            let value = upload(data, &device);
            parameters.insert(spec.name, Parameter { value, shape, trained, learned });
        }
        let moments = Moments::default();
        let (seed, layers) = (start.seed, Layers::of(&device));
        Ok(Learner { architecture, parameters, optimizer, moments, seed, device, layers })
    }

    /// The network's architecture.
    #[must_use]
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// Steps taken so far.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.moments.steps
    }

    /// Learns from one batch; returns its mean cross-entropy before the step.
    ///
    /// `inputs` is the batch in row-major order: `[batch, 3, px, px]` for a
    /// single network, `[batch, 9, 3, tile, tile]` for a jigsaw,
    /// `[batch, features]` for a head.
    ///
    /// # Panics
    /// When `inputs` is not such a batch or a label is not a class: a bug of
    /// the caller, since both come from checked data.
    pub fn step(
        &mut self,
        inputs: &[f32],
        batch: usize,
        labels: &[usize],
        learning_rate: f64,
    ) -> f64 {
        let (loss, gradients, statistics) = self.loss_and_gradients(inputs, batch, labels);
        for (name, value) in statistics {
            if let Some(parameter) = self.parameters.get_mut(&name) {
                parameter.value = value;
            }
        }
        let optimizer = &self.optimizer;
        optimizer.step(
            &mut self.parameters,
            gradients,
            &mut self.moments,
            learning_rate,
            self.layers,
        );
        loss
    }

    /// The gradient of a batch's loss for every learned tensor, without a
    /// step. For tests and measurements.
    ///
    /// # Panics
    /// As [`Learner::step`].
    #[must_use]
    pub fn gradients(&self, inputs: &[f32], batch: usize, labels: &[usize]) -> Weights {
        let (_, gradients, _) = self.loss_and_gradients(inputs, batch, labels);
        let array = |(name, gradient): (String, Tensor<1>)| {
            let shape = self.parameters[&name].shape.clone();
            (name, Array { shape, data: values(gradient) })
        };
        gradients.into_iter().map(array).collect()
    }

    fn loss_and_gradients(
        &self,
        inputs: &[f32],
        batch: usize,
        labels: &[usize],
    ) -> (f64, BTreeMap<String, Tensor<1>>, BTreeMap<String, Tensor<1>>) {
        let classes = self.architecture.classes();
        assert_eq!(labels.len(), batch, "one label for each sample of the batch");
        assert!(labels.iter().all(|label| *label < classes), "labels are classes");

        let pass = Pass::training(&self.parameters, self.layers);
        let dropout = self.seed.child("dropout").child(self.moments.steps);
        let inputs = upload(inputs.to_vec(), &self.device);
        let logits = network::logits(&self.architecture, &pass, inputs, batch, dropout); // [batch, classes]
        let mut chosen = vec![0.0_f32; batch * classes];
        for (row, label) in labels.iter().enumerate() {
            chosen[row * classes + label] = -1.0 / batch as f32;
        }
        let chosen =
            Tensor::<2>::from_data(TensorData::new(chosen, [batch, classes]), &self.device);
        let loss = (log_softmax(logits, 1) * chosen.autodiff()).sum();

        let mut found = loss.backward();
        let Traces { leaves, statistics } = pass.traces();
        let gradients = leaves
            .into_iter()
            .filter_map(|(name, leaf)| Some((name, leaf.grad_remove(&mut found)?)))
            .collect();
        (f64::from(values(loss.inner())[0]), gradients, statistics)
    }

    /// The logits of a batch, `[batch, classes]` in row-major order, with
    /// running statistics and without dropout. `inputs` as for a step.
    ///
    /// # Panics
    /// As [`Learner::step`].
    #[must_use]
    pub fn evaluate(&self, inputs: &[f32], batch: usize) -> Vec<f32> {
        let pass = Pass::evaluation(&self.parameters, self.layers);
        let inputs = upload(inputs.to_vec(), &self.device);
        values(network::logits(&self.architecture, &pass, inputs, batch, self.seed))
    }

    /// The features of a batch of images `[batch, 3, px, px]`: 8 widths for
    /// each, in row-major order. `None` for a head, which has no backbone.
    ///
    /// # Panics
    /// As [`Learner::step`].
    #[must_use]
    pub fn features(&self, inputs: &[f32], batch: usize) -> Option<Vec<f32>> {
        self.architecture.features()?;
        let pass = Pass::evaluation(&self.parameters, self.layers);
        let inputs = upload(inputs.to_vec(), &self.device);
        Some(values(network::backbone(&pass, pass.images(inputs, batch))))
    }

    /// Every tensor of the network, by torchvision's names.
    #[must_use]
    pub fn weights(&self) -> Weights {
        download(&self.parameters)
    }

    /// Everything a resumed training needs, as bytes; equal states give equal
    /// bytes. The seed, settings and data are not part of it.
    #[must_use]
    pub fn state(&self) -> Vec<u8> {
        let moments = |moments: &BTreeMap<String, Tensor<1>>| {
            let array = |(name, value): (&String, &Tensor<1>)| {
                let shape = self.parameters[name].shape.clone();
                (name.clone(), Array { shape, data: values(value.clone()) })
            };
            moments.iter().map(array).collect()
        };
        let state = State {
            weights: self.weights(),
            first: moments(&self.moments.first),
            second: moments(&self.moments.second),
            steps: self.moments.steps,
        };
        state.to_bytes()
    }

    /// Goes back to a state: from here on the training continues bit for bit
    /// as it did there.
    ///
    /// # Errors
    /// When the bytes are no state, or that of another network; the learner
    /// is then as it was.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        let state = State::from_bytes(bytes, &self.weights())?;
        for (name, array) in state.weights {
            if let Some(parameter) = self.parameters.get_mut(&name) {
                parameter.value = upload(array.data, &self.device);
            }
        }
        let moments = |arrays: Weights| {
            let tensors = arrays.into_iter();
            tensors.map(|(name, array)| (name, upload(array.data, &self.device))).collect()
        };
        self.moments = Moments {
            steps: state.steps,
            first: moments(state.first),
            second: moments(state.second),
        };
        Ok(())
    }
}
