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
    /// The first three of them in the order of their names, to look at.
    pub examples: Vec<String>,
}

/// Pairs that one way to decide gets right and another does not (paper, Figure 3C).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OnlyRight {
    /// How many pairs.
    pub n: u64,
    /// The first three of them in the order of their names, to look at.
    pub examples: Vec<String>,
}

/// Those that MULTITUDE alone gets right, and those that the majority alone does.
pub(super) fn only_right(columns: &Columns, cases: &[Case<'_>]) -> [OnlyRight; 2] {
    let grades = columns.reference.iter().zip(&columns.predicted).zip(&columns.majority);
    let right = grades.map(|((truth, multitude), majority)| {
        (truth == multitude, majority.is_some_and(|majority| majority == *truth))
    });
    let right: Vec<((bool, bool), usize)> = right.zip(columns.cases.iter().copied()).collect();
    [(true, false), (false, true)].map(|wanted| {
        let places = right.iter().filter(|(which, _)| *which == wanted);
        let names =
            places.clone().filter_map(|(_, case)| Some(cases.get(*case)?.row.pair_id.as_ref()));
        OnlyRight { n: places.count() as u64, examples: first_names(names) }
    })
}

/// How many ways to differ are listed, as the paper does.
const ERRORS: usize = 4;

/// Pairs named for each of them.
const EXAMPLES: usize = 3;

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
    let error = |(reference, predicted, n): (Grade, Grade, u64)| {
        let grades = columns.reference.iter().zip(&columns.predicted).zip(&columns.cases);
        let own = grades.filter(|((truth, given), _)| (**truth, **given) == (reference, predicted));
        let names = own.filter_map(|(_, &case)| Some(cases.get(case)?.row.pair_id.as_ref()));
        CommonError { reference, predicted, n, examples: first_names(names) }
    };
    cells.into_iter().map(error).collect()
}

/// The first [`EXAMPLES`] in the order of names, whatever order they come in.
fn first_names<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut first: Vec<&str> = Vec::new();
    for name in names {
        let place = first.partition_point(|earlier| *earlier < name);
        if place < EXAMPLES {
            first.insert(place, name);
            first.truncate(EXAMPLES);
        }
    }
    first.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::first_names;

    #[test]
    fn the_first_names_come_from_any_order() {
        assert_eq!(first_names(["d", "b", "e", "a", "c"].into_iter()), ["a", "b", "c"]);
        assert_eq!(first_names(["b", "a"].into_iter()), ["a", "b"]);
    }
}
