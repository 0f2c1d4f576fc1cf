//! Reading in a study: the reader's next case, its images, its answer, its grades.

use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use image::imageops::crop_imm;
use rating::study::{Arm, Images as Extent};
use rating::{Protocol, Roi};
use rusqlite::{Connection, OptionalExtension, params};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::readings::json_body;
use crate::clock::Moment;
use crate::pairs::{self, StoredPair};
use crate::people::Person;
use crate::refusal::Refusal;
use crate::room::Room;
use crate::store::{Actor, Change};
use crate::studies::{self, Allowed, Held, Item, Place, Save, Study, Turn, allowed};
use crate::web::App;
use crate::web::access::Caller;
use crate::web::respond::picture;

/// What the caller reads next, begun if it was not yet: the case with all that
/// may be sent of it, or why there is none.
#[utoipa::path(get, path = "/api/v1/studies/{name}/case", tag = "studies", operation_id = "study_case",
    responses((status = 200, body = Object, description = "The case with all that may be sent of it; else `state` says why there is none."),
        (status = 404)))]
pub(in crate::web) async fn case(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let room = Arc::clone(&app.room);
    let person = caller.person;
    let told = app.room.store.write(Actor::Person(person.id), move |change| {
        let study = studies::by_name(change, &name)?;
        match studies::turn(change, &study, person.id, change.now)? {
            Turn::Read(item) => {
                let held = studies::begin(change, &room.protocol, &study.protocol, &item)?;
                screen(change, &room.protocol, &study, &item, &held)
            }
            Turn::Wait(until) => Ok(json!({ "state": "wait", "until": until })),
            Turn::Done => Ok(json!({ "state": "done" })),
            Turn::Closed => Ok(json!({ "state": "closed" })),
        }
    });
    Ok(Json(told.await?))
}

/// Everything that the reading screen shows.
fn screen(
    db: &Connection,
    protocol: &Protocol,
    study: &Study,
    item: &Item,
    held: &Held,
) -> Result<Value, Refusal> {
    let design = &study.protocol.design;
    let arm = &study.protocol.arms[item.arm];
    let pair = pairs::one(db, protocol, item.pair)?;
    let next = studies::after(db, study.id, item)?;
    Ok(json!({
        "state": "read",
        "study": study.protocol.name,
        "session": {
            "number": item.number + 1, "of": study.protocol.sessions(),
            "done": item.done, "total": item.total,
        },
        "arm": { "shows": arm.shows, "own_grades_first": arm.own_grades_first },
        "item": item.id,
        "images": images(protocol, study, item.id, &pair),
        "next": next.map(|(id, _)| id),
        "reading": held,
        "idle_seconds": design.idle_seconds,
        "seconds_a_case": design.seconds_a_case,
        "cannot_grade": design.cannot_grade,
        "answer": answer(db, protocol, study, item, held)?,
    }))
}

fn images(protocol: &Protocol, study: &Study, item: i64, pair: &StoredPair) -> Vec<Value> {
    let views = protocol.modalities().iter().zip(&pair.views);
    let image = |(modality, view): (&rating::protocol::Modality, &pairs::StoredView)| {
        let (size, roi) = match (study.protocol.cases.images, view.roi) {
            (Extent::RoiOnly, Some(roi)) => {
                let size = (roi.width(), roi.height());
                (size, Roi::new([0, 0, size.0.into(), size.1.into()]).ok())
            }
            (_, roi) => ((view.width, view.height), roi),
        };
        json!({
            "modality": modality.name,
            "url": format!("/api/v1/studies/{}/items/{item}/images/{}", study.protocol.name, modality.name),
            "width": size.0, "height": size.1, "roi": roi,
        })
    };
    views.map(image).collect()
}

/// The system's answer, as far as the arm shows it now; null before.
fn answer(
    db: &Connection,
    protocol: &Protocol,
    study: &Study,
    item: &Item,
    held: &Held,
) -> Result<Value, Refusal> {
    let may = may_be_sent(&study.protocol.arms[item.arm], held);
    if !may.grades {
        return Ok(Value::Null);
    }
    let mut told = studies::shown_answer(db, protocol, study.id, item)?;
    let mut maps = Vec::new();
    if may.heatmap {
        let sql =
            "SELECT modality FROM study_maps WHERE study = ?1 AND number = ?2 ORDER BY modality";
        let mut statement = db.prepare_cached(sql)?;
        let found = statement.query_map([study.id, item.case], |row| row.get::<_, i64>(0))?;
        for modality in found {
            let modality = usize::try_from(modality?).ok();
            maps.extend(modality.and_then(|modality| protocol.modalities().get(modality)));
        }
    }
    let url = |name: &str| {
        format!("/api/v1/studies/{}/items/{}/maps/{name}", study.protocol.name, item.id)
    };
    let maps = maps
        .iter()
        .map(|modality| json!({ "modality": modality.name, "url": url(&modality.name) }));
    told["maps"] = maps.collect();
    told["caption"] = json!(rating::heatmap::caption(protocol));
    Ok(told)
}

