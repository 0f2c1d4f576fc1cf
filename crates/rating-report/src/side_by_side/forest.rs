//! One figure of every measurement and file, with a forest plot of the
//! differences.

use maud::{Markup, html};
use rating::evaluate::Figure as Found;
use rating::evaluate::comparison::{
    Compared, ComparedFile, Comparison, Difference, Evidence, PairedTest, Part,
};
use rating::stats::Interval;
use rating::stats::wilcoxon::Method;

use super::{others, reference};
use crate::figure::{Figure, Unit, p_value};
use crate::label::Label;
use crate::notes::Notes;
use crate::page::wide;
use crate::plot::{axis::Axis, dots};
use crate::{combined_last, spoken};

/// A figure as the page shows it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown {
    /// Its name in files.
    name: &'static str,
    /// Its heading.
    pub(super) title: &'static str,
    /// How values are written.
    unit: Unit,
    /// How differences are written.
    difference: Unit,
    /// Its test.
    test: Option<&'static str>,
    /// Which way is better.
    better: &'static str,
}

pub(super) const FIGURES: [Shown; 5] = [
    Shown {
        name: "accuracy",
        title: "Exact agreement (PEA)",
        unit: Unit::Percent,
        difference: Unit::Points,
        test: Some("McNemar"),
        better: "Right of 0 is better.",
    },
    Shown {
        name: "close_agreement",
        title: "Close agreement (PCA): within one grade",
        unit: Unit::Percent,
        difference: Unit::Points,
        test: None,
        better: "Right of 0 is better.",
    },
    Shown {
        name: "kappa_linear",
        title: "Linearly weighted kappa",
        unit: Unit::Plain,
        difference: Unit::Plain,
        test: None,
        better: "Right of 0 is better.",
    },
    Shown {
        name: "absolute_error",
        title: "Absolute error in grades",
        unit: Unit::Plain,
        difference: Unit::Plain,
        test: Some("Wilcoxon"),
        better: "Left of 0 is better.",
    },
    Shown {
        name: "auc",
        title: "Area under the ROC curve (AUC) of the mean probability",
        unit: Unit::Plain,
        difference: Unit::Plain,
        test: Some("DeLong"),
        better: "Right of 0 is better.",
    },
];

impl Shown {
    /// Differences are drawn in the unit they are written in.
    fn drawn(self, value: f64) -> f64 {
        if self.difference == Unit::Points { value * 100.0 } else { value }
    }

    fn place(self, figure: &Found) -> Option<(f64, Option<Interval>)> {
        let ends = |interval: Interval| Interval {
            low: self.drawn(interval.low),
            high: self.drawn(interval.high),
        };
        let value = figure.value.filter(|value| value.is_finite())?;
        Some((self.drawn(value), figure.interval.map(ends)))
    }
}

/// What one row is about, how many pairs it has, and its figure.
type Named<'a> = (String, usize, &'a Compared);

/// The rows of a figure: measurements with the combined grade last, or tasks.
fn rows<'a>(part: &'a Part, figure: &str) -> Vec<Named<'a>> {
    let of_grades = combined_last(&part.measurements)
        .filter_map(|(name, found)| Some((spoken(name), found.n, found.figures.get(figure)?)));
    let tasks = part.tasks.iter().flat_map(|(measurement, tasks)| {
        tasks.iter().map(move |(task, found)| (measurement, task, found))
    });
    let of_tasks = tasks.filter_map(|(measurement, task, found)| {
        let above = task.strip_prefix("gt").unwrap_or(task);
        Some((format!("{} > {above}", spoken(measurement)), found.n, found.figures.get(figure)?))
    });
    of_grades.chain(of_tasks).collect()
}

