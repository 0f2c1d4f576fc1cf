//! The convolutions of a residual block, packed for what they are for.

use super::kernels::Kernels;
use super::map::Buffer;
use super::pack::{Direction, Folded, Packed, Packing, Passing};
use super::purpose::{Algorithm, Purpose, passing};
use super::step::{Finishing, Grid, Maps, Scratch, Split, Step};

/// The taps of a 3x3 kernel, row by row.
const NINE: [(usize, usize); 9] =
    [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (2, 2)];

/// A 3x3 convolution of stride 1, packed for its algorithm.
#[derive(Debug)]
struct Method {
    algorithm: Algorithm,
    packed: Packing,
}

impl Method {
    fn new(
        folded: &Folded,
        direction: Direction,
        algorithm: Algorithm,
        kernels: &Kernels,
    ) -> Method {
        let [outputs, inputs, _] = folded.shape;
        let mut taps = NINE;
        let depth = match direction {
            Direction::Forward => inputs,
            Direction::Backward => {
                // The gradient flows through the kernel turned around.
                taps.reverse();
                outputs
            }
        };
        let depth = depth.next_multiple_of(kernels.lanes);
        let packed = Packed::new(folded, direction, &taps, depth, kernels);
        let packed = match algorithm.scheme() {
            None => packed,
            Some((scheme, tile)) => packed.transformed(kernels, scheme, (tile + 2) * (tile + 2)),
        };
        Method { algorithm, packed: Packing::Ready(packed) }
    }

    /// The forward convolution with weights unpacked during the pass.
    fn passing(folded: &Folded, algorithm: Algorithm, kernels: &Kernels) -> Method {
        let scheme = algorithm.scheme().map(|(scheme, tile)| (scheme, (tile + 2) * (tile + 2)));
        Method { algorithm, packed: Packing::Passing(Passing::new(folded, scheme, kernels)) }
    }

    /// # Safety
    /// As for [`Step::direct`] and [`Step::winograd`].
    unsafe fn run(&self, step: &Step<'_>, split: Split, scratch: &Scratch) {
        // SAFETY: the caller's promise.
        unsafe {
            match self.algorithm.scheme() {
                Some(scheme) => step.winograd(&self.packed, scheme, split, scratch),
                None => {
                    let taps = around(step.input, &NINE);
                    let grid = Grid { first: (0, 0), stride: 1, input_stride: 1 };
                    step.direct(&self.packed, &taps, grid, split, scratch);
                }
            }
        }
    }
}

/// Where the taps of a kernel centred on a pixel lie.
fn around(input: Maps, taps: &[(usize, usize)]) -> Vec<isize> {
    let (row, step) = (input.shape.row as isize, input.shape.step as isize);
    taps.iter()
        .map(|&(down, across)| (down as isize - 1) * row + (across as isize - 1) * step)
        .collect()
}

/// A 3x3 convolution.
#[derive(Debug)]
pub(super) struct Square {
    forward: Forward,
    backward: Option<Backward>,
    bias: Buffer,
}

#[derive(Debug)]
enum Forward {
    Same(Method),
    /// Stride 2.
    Halving(Packing),
}

#[derive(Debug)]
enum Backward {
    Same(Method),
    /// For even and odd rows and columns the taps that reach them.
    Halving(Vec<Phase>),
}

/// The input pixels of a stride-2 convolution whose row and column are even or
/// odd: the same few taps reach each of them.
#[derive(Debug)]
struct Phase {
    first: (usize, usize),
    /// Offsets of output pixels from the phase's own, in rows and columns.
    offsets: Vec<(usize, usize)>,
    packed: Packing,
}

impl Square {
    /// The convolution for outputs of `side` pixels.
    pub fn new(
        folded: &Folded,
        stride: usize,
        side: usize,
        purpose: Purpose,
        kernels: &Kernels,
    ) -> Square {
        let [outputs, inputs, _] = folded.shape.map(|count| count.next_multiple_of(kernels.lanes));
        let algorithm = Algorithm::cheapest(side, [inputs, outputs], purpose.at_once);
        Square::by(folded, stride, algorithm, purpose, kernels)
    }

    /// The convolution by this algorithm, where its stride leaves a choice.
    pub fn by(
        folded: &Folded,
        stride: usize,
        algorithm: Algorithm,
        purpose: Purpose,
        kernels: &Kernels,
    ) -> Square {
        let lanes = kernels.lanes;
        let [_, inputs, _] = folded.shape;
        let method = |direction| Method::new(folded, direction, algorithm, kernels);
        let forward = match (stride, passing(folded, purpose)) {
            (1, true) => Forward::Same(Method::passing(folded, algorithm, kernels)),
            (1, false) => Forward::Same(method(Direction::Forward)),
            (_, true) => Forward::Halving(Packing::Passing(Passing::new(folded, None, kernels))),
            (_, false) => {
                let depth = inputs.next_multiple_of(lanes);
                let packed = Packed::new(folded, Direction::Forward, &NINE, depth, kernels);
                Forward::Halving(Packing::Ready(packed))
            }
        };
        let backward = purpose.gradient.then(|| match stride {
            1 => Backward::Same(method(Direction::Backward)),
            _ => Backward::Halving(Phase::all(folded, kernels)),
        });
        Square { forward, backward, bias: padded(&folded.bias, lanes) }
    }

    /// Values that a member needs room for to unpack weights.
    pub fn room(&self) -> usize {
        match &self.forward {
            Forward::Same(method) => method.packed.room(),
            Forward::Halving(packing) => packing.room(),
        }
    }

