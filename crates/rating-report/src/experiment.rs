//! An experiment's results as a page, and as Markdown to keep beside the code.

mod curves;
mod markdown;

use maud::{Markup, html};
use rating::evaluate::arms::{ArmFigures, Ranged};
use rating::evaluate::experiment::{ArmResult, ClaimResult, Report};
use rating::stats::Interval;
use rating::words::counted;

pub use self::markdown::experiment_markdown;
use crate::demo::{Fact, facts};
use crate::figure::{Figure, Unit};
use crate::label::Label;
use crate::notes::Notes;
use crate::page::{Section, page, wide};
use crate::plot::{axis::Axis, dots};
use crate::spoken;

/// The results as a self-contained HTML page.
#[must_use]
pub fn experiment_page(report: &Report, facts_of: &[Fact]) -> String {
    let label = Label::new(report.origin);
    let mut sections = vec![Section {
        id: "claims".into(),
        title: "Which claims hold?".into(),
        body: claims(report, label),
    }];
    for quantity in quantities(report) {
        sections.push(Section {
            id: quantity.replace('_', "-"),
            title: format!("Every arm: {}", spoken(quantity)),
            body: arms(report, quantity, label),
        });
    }
    if let Some(body) = curves::curves(report, label) {
        sections.push(Section { id: "curves".into(), title: "Learning curves".into(), body });
    }
    sections.push(Section {
        id: "facts".into(),
        title: "How this page was made".into(),
        body: facts(facts_of, label),
    });
    let seeds = report.study_seeds.len();
    let lead = html! {
        p {
            (counted(report.arms.len(), "arm", "arms")) " on " (counted(report.pairs, "test pair", "test pairs")) ", "
            (if seeds == 1 { "one study seed".to_owned() } else { format!("{seeds} study seeds together") })
            ". Exact agreement with the reference grades; intervals are 95 %, by bootstrap of patients ("
            (report.bootstrap_samples) " samples)."
        }
    };
    page(&format!("Experiment {}", report.name), label, &lead, &sections)
}

fn claims(report: &Report, label: Label) -> Markup {
    let figures: Vec<_> =
        report.claims.iter().map(|claim| in_points(claim.compared.difference)).collect();
    let axis = dots::axis(&figures);
    let mut notes = Notes::of_table("claims");
    let table = html! {
        table {
            caption {
                (label.opening())
                "Difference in exact agreement, in percentage points, on the same pairs. A claim holds where the whole interval is "
                "above its limit, does not where it is below, and is undecided otherwise."
            }
            thead { tr {
                th.words scope="col" { "claim" }
                th.words scope="col" { "verdict" }
                th scope="col" { "difference" }
                th scope="col" { "limit" }
                @if axis.is_some() { th.words scope="col" { "plot" } }
                th.words scope="col" { "compared" }
                th.words scope="col" { "source and its figures" }
            } }
            tbody { @for claim in &report.claims { (claim_row(claim, axis.as_ref(), &mut notes, label)) } }
            @if let Some(axis) = &axis {
                tfoot { tr { td {} td {} td {} td {} td.interval-plot { (dots::scale(axis)) } td {} td {} } }
            }
        }
    };
    html! { (wide("Claims", &table)) (notes.list()) }
}

fn claim_row(claim: &ClaimResult, axis: Option<&Axis>, notes: &mut Notes, label: Label) -> Markup {
    let difference = claim.compared.difference;
    html! {
        tr {
            th scope="row" { (claim.says) }
            td.words { strong { (claim.verdict.word()) } }
            td { (ranged(difference, Unit::Points, notes)) }
            td { (Unit::Points.value(claim.limit)) }
            @if let Some(axis) = axis {
                td.interval-plot {
                    @if let (Some(value), interval) = in_points(difference) {
                        (dots::strip(axis, &format!("{}{}", label.prefix(), claim.says), value, interval))
                    }
                }
            }
            td.words {
                (spoken(&claim.measurement)) ": " (claim.first) " " (percent(claim.compared.first)) ", "
                (claim.second) " " (percent(claim.compared.second)) "; " (claim.cohorts.join(", "))
            }
            td.words { (claim.source) @if let Some(figures) = &claim.figures { ": " (figures) } }
        }
    }
}

