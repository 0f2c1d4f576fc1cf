//! From a view to the picture a network sees (method, section 3).
//!
//! ```text
//! View - Prepared::new > Prepared - network_input > RgbImage - normalise > [3, px, px]
//! ```
//!
//! There is one preprocessing: training, scoring and explaining all go through
//! [`network_input`], and differ only in the [`Augmentation`](crate::augment::Augmentation) they hand it.

mod colour;
mod input;
mod prepared;
mod raster;
mod resize;
mod window;

pub use colour::{coloured_share, doppler_mask, gray, luma};
pub use input::{network_input, normalise};
pub use prepared::Prepared;
pub use window::Window;

use serde::{Deserialize, Serialize};

use crate::Problem;

/// How views become network inputs; a bundle records it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Preprocess {
    /// Side of the square input in pixels.
    pub input_px: u32,
    /// How Doppler signal is found and painted.
    pub mask: Mask,
}

/// The Doppler mask: which pixels are Doppler signal, and what becomes of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mask {
    /// Whether signal is found in the stored image or in the resized crop.
    pub order: MaskOrder,
    /// A pixel is signal only when its brightest channel is at least this:
    /// near-black JPEG noise is saturated too. 0 is the paper's.
    pub floor: u8,
    /// The colour that signal is painted in: red, green, blue.
    pub paint: [u8; 3],
}

/// When the Doppler mask is computed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MaskOrder {
    /// In the stored image, before the crop is resized: the paper's words.
    /// Resizing then mixes paint and tissue along the borders of the signal.
    #[default]
    BeforeResize,
    /// In the resized crop, as the authors' code does. Paint never mixes.
    AfterResize,
}

impl Default for Preprocess {
    fn default() -> Preprocess {
        Preprocess { input_px: 224, mask: Mask::default() }
    }
}

impl Default for Mask {
    fn default() -> Mask {
        Mask { order: MaskOrder::BeforeResize, floor: 40, paint: [255, 0, 0] }
    }
}

impl Preprocess {
    /// The sizes of input that can be asked for, in pixels.
    pub const INPUT_PX: std::ops::RangeInclusive<u32> = 8..=1024;

    /// Checks what a configuration asks for.
    ///
    /// # Errors
    /// An input size outside [`Preprocess::INPUT_PX`].
    pub fn check(&self) -> Result<(), Problem> {
        if Preprocess::INPUT_PX.contains(&self.input_px) {
            return Ok(());
        }
        let (least, most) = (Preprocess::INPUT_PX.start(), Preprocess::INPUT_PX.end());
        Err(Problem::new(format!("inputs of {} pixels are not possible", self.input_px))
            .in_column("input_px")
            .hint(format!("{least} to {most}; the paper's are 224")))
    }

    /// The same with another size of input.
    #[must_use]
    pub fn with_input_px(&self, input_px: u32) -> Preprocess {
        Preprocess { input_px, ..self.clone() }
    }
}
