//! Pairs that readers see differently, and how well readers agree.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use rating::Origin;
use rating::stats::{Estimate, Measured, Undefined};
use serde::Serialize;
use utoipa::ToSchema;

use super::readings::{PairImage, images};
use crate::answers::watermark;
use crate::consensus::{self, Agreement, Counted, Line, Listed, Page, State as Progress};
use crate::pairs;
use crate::readings::{Standing, disclosure};
use crate::refusal::Refusal;
use crate::schema;
use crate::web::App;
use crate::web::access::Caller;

/// The pairs that were or are seen differently, as far as the caller may know.
#[utoipa::path(get, path = "/api/v1/consensus", tag = "consensus", operation_id = "list_consensus",
    responses((status = 200, body = Vec<Listed>, description = "In the order they came in.")))]
pub(in crate::web) async fn list(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Vec<Listed>>, Refusal> {
    let listed = app.room.store.read(move |db| consensus::list(db, &caller.person, Page::WHOLE));
    Ok(Json(listed.await?.0))
}

/// A pair that all its readers have read.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct SideBySide {
    /// What readers see instead of a name.
    code: String,
    images: Vec<PairImage>,
    progress: Progress,
    /// By stage, then reader.
    readings: Vec<Line>,
}

/// All locked readings of a pair side by side.
///
/// For whoever has locked a reading of it when all its readers have, for senior
/// readers then, and for coordinators at any time.
#[utoipa::path(get, path = "/api/v1/pairs/{code}/readings", tag = "consensus",
    operation_id = "readings_of_pair",
    responses((status = 200, body = SideBySide, description = "Drafts are not among them."),
        (status = 404)))]
pub(in crate::web) async fn readings(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(code): Path<String>,
) -> Result<Json<SideBySide>, Refusal> {
    let room = app.room.clone();
    let found = app.room.store.read(move |db| {
        let pair = pairs::by_code(db, &room.protocol, &code)?;
        let standing = Standing::of(db, &caller.person, pair.id)?;
        let told = disclosure(&caller.person, &standing, room.store.now());
        if !told.images || !told.readings_of_others {
            return Err(Refusal::unknown("There is no such pair."));
        }
        Ok(SideBySide {
            images: images(&room.protocol, &pair),
            progress: consensus::of_pair(db, pair.id, Counted::default())?,
            readings: consensus::told(db, &caller.person, &pair)?,
            code: pair.code,
        })
    });
    Ok(Json(found.await?))
}

/// How well readers agree, by measurement.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct AgreementTold {
    /// `rating.reader-agreement/1`.
    schema: &'static str,
    /// Always: research use only, not for diagnosis.
    research_use_only: bool,
    /// Where the images of read pairs come from, the most doubtful of them.
    #[schema(value_type = Option<schema::Origin>)]
    origin: Option<Origin>,
    /// What stands across figures that say nothing about patients.
    watermark: Option<&'static str>,
    /// Weights of kappas that are weighted.
    kappa_weights: &'static str,
    /// What standard errors rest on.
    standard_errors: &'static str,
    /// The protocol's, and `combined` where it has a combined grade.
    measurements: Vec<OnMeasurement>,
}

/// How well readers agree on one measurement.
#[derive(Serialize, ToSchema)]
struct OnMeasurement {
    measurement: String,
    /// Each two readers who graded a pair in common.
    pairs_of_readers: Vec<Two>,
    all_readers: All,
}

/// Two readers.
#[derive(Serialize, ToSchema)]
#[schema(as = TwoReaders)]
struct Two {
    /// Their names.
    #[schema(min_items = 2, max_items = 2)]
    readers: Vec<String>,
    /// Pairs that both graded.
    cases: usize,
    /// Pairs that both read and at least one could not grade.
    not_graded: usize,
    /// 0 to 1.
    exact_agreement: Figure,
    /// Within one grade, 0 to 1.
    close_agreement: Figure,
    kappa_linear: WithError,
}

/// All readers together.
#[derive(Serialize, ToSchema)]
#[schema(as = AllReaders)]
struct All {
    /// How many have graded anything.
    readers: usize,
    /// Pairs that every one of them graded.
    cases: usize,
    light_kappa_linear: Figure,
    fleiss_kappa: WithError,
}

/// A figure, or why there is none.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct Figure {
    value: Option<f64>,
    why_not: Option<String>,
}

/// A figure with its standard error, or why there is none.
#[derive(Serialize, ToSchema)]
#[schema(as = FigureWithError)]
struct WithError {
    value: Option<f64>,
    standard_error: Option<f64>,
    why_not: Option<String>,
}

/// How well readers agree, from their first readings that count.
#[utoipa::path(get, path = "/api/v1/agreement", tag = "consensus",
    responses((status = 200, body = AgreementTold, description = "As of now.")))]
pub(in crate::web) async fn agreement(
    State(app): State<App>,
) -> Result<Json<AgreementTold>, Refusal> {
    let room = app.room.clone();
    let found = app.room.store.read(move |db| {
        Ok((consensus::agreement(db, &room.protocol)?, pairs::origin_of_read(db)?))
    });
    let (found, origin) = found.await?;
    Ok(Json(AgreementTold {
        schema: "rating.reader-agreement/1",
        research_use_only: true,
        origin,
        watermark: origin.and_then(watermark),
        kappa_weights: "linear",
        standard_errors: "large-sample, pairs taken as independent",
        measurements: found.into_iter().map(written).collect(),
    }))
}

fn written(on: Agreement) -> OnMeasurement {
    let beside = on.beside.into_iter().map(|two| Two {
        readers: two.readers.into(),
        cases: two.cases,
        not_graded: two.not_graded,
        exact_agreement: figure(two.exact),
        close_agreement: figure(two.close),
        kappa_linear: estimate(two.kappa),
    });
    OnMeasurement {
        measurement: on.measurement,
        pairs_of_readers: beside.collect(),
        all_readers: All {
            readers: on.among.readers,
            cases: on.among.cases,
            light_kappa_linear: figure(on.among.light),
            fleiss_kappa: estimate(on.among.fleiss),
        },
    }
}

pub(in crate::web) fn figure(measured: Measured) -> Figure {
    Figure { value: measured.ok(), why_not: measured.err().map(|why| why.to_string()) }
}

fn estimate(estimate: Result<Estimate, Undefined>) -> WithError {
    WithError {
        value: estimate.ok().map(|known| known.value),
        standard_error: estimate.ok().map(|known| known.standard_error),
        why_not: estimate.err().map(|why| why.to_string()),
    }
}
