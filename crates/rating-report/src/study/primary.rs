//! The comparison that the protocol planned, before everything else.

use maud::{Markup, html};
use rating::stats::mrmc::{Analysis, Inference};
use rating::stats::two_groups::Contrast;
use rating::stats::{Interval, Merit};
use rating::study::DesignKind;
use rating::study::analysis::QuestionAnalysis;
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
    let (Some(question), Some(comparison)) = (question, comparison) else {
        return html! { p { "No reader graded in both arms yet." } };
    };
    html! {
        p {
            "Planned: " (merit_words(plan.merit)) " of " (spoken(&plan.measurement)) ", " strong { (plan.arm) } " minus "
            strong { (plan.against) } "."
        }
        @if comparison.groups.is_some() {
            (groups(question, comparison, plan.merit, label))
        } @else {
            (forest(comparison, plan.merit, label))
            (analyses(comparison, plan.merit, label))
            (experience::plot(comparison, plan.merit, label))
        }
        @if of.study.design.kind == DesignKind::Crossover { (sessions(comparison, plan.merit, label)) }
        @if let Some(least) = of.study.analysis.smallest_difference {
            @let unit = unit_of(plan.merit).difference();
            p {
                "The protocol calls " (unit.value(least)) @if matches!(unit, Unit::Points) { " points" }
                " the smallest difference that matters."
            }
        }
    }
}