/// The table of one figure in one part, with its footnotes.
pub(super) fn table(
    id: &str,
    shown: Shown,
    part: &Part,
    comparison: &Comparison,
    label: Label,
) -> Markup {
    let rows = rows(part, shown.name);
    let places = rows.iter().flat_map(|(_, _, compared)| &compared.differences);
    let places: Vec<_> = places
        .map(|difference| match shown.place(&difference.figure) {
            Some((value, interval)) => (Some(value), interval),
            None => (None, None),
        })
        .collect();
    let axis = dots::axis(&places);
    let mut view = View {
        shown,
        axis,
        notes: Notes::of_table(format!("{id}-{}", shown.name)),
        reference: reference(comparison),
        label,
    };
    let unit = if shown.difference == Unit::Points { " in percentage points" } else { "" };
    let table = html! {
        table {
            caption {
                (label.opening())
                (shown.title) ". Differences are from " (view.reference) (unit) ". " (shown.better)
                " In brackets, and as lines, 95 % intervals."
            }
            thead { tr {
                th.words scope="col" { "measurement" }
                th.words scope="col" { "scores" }
                th scope="col" { "pairs" }
                th scope="col" { "figure" }
                th scope="col" { "difference" }
                @if view.axis.is_some() { th.words scope="col" { "plot" } }
                @if let Some(test) = shown.test {
                    th scope="col" { "p" span.aside { (test) } }
                    th scope="col" { "p" span.aside { "Holm" } }
                }
            } }
            tbody { @for (name, pairs, compared) in &rows { (view.group(name, *pairs, compared, comparison)) } }
            @if let Some(axis) = &view.axis {
                tfoot { tr {
                    td {} td {} td {} td {} td {} td.interval-plot { (dots::scale(axis)) }
                    @if shown.test.is_some() { td {} td {} }
                } }
            }
        }
    };
    html! { (wide(shown.title, &table)) (view.notes.list()) }
}

/// What the rows of a table share.
struct View<'a> {
    shown: Shown,
    axis: Option<Axis>,
    notes: Notes,
    reference: &'a str,
    label: Label,
}

impl View<'_> {
    /// The reference's row, then one for each other file.
    fn group(
        &mut self,
        name: &str,
        pairs: usize,
        compared: &Compared,
        comparison: &Comparison,
    ) -> Markup {
        let figures = compared.files.split_first();
        html! {
            @if let Some((first, figures)) = figures {
                @let rows = compared.files.len();
                tr {
                    th scope="rowgroup" rowspan=(rows) { (name) }
                    th scope="row" { (self.reference) }
                    td rowspan=(rows) { (pairs) }
                    td { (self.figure(first, self.shown.unit)) }
                    td {}
                    @if self.axis.is_some() { td {} }
                    @if self.shown.test.is_some() { td {} td {} }
                }
                @for ((file, figure), difference) in
                    others(comparison).zip(figures).zip(&compared.differences)
                {
                    (self.row(name, file, figure, difference))
                }
            }
        }
    }

    fn row(
        &mut self,
        name: &str,
        file: &ComparedFile,
        figure: &Found,
        difference: &Difference,
    ) -> Markup {
        let title =
            format!("{}{name}: {} minus {}", self.label.prefix(), file.name, self.reference);
        html! {
            tr {
                th scope="row" { (file.name) }
                td { (self.figure(figure, self.shown.unit)) }
                td { (self.figure(&difference.figure, self.shown.difference)) }
                @if let Some(axis) = &self.axis {
                    td.interval-plot {
                        @if let Some((value, interval)) = self.shown.place(&difference.figure) {
                            (dots::strip(axis, &title, value, interval))
                        }
                    }
                }
                @if self.shown.test.is_some() { (self.test(difference.test.as_ref())) }
            }
        }
    }

    fn figure(&mut self, found: &Found, unit: Unit) -> Markup {
        Figure::of(unit, found).markup(&mut self.notes)
    }

    /// Two cells: p alone, with what was counted, and p corrected.
    fn test(&mut self, test: Option<&PairedTest>) -> Markup {
        let Some(PairedTest { p: Some(p), p_holm: Some(p_holm), evidence, .. }) = test else {
            let reason = test.and_then(|test| test.undefined.as_deref());
            let missing = self.notes.missing(reason.unwrap_or("not tested"));
            return html! { td { (missing) } td { (missing) } };
        };
        html! {
            td {
                (p_value(*p))
                @if let Some(Evidence::McNemar { only_first, only_this, .. }) = evidence {
                    span.aside { (only_first) " : " (only_this) }
                }
                @if let Some(Evidence::Wilcoxon { method: Method::Normal, .. }) = evidence {
                    span.aside { "normal approximation" }
                }
            }
            td { (p_value(*p_holm)) }
        }
    }
}
