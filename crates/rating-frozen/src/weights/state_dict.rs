//! From a pickled state dict and its storages to weights.

use std::collections::{BTreeMap, BTreeSet};

use rating::Problem;

use super::pickle::{Pickle, Tensor, Value};
use super::{Array, Element, Weights, elements, is_counter, not_floating};

/// Keys under which training scripts keep a state dict in a checkpoint.
const CHECKPOINT_KEYS: [&str; 4] = ["state_dict", "model_state_dict", "model", "net"];

/// How deep a state dict may stand in a checkpoint.
const MOST_LEVELS: usize = 4;

/// The raw bytes of each storage, by key.
pub(super) type Storages<'a> = BTreeMap<String, std::borrow::Cow<'a, [u8]>>;

/// A state dict: names and tensors, before their bytes are looked at.
pub(super) struct StateDict<'p, 'a> {
    tensors: Vec<(&'a str, &'p Tensor<'a>)>,
}

impl<'p, 'a> StateDict<'p, 'a> {
    /// Finds the state dict in a pickle, itself or inside a checkpoint.
    pub(super) fn find(pickle: &'p Pickle<'a>) -> Result<StateDict<'p, 'a>, Problem> {
        let mut entries = pickle.entries(pickle.root).ok_or_else(no_state_dict)?;
        for _ in 0..MOST_LEVELS {
            let nested = entries.iter().find_map(|(key, value)| match key {
                Value::Text(key) if CHECKPOINT_KEYS.contains(key) => pickle.entries(*value),
                _ => None,
            });
            let Some(nested) = nested else { break };
            entries = nested;
        }
        let tensors: Result<Vec<_>, Problem> =
            entries.into_iter().map(|(key, value)| entry(pickle, key, value)).collect();
        let tensors = tensors?;
        if tensors.is_empty() {
            return Err(no_state_dict());
        }
        Ok(StateDict { tensors })
    }

    /// The tensors with their values.
    ///
    /// Tensors that share a storage may not add up to more values than the
    /// file has bytes: a small file cannot ask for much memory.
    pub(super) fn weights(
        &self,
        storages: &Storages<'_>,
        file_bytes: usize,
    ) -> Result<Weights, Problem> {
        let mut left = file_bytes;
        let mut weights = Weights::new();
        for &(name, tensor) in self.tensors.iter().filter(|(name, _)| !is_counter(name)) {
            let count = elements(&tensor.shape).unwrap_or(usize::MAX);
            left = left.checked_sub(count).ok_or_else(|| damaged(name))?;
            let storage = storages.get(tensor.storage.key).ok_or_else(|| damaged(name))?;
            if weights.insert(name.to_owned(), array(name, tensor, storage)?).is_some() {
                return Err(Problem::new(format!("tensor {name} stands twice")));
            }
        }
        Ok(weights)
    }

    /// The keys of the storages behind these tensors.
    pub(super) fn storage_keys(&self) -> BTreeSet<&'a str> {
        self.tensors.iter().map(|(_, tensor)| tensor.storage.key).collect()
    }
}

fn no_state_dict() -> Problem {
    Problem::new("PyTorch file without a state dict")
        .hint("in PyTorch: torch.save(network.state_dict(), FILE)")
}

fn damaged(name: &str) -> Problem {
    Problem::new(format!("damaged PyTorch file: tensor {name} reaches beyond its storage"))
}

fn entry<'p, 'a>(
    pickle: &'p Pickle<'a>,
    key: Value<'a>,
    value: Value<'a>,
) -> Result<(&'a str, &'p Tensor<'a>), Problem> {
    let Value::Text(name) = key else {
        return Err(no_state_dict());
    };
    let tensor = pickle.tensor(value).ok_or_else(|| {
        Problem::new(format!("{name} in the state dict is not a tensor"))
            .hint("in PyTorch: torch.save(network.state_dict(), FILE)")
    })?;
    Ok((name, tensor))
}