    /// Convolves; `step.finishing` gains the bias.
    ///
    /// # Safety
    /// As for [`Step::direct`] and [`Step::winograd`].
    pub unsafe fn forward(&self, mut step: Step<'_>, split: Split, scratch: &Scratch) {
        step.finishing.bias = Some(self.bias.first());
        // SAFETY: the caller's promise.
        unsafe {
            match &self.forward {
                Forward::Same(method) => method.run(&step, split, scratch),
                Forward::Halving(packed) => {
                    let taps = around(step.input, &NINE);
                    let grid = Grid { first: (0, 0), stride: 1, input_stride: 2 };
                    step.direct(packed, &taps, grid, split, scratch);
                }
            }
        }
    }

    /// The gradient at the input (`step.output`) of the one at the output
    /// (`step.input`). `more_to_come`: something will still be added to pixels of
    /// even row and column, which are therefore left unfinished.
    ///
    /// # Safety
    /// As for [`Square::forward`].
    ///
    /// # Panics
    /// The network was not made for gradients.
    pub unsafe fn backward(
        &self,
        step: &Step<'_>,
        more_to_come: bool,
        split: Split,
        scratch: &Scratch,
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            match self.backward.as_ref().expect("made for gradients") {
                Backward::Same(method) => method.run(step, split, scratch),
                Backward::Halving(phases) => {
                    for phase in phases {
                        let is_unfinished = more_to_come && phase.first == (0, 0);
                        let finishing =
                            if is_unfinished { Finishing::default() } else { step.finishing };
                        let step = Step { finishing, maps: step.maps.clone(), ..*step };
                        phase.run(&step, split, scratch);
                    }
                }
            }
        }
    }
}

impl Phase {
    fn all(folded: &Folded, kernels: &Kernels) -> Vec<Phase> {
        let [outputs, _, _] = folded.shape;
        let depth = outputs.next_multiple_of(kernels.lanes);
        // Row y of the input meets tap k of output row (y + 1 - k) / 2.
        let reach = |odd: usize| if odd == 0 { vec![(1, 0)] } else { vec![(2, 0), (0, 1)] };
        let mut phases = Vec::new();
        for row in 0..2 {
            for column in 0..2 {
                let (mut taps, mut offsets) = (Vec::new(), Vec::new());
                for (tap_row, down) in reach(row) {
                    for (tap_column, across) in reach(column) {
                        taps.push((tap_row, tap_column));
                        offsets.push((down, across));
                    }
                }
                let packed = Packed::new(folded, Direction::Backward, &taps, depth, kernels);
                let packed = Packing::Ready(packed);
                phases.push(Phase { first: (row, column), offsets, packed });
            }
        }
        phases
    }

    unsafe fn run(&self, step: &Step<'_>, split: Split, scratch: &Scratch) {
        let shape = step.input.shape;
        let offset =
            |&(down, across): &(usize, usize)| (down * shape.row + across * shape.step) as isize;
        let taps: Vec<isize> = self.offsets.iter().map(offset).collect();
        let grid = Grid { first: self.first, stride: 2, input_stride: 1 };
        // SAFETY: the caller's promise.
        unsafe { step.direct(&self.packed, &taps, grid, split, scratch) };
    }
}

/// A 1x1 convolution of stride 2: the skip connection where the side halves.
#[derive(Debug)]
pub(super) struct Point {
    forward: Packing,
    backward: Option<Packing>,
    bias: Buffer,
}

impl Point {
    pub fn new(folded: &Folded, purpose: Purpose, kernels: &Kernels) -> Point {
        let lanes = kernels.lanes;
        let [outputs, inputs, _] = folded.shape;
        let packed = |direction, depth: usize| {
            let depth = depth.next_multiple_of(lanes);
            Packing::Ready(Packed::new(folded, direction, &[(0, 0)], depth, kernels))
        };
        let forward = match passing(folded, purpose) {
            true => Packing::Passing(Passing::new(folded, None, kernels)),
            false => packed(Direction::Forward, inputs),
        };
        Point {
            forward,
            backward: purpose.gradient.then(|| packed(Direction::Backward, outputs)),
            bias: padded(&folded.bias, lanes),
        }
    }

    /// Values that a member needs room for to unpack weights.
    pub fn room(&self) -> usize {
        self.forward.room()
    }

    /// Convolves; `step.finishing` gains the bias.
    ///
    /// # Safety
    /// As for [`Step::direct`].
    pub unsafe fn forward(&self, mut step: Step<'_>, split: Split, scratch: &Scratch) {
        step.finishing.bias = Some(self.bias.first());
        let grid = Grid { first: (0, 0), stride: 1, input_stride: 2 };
        // SAFETY: the caller's promise.
        unsafe { step.direct(&self.forward, &[0], grid, split, scratch) };
    }

    /// Adds the gradient at the input (`step.output`) to what is there, at pixels
    /// of even row and column.
    ///
    /// # Safety
    /// As for [`Step::direct`].
    ///
    /// # Panics
    /// The network was not made for gradients.
    pub unsafe fn backward(&self, mut step: Step<'_>, split: Split, scratch: &Scratch) {
        step.finishing.add = Some(step.output);
        let grid = Grid { first: (0, 0), stride: 2, input_stride: 1 };
        let packed = self.backward.as_ref().expect("made for gradients");
        // SAFETY: the caller's promise.
        unsafe { step.direct(packed, &[0], grid, split, scratch) };
    }
}

/// A value for each channel, with 0 for those that pad the last vector.
fn padded(bias: &[f32], lanes: usize) -> Buffer {
    let mut buffer = Buffer::new(bias.len().next_multiple_of(lanes));
    buffer.values_mut()[..bias.len()].copy_from_slice(bias);
    buffer
}
