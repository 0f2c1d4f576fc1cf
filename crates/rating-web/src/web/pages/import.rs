//! Bringing files in: where they are dropped, and the contact sheet on which a
//! person pairs them, says what is kept and confirms.

use axum::Extension;
use axum::extract::{Path, State};
use maud::{Markup, html};
use rating::Protocol;
use rating::protocol::Colour;
use rating::words::counted;

use super::layout;
use crate::clock::Moment;
use crate::import::limits;
use crate::refusal::Refusal;
use crate::web::App;
use crate::web::access::Caller;

/// Where an import begins, and those that wait.
pub(in crate::web) async fn show(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
) -> Result<Markup, Refusal> {
    let room = app.room.clone();
    let waiting = tokio::task::spawn_blocking(move || room.imports.waiting(room.store.now())).await;
    let waiting = waiting.map_err(Refusal::broken)??;
    let main = html! {
        div id="import" data-person=(caller.person.name) data-csrf=(caller.csrf) {
            h1 { "Import" }
            (drop_zone())
            @if !waiting.is_empty() {
                h2 { "Not confirmed yet" }
                ul { @for one in &waiting {
                    li { a href={ "/import/" (one.id) } {
                        (counted(one.files.len(), "file", "files")) " of " (Moment::at(one.begun))
                    } }
                } }
                p.aside { "What is not confirmed within seven days is thrown away." }
            }
        }
    };
    Ok(layout::page_with("Import", &caller, &main, &["import.js"]))
}

fn drop_zone() -> Markup {
    let mib = |bytes: u64| bytes >> 20;
    html! {
        div.drop id="drop" {
            label { "Image files or a zip; they can be dropped here, folders too "
                input id="files" type="file" multiple accept="image/png,image/jpeg,image/tiff,.zip";
            }
            p.aside {
                "PNG, JPEG, TIFF, up to 64 megapixels and " (mib(limits::FILE_BYTES)) " MiB each; a zip up to "
                (mib(limits::REQUEST_BYTES)) " MiB, packed and unpacked; at most " (limits::FILES)
                " files. Nothing is in the room before you confirm it."
            }
            progress id="sent" max="1" value="0" aria-label="Files sent" hidden {}
            p id="told" role="status" aria-live="polite" {}
            ul id="not-taken" role="alert" {}
        }
    }
}

/// The contact sheet of an import; its script fills it.
pub(in crate::web) async fn sheet(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Markup, Refusal> {
    let room = app.room.clone();
    let asked = id.clone();
    let staged = tokio::task::spawn_blocking(move || room.imports.get(&asked)).await;
    staged.map_err(Refusal::broken)??;
    let coloured = coloured_modalities(&app.room.protocol);
    let main = html! {
        div id="import" data-person=(caller.person.name) data-csrf=(caller.csrf) data-import=(id) data-coloured=(coloured) {
            h1 { "Contact sheet" }
            p { "Look through the pairs that are proposed, correct them, and confirm. Readers see none of the names." }
            (drop_zone())
            form id="confirm" {
                (about_all())
                section aria-labelledby="regions-title" {
                    h2 id="regions-title" { "What is kept of the screen" }
                    p.aside { "Names and dates stand around the picture. What lies outside of the rectangle is not stored." }
                    div id="regions" {}
                }
                section aria-labelledby="pairs-title" {
                    h2 id="pairs-title" { "Pairs" }
                    ul.sheet id="pairs" {}
                    button type="button" id="add-pair" { "Add a pair" }
                }
                section aria-labelledby="rest-title" {
                    h2 id="rest-title" { "Files without a pair" }
                    ul.sheet id="rest" {}
                }
                fieldset.readers { legend { "Hand the pairs to" } div id="readers" {} }
                p id="problem" role="alert" {}
                p {
                    button.main type="submit" { "Confirm these pairs" } " "
                    button type="button" id="cancel" { "Throw this import away" }
                }
            }
        }
    };
    Ok(layout::page_with("Contact sheet", &caller, &main, &["import.js", "sheet.js"]))
}

/// Names of the modalities whose images are in colour.
fn coloured_modalities(protocol: &Protocol) -> String {
    let modalities = protocol.modalities().iter();
    let coloured = modalities.filter(|modality| modality.colour == Colour::DopplerMask);
    coloured.map(|modality| modality.name.as_str()).collect::<Vec<_>>().join(" ")
}

/// What holds for every pair of the import.
fn about_all() -> Markup {
    html! {
        fieldset.fields { legend { "All pairs" }
            label { "Cohort" input id="cohort" value="train" required maxlength="100"; }
            label { "Device" input id="device" maxlength="100"; }
            label { "Hospital" input id="hospital" maxlength="100"; }
            label { "Doppler, where names do not say"
                select id="doppler" {
                    option value="" { "not known" }
                    option value="cdus" { "colour (CDUS)" }
                    option value="pdus" { "power (PDUS)" }
                }
            }
            label { "Origin"
                select id="origin" { option value="clinical" { "patients" } option value="phantom" { "phantoms" } }
            }
        }
    }
}
