//! Small SVG plots that follow the page: text and frames are `currentColor`,
//! series have CSS classes, so light, dark and print need no second drawing.
//!
//! Lines of a plot differ by dashes as well as by colour.

pub(crate) mod axis;
pub(crate) mod chart;
pub(crate) mod curves;
pub(crate) mod dots;
pub(crate) mod learning;
pub(crate) mod roc;

/// How many looks of a line the style sheet has; further series repeat them.
const LOOKS: usize = 4;

/// The classes of a series' line.
pub(crate) fn series_class(series: usize) -> String {
    format!("curve series-{}", series % LOOKS)
}

/// A coordinate in pixels, short: tenths are finer than anyone sees.
fn px(coordinate: f64) -> String {
    let text = format!("{coordinate:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}
