//! Every entry of the table against plain loops in 64 bits, and passes against
//! the plain twin of the whole network.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::backbone::{Backbone, End, FoldedBackbone, Start};
use super::kernels::Kernels;
use super::layer::{Point, Square};
use super::map::{Buffer, Shape};
use super::pack::{Folded, Raw};
use super::purpose::{Algorithm, Purpose};
use super::step::{Bits, Finishing, Maps, Scratch, Split, Step, products_len, shared_points_len};
use super::team::{Crew, Member};

fn rng() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(11)
}

fn chance(count: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    (0..count).map(|_| rng.random_range(-1.0..1.0)).collect()
}

fn folded(shape: [usize; 3], rng: &mut ChaCha8Rng) -> Folded {
    let [outputs, inputs, side] = shape;
    let scale = 1.0 / ((inputs * side * side) as f32).sqrt();
    let weight = chance(outputs * inputs * side * side, rng);
    let weight = Raw::Single(weight.into_iter().map(|value| value * scale).collect());
    let scale = (0..outputs).map(|_| rng.random_range(0.5..1.5)).collect();
    Folded { shape, weight, scale, bias: chance(outputs, rng) }
}

/// Plain maps, `[maps, side, side, channels]`.
#[derive(Clone)]
struct Plain {
    side: usize,
    channels: usize,
    data: Vec<f64>,
}

impl Plain {
    fn zeros(maps: usize, side: usize, channels: usize) -> Plain {
        Plain { side, channels, data: vec![0.0; maps * side * side * channels] }
    }

    fn of_chance(maps: usize, side: usize, channels: usize, rng: &mut ChaCha8Rng) -> Plain {
        let data = chance(maps * side * side * channels, rng);
        Plain { side, channels, data: data.into_iter().map(f64::from).collect() }
    }

    fn maps(&self) -> usize {
        self.data.len() / (self.side * self.side * self.channels)
    }

    fn at(&self, map: usize, row: usize, column: usize, channel: usize) -> usize {
        ((map * self.side + row) * self.side + column) * self.channels + channel
    }

    /// The same in the engine's layout.
    fn laid_out(&self, lanes: usize) -> (Buffer, Shape) {
        let shape = Shape::new(self.side, self.channels, lanes);
        let mut buffer = Buffer::new(shape.len * self.maps());
        for (at, value) in self.data.iter().enumerate() {
            let (pixel, channel) = (at / self.channels, at % self.channels);
            let (map, pixel) = (pixel / self.side.pow(2), pixel % self.side.pow(2));
            let to = map * shape.len + shape.at(pixel / self.side, pixel % self.side) + channel;
            buffer.values_mut()[to] = *value as f32;
        }
        (buffer, shape)
    }

    fn read(buffer: &Buffer, shape: Shape, maps: usize, channels: usize) -> Plain {
        let mut plain = Plain::zeros(maps, shape.side, channels);
        for map in 0..maps {
            for row in 0..shape.side {
                for column in 0..shape.side {
                    for channel in 0..channels {
                        let from = map * shape.len + shape.at(row, column) + channel;
                        let to = plain.at(map, row, column, channel);
                        plain.data[to] = f64::from(buffer.values()[from]);
                    }
                }
            }
        }
        plain
    }

    /// |self - other| / |other| in Euclidean length.
    fn error(&self, other: &Plain) -> f64 {
        let length = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>();
        let apart = length(&mut self.data.iter().zip(&other.data).map(|(a, b)| a - b));
        (apart / length(&mut other.data.iter().copied()).max(1e-300)).sqrt()
    }
}

/// Every pair of pixels that a kernel's tap connects: calls back with the
/// positions of input, output and weight.
fn connections(
    folded: &Folded,
    stride: usize,
    (input, output): (&Plain, &Plain),
    mut each: impl FnMut(usize, usize, usize),
) {
    let [outputs, inputs, side] = folded.shape;
    for map in 0..output.maps() {
        for row in 0..output.side {
            for column in 0..output.side {
                for tap in 0..side * side {
                    let from = (row * stride + tap / side).wrapping_sub(side / 2);
                    let across = (column * stride + tap % side).wrapping_sub(side / 2);
                    if from >= input.side || across >= input.side {
                        continue;
                    }
                    for out in 0..outputs {
                        for channel in 0..inputs {
                            each(
                                input.at(map, from, across, channel),
                                output.at(map, row, column, out),
                                (out * inputs + channel) * side * side + tap,
                            );
                        }
                    }
                }
            }
        }
    }
}

