//! The CPU's layers against Burn's, which anyone can read.

use burn::tensor::{Device, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::cpu::geometry::{UnitShape, Window};
use super::pass::{upload, values};
use super::{cpu, plain};

/// Deterministic values around zero.
fn drawn(count: usize, seed: u8) -> Vec<f32> {
    let mut rng = ChaCha8Rng::from_seed([seed; 32]);
    (0..count).map(|_| rng.random::<f32>() * 2.0 - 1.0).collect()
}

fn maps(data: Vec<f32>, shape: [usize; 4]) -> Tensor<4> {
    Tensor::from_data(TensorData::new(data, shape), &Device::flex()).autodiff().require_grad()
}

fn flat(data: Vec<f32>) -> Tensor<1> {
    upload(data, &Device::flex()).autodiff().require_grad()
}

fn assert_close(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(1e-3_f32, |largest, value| largest.max(value.abs()));
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= 2e-5 * largest, "{what}: {found} is not {expected}");
    }
}

/// From the CPU's layout to Burn's.
fn batch_first(maps: Tensor<4>) -> Tensor<4> {
    maps.permute([3, 0, 1, 2])
}

/// Output, statistics and every gradient of a unit, one after the other.
fn run_unit(shape: UnitShape, case: &Case, on_cpu: bool) -> Vec<(&'static str, Vec<f32>)> {
    let Case { batch, channels, out, height, width, .. } = *case;
    let side = shape.window.side;
    let input = maps(drawn(channels * height * width * batch, 1), [channels, height, width, batch]);
    let weight = flat(drawn(out * channels * side * side, 2));
    let (scale, shift) = (flat(drawn(out, 3)), flat(drawn(out, 4)));
    let height_out = (height + 2 * shape.window.padding - side) / shape.window.stride + 1;
    let width_out = (width + 2 * shape.window.padding - side) / shape.window.stride + 1;
    let shape_out = [out, height_out, width_out, batch];
    let count_out = shape_out.iter().product();
    let around = case.around.then(|| maps(drawn(count_out, 5), shape_out));
    let running = case.frozen.then(|| {
        let variance = drawn(out, 7).into_iter().map(|value| value.abs() + 0.5).collect();
        [drawn(out, 6), variance].map(|data| upload(data, &Device::flex()))
    });
    let weights = [weight.clone(), scale.clone(), shift.clone()];
    let (output, statistics) = if on_cpu {
        let (output, statistics) =
            cpu::unit(input.clone(), weights, around.clone(), shape, running);
        (batch_first(output), statistics)
    } else {
        let around = around.clone().map(batch_first);
        plain::unit(batch_first(input.clone()), weights, around, shape, running)
    };
    let direction = maps(drawn(count_out, 8), [batch, out, height_out, width_out]);
    let gradients = (output.clone() * direction.detach()).sum().backward();
    let mut found = vec![("output", values(output.inner()))];
    let [mean, variance] = statistics;
    found.extend([("mean", values(mean)), ("variance", values(variance))]);
    found.push(("input", values(input.grad(&gradients).unwrap())));
    for (name, tensor) in [("weight", weight), ("scale", scale), ("shift", shift)] {
        found.push((name, values(tensor.grad(&gradients).unwrap())));
    }
    if let Some(around) = around {
        found.push(("around", values(around.grad(&gradients).unwrap())));
    }
    found
}

#[derive(Debug, Clone, Copy)]
struct Case {
    batch: usize,
    channels: usize,
    out: usize,
    height: usize,
    width: usize,
    around: bool,
    frozen: bool,
}

#[test]
fn units_and_their_gradients_are_burns() {
    let base =
        Case { batch: 3, channels: 2, out: 5, height: 9, width: 9, around: false, frozen: false };
    let windows = [(3, 1, 1), (3, 2, 1), (7, 2, 3), (1, 2, 0), (1, 1, 0)];
    for (side, stride, padding) in windows {
        for case in [
            base,
            Case { around: true, ..base },
            Case { frozen: true, around: true, ..base },
            Case { batch: 16, channels: 8, out: 8, ..base },
            Case { height: 6, width: 11, ..base },
            Case { height: 2, width: 1, batch: 4, ..base },
        ] {
            for relu in [true, false] {
                let shape = UnitShape { window: Window { side, stride, padding }, relu };
                let found = run_unit(shape, &case, true);
                let expected = run_unit(shape, &case, false);
                for ((name, found), (_, expected)) in found.iter().zip(&expected) {
                    assert_close(found, expected, &format!("{name} of {shape:?} on {case:?}"));
                }
            }
        }
    }
}

#[test]
fn a_matrix_in_many_pieces_is_the_same_convolution() {
    // 576 x 8 x 40 values of columns a row: a piece is one or two rows.
    let case =
        Case { batch: 8, channels: 64, out: 3, height: 7, width: 40, around: false, frozen: false };
    let shape = UnitShape { window: Window { side: 3, stride: 1, padding: 1 }, relu: false };
    let (found, expected) = (run_unit(shape, &case, true), run_unit(shape, &case, false));
    for ((name, found), (_, expected)) in found.iter().zip(&expected) {
        assert_close(found, expected, name);
    }
}

#[test]
fn max_pooling_and_its_gradient_are_burns() {
    let window = Window { side: 3, stride: 2, padding: 1 };
    for (height, width) in [(8, 8), (7, 9), (1, 1)] {
        let run = |on_cpu: bool| {
            let input = maps(drawn(2 * height * width * 3, 1), [2, height, width, 3]);
            let output = if on_cpu {
                batch_first(cpu::max_pool(input.clone(), window))
            } else {
                plain::max_pool(batch_first(input.clone()), window)
            };
            let direction = maps(drawn(output.shape().num_elements(), 2), output.dims());
            let gradients = (output.clone() * direction.detach()).sum().backward();
            (values(output.inner()), values(input.grad(&gradients).unwrap()))
        };
        assert_eq!(run(true), run(false));
    }
}

#[test]
fn images_and_means_are_burns() {
    let images = upload(drawn(2 * 3 * 4 * 4, 1), &Device::flex());
    let found = cpu::from_images(images.clone(), 2, 4);
    let expected = plain::from_images(images, 2, 4);
    assert_eq!(values(batch_first(found.clone())), values(expected.clone()));
    let (found, expected) = (cpu::mean_over_pixels(found), plain::mean_over_pixels(expected));
    assert_close(&values(found), &values(expected), "means");
}
