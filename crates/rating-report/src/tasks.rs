//! The binary tasks "is the grade greater than ...?": ROC curves and figures.

use std::collections::BTreeMap;

use maud::{Markup, html};
use rating::evaluate::{NetworkMeans, TaskFigures, Tasks};

use crate::figure::{Figure, Unit};
use crate::label::Label;
use crate::notes::Notes;
use crate::page::wide;
use crate::plot::roc;
use crate::spoken;

/// The ROC curves of every measurement, a plot each.
pub(crate) fn curves(tasks: &Tasks, resampling: &str, label: Label) -> Markup {
    html! {
        p {
            "Each curve: the mean probability of the task's networks against the reference grade. "
            "The dotted diagonal is chance. In brackets 95 % intervals of the area under the curve (AUC): "
             (resampling) "."
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
pub(crate) fn table(id: &str, tasks: &Tasks, resampling: &str, label: Label) -> Markup {
    let mut notes = Notes::of_table(id);
    let table = html! {
        table.tight {
            caption {
                (label.opening())
                "AUC of the mean probability: " (resampling) "; below it DeLong's interval, which takes "
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
    let reason = figures.undefined.as_deref().unwrap_or("not defined");
    let auc = Figure {
        unit: Unit::Plain,
        value: figures.auc,
        interval: figures.auc_interval,
        no_value: reason,
        no_interval: Some(reason),
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
        td { (Figure::of(Unit::Plain, &means.auc).markup(notes)) }
        @for share in [&means.sensitivity, &means.specificity, &means.ppv, &means.npv] {
            td { (Figure::of(Unit::Percent, share).markup(notes)) }
        }
        td { (Figure::of(Unit::Plain, &means.youden).markup(notes)) }
    }
}

/// `gt1` is "> 1".
pub(crate) fn above(task: &str) -> String {
    task.strip_prefix("gt").map_or_else(|| task.to_owned(), |cutoff| format!("> {cutoff}"))
}
