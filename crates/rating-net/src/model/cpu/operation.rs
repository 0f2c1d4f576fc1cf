//! The kernels as operations on Burn's tensors, with their backward steps.

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Flex};
use burn::tensor::{Tensor, TensorData};

use super::geometry::{Maps, UnitShape, Window};
use super::pool;
use super::unit::{self, Statistics, UnitTrace, UnitWeights, Wanted};

type Plain = FlexTensor;
type Tracked = FloatTensor<Autodiff<Flex>>;

/// Convolution, batch-norm, the way around and ReLU on maps `[channels,
/// height, width, batch]`; also the statistics it normalised by.
///
/// `weights` are the convolution's weight and batch-norm's scale and shift,
/// flat. `running` are the mean and variance to normalise by; without them,
/// those of the batch are.
pub fn unit(
    input: Tensor<4>,
    weights: [Tensor<1>; 3],
    around: Option<Tensor<4>>,
    shape: UnitShape,
    running: Option<[Tensor<1>; 2]>,
) -> (Tensor<4>, [Tensor<1>; 2]) {
    let running = running.map(|[mean, variance]| Statistics {
        mean: owned(plain(mean.inner())),
        variance: owned(plain(variance.inner())),
    });
    let (output, statistics) = if input.is_autodiff() {
        let weights = weights.map(tracked);
        let (output, statistics) =
            tracked_unit(tracked(input), weights, around.map(tracked), shape, running);
        (Tensor::from_primitive::<Autodiff<Flex>>(output), statistics)
    } else {
        let parts = Parts {
            shape,
            input: plain(input).to_contiguous(),
            weights: weights.map(|weight| plain(weight).to_contiguous()),
        };
        let around = around.map(|around| plain(around).to_contiguous());
        let (output, _, statistics) = parts.forward(around.as_ref(), running.as_ref());
        (Tensor::from_primitive::<Flex>(output), statistics)
    };
    let [mean, variance] = [statistics.mean, statistics.variance]
        .map(|values| Tensor::from_primitive::<Flex>(flat(values)));
    (output, [mean, variance])
}

/// Max pooling on maps `[channels, height, width, batch]`.
pub fn max_pool(input: Tensor<4>, window: Window) -> Tensor<4> {
    if !input.is_autodiff() {
        let input = plain(input).to_contiguous();
        let (output, _) = pool::forward(window, maps(&input), input.storage());
        let output = tensor(output, window.output(maps(&input)));
        return Tensor::from_primitive::<Flex>(output);
    }
    let (input, node) = tracked(input).into_parts();
    let input = input.to_contiguous();
    let (output, winners) = pool::forward(window, maps(&input), input.storage());
    let output = tensor(output, window.output(maps(&input)));
    let prepared = MaxPool.prepare::<NoCheckpointing>([node]).compute_bound().stateful();
    let output = match prepared {
        OpsKind::Tracked(prepared) => {
            prepared.finish(Won { window, input: maps(&input), winners }, output)
        }
        OpsKind::UnTracked(prepared) => prepared.finish(output),
    };
    Tensor::from_primitive::<Autodiff<Flex>>(output)
}

fn plain<const D: usize>(tensor: Tensor<D>) -> Plain {
    let primitive = tensor.try_into_primitive::<Flex>();
    primitive.unwrap_or_else(|error| unreachable!("a tensor of the CPU: {error:?}"))
}

fn tracked<const D: usize>(tensor: Tensor<D>) -> Tracked {
    let primitive = tensor.try_into_primitive::<Autodiff<Flex>>();
    primitive.unwrap_or_else(|error| unreachable!("a tracked tensor of the CPU: {error:?}"))
}

fn maps(tensor: &Plain) -> Maps {
    let [channels, height, width, batch] = tensor.layout().shape().dims();
    Maps { channels, height, width, batch }
}

fn tensor(data: Vec<f32>, maps: Maps) -> Plain {
    let shape = [maps.channels, maps.height, maps.width, maps.batch];
    FlexTensor::from_data(TensorData::new(data, shape))
}

fn flat(data: Vec<f32>) -> Plain {
    let length = data.len();
    FlexTensor::from_data(TensorData::new(data, [length]))
}

/// What a unit works on.
#[derive(Debug, Clone)]
struct Parts {
    shape: UnitShape,
    input: Plain,
    weights: [Plain; 3],
}

