//! The report as plain tables, one CSV for each, for people's own plots and
//! papers. Every row says the origin of its data.

mod cases;
mod experiment;
mod figures;
mod probabilities;

use super::{Evaluation, Figure};
use crate::stats::Interval;
use crate::{Origin, table};

pub use experiment::experiment_tables;

/// One table as a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableFile {
    /// Its name, such as `agreement.csv`.
    pub name: &'static str,
    /// Its content: CSV with a header row.
    pub csv: String,
}

/// Rows under construction; the origin is added to each.
pub(super) struct Rows {
    name: &'static str,
    header: &'static [&'static str],
    rows: Vec<Vec<String>>,
}

impl Rows {
    pub(super) fn new(name: &'static str, header: &'static [&'static str]) -> Rows {
        Rows { name, header, rows: Vec::new() }
    }

    pub(super) fn push(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }
}

/// All tables of an evaluation; those without rows are their header alone.
#[must_use]
pub fn tables(evaluation: &Evaluation) -> Vec<TableFile> {
    let all = [
        cases::characteristics(evaluation),
        cases::flow(evaluation),
        cases::left_out(evaluation),
        cases::confusion(evaluation),
        cases::commonest_errors(evaluation),
        cases::only_right(evaluation),
        cases::patients(evaluation),
        cases::yardsticks(evaluation),
        figures::agreement(evaluation),
        figures::cut_offs(evaluation),
        probabilities::tasks(evaluation),
        probabilities::roc(evaluation),
        probabilities::reliability(evaluation),
        probabilities::decision_curves(evaluation),
        figures::subgroups(evaluation),
        figures::patient_level(evaluation),
    ];
    all.into_iter().map(|rows| file(rows, evaluation.origin)).collect()
}

fn file(rows: Rows, origin: Origin) -> TableFile {
    let header = rows.header.iter().map(|&name| name.to_owned()).chain(["origin".to_owned()]);
    let origin = origin.to_string();
    let with_origin = rows.rows.into_iter().map(|mut row| {
        row.push(origin.clone());
        row
    });
    let csv = table::write(std::iter::once(header.collect()).chain(with_origin));
    TableFile { name: rows.name, csv }
}

/// A number as it is, an empty cell where there is none.
pub(super) fn cell(value: Option<f64>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// Value, low, high, and why something is missing.
pub(super) fn figure_cells(figure: &Figure) -> [String; 4] {
    let reason = figure.undefined.clone().unwrap_or_default();
    cells(figure.value, figure.interval, reason)
}

pub(super) fn cells(
    value: Option<f64>,
    interval: Option<Interval>,
    undefined: String,
) -> [String; 4] {
    let (low, high) = (interval.map(|of| of.low), interval.map(|of| of.high));
    [cell(value), cell(low), cell(high), undefined]
}
