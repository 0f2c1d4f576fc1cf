//! Whether probabilities mean what they say, and what acting on them gains.

use maud::{Markup, html};
use rating::evaluate::{Calibration, TaskFigures, Tasks};
use rating::stats::calibration::EDGE;
use rating::stats::decision_curve::NetBenefit;
use rating::stats::reliability::Bin;
use rating::words::{counted, word};

use crate::figure::{Figure, Unit};
use crate::label::Label;
use crate::notes::Notes;
use crate::page::wide;
use crate::plot::chart::{Chart, Words};
use crate::plot::{roc, series_class};
use crate::spoken;
use crate::tasks::above;

/// Reliability curves, the table, and decision curves.
pub(crate) fn section(id: &str, tasks: &Tasks, resampling: &str, label: Label) -> Markup {
    html! {
        p {
            "Each dot: pairs whose mean probability lies in one tenth of the scale, and the share of them that is positive; "
            "the larger, the more pairs. The upright line through it is Wilson's 95 % interval, pairs taken as independent. On the "
            "dotted diagonal a probability means what it says."
        }
        div.row {
            @for (measurement, tasks) in tasks {
                @for (task, figures) in tasks { (reliability(measurement, task, figures, label)) }
            }
        }
        (table(id, tasks, resampling, label))
        h3 { "Decision curves" }
        p {
            "Net benefit: hits less false alarms, each alarm weighted by threshold / (1 \u{2212} threshold), per pair. Acting on "
            "the probability is worth it where its line lies above acting on everyone (long dashes) and on nobody (0)."
        }
        div.row {
            @for (measurement, tasks) in tasks {
                @for (task, figures) in tasks { (decision_curve(measurement, task, figures, label)) }
            }
        }
    }
}

fn reliability(measurement: &str, task: &str, figures: &TaskFigures, label: Label) -> Markup {
    let Some(calibration) = &figures.calibration else { return html! {} };
    let Some(chart) = Chart::around([0.0, 1.0], [0.0, 1.0]) else { return html! {} };
    let name = format!("{} {}", spoken(measurement), above(task));
    let title = format!("{}Reliability curve of {name}", label.prefix());
    let words = Words { title: &title, below: "mean probability", beside: "share positive" };
    let bins = &calibration.reliability;
    let point = |bin: &Bin| (bin.mean_probability, bin.share_positive);
    let points: Vec<(f64, f64)> = bins.iter().map(point).collect();
    let most = bins.iter().map(|bin| bin.n).max().unwrap_or(1) as f64;
    let inside = html! {
        (chart.line("chance", &[(0.0, 0.0), (1.0, 1.0)]))
        @for bin in bins {
            (chart.line("whisker thin", &[(bin.mean_probability, bin.interval.low), (bin.mean_probability, bin.interval.high)]))
        }
        (chart.line("curve thin series-0", &points))
        @for bin in bins { (chart.dot("dot", point(bin), 2.5 + 4.5 * (bin.n as f64 / most).sqrt())) }
    };
    html! {
        figure.roc {
            figcaption { span.name { strong { (name) } ". " } (label.opening()) }
            (chart.markup(words, &inside))
        }
    }
}

fn table(id: &str, tasks: &Tasks, resampling: &str, label: Label) -> Markup {
    let mut notes = Notes::of_table(id);
    let table = html! {
        table {
            caption {
                (label.opening())
                "Calibration of the mean probability. Brier score: 0 is perfect. Slope and intercept of the log odds: right are "
                "1 and 0; a slope below 1 says probabilities are too extreme. In brackets 95 % intervals clustered by patient: "
                "of the Brier score " (resampling) "; of the others by sandwich standard errors."
            }
            thead {
                tr {
                    th.words scope="col" { "task" }
                    th scope="col" { "Brier score" }
                    th scope="col" { "slope" }
                    th scope="col" { "intercept" span.aside { "beside the slope" } }
                    th scope="col" { "intercept" span.aside { "slope held at 1" } }
                }
            }
            tbody {
                @for (measurement, tasks) in tasks {
                    @for (task, figures) in tasks {
                        (row(&format!("{} {}", spoken(measurement), above(task)), figures, &mut notes))
                    }
                }
            }
        }
    };
    html! { (wide("Calibration", &table)) (notes.list()) }
}

fn row(name: &str, figures: &TaskFigures, notes: &mut Notes) -> Markup {
    html! {
        tr {
            th scope="row" { (name) }
            @match &figures.calibration {
                None => {
                    @let reason = figures.undefined.as_deref().unwrap_or("there are no cases");
                    @for _ in 0..4 { td { (notes.missing(reason)) } }
                }
                Some(of) => {
                    td { (Figure::of(Unit::Plain, &of.brier).markup(notes)) }
                    td { (Figure::of(Unit::Plain, &of.slope).markup(notes)) (moved(of, notes)) }
                    @for figure in [&of.intercept, &of.in_the_large] {
                        td { (Figure::of(Unit::Plain, figure).markup(notes)) }
                    }
                }
            }
        }
    }
}

/// How many probabilities had no log odds to be fitted by; nothing where all had.
fn moved(calibration: &Calibration, notes: &mut Notes) -> Markup {
    let Some(moved @ 1..) = calibration.moved else { return html! {} };
    notes.remark(&format!(
        "{} nearer to 0 or 1 than {EDGE} {} moved there before slope and intercepts were fitted",
        counted(moved, "probability", "probabilities"),
        word(moved, "was", "were"),
    ))
}

fn decision_curve(measurement: &str, task: &str, figures: &TaskFigures, label: Label) -> Markup {
    let name = format!("{} {}", spoken(measurement), above(task));
    let title = format!("{}Decision curve of {name}", label.prefix());
    let words = Words { title: &title, below: "threshold probability", beside: "net benefit" };
    let curve = &figures.decision_curve;
    // Acting on everyone falls without end: the frame follows the other two.
    let shown = curve.iter().flat_map(|at| [at.model, 0.0]).chain(curve.first().map(|at| at.all));
    let Some(chart) = Chart::around([0.0, 1.0], shown) else { return html! {} };
    let of = |value: fn(&NetBenefit) -> f64| -> Vec<(f64, f64)> {
        curve.iter().map(|at| (at.threshold, value(at))).collect()
    };
    let inside = html! {
        (chart.line("zero", &[(0.0, 0.0), (1.0, 0.0)]))
        (chart.line(&series_class(1), &of(|at| at.all)))
        (chart.line(&series_class(0), &of(|at| at.model)))
    };
    html! {
        figure.roc {
            figcaption { span.name { strong { (name) } ". " } (label.opening()) }
            (chart.markup(words, &inside))
            ul.legend {
                li { (roc::sample(0)) span { "by probability" } }
                li { (roc::sample(1)) span { "everyone" } }
            }
        }
    }
}
