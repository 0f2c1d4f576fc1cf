//! Winograd's minimal filtering for 3x3 convolutions of stride 1: F(4x4, 3x3)
//! and F(2x2, 3x3) (Lavin and Gray, "Fast Algorithms for Convolutional Neural
//! Networks", 2016). An output tile of 4x4 pixels costs 36 multiplications a
//! pair of channels, not 144.
//!
//! Input tiles and kernels are transformed, multiplied point by point (each
//! point is a matrix product over channels), and transformed back.

use super::finish::Finish;
use super::vector::Vector;

/// Which of the two algorithms.
pub(super) trait Scheme {
    /// Pixels along a side of an output tile.
    const OUTPUT: usize;
    /// Pixels along a side of an input tile.
    const INPUT: usize = Self::OUTPUT + 2;

    /// Transforms a line of an input tile; entries beyond [`Scheme::INPUT`]
    /// are of no account.
    ///
    /// # Safety
    /// As for [`Vector`].
    unsafe fn input<V: Vector>(line: [V; 6]) -> [V; 6];

    /// Transforms a line of products back.
    ///
    /// # Safety
    /// As for [`Vector`].
    unsafe fn output<V: Vector>(line: [V; 6]) -> [V; 4];

    /// Transforms a line of a kernel.
    ///
    /// # Safety
    /// As for [`Vector`].
    unsafe fn kernel<V: Vector>(line: [V; 3]) -> [V; 6];
}

/// Tiles of 4x4.
pub(super) struct Four;

impl Scheme for Four {
    const OUTPUT: usize = 4;

    #[inline(always)]
    unsafe fn input<V: Vector>([a, b, c, d, e, f]: [V; 6]) -> [V; 6] {
        // SAFETY: the caller's promise.
        unsafe {
            let (four, minus_four) = (V::splat(4.0), V::splat(-4.0));
            let (two, minus_two) = (V::splat(2.0), V::splat(-2.0));
            let minus_five = V::splat(-5.0);
            let even = e.plus_product(c, minus_four);
            let odd = d.plus_product(b, minus_four);
            let near = e.sub(c);
            let apart = d.sub(b);
            [
                e.plus_product(a, four).plus_product(c, minus_five),
                even.add(odd),
                even.sub(odd),
                near.plus_product(apart, two),
                near.plus_product(apart, minus_two),
                f.plus_product(b, four).plus_product(d, minus_five),
            ]
        }
    }

    #[inline(always)]
    unsafe fn output<V: Vector>([a, b, c, d, e, f]: [V; 6]) -> [V; 4] {
        // SAFETY: the caller's promise.
        unsafe {
            let (sum, apart) = (b.add(c), b.sub(c));
            let (far_sum, far_apart) = (d.add(e), d.sub(e));
            [
                a.add(sum).add(far_sum),
                apart.plus_product(far_apart, V::splat(2.0)),
                sum.plus_product(far_sum, V::splat(4.0)),
                apart.add(f).plus_product(far_apart, V::splat(8.0)),
            ]
        }
    }

    #[inline(always)]
    unsafe fn kernel<V: Vector>([a, b, c]: [V; 3]) -> [V; 6] {
        // SAFETY: the caller's promise.
        unsafe {
            let (sixth, minus_sixth) = (V::splat(1.0 / 6.0), V::splat(-1.0 / 6.0));
            let quarter = a.mul(V::splat(0.25));
            let (near, far, half) = (a.add(c), quarter.add(c), b.mul(V::splat(0.5)));
            [
                quarter,
                near.add(b).mul(minus_sixth),
                near.sub(b).mul(minus_sixth),
                far.add(half).mul(sixth),
                far.sub(half).mul(sixth),
                c,
            ]
        }
    }
}

/// Tiles of 2x2.
pub(super) struct Two;

impl Scheme for Two {
    const OUTPUT: usize = 2;

    #[inline(always)]
    unsafe fn input<V: Vector>([a, b, c, d, ..]: [V; 6]) -> [V; 6] {
        // SAFETY: the caller's promise.
        unsafe { [a.sub(c), b.add(c), c.sub(b), b.sub(d), a, a] }
    }

    #[inline(always)]
    unsafe fn output<V: Vector>([a, b, c, d, ..]: [V; 6]) -> [V; 4] {
        // SAFETY: the caller's promise.
        unsafe { [a.add(b).add(c), b.sub(c).sub(d), a, a] }
    }

    #[inline(always)]
    unsafe fn kernel<V: Vector>([a, b, c]: [V; 3]) -> [V; 6] {
        // SAFETY: the caller's promise.
        unsafe {
            let (half, sum) = (V::splat(0.5), a.add(c));
            [a, sum.add(b).mul(half), sum.sub(b).mul(half), c, c, c]
        }
    }
}

/// Kernels laid out for the direct convolution, and where their points go.
#[derive(Clone, Copy)]
pub(super) struct KernelBlock {
    /// `[tap, depth, channels]`, nine taps row by row.
    pub taps: *const f32,
    /// Input channels.
    pub depth: usize,
    /// Output channels of the block, a whole number of vectors.
    pub channels: usize,
    /// `[point, depth, channels]`.
    pub points: *mut f32,
}

