//! Accuracy against the number of pairs learned from.

use maud::{Markup, html};
use rating::evaluate::arms::ArmFigures;
use rating::evaluate::experiment::{ArmResult, Report};

use super::{cohorts, distinct, find, quantities};
use crate::label::Label;
use crate::plot::learning::{self, Point};
use crate::plot::roc;
use crate::spoken;

/// One figure for each quantity and test cohort; `None` without a curve.
pub(super) fn curves(report: &Report, label: Label) -> Option<Markup> {
    let names = distinct(report.arms.iter().filter_map(|arm| arm.curve.as_deref()));
    if names.is_empty() {
        return None;
    }
    let mut figures = Vec::new();
    for quantity in quantities(report) {
        for cohort in cohorts(report) {
            let series: Vec<Vec<Point>> =
                names.iter().map(|name| points(report, name, quantity, cohort)).collect();
            let title = format!("{}{}, {cohort}", label.prefix(), spoken(quantity));
            let drawn = learning::plot(&title, "pairs learned from", "exact agreement", &series);
            figures.extend(drawn.map(|drawn| (quantity, cohort, drawn)));
        }
    }
    Some(html! {
        p { "Exact agreement with 95 % intervals, against the number of training pairs." }
        div.row { @for (quantity, cohort, drawn) in &figures {
            figure {
                (drawn)
                figcaption { (label.opening()) span.name { (spoken(quantity)) ", " (cohort) } }
            }
        } }
        ul.legend { @for (position, name) in names.iter().enumerate() {
            li { (roc::sample(position)) " " (name) }
        } }
    })
}

/// The points of a curve, from fewer pairs to more.
fn points(report: &Report, curve: &str, quantity: &str, cohort: &str) -> Vec<Point> {
    let on_it = report.arms.iter().filter(|arm| arm.curve.as_deref() == Some(curve));
    let point = |arm: &ArmResult| {
        let ArmFigures { accuracy, .. } = find(&arm.figures, quantity, cohort)?;
        let amount = mean(&arm.training_pairs)?;
        Some(Point { amount, value: accuracy.value?, interval: accuracy.interval })
    };
    let mut points: Vec<Point> = on_it.filter_map(point).collect();
    points.sort_by(|a, b| a.amount.total_cmp(&b.amount));
    points
}

/// Over the study seeds; `None` where no network was asked.
pub(super) fn mean(pairs: &[usize]) -> Option<f64> {
    (!pairs.is_empty()).then(|| pairs.iter().sum::<usize>() as f64 / pairs.len() as f64)
}