fn forward(folded: &Folded, stride: usize, input: &Plain) -> Plain {
    let mut output = Plain::zeros(input.maps(), (input.side - 1) / stride + 1, folded.shape[0]);
    let channels = output.channels;
    for (at, value) in output.data.iter_mut().enumerate() {
        *value = f64::from(folded.bias[at % channels]);
    }
    let shape = output.clone();
    let weights = folded.weights();
    connections(folded, stride, (input, &shape), |from, to, weight| {
        output.data[to] += input.data[from] * f64::from(weights[weight]);
    });
    output
}

fn backward(folded: &Folded, stride: usize, gradient: &Plain, side: usize) -> Plain {
    let mut input = Plain::zeros(gradient.maps(), side, folded.shape[1]);
    let shape = input.clone();
    let weights = folded.weights();
    connections(folded, stride, (&shape, gradient), |to, from, weight| {
        input.data[to] += gradient.data[from] * f64::from(weights[weight]);
    });
    input
}

/// Memory for one convolution by one member.
struct Memory {
    points: Buffer,
    products: Buffer,
}

impl Memory {
    fn new(kernels: &Kernels, shapes: [Shape; 2], maps: usize) -> Memory {
        let points = shapes.map(|shape| shared_points_len(shape, maps));
        let side = shapes[0].side.max(shapes[1].side);
        Memory {
            points: Buffer::new(points[0].max(points[1])),
            products: Buffer::new(products_len(kernels, side)),
        }
    }

    fn scratch(&mut self) -> Scratch {
        Scratch {
            points: self.points.first_mut(),
            points_len: self.points.len(),
            products: self.products.first_mut(),
            weights: std::ptr::null_mut(),
        }
    }
}

fn maps(buffer: &mut Buffer, shape: Shape) -> Maps {
    Maps { first: buffer.first_mut(), shape }
}

const SPLITS: [Split; 2] = [Split::Rows, Split::Channels];
const PURPOSE: Purpose = Purpose { px: 32, at_once: 1, gradient: true, passing: false };
const ALGORITHMS: [Algorithm; 3] = [Algorithm::Direct, Algorithm::Four, Algorithm::Two];

