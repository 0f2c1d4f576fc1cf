//! Do readers with more experience gain less?

use maud::{Markup, html};
use rating::stats::{Interval, Merit};
use rating::study::analysis::comparison::{Comparison, ReaderDifference};

use super::merits::{merit_words, unit_of};
use crate::figure::{Unit, p_value};
use crate::label::Label;
use crate::plot::chart::{Chart, Words};

/// Each reader's gain over the years of experience, with the line through them;
/// nothing where years are not known.
pub(super) fn plot(comparison: &Comparison, merit: Merit, label: Label) -> Markup {
    let unit = unit_of(merit).difference();
    let times = if matches!(unit, Unit::Points) { 100.0 } else { 1.0 };
    let point =
        |of: &ReaderDifference| Some((of.years?, times * of.differences.get(&merit)?.value?));
    let points: Vec<(f64, f64)> = comparison.readers.iter().filter_map(point).collect();
    let values = points.iter().map(|point| point.1).chain([0.0]);
    let Some(chart) = Chart::around(points.iter().map(|point| point.0).chain([0.0]), values) else {
        return html! {};
    };
    if points.is_empty() {
        return html! {};
    }
    let title = format!("{}Gain of each reader by years of experience", label.prefix());
    let points_of = if matches!(unit, Unit::Points) { ", points" } else { "" };
    let beside = format!("{} \u{2212} {}{points_of}", comparison.arm, comparison.against);
    let words = Words { title: &title, below: "years of experience", beside: &beside };
    let line = comparison.experience.as_ref().map(|slope| {
        let n = points.len() as f64;
        let [x, y] = [
            points.iter().map(|point| point.0).sum::<f64>() / n,
            points.iter().map(|point| point.1).sum::<f64>() / n,
        ];
        let at = |years: f64| (years, y + times * slope.value * (years - x));
        let ends = points.iter().map(|point| point.0);
        let (low, high) = (ends.clone().fold(f64::INFINITY, f64::min), ends.fold(0.0, f64::max));
        chart.line("curve series-0", &[at(low), at(high)])
    });
    let inside = html! {
        (chart.line("zero", &[(chart.x.low, 0.0), (chart.x.high, 0.0)]))
        @if let Some(line) = line { (line) }
        @for point in &points { (chart.dot("dot", *point, 4.0)) }
    };
    html! {
        figure.roc {
            figcaption {
                span.name { strong { "Experience" } ". " } (label.opening())
                (merit_words(merit)) " of each reader, " (comparison.arm) " minus " (comparison.against) ". "
                @match &comparison.experience {
                    Some(slope) => {
                        "Ten years more change it by " (unit.value(10.0 * slope.value)) " ("
                        (unit.interval(ten(slope.interval))) "), p " (p_value(slope.p))
                        ": least squares through " (slope.points) " readers with " (slope.points - 2)
                        (if slope.points == 3 { " degree" } else { " degrees" }) " of freedom, readers as a sample of more, on these cases."
                    },
                    None => "Too few readers whose years are known for a line.",
                }
            }
            (chart.markup(words, &inside))
        }
    }
}

/// Of ten years what it is of one.
fn ten(of: Interval) -> Interval {
    Interval { low: 10.0 * of.low, high: 10.0 * of.high }
}
