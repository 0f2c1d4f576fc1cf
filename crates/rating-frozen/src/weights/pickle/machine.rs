//! The stack machine: the few instructions that state dicts are made of.

use std::collections::BTreeMap;

use rating::Problem;

use super::{Pickle, Storage, Tensor, Value, damaged, refused};

#[derive(Default)]
pub(super) struct Machine<'a> {
    pub(super) bytes: &'a [u8],
    at: usize,
    pub(super) stack: Vec<Value<'a>>,
    marks: Vec<usize>,
    memo: BTreeMap<u32, Value<'a>>,
    pub(super) storages: BTreeMap<&'a str, Storage<'a>>,
    pub(super) containers: Vec<Vec<Value<'a>>>,
    pub(super) tensors: Vec<Tensor<'a>>,
    /// Items copied from one container to another.
    pub(super) copied: usize,
}

impl<'a> Machine<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Machine<'a> {
        Machine { bytes, ..Machine::default() }
    }

    /// Runs to the end of the pickle.
    pub(super) fn run(mut self) -> Result<Pickle<'a>, Problem> {
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

    pub(super) fn push(&mut self, value: Value<'a>) -> Result<(), Problem> {
        self.stack.push(value);
        Ok(())
    }

    /// The topmost value above the last mark.
    pub(super) fn pop(&mut self) -> Result<Value<'a>, Problem> {
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

    pub(super) fn push_container(
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

    pub(super) fn line(&mut self) -> Result<&'a str, Problem> {
        let rest = self.bytes.get(self.at..).ok_or_else(damaged)?;
        let length = rest.iter().position(|&byte| byte == b'\n').ok_or_else(damaged)?;
        let line = std::str::from_utf8(self.take(length)?).map_err(|_| damaged())?;
        self.skip(1)?;
        Ok(line)
    }
}
