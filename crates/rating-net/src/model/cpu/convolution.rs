//! A convolution and its two gradients, as matrix products.

use std::cell::RefCell;
use std::ops::Range;

use rating_frozen::network::matrix::{Matrix, add_product};

use super::columns::Columns;

thread_local! {
    /// The piece of columns in work: kept, because asking the system for
    /// fresh memory costs as much as filling it.
    static SCRATCH: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// Maps of `weight`'s channels; `weight` is `[out, columns.height()]`.
pub fn forward(columns: &Columns, input: &[f32], weight: &[f32]) -> Vec<f32> {
    let out = weight.len() / columns.height();
    let mut output = vec![0.0; out * columns.output.plane()];
    each_piece(columns, Some(input), |rows, piece| {
        let into = in_maps_mut(&mut output, columns, &rows);
        add_product(into, row_major(weight, columns.height()), wide(piece, columns, &rows));
    });
    output
}

/// The gradient of the weight, from the input and the gradient of the output.
pub fn weight_gradient(columns: &Columns, input: &[f32], output: &[f32]) -> Vec<f32> {
    let out = output.len() / columns.output.plane();
    let mut gradient = vec![0.0; out * columns.height()];
    each_piece(columns, Some(input), |rows, piece| {
        let into = Matrix {
            data: gradient.as_mut_slice(),
            rows: out,
            columns: columns.height(),
            row_stride: columns.height(),
            column_stride: 1,
        };
        add_product(into, in_maps(output, columns, &rows), transposed(wide(piece, columns, &rows)));
    });
    gradient
}

/// The gradient of the input, from the weight and the gradient of the output.
pub fn input_gradient(columns: &Columns, weight: &[f32], output: &[f32]) -> Vec<f32> {
    let mut gradient = vec![0.0; columns.input.len()];
    each_piece(columns, None, |rows, piece| {
        piece.fill(0.0);
        let into = Matrix {
            rows: columns.height(),
            columns: width(columns, &rows),
            row_stride: width(columns, &rows),
            column_stride: 1,
            data: &mut *piece,
        };
        let weight = transposed(row_major(weight, columns.height()));
        add_product(into, weight, in_maps(output, columns, &rows));
        columns.scatter(piece, rows, &mut gradient);
    });
    gradient
}

/// Works through the pieces of the matrix; they hold the columns of `input`
/// where one is given.
fn each_piece(
    columns: &Columns,
    input: Option<&[f32]>,
    mut work: impl FnMut(Range<usize>, &mut [f32]),
) {
    SCRATCH.with_borrow_mut(|scratch| {
        for rows in columns.pieces() {
            let length = columns.height() * width(columns, &rows);
            if scratch.len() < length {
                scratch.resize(length, 0.0);
            }
            let piece = &mut scratch[..length];
            if let Some(input) = input {
                columns.gather(input, rows.clone(), piece);
            }
            work(rows, piece);
        }
    });
}

/// Columns of the piece for these output rows.
fn width(columns: &Columns, rows: &Range<usize>) -> usize {
    rows.len() * columns.output.row()
}

fn row_major(data: &[f32], columns: usize) -> Matrix<&[f32]> {
    Matrix { data, rows: data.len() / columns, columns, row_stride: columns, column_stride: 1 }
}

/// A piece of columns.
fn wide<'a>(piece: &'a [f32], columns: &Columns, rows: &Range<usize>) -> Matrix<&'a [f32]> {
    row_major(piece, width(columns, rows))
}

/// These rows of maps, a channel to a row.
fn in_maps<'a>(maps: &'a [f32], columns: &Columns, rows: &Range<usize>) -> Matrix<&'a [f32]> {
    let plane = columns.output.plane();
    Matrix {
        rows: maps.len() / plane,
        columns: width(columns, rows),
        row_stride: plane,
        column_stride: 1,
        data: &maps[rows.start * columns.output.row()..],
    }
}

fn in_maps_mut<'a>(
    maps: &'a mut [f32],
    columns: &Columns,
    rows: &Range<usize>,
) -> Matrix<&'a mut [f32]> {
    let plane = columns.output.plane();
    Matrix {
        rows: maps.len() / plane,
        columns: width(columns, rows),
        row_stride: plane,
        column_stride: 1,
        data: &mut maps[rows.start * columns.output.row()..],
    }
}

fn transposed(matrix: Matrix<&[f32]>) -> Matrix<&[f32]> {
    Matrix {
        data: matrix.data,
        rows: matrix.columns,
        columns: matrix.rows,
        row_stride: matrix.column_stride,
        column_stride: matrix.row_stride,
    }
}
