//! One pass through a network: the layers, as functions of named tensors.
//!
//! Parameters live on the plain device. A training pass lifts those that
//! learn onto the autodiff device, and notes the new batch-norm statistics;
//! the learner writes both back. So nothing is moved by merely looking.

use std::cell::RefCell;
use std::collections::BTreeMap;

use burn::backend::DispatchDevice;
use burn::tensor::{Device, Tensor, TensorData};
use rating_frozen::weights::{Array, Weights};

use super::cpu::geometry::{UnitShape, Window};
use super::{cpu, plain};

/// The share of a new batch in the running statistics, PyTorch's default.
const MOMENTUM: f64 = 0.1;

/// One tensor of a network, flat, on the plain device.
#[derive(Debug, Clone)]
pub(super) struct Parameter {
    pub value: Tensor<1>,
    pub shape: Vec<usize>,
    /// Whether training moves it: by gradients, or as a running statistic.
    pub trained: bool,
    /// Whether it is moved by gradients.
    pub learned: bool,
}

/// Every tensor of a network, by torchvision's name.
pub(super) type Parameters = BTreeMap<String, Parameter>;

/// Whose operations make the maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layers {
    /// Burn's, on any device.
    Plain,
    /// Ours, on the CPU.
    Cpu,
}

impl Layers {
    /// The faster ones on this device.
    pub fn of(device: &Device) -> Layers {
        match device.clone().inner().as_dispatch() {
            DispatchDevice::Flex(_) => Layers::Cpu,
            #[allow(unreachable_patterns)] // the CPU can be the only device built in
            _ => Layers::Plain,
        }
    }
}

/// One way through the network.
pub(super) struct Pass<'a> {
    parameters: &'a Parameters,
    layers: Layers,
    training: Option<Training>,
}

/// What a training pass carries and notes.
struct Training {
    /// Parameters that learn, on the autodiff device.
    leaves: BTreeMap<String, Tensor<1>>,
    /// New running statistics.
    statistics: RefCell<BTreeMap<String, Tensor<1>>>,
}

/// What a training pass leaves behind.
pub(super) struct Traces {
    pub leaves: BTreeMap<String, Tensor<1>>,
    pub statistics: BTreeMap<String, Tensor<1>>,
}

