//! The `.safetensors` format, through its own library.

use rating::Problem;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use super::{Array, Element, Weights, is_counter, not_floating};

/// Reads every tensor of a `.safetensors` file.
pub(super) fn read(bytes: &[u8]) -> Result<Weights, Problem> {
    let file = SafeTensors::deserialize(bytes)
        .map_err(|error| Problem::new(format!("damaged .safetensors file: {error}")))?;
    let wanted = file.iter().filter(|(name, _)| !is_counter(name));
    let read = |(name, view): (&str, TensorView<'_>)| {
        let element = element(name, view.dtype())?;
        Ok((name.to_owned(), array(name, element, view.shape(), view.data())?))
    };
    wanted.map(read).collect()
}

/// The type of a tensor's elements, where it is a floating one.
pub(super) fn element(name: &str, dtype: Dtype) -> Result<Element, Problem> {
    match dtype {
        Dtype::F16 => Ok(Element::F16),
        Dtype::BF16 => Ok(Element::Bf16),
        Dtype::F32 => Ok(Element::F32),
        Dtype::F64 => Ok(Element::F64),
        _ => Err(not_floating(name)),
    }
}

/// A tensor of these bytes.
pub(super) fn array(
    name: &str,
    element: Element,
    shape: &[usize],
    bytes: &[u8],
) -> Result<Array, Problem> {
    let values = bytes.chunks_exact(element.bytes());
    let data = values.filter_map(|bytes| element.value(bytes)).collect();
    Array::new(shape.to_vec(), data)
        .map_err(|problem| Problem { what: format!("tensor {name}: {}", problem.what), ..problem })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with one tensor of two values.
    fn file(name: &str, dtype: Dtype, bytes: &[u8]) -> Vec<u8> {
        let view = TensorView::new(dtype, vec![2], bytes).unwrap();
        safetensors::serialize([(name, view)], None).unwrap()
    }

    #[test]
    fn every_floating_type_is_read() {
        let bytes_of = |element: Element| -> Vec<u8> {
            let values = [1.5_f32, -0.25];
            match element {
                Element::F16 => values.map(|v| half::f16::from_f32(v).to_le_bytes()).concat(),
                Element::Bf16 => values.map(|v| half::bf16::from_f32(v).to_le_bytes()).concat(),
                Element::F64 => values.map(|v| f64::from(v).to_le_bytes()).concat(),
                _ => values.map(f32::to_le_bytes).concat(),
            }
        };
        for (dtype, element) in [
            (Dtype::F16, Element::F16),
            (Dtype::BF16, Element::Bf16),
            (Dtype::F32, Element::F32),
            (Dtype::F64, Element::F64),
        ] {
            let weights = read(&file("a", dtype, &bytes_of(element))).unwrap();
            assert_eq!(weights["a"].data, [1.5, -0.25], "{dtype:?}");
        }
    }

    #[test]
    fn integers_are_refused_but_for_counters() {
        let problem = read(&file("fc.weight", Dtype::I64, &[0; 16])).unwrap_err();
        assert!(problem.to_string().contains("fc.weight holds integers"), "{problem}");
        assert!(read(&file("bn1.num_batches_tracked", Dtype::I64, &[0; 16])).unwrap().is_empty());
    }
}
