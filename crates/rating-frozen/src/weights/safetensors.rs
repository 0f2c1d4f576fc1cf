//! The `.safetensors` format, through its own library.

use rating::Problem;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use super::{Array, Element, Weights, is_counter, not_floating};

/// Reads every tensor of a `.safetensors` file.
pub(super) fn read(bytes: &[u8]) -> Result<Weights, Problem> {
    let file = SafeTensors::deserialize(bytes)
        .map_err(|error| Problem::new(format!("damaged .safetensors file: {error}")))?;
    let wanted = file.iter().filter(|(name, _)| !is_counter(name));
    wanted.map(|(name, view)| Ok((name.to_owned(), array(name, &view)?))).collect()
}

fn array(name: &str, view: &TensorView<'_>) -> Result<Array, Problem> {
    let element = match view.dtype() {
        Dtype::F16 => Element::F16,
        Dtype::BF16 => Element::Bf16,
        Dtype::F32 => Element::F32,
        Dtype::F64 => Element::F64,
        _ => return Err(not_floating(name)),
    };
    let values = view.data().chunks_exact(element.bytes());
    let data = values.filter_map(|bytes| element.value(bytes)).collect();
    Array::new(view.shape().to_vec(), data)
        .map_err(|problem| Problem { what: format!("tensor {name}: {}", problem.what), ..problem })
}
