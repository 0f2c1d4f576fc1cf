//! The table of kernels: one entry for each instruction set, chosen when the
//! program runs.

use rating::Problem;

use super::finish::{Row, finish_row};
use super::pool::{PoolRow, UnpoolRow, pool_row, unpool_row};
use super::tile::{Tile, tile};
use super::unpack::{Unpack, unpack};
use super::vector::{Portable, Vector};
use super::winograd::{
    Four, InputTiles, KernelBlock, OutputTiles, Two, transform_input, transform_kernels,
    transform_output,
};

/// Most pixels in a tile of any entry.
pub(super) const MOST_PIXELS: usize = 14;

/// The environment variable that forces an entry, by its name.
const VARIABLE: &str = "RATING_KERNELS";

type TileKernel = unsafe fn(Tile<'_>);

/// The kernels of one instruction set.
///
/// # Safety
/// Every function asks what the generic one behind it asks; that the processor
/// has the instructions is checked by [`Kernels::all`].
pub(crate) struct Kernels {
    /// The entry's name.
    pub(super) name: &'static str,
    /// Channels in a vector.
    pub(super) lanes: usize,
    /// Most pixels in a tile.
    pub(super) most_pixels: usize,
    /// By pixels - 1, then vectors - 1.
    pub(super) tile: [[TileKernel; 2]; MOST_PIXELS],
    /// Finishes a row of sums.
    pub(super) finish_row: unsafe fn(Row),
    /// Transforms of F(4x4), F(2x2).
    pub(super) transform_input: [unsafe fn(InputTiles); 2],
    /// The same on the way back.
    pub(super) transform_output: [unsafe fn(OutputTiles); 2],
    /// Transforms of their kernels.
    pub(super) transform_kernels: [unsafe fn(KernelBlock); 2],
    /// Unpacks weights.
    pub(super) unpack: unsafe fn(Unpack),
    /// ReLU and max-pooling of the stem.
    pub(super) pool_row: unsafe fn(PoolRow),
    /// Their gradient.
    pub(super) unpool_row: unsafe fn(UnpoolRow),
}

/// Compiles every kernel for the vector `$vector` with these features.
macro_rules! entry {
    ($module:ident, $vector:ty, $pixels:literal $(, $features:literal)?) => {
        mod $module {
            use super::*;

            // SAFETY (all): the generic function's promise is passed on; the
            // features are checked before an entry is given out.
            $(#[target_feature(enable = $features)])?
            unsafe fn tile_of<const PIXELS: usize, const VECTORS: usize>(work: Tile<'_>) {
                unsafe { tile::<$vector, PIXELS, VECTORS>(work) }
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn finish(work: Row) {
                unsafe { finish_row::<$vector>(work) }
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn input_four(work: InputTiles) {
                unsafe { transform_input::<Four, $vector>(work) }
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn input_two(work: InputTiles) {
                unsafe { transform_input::<Two, $vector>(work) }
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn output_four(work: OutputTiles) {
                unsafe { transform_output::<Four, $vector>(work) }
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn output_two(work: OutputTiles) {
                unsafe { transform_output::<Two, $vector>(work) }
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn kernels_four(work: KernelBlock) {
                unsafe { transform_kernels::<Four, $vector>(work) }
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn kernels_two(work: KernelBlock) {
                unsafe { transform_kernels::<Two, $vector>(work) }
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn unpacked(work: Unpack) {
                unsafe { unpack::<$vector>(work) }
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn pool(work: PoolRow) {
                unsafe { pool_row::<$vector>(work) }
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn unpool(work: UnpoolRow) {
                unsafe { unpool_row::<$vector>(work) }
            }

            pub(super) static ENTRY: Kernels = Kernels {
                name: stringify!($module),
                lanes: <$vector as Vector>::LANES,
                most_pixels: $pixels,
                tile: [
                    [tile_of::<1, 1>, tile_of::<1, 2>],
                    [tile_of::<2, 1>, tile_of::<2, 2>],
                    [tile_of::<3, 1>, tile_of::<3, 2>],
                    [tile_of::<4, 1>, tile_of::<4, 2>],
                    [tile_of::<5, 1>, tile_of::<5, 2>],
                    [tile_of::<6, 1>, tile_of::<6, 2>],
                    [tile_of::<7, 1>, tile_of::<7, 2>],
                    [tile_of::<8, 1>, tile_of::<8, 2>],
                    [tile_of::<9, 1>, tile_of::<9, 2>],
                    [tile_of::<10, 1>, tile_of::<10, 2>],
                    [tile_of::<11, 1>, tile_of::<11, 2>],
                    [tile_of::<12, 1>, tile_of::<12, 2>],
                    [tile_of::<13, 1>, tile_of::<13, 2>],
                    [tile_of::<14, 1>, tile_of::<14, 2>],
                ],
                finish_row: finish,
                transform_input: [input_four, input_two],
                transform_output: [output_four, output_two],
                transform_kernels: [kernels_four, kernels_two],
                unpack: unpacked,
                pool_row: pool,
                unpool_row: unpool,
            };
        }
    };
}

#[cfg(target_arch = "x86_64")]
entry!(avx512, crate::engine::x86::Avx512, 14, "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c");
#[cfg(target_arch = "x86_64")]
entry!(avx2, crate::engine::x86::Avx2, 6, "avx2,fma,f16c");
entry!(portable, Portable, 3);
entry!(scalar, f32, 4);

impl std::fmt::Debug for Kernels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Kernels {
    /// The entries this processor can run, the fastest first.
    pub fn all() -> Vec<&'static Kernels> {
        let mut entries = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            let has_avx2 = is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("fma")
                && is_x86_feature_detected!("f16c");
            let has_avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl");
            if has_avx2 && has_avx512 {
                entries.push(&avx512::ENTRY);
            }
            if has_avx2 {
                entries.push(&avx2::ENTRY);
            }
        }
        entries.extend([&portable::ENTRY, &scalar::ENTRY]);
        entries
    }

    /// The entry for networks of this width: the one that the environment
    /// forces, else the fastest whose vectors the width fills.
    ///
    /// # Errors
    /// The environment names no entry that this processor can run.
    pub fn best(width: usize) -> Result<&'static Kernels, Problem> {
        let entries = Kernels::all();
        if let Some(name) = std::env::var_os(VARIABLE) {
            let forced = entries.iter().find(|entry| *entry.name == *name);
            return forced.copied().ok_or_else(|| {
                let names: Vec<&str> = entries.iter().map(|entry| entry.name).collect();
                Problem::new(format!("{VARIABLE}={} is not here", name.to_string_lossy()))
                    .hint(format!("one of {}, or leave it unset", names.join(", ")))
            });
        }
        // Channels are stored in whole vectors: a narrow network in wide ones
        // would compute mostly zeros.
        let filled = entries.iter().find(|entry| width.is_multiple_of(entry.lanes));
        let narrow = entries.iter().find(|entry| entry.lanes == 8);
        Ok(filled.filter(|entry| entry.lanes > 1).or(narrow).expect("the portable entry has 8"))
    }
}
