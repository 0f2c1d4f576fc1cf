//! What headings and captions say about where the data come from.
//!
//! Figures of simulated joints get cut out of pages and land beside figures of
//! patients. So the label stands on each heading and caption, not only on top.

use maud::{Markup, html};
use rating::Origin;

/// The label of one origin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Label {
    origin: Origin,
    /// Whether captions carry the word alone; the banners say the sentence anyway.
    is_brief: bool,
}

impl Label {
    pub(crate) fn new(origin: Origin) -> Label {
        Label { origin, is_brief: false }
    }

    /// The same for pages of many tables: captions begin with the word alone.
    pub(crate) fn brief(origin: Origin) -> Label {
        Label { origin, is_brief: true }
    }

    /// The word in front of captions; patients' data have none.
    fn word(self) -> Option<&'static str> {
        match self.origin {
            Origin::Clinical => None,
            Origin::Phantom => Some("SIMULATED"),
            Origin::Canned => Some("CANNED"),
        }
    }

    fn sentence(self) -> Option<&'static str> {
        match self.origin {
            Origin::Clinical => None,
            Origin::Phantom => Some("Simulated joints: these figures say nothing about patients"),
            Origin::Canned => Some(
                "Canned answers: no network computed them, and they say nothing about patients",
            ),
        }
    }

    /// The sentence with its full stop and a space; nothing for patients' data.
    pub(crate) fn sentence_with_stop(self) -> String {
        self.sentence().map(|sentence| format!("{sentence}. ")).unwrap_or_default()
    }

    /// The strips at the top of a page.
    pub(crate) fn banners(self) -> Markup {
        html! {
            p.banner { strong { "Research use only, not for diagnosis" } }
            @if let Some(sentence) = self.sentence() {
                p.banner.origin { strong { (sentence) } }
            }
        }
    }

    /// The mark behind a heading.
    pub(crate) fn badge(self) -> Markup {
        html! { @if let Some(word) = self.word() { " " span.badge { (word) } } }
    }

    /// What a caption begins with.
    pub(crate) fn opening(self) -> Markup {
        if self.is_brief {
            return html! { @if let Some(word) = self.word() { span.badge { (word) } " " } };
        }
        html! {
            @if let Some(sentence) = self.sentence() { strong.opening { (sentence) "." } " " }
        }
    }

    /// The beginning of the title of an SVG, as text.
    pub(crate) fn prefix(self) -> String {
        self.word().map(|word| format!("{word}: ")).unwrap_or_default()
    }
}
