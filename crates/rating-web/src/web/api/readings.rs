//! Reading a pair.

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, Query, State};
use axum::{Extension, Json};
use rating::Protocol;
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::consensus::{self, Part};
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

/// A pair in the path: its first reading.
type OfPair = Path<String>;
/// A pair and a stage in the path.
type OfStage = Path<(String, String)>;
type Asked<T> = Result<Json<T>, JsonRejection>;

/// The caller's first reading of a pair, begun if it was not yet, with what is
/// needed to go on.
pub(in crate::web) async fn open(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(code): OfPair,
) -> Result<Json<Value>, Refusal> {
    open_at(&app, caller.person, code, Stage::First).await
}

/// The same at a stage.
pub(in crate::web) async fn open_stage(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path((code, stage)): OfStage,
) -> Result<Json<Value>, Refusal> {
    open_at(&app, caller.person, code, stage_of(&stage)?).await
}

fn stage_of(word: &str) -> Result<Stage, Refusal> {
    Stage::of(word).ok_or_else(|| Refusal::unknown("There is no such stage of reading."))
}

async fn open_at(
    app: &App,
    person: Person,
    code: String,
    stage: Stage,
) -> Result<Json<Value>, Refusal> {
    let room = app.room.clone();
    let now = room.store.now();
    let known = app.room.store.read({
        let (room, person, code) = (room.clone(), person.clone(), code.clone());
        move |db| {
            let (pair, told) = to_read(db, &room.protocol, &person, &code, stage, now)?;
            let reading = readings::find(db, pair.id, person.id, stage)?;
            reading
                .map(|reading| screen(db, &room.protocol, &person, &pair, told, &reading))
                .transpose()
        }
    });
    if let Some(known) = known.await? {
        return Ok(Json(known));
    }
    let begun = app.room.store.write(Actor::Person(person.id), move |change| {
        let (pair, told) = to_read(change, &room.protocol, &person, &code, stage, now)?;
        check_turn(change, &person, pair.id, stage)?;
        let reading = readings::open(change, &room.protocol, pair.id, person.id, stage)?;
        // Whoever has begun is not told the system's answer any more.
        let standing = Standing::of(change, &person, pair.id)?;
        let told = Disclosure { answer: disclosure(&person, &standing, now).answer, ..told };
        screen(change, &room.protocol, &person, &pair, told, &reading)
    });
    Ok(Json(begun.await?))
}

/// A pair of which this person may see the readings of a stage, and what may be
/// told about it.
fn to_read(
    db: &Connection,
    protocol: &Protocol,
    person: &Person,
    code: &str,
    stage: Stage,
    now: crate::Moment,
) -> Result<(StoredPair, Disclosure), Refusal> {
    let pair = pairs::by_code(db, protocol, code)?;
    let standing = Standing::of(db, person, pair.id)?;
    let told = disclosure(person, &standing, now);
    let is_theirs = match stage {
        Stage::First => standing.is_assigned,
        Stage::Consensus | Stage::Adjudication => told.images && told.readings_of_others,
    };
    if !is_theirs {
        // Whether it exists is nobody else's business.
        return Err(Refusal::unknown("There is no such pair."));
    }
    Ok((pair, told))
}

/// Whether a later reading is this person's to make now. What is locked already
/// is left to `readings`, so that a request can be repeated.
fn check_turn(db: &Connection, person: &Person, pair: i64, stage: Stage) -> Result<(), Refusal> {
    if stage == Stage::First {
        return Ok(());
    }
    let is_locked =
        readings::find(db, pair, person.id, stage)?.is_some_and(|one| one.locked.is_some());
    if is_locked || consensus::part(db, person, pair)?.stage() == Some(stage) {
        return Ok(());
    }
    Err(Refusal::conflict("This pair does not wait for this reading of yours.", Value::Null))
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
    let mut screen = json!({
        "code": pair.code,
        "images": images(protocol, pair),
        "reading": reading,
        "told": told,
    });
    if reading.stage == Stage::First {
        let (locked, all) = readings::progress(db, person.id)?;
        screen["progress"] = json!({ "locked": locked, "all": all });
        screen["next"] = json!(readings::next(db, person.id, Some(pair.id))?);
    } else {
        let listed = consensus::list(db, person)?;
        let locked = consensus::done(db, person.id)?;
        let open = listed.iter().filter(|one| one.part != Part::None).count();
        screen["progress"] = json!({ "locked": locked, "all": locked + open as i64 });
        screen["next"] = json!(consensus::next(&listed, pair.id));
        screen["readings"] = json!(consensus::told(db, person, pair)?);
    }
    Ok(screen)
}

/// Where the images of a pair are, and how large.
pub(in crate::web) fn images(protocol: &Protocol, pair: &StoredPair) -> Vec<Value> {
    let image = |(modality, view): (&rating::protocol::Modality, &pairs::StoredView)| {
        json!({
            "modality": modality.name,
            "url": format!("/api/v1/pairs/{}/images/{}", pair.code, modality.name),
            "width": view.width,
            "height": view.height,
        })
    };
    protocol.modalities().iter().zip(&pair.views).map(image).collect()
}

/// Saves a change to the caller's first reading.
pub(in crate::web) async fn save(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(code): OfPair,
    asked: Asked<Save>,
) -> Result<Json<Reading>, Refusal> {
    save_at(&app, caller.person, code, Stage::First, json_body(asked)?).await
}

/// The same at a stage.
pub(in crate::web) async fn save_stage(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path((code, stage)): OfStage,
    asked: Asked<Save>,
) -> Result<Json<Reading>, Refusal> {
    save_at(&app, caller.person, code, stage_of(&stage)?, json_body(asked)?).await
}

async fn save_at(
    app: &App,
    person: Person,
    code: String,
    stage: Stage,
    asked: Save,
) -> Result<Json<Reading>, Refusal> {
    let room = app.room.clone();
    let saved = app.room.store.write(Actor::Person(person.id), move |change| {
        let (pair, _) = to_read(change, &room.protocol, &person, &code, stage, change.now)?;
        check_turn(change, &person, pair.id, stage)?;
        readings::save(change, &room.protocol, (pair.id, person.id, stage), &asked)
    });
    Ok(Json(saved.await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Lock {
    version: i64,
}

/// Locks the caller's first reading.
pub(in crate::web) async fn lock(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(code): OfPair,
    asked: Asked<Lock>,
) -> Result<Json<Reading>, Refusal> {
    lock_at(&app, caller.person, code, Stage::First, json_body(asked)?).await
}

/// The same at a stage.
pub(in crate::web) async fn lock_stage(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path((code, stage)): OfStage,
    asked: Asked<Lock>,
) -> Result<Json<Reading>, Refusal> {
    lock_at(&app, caller.person, code, stage_of(&stage)?, json_body(asked)?).await
}

async fn lock_at(
    app: &App,
    person: Person,
    code: String,
    stage: Stage,
    Lock { version }: Lock,
) -> Result<Json<Reading>, Refusal> {
    let room = app.room.clone();
    let locked = app.room.store.write(Actor::Person(person.id), move |change| {
        let (pair, _) = to_read(change, &room.protocol, &person, &code, stage, change.now)?;
        check_turn(change, &person, pair.id, stage)?;
        readings::lock(change, &room.protocol, (pair.id, person.id, stage), version)
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
