//! Reading a pair.

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use rating::Protocol;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::consensus::{self, Line};
use crate::pairs::{self, StoredPair};
use crate::people::Person;
use crate::readings::{self, Disclosure, Reading, Save, Stage, Standing, disclosure};
use crate::refusal::Refusal;
use crate::store::Actor;
use crate::web::App;
use crate::web::access::Caller;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::web) struct After {
    /// The code of a pair: look behind it first.
    after: Option<String>,
}

/// The pair to turn to.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct Next {
    /// Its code; none when all are read.
    code: Option<String>,
}

/// The caller's next pair that is not read yet.
#[utoipa::path(get, path = "/api/v1/next", tag = "reading", operation_id = "next_pair", params(After),
    responses((status = 200, body = Next, description = "The next pair, if one is left."),
        (status = 400), (status = 404)))]
pub(in crate::web) async fn next(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Query(After { after }): Query<After>,
) -> Result<Json<Next>, Refusal> {
    let room = app.room.clone();
    let found = app.room.store.read(move |db| {
        let after = after.map(|code| pairs::by_code(db, &room.protocol, &code)).transpose()?;
        readings::next(db, caller.person.id, after.map(|pair| pair.id))
    });
    Ok(Json(Next { code: found.await? }))
}

/// A pair in the path: its first reading.
type OfPair = Path<String>;
/// A pair and a stage in the path.
type OfStage = Path<(String, String)>;
type Asked<T> = Result<Json<T>, JsonRejection>;

/// The caller's first reading of a pair, begun if it was not yet.
///
/// With what a reading screen needs.
#[utoipa::path(get, path = "/api/v1/pairs/{code}/reading", tag = "reading", operation_id = "open_reading",
    responses((status = 200, body = Screen, description = "The reading as it stands."),
        (status = 404)))]
pub(in crate::web) async fn open(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(code): OfPair,
) -> Result<Json<Screen>, Refusal> {
    open_at(&app, caller.person, code, Stage::First).await
}

/// The caller's reading of a pair at a stage, begun if it was not yet and is due.
#[utoipa::path(get, path = "/api/v1/pairs/{code}/reading/{stage}", tag = "reading",
    operation_id = "open_reading_at_stage",
    responses((status = 200, body = Screen, description = "The reading as it stands."),
        (status = 404), (status = 409)))]
