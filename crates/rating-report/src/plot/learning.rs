//! Figures against an amount that doubles, with their intervals.

use maud::{Markup, html};
use rating::stats::Interval;

use super::axis::Axis;
use super::{px, series_class};

const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 296.0;
const LEFT: f64 = 58.0;
const RIGHT: f64 = 386.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 248.0;
/// How far from the frame the first and last amounts are drawn.
const INSET: f64 = 22.0;
/// Series stand side by side, so that their intervals can be told apart.
const APART: f64 = 5.0;

/// One figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    pub(crate) amount: f64,
    pub(crate) value: f64,
    pub(crate) interval: Option<Interval>,
}

/// The series in one frame, each with the look of its position. `None` when
/// there is no point.
pub(crate) fn plot(
    title: &str,
    below: &str,
    beside: &str,
    series: &[Vec<Point>],
) -> Option<Markup> {
    let points = || series.iter().flatten();
    let ends = points().flat_map(|point| match point.interval {
        Some(interval) => [interval.low, interval.high],
        None => [point.value; 2],
    });
    let up = Axis::around(ends, BOTTOM, TOP)?;
    let mut amounts: Vec<f64> = points().map(|point| point.amount).collect();
    amounts.sort_by(f64::total_cmp);
    amounts.dedup();
    let across = Doublings { low: *amounts.first()?, high: *amounts.last()? };
    let (middle, centre) = (f64::midpoint(TOP, BOTTOM), f64::midpoint(LEFT, RIGHT));
    Some(html! {
        svg role="img" viewBox={ "0 0 " (px(WIDTH)) " " (px(HEIGHT)) } width=(px(WIDTH)) height=(px(HEIGHT)) {
            title { (title) }
            @for (value, label) in up.ticks() {
                line.grid x1=(px(LEFT)) x2=(px(RIGHT)) y1=(px(up.place(value))) y2=(px(up.place(value))) {}
                text x=(px(LEFT - 7.0)) y=(px(up.place(value))) dy="4" text-anchor="end" { (label) }
            }
            @for &amount in &amounts {
                line.grid x1=(px(across.place(amount))) x2=(px(across.place(amount))) y1=(px(TOP)) y2=(px(BOTTOM)) {}
                text x=(px(across.place(amount))) y=(px(BOTTOM + 17.0)) text-anchor="middle" { (amount.round()) }
            }
            rect.frame x=(px(LEFT)) y=(px(TOP)) width=(px(RIGHT - LEFT)) height=(px(BOTTOM - TOP)) {}
            @for (position, points) in series.iter().enumerate() {
                @let aside = APART * (position as f64 - (series.len() - 1) as f64 / 2.0);
                @let place = |point: &Point| (px(across.place(point.amount) + aside), px(up.place(point.value)));
                polyline class=(series_class(position)) points=(path(points.iter().map(place))) {}
                @for point in points {
                    @let (x, y) = place(point);
                    @if let Some(interval) = point.interval {
                        line class=(series_class(position)) x1=(x) x2=(x) y1=(px(up.place(interval.low))) y2=(px(up.place(interval.high))) {}
                    }
                    circle class=(series_class(position)) cx=(x) cy=(y) r="3" {}
                }
            }
            text x=(px(centre)) y=(px(BOTTOM + 38.0)) text-anchor="middle" { (below) }
            text x="13" y=(px(middle)) transform={ "rotate(-90 13 " (px(middle)) ")" } text-anchor="middle" { (beside) }
        }
    })
}

fn path(points: impl Iterator<Item = (String, String)>) -> String {
    points.map(|(x, y)| format!("{x},{y}")).collect::<Vec<String>>().join(" ")
}

/// A scale on which twice as much is always as far.
struct Doublings {
    low: f64,
    high: f64,
}

impl Doublings {
    fn place(&self, amount: f64) -> f64 {
        let along = (amount / self.low).ln() / (self.high / self.low).ln();
        let along = if along.is_finite() { along } else { 0.5 };
        LEFT + INSET + along * (RIGHT - LEFT - 2.0 * INSET)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twice_as_much_is_always_as_far() {
        let scale = Doublings { low: 60.0, high: 240.0 };
        let [a, b, c] = [60.0, 120.0, 240.0].map(|amount| scale.place(amount));
        assert!((b - a - (c - b)).abs() < 1e-9);
        assert_eq!((a, c), (LEFT + INSET, RIGHT - INSET));
        assert_eq!(Doublings { low: 60.0, high: 60.0 }.place(60.0), f64::midpoint(LEFT, RIGHT));
    }

    #[test]
    fn there_is_no_frame_without_a_point() {
        assert!(plot("t", "x", "y", &[Vec::new()]).is_none());
        let point = Point { amount: 60.0, value: 0.5, interval: None };
        let drawn = plot("t", "x", "y", &[vec![point]]).unwrap().into_string();
        assert!(drawn.contains("<title>t</title>") && drawn.contains("<circle"));
    }
}
