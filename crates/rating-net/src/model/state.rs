//! A training's state as bytes: weights, both moments, steps taken.
//!
//! A safetensors file with sorted names and no metadata, so equal states are
//! equal bytes. Everything is kept as it is in memory, and a restored
//! training goes on with the same bits.

use std::collections::BTreeMap;

use rating::Problem;
use rating_frozen::weights::{Array, Weights};
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};

const FIRST: &str = "adam.first.";
const SECOND: &str = "adam.second.";
const STEPS: &str = "adam.steps";

/// A training's state on the host.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct State {
    pub weights: Weights,
    pub first: Weights,
    pub second: Weights,
    pub steps: u64,
}

impl State {
    /// The state as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let parts = [("", &self.weights), (FIRST, &self.first), (SECOND, &self.second)];
        let mut tensors = BTreeMap::new();
        for (prefix, arrays) in parts {
            for (name, array) in arrays {
                let bytes: Vec<u8> =
                    array.data.iter().flat_map(|value| value.to_le_bytes()).collect();
                tensors.insert(format!("{prefix}{name}"), (Dtype::F32, array.shape.clone(), bytes));
            }
        }
        let steps = self.steps.to_le_bytes().to_vec();
        tensors.insert(STEPS.to_owned(), (Dtype::U64, Vec::new(), steps));
        let views = tensors.iter().map(|(name, (dtype, shape, bytes))| {
            let view = TensorView::new(*dtype, shape.clone(), bytes);
            (name, view.unwrap_or_else(|error| unreachable!("{name}: {error}")))
        });
        serialize(views, None).unwrap_or_else(|error| unreachable!("a state: {error}"))
    }

    /// The state these bytes hold, for a network with these weights.
    ///
    /// # Errors
    /// When the bytes are not such a state, or one of another network.
    pub fn from_bytes(bytes: &[u8], like: &Weights) -> Result<State, Problem> {
        let tensors = SafeTensors::deserialize(bytes)
            .map_err(|error| damaged(&format!("cannot be read: {error}")))?;
        let mut state = State {
            weights: Weights::new(),
            first: Weights::new(),
            second: Weights::new(),
            steps: 0,
        };
        for (name, view) in tensors.tensors() {
            if name == STEPS {
                let bytes = view.data().try_into().map_err(|_| damaged("has no step count"))?;
                state.steps = u64::from_le_bytes(bytes);
                continue;
            }
            let (arrays, name) = match (name.strip_prefix(FIRST), name.strip_prefix(SECOND)) {
                (Some(name), _) => (&mut state.first, name),
                (_, Some(name)) => (&mut state.second, name),
                _ => (&mut state.weights, name.as_str()),
            };
            let expected = like.get(name).map(|array| array.shape.as_slice());
            if expected != Some(view.shape()) || view.dtype() != Dtype::F32 {
                return Err(damaged(&format!("is of another network: {name} does not fit")));
            }
            let (values, _) = view.data().as_chunks::<4>();
            let data = values.iter().map(|value| f32::from_le_bytes(*value)).collect();
            arrays.insert(name.to_owned(), Array { shape: view.shape().to_vec(), data });
        }
        if !state.weights.keys().eq(like.keys()) || !state.first.keys().eq(state.second.keys()) {
            return Err(damaged("lacks some of the network's tensors"));
        }
        Ok(state)
    }
}

fn damaged(what: &str) -> Problem {
    Problem::new(format!("the saved training {what}"))
        .hint("delete it; the training then starts anew")
}