pub(in crate::web) async fn open_stage(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path((code, stage)): OfStage,
) -> Result<Json<Screen>, Refusal> {
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
) -> Result<Json<Screen>, Refusal> {
    let room = app.room.clone();
    let now = room.store.now();
    let known = app.room.store.read({
        let (room, person, code) = (room.clone(), person.clone(), code.clone());
        move |db| {
            let (pair, told) = to_read(db, &room.protocol, &person, &code, stage, now)?;
            let reading = readings::find(db, pair.id, person.id, stage)?;
            reading
                .map(|reading| screen(db, &room.protocol, &person, &pair, told, reading))
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
        screen(change, &room.protocol, &person, &pair, told, reading)
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

/// A reading with what a reading screen needs.
#[derive(Serialize, ToSchema)]
#[schema(as = ReadingScreen)]
pub(in crate::web) struct Screen {
    /// What readers see instead of a name.
    code: String,
    images: Vec<PairImage>,
    reading: Reading,
    told: Disclosure,
    progress: Progress,
    /// The code of the pair to turn to afterwards; none when nothing is left.
    next: Option<String>,
    /// In a later stage: what the readers said, side by side.
    #[serde(skip_serializing_if = "Option::is_none")]
    readings: Option<Vec<Line>>,
}

/// How far the caller is.
#[derive(Serialize, ToSchema)]
#[schema(as = ReaderProgress)]
struct Progress {
    /// Readings that are locked,
    locked: i64,
    /// of so many.
    all: i64,
}

/// An image of a pair.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct PairImage {
    /// Which.
    modality: String,
    /// Where it is.
    url: String,
    /// Its size in pixels.
    width: u32,
    /// Its size in pixels.
    height: u32,
}

fn screen(
    db: &Connection,
    protocol: &Protocol,
    person: &Person,
    pair: &StoredPair,
    told: Disclosure,
    reading: Reading,
) -> Result<Screen, Refusal> {
    let images = images(protocol, pair);
    let code = pair.code.clone();
    if reading.stage == Stage::First {
        let (locked, all) = readings::progress(db, person.id)?;
        let next = readings::next(db, person.id, Some(pair.id))?;
        let progress = Progress { locked, all };
        return Ok(Screen { code, images, reading, told, progress, next, readings: None });
    }
    let waiting = consensus::waiting(db, person)?;
    let locked = consensus::done(db, person.id)?;
    let progress = Progress { locked, all: locked + waiting.len() as i64 };
    let next = consensus::next(&waiting, pair.id);
    let readings = Some(consensus::told(db, person, pair)?);
    Ok(Screen { code, images, reading, told, progress, next, readings })
}

/// Where the images of a pair are, and how large.
pub(in crate::web) fn images(protocol: &Protocol, pair: &StoredPair) -> Vec<PairImage> {
    let image = |(modality, view): (&rating::protocol::Modality, &pairs::StoredView)| PairImage {
        modality: modality.name.clone(),
        url: format!("/api/v1/pairs/{}/images/{}", pair.code, modality.name),
        width: view.width,
        height: view.height,
    };
    protocol.modalities().iter().zip(&pair.views).map(image).collect()
}

/// Saves a change to the caller's first reading.
///
/// The same change asked for twice is one change.
#[utoipa::path(put, path = "/api/v1/pairs/{code}/reading", tag = "reading", operation_id = "save_reading",
    request_body = Save,
    responses((status = 200, body = Reading, description = "As it is now."),
        (status = 400), (status = 404), (status = 409), (status = 413), (status = 422)))]
pub(in crate::web) async fn save(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(code): OfPair,
    asked: Asked<Save>,
) -> Result<Json<Reading>, Refusal> {
    save_at(&app, caller.person, code, Stage::First, json_body(asked)?).await
}

/// Saves a change to the caller's reading at a stage.
#[utoipa::path(put, path = "/api/v1/pairs/{code}/reading/{stage}", tag = "reading", operation_id = "save_reading_at_stage",
    request_body = Save,
    responses((status = 200, body = Reading, description = "As it is now."),
        (status = 400), (status = 404), (status = 409), (status = 413), (status = 422)))]
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

/// Which version of a reading is locked.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Lock {
    /// The version that was seen.
    version: i64,
}

/// Locks the caller's first reading: from then on it stays as it is.
#[utoipa::path(post, path = "/api/v1/pairs/{code}/reading/lock", tag = "reading", operation_id = "lock_reading",
    request_body = Lock,
    responses((status = 200, body = Reading, description = "As it stays."),
        (status = 400), (status = 404), (status = 409), (status = 413), (status = 422)))]
pub(in crate::web) async fn lock(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(code): OfPair,
    asked: Asked<Lock>,
) -> Result<Json<Reading>, Refusal> {
    lock_at(&app, caller.person, code, Stage::First, json_body(asked)?).await
}

/// Locks the caller's reading at a stage.
#[utoipa::path(post, path = "/api/v1/pairs/{code}/reading/{stage}/lock", tag = "reading", operation_id = "lock_reading_at_stage",
    request_body = Lock,
    responses((status = 200, body = Reading, description = "As it stays."),
        (status = 400), (status = 404), (status = 409), (status = 413), (status = 422)))]
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
        Err(JsonRejection::BytesRejection(why)) => Err(not_whole(why.status())),
        Err(rejection) => {
            Err(Refusal::malformed(format!("{}.", rejection.body_text().trim_end_matches('.'))))
        }
    }
}

/// Why a body did not arrive whole.
fn not_whole(status: StatusCode) -> Refusal {
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        return Refusal::too_large("This is too much JSON: at most 2 MB are read here.");
    }
    Refusal::malformed("The request did not arrive whole.")
}
