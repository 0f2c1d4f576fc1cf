//! The appendix of the page: each list as a table.

use maud::{Markup, html};
use rating::words::counted;

use super::{Answer, CHECKLISTS, Checklist, Item, Place};
use crate::label::Label;
use crate::page::{Section, wide};

/// The section with all lists. `anchors` are those of the page: a place on it
/// becomes a link only where it leads somewhere.
pub(crate) fn section(anchors: &[&str], label: Label) -> Section {
    let body = html! {
        p {
            "What journals ask for, item by item, and where the answer stands. Titles are short words of our own; the "
            "wording that counts is the guideline's. \"For you to fill in\" is what no file of this study says. "
            "A filled-in list says what was reported, not that the study is sound."
        }
        @for checklist in CHECKLISTS { (table(checklist, anchors, label)) }
    };
    Section { id: "checklists".into(), title: "Reporting checklists".into(), body }
}

fn table(checklist: &Checklist, anchors: &[&str], label: Label) -> Markup {
    let table = html! {
        table {
            caption {
                (label.opening()) (checklist.citation) " " span.code { (checklist.address) } ". Items: " (checklist.checked) "."
            }
            thead {
                tr {
                    th.words scope="col" { "item" }
                    th.words scope="col" { "subject" }
                    th.words scope="col" { "answered at" }
                }
            }
            tbody { @for item in checklist.items { (row(item, anchors)) } }
        }
    };
    html! {
        h3 id=(checklist.id) { (checklist.name) }
        details {
            summary { (counted(checklist.items.len(), "row", "rows")) ", " (count(checklist)) " answered here at least in part" }
            (wide(checklist.name, &table))
        }
    }
}

fn count(checklist: &Checklist) -> usize {
    checklist.items.iter().filter(|item| item.answer != Answer::Authors).count()
}

fn row(item: &Item, anchors: &[&str]) -> Markup {
    html! {
        tr {
            th scope="row" {
                @match item.number { Some(number) => (number), None => "not verified" }
            }
            td.words { (item.title) }
            td.words {
                @for (position, place) in item.answer.places().iter().enumerate() {
                    @if position > 0 { "; " }
                    (link(*place, anchors))
                }
                @match item.answer {
                    Answer::Program(_) => {}
                    Answer::Both(_) => span.aside { "the rest: for you to fill in" },
                    Answer::Authors => "for you to fill in",
                }
            }
        }
    }
}

fn link(place: Place, anchors: &[&str]) -> Markup {
    match place {
        Place::Page(anchor, words) if anchors.contains(&anchor) => {
            html! { a href={ "#" (anchor) } { (words) } }
        }
        other => html! { (other.words()) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `12a` comes after `9c` and before `12b`.
    fn order(number: &str) -> (u32, &str) {
        let letters = number.trim_start_matches(|c: char| c.is_ascii_digit());
        let digits = &number[..number.len() - letters.len()];
        (digits.parse().unwrap(), letters)
    }

    #[test]
    fn numbers_are_unique_and_in_order() {
        for checklist in CHECKLISTS {
            let numbers: Vec<(u32, &str)> =
                checklist.items.iter().filter_map(|item| item.number).map(order).collect();
            assert!(numbers.is_sorted_by(|a, b| a < b), "{}: {numbers:?}", checklist.name);
        }
    }

    #[test]
    fn every_main_item_is_there_and_parts_start_with_a() {
        for (checklist, items, with_parts) in
            CHECKLISTS.into_iter().zip([27, 40, 44]).zip([52, 48, 44]).map(|((c, i), p)| (c, i, p))
        {
            let numbers: Vec<(u32, &str)> =
                checklist.items.iter().filter_map(|item| item.number).map(order).collect();
            assert_eq!(numbers.len(), with_parts, "{}", checklist.name);
            for main in 1..=items {
                let first = numbers.iter().find(|(number, _)| *number == main);
                assert!(matches!(first, Some((_, "" | "a"))), "{} {main}", checklist.name);
            }
            assert_eq!(numbers.last().map(|last| last.0), Some(items), "{}", checklist.name);
        }
    }

    #[test]
    fn titles_are_short_words_of_our_own() {
        for item in CHECKLISTS.into_iter().flat_map(|checklist| checklist.items) {
            assert!(item.title.split_whitespace().count() <= 12, "{}", item.title);
        }
    }

    #[test]
    fn places_lead_somewhere_or_are_words() {
        let place = Place::Page("cohort-1", "the cohorts");
        assert!(link(place, &["cohort-1"]).into_string().contains("href=\"#cohort-1\""));
        assert_eq!(link(place, &[]).into_string(), "this page: the cohorts");
    }
}
