//! A reader of Python pickles that knows what state dicts are made of.
//!
//! A pickle is a program for a stack machine that may import and call
//! anything. This machine runs the few steps that build dictionaries, lists,
//! numbers, text and tensors, and refuses every other. It calls nothing, and
//! it never takes more memory than a small multiple of the pickle's length.

use std::collections::BTreeMap;

use rating::Problem;

use super::Element;

/// Most sides of a tensor; convolutions have four.
const MOST_SIDES: usize = 8;

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
    Machine { bytes, ..Machine::default() }.run()
}

#[derive(Default)]
struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    stack: Vec<Value<'a>>,
    marks: Vec<usize>,
    memo: BTreeMap<u32, Value<'a>>,
    storages: BTreeMap<&'a str, Storage<'a>>,
    containers: Vec<Vec<Value<'a>>>,
    tensors: Vec<Tensor<'a>>,
    /// Items copied from one container to another.
    copied: usize,
}

fn damaged() -> Problem {
    Problem::new("damaged PyTorch file: its pickle breaks off or contradicts itself")
}

fn refused(what: impl std::fmt::Display) -> Problem {
    Problem::new(format!("PyTorch file with {what}, which a state dict does not need"))
        .hint("save the tensors alone: torch.save(network.state_dict(), FILE)")
}

