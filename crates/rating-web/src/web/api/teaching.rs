//! Learning on settled pairs: the learner's next case, the answer, the truth after
//! it, and how learners get on.

use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use rating::Protocol;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::consensus::{Figure, figure};
use super::readings::json_body;
use super::studies::OfVersion;
use crate::answers::watermark;
use crate::clock::Moment;
use crate::consensus::{self, Counted, State as Far};
use crate::pairs;
use crate::refusal::Refusal;
use crate::schema::File;
use crate::store::Actor;
use crate::studies::Save;
use crate::teaching::{self, Draft, Learner, Level, MeasuredWeek, Pick, Progress, Spot, Telling};
use crate::web::App;
use crate::web::access::Caller;

/// Seconds without a sign of work after which time is not counted.
const IDLE_SECONDS: u32 = 60;

/// Which cases are asked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::web) struct Which {
    /// `due` (as without it): whatever is due; else cases of one difficulty only.
    #[param(pattern = "^(due|easy|middling|hard)$")]
    level: Option<String>,
}

impl Which {
    pub(in crate::web) fn level(&self) -> Result<Level, Refusal> {
        let word = self.level.as_deref().unwrap_or("due");
        let unknown = || Refusal::malformed("A level is due, easy, middling or hard.");
        Level::of(word).ok_or_else(unknown)
    }
}

/// The case the caller turns to, begun if it was not yet: its images with their
/// ROIs and the answer as it stands, and nothing of the truth. Or when there is
/// something again.
#[utoipa::path(get, path = "/api/v1/teaching/lesson", tag = "teaching", operation_id = "lesson",
    params(Which),
    responses((status = 200, body = Object, description = "The case; `state` is `nothing` where none is due, and `next` then says when one comes back."),
        (status = 400), (status = 409)))]
pub(in crate::web) async fn lesson(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Query(which): Query<Which>,
) -> Result<Json<Value>, Refusal> {
    let level = which.level()?;
    let (room, person) = (Arc::clone(&app.room), caller.person.id);
    // Looking for a case takes longer than beginning it: it is done beside the writer.
    let pick = app.room.store.read(move |db| teaching::pick(db, person, level, room.store.now()));
    let pick = pick.await?;
    let room = Arc::clone(&app.room);
    let told = match pick {
        Pick::Nothing(next) => json!({ "state": "nothing", "next": next }),
        Pick::Draft(answer) => {
            let screen = app.room.store.read(move |db| {
                let draft = teaching::draft_of(db, person, answer)?;
                screen(db, &room.protocol, level, &draft)
            });
            screen.await?
        }
        Pick::New(pair) => {
            let begun = app.room.store.write(Actor::Person(person), move |change| {
                let key = (person, pair);
                let draft = teaching::begin(change, &room.protocol, key, level)?;
                screen(change, &room.protocol, level, &draft)
            });
            begun.await?
        }
    };
    Ok(Json(told))
}

/// Everything that the screen shows before the answer is submitted.
fn screen(
    db: &Connection,
    protocol: &Protocol,
    level: Level,
    draft: &Draft,
) -> Result<Value, Refusal> {
    let pair = pairs::one(db, protocol, draft.pair)?;
    // Where its readers looked.
    let rois = match consensus::of_pair(db, draft.pair, Counted::default())? {
        Far::Settled(settled) => settled.rois,
        _ => pair.views.iter().map(|view| view.roi).collect(),
    };
    let views = protocol.modalities().iter().zip(&pair.views).zip(rois);
    let images = views.map(|((modality, view), roi)| {
        json!({
            "modality": modality.name,
            "url": format!("/api/v1/teaching/answers/{}/images/{}", draft.id, modality.name),
            "width": view.width, "height": view.height, "roi": roi,
        })
    });
    Ok(json!({
        "state": "read",
        "level": level.word(),
        "answer": draft.id,
        "images": images.collect::<Vec<_>>(),
        "reading": draft,
        "idle_seconds": IDLE_SECONDS,
    }))
}