impl<'a> Pass<'a> {
    /// A pass that answers: running statistics, no gradients.
    pub fn evaluation(parameters: &'a Parameters, layers: Layers) -> Pass<'a> {
        Pass { parameters, layers, training: None }
    }

    /// A pass that learns: batch statistics outside frozen stages, gradients.
    pub fn training(parameters: &'a Parameters, layers: Layers) -> Pass<'a> {
        let leaves = parameters
            .iter()
            .filter(|(_, parameter)| parameter.trained && parameter.learned)
            .map(|(name, parameter)| {
                (name.clone(), parameter.value.clone().autodiff().require_grad())
            })
            .collect();
        let training = Some(Training { leaves, statistics: RefCell::default() });
        Pass { parameters, layers, training }
    }

    /// Whether this pass learns.
    pub fn is_training(&self) -> bool {
        self.training.is_some()
    }

    /// What the pass leaves behind; empty for an evaluation.
    pub fn traces(self) -> Traces {
        match self.training {
            Some(Training { leaves, statistics }) => {
                Traces { leaves, statistics: statistics.into_inner() }
            }
            None => Traces { leaves: BTreeMap::new(), statistics: BTreeMap::new() },
        }
    }

    /// A flat batch of square images of 3 channels, as maps.
    pub fn images(&self, inputs: Tensor<1>, count: usize) -> Tensor<4> {
        let side = (inputs.dims()[0] / (3 * count).max(1)).isqrt();
        match self.layers {
            Layers::Plain => plain::from_images(inputs, count, side),
            Layers::Cpu => cpu::from_images(inputs, count, side),
        }
    }

    /// A convolution without bias (`convolution.weight`), batch-norm
    /// (`norm.weight`, `.bias`, `.running_mean`, `.running_var`), what came
    /// `around`, and a ReLU.
    ///
    /// In training, a stage that is not frozen normalises by the statistics
    /// of the batch, with the biased variance; the running variance takes the
    /// unbiased one, as PyTorch does. Where a channel has a single value in
    /// the batch (one image, 1x1 map) there is no unbiased variance, and the
    /// biased one, 0, is taken instead.
    pub fn unit(
        &self,
        input: Tensor<4>,
        (convolution, norm): (&str, &str),
        around: Option<Tensor<4>>,
        shape: UnitShape,
    ) -> Tensor<4> {
        let weights =
            [format!("{convolution}.weight"), format!("{norm}.weight"), format!("{norm}.bias")];
        let (input, weights) = one_side(input, weights.map(|name| self.parameter(&name)));
        let around =
            around.map(|around| if input.is_autodiff() { around.autodiff() } else { around });

        let statistics = [format!("{norm}.running_mean"), format!("{norm}.running_var")];
        let noting = self.training.as_ref().filter(|_| self.parameters[&statistics[0]].trained);
        let running = statistics.each_ref().map(|name| self.parameters[name].value.clone());
        let given = noting.is_none().then(|| running.clone());
        let (output, batch) = match self.layers {
            Layers::Plain => plain::unit(input, weights, around, shape, given),
            Layers::Cpu => cpu::unit(input, weights, around, shape, given),
        };
        if let Some(training) = noting {
            let unbiased = unbiased_over_biased(&output, batch[0].dims()[0]);
            let [mean, variance] = running.map(|running| running.mul_scalar(1.0 - MOMENTUM));
            let [batch_mean, batch_variance] = batch;
            let [mean_name, variance_name] = statistics;
            let mut noted = training.statistics.borrow_mut();
            noted.insert(mean_name, mean + batch_mean.mul_scalar(MOMENTUM));
            noted.insert(variance_name, variance + batch_variance.mul_scalar(MOMENTUM * unbiased));
        }
        output
    }

    /// Max pooling.
    pub fn max_pool(&self, maps: Tensor<4>, window: Window) -> Tensor<4> {
        match self.layers {
            Layers::Plain => plain::max_pool(maps, window),
            Layers::Cpu => cpu::max_pool(maps, window),
        }
    }

    /// The mean of each map, `[batch, channels]`.
    pub fn mean_over_pixels(&self, maps: Tensor<4>) -> Tensor<2> {
        match self.layers {
            Layers::Plain => plain::mean_over_pixels(maps),
            Layers::Cpu => cpu::mean_over_pixels(maps),
        }
    }

    /// A linear layer; `name.weight`, `name.bias`.
    pub fn linear(&self, input: Tensor<2>, name: &str) -> Tensor<2> {
        let shape = &self.parameters[&format!("{name}.weight")].shape;
        let (out, inputs) = (shape[0], shape[1]);
        let weights = ["weight", "bias"].map(|part| self.parameter(&format!("{name}.{part}")));
        let (input, [weight, bias]) = one_side(input, weights);
        input.matmul(weight.reshape([out, inputs]).transpose()) + bias.reshape([1, out]) // [batch, out]
    }

    /// The tensor of this name; tracked where it learns.
    fn parameter(&self, name: &str) -> Tensor<1> {
        let leaf = self.training.as_ref().and_then(|training| training.leaves.get(name));
        leaf.unwrap_or_else(|| &self.parameters[name].value).clone()
    }
}

/// The same tensors, all tracked or none.
fn one_side<const D: usize, const N: usize>(
    input: Tensor<D>,
    weights: [Tensor<1>; N],
) -> (Tensor<D>, [Tensor<1>; N]) {
    if input.is_autodiff() || weights.iter().any(|weight| weight.is_autodiff()) {
        (input.autodiff(), weights.map(|weight| weight.autodiff()))
    } else {
        (input, weights)
    }
}

/// n / (n - 1) for the n values of a channel, and 1 for a single value.
fn unbiased_over_biased(maps: &Tensor<4>, channels: usize) -> f64 {
    let values = (maps.shape().num_elements() / channels) as f64;
    values / (values - 1.0).max(1.0)
}

/// The values of a tensor, in row-major order.
pub(super) fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    let data = tensor.into_data();
    data.try_into_vec().unwrap_or_else(|error| unreachable!("32-bit values: {error:?}"))
}

/// A flat tensor on the plain device.
pub(super) fn upload(data: Vec<f32>, device: &Device) -> Tensor<1> {
    let length = data.len();
    Tensor::from_data(TensorData::new(data, [length]), device)
}

/// The parameters as arrays on the host.
pub(super) fn download(parameters: &Parameters) -> Weights {
    parameters
        .iter()
        .map(|(name, parameter)| {
            let data = values(parameter.value.clone());
            (name.clone(), Array { shape: parameter.shape.clone(), data })
        })
        .collect()
}