impl<'a> Machine<'a> {
    fn run(mut self) -> Result<Pickle<'a>, Problem> {
        loop {
            let step = self.byte()?;
            if step == b'.' {
                let root = self.pop()?;
                let Machine { at: length, storages, containers, tensors, .. } = self;
                return Ok(Pickle { root, length, storages, containers, tensors });
            }
            self.step(step)?;
        }
    }

    /// One opcode; their letters are those of Python's `pickletools`.
    fn step(&mut self, step: u8) -> Result<(), Problem> {
        match step {
            0x80 => self.skip(1),                                  // PROTO
            0x95 => self.skip(8),                                  // FRAME
            b'(' => self.mark(),                                   // MARK
            b'0' => self.pop().map(drop),                          // POP
            b'1' => self.pop_mark().map(drop),                     // POP_MARK
            b'N' => self.push(Value::None),                        // NONE
            0x88 => self.push(Value::Bool(true)),                  // NEWTRUE
            0x89 => self.push(Value::Bool(false)),                 // NEWFALSE
            b'K' => self.push_integer(1),                          // BININT1
            b'M' => self.push_integer(2),                          // BININT2
            b'J' => self.push_integer(4),                          // BININT
            0x8a => self.push_long(),                              // LONG1
            b'G' => self.skip_as_other(8),                         // BINFLOAT
            b'X' => self.push_text(4),                             // BINUNICODE
            0x8c => self.push_text(1),                             // SHORT_BINUNICODE
            b'T' => self.push_text(4),                             // BINSTRING, Python 2
            b'U' => self.push_text(1),                             // SHORT_BINSTRING, Python 2
            b']' => self.push_container(Value::List, Vec::new()),  // EMPTY_LIST
            b'}' => self.push_container(Value::Dict, Vec::new()),  // EMPTY_DICT
            b')' => self.push_container(Value::Tuple, Vec::new()), // EMPTY_TUPLE
            b't' => self.tuple_from_mark(),                        // TUPLE
            0x85..=0x87 => self.tuple(usize::from(step - 0x84)),   // TUPLE1, 2, 3
            b'a' => self.append(1),                                // APPEND
            b'e' => self.append_from_mark(),                       // APPENDS
            b's' => self.append(2),                                // SETITEM
            b'u' => self.append_from_mark(),                       // SETITEMS
            b'q' => self.remember(1),                              // BINPUT
            b'r' => self.remember(4),                              // LONG_BINPUT
            0x94 => self.remember_next(),                          // MEMOIZE
            b'h' => self.recall(1),                                // BINGET
            b'j' => self.recall(4),                                // LONG_BINGET
            b'c' => self.global(),                                 // GLOBAL
            0x93 => self.stack_global(),                           // STACK_GLOBAL
            b'Q' => self.persistent(),                             // BINPERSID
            b'R' => self.reduce(),                                 // REDUCE
            b'b' => self.build(),                                  // BUILD
            _ => Err(refused(format_args!("pickle instruction {step:#04x}"))),
        }
    }

    fn byte(&mut self) -> Result<u8, Problem> {
        Ok(self.take(1)?[0])
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Problem> {
        let end = self.at.checked_add(count).ok_or_else(damaged)?;
        let taken = self.bytes.get(self.at..end).ok_or_else(damaged)?;
        self.at = end;
        Ok(taken)
    }

    /// An unsigned number of up to 4 bytes.
    fn number(&mut self, bytes: usize) -> Result<u32, Problem> {
        let digits = self.take(bytes)?.iter().rev();
        Ok(digits.fold(0, |number, &byte| number << 8 | u32::from(byte)))
    }

    fn size(&mut self, bytes: usize) -> Result<usize, Problem> {
        usize::try_from(self.number(bytes)?).map_err(|_| damaged())
    }

    fn skip(&mut self, count: usize) -> Result<(), Problem> {
        self.take(count).map(drop)
    }

    fn skip_as_other(&mut self, count: usize) -> Result<(), Problem> {
        self.skip(count)?;
        self.push(Value::Other)
    }

    fn push(&mut self, value: Value<'a>) -> Result<(), Problem> {
        self.stack.push(value);
        Ok(())
    }

    /// The topmost value above the last mark.
    fn pop(&mut self) -> Result<Value<'a>, Problem> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= floor {
            return Err(damaged());
        }
        self.stack.pop().ok_or_else(damaged)
    }

    fn mark(&mut self) -> Result<(), Problem> {
        self.marks.push(self.stack.len());
        Ok(())
    }

    /// Everything above the last mark, which goes too.
    fn pop_mark(&mut self) -> Result<Vec<Value<'a>>, Problem> {
        let mark = self.marks.pop().ok_or_else(damaged)?;
        Ok(self.stack.split_off(mark))
    }

    fn push_container(
        &mut self,
        kind: fn(usize) -> Value<'a>,
        items: Vec<Value<'a>>,
    ) -> Result<(), Problem> {
        self.containers.push(items);
        self.push(kind(self.containers.len() - 1))
    }

    fn push_integer(&mut self, bytes: usize) -> Result<(), Problem> {
        let number = self.number(bytes)?;
        // Four bytes are signed, fewer are not.
        let value = if bytes == 4 { i64::from(number.cast_signed()) } else { i64::from(number) };
        self.push(Value::Int(value))
    }

    fn push_long(&mut self) -> Result<(), Problem> {
        let count = self.size(1)?;
        let bytes = self.take(count)?;
        if count > 8 {
            return self.push(Value::Other);
        }
        let negative = bytes.last().is_some_and(|&byte| byte >= 0x80);
        let mut filled = [if negative { 0xff } else { 0 }; 8];
        filled[..count].copy_from_slice(bytes);
        self.push(Value::Int(i64::from_le_bytes(filled)))
    }

    fn push_text(&mut self, bytes: usize) -> Result<(), Problem> {
        let length = self.size(bytes)?;
        let text = std::str::from_utf8(self.take(length)?).map_err(|_| damaged())?;
        self.push(Value::Text(text))
    }

    fn tuple_from_mark(&mut self) -> Result<(), Problem> {
        let items = self.pop_mark()?;
        self.push_container(Value::Tuple, items)
    }

    fn tuple(&mut self, length: usize) -> Result<(), Problem> {
        let mut items = Vec::with_capacity(length);
        for _ in 0..length {
            items.push(self.pop()?);
        }
        items.reverse();
        self.push_container(Value::Tuple, items)
    }

    /// Adds the last value to a list, or the last two to a dictionary.
    fn append(&mut self, count: usize) -> Result<(), Problem> {
        let mut items = Vec::with_capacity(count);
        for _ in 0..count {
            items.push(self.pop()?);
        }
        items.reverse();
        self.extend(items)
    }

    fn append_from_mark(&mut self) -> Result<(), Problem> {
        let items = self.pop_mark()?;
        self.extend(items)
    }

    /// Puts items into the container on top of the stack.
    fn extend(&mut self, items: Vec<Value<'a>>) -> Result<(), Problem> {
        match self.stack.last() {
            Some(&Value::Dict(_)) if !items.len().is_multiple_of(2) => Err(damaged()),
            Some(&(Value::List(index) | Value::Dict(index))) => {
                self.containers[index].extend(items);
                Ok(())
            }
            _ => Err(damaged()),
        }
    }

    fn remember(&mut self, bytes: usize) -> Result<(), Problem> {
        let key = self.number(bytes)?;
        self.remember_as(key)
    }

    fn remember_next(&mut self) -> Result<(), Problem> {
        let key = u32::try_from(self.memo.len()).map_err(|_| damaged())?;
        self.remember_as(key)
    }

    fn remember_as(&mut self, key: u32) -> Result<(), Problem> {
        let value = *self.stack.last().ok_or_else(damaged)?;
        self.memo.insert(key, value);
        Ok(())
    }

    fn recall(&mut self, bytes: usize) -> Result<(), Problem> {
        let key = self.number(bytes)?;
        let value = *self.memo.get(&key).ok_or_else(damaged)?;
        self.push(value)
    }

    fn line(&mut self) -> Result<&'a str, Problem> {
        let rest = self.bytes.get(self.at..).ok_or_else(damaged)?;
        let length = rest.iter().position(|&byte| byte == b'\n').ok_or_else(damaged)?;
        let line = std::str::from_utf8(self.take(length)?).map_err(|_| damaged())?;
        self.skip(1)?;
        Ok(line)
    }

    fn global(&mut self) -> Result<(), Problem> {
        let (module, name) = (self.line()?, self.line()?);
        self.push_name(module, name)
    }

    fn stack_global(&mut self) -> Result<(), Problem> {
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
    fn persistent(&mut self) -> Result<(), Problem> {
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
    fn reduce(&mut self) -> Result<(), Problem> {
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
    fn build(&mut self) -> Result<(), Problem> {
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