/// Saves a change to an answer.
///
/// The same change asked for twice is one change.
#[utoipa::path(put, path = "/api/v1/teaching/answers/{answer}", tag = "teaching", operation_id = "save_teaching_answer",
    request_body = Save,
    responses((status = 200, body = Draft, description = "As it is now."),
        (status = 400), (status = 404), (status = 409), (status = 413), (status = 422)))]
pub(in crate::web) async fn save(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(answer): Path<i64>,
    asked: Result<Json<Save>, JsonRejection>,
) -> Result<Json<Draft>, Refusal> {
    let asked = json_body(asked)?;
    let (room, person) = (Arc::clone(&app.room), caller.person.id);
    let saved = app.room.store.write(Actor::Person(person), move |change| {
        teaching::save(change, &room.protocol, (person, answer), &asked)
    });
    Ok(Json(saved.await?))
}

/// Submits an answer, which stays from then on, and tells the truth.
#[utoipa::path(post, path = "/api/v1/teaching/answers/{answer}/lock", tag = "teaching", operation_id = "submit_teaching_answer",
    request_body = OfVersion,
    responses((status = 200, body = Telling, description = "The truth, and why it is that."),
        (status = 400), (status = 404), (status = 409), (status = 413), (status = 422)))]
pub(in crate::web) async fn submit(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(answer): Path<i64>,
    asked: Result<Json<OfVersion>, JsonRejection>,
) -> Result<Json<Telling>, Refusal> {
    let OfVersion { version } = json_body(asked)?;
    let (room, person) = (Arc::clone(&app.room), caller.person.id);
    let told = app.room.store.write(Actor::Person(person), move |change| {
        teaching::submit(change, &room.protocol, (person, answer), version)
    });
    Ok(Json(told.await?))
}

/// An image of a case that the caller has begun.
#[utoipa::path(get, path = "/api/v1/teaching/answers/{answer}/images/{modality}", tag = "teaching", operation_id = "teaching_image",
    responses((status = 200, body = File, content_type = "image/png", description = "The image."),
        (status = 404), (status = 409)))]
pub(in crate::web) async fn image(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path((answer, modality)): Path<(i64, String)>,
) -> Result<Response, Refusal> {
    let room = Arc::clone(&app.room);
    let read = app.room.store.read(move |db| {
        let pair = teaching::images_of(db, caller.person.id, answer, room.store.now())?;
        let pair = pairs::one(db, &room.protocol, pair)?;
        let names = room.protocol.modalities().iter();
        let wanted = names.zip(&pair.views).find(|(known, _)| known.name == modality);
        let (_, view) = wanted.ok_or_else(|| Refusal::unknown("There is no such image."))?;
        room.images.png(&view.image)
    });
    Ok(([(header::CONTENT_TYPE, "image/png")], read.await?).into_response())
}

/// How somebody gets on.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct ProgressTold {
    /// Always: research use only, not for diagnosis.
    research_use_only: bool,
    /// What stands across figures that say nothing about patients.
    watermark: Option<&'static str>,
    /// Cases that were answered. Only the first answer to each counts below.
    answers: usize,
    /// All of them.
    overall: Vec<OverallTold>,
    /// Seven days each, from the first answer; those without an answer are left out.
    weeks: Vec<WeekTold>,
    /// By measurement and true grade, worst first; with fewer than five answers last.
    grades: Vec<SpotTold>,
    /// By joint and measurement, worst first; with fewer than five answers last.
    joints: Vec<SpotTold>,
}

/// A week of answers.
#[derive(Serialize, ToSchema)]
struct WeekTold {
    /// Which, from 1.
    week: i64,
    begins: Moment,
    answers: usize,
    /// Median time of work on an answer.
    median_seconds: f64,
    measurements: Vec<OverallTold>,
}

/// Grades of a measurement against the truth.
#[derive(Serialize, ToSchema)]
struct OverallTold {
    measurement: String,
    /// Share of right grades, 0 to 1.
    exact: Figure,
    /// Share of grades at most one off, 0 to 1.
    within_one: Figure,
    kappa_linear: Figure,
}

