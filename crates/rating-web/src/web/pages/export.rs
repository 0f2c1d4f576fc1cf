//! What leaves the room, for coordinators.

use axum::Extension;
use axum::extract::{Query, State};
use maud::{Markup, html};

use super::layout;
use crate::consensus::Counted;
use crate::export::{self, Selection};
use crate::refusal::Refusal;
use crate::web::App;
use crate::web::access::Caller;
use crate::web::api::export::{FILES, Which};

/// Pairs listed as left out; the file has all.
const LISTED: usize = 50;

/// What each of the files is for.
const WORDS: [&str; 7] = [
    "everything below but the history, with the images: unpack it and run rating train on its manifest.csv",
    "settled pairs, grades and ROIs, as rating train reads them",
    "pairs that are left out, and why",
    "each grade of each locked reading",
    "ROI rectangles for COCO tools",
    "ROI rectangles as Pascal VOC, one XML file an image",
    "each change to each reading, from the journal",
];

pub(in crate::web) async fn show(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Query(which): Query<Which>,
) -> Result<Markup, Refusal> {
    let counted = which.counted()?;
    let room = app.room.clone();
    let selection =
        app.room.store.read(move |db| export::select(db, &room.protocol, counted)).await?;
    let main = page(&selection, counted);
    Ok(layout::page("Export", &caller, &main))
}

fn page(selection: &Selection, counted: Counted) -> Markup {
    let all = counted == Counted::All;
    let query = if all { "?revealed=include" } else { "" };
    html! {
        h1 { "Export" }
        p { "Settled pairs: " (selection.exported.len()) ". Left out: " (selection.refused.len()) "." }
        form.line method="get" action="/export" {
            label.check {
                input type="checkbox" name="revealed" value="include" checked[all];
                " count readings made after the reader had seen the system's answer"
            }
            button { "Count again" }
        }
        @if all {
            p.wrong role="note" {
                "Readings that knew the system's answer are counted. A network trained on them learns from itself."
            }
        }
        table {
            caption { "Files" }
            thead { tr { th scope="col" { "File" } th scope="col" { "What it holds" } } }
            tbody { @for ((name, _), words) in FILES.iter().zip(WORDS) { tr {
                th scope="row" { a.button.other[*name != FILES[0].0] href={ "/api/v1/export/" (name) (query) } download=(name) { (name) } }
                td { (words) "." }
            } } }
        }
        p.aside {
            "A pair is settled by first readings that agree, else by second readings that agree, else by a senior reader. "
            "Its ROI has the mean sides of the rectangles of the readings that settled it, in whole pixels, halves up."
        }
        @if !selection.refused.is_empty() {
            table {
                caption { "Left out" @if selection.refused.len() > LISTED { " (the first " (LISTED) ")" } }
                thead { tr { th scope="col" { "Pair" } th scope="col" { "Code" } th scope="col" { "Why" } } }
                tbody { @for one in selection.refused.iter().take(LISTED) { tr {
                    th scope="row" { (one.name) } td { code { (one.code) } } td { (one.why) }
                } } }
            }
        }
    }
}
