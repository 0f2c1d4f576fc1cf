//! Weights for a bundle: half precision where it costs nothing.
//!
//! Convolution and linear weights are most of a network and bear rounding to
//! 16 bits; batch-norm parameters, running statistics and biases stay as they
//! are. Rounding comes before thresholds and validation figures are computed,
//! so that what is scored later is what was measured.

use half::f16;
use rating::Problem;
use safetensors::{Dtype, tensor::TensorView};

use super::{Array, Weights};

/// Rounds convolution and linear weights to the nearest 16-bit float.
///
/// # Errors
/// A weight beyond +-65,504, the largest 16-bit float.
pub fn round_to_f16(weights: &mut Weights) -> Result<(), Problem> {
    for (name, array) in weights.iter_mut().filter(|(name, array)| is_halved(name, array)) {
        for value in &mut array.data {
            *value = halved(name, *value)?.to_f32();
        }
    }
    Ok(())
}

/// The weights as a `.safetensors` file: 16 bits for convolution and linear
/// weights, 32 for the rest. Equal weights give equal bytes.
///
/// # Errors
/// A weight beyond the largest 16-bit float, or more than the format holds.
pub fn to_safetensors(weights: &Weights) -> Result<Vec<u8>, Problem> {
    let mut stored = Vec::with_capacity(weights.len());
    for (name, array) in weights {
        let (element, bytes) = encoded(name, array)?;
        stored.push((name, element, &array.shape, bytes));
    }
    let views: Result<Vec<_>, _> = stored
        .iter()
        .map(|(name, element, shape, bytes)| {
            TensorView::new(*element, (*shape).clone(), bytes).map(|view| (name.as_str(), view))
        })
        .collect();
    // No metadata: the format keeps it in a hash map, whose order is random.
    views
        .and_then(|views| safetensors::serialize(views, None))
        .map_err(|error| Problem::new(format!("cannot be written as .safetensors: {error}")))
}

/// Whether a tensor is stored in half precision.
fn is_halved(name: &str, array: &Array) -> bool {
    name.ends_with(".weight") && array.shape.len() >= 2
}

fn halved(name: &str, value: f32) -> Result<f16, Problem> {
    let rounded = f16::from_f32(value);
    if rounded.is_finite() {
        return Ok(rounded);
    }
    Err(Problem::new(format!("tensor {name} holds {value}, too large for a 16-bit float"))
        .hint("the training diverged; train again with a lower learning rate"))
}

fn encoded(name: &str, array: &Array) -> Result<(Dtype, Vec<u8>), Problem> {
    if !is_halved(name, array) {
        return Ok((Dtype::F32, array.data.iter().flat_map(|value| value.to_le_bytes()).collect()));
    }
    let mut bytes = Vec::with_capacity(array.data.len() * 2);
    for &value in &array.data {
        bytes.extend(halved(name, value)?.to_le_bytes());
    }
    Ok((Dtype::F16, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::read;

    fn example() -> Weights {
        let array = |shape: &[usize], first: f32| {
            let count: usize = shape.iter().product();
            let data = (0..count).map(|index| first + index as f32 / 3.0).collect();
            Array::new(shape.to_vec(), data).unwrap()
        };
        [
            ("conv1.weight".to_owned(), array(&[2, 3, 1, 1], 0.1)),
            ("bn1.weight".to_owned(), array(&[2], 0.1)),
            ("fc.bias".to_owned(), array(&[2], 0.2)),
        ]
        .into()
    }

    #[test]
    fn only_convolution_and_linear_weights_are_rounded() {
        let mut rounded = example();
        round_to_f16(&mut rounded).unwrap();
        assert_ne!(rounded["conv1.weight"], example()["conv1.weight"]);
        assert_eq!(rounded["bn1.weight"], example()["bn1.weight"]);
        assert_eq!(rounded["fc.bias"], example()["fc.bias"]);
        assert_eq!(rounded["conv1.weight"].data[0], f16::from_f32(0.1).to_f32());
    }

    #[test]
    fn rounded_weights_survive_their_file() {
        let mut weights = example();
        round_to_f16(&mut weights).unwrap();
        let bytes = to_safetensors(&weights).unwrap();
        assert_eq!(read(&bytes).unwrap(), weights);
        assert_eq!(to_safetensors(&read(&bytes).unwrap()).unwrap(), bytes);
    }

    #[test]
    fn what_half_precision_cannot_hold_is_refused() {
        let mut weights = example();
        weights.get_mut("conv1.weight").unwrap().data[1] = 70_000.0;
        assert!(to_safetensors(&weights).is_err());
        let problem = round_to_f16(&mut weights).unwrap_err();
        assert!(problem.to_string().contains("conv1.weight holds 70000"), "{problem}");
    }
}