fn array(name: &str, tensor: &Tensor<'_>, storage: &[u8]) -> Result<Array, Problem> {
    let element = tensor.storage.element;
    if let Element::Integer(_) = element {
        return Err(not_floating(name));
    }
    if tensor.strides.len() != tensor.shape.len() {
        return Err(damaged(name));
    }
    let value = |position: usize| {
        let start = position.checked_mul(element.bytes())?;
        element.value(storage.get(start..start.checked_add(element.bytes())?)?)
    };
    let positions = Positions::new(tensor).ok_or_else(|| damaged(name))?;
    let data: Option<Vec<f32>> = positions.map(value).collect();
    Array::new(tensor.shape.clone(), data.ok_or_else(|| damaged(name))?)
}

/// The positions of a tensor's elements in its storage, last side fastest.
struct Positions<'t> {
    shape: &'t [usize],
    strides: &'t [usize],
    index: Vec<usize>,
    position: usize,
    left: usize,
}

impl<'t> Positions<'t> {
    /// `None` where a position would overflow.
    fn new(tensor: &'t Tensor<'_>) -> Option<Positions<'t>> {
        let (shape, strides) = (tensor.shape.as_slice(), tensor.strides.as_slice());
        let mut last = tensor.offset;
        for (&side, &stride) in shape.iter().zip(strides) {
            last = last.checked_add(side.saturating_sub(1).checked_mul(stride)?)?;
        }
        let index = vec![0; shape.len()];
        Some(Positions { shape, strides, index, position: tensor.offset, left: elements(shape)? })
    }

    fn advance(&mut self) {
        for side in (0..self.shape.len()).rev() {
            self.index[side] += 1;
            self.position = self.position.wrapping_add(self.strides[side]);
            if self.index[side] < self.shape[side] {
                return;
            }
            // Back to where this side began; a step too far may have wrapped.
            let walked = self.strides[side].wrapping_mul(self.shape[side]);
            self.position = self.position.wrapping_sub(walked);
            self.index[side] = 0;
        }
    }
}

impl Iterator for Positions<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        self.left = self.left.checked_sub(1)?;
        let position = self.position;
        self.advance();
        Some(position)
    }
}

#[cfg(test)]
mod tests {
    use super::super::pickle::Storage;
    use super::*;

    fn tensor(offset: usize, shape: &[usize], strides: &[usize]) -> Tensor<'static> {
        Tensor {
            storage: Storage { element: Element::F32, key: "0" },
            offset,
            shape: shape.to_vec(),
            strides: strides.to_vec(),
        }
    }

    #[test]
    fn strides_are_followed() {
        let positions =
            |tensor: Tensor<'static>| Positions::new(&tensor).unwrap().collect::<Vec<_>>();
        assert_eq!(positions(tensor(0, &[2, 3], &[3, 1])), [0, 1, 2, 3, 4, 5]);
        // The transposed matrix shares the storage.
        assert_eq!(positions(tensor(0, &[3, 2], &[1, 3])), [0, 3, 1, 4, 2, 5]);
        assert_eq!(positions(tensor(4, &[], &[])), [4]);
        assert_eq!(positions(tensor(0, &[0, 3], &[3, 1])), [0_usize; 0]);
    }

    #[test]
    fn a_window_beyond_the_storage_is_refused() {
        let storage: Vec<u8> = [1.0_f32; 6].iter().flat_map(|value| value.to_le_bytes()).collect();
        assert!(array("a", &tensor(0, &[6], &[1]), &storage).is_ok());
        for wrong in [
            tensor(1, &[6], &[1]),
            tensor(0, &[7], &[1]),
            tensor(0, &[2], &[usize::MAX]),
            tensor(usize::MAX, &[1], &[1]),
            tensor(0, &[2, 3], &[3]),
        ] {
            assert!(array("a", &wrong, &storage).is_err(), "{wrong:?}");
        }
    }
}