/// A difference of shares in percentage points, as the table says it.
fn in_points(figure: Ranged) -> (Option<f64>, Option<Interval>) {
    let times = |share: f64| 100.0 * share;
    let interval = figure
        .interval
        .map(|Interval { low, high }| Interval { low: times(low), high: times(high) });
    (figure.value.map(times), interval)
}

fn arms(report: &Report, quantity: &str, label: Label) -> Markup {
    let cohorts = cohorts(report);
    let mut notes = Notes::of_table(format!("arms-{quantity}"));
    let of_quantity = report.arms.iter().flat_map(|arm| &arm.figures);
    let accuracies: Vec<_> = of_quantity
        .filter(|(name, _, _)| name == quantity)
        .map(|(_, _, figures)| in_points(figures.accuracy))
        .collect();
    let axis = dots::axis(&accuracies);
    let table = html! {
        table.tight.plots {
            caption { (label.opening()) "Exact agreement and linearly weighted kappa; of several models, their mean. In brackets, and as lines, 95 % intervals." }
            thead { tr {
                th.words scope="col" { "arm" }
                th scope="col" { "learned from" span.aside { "pairs" } }
                @for cohort in &cohorts {
                    th scope="col" { (cohort) ", agreement" }
                    @if axis.is_some() { th.words scope="col" { "plot" span.aside { "%" } } }
                    th scope="col" { (cohort) ", kappa" }
                }
            } }
            tbody { @for arm in &report.arms {
                @let of = |cohort: &str| find(&arm.figures, quantity, cohort);
                @if cohorts.iter().any(|cohort| of(cohort).is_some()) {
                    tr {
                        th scope="row" { (arm.name) }
                        td { (learned_from(arm)) }
                        @for cohort in &cohorts {
                            @let nothing = Ranged { value: None, interval: None };
                            @let figures = of(cohort);
                            @let accuracy = figures.map_or(nothing, |figures| figures.accuracy);
                            td { (ranged(accuracy, Unit::Percent, &mut notes)) }
                            @if let Some(axis) = &axis {
                                td.interval-plot {
                                    @if let (Some(value), interval) = in_points(accuracy) {
                                        (dots::strip(axis, &format!("{}{}, {cohort}", label.prefix(), arm.name), value, interval))
                                    }
                                }
                            }
                            td { (ranged(figures.map_or(nothing, |figures| figures.kappa_linear), Unit::Plain, &mut notes)) }
                        }
                    }
                }
            } }
            @if let Some(axis) = &axis {
                tfoot { tr {
                    td {} td {}
                    @for _ in &cohorts { td {} td.interval-plot { (dots::scale(axis)) } td {} }
                } }
            }
        }
    };
    html! { (wide(&format!("Arms, {}", spoken(quantity)), &table)) (notes.list()) }
}

fn ranged(figure: Ranged, unit: Unit, notes: &mut Notes) -> Markup {
    let no_value = "no pair has both a reference grade and an answer";
    let no_interval = Some("too few patients vary");
    Figure { unit, value: figure.value, interval: figure.interval, no_value, no_interval }
        .markup(notes)
}

fn percent(figure: Ranged) -> String {
    figure.value.map_or_else(|| "-".to_owned(), |value| Unit::Percent.value(value))
}

/// How many pairs an arm learned from, mean over study seeds; a dash where no
/// network was asked.
fn learned_from(arm: &ArmResult) -> String {
    curves::mean(&arm.training_pairs).map_or_else(|| "-".to_owned(), |mean| format!("{mean:.0}"))
}

/// The quantities of the arms, in their order.
fn quantities(report: &Report) -> Vec<&str> {
    distinct(
        report.arms.iter().flat_map(|arm| arm.figures.iter().map(|(name, _, _)| name.as_str())),
    )
}

/// The test cohorts, in their order.
fn cohorts(report: &Report) -> Vec<&str> {
    distinct(
        report.arms.iter().flat_map(|arm| arm.figures.iter().map(|(_, name, _)| name.as_str())),
    )
}

fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut found = Vec::new();
    for name in names {
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

fn find<'a>(
    figures: &'a [(String, String, ArmFigures)],
    quantity: &str,
    cohort: &str,
) -> Option<&'a ArmFigures> {
    let of = |(name, place, _): &&(String, String, ArmFigures)| name == quantity && place == cohort;
    figures.iter().find(of).map(|(_, _, figures)| figures)
}
