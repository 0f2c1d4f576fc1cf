//! Footnotes of a table: why a figure is missing, or what to know about it.

use maud::{Markup, html};

/// The footnotes of one table, in the order they are first asked for.
pub(crate) struct Notes {
    /// Unique on the page.
    table_id: String,
    sentences: Vec<String>,
}

impl Notes {
    pub(crate) fn of_table(table_id: impl Into<String>) -> Notes {
        Notes { table_id: table_id.into(), sentences: Vec::new() }
    }

    /// "-" with a mark that leads to the reason; equal reasons share a mark.
    pub(crate) fn missing(&mut self, reason: &str) -> Markup {
        let mark = self.mark(format!(" - not defined: {reason}"));
        html! { span title=(reason) { "-\u{2009}" (mark) } }
    }

    /// A mark that leads to a sentence about a figure that is there.
    pub(crate) fn remark(&mut self, sentence: &str) -> Markup {
        let mark = self.mark(format!(" {sentence}"));
        html! { span title=(sentence) { "\u{2009}" (mark) } }
    }

    fn mark(&mut self, sentence: String) -> Markup {
        let known = self.sentences.iter().position(|other| *other == sentence);
        let number = known.unwrap_or_else(|| {
            self.sentences.push(sentence);
            self.sentences.len() - 1
        });
        html! { sup { a href={ "#" (self.anchor(number)) } { (mark(number)) } } }
    }

    /// The list of notes, to stand under the table.
    pub(crate) fn list(&self) -> Markup {
        html! {
            @if !self.sentences.is_empty() {
                ul.notes {
                    @for (number, sentence) in self.sentences.iter().enumerate() {
                        li id=(self.anchor(number)) { sup { (mark(number)) } (sentence) }
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
        assert!(notes.remark("2 were moved").into_string().contains("href=\"#t-note-c\""));
        let list = notes.list().into_string();
        assert_eq!(list.matches("<li").count(), 3);
        assert!(list.contains("<sup>c</sup> 2 were moved"), "{list}");
    }

    #[test]
    fn marks_go_on_behind_z() {
        assert_eq!([0, 25, 26, 53].map(mark), ["a", "z", "aa", "bbb"].map(String::from));
    }
}
