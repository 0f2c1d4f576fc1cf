//! The one matrix product everything is made of, bounds checked.

#![allow(unsafe_code)] // one call, below

/// A matrix in somebody's slice.
#[derive(Debug, Clone, Copy)]
pub struct Matrix<T> {
    /// Where its elements are.
    pub data: T,
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub columns: usize,
    /// From one row to the next.
    pub row_stride: usize,
    /// From one column to the next.
    pub column_stride: usize,
}

impl<T> Matrix<T> {
    /// A matrix row after row.
    pub fn row_major(data: T, rows: usize, columns: usize) -> Matrix<T> {
        Matrix { data, rows, columns, row_stride: columns, column_stride: 1 }
    }
}

impl<T: AsRef<[f32]>> Matrix<T> {
    /// Whether every element lies within the slice.
    fn fits(&self) -> bool {
        if self.rows == 0 || self.columns == 0 {
            return true;
        }
        let down = (self.rows - 1).checked_mul(self.row_stride);
        let along = (self.columns - 1).checked_mul(self.column_stride);
        let last = down.zip(along).and_then(|(down, along)| down.checked_add(along));
        let strides = self.row_stride.max(self.column_stride);
        last.is_some_and(|last| last < self.data.as_ref().len()) && isize::try_from(strides).is_ok()
    }
}

/// Adds the product of `left` and `right` to `sum`, on this thread.
///
/// The order of additions depends on the shapes alone, so equal inputs give
/// equal bits.
///
/// # Panics
/// When shapes do not match or a matrix does not fit its slice: our own bug.
pub fn add_product(sum: Matrix<&mut [f32]>, left: Matrix<&[f32]>, right: Matrix<&[f32]>) {
    assert_eq!((sum.rows, sum.columns), (left.rows, right.columns), "shape of a product");
    assert_eq!(left.columns, right.rows, "shared side of a product");
    assert!(sum.fits() && left.fits() && right.fits(), "a matrix beyond its slice");
    if sum.rows == 0 || sum.columns == 0 || left.columns == 0 {
        return;
    }
    // SAFETY: `fits` holds for the three matrices, so every element that the
    // shapes and strides reach lies within its slice; strides fit an `isize`;
    // `sum` is borrowed mutably, so it overlaps neither of the others; and no
    // other thread takes part.
    unsafe {
        gemm::gemm(
            sum.rows,
            sum.columns,
            left.columns,
            sum.data.as_mut_ptr(),
            sum.column_stride as isize,
            sum.row_stride as isize,
            true,
            left.data.as_ptr(),
            left.column_stride as isize,
            left.row_stride as isize,
            right.data.as_ptr(),
            right.column_stride as isize,
            right.row_stride as isize,
            1.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_is_added() {
        let mut sum = [1.0, 0.0, 0.0, 1.0];
        let left = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let right = [1.0, 0.0, 0.0, 1.0, 1.0, 1.0];
        add_product(
            Matrix::row_major(&mut sum[..], 2, 2),
            Matrix::row_major(&left, 2, 3),
            Matrix::row_major(&right, 3, 2),
        );
        assert_eq!(sum, [5.0, 5.0, 10.0, 12.0]);
    }

    #[test]
    #[should_panic(expected = "beyond its slice")]
    fn a_matrix_beyond_its_slice_panics() {
        let mut sum = [0.0; 3];
        let square = [0.0; 4];
        add_product(
            Matrix::row_major(&mut sum[..], 2, 2),
            Matrix::row_major(&square, 2, 2),
            Matrix::row_major(&square, 2, 2),
        );
    }
}
