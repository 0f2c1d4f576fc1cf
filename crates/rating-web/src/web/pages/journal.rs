//! The journal, for administrators.

use axum::Extension;
use axum::extract::{Query, State};
use maud::{Markup, html};
use rating::words::counted;
use serde::Deserialize;

use super::layout;
use crate::refusal::Refusal;
use crate::store::journal;
use crate::studies;
use crate::web::App;
use crate::web::access::Caller;

/// Lines on a page.
const LINES: usize = 100;
/// Characters of a value from which it is folded.
const FOLDED: usize = 240;
/// In the place of what readers of an open study said.
const WITHHELD: &str = "withheld until the study is closed";

#[derive(Deserialize)]
pub(in crate::web) struct From {
    #[serde(default)]
    after: i64,
}

pub(in crate::web) async fn show(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Query(from): Query<From>,
) -> Result<Markup, Refusal> {
    let (checked, lines) = app
        .room
        .store
        .read(move |db| {
            let mut lines = journal::lines(db, from.after, LINES)?;
            for line in &mut lines {
                if studies::withholds(db, &line.kind, &line.subject)? {
                    (line.before, line.after) = (None, Some(WITHHELD.to_owned()));
                }
            }
            Ok((journal::check(db), lines))
        })
        .await?;
    let main = html! {
        h1 { "Journal" }
        @match &checked {
            Ok(whole) => p role="status" { "Whole: " (counted(whole.events, "line", "lines")) ", the last with hash " code { (whole.head) } "." },
            Err(broken) => p.wrong role="alert" { (broken.what) },
        }
        table.journal {
            caption { "What was changed, by whom" }
            thead { tr {
                th scope="col" { "Line" } th scope="col" { "Time" } th scope="col" { "Who" } th scope="col" { "What" }
                th scope="col" { "To what" } th scope="col" { "Before" } th scope="col" { "After" }
            } }
            tbody { @for line in &lines {
                tr {
                    td { (line.id) } td { (line.time) }
                    td { @match line.person { Some(person) => { "person " (person) }, None => "server" } }
                    td { (line.kind) } td { (line.subject) }
                    td.json { (value(line.before.as_deref())) } td.json { (value(line.after.as_deref())) }
                }
            } }
        }
        @if let Some(last) = lines.last().filter(|_| lines.len() == LINES) {
            p { a href={ "/journal?after=" (last.id) } { "Later lines" } }
        }
    };
    Ok(layout::page("Journal", &caller, &main))
}

/// A value; a long one is folded.
fn value(text: Option<&str>) -> Markup {
    let text = text.unwrap_or("");
    html! {
        @if text.chars().count() > FOLDED {
            details { summary { (text.chars().take(FOLDED / 2).collect::<String>()) " ..." } (text) }
        } @else { (text) }
    }
}
