//! What the system's answer changed, and whether wrong answers are followed.

use maud::{Markup, html};
use rating::study::analysis::QuestionAnalysis;
use rating::study::analysis::automation::Followed;
use rating::study::analysis::changes::Changes;

use crate::figure::{Figure, Unit, p_value};
use crate::label::Label;
use crate::notes::Notes;
use crate::page::wide;

pub(super) fn changes(question: &QuestionAnalysis, label: Label) -> Markup {
    let mut notes = Notes::of_table(format!("{}-changes", question.name));
    let row = |name: &str, changes: &Changes| {
        html! {
            th scope="row" { (name) } td { (changes.cases) } td { (changes.wrong_right) } td { (changes.right_wrong) }
            td { (changes.right_right) } td { (changes.wrong_wrong) } td { (changes.raised) } td { (changes.lowered) }
            td { (changes.taken_over) " of " (changes.differed) }
        }
    };
    let table = |arm: &rating::study::analysis::changes::ArmChanges| {
        html! {
            table {
                caption { (label.opening()) "Arm " (arm.arm) ": grades before and after the answer was shown." }
                thead { tr { @for head in ["reader", "cases", "turned right", "turned wrong", "stayed right", "stayed wrong", "raised", "lowered", "taken over where it differed"] {
                    th scope="col" { (head) }
                } } }
                tbody {
                    @for reader in &arm.readers { tr { (row(&reader.reader, &reader.changes)) } }
                    tr.total { (row("all", &arm.together)) }
                }
            }
        }
    };
    html! {
        @for arm in &question.changes {
            (wide("What the answer changed", &table(arm)))
            p { "Turned right less turned wrong, of all cases: " (Figure::of(Unit::Points, &arm.net_gain).markup(&mut notes))
                "; exact McNemar test with all readings as independent, which they are not, so that p is too small: p " (p_value(arm.mcnemar)) "." }
        }
        (notes.list())
    }
}

pub(super) fn automation(question: &QuestionAnalysis, label: Label) -> Markup {
    let mut notes = Notes::of_table(format!("{}-automation", question.name));
    let mut rows: Vec<(String, &Followed)> = Vec::new();
    for one in &question.automation {
        rows.push((format!("{}: answers altered on purpose", one.arm), &one.altered));
        rows.push((format!("{}: the system's own errors", one.arm), &one.own_errors));
    }
    let unaided = question.automation.iter().find_map(|one| one.unaided.as_deref());
    let alone = if unaided.is_some() { &["that grade alone", "bias"][..] } else { &[] };
    let heads = ["what was wrong", "readings", "followed", "right all the same"];
    let table = html! {
        table {
            caption { (label.opening()) "Readings in which a wrong grade was shown."
                @if let Some(unaided) = unaided {
                    " Bias: how much oftener the reader gave that grade than the same reader did alone, in " (unaided) "."
                }
            }
            thead { tr { @for head in heads.iter().chain(alone) { th scope="col" { (head) } } } }
            tbody { @for (name, followed) in &rows { tr {
                th scope="row" { (name) } td { (followed.readings) }
                td { (Figure::of(Unit::Percent, &followed.followed).markup(&mut notes)) }
                td { (Figure::of(Unit::Percent, &followed.right).markup(&mut notes)) }
                @if unaided.is_some() {
                    td { (Figure::of(Unit::Percent, &followed.unaided).markup(&mut notes)) }
                    td { (Figure::of(Unit::Points, &followed.bias).markup(&mut notes)) }
                }
            } } }
        }
    };
    html! {
        (wide("Wrong answers", &table))
        (notes.list())
        @if unaided.is_none() {
            p { "No arm shows nothing, so how often readers give these grades alone is unknown, and there is no bias." }
        }
    }
}
