//! The values under a sliding window as a matrix, and back.
//!
//! Row `(channel, window row, window column)`, column `(output row, output
//! column, sample)`: a convolution is then one matrix product. The matrix is
//! made for a few output rows at a time, so that it stays in the cache.

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

    /// Writes the piece for these output rows; `columns` is fully overwritten.
    pub fn gather(&self, input: &[f32], rows: Range<usize>, columns: &mut [f32]) {
        let batch = self.input.batch;
        let stride = self.window.stride;
        self.each_run(rows, |run| {
            let (before, rest) =
                columns[run.column..][..self.output.row()].split_at_mut(run.inside.start * batch);
            let (inside, after) = rest.split_at_mut(run.inside.len() * batch);
            before.fill(0.0);
            after.fill(0.0);
            let Some(from) = run.input else { return inside.fill(0.0) };
            if stride == 1 {
                inside.copy_from_slice(&input[from..from + inside.len()]);
            } else {
                let sources = input[from..].chunks(batch).step_by(stride);
                for (to, from) in inside.chunks_exact_mut(batch).zip(sources) {
                    to.copy_from_slice(from);
                }
            }
        });
    }

    /// Adds the piece for these output rows to the input it came from.
    pub fn scatter(&self, columns: &[f32], rows: Range<usize>, input: &mut [f32]) {
        let batch = self.input.batch;
        let stride = self.window.stride;
        self.each_run(rows, |run| {
            let Some(to) = run.input else { return };
            let inside = &columns[run.column..][run.inside.start * batch..run.inside.end * batch];
            if stride == 1 {
                add(&mut input[to..to + inside.len()], inside);
            } else {
                let targets = input[to..].chunks_mut(batch).step_by(stride);
                for (to, from) in targets.zip(inside.chunks_exact(batch)) {
                    add(to, from);
                }
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
                            channel * input.plane() + y * input.row() + x * input.batch
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
    /// Where the first of them lies in the input; `None` off its rows.
    input: Option<usize>,
}

fn add(sum: &mut [f32], terms: &[f32]) {
    for (sum, term) in sum.iter_mut().zip(terms) {
        *sum += term;
    }
}
