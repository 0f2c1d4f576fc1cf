//! Pairs that readers see differently, and how well readers agree.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use rating::stats::{Estimate, Measured, Undefined};
use serde_json::{Value, json};

use super::readings::images;
use crate::consensus::{self, Agreement, Counted, Listed};
use crate::pairs;
use crate::readings::{Standing, disclosure};
use crate::refusal::Refusal;
use crate::web::App;
use crate::web::access::Caller;

/// The pairs that were or are seen differently, as far as the caller may know.
pub(in crate::web) async fn list(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Vec<Listed>>, Refusal> {
    Ok(Json(app.room.store.read(move |db| consensus::list(db, &caller.person)).await?))
}

/// All locked readings of a pair side by side.
pub(in crate::web) async fn readings(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(code): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let room = app.room.clone();
    let found = app.room.store.read(move |db| {
        let pair = pairs::by_code(db, &room.protocol, &code)?;
        let standing = Standing::of(db, &caller.person, pair.id)?;
        let told = disclosure(&caller.person, &standing, room.store.now());
        if !told.images || !told.readings_of_others {
            return Err(Refusal::unknown("There is no such pair."));
        }
        Ok(json!({
            "code": pair.code,
            "images": images(&room.protocol, &pair),
            "progress": consensus::of_pair(db, pair.id, Counted::default())?,
            "readings": consensus::told(db, &caller.person, &pair)?,
        }))
    });
    Ok(Json(found.await?))
}

/// How well readers agree, for coordinators.
pub(in crate::web) async fn agreement(State(app): State<App>) -> Result<Json<Value>, Refusal> {
    let room = app.room.clone();
    let found = app.room.store.read(move |db| consensus::agreement(db, &room.protocol)).await?;
    Ok(Json(json!({
        "schema": "rating.reader-agreement/1",
        "research_use_only": true,
        "kappa_weights": "linear",
        "standard_errors": "large-sample, pairs taken as independent",
        "measurements": found.iter().map(written).collect::<Vec<_>>(),
    })))
}

fn written(on: &Agreement) -> Value {
    let beside = on.beside.iter().map(|two| {
        json!({
            "readers": two.readers,
            "cases": two.cases,
            "not_graded": two.not_graded,
            "exact_agreement": figure(two.exact),
            "close_agreement": figure(two.close),
            "kappa_linear": estimate(two.kappa),
        })
    });
    json!({
        "measurement": on.measurement,
        "pairs_of_readers": beside.collect::<Vec<_>>(),
        "all_readers": {
            "readers": on.among.readers,
            "cases": on.among.cases,
            "light_kappa_linear": figure(on.among.light),
            "fleiss_kappa": estimate(on.among.fleiss),
        },
    })
}

fn figure(measured: Measured) -> Value {
    json!({ "value": measured.ok(), "why_not": measured.err().map(|why| why.to_string()) })
}

fn estimate(estimate: Result<Estimate, Undefined>) -> Value {
    json!({
        "value": estimate.ok().map(|known| known.value),
        "standard_error": estimate.ok().map(|known| known.standard_error),
        "why_not": estimate.err().map(|why| why.to_string()),
    })
}
