//! What the system says about a pair: asked for, told, shown.

use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use rating::{Protocol, Roi};
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::readings::json_body;
use crate::answers::{self, Answer, Desk, NO_ANSWERS, Step, Subject, Told};
use crate::clock::Moment;
use crate::pairs::{self, StoredPair};
use crate::people::{Ability, Person};
use crate::readings::{self, Shown, Standing, disclosure};
use crate::refusal::Refusal;
use crate::room::Room;
use crate::schema::File;
use crate::store::Actor;
use crate::web::App;
use crate::web::access::Caller;

/// What somebody asks to be shown; grades always.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Asked {
    /// Whether heatmaps are asked for too; they take seconds to minutes.
    heatmap: bool,
}

/// Notes that the caller is shown the answer, then begins to give it.
#[utoipa::path(post, path = "/api/v1/pairs/{code}/reveal", tag = "answers", request_body = Asked,
    responses((status = 200, body = Told, description = "As far as it is there."),
        (status = 400), (status = 404), (status = 422)))]
pub(in crate::web) async fn reveal(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(code): Path<String>,
    asked: Result<Json<Asked>, JsonRejection>,
) -> Result<Json<Told>, Refusal> {
    let Asked { heatmap } = json_body(asked)?;
    let bundle = desk(&app.room)?.identity().bundle.clone();
    let (room, person) = (Arc::clone(&app.room), caller.person.clone());
    let asked_for = code.clone();
    let noted = app.room.store.write(Actor::Person(person.id), move |change| {
        let pair = pairs::by_code(change, &room.protocol, &asked_for)?;
        let subject = match may_be_told(change, &room.protocol, &person, &pair, change.now) {
            Ok(subject) => subject,
            Err(refusal) if refusal.status == StatusCode::FORBIDDEN => {
                // Who asks too early is refused, and that is written down.
                let after = json!({ "person": person.id, "why": refusal.what });
                change.tell("answer.refused", &format!("pair {}", pair.id), (), after)?;
                return Ok(Err(refusal));
            }
            Err(refusal) => return Err(refusal),
        };
        readings::reveal(change, pair.id, person.id, "grades", &bundle)?;
        if heatmap {
            readings::reveal(change, pair.id, person.id, "heatmap", &bundle)?;
        }
        Ok(Ok(subject))
    });
    let subject = noted.await??;
    desk(&app.room)?.forgive(&subject);
    told(&app, caller.person, code).await
}

/// The answer as far as it is there; asking keeps the work on it going.
///
/// Ask again every second or so: what nobody has asked for in 8 seconds is not
/// computed any more. It must have been revealed first.
#[utoipa::path(get, path = "/api/v1/pairs/{code}/answer", tag = "answers",
    responses((status = 200, body = Told, description = "As far as it is there."),
        (status = 404), (status = 422)))]
pub(in crate::web) async fn answer(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(code): Path<String>,
) -> Result<Json<Told>, Refusal> {
    told(&app, caller.person, code).await
}

async fn told(app: &App, person: Person, code: String) -> Result<Json<Told>, Refusal> {
    let room = Arc::clone(&app.room);
    let found = app.room.store.read(move |db| {
        let (subject, shown) = revealed(db, &room, &person, &code)?;
        let desk = desk(&room)?;
        let known = desk.known(db, &subject)?;
        Ok((subject, shown, desk.identity().bundle.clone(), known))
    });
    let (subject, shown, bundle, known) = found.await?;
    let protocol = &app.room.protocol;
    let last =
        if shown.heatmap && protocol.heatmap().is_some() { Step::Exact } else { Step::Score };
    let place = match missing(known.as_ref(), last) {
        false => None,
        true => Some(desk(&app.room)?.want(&subject, last)?),
    };
    let (known, place) = (known.as_ref(), place.as_ref());
    Ok(Json(answers::tell(protocol, &bundle, &subject.rois, known, place, shown.heatmap)))
}

/// Whether something is still to be computed.
fn missing(known: Option<&Answer>, last: Step) -> bool {
    match (known, last) {
        (None, _) => true,
        (Some(_), Step::Score) => false,
        (Some(known), last) => known.heatmap != last.mode(),
    }
}

