//! Which grades are most often taken for which.

use serde::Serialize;

use super::Case;
use super::quantity::Columns;
use crate::Grade;
use crate::stats::Confusion;

/// One way to differ from the reference (paper, Figure 7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CommonError {
    /// The reference grade.
    pub reference: Grade,
    /// What was predicted in its place.
    pub predicted: Grade,
    /// How many pairs.
    pub n: u64,
    /// The first of them in the manifest, to look at.
    pub example: String,
}

/// How many ways to differ are listed, as the paper does.
const ERRORS: usize = 4;

/// The largest cells off the diagonal; ties in the order of the grades.
pub(super) fn commonest_errors(
    columns: &Columns,
    confusion: &Confusion,
    cases: &[Case<'_>],
) -> Vec<CommonError> {
    let rows = (0..).zip(confusion.rows());
    let mut cells: Vec<(Grade, Grade, u64)> = rows
        .flat_map(|(reference, row)| {
            (0..).zip(row).map(move |(predicted, &n)| (reference, predicted, n))
        })
        .filter(|&(reference, predicted, n)| reference != predicted && n > 0)
        .collect();
    cells.sort_by_key(|cell| std::cmp::Reverse(cell.2));
    cells.truncate(ERRORS);
    let example = |(reference, predicted, n): (Grade, Grade, u64)| {
        let mut grades = columns.reference.iter().zip(&columns.predicted);
        let place = grades.position(|(&truth, &given)| (truth, given) == (reference, predicted))?;
        let example = cases.get(columns.cases[place])?.row.pair_id.to_string();
        Some(CommonError { reference, predicted, n, example })
    };
    cells.into_iter().filter_map(example).collect()
}
