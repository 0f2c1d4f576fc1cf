//! The reading screen of a study: one case, its grades, and the system's answer
//! where the arm shows it.

use axum::Extension;
use axum::extract::{Path, State};
use maud::{Markup, html};

use super::layout;
use super::read::{answer_section, cannot_field, grade_fields, keys, view_tools, views};
use crate::web::App;
use crate::web::access::Caller;

pub(in crate::web) async fn show(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Markup {
    let protocol = &app.room.protocol;
    let home = format!("/studies/{name}");
    let main = html! {
        div id="screen" data-person=(caller.person.name) data-csrf=(caller.csrf) data-path={ "/api/v1/studies/" (name) } data-home=(home) {
            div.bar {
                h1 { "Case" }
                p id="progress" {}
                p id="clock" {}
                p id="saved" role="status" aria-live="polite" { "Loading ..." }
                button.plain data-do="enlarge" { "Enlarge the ROI (E)" }
                button.plain id="pause" { "Pause (P)" }
                button.plain id="keys-button" aria-haspopup="dialog" { "Keys (?)" }
            }
            (views(protocol))
            (answer_section(protocol))
            div.tools { (view_tools()) }
            form id="reading" {
                p id="problem" role="alert" {}
                (grade_fields(protocol))
                div id="may-refuse" hidden { (cannot_field("")) }
                div.row {
                    button.main type="submit" { "Submit and next (Enter)" }
                    button type="button" id="show" hidden { "Lock my grades and show the answer (V)" }
                    a href=(home) { "Stop for now" }
                }
            }
            (keys(protocol, KEYS))
            (paused())
        }
    };
    let navigation =
        html! { nav aria-label="Main" { a href=(home) { "Study" } span { (caller.person.name) } } };
    layout::shell("Case", &navigation, &main, &["study.js"])
}

/// What stands over a case while its reader rests.
pub(super) fn paused() -> Markup {
    html! {
        dialog id="paused" aria-labelledby="paused-title" {
            h2 id="paused-title" { "Paused" }
            p { "The images are hidden and time stands still." }
            form method="dialog" { button { "Go on" } }
        }
    }
}

const KEYS: &[(&str, &str)] = &[
    ("Z, Shift+Z", "undo, redo on this case"),
    ("H", "hide or show everything drawn over the images"),
    ("V", "lock your grades and show the system's answer, where this session has it"),
    ("F, O", "fit the images; one pixel for one pixel"),
    ("E", "enlarge the ROI: as large as it goes"),
    ("+, -", "zoom"),
    (
        "X",
        "cannot grade, in studies that take this for an answer: choose why with the arrows; Enter goes to the button that submits",
    ),
    ("P", "pause"),
    ("Enter", "submit and go to the next case"),
    ("?", "this list"),
];
