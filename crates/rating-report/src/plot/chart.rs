//! A frame with two scales, to draw lines and dots in.

use maud::{Markup, html};

use super::axis::Axis;
use super::px;

const WIDTH: f64 = 330.0;
const HEIGHT: f64 = 296.0;
const LEFT: f64 = 52.0;
const TOP: f64 = 10.0;
const ACROSS: f64 = 268.0;
const DOWN: f64 = 238.0;

/// Two scales of one frame.
#[derive(Debug, Clone)]
pub(crate) struct Chart {
    pub(crate) x: Axis,
    pub(crate) y: Axis,
}

/// The words of a chart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words<'a> {
    pub(crate) title: &'a str,
    pub(crate) below: &'a str,
    pub(crate) beside: &'a str,
}

/// The values with one beyond each end, so that a dot on the outermost does not lie on
/// the frame.
pub(crate) fn with_room(mut values: Vec<f64>) -> Vec<f64> {
    let ends = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &value| {
        (low.min(value), high.max(value))
    });
    if ends.0 <= ends.1 {
        let room = (0.04 * (ends.1 - ends.0)).max(0.1);
        values.extend([ends.0 - room, ends.1 + room]);
    }
    values
}

impl Chart {
    /// Scales that hold all values; `None` where there are none.
    pub(crate) fn around(
        x: impl IntoIterator<Item = f64>,
        y: impl IntoIterator<Item = f64>,
    ) -> Option<Chart> {
        let x = Axis::around(x, LEFT, LEFT + ACROSS)?;
        let y = Axis::around(y, TOP + DOWN, TOP)?;
        Some(Chart { x, y })
    }

    /// The frame with its scales, and what is drawn inside.
    pub(crate) fn markup(&self, words: Words<'_>, inside: &Markup) -> Markup {
        let (right, bottom) = (LEFT + ACROSS, TOP + DOWN);
        let middle = TOP + DOWN / 2.0;
        html! {
            svg role="img" viewBox={ "0 0 " (px(WIDTH)) " " (px(HEIGHT)) } width=(px(WIDTH)) height=(px(HEIGHT)) {
                title { (words.title) }
                @for (value, tick) in self.x.ticks() {
                    line.grid x1=(px(self.x.place(value))) x2=(px(self.x.place(value))) y1=(px(TOP)) y2=(px(bottom)) {}
                    text x=(px(self.x.place(value))) y=(px(bottom + 17.0)) text-anchor="middle" { (tick) }
                }
                @for (value, tick) in self.y.ticks() {
                    line.grid x1=(px(LEFT)) x2=(px(right)) y1=(px(self.y.place(value))) y2=(px(self.y.place(value))) {}
                    text x=(px(LEFT - 7.0)) y=(px(self.y.place(value))) dy="4" text-anchor="end" { (tick) }
                }
                rect.frame x=(px(LEFT)) y=(px(TOP)) width=(px(ACROSS)) height=(px(DOWN)) {}
                (inside)
                text x=(px(LEFT + ACROSS / 2.0)) y=(px(bottom + 38.0)) text-anchor="middle" { (words.below) }
                text x="13" y=(px(middle)) transform={ "rotate(-90 13 " (px(middle)) ")" } text-anchor="middle" { (words.beside) }
            }
        }
    }

    /// A line through points; what lies outside the frame is left out.
    pub(crate) fn line(&self, class: &str, points: &[(f64, f64)]) -> Markup {
        let inside = points.iter().filter(|point| self.holds(**point));
        let places: Vec<String> = inside
            .map(|&(x, y)| format!("{},{}", px(self.x.place(x)), px(self.y.place(y))))
            .collect();
        html! { @if places.len() > 1 { polyline class=(class) points=(places.join(" ")) {} } }
    }

    /// A dot of this radius (pixels).
    pub(crate) fn dot(&self, class: &str, (x, y): (f64, f64), radius: f64) -> Markup {
        html! { circle class=(class) cx=(px(self.x.place(x))) cy=(px(self.y.place(y))) r=(px(radius)) {} }
    }

    fn holds(&self, (x, y): (f64, f64)) -> bool {
        let slack = 1e-9;
        let on = |axis: &Axis, value: f64| value >= axis.low - slack && value <= axis.high + slack;
        on(&self.x, x) && on(&self.y, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_have_room_within_the_frame() {
        let values = with_room(vec![0.0, 4.0, 20.0]);
        let chart = Chart::around(values.clone(), values).unwrap();
        assert!(chart.x.place(0.0) > LEFT + 4.0 && chart.x.place(20.0) < LEFT + ACROSS - 4.0);
        assert!(with_room(Vec::new()).is_empty());
    }

    #[test]
    fn lines_end_where_the_frame_ends() {
        let chart = Chart::around([0.0, 1.0], [0.0, 1.0]).unwrap();
        let line = chart.line("curve", &[(0.0, 0.0), (0.5, 1.0), (1.0, -3.0)]).into_string();
        assert!(line.contains("points=\"52,248 186,10\""), "{line}");
        assert!(Chart::around([], [1.0]).is_none());
        let words = Words { title: "t", below: "b", beside: "s" };
        let drawn = chart.markup(words, &chart.dot("dot", (1.0, 1.0), 3.0)).into_string();
        assert!(drawn.contains("<title>t</title>") && drawn.contains("cx=\"320\""));
    }
}
