//! The binary tasks "is the grade greater than ...?": ROC curves and figures.

use std::collections::BTreeMap;

use maud::{Markup, html};
use rating::evaluate::{MeanFigure, NetworkMeans, TaskFigures, Tasks};

use crate::figure::{Figure, Unit};
use crate::label::Label;
use crate::notes::Notes;
use crate::page::wide;
use crate::plot::roc;
use crate::spoken;

/// The ROC curves of every measurement, a plot each.
pub(crate) fn curves(tasks: &Tasks, samples: usize, label: Label) -> Markup {
    html! {
        p {
            "Each curve: the mean probability of the task's networks against the reference grade. "
            "The dotted diagonal is chance. In brackets 95 % intervals of the area under the curve (AUC): "
            "patients resampled, " (samples) " samples."
        }
        div.row {
            @for (measurement, tasks) in tasks { (curves_of(measurement, tasks, label)) }
        }
    }
}

fn curves_of(measurement: &str, tasks: &BTreeMap<String, TaskFigures>, label: Label) -> Markup {
    let points: Vec<_> = tasks.values().map(|task| task.roc.as_slice()).collect();
    let title = format!("{}ROC curves of {}", label.prefix(), spoken(measurement));
    html! {
        figure.roc {
            figcaption { span.name { strong { (spoken(measurement)) } ". " } (label.opening()) }
            (roc::plot(&title, &points))
            ul.legend {
                @for (series, (task, figures)) in tasks.iter().enumerate() {
                    li { (roc::sample(series)) span { "grade " (above(task)) ": " (legend_auc(figures)) } }
                }
            }
        }
    }
}

fn legend_auc(figures: &TaskFigures) -> Markup {
    html! {
        @match figures.auc {
            Some(auc) => { "AUC " (Unit::Plain.value(auc)) }
            None => { "AUC - (" (figures.undefined.as_deref().unwrap_or("not defined")) ")" }
        }
        @if let (Some(_), Some(interval)) = (figures.auc, figures.auc_interval) {
            " " (Unit::Plain.interval(interval))
        }
    }
}

/// The table of all tasks.
pub(crate) fn table(id: &str, tasks: &Tasks, samples: usize, label: Label) -> Markup {
    let mut notes = Notes::of_table(id);
    let table = html! {
        table {
            caption {
                (label.opening())
                "AUC of the mean probability: patients resampled, " (samples) " samples; below it DeLong's interval, which takes "
                "pairs as independent. "
                "To the right of it: means over the task's networks, each at its own threshold, in brackets "
                "mean \u{b1} 1.96 s / \u{221a}networks."
            }
            thead {
                tr {
                    th.words scope="col" { "task" }
                    th scope="col" { "pairs" span.aside { "n" } }
                    th scope="col" { "positive" span.aside { "n" } }
                    th scope="col" { "AUC" span.aside { "mean probability" } }
                    th scope="col" { "networks" span.aside { "n" } }
                    th scope="col" { "AUC" span.aside { "networks" } }
                    th scope="col" { "sensitivity" }
                    th scope="col" { "specificity" }
                    th scope="col" { "PPV" }
                    th scope="col" { "NPV" }
                    th scope="col" { "Youden" span.aside { "index" } }
                }
            }
            tbody {
                @for (measurement, tasks) in tasks {
                    @for (task, figures) in tasks { (row(measurement, task, figures, &mut notes)) }
                }
            }
        }
    };
    html! { (wide("Binary tasks", &table)) (notes.list()) }
}

fn row(measurement: &str, task: &str, figures: &TaskFigures, notes: &mut Notes) -> Markup {
    let auc = Figure {
        unit: Unit::Plain,
        value: figures.auc,
        interval: figures.auc_interval,
        no_value: figures.undefined.as_deref().unwrap_or("not defined"),
        no_interval: Some(
            "patients are unknown, or bootstrap samples have no value or all the same",
        ),
    };
    html! {
        tr {
            th scope="row" { (spoken(measurement)) " " (above(task)) }
            td { (figures.n) }
            td { (figures.positives) }
            td { (auc.markup(notes)) (delong(figures)) }
            (networks(figures.networks.as_ref(), notes))
        }
    }
}

/// DeLong's interval below the other; nothing where classes are told apart
/// perfectly.
fn delong(figures: &TaskFigures) -> Markup {
    html! {
        @if let Some(interval) = figures.auc_delong_interval {
            span.interval { "DeLong " (Unit::Plain.interval(interval)) }
        }
    }
}

const NO_NETWORKS: &str = "the probabilities of the single networks are not at hand for every pair";

/// Seven cells.
fn networks(means: Option<&NetworkMeans>, notes: &mut Notes) -> Markup {
    let Some(means) = means else {
        return html! { @for _ in 0..7 { td { (notes.missing(NO_NETWORKS)) } } };
    };
    html! {
        td { (means.networks) }
        td { (mean(&means.auc, Unit::Plain).markup(notes)) }
        @for share in [&means.sensitivity, &means.specificity, &means.ppv, &means.npv] {
            td { (mean(share, Unit::Percent).markup(notes)) }
        }
        td { (mean(&means.youden, Unit::Plain).markup(notes)) }
    }
}

fn mean(figure: &MeanFigure, unit: Unit) -> Figure<'static> {
    Figure {
        unit,
        value: figure.value,
        interval: figure.interval,
        no_value: "not defined for at least one of the networks",
        no_interval: Some("one network alone has no spread"),
    }
}

/// `gt1` is "> 1".
pub(crate) fn above(task: &str) -> String {
    task.strip_prefix("gt").map_or_else(|| task.to_owned(), |cutoff| format!("> {cutoff}"))
}
