//! From rows of weights, one for each output channel, to the order in which
//! the kernels read them: output channels side by side.

use super::vector::Vector;

/// Rows of weights for a block of output channels.
#[derive(Clone, Copy)]
pub(super) struct Unpack {
    /// The first output channel's weights, `[inputs, taps]`.
    pub rows: Rows,
    /// Weights of a row, and from one row to the next.
    pub row_len: usize,
    /// Rows that there are; the block's other channels get 0.
    pub outputs: usize,
    /// What each row is multiplied by.
    pub scale: *const f32,
    /// Taps of the kernel.
    pub taps: usize,
    /// Input channels of the block, at least those of a row.
    pub depth: usize,
    /// Output channels of the block, a whole number of vectors.
    pub channels: usize,
    /// `[taps, depth, channels]`, zeroed where no weight goes.
    pub block: *mut f32,
}

/// Where rows lie.
#[derive(Clone, Copy)]
pub(super) enum Rows {
    /// 32-bit floats.
    Single(*const f32),
    /// 16-bit floats, little-endian, not aligned.
    Half(*const u8),
}

/// Unpacks a block.
///
/// # Safety
/// As for [`Vector`]; rows, scale and block hold what the shapes say.
#[inline(always)]
pub(super) unsafe fn unpack<V: Vector>(work: Unpack) {
    // SAFETY: the caller's promise.
    unsafe {
        for first in (0..work.channels).step_by(V::LANES) {
            let rows = work.outputs.saturating_sub(first).min(V::LANES);
            let whole = if rows == V::LANES { work.row_len / V::LANES * V::LANES } else { 0 };
            for column in (0..whole).step_by(V::LANES) {
                let mut square = [V::zero(); 16];
                for (row, values) in square.iter_mut().enumerate().take(V::LANES) {
                    let at = (first + row) * work.row_len + column;
                    let weights = match work.rows {
                        Rows::Single(rows) => V::load(rows.add(at)),
                        Rows::Half(rows) => V::load_halves(rows.add(2 * at)),
                    };
                    *values = weights.mul(V::splat(*work.scale.add(first + row)));
                }
                V::transpose(&mut square);
                for (offset, values) in square.into_iter().enumerate().take(V::LANES) {
                    values.store(place(work, column + offset).add(first));
                }
            }
            for column in whole..work.row_len {
                for row in first..first + rows {
                    let at = row * work.row_len + column;
                    let weight = match work.rows {
                        Rows::Single(rows) => *rows.add(at),
                        Rows::Half(rows) => {
                            let bytes = [*rows.add(2 * at), *rows.add(2 * at + 1)];
                            half::f16::from_le_bytes(bytes).to_f32()
                        }
                    };
                    *place(work, column).add(row) = weight * *work.scale.add(row);
                }
            }
        }
    }
}

/// Where the weights of one input channel and tap (a column of the rows) go.
#[inline(always)]
unsafe fn place(work: Unpack, column: usize) -> *mut f32 {
    let (channel, tap) = (column / work.taps, column % work.taps);
    // SAFETY: the caller's promise.
    unsafe { work.block.add((tap * work.depth + channel) * work.channels) }
}