/// Answers that have something in common.
#[derive(Serialize, ToSchema)]
struct SpotTold {
    what: String,
    answers: usize,
    /// Share of right grades, 0 to 1.
    exact: f64,
    /// Mean of grade minus true grade.
    mean_error: f64,
    /// What follows, without a full stop.
    sentence: String,
}

impl From<Progress> for ProgressTold {
    fn from(progress: Progress) -> ProgressTold {
        let spots = |spots: Vec<Spot>| spots.into_iter().map(spot).collect();
        let weeks = progress.weeks.into_iter().map(|week| WeekTold {
            week: week.number,
            begins: week.begins,
            answers: week.answers,
            median_seconds: week.seconds,
            measurements: overall(week.measurements),
        });
        ProgressTold {
            research_use_only: true,
            watermark: progress.origin.and_then(watermark),
            answers: progress.answers,
            overall: overall(progress.overall),
            weeks: weeks.collect(),
            grades: spots(progress.grades),
            joints: spots(progress.joints),
        }
    }
}

fn overall(all: Vec<MeasuredWeek>) -> Vec<OverallTold> {
    let told = |one: MeasuredWeek| OverallTold {
        measurement: one.measurement,
        exact: figure(one.exact),
        within_one: figure(one.close),
        kappa_linear: figure(one.kappa),
    };
    all.into_iter().map(told).collect()
}

fn spot(spot: Spot) -> SpotTold {
    let Spot { what, answers, exact, error, sentence } = spot;
    SpotTold { what, answers, exact, mean_error: error, sentence }
}

/// How the caller gets on.
#[utoipa::path(get, path = "/api/v1/teaching/progress", tag = "teaching", operation_id = "teaching_progress",
    responses((status = 200, body = ProgressTold, description = "As of now.")))]
pub(in crate::web) async fn progress(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<ProgressTold>, Refusal> {
    let room = Arc::clone(&app.room);
    let found = app.room.store.read(move |db| of_person(db, &room.protocol, caller.person.id));
    Ok(Json(found.await?.into()))
}

/// How a person gets on.
pub(in crate::web) fn of_person(
    db: &Connection,
    protocol: &Protocol,
    person: i64,
) -> Result<Progress, Refusal> {
    teaching::progress(protocol, &teaching::first_answers(db, protocol, person)?)
}

/// A learner, for a coordinator.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct LearnerTold {
    /// The account's name.
    learner: String,
    /// Answers to cases that came back.
    repeats: i64,
    /// When the last answer was submitted.
    last: Moment,
    progress: ProgressTold,
}

/// How every learner gets on.
#[utoipa::path(get, path = "/api/v1/teaching/learners", tag = "teaching", operation_id = "learners",
    responses((status = 200, body = Vec<LearnerTold>, description = "Everybody who has answered a case, by name.")))]
pub(in crate::web) async fn learners(
    State(app): State<App>,
) -> Result<Json<Vec<LearnerTold>>, Refusal> {
    let room = Arc::clone(&app.room);
    let found = app.room.store.read(move |db| {
        let told = |learner: Learner| {
            let progress = of_person(db, &room.protocol, learner.id)?.into();
            let Learner { name, repeats, last, .. } = learner;
            Ok(LearnerTold { learner: name, repeats, last, progress })
        };
        teaching::learners(db)?.into_iter().map(told).collect::<Result<Vec<_>, Refusal>>()
    });
    Ok(Json(found.await?))
}

/// Every submitted answer as a table, one row each; the journal says who took it.
#[utoipa::path(get, path = "/api/v1/teaching/answers.csv", tag = "teaching", operation_id = "teaching_answers",
    responses((status = 200, body = String, content_type = "text/csv",
        description = "`learner, code, attempt, level, difficulty`, grades and truth by measurement, `seconds, time, origin`.")))]
pub(in crate::web) async fn answers(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, Refusal> {
    let room = Arc::clone(&app.room);
    let made = app.room.store.write(Actor::Person(caller.person.id), move |change| {
        change.tell("export.made", "room", (), json!({ "file": "teaching/answers.csv" }))?;
        teaching::answers_csv(change, &room.protocol)
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"answers.csv\""),
    ];
    Ok((headers, made.await?).into_response())
}
