//! The description of `/api/v1` for programs, as an OpenAPI 3.1 document.
//!
//! What a route takes and gives stands above its handler; who may use it, what
//! is in its path and how it refuses follow from the table of routes
//! (`finish`). A test compares both with one another and with real answers.

mod finish;

use std::sync::LazyLock;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use utoipa::OpenApi;

use super::api::{
    answers, consensus, export, images, imports, listing, readings, studies, teaching, uploads,
};
use super::{api, routes};

#[derive(OpenApi)]
#[openapi(
    info(title = "RATING reading room", description = include_str!("introduction.md")),
    servers((url = "/", description = "The room that serves this document.")),
    paths(
        show, api::me,
        readings::next, readings::open, readings::save, readings::lock,
        readings::open_stage, readings::save_stage, readings::lock_stage, images::png,
        answers::reveal, answers::answer, answers::map,
        consensus::list, consensus::readings, consensus::agreement,
        uploads::score, uploads::explain,
        listing::list, export::file,
        imports::begin, imports::show, imports::cancel, imports::files, imports::image,
        imports::confirm, imports::region,
        studies::case, studies::save, studies::show, studies::submit, studies::image, studies::map,
        studies::readings,
        teaching::lesson, teaching::save, teaching::submit, teaching::image, teaching::progress,
        teaching::learners, teaching::answers,
    ),
    tags(
        (name = "account", description = "Who the caller is."),
        (name = "score and explain", description = "What the system says about a pair that is handed in."),
        (name = "reading", description = "Pairs that were handed to the caller, and the caller's readings."),
        (name = "answers", description = "What the system says about a pair of the room: after the own grade is locked, and asked for."),
        (name = "consensus", description = "Pairs that readers see differently."),
        (name = "export", description = "Readings and settled pairs."),
        (name = "studies", description = "Reading in a reader study: one case at a time, as its protocol says."),
        (name = "teaching", description = "Learning on settled pairs: the truth after each answer, progress over weeks."),
        (name = "import", description = "Bringing pairs in."),
    ),
)]
struct Description;

static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    let mut document = Description::openapi();
    finish::finish(&mut document, &routes());
    document.to_pretty_json().unwrap_or_default()
});

/// This document. It is the same in every room of this version and tells
/// nothing about any, so anybody may have it.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "account", operation_id = "openapi",
    responses((status = 200, body = Object, description = "An OpenAPI 3.1 document.")))]
pub(super) async fn show() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "public, max-age=300"),
    ];
    (headers, DOCUMENT.as_str()).into_response()
}
