//! Reading a pair.

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, Query, State};
use axum::{Extension, Json};
use rating::Protocol;
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::pairs::{self, StoredPair};
use crate::people::Person;
use crate::readings::{self, Disclosure, Reading, Save, Stage, Standing, disclosure};
use crate::refusal::Refusal;
use crate::store::Actor;
use crate::web::App;
use crate::web::access::Caller;

#[derive(Deserialize)]
pub(in crate::web) struct After {
    after: Option<String>,
}

/// The code of the caller's next pair.
pub(in crate::web) async fn next(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Query(After { after }): Query<After>,
) -> Result<Json<Value>, Refusal> {
    let room = app.room.clone();
    let found = app.room.store.read(move |db| {
        let after = after.map(|code| pairs::by_code(db, &room.protocol, &code)).transpose()?;
        readings::next(db, caller.person.id, after.map(|pair| pair.id))
    });
    Ok(Json(json!({ "code": found.await? })))
}

/// The caller's reading of a pair, begun if it was not yet, with what is needed to go on.
pub(in crate::web) async fn open(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(code): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let room = app.room.clone();
    let person = caller.person.clone();
    let now = room.store.now();
    let known = app.room.store.read({
        let (room, person, code) = (room.clone(), person.clone(), code.clone());
        move |db| {
            let (pair, told) = to_read(db, &room.protocol, &person, &code, now)?;
            let reading = readings::find(db, pair.id, person.id, Stage::First)?;
            reading
                .map(|reading| screen(db, &room.protocol, &person, &pair, told, &reading))
                .transpose()
        }
    });
    if let Some(known) = known.await? {
        return Ok(Json(known));
    }
    let begun = app.room.store.write(Actor::Person(person.id), move |change| {
        let (pair, told) = to_read(change, &room.protocol, &person, &code, now)?;
        let reading = readings::open(change, &room.protocol, pair.id, person.id, Stage::First)?;
        screen(change, &room.protocol, &person, &pair, told, &reading)
    });
    Ok(Json(begun.await?))
}

/// A pair that was handed to this person, and what may be told about it.
fn to_read(
    db: &Connection,
    protocol: &Protocol,
    person: &Person,
    code: &str,
    now: crate::Moment,
) -> Result<(StoredPair, Disclosure), Refusal> {
    let pair = pairs::by_code(db, protocol, code)?;
    let standing = Standing::of(db, person, pair.id)?;
    if !standing.is_assigned {
        // Whether it exists is nobody else's business.
        return Err(Refusal::unknown("There is no such pair."));
    }
    Ok((pair, disclosure(person, &standing, now)))
}

/// What the reading screen needs.
fn screen(
    db: &Connection,
    protocol: &Protocol,
    person: &Person,
    pair: &StoredPair,
    told: Disclosure,
    reading: &Reading,
) -> Result<Value, Refusal> {
    let (locked, all) = readings::progress(db, person.id)?;
    let image = |(modality, view): (&rating::protocol::Modality, &pairs::StoredView)| {
        json!({
            "modality": modality.name,
            "url": format!("/api/v1/pairs/{}/images/{}", pair.code, modality.name),
            "width": view.width,
            "height": view.height,
        })
    };
    Ok(json!({
        "code": pair.code,
        "images": protocol.modalities().iter().zip(&pair.views).map(image).collect::<Vec<_>>(),
        "reading": reading,
        "told": told,
        "progress": { "locked": locked, "all": all },
        "next": readings::next(db, person.id, Some(pair.id))?,
    }))
}

/// Saves a change to the caller's reading.
pub(in crate::web) async fn save(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(code): Path<String>,
    asked: Result<Json<Save>, JsonRejection>,
) -> Result<Json<Reading>, Refusal> {
    let asked = json_body(asked)?;
    let (room, person) = (app.room.clone(), caller.person);
    let saved = app.room.store.write(Actor::Person(person.id), move |change| {
        let (pair, _) = to_read(change, &room.protocol, &person, &code, change.now)?;
        readings::save(change, &room.protocol, (pair.id, person.id, Stage::First), &asked)
    });
    Ok(Json(saved.await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Lock {
    version: i64,
}

/// Locks the caller's reading.
pub(in crate::web) async fn lock(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(code): Path<String>,
    asked: Result<Json<Lock>, JsonRejection>,
) -> Result<Json<Reading>, Refusal> {
    let Lock { version } = json_body(asked)?;
    let (room, person) = (app.room.clone(), caller.person);
    let locked = app.room.store.write(Actor::Person(person.id), move |change| {
        let (pair, _) = to_read(change, &room.protocol, &person, &code, change.now)?;
        readings::lock(change, &room.protocol, (pair.id, person.id, Stage::First), version)
    });
    Ok(Json(locked.await?))
}

/// The JSON of a request, or what is wrong with it as a sentence.
pub(in crate::web) fn json_body<T>(body: Result<Json<T>, JsonRejection>) -> Result<T, Refusal> {
    match body {
        Ok(Json(body)) => Ok(body),
        Err(JsonRejection::BytesRejection(_)) => Err(Refusal::too_large("This is too much JSON.")),
        Err(rejection) => {
            Err(Refusal::malformed(format!("{}.", rejection.body_text().trim_end_matches('.'))))
        }
    }
}
