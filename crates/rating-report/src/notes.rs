//! Footnotes of a table: why a figure is missing.

use maud::{Markup, html};

/// The footnotes of one table, in the order they are first asked for.
pub(crate) struct Notes {
    /// Unique on the page.
    table_id: String,
    reasons: Vec<String>,
}

impl Notes {
    pub(crate) fn of_table(table_id: impl Into<String>) -> Notes {
        Notes { table_id: table_id.into(), reasons: Vec::new() }
    }

    /// "-" with a mark that leads to the reason; equal reasons share a mark.
    pub(crate) fn missing(&mut self, reason: &str) -> Markup {
        let known = self.reasons.iter().position(|other| other == reason);
        let number = known.unwrap_or_else(|| {
            self.reasons.push(reason.to_owned());
            self.reasons.len() - 1
        });
        let (mark, anchor) = (mark(number), self.anchor(number));
        html! { span title=(reason) { "-\u{2009}" sup { a href={ "#" (anchor) } { (mark) } } } }
    }

    /// The list of reasons, to stand under the table.
    pub(crate) fn list(&self) -> Markup {
        html! {
            @if !self.reasons.is_empty() {
                ul.notes {
                    @for (number, reason) in self.reasons.iter().enumerate() {
                        li id=(self.anchor(number)) { sup { (mark(number)) } " - not defined: " (reason) }
                    }
                }
            }
        }
    }

    fn anchor(&self, number: usize) -> String {
        format!("{}-note-{}", self.table_id, mark(number))
    }
}

/// a, b, ... z, aa, bb, ...
fn mark(number: usize) -> String {
    let letter = char::from(b'a' + (number % 26) as u8);
    String::from(letter).repeat(number / 26 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_reasons_share_a_mark() {
        let mut notes = Notes::of_table("t");
        notes.missing("no case is positive");
        notes.missing("there are no cases");
        let third = notes.missing("no case is positive").into_string();
        assert!(third.contains("href=\"#t-note-a\""), "{third}");
        assert_eq!(notes.list().into_string().matches("<li").count(), 2);
    }

    #[test]
    fn marks_go_on_behind_z() {
        assert_eq!([0, 25, 26, 53].map(mark), ["a", "z", "aa", "bbb"].map(String::from));
    }
}
