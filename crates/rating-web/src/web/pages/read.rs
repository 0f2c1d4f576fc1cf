//! The reading screen (paper, Figure 5).

use axum::Extension;
use axum::extract::{Path, State};
use maud::{Markup, html};
use rating::protocol::Colour;

use super::layout;
use crate::readings::Reason;
use crate::refusal::Refusal;
use crate::web::App;
use crate::web::access::Caller;

pub(in crate::web) async fn show(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(code): Path<String>,
) -> Result<Markup, Refusal> {
    let protocol = &app.room.protocol;
    let main = html! {
        div id="screen" data-code=(code) data-csrf=(caller.csrf) {
            div.bar {
                h1 { "Pair " span id="code" { (code) } }
                p id="progress" {}
                p id="saved" role="status" aria-live="polite" { "Loading ..." }
                button.plain id="keys-button" aria-haspopup="dialog" { "Keys (?)" }
            }
            div.pair {
                @for modality in protocol.modalities() {
                    figure.view data-modality=(modality.name) data-adjustable[modality.colour == Colour::Gray] {
                        figcaption { (modality.name) span.size {} }
                        canvas tabindex="0" role="img" aria-label={ (modality.name) " image" } {}
                    }
                }
            }
            div.tools {
                fieldset { legend { "View" }
                    button data-do="fit" { "Fit (F)" }
                    button data-do="actual" { "1:1 (O)" }
                    label { "Brightness" input id="brightness" type="range" min="-100" max="100" value="0"; }
                    label { "Contrast" input id="contrast" type="range" min="-100" max="100" value="0"; }
                    button data-do="reset" { "Reset" }
                }
                fieldset { legend { "ROI" }
                    button data-do="draw" aria-pressed="false" { "Draw rectangle (R)" }
                    label { input id="shared" type="checkbox" checked; " same place on both images" }
                    button data-do="undo" { "Undo (Z)" }
                    button data-do="redo" { "Redo (Shift+Z)" }
                }
            }
            form id="reading" {
                p id="problem" role="alert" {}
                @for (position, measurement) in protocol.measurements().iter().enumerate() {
                    fieldset.grades data-measurement=(position) {
                        legend { (measurement.name.replace('_', " ")) @if position == 1 { " (Shift + digit)" } @else { " (digit)" } }
                        @for grade in 0..measurement.grades {
                            label title=[measurement.sentences.get(usize::from(grade))] {
                                input type="radio" name=(measurement.name) value=(grade);
                                span { (grade) }
                            }
                        }
                    }
                }
                label.cannot { "Cannot grade"
                    select id="cannot" {
                        option value="" { "it can be graded" }
                        @for reason in Reason::ALL { option value=(reason.word()) { (reason.words()) } }
                    }
                }
                label.comment { "Comment" textarea id="comment" rows="2" maxlength="4000" {} }
                div.row {
                    button.main type="submit" { "Lock and next (Enter)" }
                    a id="next" href="/" { "Worklist" }
                }
            }
            dialog id="keys" aria-labelledby="keys-title" {
                h2 id="keys-title" { "Keys" }
                dl {
                    @for (keys, what) in KEYS { dt { kbd { (keys) } } dd { (what) } }
                }
                form method="dialog" { button { "Close" } }
            }
        }
    };
    let navigation =
        html! { nav aria-label="Main" { a href="/" { "Worklist" } span { (caller.person.name) } } };
    Ok(layout::shell(&format!("Pair {code}"), &navigation, &main, &["read.js"]))
}

const KEYS: [(&str, &str); 12] = [
    ("0 - 3", "grade of synovial hypertrophy"),
    ("Shift + 0 - 3", "grade of vascularity"),
    ("R", "draw the rectangle with the mouse; without one, place it in the middle"),
    ("Arrows", "move the rectangle; with Alt its lower right corner; with Shift ten pixels"),
    ("Z, Shift+Z", "undo, redo on this pair"),
    ("H", "hide or show everything drawn over the images"),
    ("F, O", "fit the images; one pixel for one pixel"),
    ("+, -", "zoom"),
    ("X", "cannot grade: choose why"),
    ("C", "comment"),
    ("Enter", "lock and go to the next pair"),
    ("?", "this list"),
];
