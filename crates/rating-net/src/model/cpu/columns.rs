//! The values under a sliding window as a matrix, and back.
//!
//! Row `(channel, window row, window column)`, column `(output row, output
//! column, sample)`: a convolution is then one matrix product. The matrix is
//! made for a few output rows at a time, so that it stays in the cache.

use std::borrow::Cow;
use std::ops::Range;

use super::geometry::{Maps, Window};

/// How many floats a piece of the matrix may have: half a megabyte.
const PIECE: usize = 128 * 1024;

/// The matrix of one convolution's input.
#[derive(Debug, Clone, Copy)]
pub struct Columns {
    pub input: Maps,
    pub output: Maps,
    window: Window,
}

impl Columns {
    pub fn new(input: Maps, window: Window) -> Columns {
        Columns { input, output: window.output(input), window }
    }

    /// Rows of the matrix: values under one window.
    pub fn height(&self) -> usize {
        self.input.channels * self.window.side * self.window.side
    }

    /// The pieces to work in, as ranges of output rows.
    pub fn pieces(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let rows = (PIECE / (self.height() * self.output.row()).max(1)).max(1);
        let height = self.output.height;
        (0..height).step_by(rows).map(move |start| start..(start + rows).min(height))
    }

    /// The input with the columns of each row sorted by their place in a
    /// stride: first those a window can start at, then those one further ...
    /// So every run under a tap is one piece of memory for any stride.
    pub fn sorted<'a>(&self, input: &'a [f32]) -> Cow<'a, [f32]> {
        if self.window.stride == 1 {
            return Cow::Borrowed(input);
        }
        let mut sorted = vec![0.0; input.len()];
        self.each_column(|plain, in_order| {
            sorted[in_order].copy_from_slice(&input[plain]);
        });
        Cow::Owned(sorted)
    }

    /// The inverse of [`Columns::sorted`].
    pub fn unsorted(&self, sorted: Vec<f32>) -> Vec<f32> {
        if self.window.stride == 1 {
            return sorted;
        }
        let mut input = vec![0.0; sorted.len()];
        self.each_column(|plain, in_order| input[plain].copy_from_slice(&sorted[in_order]));
        input
    }

    /// Visits every column of every row of the input: where it lies, and
    /// where it does when sorted.
    fn each_column(&self, mut visit: impl FnMut(Range<usize>, Range<usize>)) {
        let Maps { channels, height, width, batch } = self.input;
        for row in 0..channels * height {
            for x in 0..width {
                let [plain, sorted] = [x, self.place(x)]
                    .map(|x| (row * width + x) * batch..(row * width + x + 1) * batch);
                visit(plain, sorted);
            }
        }
    }

    /// Where a column of the input lies among the sorted ones.
    fn place(&self, x: usize) -> usize {
        let stride = self.window.stride;
        let before: usize =
            (0..x % stride).map(|start| (self.input.width - start).div_ceil(stride)).sum();
        before + x / stride
    }

    /// Writes the piece for these output rows of a sorted input; `columns` is
    /// fully overwritten.
    pub fn gather(&self, sorted: &[f32], rows: Range<usize>, columns: &mut [f32]) {
        let batch = self.input.batch;
        self.each_run(rows, |run| {
            let row = &mut columns[run.column..][..self.output.row()];
            let (before, rest) = row.split_at_mut(run.inside.start * batch);
            let (inside, after) = rest.split_at_mut(run.inside.len() * batch);
            before.fill(0.0);
            after.fill(0.0);
            match run.input {
                Some(from) => inside.copy_from_slice(&sorted[from..from + inside.len()]),
                None => inside.fill(0.0),
            }
        });
    }

    /// Adds the piece for these output rows to the sorted input it came from.
    pub fn scatter(&self, columns: &[f32], rows: Range<usize>, sorted: &mut [f32]) {
        let batch = self.input.batch;
        self.each_run(rows, |run| {
            let Some(to) = run.input else { return };
            let inside = &columns[run.column..][run.inside.start * batch..run.inside.end * batch];
            for (sum, term) in sorted[to..].iter_mut().zip(inside) {
                *sum += term;
            }
        });
    }

    /// Visits every output row of every row of the matrix.
    fn each_run(&self, rows: Range<usize>, mut visit: impl FnMut(Run)) {
        let Columns { input, output, window } = *self;
        let mut column = 0;
        for channel in 0..input.channels {
            for tap_y in 0..window.side {
                for tap_x in 0..window.side {
                    let inside = window.inside(output.width, tap_x, input.width);
                    for y in rows.clone() {
                        let first = window.under(inside.start, tap_x, input.width);
                        let from = window.under(y, tap_y, input.height).zip(first).map(|(y, x)| {
                            channel * input.plane() + y * input.row() + self.place(x) * input.batch
                        });
                        visit(Run { column, inside: inside.clone(), input: from });
                        column += output.row();
                    }
                }
            }
        }
    }
}

/// One output row of one row of the matrix.
struct Run {
    /// Where it starts in the piece.
    column: usize,
    /// Output columns that lie on the input.
    inside: Range<usize>,
    /// Where the first of them lies in the sorted input; `None` off its rows.
    input: Option<usize>,
}
