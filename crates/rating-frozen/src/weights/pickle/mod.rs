//! A reader of Python pickles that knows what state dicts are made of.
//!
//! A pickle is a program for a stack machine that may import and call
//! anything. This machine runs the few steps that build dictionaries, lists,
//! numbers, text and tensors, and refuses every other. It calls nothing, and
//! it never takes more memory than a small multiple of the pickle's length.

mod machine;
mod objects;

use std::collections::BTreeMap;

use rating::Problem;

use super::Element;
use machine::Machine;

/// A value on the machine's stack. Containers are positions in [`Pickle`], so
/// that a container filled later is filled wherever it is referred to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value<'a> {
    None,
    Bool(bool),
    Int(i64),
    Text(&'a str),
    Name(&'a str, &'a str),
    Tuple(usize),
    List(usize),
    /// Keys and values in turn.
    Dict(usize),
    Storage(Storage<'a>),
    Tensor(usize),
    /// Bytes, floats: read over, never looked at.
    Other,
}

/// The memory behind tensors, in a part of the file of its own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Storage<'a> {
    pub(super) element: Element,
    pub(super) key: &'a str,
}

/// A window on a storage.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tensor<'a> {
    pub(super) storage: Storage<'a>,
    pub(super) offset: usize,
    pub(super) shape: Vec<usize>,
    pub(super) strides: Vec<usize>,
}

/// What a pickle describes.
#[derive(Debug)]
pub(super) struct Pickle<'a> {
    pub(super) root: Value<'a>,
    /// Length in bytes; other pickles may follow.
    pub(super) length: usize,
    /// Every storage named anywhere, by key.
    pub(super) storages: BTreeMap<&'a str, Storage<'a>>,
    containers: Vec<Vec<Value<'a>>>,
    tensors: Vec<Tensor<'a>>,
}

impl<'a> Pickle<'a> {
    /// The keys and values of a dictionary, in the order they were written.
    pub(super) fn entries(&self, value: Value<'a>) -> Option<Vec<(Value<'a>, Value<'a>)>> {
        let Value::Dict(index) = value else {
            return None;
        };
        Some(self.containers[index].chunks_exact(2).map(|pair| (pair[0], pair[1])).collect())
    }

    /// The items of a list or tuple.
    pub(super) fn items(&self, value: Value<'a>) -> Option<&[Value<'a>]> {
        match value {
            Value::List(index) | Value::Tuple(index) => Some(&self.containers[index]),
            _ => None,
        }
    }

    /// The tensor a value stands for.
    pub(super) fn tensor(&self, value: Value<'a>) -> Option<&Tensor<'a>> {
        match value {
            Value::Tensor(index) => Some(&self.tensors[index]),
            _ => None,
        }
    }
}

/// Reads the pickle at the start of `bytes`.
pub(super) fn read(bytes: &[u8]) -> Result<Pickle<'_>, Problem> {
    Machine::new(bytes).run()
}

fn damaged() -> Problem {
    Problem::new("damaged PyTorch file: its pickle breaks off or contradicts itself")
}

fn refused(what: impl std::fmt::Display) -> Problem {
    Problem::new(format!("PyTorch file with {what}, which a state dict does not need"))
        .hint("save the tensors alone: torch.save(network.state_dict(), FILE)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_text_and_containers() {
        // Python: pickle.dumps({"a": [1, -2, True], "b": (300,)}, protocol=2)
        let bytes = b"\x80\x02}q\x00(X\x01\x00\x00\x00aq\x01]q\x02(K\x01J\xfe\xff\xff\xff\x88e\
            X\x01\x00\x00\x00bq\x03M,\x01\x85q\x04u.";
        let pickle = read(bytes).unwrap();
        assert_eq!(pickle.length, bytes.len());
        let entries = pickle.entries(pickle.root).unwrap();
        assert_eq!(entries[0].0, Value::Text("a"));
        let list = pickle.items(entries[0].1).unwrap();
        assert_eq!(list, [Value::Int(1), Value::Int(-2), Value::Bool(true)]);
        assert_eq!(pickle.items(entries[1].1).unwrap(), [Value::Int(300)]);
    }

    #[test]
    fn a_call_of_anything_else_is_refused_by_name() {
        let problem = read(b"\x80\x02cposix\nsystem\nq\x00X\x02\x00\x00\x00lsq\x01\x85q\x02R.");
        let text = problem.unwrap_err().to_string();
        assert!(text.contains("posix.system"), "{text}");
    }

    #[test]
    fn a_container_filled_with_itself_ends() {
        assert!(read(b"\x80\x02]q\x00h\x00a.").is_ok());
    }

    #[test]
    fn a_small_pickle_cannot_ask_for_much_memory() {
        let list = b"\x80\x02](".iter().copied();
        let pairs = b"]K\x01aK\x01a".repeat(1_000);
        let copies = b"h\x01h\x00\x85R0".repeat(1_000);
        let mut bytes: Vec<u8> = list.chain(pairs).collect();
        bytes.extend(b"eq\x000ccollections\nOrderedDict\nq\x010");
        assert!(read(&[&bytes[..], b"h\x01h\x00\x85R."].concat()).is_ok());
        assert!(read(&[&bytes[..], &copies[..], b"h\x00."].concat()).is_err());
    }

    #[test]
    fn broken_programs_are_refused() {
        for bytes in [
            &b""[..],
            b".",
            b"t.",
            b"(",
            b"}K\x01(s.",
            b"]K\x01K\x02s",
            b"h\x07.",
            b"X\xff\xff\xff\xff.",
        ] {
            assert!(read(bytes).is_err(), "{bytes:?}");
        }
    }
}