/// Each reader's difference and the mean of all.
fn forest(comparison: &Comparison, merit: Merit, label: Label) -> Markup {
    let unit = unit_of(merit).difference();
    let readers = comparison.readers.iter();
    let mut rows: Vec<(String, Option<usize>, Option<&rating::evaluate::Figure>)> = readers
        .map(|one| (one.reader.clone(), Some(one.cases), one.differences.get(&merit)))
        .collect();
    rows.push(("mean of readers".to_owned(), None, comparison.mean.get(&merit)));
    // In the units of the table.
    let times = if matches!(unit, Unit::Points) { 100.0 } else { 1.0 };
    let in_units = |figure: &rating::evaluate::Figure| {
        let ends = |Interval { low, high }| Interval { low: low * times, high: high * times };
        (figure.value.map(|value| value * times), figure.interval.map(ends))
    };
    let shown: Vec<_> =
        rows.iter().map(|(_, _, figure)| figure.map_or((None, None), in_units)).collect();
    let axis = dots::axis(&shown);
    let mut notes = Notes::of_table("planned-forest");
    let table = html! {
        table {
            caption { (label.opening()) (comparison.arm) " minus " (comparison.against) ": " (merit_words(merit)) ", each reader on the cases graded in both. Patients are resampled." }
            thead { tr {
                th.words scope="col" { "reader" } th scope="col" { "cases" } th scope="col" { "difference" }
                @if axis.is_some() { th.words scope="col" { "plot" } }
            } }
            tbody { @for ((name, cases, figure), (value, interval)) in rows.iter().zip(&shown) {
                tr.total[cases.is_none()] {
                    th scope="row" { (name) }
                    td { @if let Some(cases) = cases { (cases) } }
                    td { @match figure {
                        Some(figure) => (Figure::of(unit, figure).markup(&mut notes)),
                        None => (notes.missing("not computed")),
                    } }
                    @if let Some(axis) = &axis { td.interval-plot {
                        @if let Some(value) = value { (dots::strip(axis, &format!("{}{name}", label.prefix()), *value, *interval)) }
                    } }
                }
            } }
            @if let Some(axis) = &axis { tfoot { tr { td {} td {} td {} td.interval-plot { (dots::scale(axis)) } } } }
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
    html! {
        (wide("Multi-reader analysis", &table))
        p { "What readers share within an arm beyond what they share anyway (Cov2 \u{2212} Cov3) is taken as 0 where its estimate is "
            "below 0, for these readers too: their interval is never the narrower for it." }
    }
}

/// Two groups of readers: each reader's figure, then the difference of the means with
/// readers as the unit.
fn groups(
    question: &QuestionAnalysis,
    comparison: &Comparison,
    merit: Merit,
    label: Label,
) -> Markup {
    let unit = unit_of(merit);
    let mut notes = Notes::of_table("planned-groups");
    let compared = [&comparison.arm, &comparison.against];
    let arms: Vec<_> =
        compared.iter().filter_map(|arm| question.arms.iter().find(|of| of.arm == **arm)).collect();
    let mut cell = |figure: Option<&rating::evaluate::Figure>| match figure {
        Some(figure) => Figure::of(unit.value(), figure).markup(&mut notes),
        None => notes.missing("not computed"),
    };
    let table = html! {
        table {
            caption { (label.opening()) (merit_words(merit)) " of each reader; no reader read both arms. Intervals in this table: patients are resampled." }
            thead { tr {
                th.words scope="col" { "reader" } th.words scope="col" { "arm" } th scope="col" { "cases" }
                th scope="col" { (merit_words(merit)) }
            } }
            tbody { @for arm in &arms {
                @for reader in &arm.readers { tr {
                    th scope="row" { (reader.name) } td.words { (arm.arm) } td { (reader.cases) }
                    td { (cell(reader.figures.get(&merit))) }
                } }
                tr.total {
                    th scope="row" { "mean of " (arm.readers.len()) " readers" } td.words { (arm.arm) } td {}
                    td { (cell(arm.mean.get(&merit))) }
                }
            } }
        }
    };
    let test = match comparison.welch.get(&merit) {
        Some(welch) => {
            let name = format!("{} minus {}", comparison.arm, comparison.against);
            let caption = "The difference of the two means, readers as the unit: Welch's t. It carries to other readers, on these patients.";
            contrasts("The planned comparison", caption, &[(name, *welch)], merit, label)
        }
        None => {
            let difference = comparison.mean.get(&merit).and_then(|figure| figure.value);
            let difference =
                difference.map_or("-".to_owned(), |value| unit.difference().value(value));
            let why = comparison.no_welch.get(&merit).map_or("not computed", String::as_str);
            html! { p { "Difference of the two means: " (difference) ". No interval and no test: " (why) "." } }
        }
    };
    html! { (wide("The planned comparison by reader", &table)) (notes.list()) (test) }
}

/// Of a crossover what the session and the order did.
fn sessions(comparison: &Comparison, merit: Merit, label: Label) -> Markup {
    let Some(period) = &comparison.period else {
        let why = comparison.no_period.as_deref().unwrap_or("not computed");
        return html! { p { "Session and order cannot be told apart from the arms: " (why) "." } };
    };
    let (arm, against) = (&comparison.arm, &comparison.against);
    let [first, second] = period.readers;
    let rows = [
        ("second session minus first, arms balanced".to_owned(), period.session),
        (format!("{arm} minus {against}, sessions balanced"), period.arm),
        (format!("began with {arm} minus began with {against}"), period.order),
    ];
    let caption = format!(
        "{}: session and order. {first} readers began with {arm}, {second} with {against}; readers as a sample of more, on these cases.",
        merit_words(merit)
    );
    html! {
        (contrasts("Session and order", &caption, &rows, merit, label))
        p { "With d a reader's second session minus the first: the session's effect is half the sum of both groups' mean d, the arm's half "
            "their difference; the order's is the difference of the groups' means over both sessions, which is that of the groups "
            "and of whatever was carried over. Student's t, readers \u{2212} 2 degrees of freedom (Jones and Kenward, Design and Analysis of "
            "Cross-Over Trials, chapter 2)." }
    }
}

/// Contrasts of two groups of readers.
fn contrasts(
    name: &str,
    caption: &str,
    rows: &[(String, Contrast)],
    merit: Merit,
    label: Label,
) -> Markup {
    let unit = unit_of(merit).difference();
    let table = html! {
        table {
            caption { (label.opening()) (caption) }
            thead { tr {
                th.words scope="col" { "what" } th scope="col" { "difference" } th scope="col" { "95 %" }
                th scope="col" { "t" } th scope="col" { "df" } th scope="col" { "p" }
            } }
            tbody { @for (what, of) in rows { tr {
                th scope="row" { (what) } td { (unit.value(of.value)) } td { (unit.interval(of.interval)) }
                td { (format!("{:.2}", of.t)) } td { (format!("{:.1}", of.freedom)) } td { (p_value(of.p)) }
            } } }
        }
    };
    wide(name, &table)
}

fn inference_words(inference: Inference) -> &'static str {
    match inference {
        Inference::RandomReadersRandomCases => "other readers and other patients",
        Inference::FixedReadersRandomCases => "these readers, other patients",
        Inference::RandomReadersFixedCases => "other readers, these patients",
    }
}
