//! Downloads for coordinators.

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

use crate::consensus::Counted;
use crate::export;
use crate::refusal::Refusal;
use crate::schema::File;
use crate::store::Actor;
use crate::web::access::Caller;
use crate::web::{App, stream};

/// Whether readings made after the system's answer was seen are asked for by name.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::web) struct Which {
    /// `exclude` (as without it) or `include`: readings that were made after their
    /// reader had seen the system's answer. A network trained on them learns from itself.
    #[param(pattern = "^(include|exclude)?$")]
    revealed: Option<String>,
}

impl Which {
    pub(in crate::web) fn counted(&self) -> Result<Counted, Refusal> {
        match self.revealed.as_deref() {
            None | Some("" | "exclude") => Ok(Counted::Unrevealed),
            Some("include") => Ok(Counted::All),
            Some(_) => Err(Refusal::malformed("Revealed readings: include or exclude.")),
        }
    }
}

/// A file to download: name and media type.
pub(in crate::web) const FILES: [(&str, &str); 7] = [
    ("training.zip", "application/zip"),
    ("manifest.csv", "text/csv; charset=utf-8"),
    ("refused.csv", "text/csv; charset=utf-8"),
    ("readings.csv", "text/csv; charset=utf-8"),
    ("coco.json", "application/json"),
    ("voc.zip", "application/zip"),
    ("history.jsonl", "application/jsonl; charset=utf-8"),
];

/// A file to download; the journal says who did.
///
/// `training.zip` holds all but the history, with the images, ready for
/// `rating train`. No file holds an answer of the system.
// Whoever may come here coordinates, and is told whose joint it is and all
// readings of every pair (`disclosure`).
#[utoipa::path(get, path = "/api/v1/export/{name}", tag = "export", operation_id = "export",
    params(Which,
        ("name" = String, Path, description = "Which file.",
            pattern = r"^(training\.zip|manifest\.csv|refused\.csv|readings\.csv|coco\.json|voc\.zip|history\.jsonl)$")),
    responses(
        (status = 200, description = "The file, with its name in `Content-Disposition`.",
            content((String = "text/csv"), (File = "application/zip"),
                (Object = "application/json"), (String = "application/jsonl"))),
        (status = 400), (status = 404)))]
pub(in crate::web) async fn file(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    Query(which): Query<Which>,
) -> Result<Response, Refusal> {
    let counted = which.counted()?;
    let known = FILES.into_iter().find(|(known, _)| *known == name);
    let (name, kind) = known.ok_or_else(|| Refusal::unknown("There is no such export."))?;
    let after = json!({ "file": name, "revealed": counted == Counted::All });
    app.room
        .store
        .write(Actor::Person(caller.person.id), move |change| {
            change.tell("export.made", "room", (), after)
        })
        .await?;
    let body = content(&app, name, counted).await?;
    let disposition = format!("attachment; filename=\"{name}\"");
    let disposition = HeaderValue::from_str(&disposition).map_err(Refusal::broken)?;
    let kind = HeaderValue::from_static(kind);
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, disposition)], body)
        .into_response())
}

async fn content(app: &App, name: &'static str, counted: Counted) -> Result<Body, Refusal> {
    let room = app.room.clone();
    match name {
        "training.zip" => {
            return Ok(stream::body(move |to| export::training_zip(&room, counted, to)));
        }
        "history.jsonl" => return Ok(stream::body(move |to| export::history(&room.store, to))),
        _ => {}
    }
    let made = app.room.store.read(move |db| {
        if name == "readings.csv" {
            return Ok(export::readings(db, &room.protocol, counted)?.into_bytes());
        }
        let moment = db.unchecked_transaction()?;
        let selection = export::select(&moment, &room.protocol, counted)?;
        match name {
            "manifest.csv" => Ok(export::manifest(&selection, &room.protocol).into_bytes()),
            "refused.csv" => Ok(export::refused(&selection)?.into_bytes()),
            "coco.json" => {
                Ok(format!("{:#}\n", export::coco(&selection, &room.protocol)).into_bytes())
            }
            _ => {
                let mut bytes = Vec::new();
                export::voc_zip(&selection, &room.protocol, &mut bytes)?;
                Ok(bytes)
            }
        }
    });
    Ok(Body::from(made.await?))
}
