//! Grades as yes-or-no answers: sensitivity and its companions at each cut-off.

use maud::{Markup, html};
use rating::evaluate::{Cohort, CutOff};

use crate::figure::{Figure, Unit};
use crate::label::Label;
use crate::notes::Notes;
use crate::page::wide;
use crate::tasks::above;
use crate::{combined_last, spoken};

/// The table, with its footnotes.
pub(crate) fn table(id: &str, cohort: &Cohort, resampling: &str, label: Label) -> Markup {
    let mut notes = Notes::of_table(id);
    let table = html! {
        table {
            caption {
                (label.opening())
                "The grades RATING gives, cut into two: is the grade greater than the cut-off? In brackets 95 % intervals, "
                 (resampling) "; where every sample gives the same share, Wilson's interval (w), "
                "which takes pairs as independent and so is too narrow."
            }
            thead {
                tr {
                    th.words scope="col" { "grade" }
                    th scope="col" { "pairs" span.aside { "n" } }
                    th scope="col" { "positive" span.aside { "n" } }
                    th scope="col" { "sensitivity" }
                    th scope="col" { "specificity" }
                    th scope="col" { "PPV" }
                    th scope="col" { "NPV" }
                    th scope="col" { "Youden" span.aside { "index" } }
                }
            }
            tbody {
                @for (measurement, figures) in combined_last(&cohort.measurements) {
                    @for (name, cut_off) in &figures.cut_offs {
                        (row(&format!("{} {}", spoken(measurement), above(name)), cut_off, &mut notes))
                    }
                }
            }
        }
    };
    html! { (wide("Grades as yes-or-no answers", &table)) (notes.list()) }
}

fn row(name: &str, cut_off: &CutOff, notes: &mut Notes) -> Markup {
    let outcomes = cut_off.outcomes;
    let positives = outcomes.true_positives + outcomes.false_negatives;
    let negatives = outcomes.true_negatives + outcomes.false_positives;
    let shares = [
        ("sensitivity", &cut_off.sensitivity),
        ("specificity", &cut_off.specificity),
        ("ppv", &cut_off.ppv),
        ("npv", &cut_off.npv),
    ];
    html! {
        tr {
            th scope="row" { (name) }
            td { (positives + negatives) }
            td { (positives) }
            @for (share, figure) in shares { td { (share_cell(cut_off, share, figure, notes)) } }
            td { (Figure::of(Unit::Plain, &cut_off.youden).markup(notes)) }
        }
    }
}

/// The clustered interval, or Wilson's where that has no width.
fn share_cell(
    cut_off: &CutOff,
    name: &str,
    figure: &rating::evaluate::Figure,
    notes: &mut Notes,
) -> Markup {
    let wilson = cut_off.wilson.get(name).copied().flatten();
    match (figure.value, figure.interval, wilson) {
        (Some(value), None, Some(wilson)) => html! {
            span.figure { (Unit::Percent.value(value)) }
            span.interval { (Unit::Percent.interval(wilson)) " w" }
        },
        _ => Figure::of(Unit::Percent, figure).markup(notes),
    }
}
