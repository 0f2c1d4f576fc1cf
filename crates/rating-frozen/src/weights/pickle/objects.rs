//! Objects that state dicts name: dictionaries, storages, tensors.

use rating::Problem;

use super::machine::Machine;
use super::{Storage, Tensor, Value, damaged, refused};
use crate::weights::Element;

/// Most sides of a tensor; convolutions have four.
const MOST_SIDES: usize = 8;

impl<'a> Machine<'a> {
    pub(super) fn global(&mut self) -> Result<(), Problem> {
        let (module, name) = (self.line()?, self.line()?);
        self.push_name(module, name)
    }

    pub(super) fn stack_global(&mut self) -> Result<(), Problem> {
        let (name, module) = (self.pop()?, self.pop()?);
        match (module, name) {
            (Value::Text(module), Value::Text(name)) => self.push_name(module, name),
            _ => Err(damaged()),
        }
    }

    /// Names are only compared, never looked up.
    fn push_name(&mut self, module: &'a str, name: &'a str) -> Result<(), Problem> {
        if builder(module, name).is_none() && storage_element(module, name).is_none() {
            return Err(refused(format_args!("a Python object of type {module}.{name}")));
        }
        self.push(Value::Name(module, name))
    }

    fn tuple_items(&self, value: Value<'a>) -> Result<&[Value<'a>], Problem> {
        match value {
            Value::Tuple(index) => Ok(&self.containers[index]),
            _ => Err(damaged()),
        }
    }

    /// `("storage", type, key, device, length[, view])` names a storage.
    pub(super) fn persistent(&mut self) -> Result<(), Problem> {
        let reference = self.pop()?;
        let storage = match self.tuple_items(reference)? {
            [
                Value::Text("storage"),
                Value::Name(module, name),
                Value::Text(key),
                _,
                Value::Int(_),
                rest @ ..,
            ] => {
                if rest.iter().any(|&view| view != Value::None) {
                    return Err(refused("a view of a storage"));
                }
                Storage { element: storage_element(module, name).ok_or_else(damaged)?, key }
            }
            _ => return Err(damaged()),
        };
        self.storages.insert(storage.key, storage);
        self.push(Value::Storage(storage))
    }

    /// "Calls" one of the few known builders.
    pub(super) fn reduce(&mut self) -> Result<(), Problem> {
        let (arguments, callee) = (self.pop()?, self.pop()?);
        let Value::Name(module, name) = callee else {
            return Err(damaged());
        };
        let arguments = self.tuple_items(arguments)?;
        match (builder(module, name).ok_or_else(damaged)?, arguments) {
            (Builder::Dictionary, []) => self.push_container(Value::Dict, Vec::new()),
            (Builder::Dictionary, &[pairs]) => self.dictionary(pairs),
            (Builder::Parameter, &[tensor @ Value::Tensor(_), ..]) => self.push(tensor),
            (
                Builder::Tensor,
                &[Value::Storage(storage), Value::Int(offset), shape, strides, ..],
            ) => self.tensor(storage, offset, shape, strides),
            _ => Err(damaged()),
        }
    }

    /// The ordered dictionary of a list of pairs, as Python 2 wrote it.
    fn dictionary(&mut self, pairs: Value<'a>) -> Result<(), Problem> {
        let Value::List(index) = pairs else {
            return Err(damaged());
        };
        // A pickle may refer to one list many times, but not so as to grow.
        self.copied += self.containers[index].len();
        if self.copied > self.bytes.len() {
            return Err(damaged());
        }
        let mut entries = Vec::new();
        for pair in &self.containers[index] {
            match *pair {
                Value::List(index) | Value::Tuple(index) if self.containers[index].len() == 2 => {
                    entries.extend_from_slice(&self.containers[index]);
                }
                _ => return Err(damaged()),
            }
        }
        self.push_container(Value::Dict, entries)
    }

    fn tensor(
        &mut self,
        storage: Storage<'a>,
        offset: i64,
        shape: Value<'a>,
        strides: Value<'a>,
    ) -> Result<(), Problem> {
        let tensor = Tensor {
            storage,
            offset: usize::try_from(offset).map_err(|_| damaged())?,
            shape: self.sizes(shape)?,
            strides: self.sizes(strides)?,
        };
        self.tensors.push(tensor);
        self.push(Value::Tensor(self.tensors.len() - 1))
    }

    fn sizes(&self, value: Value<'a>) -> Result<Vec<usize>, Problem> {
        let items = self.tuple_items(value)?;
        if items.len() > MOST_SIDES {
            return Err(damaged());
        }
        items
            .iter()
            .map(|item| match item {
                Value::Int(size) => usize::try_from(*size).map_err(|_| damaged()),
                _ => Err(damaged()),
            })
            .collect()
    }

    /// Attributes set on an object: a dictionary's metadata, a parameter's
    /// flags. Nothing here is needed.
    pub(super) fn build(&mut self) -> Result<(), Problem> {
        self.pop()?;
        match self.stack.last() {
            Some(Value::Dict(_) | Value::Tensor(_)) => Ok(()),
            _ => Err(damaged()),
        }
    }
}

/// What a known callable makes.
enum Builder {
    Dictionary,
    Tensor,
    Parameter,
}

fn builder(module: &str, name: &str) -> Option<Builder> {
    match (module, name) {
        ("collections", "OrderedDict") => Some(Builder::Dictionary),
        ("torch._utils", "_rebuild_tensor_v2" | "_rebuild_tensor") => Some(Builder::Tensor),
        ("torch._utils", "_rebuild_parameter") | ("torch.nn.parameter", "Parameter") => {
            Some(Builder::Parameter)
        }
        _ => None,
    }
}

fn storage_element(module: &str, name: &str) -> Option<Element> {
    if module != "torch" {
        return None;
    }
    match name {
        "HalfStorage" => Some(Element::F16),
        "BFloat16Storage" => Some(Element::Bf16),
        "FloatStorage" => Some(Element::F32),
        "DoubleStorage" => Some(Element::F64),
        "ByteStorage" | "CharStorage" | "BoolStorage" => Some(Element::Integer(1)),
        "ShortStorage" => Some(Element::Integer(2)),
        "IntStorage" => Some(Element::Integer(4)),
        "LongStorage" => Some(Element::Integer(8)),
        _ => None,
    }
}
