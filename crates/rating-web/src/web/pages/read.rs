//! The reading screen (paper, Figure 5).

use axum::Extension;
use axum::extract::{Path, State};
use maud::{Markup, html};
use rating::Protocol;
use rating::protocol::{Colour, Measurement};
use rusqlite::Connection;

use super::layout;
use crate::pairs;
use crate::people::Person;
use crate::readings::{Reason, Stage, Standing};
use crate::refusal::Refusal;
use crate::room::Room;
use crate::settings::{self, Reveal};
use crate::web::App;
use crate::web::access::Caller;

pub(in crate::web) async fn show(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(code): Path<String>,
) -> Result<Markup, Refusal> {
    let (room, person, asked) = (app.room.clone(), caller.person.clone(), code.clone());
    let answers = app.room.desk.is_some()
        && app.room.store.read(move |db| answers_here(db, &room, &person, &asked)).await?;
    let stage = Some(Stage::First);
    let screen = Screen { code: &code, home: "/", page: "/read/", stage, answers };
    Ok(document(&app.room.protocol, &caller, "Pair", &screen, &html! {}))
}

/// Whether the page offers the system's answer: not where locking a reading does
/// not yet lead to it.
pub(super) fn answers_here(
    db: &Connection,
    room: &Room,
    person: &Person,
    code: &str,
) -> Result<bool, Refusal> {
    if settings::reveal(db)? == Reveal::AfterLock {
        return Ok(true);
    }
    match pairs::by_code(db, &room.protocol, code) {
        Ok(pair) => Ok(!Standing::of(db, person, pair.id)?.waits_for_settlement),
        Err(refusal) if refusal.is_ours() => Err(refusal),
        // The page says so itself.
        Err(_) => Ok(false),
    }
}

/// What tells reading screens apart.
pub(super) struct Screen<'a> {
    /// The pair.
    pub(super) code: &'a str,
    /// The list that the pair comes from.
    pub(super) home: &'a str,
    /// What the next pair's page begins with.
    pub(super) page: &'a str,
    /// Which reading is made; none when there is only something to look at.
    pub(super) stage: Option<Stage>,
    /// Whether the system has answers to ask for.
    pub(super) answers: bool,
}

/// The whole page; beside the images, or above them on a narrow screen, stands
/// what was `said` about the pair.
pub(super) fn document(
    protocol: &Protocol,
    caller: &Caller,
    title: &str,
    screen: &Screen<'_>,
    said: &Markup,
) -> Markup {
    let code = screen.code;
    let path = match screen.stage {
        None | Some(Stage::First) => format!("/api/v1/pairs/{code}/reading"),
        Some(stage) => format!("/api/v1/pairs/{code}/reading/{}", stage.word()),
    };
    let has_said = !said.0.is_empty();
    let looks_only = screen.stage.is_none();
    let main = html! {
        // The images are on their way while the script is: from the browser's own
        // cache where the page before fetched them ahead.
        @for modality in protocol.modalities() {
            link rel="preload" as="image" href={ "/api/v1/pairs/" (code) "/images/" (modality.name) };
        }
        div id="screen" class={ @if has_said { "with-said" } @if looks_only { " looking" } } data-code=(code) data-person=(caller.person.name) data-csrf=(caller.csrf) data-path=(path) data-home=(screen.home) data-page=(screen.page) {
            div.bar {
                h1 { (title) " " span id="code" { (code) } }
                p id="progress" {}
                p id="saved" role="status" aria-live="polite" { "Loading ..." }
                @if screen.stage.is_some() { button.plain id="keys-button" aria-haspopup="dialog" { "Keys (?)" } }
            }
            @if has_said { div.said { (said) } }
            (views(protocol))
            @if screen.answers { (answer_section(protocol)) }
            @match screen.stage {
                Some(_) => { (tools()) (form(protocol, screen)) (keys(protocol, &KEYS)) }
                None => { (looking()) }
            }
        }
    };
    let navigation = html! { nav aria-label="Main" { a href=(screen.home) { (list_name(screen.home)) } span { (caller.person.name) } } };
    let script = if screen.stage.is_some() { "read.js" } else { "look.js" };
    layout::shell(&format!("{title} {code}"), &navigation, &main, &[script])
}

fn list_name(home: &str) -> &'static str {
    if home == "/" { "Worklist" } else { "Consensus" }
}

fn looking() -> Markup {
    html! { div.tools { fieldset { legend { "View" }
        button data-do="fit" { "Fit" }
        button data-do="actual" { "1:1" }
        button data-do="hide" { "Hide rectangles (H)" }
    } } }
}

fn tools() -> Markup {
    html! {
        div.tools {
            (view_tools())
            fieldset { legend { "ROI" }
                button data-do="draw" aria-pressed="false" { "Draw rectangle (R)" }
                label { input id="shared" type="checkbox" checked; " same place on both images" }
                button data-do="undo" { "Undo (Z)" }
                button data-do="redo" { "Redo (Shift+Z)" }
            }
        }
    }
}

/// The images of a pair side by side.
pub(super) fn views(protocol: &Protocol) -> Markup {
    html! {
        div.pair {
            @for modality in protocol.modalities() {
                figure.view data-modality=(modality.name) data-adjustable[modality.colour == Colour::Gray] {
                    figcaption { (modality.name) span.size {} }
                    canvas tabindex="0" role="img" aria-label={ (modality.name) " image" } {}
                }
            }
        }
    }
}

