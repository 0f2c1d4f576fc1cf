//! The commonest ways to differ from the reference, with pairs to look at
//! (paper, Figures 3 and 7).

use maud::{Markup, html};
use rating::Protocol;
use rating::evaluate::{Cohort, Evaluation, MajorityFigures};

use crate::cards::{self, Card};
use crate::label::Label;
use crate::page::{Section, wide};
use crate::{combined_last, spoken, training};

/// Pairs that the commonest errors happened to.
#[derive(Debug, Clone, Copy)]
pub struct ErrorExamples<'a> {
    /// What was graded.
    pub protocol: &'a Protocol,
    /// The pairs among them that are shown, each once.
    pub cards: &'a [Card],
    /// Why some of the pairs have no pictures, in sentences; may be empty.
    pub selection: &'a str,
    /// Stands over the heatmaps; `None` where there are none.
    pub heatmaps: Option<&'a str>,
}

/// The section of the evaluation page. Without examples the errors alone.
pub(crate) fn section(
    evaluation: &Evaluation,
    examples: Option<&ErrorExamples<'_>>,
    label: Label,
) -> Section {
    let cards = examples.map(|examples| examples.cards).unwrap_or_default();
    let body = html! {
        p {
            "Of each cohort and measurement the four commonest pairs of reference and predicted grade that differ, and what "
            "MULTITUDE got right or wrong by asking all measurements together. "
            "A difference of one grade is close agreement. "
            "Examples are the first three of each in the order of their names; nothing else plays a part in the choice. "
            @if let Some(examples) = examples { (examples.selection) }
        }
        @for (cohort, figures) in training::tests_first(&evaluation.cohorts) {
            h3 { "Cohort " (training::named(cohort, figures.role)) }
            (training::warning(figures.role))
            (table(cohort, figures, cards, label))
            (apart(cohort, figures, cards, label))
        }
        @if let Some(examples) = examples { (gallery(examples, label)) }
    };
    Section { id: "errors".into(), title: "The commonest errors".into(), body }
}

fn table(name: &str, cohort: &Cohort, cards: &[Card], label: Label) -> Markup {
    let table = html! {
        table {
            caption { (label.opening()) "Cohort " (name) ": commonest differences from the reference." }
            thead {
                tr {
                    th.words scope="col" { "measurement" }
                    th scope="col" { "reference" }
                    th scope="col" { "predicted" }
                    th scope="col" { "pairs" }
                    th.words scope="col" { "examples" }
                }
            }
            tbody {
                @for (measurement, figures) in combined_last(&cohort.measurements) {
                    @if figures.commonest_errors.is_empty() {
                        tr {
                            th scope="row" { (spoken(measurement)) }
                            td.words colspan="4" { "no pair differs" }
                        }
                    }
                    @for error in &figures.commonest_errors {
                        tr {
                            th scope="row" { (spoken(measurement)) }
                            td { (error.reference) }
                            td { (error.predicted) }
                            td { (error.n) }
                            td.words { (links(&error.examples, cards)) }
                        }
                    }
                }
            }
        }
    };
    wide(&format!("Commonest errors, cohort {name}"), &table)
}

/// Where the rules between measurements made a difference; nothing without votes.
fn apart(name: &str, cohort: &Cohort, cards: &[Card], label: Label) -> Markup {
    let rows: Vec<(&str, &MajorityFigures)> = combined_last(&cohort.measurements)
        .filter_map(|(measurement, figures)| Some((measurement, figures.majority.as_ref()?)))
        .collect();
    let table = html! {
        table {
            caption {
                (label.opening())
                "Cohort " (name) ": pairs that the same votes get right in one way of deciding only."
            }
            thead {
                tr {
                    th.words scope="col" { "measurement" }
                    th scope="col" { "only MULTITUDE right" }
                    th.words scope="col" { "examples" }
                    th scope="col" { "only majority vote right" }
                    th.words scope="col" { "examples" }
                }
            }
            tbody {
                @for (measurement, of) in &rows {
                    tr {
                        th scope="row" { (spoken(measurement)) }
                        @for only in [&of.only_multitude_right, &of.only_majority_right] {
                            td { (only.n) }
                            td.words { (links(&only.examples, cards)) }
                        }
                    }
                }
            }
        }
    };
    html! {
        @if !rows.is_empty() { (wide(&format!("MULTITUDE and majority vote, cohort {name}"), &table)) }
    }
}

/// Pairs by name; those that are shown are links.
fn links(pairs: &[String], cards: &[Card]) -> Markup {
    html! {
        @for (number, pair) in pairs.iter().enumerate() {
            @if number > 0 { ", " }
            @match cards.iter().position(|card| card.pair_id == *pair) {
                Some(card) => { a href={ "#" (anchor(card)) } { (pair) } }
                None => { (pair) }
            }
        }
    }
}

fn gallery(examples: &ErrorExamples<'_>, label: Label) -> Markup {
    html! {
        @if !examples.cards.is_empty() {
            h3 { "The pairs" }
            @if let Some(caption) = examples.heatmaps { p { (label.opening()) "Yellow veils: " (caption) } }
            div.cards.large {
                @for (number, card) in examples.cards.iter().enumerate() {
                    (cards::card(card, Some(&anchor(number)), examples.protocol, label))
                }
            }
        }
    }
}

/// Pairs are named by people; anchors are not.
fn anchor(card: usize) -> String {
    format!("error-pair-{}", card + 1)
}
