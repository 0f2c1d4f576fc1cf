//! Who read what, and every figure of every reader.

use maud::{Markup, html};
use rating::stats::{Merit, Weights};
use rating::study::analysis::QuestionAnalysis;
use rating::study::analysis::figures::{Figures, merits};
use rating::study::analysis::system::SystemTest;
use rating::study::extent::SessionExtent;

use super::StudyPage;
use super::merits::{UnitOf, merit_words, unit_of};
use crate::figure::{Figure, Unit, p_value};
use crate::label::Label;
use crate::notes::Notes;
use crate::page::wide;

pub(super) fn readings(of: &StudyPage<'_>, label: Label) -> Markup {
    let arms = html! {
        table {
            caption { (label.opening()) "Readings by arm. Repeats count only for agreement with oneself; altered answers only for whether they are followed." }
            thead { tr { @for head in ["arm", "planned", "left out", "never read", "first readings", "could not be graded", "answer altered on purpose", "repeats"] {
                th scope="col" { (head) }
            } } }
            tbody { @for arm in &of.analysis.readings { tr {
                @let sum = |value: fn(&SessionExtent) -> usize| -> usize {
                    of.extent.iter().filter(|one| one.arm == arm.arm).map(value).sum()
                };
                th scope="row" { (arm.arm) } td { (sum(|one| one.planned)) } td { (sum(|one| one.withdrawn)) } td { (sum(|one| one.missing)) }
                td { (arm.read) } td { (arm.not_graded) } td { (arm.altered) } td { (arm.repeats) }
            } } }
        }
    };
    let readers = html! {
        table {
            caption { (label.opening()) "Readers" }
            thead { tr { th.words scope="col" { "reader" } th scope="col" { "years of experience" } } }
            tbody { @for reader in &of.study.readers { tr {
                th scope="row" { (reader.name) }
                td { (reader.years.map_or("-".to_owned(), |years| years.to_string())) }
            } } }
        }
    };
    html! {
        (wide("Readings by arm", &arms))
        (wide("Readings by reader and session", &sessions(of, label)))
        (wide("Readers", &readers))
    }
}

/// What became of each session's readings, and how long its reader had waited.
fn sessions(of: &StudyPage<'_>, label: Label) -> Markup {
    let limit = of.study.design.seconds_a_case;
    let waited = |one: &SessionExtent| {
        let own = of.washouts.iter();
        let found =
            own.clone().find(|wait| wait.reader == one.reader && wait.session == one.session);
        found.map_or("-".to_owned(), |wait| format!("{:.1}", wait.days))
    };
    html! {
        table {
            caption { (label.opening()) "Readings by reader and session, repeats too: planned = left out + read + never read. "
                "Left out is what a withdrawn reader or case had. Waited: from the last submission of the session before to the begin of this one"
                @if of.study.sessions() > 1 { "; planned are " (of.study.design.washout_days) " days" } "." }
            thead { tr {
                th.words scope="col" { "reader" } th scope="col" { "session" } th.words scope="col" { "arm" }
                @for head in ["planned", "left out", "read", "never read", "could not be graded"] { th scope="col" { (head) } }
                @if let Some(limit) = limit { th scope="col" { "over " (limit) " seconds" } }
                th scope="col" { "waited, days" }
            } }
            tbody { @for one in of.extent { tr {
                th scope="row" { (one.reader) } td { (one.session) } td.words { (one.arm) }
                td { (one.planned) } td { (one.withdrawn) } td { (one.read) } td { (one.missing) } td { (one.not_graded) }
                @if limit.is_some() { td { (one.over_time.unwrap_or_default()) } }
                td { (waited(one)) }
            } } }
        }
    }
}

/// The figures of the paper's Figure 6 and Tables S18 and S19.
fn shown(grades: u8) -> Vec<Merit> {
    let wanted = |merit: &Merit| {
        matches!(
            merit,
            Merit::Accuracy
                | Merit::CloseAgreement
                | Merit::Kappa(Weights::Linear | Weights::Quadratic)
                | Merit::Youden(_)
        )
    };
    merits(grades).into_iter().filter(wanted).collect()
}

pub(super) fn figures(of: &StudyPage<'_>, question: &QuestionAnalysis, label: Label) -> Markup {
    let merits = shown(question.grades);
    let mut notes = Notes::of_table(format!("{}-readers", question.name));
    let table = html! {
        table {
            caption { (label.opening()) "Against the reference grades; intervals by bootstrap of patients." }
            thead { tr {
                th.words scope="col" { "reader" } th.words scope="col" { "arm" } th scope="col" { "years" } th scope="col" { "cases" }
                @for merit in &merits { th scope="col" { (merit_words(*merit)) } }
            } }
            @for arm in &question.arms {
                tbody {
                    @for reader in &arm.readers {
                        tr {
                            th scope="row" { (reader.name) } td.words { (arm.arm) }
                            td { (years(of, &reader.name)) } td { (reader.cases) }
                            (cells(&reader.figures, &merits, UnitOf::value, &mut notes))
                        }
                    }
                    tr.total {
                        th scope="row" { "mean of readers" } td.words { (arm.arm) } td {} td {}
                        (cells(&arm.mean, &merits, UnitOf::value, &mut notes))
                    }
                    tr.total {
                        th scope="row" { "system minus mean" } td.words { (arm.arm) } td {} td {}
                        (cells(&arm.system_minus_mean, &merits, UnitOf::difference, &mut notes))
                    }
                }
            }
            @if let Some(system) = &question.system {
                tbody { tr.total {
                    th scope="row" { "RATING" } td.words { "alone" } td {} td { (system.cases) }
                    (cells(&system.figures, &merits, UnitOf::value, &mut notes))
                } }
            }
        }
    };
    html! { (wide("Figures of readers", &table)) (notes.list()) }
}

/// The system against each reader; nothing where it gave no grades.
pub(super) fn against_system(question: &QuestionAnalysis, label: Label) -> Markup {
    let row = |arm: &str, one: &SystemTest| {
        html! { tr {
            th scope="row" { (one.reader) } td.words { (arm) } td { (one.cases) }
            td { (one.right.first_only) } td { (one.right.second_only) }
            td { (p_value(one.mcnemar)) } td { (one.mcnemar_holm.map_or("-".to_owned(), p_value)) }
        } }
    };
    let table = html! {
        table {
            caption { (label.opening()) "RATING alone against each reader, cases that one of the two graded right: exact McNemar test, "
                "corrected for all readers of the arm (Holm). It takes cases as independent." }
            thead { tr {
                th.words scope="col" { "reader" } th.words scope="col" { "arm" } th scope="col" { "cases" }
                th scope="col" { "only RATING right" } th scope="col" { "only the reader right" }
                th scope="col" { "p" } th scope="col" { "p, Holm" }
            } }
            tbody { @for arm in &question.system_tests { @for one in &arm.readers { (row(&arm.arm, one)) } } }
        }
    };
    html! { @if !question.system_tests.is_empty() { (wide("RATING against each reader", &table)) } }
}

fn cells(
    figures: &Figures,
    merits: &[Merit],
    unit: fn(UnitOf) -> Unit,
    notes: &mut Notes,
) -> Markup {
    html! { @for merit in merits { td { @match figures.get(merit) {
        Some(figure) => (Figure::of(unit(unit_of(*merit)), figure).markup(notes)),
        None => (notes.missing("not computed")),
    } } } }
}

fn years(of: &StudyPage<'_>, name: &str) -> String {
    let reader = of.study.readers.iter().find(|reader| reader.name == name);
    reader.and_then(|reader| reader.years).map_or("-".to_owned(), |years| years.to_string())
}
