//! The same figures for joints, machines, sites and kinds of patients.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};
use rating::evaluate::{GroupFigures, Subgroups};
use rating::words::counted;

use crate::figure::{Figure, Unit};
use crate::label::Label;
use crate::notes::Notes;
use crate::page::wide;
use crate::plot::{axis::Axis, dots};
use crate::spoken;

/// The order in which kinds of groups are shown.
const KINDS: [&str; 7] = ["joint", "side", "device", "doppler_mode", "hospital", "sex", "age"];

type Groups = BTreeMap<String, BTreeMap<String, GroupFigures>>;

/// The table, with its footnotes; kinds of one group only are said in a sentence.
pub(crate) fn table(id: &str, subgroups: &Subgroups, resampling: &str, label: Label) -> Markup {
    let kinds = || KINDS.iter().filter_map(|kind| Some((*kind, subgroups.get(kind)?)));
    let several: Vec<(&str, &Groups)> = kinds().filter(|(_, groups)| groups.len() > 1).collect();
    let alike: Vec<String> = kinds()
        .filter(|(_, groups)| groups.len() == 1)
        .flat_map(|(kind, groups)| groups.keys().map(move |name| format!("{} {name}", title(kind))))
        .collect();
    html! {
        @if !alike.is_empty() { p { "The same in all pairs that say it: " (alike.join(", ")) "." } }
        @if several.is_empty() {
            p { "The manifest names no groups to compare." }
        } @else {
            (groups_table(id, &several, resampling, label))
        }
    }
}

fn groups_table(id: &str, kinds: &[(&str, &Groups)], resampling: &str, label: Label) -> Markup {
    let mut notes = Notes::of_table(id);
    let measurements = measurements(kinds);
    let plotted = measurements.last().copied().unwrap_or_default();
    let all = kinds.iter().flat_map(|(_, groups)| groups.values());
    let figures: Vec<_> = all
        .filter_map(|group| group.get(plotted))
        .map(|figures| (figures.accuracy.value, figures.accuracy.interval))
        .collect();
    let axis = dots::axis(&figures);
    let table = html! {
        table.tight {
            caption {
                (label.opening())
                "Pairs (and patients) with a reference grade, exact agreement (PEA) and linearly weighted kappa. In brackets 95 % intervals, "
                 (resampling) "; of few patients they are too narrow. No test was made: with so many groups "
                "some differ by chance. The plot shows the exact agreement of the " (spoken(plotted)) " grade."
            }
            thead {
                tr {
                    th.words scope="col" rowspan="2" { "group" }
                    th scope="col" rowspan="2" { "pairs" span.aside { "patients" } }
                    @for measurement in &measurements { th.group scope="colgroup" colspan="2" { (spoken(measurement)) } }
                    @if axis.is_some() { th.words scope="col" rowspan="2" { "plot" } }
                }
                tr {
                    @for _ in &measurements {
                        th scope="col" { "accuracy" span.aside { "PEA" } }
                        th scope="col" { "kappa" span.aside { "linear" } }
                    }
                }
            }
            @for (kind, groups) in kinds {
                tbody {
                    tr.kind { th.words scope="rowgroup" colspan=(3 + 2 * measurements.len()) { (title(kind)) } }
                    @for (name, group) in *groups {
                        tr.part {
                            th scope="row" { (name) }
                            @let most = group.values().max_by_key(|figures| figures.n);
                            (pairs(most))
                            @for measurement in &measurements {
                                (cells(group.get(*measurement), most, &mut notes))
                            }
                            @if let Some(axis) = &axis { (strip(axis, name, group.get(plotted), label)) }
                        }
                    }
                }
            }
            @if let Some(axis) = &axis {
                tfoot { tr { td colspan=(2 + 2 * measurements.len()) {} td.interval-plot { (dots::scale(axis)) } } }
            }
        }
    };
    html! { (wide("Subgroups", &table)) (notes.list()) }
}

/// By name, the combined grade last.
fn measurements<'a>(kinds: &[(&str, &'a Groups)]) -> Vec<&'a str> {
    let groups = kinds.iter().flat_map(|(_, groups)| groups.values());
    let names: BTreeSet<&str> = groups.flat_map(|group| group.keys().map(String::as_str)).collect();
    let mut names: Vec<&str> = names.into_iter().collect();
    names.sort_by_key(|name| *name == "combined");
    names
}

fn pairs(most: Option<&GroupFigures>) -> Markup {
    html! {
        td {
            @if let Some(figures) = most {
                (figures.n)
                @if let Some(patients) = figures.patients { span.aside { (patients) } }
            }
        }
    }
}

/// Two cells; pairs are named where another measurement has more.
fn cells(figures: Option<&GroupFigures>, most: Option<&GroupFigures>, notes: &mut Notes) -> Markup {
    let Some(figures) = figures else { return html! { td {} td {} } };
    html! {
        td {
            (Figure::of(Unit::Percent, &figures.accuracy).markup(notes))
            @if most.is_some_and(|most| most.n != figures.n) { span.aside { (counted(figures.n, "pair", "pairs")) } }
        }
        td { (Figure::of(Unit::Plain, &figures.kappa_linear).markup(notes)) }
    }
}

fn strip(axis: &Axis, name: &str, figures: Option<&GroupFigures>, label: Label) -> Markup {
    let accuracy = figures.map(|figures| &figures.accuracy);
    html! {
        td.interval-plot {
            @if let Some((accuracy, value)) = accuracy.and_then(|of| Some((of, of.value?))) {
                @let spoken = format!("{}{name}: {}", label.prefix(), Unit::Percent.value(value));
                (dots::strip(axis, &spoken, value, accuracy.interval))
            }
        }
    }
}

fn title(kind: &str) -> &str {
    match kind {
        "device" => "machine",
        "doppler_mode" => "Doppler mode",
        "hospital" => "site",
        other => other,
    }
}
