//! Locked readings one after another.

use axum::extract::{Query, State};
use axum::{Extension, Json};
use rating::Origin;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::pairs;
use crate::readings::{self, ListedReading};
use crate::refusal::Refusal;
use crate::schema;
use crate::web::App;
use crate::web::access::Caller;

/// Most readings of one answer, and how many where nobody says.
const MOST: usize = 500;
const USUAL: usize = 100;

/// Which readings are listed.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::web) struct Which {
    /// Those with numbers above this; without it from the beginning.
    after: Option<i64>,
    /// At most so many; 100 without it.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

/// Locked readings, and where to go on.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct Readings {
    /// `rating.readings/1`.
    schema: &'static str,
    /// Always: research use only, not for diagnosis.
    research_use_only: bool,
    /// Where the images of read pairs come from, the most doubtful of them.
    #[schema(value_type = Option<schema::Origin>)]
    origin: Option<Origin>,
    /// In the order they were begun.
    readings: Vec<ListedReading>,
    /// Ask again with this as `after`; none when these are the last.
    next: Option<i64>,
}

/// Locked readings, one after another.
///
/// Coordinators get those of everybody, readers their own.
#[utoipa::path(get, path = "/api/v1/readings", tag = "export", operation_id = "list_readings",
    params(Which),
    responses((status = 200, body = Readings, description = "Some of them."), (status = 400)))]
pub(in crate::web) async fn list(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Query(Which { after, limit }): Query<Which>,
) -> Result<Json<Readings>, Refusal> {
    let limit = limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        return Err(Refusal::malformed(format!("The limit goes from 1 to {MOST}.")));
    }
    let (after, now) = (after.unwrap_or(0), app.room.store.now());
    let listed = app.room.store.read(move |db| {
        let listed = readings::listing(db, &caller.person, after, limit, now)?;
        Ok((listed, pairs::origin_of_read(db)?))
    });
    let ((readings, next), origin) = listed.await?;
    let schema = "rating.readings/1";
    Ok(Json(Readings { schema, research_use_only: true, origin, readings, next }))
}