/// What may be sent of a case whose turn it is.
fn may_be_sent(arm: &Arm, held: &Held) -> Allowed {
    let own_given = held.shown.is_some();
    allowed(arm, Place { is_theirs: true, is_turn: true, is_next: false, own_given })
}

/// The caller's case of this number, if it is its turn.
fn current(
    db: &Connection,
    person: &Person,
    (name, item): (&str, i64),
    now: Moment,
) -> Result<(Study, Item), Refusal> {
    if_current(db, person, (name, item), now)?.ok_or_else(not_now)
}

/// The same; `None` where its turn it is not.
fn if_current(
    db: &Connection,
    person: &Person,
    (name, item): (&str, i64),
    now: Moment,
) -> Result<Option<(Study, Item)>, Refusal> {
    let study = studies::by_name(db, name)?;
    match studies::turn(db, &study, person.id, now)? {
        Turn::Read(turn) if turn.id == item => Ok(Some((study, turn))),
        _ => Ok(None),
    }
}

fn not_now() -> Refusal {
    Refusal::conflict("This case is not the one to read now. Reload the page.", Value::Null)
}

type OfItem = Path<(String, i64)>;

/// Saves a change to the reading.
#[utoipa::path(put, path = "/api/v1/studies/{name}/items/{item}", tag = "studies", operation_id = "save_study_reading",
    request_body = Save,
    responses((status = 200, body = Held, description = "As it is now."),
        (status = 400), (status = 404), (status = 409), (status = 413), (status = 422)))]
pub(in crate::web) async fn save(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path((name, item)): OfItem,
    asked: Result<Json<Save>, JsonRejection>,
) -> Result<Json<Held>, Refusal> {
    let asked = json_body(asked)?;
    let room = Arc::clone(&app.room);
    let person = caller.person;
    let saved = app.room.store.write(Actor::Person(person.id), move |change| {
        let (study, item) = current(change, &person, (&name, item), change.now)?;
        studies::save(change, &room.protocol, &study.protocol, &item, &asked)
    });
    Ok(Json(saved.await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct OfVersion {
    pub(in crate::web) version: i64,
}

/// Locks the reader's own grades and gives the answer. Asking in an arm without
/// answers is refused and written down.
#[utoipa::path(post, path = "/api/v1/studies/{name}/items/{item}/show", tag = "studies", operation_id = "show_study_answer",
    request_body = OfVersion,
    responses((status = 200, body = Object, description = "The case with the system's answer."),
        (status = 400), (status = 404), (status = 409), (status = 413), (status = 422)))]
pub(in crate::web) async fn show(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path((name, item)): OfItem,
    asked: Result<Json<OfVersion>, JsonRejection>,
) -> Result<Json<Value>, Refusal> {
    let OfVersion { version } = json_body(asked)?;
    let room = Arc::clone(&app.room);
    let person = caller.person;
    let told = app.room.store.write(Actor::Person(person.id), move |change| {
        let found = if_current(change, &person, (&name, item), change.now)?;
        let Some((study, item)) = found else {
            return noted(change, item, "answer", not_now()).map(Err);
        };
        match studies::show(change, &room.protocol, &study.protocol, &item, version) {
            Ok(held) => Ok(Ok(screen(change, &room.protocol, &study, &item, &held)?)),
            Err(refusal) if refusal.status == StatusCode::FORBIDDEN => {
                noted(change, item.id, "answer", refusal).map(Err)
            }
            Err(refusal) => Ok(Err(refusal)),
        }
    });
    Ok(Json(told.await??))
}

/// Writes down that somebody asked by hand for what the arm does not show, or for a
/// case whose turn it is not.
fn noted(
    change: &mut Change<'_>,
    item: i64,
    what: &str,
    refusal: Refusal,
) -> Result<Refusal, Refusal> {
    let after = json!({ "asked": what, "why": refusal.what });
    change.tell("study.answer.refused", &format!("study reading {item}"), (), after)?;
    Ok(refusal)
}

/// Submits the reading.
#[utoipa::path(post, path = "/api/v1/studies/{name}/items/{item}/lock", tag = "studies", operation_id = "submit_study_reading",
    request_body = OfVersion,
    responses((status = 200, body = Held, description = "As it stays."),
        (status = 400), (status = 404), (status = 409), (status = 413), (status = 422)))]
pub(in crate::web) async fn submit(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path((name, item)): OfItem,
    asked: Result<Json<OfVersion>, JsonRejection>,
) -> Result<Json<Held>, Refusal> {
    let OfVersion { version } = json_body(asked)?;
    let room = Arc::clone(&app.room);
    let person = caller.person;
    let submitted = app.room.store.write(Actor::Person(person.id), move |change| {
        if let Some(known) = studies::submitted_before(change, &name, person.id, item)? {
            // The answer to the first request was lost on its way.
            return Ok(known);
        }
        let (study, item) = current(change, &person, (&name, item), change.now)?;
        studies::submit(change, &room.protocol, &study.protocol, &item, version)
    });
    Ok(Json(submitted.await?))
}

