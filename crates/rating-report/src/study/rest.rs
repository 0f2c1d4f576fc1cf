//! Agreement of readers, time, learning and fatigue.

use maud::{Markup, html};
use rating::evaluate;
use rating::study::analysis::sessions::Drift;
use rating::study::analysis::{QuestionAnalysis, StudyAnalysis};

use super::StudyPage;
use crate::figure::{Figure, Unit, p_value};
use crate::label::Label;
use crate::notes::Notes;
use crate::page::wide;

pub(super) fn agreement(question: &QuestionAnalysis, label: Label) -> Markup {
    let mut notes = Notes::of_table(format!("{}-agreement", question.name));
    let between = &question.between_readers;
    let arms = between.arms.iter().map(|arm| (arm.arm.clone(), arm, false));
    let differences =
        between.differences.iter().map(|arm| (format!("{}, difference", arm.arm), arm, true));
    let table = html! {
        table {
            caption { (label.opening()) "Agreement of readers with one another." }
            thead { tr { @for head in ["arm", "readers", "cases", "two readings agree", "Fleiss' kappa", "Fleiss' kappa, quadratic", "Light's kappa, linear"] {
                th scope="col" { (head) }
            } } }
            tbody { @for (name, arm, is_difference) in arms.chain(differences) { tr {
                @let share = if is_difference { Unit::Points } else { Unit::Percent };
                th scope="row" { (name) } td { (arm.readers) } td { (arm.cases) }
                td { (Figure::of(share, &arm.agreement).markup(&mut notes)) }
                td { (Figure::of(Unit::Plain, &arm.fleiss).markup(&mut notes)) }
                td { (Figure::of(Unit::Plain, &arm.fleiss_quadratic).markup(&mut notes)) }
                td { (Figure::of(Unit::Plain, &arm.light_linear).markup(&mut notes)) }
            } } }
        }
    };
    html! { (wide("Agreement of readers", &table)) (notes.list()) (within(question, label)) }
}

fn within(question: &QuestionAnalysis, label: Label) -> Markup {
    if question.within_readers.iter().all(|arm| arm.readers.is_empty()) {
        return html! { p { "No case was read twice in a session: agreement with oneself is unknown." } };
    }
    let number =
        |value: Option<f64>| value.map_or("-".to_owned(), |value| Unit::Plain.value(value));
    let table = html! {
        table {
            caption { (label.opening()) "Agreement of readers with themselves, on cases that came twice." }
            thead { tr { @for head in ["reader", "arm", "cases", "graded alike", "kappa, linear (SE)", "in words (Altman)"] {
                th scope="col" { (head) }
            } } }
            tbody { @for arm in &question.within_readers { @for one in &arm.readers { tr {
                th scope="row" { (one.reader) } td.words { (arm.arm) } td { (one.cases) }
                td { (one.agreement.map_or("-".to_owned(), |share| Unit::Percent.value(share))) }
                td { (number(one.kappa_linear.map(|kappa| kappa.value)))
                    @if let Some(kappa) = &one.kappa_linear { " (" (Unit::Plain.value(kappa.standard_error)) ")" } }
                td.words { (one.word.unwrap_or("-")) }
            } } } }
        }
    };
    wide("Agreement with oneself", &table)
}

pub(super) fn time(of: &StudyPage<'_>, label: Label) -> Markup {
    let analysis = of.analysis;
    let mut notes = Notes::of_table("time");
    let seconds = |value: f64| format!("{value:.1}");
    let ratio = |figure: &evaluate::Figure, notes: &mut Notes| {
        Figure::of(Unit::Plain, figure).markup(notes)
    };
    let table = html! {
        table {
            caption { (label.opening()) "Seconds of work on a case, idle times left out: medians." }
            thead { tr { th.words scope="col" { "reader" } @for arm in &analysis.time.arms { th scope="col" { (arm.arm) } } } }
            tbody {
                @for reader in names(analysis) { tr {
                    th scope="row" { (reader) }
                    @for arm in &analysis.time.arms {
                        @let found = arm.readers.iter().find(|one| one.reader == reader);
                        td { (found.map_or("-".to_owned(), |one| seconds(one.median))) }
                    }
                } }
                tr.total { th scope="row" { "all readings" } @for arm in &analysis.time.arms {
                    td { (arm.median.map_or("-".to_owned(), seconds)) }
                } }
            }
        }
    };
    html! {
        (wide("Time by reader", &table))
        @if let Some(limit) = of.study.design.seconds_a_case { (over_time(of, limit)) }
        @for one in &analysis.time.ratios {
            p { "A case takes " (ratio(&one.ratio, &mut notes)) " times as long in " (one.arm) " as in " (one.against)
                " (" (one.readers) " readers)"
                @if let Some(interval) = one.random_readers { "; for readers at large " (Unit::Plain.interval(interval)) }
                "." }
        }
        (notes.list())
        (drift("pace", &analysis.pace, label, "Change of the natural logarithm of seconds over 100 readings of a session; readers are the clusters."))
    }
}

/// How many readings took longer than the protocol gives a case.
fn over_time(of: &StudyPage<'_>, limit: u32) -> Markup {
    let read: usize = of.extent.iter().map(|one| one.read).sum();
    let over: usize = of.extent.iter().filter_map(|one| one.over_time).sum();
    html! {
        p { (over) " of " (read) " readings that count, repeats too, took longer than the " (limit)
            " seconds that the protocol gives a case; they count like the others." }
    }
}

fn names(analysis: &StudyAnalysis) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for one in analysis.time.arms.iter().flat_map(|arm| &arm.readers) {
        if !names.contains(&one.reader.as_str()) {
            names.push(&one.reader);
        }
    }
    names
}

/// How something changes over a session.
pub(super) fn drift(id: &str, all: &[Drift], label: Label, caption: &str) -> Markup {
    let mut notes = Notes::of_table(id);
    let table = html! {
        table {
            caption { (label.opening()) (caption) }
            thead { tr { @for head in ["arm", "readings", "change", "95 %", "p"] { th scope="col" { (head) } } } }
            tbody { @for one in all { tr {
                th scope="row" { (one.arm) } td { (one.readings) }
                @match &one.per_hundred {
                    Some(slope) => {
                        td { (Unit::Plain.value(slope.value)) } td { (Unit::Plain.interval(slope.interval)) } td { (p_value(slope.p)) }
                    },
                    None => {
                        @let why = one.undefined.as_deref().unwrap_or("not computed");
                        td { (notes.missing(why)) } td { (notes.missing(why)) } td { (notes.missing(why)) }
                    },
                }
            } } }
        }
    };
    html! { (wide("Change over a session", &table)) (notes.list()) }
}
