//! Figures as dots with their intervals, one strip a row of a table.

use maud::{Markup, html};
use rating::stats::Interval;

use super::axis::Axis;
use super::px;

const WIDTH: f64 = 270.0;
const HEIGHT: f64 = 26.0;
const MARGIN: f64 = 14.0;

/// The scale that all strips of a table share; `None` without any figure.
pub(crate) fn axis(figures: &[(Option<f64>, Option<Interval>)]) -> Option<Axis> {
    let ends = figures.iter().flat_map(|(value, interval)| {
        let interval = interval.iter().flat_map(|interval| [interval.low, interval.high]);
        value.iter().copied().chain(interval).collect::<Vec<f64>>()
    });
    Axis::around(ends, MARGIN, WIDTH - MARGIN)
}

/// One figure on the scale.
pub(crate) fn strip(axis: &Axis, title: &str, value: f64, interval: Option<Interval>) -> Markup {
    let middle = px(HEIGHT / 2.0);
    frame(
        title,
        &html! {
            (grid(axis))
            @if let Some(interval) = interval {
                line.whisker x1=(px(axis.place(interval.low))) x2=(px(axis.place(interval.high))) y1=(middle) y2=(middle) {}
            }
            circle.dot cx=(px(axis.place(value))) cy=(middle) r="4.5" {}
        },
    )
}

/// The scale itself, to stand under the strips.
pub(crate) fn scale(axis: &Axis) -> Markup {
    frame(
        "scale",
        &html! {
            @for (value, label) in axis.ticks() {
                text x=(px(axis.place(value))) y="14" text-anchor="middle" { (label) }
            }
        },
    )
}

fn grid(axis: &Axis) -> Markup {
    html! {
        @for (value, _) in axis.ticks() {
            line x1=(px(axis.place(value))) x2=(px(axis.place(value))) y1="0" y2=(px(HEIGHT))
                class=(if value == 0.0 { "zero" } else { "grid" }) {}
        }
    }
}

fn frame(title: &str, inside: &Markup) -> Markup {
    html! {
        svg role="img" viewBox={ "0 0 " (px(WIDTH)) " " (px(HEIGHT)) } width=(px(WIDTH)) height=(px(HEIGHT)) {
            title { (title) }
            (inside)
        }
    }
}
