//! The contact sheet: pairs with their pictures, predicted and reference grades.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use maud::{Markup, html};
use rating::{Grade, Protocol};

use crate::label::Label;
use crate::spoken;

/// One pair of the contact sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// The pair.
    pub pair_id: String,
    /// Its cohort.
    pub cohort: String,
    /// Its pictures, small.
    pub pictures: Vec<Picture>,
    /// Its grades, a line each.
    pub lines: Vec<GradeLine>,
}

/// A picture that the page carries inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// What it is: the modality's name.
    pub name: String,
    /// A PNG file, cropped and scaled to what is to be seen.
    pub png: Vec<u8>,
}

/// Predicted and reference grade of one measurement, or of the combination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GradeLine {
    /// Name of the measurement.
    pub measurement: String,
    /// What the networks say; `None` on a conflict.
    pub predicted: Option<Grade>,
    /// The reference; `None` where it is missing.
    pub reference: Option<Grade>,
    /// The votes of the models as a word of digits, such as `01121`; empty
    /// where grades have no votes of their own.
    pub votes: String,
}

/// How a prediction turned out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Right,
    OffBy(u8),
    Conflict,
    NoReference,
}

impl GradeLine {
    fn verdict(&self) -> Verdict {
        match (self.predicted, self.reference) {
            (None, _) => Verdict::Conflict,
            (Some(_), None) => Verdict::NoReference,
            (Some(predicted), Some(reference)) if predicted == reference => Verdict::Right,
            (Some(predicted), Some(reference)) => Verdict::OffBy(predicted.abs_diff(reference)),
        }
    }
}

/// All cards, by cohort in the order in which cohorts first appear.
pub(crate) fn sheet(cards: &[Card], protocol: &Protocol, label: Label) -> Markup {
    let mut cohorts: Vec<&str> = Vec::new();
    for card in cards {
        if !cohorts.contains(&card.cohort.as_str()) {
            cohorts.push(&card.cohort);
        }
    }
    html! {
        @for cohort in cohorts {
            h3 { "Cohort " (cohort) }
            div.cards {
                @for card in cards.iter().filter(|card| card.cohort == cohort) {
                    (self::card(card, None, protocol, label))
                }
            }
        }
    }
}

/// One card, with an anchor where something leads to it.
pub(crate) fn card(card: &Card, anchor: Option<&str>, protocol: &Protocol, label: Label) -> Markup {
    let differs = card
        .lines
        .iter()
        .any(|line| matches!(line.verdict(), Verdict::OffBy(_) | Verdict::Conflict));
    let conflict = card.lines.iter().any(|line| line.verdict() == Verdict::Conflict);
    html! {
        article.card.differs[differs] id=[anchor] {
            h4 { (card.pair_id) (label.badge()) }
            @if !card.pictures.is_empty() { div.pictures { @for picture in &card.pictures { (shown(picture, &card.pair_id, label)) } } }
            @if conflict {
                p.wrong { "\u{2717} No grade: the models contradict " (protocol.name().to_uppercase()) }
            }
            table {
                thead {
                    tr {
                        th.words scope="col" { "grade of" }
                        th scope="col" { "predicted" }
                        th scope="col" { "reference" }
                        th.words scope="col" { "result" }
                    }
                }
                tbody { @for line in &card.lines { (grade_row(line)) } }
            }
        }
    }
}

fn shown(picture: &Picture, pair_id: &str, label: Label) -> Markup {
    let data = BASE64_STANDARD.encode(&picture.png);
    let name = spoken(&picture.name);
    html! {
        figure {
            img src={ "data:image/png;base64," (data) } alt={ (label.prefix()) (name) " picture of pair " (pair_id) };
            figcaption { (name) }
        }
    }
}

fn grade_row(line: &GradeLine) -> Markup {
    let grade =
        |grade: Option<Grade>| grade.map_or_else(|| "-".to_owned(), |grade| grade.to_string());
    html! {
        tr {
            th scope="row" {
                (spoken(&line.measurement))
                @if !line.votes.is_empty() { span.aside { "votes " (line.votes) } }
            }
            td { (grade(line.predicted)) }
            td { (grade(line.reference)) }
            td.words { (verdict(line.verdict())) }
        }
    }
}

/// In a sign and words, not by colour alone.
fn verdict(verdict: Verdict) -> Markup {
    html! {
        @match verdict {
            Verdict::Right => span.right { "\u{2713} right" },
            Verdict::OffBy(grades) => span.wrong { "\u{2717} off by " (grades) },
            Verdict::Conflict => span.wrong { "\u{2717} no grade" },
            Verdict::NoReference => "no reference",
        }
    }
}
