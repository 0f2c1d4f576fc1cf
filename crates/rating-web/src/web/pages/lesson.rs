//! The screen of a lesson: one case, its grades, then the truth beside them.

use axum::Extension;
use axum::extract::{Query, State};
use maud::{Markup, html};

use super::layout;
use super::read::{grade_fields, keys, view_tools, views};
use super::study_read::paused;
use crate::refusal::Refusal;
use crate::teaching::Level;
use crate::web::App;
use crate::web::access::Caller;
use crate::web::api::teaching::Which;

pub(in crate::web) async fn show(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Query(which): Query<Which>,
) -> Result<Markup, Refusal> {
    let (protocol, level) = (&app.room.protocol, which.level()?);
    let main = html! {
        div.lesson id="screen" data-person=(caller.person.name) data-csrf=(caller.csrf) data-path="/api/v1/teaching" data-level=(level.word()) {
            div.bar {
                h1 { "Lesson" }
                p id="level" { (words(level)) }
                p id="saved" role="status" aria-live="polite" { "Loading ..." }
                button.plain data-do="enlarge" { "Enlarge the ROI (E)" }
                button.plain id="pause" { "Pause (P)" }
                button.plain id="keys-button" aria-haspopup="dialog" { "Keys (?)" }
            }
            (views(protocol))
            section.said id="truth" hidden tabindex="0" aria-label="The truth" {}
            div.tools { (view_tools()) }
            form id="reading" {
                p id="problem" role="alert" {}
                (grade_fields(protocol))
                div.row {
                    button.main type="submit" { "Submit (Enter)" }
                    a href="/teaching" { "Stop for now" }
                }
            }
            (keys(protocol, KEYS))
            (paused())
        }
        section id="nothing" hidden tabindex="-1" aria-label="Nothing is due" {
            h1 { "Lesson" }
            p id="when" {}
            p { a.button href="/teaching" { "Back to Teaching" } }
        }
    };
    let navigation = html! { nav aria-label="Main" { a href="/teaching" { "Teaching" } span { (caller.person.name) } } };
    Ok(layout::shell("Lesson", &navigation, &main, &["teaching.js"]))
}

/// What a level is called.
fn words(level: Level) -> String {
    match level {
        Level::Due => "whatever is due".to_owned(),
        Level::Only(difficulty) => format!("{} cases", difficulty.word()),
    }
}

const KEYS: &[(&str, &str)] = &[
    ("Z, Shift+Z", "undo, redo on this case"),
    ("H", "hide or show the rectangles"),
    ("F, O", "fit the images; one pixel for one pixel"),
    ("E", "enlarge the ROI: as large as it goes"),
    ("+, -", "zoom"),
    ("P", "pause"),
    ("Enter", "submit; once more, the next case"),
    ("?", "this list"),
];
