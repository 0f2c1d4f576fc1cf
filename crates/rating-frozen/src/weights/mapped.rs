//! A `.safetensors` file that stays on disk: its tensors are read where they
//! lie, when they are needed.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use memmap2::{Mmap, MmapOptions};
use rating::Problem;
use safetensors::SafeTensors;

use super::safetensors::{array, element};
use super::{Array, Element, Tensors, is_counter};

/// A file of weights in memory the system shares with its page cache.
#[derive(Debug, Clone)]
pub(crate) struct MappedWeights {
    file: Arc<Mmap>,
    tensors: BTreeMap<String, Tensor>,
}

#[derive(Debug, Clone)]
struct Tensor {
    shape: Vec<usize>,
    element: Element,
    bytes: Range<usize>,
}

/// 16-bit floats in a mapped file.
#[derive(Debug, Clone)]
pub(crate) struct Halves {
    file: Arc<Mmap>,
    bytes: Range<usize>,
}

impl Halves {
    /// Their bytes, two each, little-endian.
    pub fn bytes(&self) -> &[u8] {
        &self.file[self.bytes.clone()]
    }
}

/// Maps a file.
#[allow(unsafe_code, reason = "a mapped file can change under us; see below")]
pub(crate) fn map(file: &File) -> io::Result<Arc<Mmap>> {
    // SAFETY: a bundle's files are written under another name and moved to
    // their place whole, so nothing of ours changes them. Whoever cuts one
    // short while it is read stops the program; its content is numbers only,
    // so a changed byte gives other numbers and no more.
    unsafe { MmapOptions::new().populate().map(file) }.map(Arc::new)
}

impl MappedWeights {
    /// The tensors of a mapped file.
    ///
    /// # Errors
    /// As for [`read`](super::read).
    pub fn new(file: Arc<Mmap>) -> Result<MappedWeights, Problem> {
        let start = file.as_ptr() as usize;
        let parsed = SafeTensors::deserialize(&file)
            .map_err(|error| Problem::new(format!("damaged .safetensors file: {error}")))?;
        let mut tensors = BTreeMap::new();
        for (name, view) in parsed.iter().filter(|(name, _)| !is_counter(name)) {
            let element = element(name, view.dtype())?;
            let first = view.data().as_ptr() as usize - start;
            let bytes = first..first + view.data().len();
            let shape = view.shape().to_vec();
            tensors.insert(name.to_owned(), Tensor { shape, element, bytes });
        }
        Ok(MappedWeights { file, tensors })
    }

    /// Refuses values that are no numbers.
    ///
    /// # Errors
    /// A tensor with an infinite value or NaN, by its name.
    pub fn check_finite(&self) -> Result<(), Problem> {
        self.tensors.iter().try_for_each(|(name, tensor)| {
            check_finite(name, tensor.element, &self.file[tensor.bytes.clone()])
        })
    }

    fn array(&self, name: &str) -> Option<Array> {
        let tensor = self.tensors.get(name)?;
        array(name, tensor.element, &tensor.shape, &self.file[tensor.bytes.clone()]).ok()
    }
}

fn check_finite(name: &str, element: Element, bytes: &[u8]) -> Result<(), Problem> {
    let all_finite = match element {
        Element::F16 => {
            let (halves, _) = bytes.as_chunks::<2>();
            let is_special = |half: &[u8; 2]| u16::from_le_bytes(*half) & 0x7c00 == 0x7c00;
            // Without leaving early: the compiler then looks at many at once.
            !halves.iter().fold(false, |any, half| any | is_special(half))
        }
        // The others are few: batch-norms and biases.
        _ => {
            let mut values = bytes.chunks_exact(element.bytes());
            values.all(|bytes| element.value(bytes).is_none_or(f32::is_finite))
        }
    };
    if all_finite {
        return Ok(());
    }
    Err(Problem::new(format!("tensor {name} holds a value that is not finite"))
        .hint("the training diverged; train again with a lower learning rate"))
}

impl Tensors for MappedWeights {
    fn names(&self) -> Vec<&str> {
        self.tensors.keys().map(String::as_str).collect()
    }

    fn shape(&self, name: &str) -> Option<&[usize]> {
        Some(&self.tensors.get(name)?.shape)
    }

    fn values(&self, name: &str) -> Option<Cow<'_, [f32]>> {
        Some(Cow::Owned(self.array(name)?.data))
    }

    fn halves(&self, name: &str) -> Option<Halves> {
        let tensor = self.tensors.get(name).filter(|tensor| tensor.element == Element::F16)?;
        Some(Halves { file: Arc::clone(&self.file), bytes: tensor.bytes.clone() })
    }
}