impl Parts {
    fn weights(&self) -> UnitWeights<'_> {
        let [convolution, scale, shift] = &self.weights;
        UnitWeights {
            convolution: convolution.storage(),
            scale: scale.storage(),
            shift: shift.storage(),
        }
    }

    /// Output, the convolution's maps, and the statistics.
    fn forward(
        &self,
        around: Option<&Plain>,
        running: Option<&Statistics>,
    ) -> (Plain, Vec<f32>, Statistics) {
        let input = maps(&self.input);
        let weights = self.weights();
        let around = around.map(|around| around.storage());
        let made = unit::forward(self.shape, input, self.input.storage(), weights, around, running);
        let output = self.shape.window.output(input.with_channels(weights.scale.len()));
        (tensor(made.output, output), made.convolved, made.statistics)
    }
}

fn tracked_unit(
    input: Tracked,
    weights: [Tracked; 3],
    around: Option<Tracked>,
    shape: UnitShape,
    running: Option<Statistics>,
) -> (Tracked, Statistics) {
    // The graph wants a fixed number of parents: without a way around, the
    // input stands in for it and gets no second gradient.
    let around_node = around.as_ref().unwrap_or(&input).node();
    let [convolution, scale, shift] = weights;
    let nodes = [input.node(), convolution.node(), scale.node(), shift.node(), around_node];
    let parts = Parts {
        shape,
        input: input.into_primitive().to_contiguous(),
        weights: [convolution, scale, shift].map(|weight| weight.into_primitive().to_contiguous()),
    };
    let around = around.map(|around| around.into_primitive().to_contiguous());
    let (output, convolved, statistics) = parts.forward(around.as_ref(), running.as_ref());
    let output = match Unit.prepare::<NoCheckpointing>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(prepared) => {
            let kept = Kept {
                parts,
                convolved: flat(convolved),
                output: output.clone(),
                statistics: statistics.clone(),
                batch_statistics: running.is_none(),
                has_around: around.is_some(),
            };
            prepared.finish(kept, output)
        }
        OpsKind::UnTracked(prepared) => prepared.finish(output),
    };
    (output, statistics)
}

#[derive(Debug)]
struct Unit;

/// What a unit keeps for its backward step.
#[derive(Debug, Clone)]
struct Kept {
    parts: Parts,
    convolved: Plain,
    output: Plain,
    statistics: Statistics,
    batch_statistics: bool,
    has_around: bool,
}

impl Backward<Flex, 5> for Unit {
    type State = Kept;

    fn backward(self, ops: Ops<Kept, 5>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = owned(grads.consume::<Flex>(&ops.node));
        let kept = ops.state;
        let [input, convolution, scale, shift, around] =
            ops.parents.map(|parent| parent.map(|node| node.id));
        let input_maps = maps(&kept.parts.input);
        let output_maps = maps(&kept.output);
        let trace = UnitTrace {
            input: input_maps,
            values: kept.parts.input.storage(),
            weights: kept.parts.weights(),
            convolved: kept.convolved.storage(),
            output: kept.output.storage(),
            statistics: &kept.statistics,
            batch_statistics: kept.batch_statistics,
        };
        let wanted = Wanted { input: input.is_some(), convolution: convolution.is_some() };
        let found = unit::backward(kept.parts.shape, trace, gradient, wanted);

        let mut register = |node: Option<NodeId>, gradient: Option<Plain>| {
            if let (Some(node), Some(gradient)) = (node, gradient) {
                grads.register::<Flex>(node, gradient);
            }
        };
        register(input, found.input.map(|data| tensor(data, input_maps)));
        register(convolution, found.convolution.map(flat));
        register(scale, Some(flat(found.scale)));
        register(shift, Some(flat(found.shift)));
        register(around, kept.has_around.then(|| tensor(found.around, output_maps)));
    }
}

#[derive(Debug)]
struct MaxPool;

/// What max pooling keeps for its backward step.
#[derive(Debug, Clone)]
struct Won {
    window: Window,
    input: Maps,
    winners: Vec<u32>,
}

impl Backward<Flex, 1> for MaxPool {
    type State = Won;

    fn backward(self, ops: Ops<Won, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = grads.consume::<Flex>(&ops.node).to_contiguous();
        let Won { window, input, winners } = ops.state;
        let [Some(node)] = ops.parents else { return };
        let gradient = pool::backward(window, input, &winners, gradient.storage());
        grads.register::<Flex>(node.id, tensor(gradient, input));
    }
}

/// The values of a tensor; copied only where others still hold it.
fn owned(tensor: Plain) -> Vec<f32> {
    let data = tensor.into_data();
    data.try_into_vec().unwrap_or_else(|error| unreachable!("32-bit values: {error:?}"))
}
