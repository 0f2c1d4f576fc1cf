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
    // Made on its side: the product then packs the few rows of the output's
    // gradient, and reads the many columns as they lie.
    let mut on_side = vec![0.0; columns.height() * out];
    each_piece(columns, Some(input), |rows, piece| {
        let into = Matrix {
            data: on_side.as_mut_slice(),
            rows: out,
            columns: columns.height(),
            row_stride: 1,
            column_stride: out,
        };
        add_product(into, in_maps(output, columns, &rows), transposed(wide(piece, columns, &rows)));
    });
    let mut gradient = vec![0.0; on_side.len()];
    for (row, gradient) in gradient.chunks_exact_mut(columns.height()).enumerate() {
        for (value, side) in gradient.iter_mut().zip(on_side[row..].iter().step_by(out)) {
            *value = *side;
        }
    }
    gradient
}

/// The gradient of the input, from the weight and the gradient of the output.
pub fn input_gradient(columns: &Columns, weight: &[f32], output: &[f32]) -> Vec<f32> {
    let mut gradient = vec![0.0; columns.input.len()];
    each_piece(columns, None, |rows, piece| {
        piece.fill(0.0);
        let into = Matrix::row_major(&mut *piece, columns.height(), width(columns, &rows));
        let weight = transposed(row_major(weight, columns.height()));
        add_product(into, weight, in_maps(output, columns, &rows));
        columns.scatter(piece, rows, &mut gradient);
    });
    columns.unsorted(gradient)
}

/// Works through the pieces of the matrix; they hold the columns of `input`
/// where one is given.
fn each_piece(
    columns: &Columns,
    input: Option<&[f32]>,
    mut work: impl FnMut(Range<usize>, &mut [f32]),
) {
    let sorted = input.map(|input| columns.sorted(input));
    SCRATCH.with_borrow_mut(|scratch| {
        for rows in columns.pieces() {
            let length = columns.height() * width(columns, &rows);
            if scratch.len() < length {
                scratch.resize(length, 0.0);
            }
            let piece = &mut scratch[..length];
            if let Some(sorted) = &sorted {
                columns.gather(sorted, rows.clone(), piece);
            }
            work(rows, piece);
        }
    });
}

/// Columns of the piece for these output rows.
fn width(columns: &Columns, rows: &Range<usize>) -> usize {
    rows.len() * columns.output.row()
}

/// A whole slice, row after row.
fn row_major(data: &[f32], columns: usize) -> Matrix<&[f32]> {
    Matrix::row_major(data, data.len() / columns, columns)
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