#[test]
fn convolutions_of_stride_1_are_plain_ones() {
    let mut rng = rng();
    for kernels in Kernels::all() {
        for (side, inputs, outputs) in [(1, 8, 8), (2, 4, 24), (5, 24, 8), (7, 64, 40), (9, 8, 8)] {
            let folded = folded([outputs, inputs, 3], &mut rng);
            let input = Plain::of_chance(2, side, inputs, &mut rng);
            let gradient = Plain::of_chance(2, side, outputs, &mut rng);
            let expected = [forward(&folded, 1, &input), backward(&folded, 1, &gradient, side)];
            for algorithm in ALGORITHMS {
                let square = Square::by(&folded, 1, algorithm, PURPOSE, kernels);
                for split in SPLITS {
                    let found = [
                        run(kernels, &input, side, outputs, |step, scratch| {
                            // SAFETY: `run` makes room for everything.
                            unsafe { square.forward(step, split, scratch) }
                        }),
                        run(kernels, &gradient, side, inputs, |step, scratch| {
                            // SAFETY: as above.
                            unsafe { square.backward(&step, false, split, scratch) }
                        }),
                    ];
                    for (found, expected) in found.iter().zip(&expected) {
                        let error = found.error(expected);
                        assert!(
                            error < 2e-6,
                            "{kernels:?} {algorithm:?} {split:?} side {side}: {error}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn convolutions_of_stride_2_are_plain_ones() {
    let mut rng = rng();
    for kernels in Kernels::all() {
        for (side, inputs, outputs) in [(1, 8, 16), (2, 8, 8), (7, 8, 24), (8, 40, 16), (13, 4, 8)]
        {
            let half = (side - 1) / 2 + 1;
            let [square, point] = [3, 1].map(|side| folded([outputs, inputs, side], &mut rng));
            let input = Plain::of_chance(2, side, inputs, &mut rng);
            let gradient = Plain::of_chance(2, half, outputs, &mut rng);
            let purpose = Purpose { px: 32, at_once: 1, gradient: true, passing: false };
            let layer = Square::by(&square, 2, Algorithm::Direct, purpose, kernels);
            let skip = Point::new(&point, purpose, kernels);
            for split in SPLITS {
                // SAFETY (all): `run` makes room for everything.
                let found = run(kernels, &input, half, outputs, |step, scratch| unsafe {
                    layer.forward(step, split, scratch);
                });
                assert!(found.error(&forward(&square, 2, &input)) < 2e-6, "{kernels:?} {side}");
                let found = run(kernels, &input, half, outputs, |step, scratch| unsafe {
                    skip.forward(step, split, scratch);
                });
                assert!(found.error(&forward(&point, 2, &input)) < 2e-6, "{kernels:?} {side}");
                // Both gradients meet at the input.
                let found = run(kernels, &gradient, side, inputs, |step, scratch| unsafe {
                    layer.backward(&step, true, split, scratch);
                    skip.backward(step, split, scratch);
                });
                let mut expected = backward(&square, 2, &gradient, side);
                let other = backward(&point, 2, &gradient, side);
                expected.data.iter_mut().zip(other.data).for_each(|(sum, value)| *sum += value);
                assert!(found.error(&expected) < 2e-6, "{kernels:?} {side}");
            }
        }
    }
}

/// Runs one convolution of all maps by a team of one.
fn run(
    kernels: &'static Kernels,
    input: &Plain,
    side: usize,
    channels: usize,
    work: impl FnOnce(Step<'_>, &Scratch),
) -> Plain {
    let (mut from, shape) = input.laid_out(kernels.lanes);
    let (mut to, to_shape) = Plain::zeros(input.maps(), side, channels).laid_out(kernels.lanes);
    let mut memory = Memory::new(kernels, [shape, to_shape], input.maps());
    let step = Step {
        kernels,
        member: Member::ALONE,
        input: maps(&mut from, shape),
        output: maps(&mut to, to_shape),
        maps: 0..input.maps(),
        finishing: Finishing::default(),
    };
    work(step, &memory.scratch());
    Plain::read(&to, to_shape, input.maps(), channels)
}

#[test]
fn a_relu_saves_the_bits_that_its_gradient_keeps() {
    let mut rng = rng();
    for kernels in Kernels::all() {
        let (side, channels) = (6, 24);
        let folded = folded([channels, channels, 3], &mut rng);
        let input = Plain::of_chance(2, side, channels, &mut rng);
        let skip = Plain::of_chance(2, side, channels, &mut rng);
        let mut expected = forward(&folded, 1, &input);
        expected.data.iter_mut().zip(&skip.data).for_each(|(sum, value)| *sum += value);
        for algorithm in ALGORITHMS {
            let square = Square::by(&folded, 1, algorithm, PURPOSE, kernels);
            let (mut add, shape) = skip.laid_out(kernels.lanes);
            let mut bits = vec![0; 2 * shape.bit_len()];
            let saved = Bits { first: bits.as_mut_ptr(), step: shape.bit_len() };
            let found = run(kernels, &input, side, channels, |mut step, scratch| {
                step.finishing.relu = true;
                step.finishing.save = Some(saved);
                step.finishing.add = Some(maps(&mut add, shape));
                // SAFETY: `run` makes room for the rest.
                unsafe { square.forward(step, Split::Rows, scratch) };
            });
            let mut rectified = expected.clone();
            rectified.data.iter_mut().for_each(|value| *value = value.max(0.0));
            assert!(found.error(&rectified) < 2e-6, "{kernels:?} {algorithm:?}");

            let mut kept = backward(&folded, 1, &input, side);
            let found = run(kernels, &input, side, channels, |mut step, scratch| {
                step.finishing.keep = Some(saved);
                // SAFETY: as above.
                unsafe { square.backward(&step, false, Split::Rows, scratch) };
            });
            for (kept, value) in kept.data.iter_mut().zip(&expected.data) {
                *kept = if *value > 0.0 { *kept } else { 0.0 };
            }
            assert!(found.error(&kept) < 2e-6, "{kernels:?} {algorithm:?}");
        }
    }
}

fn backbone(width: usize, rng: &mut ChaCha8Rng) -> FoldedBackbone {
    let mut blocks = Vec::new();
    let mut before = width;
    for number in 0..8 {
        let channels = width << (number / 2);
        let down = (before != channels).then(|| folded([channels, before, 1], rng));
        blocks.push((
            folded([channels, before, 3], rng),
            folded([channels, channels, 3], rng),
            down,
        ));
        before = channels;
    }
    FoldedBackbone { stem: folded([width, 3, 7], rng), blocks }
}

/// Features and gradients of some images.
fn pass(backbone: &Backbone, images: &[&[f32]], px: usize, threads: usize) -> [Vec<f32>; 2] {
    let mut space = None;
    let mut features = vec![0.0; images.len() * backbone.features()];
    let mut crew = Crew::new(threads);
    backbone.forward(Start::Images(images), px, &mut crew, &mut space, &mut features);
    let gradient: Vec<f32> =
        (0..features.len()).map(|at| (at % backbone.features() % 7) as f32 - 3.0).collect();
    let mut at_images = vec![0.0; images.len() * 3 * px * px];
    backbone.backward(&gradient, px, &mut crew, &mut space, End::Images(&mut at_images));
    [features, at_images]
}

#[test]
fn threads_change_nothing_and_company_next_to_nothing() {
    let mut rng = rng();
    for (width, px) in [(8, 33), (16, 64)] {
        let folded = backbone(width, &mut rng);
        let images: Vec<Vec<f32>> = (0..5).map(|_| chance(3 * px * px, &mut rng)).collect();
        let images: Vec<&[f32]> = images.iter().map(Vec::as_slice).collect();
        for kernels in Kernels::all() {
            let purpose = Purpose { px, at_once: 5, gradient: true, passing: false };
            let backbone = Backbone::new(&folded, purpose, kernels);
            let alone = pass(&backbone, &images, px, 1);
            for threads in [2, 3] {
                assert!(pass(&backbone, &images, px, threads) == alone, "{kernels:?} {threads}");
            }
            for (image, number) in images.chunks(1).zip(0..) {
                let one = pass(&backbone, image, px, 2);
                for (one, all) in one.iter().zip(&alone) {
                    let all = &all[number * one.len()..][..one.len()];
                    assert!(one == all, "{kernels:?} image {number}");
                }
            }
        }
    }
}

#[test]
fn entries_of_the_table_agree() {
    let mut rng = rng();
    let px = 40;
    let folded = backbone(8, &mut rng);
    let image = chance(3 * px * px, &mut rng);
    let purpose = Purpose { px, at_once: 1, gradient: true, passing: false };
    let features = |kernels| pass(&Backbone::new(&folded, purpose, kernels), &[&image], px, 1);
    let [first, _] = features(Kernels::all()[0]);
    let largest = first.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
    for kernels in Kernels::all() {
        let [other, _] = features(kernels);
        for (one, other) in first.iter().zip(&other) {
            assert!((one - other).abs() < 1e-5 * largest, "{kernels:?}: {one} {other}");
        }
    }
}

#[test]
fn a_path_is_its_points_one_by_one() {
    let mut rng = rng();
    let px = 32;
    let folded = backbone(8, &mut rng);
    let image = chance(3 * px * px, &mut rng);
    let (alphas, weights) = ([0.25, 1.0], [0.5, 2.0]);
    for kernels in Kernels::all() {
        let purpose = Purpose { px, at_once: 2, gradient: true, passing: false };
        let backbone = Backbone::new(&folded, purpose, kernels);
        let mut space = None;
        let stem = backbone.stem_sums(&image, px, &mut space);
        let mut features = vec![0.0; 2 * backbone.features()];
        backbone.forward(
            Start::Path(&stem, &alphas),
            px,
            &mut Crew::new(1),
            &mut space,
            &mut features,
        );
        let gradient = vec![1.0; features.len()];
        let mut sums = vec![0.0; stem.len()];
        backbone.backward(
            &gradient,
            px,
            &mut Crew::new(1),
            &mut space,
            End::Sums(&mut sums, &weights),
        );
        let mut found = vec![0.0; image.len()];
        backbone.image_gradient(&sums, px, &mut space, &mut found);

        let mut expected = vec![0.0; image.len()];
        for (point, (&alpha, &weight)) in alphas.iter().zip(&weights).enumerate() {
            let scaled: Vec<f32> = image.iter().map(|value| alpha * value).collect();
            let mut own = vec![0.0; backbone.features()];
            let mut space = None;
            backbone.forward(
                Start::Images(&[&scaled]),
                px,
                &mut Crew::new(1),
                &mut space,
                &mut own,
            );
            for (own, all) in own.iter().zip(&features[point * own.len()..]) {
                assert!((own - all).abs() < 1e-5, "{kernels:?}: {own} {all}");
            }
            let mut at_image = vec![0.0; image.len()];
            let gradient = vec![1.0; own.len()];
            backbone.backward(
                &gradient,
                px,
                &mut Crew::new(1),
                &mut space,
                End::Images(&mut at_image),
            );
            expected.iter_mut().zip(&at_image).for_each(|(sum, value)| *sum += weight * value);
        }
        let length = |values: &[f32]| values.iter().map(|value| value * value).sum::<f32>().sqrt();
        let apart: Vec<f32> = found.iter().zip(&expected).map(|(a, b)| a - b).collect();
        // A sum near zero may pass its ReLU in one and not in the other.
        assert!(length(&apart) < 1e-2 * length(&expected), "{kernels:?}");
    }
}

#[test]
fn members_share_convolutions_of_both_kinds() {
    let mut rng = rng();
    let (side, channels) = (9, 40);
    let folded = folded([channels, channels, 3], &mut rng);
    let input = Plain::of_chance(3, side, channels, &mut rng);
    let expected = forward(&folded, 1, &input);
    for kernels in Kernels::all() {
        for algorithm in ALGORITHMS {
            let square = Square::by(&folded, 1, algorithm, PURPOSE, kernels);
            for split in SPLITS {
                let (mut from, shape) = input.laid_out(kernels.lanes);
                let (mut to, _) = Plain::zeros(3, side, channels).laid_out(kernels.lanes);
                let mut memories: Vec<Memory> =
                    (0..3).map(|_| Memory::new(kernels, [shape; 2], 3)).collect();
                let scratch: Vec<Scratch> = memories.iter_mut().map(Memory::scratch).collect();
                let all = Addresses {
                    input: maps(&mut from, shape),
                    output: maps(&mut to, shape),
                    scratch,
                };
                Crew::new(3).together(|member| {
                    let all = &all;
                    // Members that split channels share the transformed input.
                    let owner = if split == Split::Rows { member.rank } else { 0 };
                    let Scratch { points, points_len, .. } = all.scratch[owner];
                    let Scratch { products, weights, .. } = all.scratch[member.rank];
                    let scratch = Scratch { points, points_len, products, weights };
                    let step = Step {
                        kernels,
                        member,
                        input: all.input,
                        output: all.output,
                        maps: 0..3,
                        finishing: Finishing::default(),
                    };
                    // SAFETY: every member has products of its own.
                    unsafe { square.forward(step, split, &scratch) };
                });
                let found = Plain::read(&to, shape, 3, channels);
                assert!(found.error(&expected) < 2e-6, "{kernels:?} {algorithm:?} {split:?}");
            }
        }
    }
}

/// What members of a team read and write.
struct Addresses {
    input: Maps,
    output: Maps,
    scratch: Vec<Scratch>,
}

// SAFETY: members write disjoint parts.
unsafe impl Sync for Addresses {}

#[test]
fn weights_that_pass_are_those_that_stay() {
    let mut rng = rng();
    let px = 32;
    // Wide enough that the last stages' weights are unpacked during the pass.
    let folded = backbone(40, &mut rng);
    let image = chance(3 * px * px, &mut rng);
    for kernels in Kernels::all().into_iter().filter(|kernels| kernels.name != "scalar") {
        for at_once in [1, 8] {
            let features = |passing| {
                let purpose = Purpose { px, at_once, gradient: false, passing };
                let backbone = Backbone::new(&folded, purpose, kernels);
                let mut features = vec![0.0; backbone.features()];
                let start = Start::Images(&[&image]);
                backbone.forward(start, px, &mut Crew::new(2), &mut None, &mut features);
                features
            };
            assert!(features(true) == features(false), "{kernels:?}, {at_once} at once");
        }
    }
}