/// The heatmap of one image: a PNG of the ROI's size, yellow, as opaque as the map.
#[utoipa::path(get, path = "/api/v1/pairs/{code}/maps/{modality}", tag = "answers",
    responses((status = 200, description = "The heatmap, to be laid over the ROI.",
        body = File, content_type = "image/png",
        headers(
            ("x-rating-origin" = String, description = "`clinical`, `phantom` or `canned`."),
            ("x-rating-use" = String, description = "`research only, not for diagnosis`."))),
        (status = 404), (status = 422)))]
pub(in crate::web) async fn map(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path((code, modality)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let room = Arc::clone(&app.room);
    let read = app.room.store.read(move |db| {
        let (subject, shown) = revealed(db, &room, &caller.person, &code)?;
        if !shown.heatmap {
            return Err(Refusal::forbidden("Ask for the heatmap first: POST to reveal."));
        }
        let names = room.protocol.modalities().iter();
        let position = names.clone().position(|known| known.name == modality);
        let position = position.ok_or_else(|| Refusal::unknown("There is no such image."))?;
        let desk = desk(&room)?;
        let known = desk.known(db, &subject)?;
        let mode = known.as_ref().and_then(|answer| answer.heatmap);
        let (Some(known), Some(mode)) = (&known, mode) else {
            return Err(Refusal::unknown("This heatmap is not computed yet."));
        };
        let (bundle, now) = (&desk.identity().bundle, room.store.now());
        Ok((desk.maps().png(&subject, bundle, mode, position, now)?, known.scored.origin))
    });
    let (png, origin) = read.await?;
    let headers = [
        (header::CONTENT_TYPE, "image/png"),
        (HeaderName::from_static("x-rating-origin"), origin.word()),
        (HeaderName::from_static("x-rating-use"), "research only, not for diagnosis"),
    ];
    Ok((headers, png).into_response())
}

/// The room's desk.
pub(super) fn desk(room: &Room) -> Result<&Desk, Refusal> {
    room.desk.as_ref().ok_or_else(|| Refusal::unknown(NO_ANSWERS))
}

/// What a person may be told about, and what the person has asked to be shown.
fn revealed(
    db: &Connection,
    room: &Room,
    person: &Person,
    code: &str,
) -> Result<(Subject, Shown), Refusal> {
    let pair = pairs::by_code(db, &room.protocol, code)?;
    let subject = may_be_told(db, &room.protocol, person, &pair, room.store.now())?;
    let shown = readings::shown(db, pair.id, person.id)?;
    if !shown.grades {
        return Err(Refusal::forbidden("Ask for the answer first: POST to reveal."));
    }
    Ok((subject, shown))
}

/// The pair within the ROIs of the reader's own locked reading, if the answer
/// is for this person now.
fn may_be_told(
    db: &Connection,
    protocol: &Protocol,
    person: &Person,
    pair: &StoredPair,
    now: Moment,
) -> Result<Subject, Refusal> {
    let standing = Standing::of(db, person, pair.id)?;
    let told = disclosure(person, &standing, now);
    if !told.images {
        // Whether it exists is nobody else's business.
        return Err(Refusal::unknown("There is no such pair."));
    }
    if !told.answer {
        let has_read =
            person.role.may(Ability::Coordinate) || (standing.has_locked && !standing.has_draft);
        return Err(Refusal::forbidden(if has_read && standing.waits_for_settlement {
            "In this room the answer comes when the pair is settled."
        } else if has_read {
            "The answer about this pair is held back for now."
        } else {
            "Lock your own reading first: the answer comes after it."
        }));
    }
    let own = readings::last_locked(db, pair.id, person.id)?;
    let rois: Option<Vec<Roi>> = match own {
        Some(reading) => reading.body.rois.into_iter().collect(),
        None => pair.views.iter().map(|view| view.roi).collect(),
    };
    let rois = rois.filter(|rois| rois.len() == protocol.modalities().len());
    let rois =
        rois.ok_or_else(|| Refusal::unfit("There is no answer without an ROI on each image."))?;
    Ok(Subject { pair: pair.id, rois })
}
