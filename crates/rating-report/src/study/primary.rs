//! The comparison that the protocol planned, before everything else.

use maud::{Markup, html};
use rating::stats::mrmc::{Analysis, Inference};
use rating::stats::{Interval, Merit};
use rating::study::analysis::comparison::Comparison;

use super::{StudyPage, experience};
use crate::figure::{Figure, Unit, p_value};
use crate::label::Label;
use crate::notes::Notes;
use crate::page::wide;
use crate::plot::dots;
use crate::spoken;

use super::merits::{merit_words, unit_of};

pub(super) fn body(of: &StudyPage<'_>, label: Label) -> Markup {
    let plan = &of.analysis.plan;
    let question = of.analysis.questions.iter().find(|question| question.name == plan.measurement);
    let comparison = question.and_then(|question| {
        question.comparisons.iter().find(|one| one.arm == plan.arm && one.against == plan.against)
    });
    let Some(comparison) = comparison else {
        return html! { p { "No reader graded in both arms yet." } };
    };
    html! {
        p {
            "Planned: " (merit_words(plan.merit)) " of " (spoken(&plan.measurement)) ", " strong { (plan.arm) } " minus "
            strong { (plan.against) } "."
        }
        (forest(comparison, plan.merit, label))
        (analyses(comparison, plan.merit, label))
        (experience::plot(comparison, plan.merit, label))
        @if let Some(least) = of.study.analysis.smallest_difference {
            p { "The protocol calls " (format!("{:.1}", 100.0 * least)) " points the smallest difference that matters." }
        }
    }
}

/// Each reader's difference and the mean of all.
fn forest(comparison: &Comparison, merit: Merit, label: Label) -> Markup {
    let unit = unit_of(merit).difference();
    let readers = comparison.readers.iter();
    let mut rows: Vec<(String, Option<&rating::evaluate::Figure>)> =
        readers.map(|one| (one.reader.clone(), one.differences.get(&merit))).collect();
    rows.push(("mean of readers".to_owned(), comparison.mean.get(&merit)));
    // In the units of the table.
    let times = if matches!(unit, Unit::Points) { 100.0 } else { 1.0 };
    let in_units = |figure: &rating::evaluate::Figure| {
        let ends = |Interval { low, high }| Interval { low: low * times, high: high * times };
        (figure.value.map(|value| value * times), figure.interval.map(ends))
    };
    let shown: Vec<_> =
        rows.iter().map(|(_, figure)| figure.map_or((None, None), in_units)).collect();
    let axis = dots::axis(&shown);
    let mut notes = Notes::of_table("planned-forest");
    let table = html! {
        table {
            caption { (label.opening()) (comparison.arm) " minus " (comparison.against) ": " (merit_words(merit)) ". Patients are resampled." }
            thead { tr {
                th.words scope="col" { "reader" } th scope="col" { "difference" }
                @if axis.is_some() { th.words scope="col" { "plot" } }
            } }
            tbody { @for ((name, figure), (value, interval)) in rows.iter().zip(&shown) {
                tr {
                    th scope="row" { (name) }
                    td { @match figure {
                        Some(figure) => (Figure::of(unit, figure).markup(&mut notes)),
                        None => (notes.missing("not computed")),
                    } }
                    @if let Some(axis) = &axis { td.interval-plot {
                        @if let Some(value) = value { (dots::strip(axis, name, *value, *interval)) }
                    } }
                }
            } }
            @if let Some(axis) = &axis { tfoot { tr { td {} td {} td.interval-plot { (dots::scale(axis)) } } } }
        }
    };
    html! { (wide("The planned comparison by reader", &table)) (notes.list()) }
}

/// The multi-reader analysis: may the result be carried to other readers, other cases?
fn analyses(comparison: &Comparison, merit: Merit, label: Label) -> Markup {
    let Some(found) = comparison.multi_reader.get(&merit) else {
        let why = comparison.no_multi_reader.get(&merit).map_or("not computed", String::as_str);
        return html! { p { "No multi-reader analysis: " (why) "." } };
    };
    let unit = unit_of(merit).difference();
    let row = |analysis: &Analysis| {
        let difference = analysis.differences.first();
        html! { tr {
            th scope="row" { (inference_words(analysis.inference)) }
            @match difference {
                Some(one) => {
                    td { (unit.value(one.value)) } td { (unit.interval(one.interval)) }
                    td { (format!("{:.2}", one.t)) }
                    td { (one.freedom.map_or("-".to_owned(), |freedom| format!("{freedom:.1}"))) }
                    td { (p_value(one.p)) }
                },
                None => { td { "-" } td { "-" } td { "-" } td { "-" } td { "-" } },
            }
        } }
    };
    let table = html! {
        table {
            caption { (label.opening())
                "Multi-reader multi-case analysis (Obuchowski and Rockette; degrees of freedom after Hillis), patients left out in turn." }
            thead { tr {
                th.words scope="col" { "carried to" } th scope="col" { "difference" } th scope="col" { "95 %" }
                th scope="col" { "t or z" } th scope="col" { "df" } th scope="col" { "p" }
            } }
            tbody { @for analysis in found.analyses.iter().flatten() { (row(analysis)) } }
        }
    };
    wide("Multi-reader analysis", &table)
}

fn inference_words(inference: Inference) -> &'static str {
    match inference {
        Inference::RandomReadersRandomCases => "other readers and other patients",
        Inference::FixedReadersRandomCases => "these readers, other patients",
        Inference::RandomReadersFixedCases => "other readers, these patients",
    }
}
