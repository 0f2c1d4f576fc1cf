//! Confusion matrices: which grades are taken for which.

use maud::{Markup, html};
use rating::evaluate::Cohort;
use rating::stats::Confusion;
use rating::words::counted;

use crate::label::Label;
use crate::{combined_last, spoken};

/// The matrices of a cohort side by side.
pub(crate) fn matrices(cohort: &Cohort, label: Label) -> Markup {
    html! {
        p {
            "Rows are reference grades, columns predicted grades. Each cell: pairs, and their percent of the row; "
            "the stronger the shade, the larger that percent. Framed cells are graded alike."
        }
        @if cohort.conflicts > 0 {
            p {
                "Pairs whose models contradict the protocol (" (cohort.conflicts)
                ") have no grade that a person should be shown; they are counted here with the grades of the paper's rule."
            }
        }
        div.row {
            @for (measurement, figures) in combined_last(&cohort.measurements) {
                (matrix(measurement, &figures.confusion, label))
            }
        }
    }
}

fn matrix(measurement: &str, confusion: &Confusion, label: Label) -> Markup {
    let rows = confusion.rows();
    let grades = rows.len();
    let column_total = |column: usize| rows.iter().map(|row| row[column]).sum::<u64>();
    html! {
        table.confusion {
            caption {
                span.name { strong { (spoken(measurement)) } ", " (counted(confusion.cases(), "pair", "pairs")) ". " } (label.opening())
            }
            thead {
                tr {
                    td rowspan="2" colspan="2" {}
                    th.axis scope="colgroup" colspan=(grades) { "predicted grade" }
                    td rowspan="2" { span.axis { "total" } }
                }
                tr { @for grade in 0..grades { th scope="col" { (grade) } } }
            }
            tbody {
                @for (reference, row) in rows.iter().enumerate() {
                    (matrix_row(reference, row, grades))
                }
                tr {
                    th scope="row" colspan="2" { span.axis { "total" } }
                    @for column in 0..grades { td.total { (column_total(column)) } }
                    td.total { (confusion.cases()) }
                }
            }
        }
    }
}

fn matrix_row(reference: usize, row: &[u64], grades: usize) -> Markup {
    let total: u64 = row.iter().sum();
    html! {
        tr {
            @if reference == 0 {
                th.axis scope="rowgroup" rowspan=(grades) { span.upwards { "reference grade" } }
            }
            th scope="row" { (reference) }
            @for (predicted, &count) in row.iter().enumerate() {
                td class=(cell_class(count, total, predicted == reference)) {
                    (count)
                    @match total {
                        0 => { span.aside title="no pair has this reference grade" { "-" } }
                        total => { span.aside { (format!("{:.0} %", percent(count, total))) } }
                    }
                }
            }
            td.total { (total) }
        }
    }
}

fn cell_class(count: u64, total: u64, is_alike: bool) -> String {
    let alike = if is_alike { " alike" } else { "" };
    format!("shade shade-{}{alike}", shade(count, total))
}

fn percent(count: u64, total: u64) -> f64 {
    count as f64 * 100.0 / total as f64
}

/// 0 (nothing of the row) to 10 (all of it).
fn shade(count: u64, total: u64) -> u64 {
    match total {
        0 => 0,
        total => (count.saturating_mul(20) + total) / total.saturating_mul(2).max(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shades_are_tenths_of_the_row() {
        assert_eq!(
            [(0, 0), (0, 5), (1, 20), (1, 2), (5, 5)].map(|(n, of)| shade(n, of)),
            [0, 0, 1, 5, 10]
        );
    }
}
