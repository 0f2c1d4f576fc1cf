//! Figures of merit as words, and the differences between arms.

use maud::{Markup, html};
use rating::stats::mrmc::Inference;
use rating::stats::{Merit, Weights};
use rating::study::analysis::QuestionAnalysis;
use rating::study::analysis::comparison::Comparison;

use crate::figure::{Figure, Unit, p_value};
use crate::label::Label;
use crate::notes::Notes;
use crate::page::wide;

/// A figure of merit as people say it.
pub(super) fn merit_words(merit: Merit) -> String {
    match merit {
        Merit::Accuracy => "exact agreement".to_owned(),
        Merit::CloseAgreement => "agreement within one grade".to_owned(),
        Merit::Kappa(Weights::None) => "kappa, unweighted".to_owned(),
        Merit::Kappa(Weights::Linear) => "kappa, linear weights".to_owned(),
        Merit::Kappa(Weights::Quadratic) => "kappa, quadratic weights".to_owned(),
        Merit::Youden(above) => format!("Youden index, > {above}"),
        Merit::Auc(above) => format!("AUC, > {above}"),
        Merit::Sensitivity(above) => format!("sensitivity, > {above}"),
        Merit::Specificity(above) => format!("specificity, > {above}"),
    }
}

/// How a figure is written.
pub(super) fn unit_of(merit: Merit) -> UnitOf {
    match merit {
        Merit::Accuracy | Merit::CloseAgreement | Merit::Sensitivity(_) | Merit::Specificity(_) => {
            UnitOf::Share
        }
        Merit::Kappa(_) | Merit::Youden(_) | Merit::Auc(_) => UnitOf::Number,
    }
}

/// A share, or a number.
#[derive(Clone, Copy)]
pub(super) enum UnitOf {
    Share,
    Number,
}

impl UnitOf {
    pub(super) fn value(self) -> Unit {
        match self {
            UnitOf::Share => Unit::Percent,
            UnitOf::Number => Unit::Plain,
        }
    }

    pub(super) fn difference(self) -> Unit {
        match self {
            UnitOf::Share => Unit::Points,
            UnitOf::Number => Unit::Plain,
        }
    }
}

/// Every figure's difference between arms, then the tests of each reader.
pub(super) fn differences(question: &QuestionAnalysis, label: Label) -> Markup {
    html! {
        @for (number, comparison) in question.comparisons.iter().enumerate() {
            (means(&format!("{}-differences-{number}", question.name), comparison, label))
            (tests(comparison, label))
        }
        @if question.comparisons.is_empty() { p { "There is one arm only." } }
    }
}

fn means(id: &str, comparison: &Comparison, label: Label) -> Markup {
    let mut notes = Notes::of_table(id);
    let table = html! {
        table {
            caption { (label.opening()) (comparison.arm) " minus " (comparison.against)
                @match comparison.groups {
                    Some([arm, against]) => {
                        ", difference of the means of " (arm) " and " (against) " readers. Interval and p: Welch's t of the readers' figures."
                    },
                    None => {
                        ", mean over " (comparison.readers.len())
                        " readers. p: multi-reader analysis, readers and patients as samples."
                    },
                }
            }
            thead { tr {
                th.words scope="col" { "figure" } th scope="col" { "difference" }
                th scope="col" { @if comparison.groups.is_some() { "Welch's p" } @else { "multi-reader p" } }
            } }
            tbody { @for (merit, figure) in &comparison.mean { tr {
                th scope="row" { (merit_words(*merit)) }
                td { (Figure::of(unit_of(*merit).difference(), figure).markup(&mut notes)) }
                td { (multi_reader_p(comparison, *merit, &mut notes)) }
            } } }
        }
    };
    html! { (wide("Differences between arms", &table)) (notes.list()) }
}

fn multi_reader_p(comparison: &Comparison, merit: Merit, notes: &mut Notes) -> Markup {
    if comparison.groups.is_some() {
        return match comparison.welch.get(&merit) {
            Some(welch) => html! { (p_value(welch.p)) },
            None => {
                let why = comparison.no_welch.get(&merit);
                notes.missing(why.map_or("not computed", String::as_str))
            }
        };
    }
    let found = comparison
        .multi_reader
        .get(&merit)
        .and_then(|found| found.analysis(Inference::RandomReadersRandomCases))
        .and_then(|analysis| analysis.differences.first());
    match found {
        Some(difference) => html! { (p_value(difference.p)) },
        None => {
            let why = comparison.no_multi_reader.get(&merit);
            notes.missing(why.map_or("the readers' figures have no spread", String::as_str))
        }
    }
}

fn tests(comparison: &Comparison, label: Label) -> Markup {
    let table = html! {
        table {
            caption { (label.opening()) "Right in one arm only, of the cases graded in both: exact McNemar test, corrected for all readers (Holm). "
                "It takes cases as independent." }
            thead { tr {
                th.words scope="col" { "reader" } th scope="col" { "cases" }
                th scope="col" { "right in " (comparison.arm) " only" } th scope="col" { "right in " (comparison.against) " only" }
                th scope="col" { "p" } th scope="col" { "p, Holm" }
            } }
            tbody { @for one in &comparison.readers { tr {
                th scope="row" { (one.reader) } td { (one.cases) }
                td { (one.right.first_only) } td { (one.right.second_only) }
                td { (p_value(one.mcnemar)) } td { (one.mcnemar_holm.map_or("-".to_owned(), p_value)) }
            } } }
        }
    };
    html! {
        @if !comparison.readers.is_empty() { (wide("Tests of each reader", &table)) }
        @if let Some(wilcoxon) = &comparison.wilcoxon {
            p { "Wilcoxon signed ranks of the readers' differences in exact agreement: p " (p_value(wilcoxon.p)) "." }
        }
        @if let Some(paper) = &comparison.paper_z_test {
            p.warning { "The paper's z test: p " (p_value(paper.p)) ". " strong { (paper.warning) } }
        }
    }
}
