//! Comparisons: figures side by side, with a dot and its interval each.

use maud::{Markup, html};
use rating::stats::Interval;

use crate::figure::{Figure, Unit};
use crate::label::Label;
use crate::notes::Notes;
use crate::plot::{axis::Axis, dots};

/// Figures that are read against each other, such as networks against readers.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Heading.
    pub title: String,
    /// What is compared, on which pairs, with which interval.
    pub sentence: String,
    /// The figures, all in the same unit.
    pub rows: Vec<ComparisonRow>,
}

/// One figure of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparisonRow {
    /// What was measured.
    pub name: String,
    /// The figure, `None` where it is not defined; then `note` says why.
    pub value: Option<f64>,
    /// Its 95 % interval.
    pub interval: Option<Interval>,
    /// Anything to know about it; may be empty.
    pub note: String,
}

/// A heading, a sentence and the table.
pub(crate) fn markup(number: usize, comparison: &Comparison, label: Label) -> Markup {
    let mut notes = Notes::of_table(format!("comparison-{number}"));
    let figures: Vec<_> = comparison.rows.iter().map(|row| (row.value, row.interval)).collect();
    let axis = dots::axis(&figures);
    html! {
        h3 { (comparison.title) }
        p { (comparison.sentence) }
        div.wide role="group" aria-label=(comparison.title) tabindex="0" {
            table {
                caption { (label.opening()) "In brackets, and as lines, 95 % intervals." }
                thead {
                    tr {
                        th.words scope="col" { "compared" }
                        th scope="col" { "figure" }
                        @if axis.is_some() { th.words scope="col" { "plot" } }
                        th.words scope="col" { "note" }
                    }
                }
                tbody { @for row in &comparison.rows { (table_row(row, axis.as_ref(), &mut notes, label)) } }
                @if let Some(axis) = &axis {
                    tfoot { tr { td {} td {} td.interval-plot { (dots::scale(axis)) } td {} } }
                }
            }
        }
        (notes.list())
    }
}

fn table_row(row: &ComparisonRow, axis: Option<&Axis>, notes: &mut Notes, label: Label) -> Markup {
    let no_value = if row.note.is_empty() { "not defined" } else { &row.note };
    let figure = Figure {
        unit: Unit::Plain,
        value: row.value,
        interval: row.interval,
        no_value,
        no_interval: None,
    };
    html! {
        tr {
            th scope="row" { (row.name) }
            td { (figure.markup(notes)) }
            @if let Some(axis) = axis {
                td.interval-plot {
                    @if let Some(value) = row.value.filter(|value| value.is_finite()) {
                        (dots::strip(axis, &spoken_figure(row, value, label), value, row.interval))
                    }
                }
            }
            td.words { (row.note) }
        }
    }
}

/// The strip in words.
fn spoken_figure(row: &ComparisonRow, value: f64, label: Label) -> String {
    let interval = row
        .interval
        .map(|interval| format!(" {}", Unit::Plain.interval(interval)))
        .unwrap_or_default();
    format!("{}{}: {}{interval}", label.prefix(), row.name, Unit::Plain.value(value))
}
