//! Named tensors: what a file of weights holds, whatever its format.

mod f16;
mod mapped;
mod pickle;
mod pytorch;
mod safetensors;
mod state_dict;

use std::borrow::Cow;
use std::collections::BTreeMap;

use rating::Problem;

pub use f16::{round_to_f16, to_safetensors};
pub(crate) use mapped::{Halves, MappedWeights, map};

/// The tensors of a network under torchvision's names, sorted.
pub type Weights = BTreeMap<String, Array>;

/// One tensor in 32-bit floating point.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// Its sides, outermost first; empty for a single number.
    pub shape: Vec<usize>,
    /// Its values, the last side fastest.
    pub data: Vec<f32>,
}

impl Array {
    /// A tensor with as many values as its shape says.
    ///
    /// # Errors
    /// More or fewer values.
    pub fn new(shape: Vec<usize>, data: Vec<f32>) -> Result<Array, Problem> {
        let wanted = elements(&shape);
        if wanted != Some(data.len()) {
            return Err(Problem::new(format!(
                "{} values do not fill a tensor of shape {shape:?}",
                data.len()
            )));
        }
        Ok(Array { shape, data })
    }
}

/// Named tensors, wherever they are kept.
pub(crate) trait Tensors: Sync {
    /// The names of all.
    fn names(&self) -> Vec<&str>;
    /// The shape of one.
    fn shape(&self, name: &str) -> Option<&[usize]>;
    /// The values of one.
    fn values(&self, name: &str) -> Option<Cow<'_, [f32]>>;
    /// The 16-bit floats of one, where it is kept so.
    fn halves(&self, name: &str) -> Option<Halves>;
}

impl Tensors for Weights {
    fn names(&self) -> Vec<&str> {
        self.keys().map(String::as_str).collect()
    }

    fn shape(&self, name: &str) -> Option<&[usize]> {
        Some(&self.get(name)?.shape)
    }

    fn values(&self, name: &str) -> Option<Cow<'_, [f32]>> {
        Some(Cow::Borrowed(&self.get(name)?.data))
    }

    fn halves(&self, _name: &str) -> Option<Halves> {
        None
    }
}

/// Reads the weights in a file's bytes: `.safetensors` (32-, 64- and 16-bit
/// floats, bfloat16), or a PyTorch state dict in the zip format or in the
/// older one. The content decides, not the name of the file.
///
/// A state dict may stand inside a checkpoint under `state_dict`; the prefix
/// `module.` that data-parallel training leaves on every name is dropped, and
/// so are the `num_batches_tracked` counters, which no network needs.
///
/// # Errors
/// Any other content, damage, values that are not finite.
pub fn read(bytes: &[u8]) -> Result<Weights, Problem> {
    let weights = if bytes.starts_with(b"PK\x03\x04") {
        pytorch::read_zip(bytes)?
    } else if bytes.starts_with(&pytorch::LEGACY_MAGIC) {
        pytorch::read_legacy(bytes)?
    } else if bytes.get(8) == Some(&b'{') {
        safetensors::read(bytes)?
    } else {
        return Err(Problem::new("neither .safetensors nor a PyTorch state dict")
            .hint("in PyTorch: torch.save(network.state_dict(), FILE)"));
    };
    let weights = without_module_prefix(weights);
    check_finite(&weights)?;
    Ok(weights)
}

/// The type of a tensor's elements in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Element {
    F16,
    Bf16,
    F32,
    F64,
    /// Any integer, of this many bytes.
    Integer(usize),
}

impl Element {
    fn bytes(self) -> usize {
        match self {
            Element::F16 | Element::Bf16 => 2,
            Element::F32 => 4,
            Element::F64 => 8,
            Element::Integer(bytes) => bytes,
        }
    }

    /// The value in little-endian bytes; integers have none here.
    fn value(self, bytes: &[u8]) -> Option<f32> {
        Some(match self {
            Element::F16 => half::f16::from_le_bytes(bytes.try_into().ok()?).to_f32(),
            Element::Bf16 => half::bf16::from_le_bytes(bytes.try_into().ok()?).to_f32(),
            Element::F32 => f32::from_le_bytes(bytes.try_into().ok()?),
            Element::F64 => f64::from_le_bytes(bytes.try_into().ok()?) as f32,
            Element::Integer(_) => return None,
        })
    }
}

/// Counters of training steps, integers that evaluation never reads.
fn is_counter(name: &str) -> bool {
    name.ends_with("num_batches_tracked")
}

/// The number of values in a shape, `None` where it overflows.
fn elements(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1_usize, |total, &side| total.checked_mul(side))
}

fn not_floating(name: &str) -> Problem {
    Problem::new(format!("tensor {name} holds integers, weights are floating-point"))
}

fn without_module_prefix(weights: Weights) -> Weights {
    if weights.is_empty() || !weights.keys().all(|name| name.starts_with("module.")) {
        return weights;
    }
    let shorter = |name: String| name["module.".len()..].to_owned();
    weights.into_iter().map(|(name, array)| (shorter(name), array)).collect()
}

/// Refuses values that are not finite.
pub(crate) fn check_finite(weights: &Weights) -> Result<(), Problem> {
    for (name, array) in weights {
        if let Some(position) = array.data.iter().position(|value| !value.is_finite()) {
            return Err(Problem::new(format!(
                "tensor {name} holds {} at position {position}",
                array.data[position]
            ))
            .hint("the training that wrote it diverged; train again with a lower learning rate"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_on_every_name_goes() {
        let array = Array::new(vec![1], vec![0.0]).unwrap();
        let weights: Weights =
            [("module.a".to_owned(), array.clone()), ("module.b".to_owned(), array.clone())].into();
        let names: Vec<String> = without_module_prefix(weights).into_keys().collect();
        assert_eq!(names, ["a", "b"]);
        let mixed: Weights =
            [("module.a".to_owned(), array.clone()), ("b".to_owned(), array)].into();
        assert_eq!(without_module_prefix(mixed.clone()), mixed);
    }

    #[test]
    fn a_value_that_is_not_finite_names_its_tensor() {
        let array = Array::new(vec![2], vec![0.0, f32::NAN]).unwrap();
        let problem = check_finite(&[("fc.weight".to_owned(), array)].into()).unwrap_err();
        assert!(problem.to_string().contains("fc.weight holds NaN at position 1"), "{problem}");
    }

    #[test]
    fn other_files_are_refused_with_advice() {
        for bytes in [&b""[..], b"hello", b"PK\x03\x04", b"\x80\x02}."] {
            assert!(read(bytes).is_err());
        }
        assert!(read(b"hello").unwrap_err().to_string().contains("torch.save"));
    }

    #[test]
    fn a_shape_needs_its_number_of_values() {
        assert!(Array::new(vec![2, 3], vec![0.0; 6]).is_ok());
        assert!(Array::new(vec![2, 3], vec![0.0; 5]).is_err());
        assert!(Array::new(vec![usize::MAX, 2], vec![]).is_err());
    }
}
