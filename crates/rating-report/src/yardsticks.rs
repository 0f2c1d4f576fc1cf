//! Published figures beside ours.

use maud::{Markup, html};
use rating::evaluate::{Cohort, Evaluation, Yardstick};

use crate::figure::Unit;
use crate::label::Label;
use crate::page::wide;
use crate::{spoken, training};

/// The table; nothing where the protocol has no yardsticks.
pub(crate) fn table(evaluation: &Evaluation, label: Label) -> Option<Markup> {
    if evaluation.yardsticks.is_empty() {
        return None;
    }
    let table = html! {
        table {
            caption {
                (label.opening())
                "This evaluation's cohorts beside what others published of other pairs, other readers and often other joints: "
                "the rows place a figure, they do not compare it."
            }
            thead {
                tr {
                    th.words scope="col" { "graded" }
                    th.words scope="col" { "by" }
                    th scope="col" { "exact agreement" span.aside { "PEA" } }
                    th scope="col" { "close agreement" span.aside { "PCA" } }
                    th scope="col" { "kappa" }
                    th.words scope="col" { "its weights" }
                }
            }
            @for measurement in ["synovial_hypertrophy", "vascularity", "combined"] {
                tbody {
                    @for (name, cohort) in training::tests_first(&evaluation.cohorts) { (ours(measurement, name, cohort, label)) }
                    @for yardstick in evaluation.yardsticks.iter().filter(|of| of.measurement == measurement) {
                        (theirs(yardstick))
                    }
                }
            }
        }
    };
    Some(wide("Yardsticks", &table))
}

fn ours(measurement: &str, name: &str, cohort: &Cohort, label: Label) -> Markup {
    html! {
        @if let Some(figures) = cohort.measurements.get(measurement) {
            tr {
                th scope="row" { (spoken(measurement)) }
                td.words { strong { "this evaluation" } ", cohort " (training::named(name, cohort.role)) (label.badge()) }
                td { strong { (shown(Unit::Percent, figures.accuracy)) } }
                td { strong { (shown(Unit::Percent, figures.close_agreement)) } }
                td { strong { (shown(Unit::Plain, figures.kappa_linear)) } }
                td.words { "linear" }
            }
        }
    }
}

fn theirs(yardstick: &Yardstick) -> Markup {
    html! {
        tr {
            th scope="row" { (spoken(yardstick.measurement)) }
            td.words { (yardstick.source) span.aside { (yardstick.what) } }
            td { (shown(Unit::Percent, yardstick.accuracy)) }
            td { (shown(Unit::Percent, yardstick.close_agreement)) }
            td { (shown(Unit::Plain, yardstick.kappa)) }
            td.words { (yardstick.kappa_weights) }
        }
    }
}

fn shown(unit: Unit, value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| unit.value(value))
}