/// Transforms the kernels of a block of output channels.
///
/// # Safety
/// As for [`Vector`]; both arrays hold what the shapes say.
#[inline(always)]
pub(super) unsafe fn transform_kernels<S: Scheme, V: Vector>(work: KernelBlock) {
    // SAFETY: the caller's promise.
    unsafe {
        let plane = work.depth * work.channels;
        for at in (0..plane).step_by(V::LANES) {
            // No closures: a call that is not inlined would lose its instructions.
            let mut rows = [[V::zero(); 6]; 3];
            for (row, to) in rows.iter_mut().enumerate() {
                let mut line = [V::zero(); 3];
                for (column, value) in line.iter_mut().enumerate() {
                    *value = V::load(work.taps.add((3 * row + column) * plane + at));
                }
                *to = S::kernel(line);
            }
            let [first, second, third] = rows;
            let columns = first.into_iter().zip(second).zip(third).take(S::INPUT);
            for (column, ((first, second), third)) in columns.enumerate() {
                let line = S::kernel([first, second, third]);
                for (row, point) in line.into_iter().enumerate().take(S::INPUT) {
                    point.store(work.points.add((row * S::INPUT + column) * plane + at));
                }
            }
        }
    }
}

/// Input tiles in a row of tiles, and where their points go.
#[derive(Clone, Copy)]
pub(super) struct InputTiles {
    /// The first pixel of the first tile.
    pub input: *const f32,
    /// Values from one input row, and one input pixel, to the next.
    pub steps: (usize, usize),
    /// How many tiles; they lie `OUTPUT` pixels apart.
    pub tiles: usize,
    /// How many channels, a whole number of vectors.
    pub channels: usize,
    /// `[point, tile, channels]`: the first point of the first tile.
    pub points: *mut f32,
    /// Values from one point, and one tile, to the next.
    pub point_steps: (usize, usize),
}

/// Transforms a row of input tiles.
///
/// # Safety
/// As for [`Vector`]; tiles and points lie in their allocations.
#[inline(always)]
#[allow(clippy::needless_range_loop, reason = "rows and columns of a square are alike")]
pub(super) unsafe fn transform_input<S: Scheme, V: Vector>(work: InputTiles) {
    // SAFETY: the caller's promise.
    unsafe {
        for tile in 0..work.tiles {
            let input = work.input.add(tile * S::OUTPUT * work.steps.1);
            let points = work.points.add(tile * work.point_steps.1);
            for channel in (0..work.channels).step_by(V::LANES) {
                let mut columns = [[V::zero(); 6]; 6];
                for (column, to) in columns.iter_mut().enumerate().take(S::INPUT) {
                    let mut line = [V::zero(); 6];
                    for (row, value) in line.iter_mut().enumerate().take(S::INPUT) {
                        let at = row * work.steps.0 + column * work.steps.1 + channel;
                        *value = V::load(input.add(at));
                    }
                    *to = S::input(line);
                }
                for row in 0..S::INPUT {
                    let mut line = [V::zero(); 6];
                    for (column, value) in line.iter_mut().enumerate().take(S::INPUT) {
                        *value = columns[column][row];
                    }
                    let line = S::input(line);
                    for (column, value) in line.into_iter().enumerate().take(S::INPUT) {
                        let point = row * S::INPUT + column;
                        value.store(points.add(point * work.point_steps.0 + channel));
                    }
                }
            }
        }
    }
}

/// Products in a row of tiles, and the output they become.
#[derive(Clone, Copy)]
pub(super) struct OutputTiles {
    /// `[point, tile, channels]`: the first point of the first tile.
    pub points: *const f32,
    /// Values from one point, and one tile, to the next.
    pub point_steps: (usize, usize),
    /// How many tiles.
    pub tiles: usize,
    /// How many channels, a whole number of vectors.
    pub channels: usize,
    /// How many rows and columns of pixels the tiles may fill, from the first
    /// tile's first pixel on.
    pub pixels: (usize, usize),
    /// Values from one output row, and one output pixel, to the next.
    pub steps: (usize, usize),
    /// The same in bytes of bits.
    pub bit_steps: (usize, usize),
    /// What to do with the first pixel.
    pub finish: Finish,
}

/// Transforms a row of tiles back and finishes its pixels.
///
/// # Safety
/// As for [`Finish::store`]; points lie in their allocation.
#[inline(always)]
#[allow(clippy::needless_range_loop, reason = "rows and columns of a square are alike")]
pub(super) unsafe fn transform_output<S: Scheme, V: Vector>(work: OutputTiles) {
    // SAFETY: the caller's promise.
    unsafe {
        let rows = work.pixels.0.min(S::OUTPUT);
        for tile in 0..work.tiles {
            let first = tile * S::OUTPUT;
            let columns = (work.pixels.1 - first).min(S::OUTPUT);
            let points = work.points.add(tile * work.point_steps.1);
            let finish = work.finish.at(first * work.steps.1, first * work.bit_steps.1);
            for channel in (0..work.channels).step_by(V::LANES) {
                let mut lines = [[V::zero(); 6]; 4];
                for column in 0..S::INPUT {
                    let mut line = [V::zero(); 6];
                    for (row, value) in line.iter_mut().enumerate().take(S::INPUT) {
                        let point = row * S::INPUT + column;
                        *value = V::load(points.add(point * work.point_steps.0 + channel));
                    }
                    for (row, value) in S::output(line).into_iter().enumerate() {
                        lines[row][column] = value;
                    }
                }
                for (row, line) in lines.into_iter().enumerate().take(rows) {
                    let finish = finish.at(row * work.steps.0, row * work.bit_steps.0);
                    for (column, value) in S::output(line).into_iter().enumerate().take(columns) {
                        let at = finish.at(column * work.steps.1, column * work.bit_steps.1);
                        at.store(value, channel);
                    }
                }
            }
        }
    }
}
