//! ROC curves.

use maud::{Markup, html};
use rating::stats::RocPoint;

use super::{px, series_class};

/// Size of the drawing and of the square inside, in pixels.
const WIDTH: f64 = 330.0;
const HEIGHT: f64 = 326.0;
const LEFT: f64 = 52.0;
const TOP: f64 = 10.0;
const SIDE: f64 = 268.0;

/// The curves in one square, each with the look of its position; a curve
/// without points is left out.
pub(crate) fn plot(title: &str, curves: &[&[RocPoint]]) -> Markup {
    let ticks = [0.0, 0.25, 0.5, 0.75, 1.0];
    let (right, bottom) = (LEFT + SIDE, TOP + SIDE);
    let middle = TOP + SIDE / 2.0;
    html! {
        svg role="img" viewBox={ "0 0 " (px(WIDTH)) " " (px(HEIGHT)) } width=(px(WIDTH)) height=(px(HEIGHT)) {
            title { (title) }
            @for tick in ticks {
                line.grid x1=(across(tick)) x2=(across(tick)) y1=(px(TOP)) y2=(px(bottom)) {}
                line.grid x1=(px(LEFT)) x2=(px(right)) y1=(up(tick)) y2=(up(tick)) {}
                text x=(across(tick)) y=(px(bottom + 17.0)) text-anchor="middle" { (tick_label(tick)) }
                text x=(px(LEFT - 7.0)) y=(up(tick)) dy="4" text-anchor="end" { (tick_label(tick)) }
            }
            line.chance x1=(across(0.0)) y1=(up(0.0)) x2=(across(1.0)) y2=(up(1.0)) {}
            rect.frame x=(px(LEFT)) y=(px(TOP)) width=(px(SIDE)) height=(px(SIDE)) {}
            @for (series, curve) in curves.iter().enumerate().filter(|(_, curve)| !curve.is_empty()) {
                polyline class=(series_class(series)) points=(path(curve)) {}
            }
            text x=(px(LEFT + SIDE / 2.0)) y=(px(bottom + 38.0)) text-anchor="middle" { "1 \u{2212} specificity" }
            text x="13" y=(px(middle)) transform={ "rotate(-90 13 " (px(middle)) ")" } text-anchor="middle" { "sensitivity" }
        }
    }
}

/// A piece of a series' line, for legends.
pub(crate) fn sample(series: usize) -> Markup {
    html! {
        svg viewBox="0 0 36 8" width="36" height="8" aria-hidden="true" {
            line class=(series_class(series)) x1="0" y1="4" x2="36" y2="4" {}
        }
    }
}

fn across(value: f64) -> String {
    px(LEFT + value * SIDE)
}

fn up(value: f64) -> String {
    px(TOP + (1.0 - value) * SIDE)
}

fn tick_label(tick: f64) -> String {
    format!("{tick}")
}

/// The corners of the curve; points on the way along a straight step are left out.
fn path(curve: &[RocPoint]) -> String {
    let is_on_the_way = |position: usize| {
        let Some([before, here, after]) =
            position.checked_sub(1).and_then(|first| curve.get(first..first + 3))
        else {
            return false;
        };
        let flat = |of: fn(&RocPoint) -> f64| of(before) == of(here) && of(here) == of(after);
        flat(|point| point.sensitivity) || flat(|point| point.false_positive_rate)
    };
    let corners = curve.iter().enumerate().filter(|(position, _)| !is_on_the_way(*position));
    let points: Vec<String> = corners
        .map(|(_, point)| {
            format!("{},{}", across(point.false_positive_rate), up(point.sensitivity))
        })
        .collect();
    points.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_keeps_its_corners_only() {
        let point =
            |false_positive_rate, sensitivity| RocPoint { false_positive_rate, sensitivity };
        let curve =
            [point(0.0, 0.0), point(0.0, 0.5), point(0.0, 1.0), point(0.5, 1.0), point(1.0, 1.0)];
        assert_eq!(path(&curve), "52,278 52,10 320,10");
        assert_eq!(path(&[]), "");
    }
}
