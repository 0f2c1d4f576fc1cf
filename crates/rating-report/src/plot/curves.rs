//! Curves over a share from 0 to 1, with values from 0 to 1.

use maud::{Markup, html};

use super::{px, series_class};

const WIDTH: f64 = 330.0;
const HEIGHT: f64 = 296.0;
const LEFT: f64 = 52.0;
const TOP: f64 = 10.0;
const ACROSS: f64 = 268.0;
const DOWN: f64 = 238.0;

/// The curves in one frame, each with the look of its position; values are
/// evenly spaced from 0 to 1. A curve of fewer than two values is left out.
pub(crate) fn plot(title: &str, below: &str, beside: &str, curves: &[&[f64]]) -> Markup {
    let ticks = [0.0, 0.25, 0.5, 0.75, 1.0];
    let (right, bottom) = (LEFT + ACROSS, TOP + DOWN);
    let middle = TOP + DOWN / 2.0;
    html! {
        svg role="img" viewBox={ "0 0 " (px(WIDTH)) " " (px(HEIGHT)) } width=(px(WIDTH)) height=(px(HEIGHT)) {
            title { (title) }
            @for tick in ticks {
                line.grid x1=(along(tick)) x2=(along(tick)) y1=(px(TOP)) y2=(px(bottom)) {}
                line.grid x1=(px(LEFT)) x2=(px(right)) y1=(up(tick)) y2=(up(tick)) {}
                text x=(along(tick)) y=(px(bottom + 17.0)) text-anchor="middle" { (tick) }
                text x=(px(LEFT - 7.0)) y=(up(tick)) dy="4" text-anchor="end" { (tick) }
            }
            rect.frame x=(px(LEFT)) y=(px(TOP)) width=(px(ACROSS)) height=(px(DOWN)) {}
            @for (series, curve) in curves.iter().enumerate().filter(|(_, curve)| curve.len() > 1) {
                polyline class=(series_class(series)) points=(path(curve)) {}
            }
            text x=(px(LEFT + ACROSS / 2.0)) y=(px(bottom + 38.0)) text-anchor="middle" { (below) }
            text x="13" y=(px(middle)) transform={ "rotate(-90 13 " (px(middle)) ")" } text-anchor="middle" { (beside) }
        }
    }
}

fn along(value: f64) -> String {
    px(LEFT + value * ACROSS)
}

fn up(value: f64) -> String {
    px(TOP + (1.0 - value.clamp(0.0, 1.0)) * DOWN)
}

fn path(curve: &[f64]) -> String {
    let last = (curve.len() - 1) as f64;
    let point = |(at, &value): (usize, &f64)| format!("{},{}", along(at as f64 / last), up(value));
    curve.iter().enumerate().map(point).collect::<Vec<String>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_spans_the_frame() {
        assert_eq!(path(&[1.0, 0.5, 0.0]), "52,10 186,129 320,248");
    }
}