/// An image of the case whose turn it is, or of the one after it.
#[utoipa::path(get, path = "/api/v1/studies/{name}/items/{item}/images/{modality}", tag = "studies", operation_id = "study_image",
    responses((status = 200, body = Vec<u8>, content_type = "image/png", description = "The image."),
        (status = 404), (status = 409)))]
pub(in crate::web) async fn image(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Path((name, item, modality)): Path<(String, i64, String)>,
) -> Result<Response, Refusal> {
    let room = Arc::clone(&app.room);
    let read = app.room.store.read(move |db| {
        let study = studies::by_name(db, &name)?;
        let Turn::Read(turn) = studies::turn(db, &study, caller.person.id, room.store.now())?
        else {
            return Err(not_now());
        };
        let next = studies::after(db, study.id, &turn)?.filter(|&(id, _)| id == item);
        let place = Place {
            is_theirs: true,
            is_turn: turn.id == item,
            is_next: next.is_some(),
            own_given: false,
        };
        if !allowed(&study.protocol.arms[turn.arm], place).images {
            return Err(not_now());
        }
        let pair = next.map_or(turn.pair, |(_, pair)| pair);
        let pair = pairs::one(db, &room.protocol, pair)?;
        let view = &pair.views[position(&room.protocol, &modality)?];
        match (study.protocol.cases.images, view.roi) {
            (Extent::RoiOnly, Some(roi)) => cut(&room, view, roi),
            _ => room.images.png(&view.image),
        }
    });
    Ok(picture(&headers, read.await?))
}

/// What lies in the ROI, as a PNG file.
fn cut(room: &Room, view: &pairs::StoredView, roi: Roi) -> Result<Vec<u8>, Refusal> {
    let pixels = room.images.pixels(&view.image)?;
    let part = crop_imm(&pixels, roi.left(), roi.top(), roi.width(), roi.height()).to_image();
    pairs::png(&part)
}

fn position(protocol: &Protocol, modality: &str) -> Result<usize, Refusal> {
    let position = protocol.modalities().iter().position(|known| known.name == modality);
    position.ok_or_else(|| Refusal::unknown("There is no such image."))
}

/// The heatmap of an image, where the arm shows it. Asking in another arm is
/// refused and written down.
#[utoipa::path(get, path = "/api/v1/studies/{name}/items/{item}/maps/{modality}", tag = "studies", operation_id = "study_heatmap",
    responses((status = 200, body = Vec<u8>, content_type = "image/png", description = "Yellow, as opaque as the map, of the ROI's size."),
        (status = 404), (status = 409)))]
pub(in crate::web) async fn map(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path((name, item, modality)): Path<(String, i64, String)>,
) -> Result<Response, Refusal> {
    let room = Arc::clone(&app.room);
    let person = caller.person;
    let read = app.room.store.write(Actor::Person(person.id), move |change| {
        let found = if_current(change, &person, (&name, item), change.now)?;
        let Some((study, item)) = found else {
            return noted(change, item, "heatmap", not_now()).map(Err);
        };
        let held = studies::find(change, item.id)?;
        let arm = &study.protocol.arms[item.arm];
        if !held.is_some_and(|held| may_be_sent(arm, &held).heatmap) {
            let refusal = Refusal::forbidden("There is no heatmap for you here.");
            return noted(change, item.id, "heatmap", refusal).map(Err);
        }
        let modality = position(&room.protocol, &modality)? as i64;
        let sql = "SELECT png FROM study_maps WHERE study = ?1 AND number = ?2 AND modality = ?3";
        let key = params![study.id, item.case, modality];
        let png: Option<Vec<u8>> =
            change.prepare_cached(sql)?.query_row(key, |row| row.get(0)).optional()?;
        Ok(png.ok_or_else(|| Refusal::unknown("There is no heatmap of this image.")))
    });
    Ok(([(header::CONTENT_TYPE, "image/png")], read.await??).into_response())
}

/// Every submitted reading; withheld until the study is closed.
#[utoipa::path(get, path = "/api/v1/studies/{name}/readings", tag = "studies", operation_id = "study_readings",
    responses((status = 200, body = Object, description = "Every submitted reading, with the seal."),
        (status = 404)))]
pub(in crate::web) async fn readings(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let found = app.room.store.read(move |db| {
        let study = studies::by_name(db, &name)?;
        if study.closed.is_none() {
            return Err(Refusal::forbidden("Readings are withheld until the study is closed."));
        }
        Ok(json!({
            "schema": "rating.study-readings/1",
            "research_use_only": true,
            "origin": studies::origin(db, &study)?,
            "study": study.protocol.name,
            "protocol": study.hash,
            "seal": study.seal,
            "readings": studies::submitted(db, &study)?,
        }))
    });
    Ok(Json(found.await?))
}
