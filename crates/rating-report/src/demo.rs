//! The page of a whole demonstration: how it was made, what it shows, and
//! pairs to look at.

use maud::{Markup, html};
use rating::Protocol;
use rating::evaluate::Evaluation;

use crate::cards::{self, Card};
use crate::comparison::{self, Comparison};
use crate::errors;
use crate::evaluation;
use crate::label::Label;
use crate::page::{Section, page};

/// Everything on the page of a demonstration.
#[derive(Debug, Clone, Copy)]
pub struct DemoPage<'a> {
    /// The figures.
    pub evaluation: &'a Evaluation,
    /// What was graded, and how.
    pub protocol: &'a Protocol,
    /// How it was made: command, configuration, seed, commit, seconds.
    pub facts: &'a [Fact],
    /// Figures side by side.
    pub comparisons: &'a [Comparison],
    /// How the pairs of the contact sheet were chosen, as a sentence.
    pub selection: &'a str,
    /// The contact sheet.
    pub cards: &'a [Card],
}

/// Something that tells how the page was made, so that it can be made again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is: "command", "seed".
    pub name: String,
    /// What it was.
    pub value: String,
    /// Anything to know about it; may be empty.
    pub note: String,
}

impl Fact {
    /// A fact without a note.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Fact {
        Fact { name: name.into(), value: value.into(), note: String::new() }
    }

    /// The same with a note.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Fact {
        self.note = note.into();
        self
    }
}

/// The demonstration as a self-contained HTML page: facts, comparisons, all of
/// [`evaluation_page`](crate::evaluation_page), and a contact sheet.
#[must_use]
pub fn demo_page(page_of: &DemoPage<'_>) -> String {
    let label = Label::new(page_of.evaluation.origin);
    let mut sections =
        vec![section("facts", "How this page was made", facts(page_of.facts, label))];
    if !page_of.comparisons.is_empty() {
        let body = html! {
            @for (number, comparison) in page_of.comparisons.iter().enumerate() {
                (comparison::markup(number + 1, comparison, label))
            }
        };
        sections.push(section("comparisons", "Comparisons", body));
    }
    sections.extend(evaluation::sections(page_of.evaluation, label));
    sections.push(errors::section(page_of.evaluation, None, label));
    if !page_of.cards.is_empty() {
        let body = html! {
            p { (page_of.selection) }
            (cards::sheet(page_of.cards, page_of.protocol, label))
        };
        sections.push(section("pairs", "Pairs", body));
    }
    sections.push(section("grades", "What the grades mean", grades(page_of.protocol)));
    sections.push(evaluation::about(page_of.evaluation));
    let lead = html! { p { "Protocol: " (page_of.protocol.title()) "." } };
    page("RATING demonstration", label, &lead, &sections)
}

fn section(id: &str, title: &str, body: Markup) -> Section {
    Section { id: id.to_owned(), title: title.to_owned(), body }
}

pub(crate) fn facts(facts: &[Fact], label: Label) -> Markup {
    html! {
        div.wide {
            table {
                caption { (label.opening()) "The same command, configuration and seed give the same figures." }
                thead {
                    tr {
                        th.words scope="col" { "fact" }
                        th.words scope="col" { "value" }
                        th.words scope="col" { "note" }
                    }
                }
                tbody {
                    @for fact in facts {
                        tr {
                            th scope="row" { (fact.name) }
                            td.words { span.code { (fact.value) } }
                            td.words { (fact.note) }
                        }
                    }
                }
            }
        }
    }
}

fn grades(protocol: &Protocol) -> Markup {
    html! {
        @for measurement in protocol.measurements() {
            h3 { (crate::spoken(&measurement.name)) }
            dl.words {
                @for grade in 0..measurement.grades {
                    dt { "Grade " (grade) }
                    dd { (measurement.sentences.get(usize::from(grade)).map_or("-", String::as_str)) }
                }
            }
        }
        @if protocol.combined_grades().is_some() {
            p { "The combined grade is the highest of these; it is derived, never given." }
        }
    }
}