/// How the images are looked at.
pub(super) fn view_tools() -> Markup {
    html! {
        fieldset { legend { "View" }
            button data-do="fit" { "Fit (F)" }
            button data-do="actual" { "1:1 (O)" }
            label { "Brightness" input id="brightness" type="range" min="-100" max="100" value="0"; }
            label { "Contrast" input id="contrast" type="range" min="-100" max="100" value="0"; }
            button data-do="reset" { "Reset" }
        }
    }
}

/// Which keys grade a measurement, by its position; later ones are reached by Tab.
const KEY_WORDS: [&str; 2] = [" (digit)", " (Shift + digit)"];

/// A choice for each measurement.
pub(super) fn grade_fields(protocol: &Protocol) -> Markup {
    html! {
        @for (position, measurement) in protocol.measurements().iter().enumerate() {
            fieldset.grades data-measurement=(position) {
                legend { (measurement.name.replace('_', " ")) (KEY_WORDS.get(position).copied().unwrap_or_default()) }
                @for grade in 0..measurement.grades {
                    label title=[measurement.sentences.get(usize::from(grade))] {
                        input type="radio" name=(measurement.name) value=(grade);
                        span { (grade) }
                    }
                }
            }
        }
    }
}

/// Why it cannot be graded; what another reason is `told` by.
pub(super) fn cannot_field(told: &str) -> Markup {
    html! {
        label.cannot { "Cannot grade"
            select id="cannot" {
                option value="" { "it can be graded" }
                @for reason in Reason::ALL {
                    option value=(reason.word()) { (reason.words()) @if reason == Reason::Other { (told) } }
                }
            }
        }
    }
}

fn form(protocol: &Protocol, screen: &Screen<'_>) -> Markup {
    html! {
        form id="reading" {
            p id="problem" role="alert" {}
            (grade_fields(protocol))
            (cannot_field(" (say which in the comment)"))
            label.comment { "Comment" textarea id="comment" rows="2" maxlength="4000" {} }
            div.row {
                button.main type="submit" { "Lock and next (Enter)" }
                @if screen.answers {
                    button type="button" data-do="reveal" { "Lock and show the answer (V)" }
                }
                a id="next" href=(screen.home) { (list_name(screen.home)) }
            }
        }
    }
}

/// The list of keys: those that grade, then these.
pub(super) fn keys(protocol: &Protocol, keys: &[(&str, &str)]) -> Markup {
    let measurements = protocol.measurements().iter();
    let grade = |(measurement, shift): (&Measurement, &str)| {
        let (most, name) = (measurement.grades - 1, measurement.name.replace('_', " "));
        (format!("{shift}0 - {most}"), format!("grade of {name}"))
    };
    let grades: Vec<(String, String)> = measurements.zip(["", "Shift + "]).map(grade).collect();
    let grades = grades.iter().map(|(keys, what)| (keys.as_str(), what.as_str()));
    html! {
        dialog id="keys" aria-labelledby="keys-title" {
            h2 id="keys-title" { "Keys" }
            dl {
                @for (keys, what) in grades.chain(keys.iter().copied()) { dt { kbd { (keys) } } dd { (what) } }
            }
            form method="dialog" { button { "Close" } }
        }
    }
}

/// The second row of Figure 5, empty until the answer is asked for.
pub(super) fn answer_section(protocol: &Protocol) -> Markup {
    let explained = protocol
        .heatmap()
        .and_then(|heatmap| protocol.measurement(&heatmap.measurement))
        .map_or(&[][..], |position| protocol.modalities_of(position));
    let modalities = explained.iter().map(|&position| &protocol.modalities()[position]);
    html! {
        section id="answer" hidden aria-labelledby="answer-title" {
            div.bar {
                h2 id="answer-title" { "The system's answer" }
                p id="answer-state" role="status" aria-live="polite" {}
                label { "Opacity " input id="opacity" type="range" min="0" max="100" value="60"; }
                button.plain data-do="hide" { "Hide overlays (H)" }
            }
            div.pair {
                @for modality in modalities {
                    figure.view data-modality=(modality.name) data-adjustable[modality.colour == Colour::Gray] {
                        canvas tabindex="0" role="img" aria-label={ (modality.name) " image under its heatmap" } {}
                        figcaption.caption {}
                    }
                }
            }
            div.words {
                p id="watermark" {}
                div id="told" {}
            }
        }
    }
}

const KEYS: [(&str, &str); 12] = [
    (
        "R",
        "draw the rectangle with the mouse; without one, place it in the middle; the arrows move it then",
    ),
    (
        "Arrows",
        "move the rectangle of the image that has the focus; with Alt its lower right corner; with Shift ten pixels",
    ),
    ("Z, Shift+Z", "undo, redo on this pair"),
    ("H", "hide or show everything drawn over the images"),
    ("V", "lock, and show the system's answer"),
    ("F, O", "fit the images; one pixel for one pixel"),
    ("E", "enlarge the ROI: as large as it goes"),
    ("+, -", "zoom"),
    ("X", "cannot grade: choose why with the arrows; Enter goes to the button that locks"),
    ("C", "comment"),
    ("Enter", "lock and go to the next pair"),
    ("?", "this list"),
];
