//! Imports from a browser: files arrive, are looked at, and become pairs when a
//! person has confirmed them.

use axum::body::Bytes;
use axum::extract::multipart::{Field, Multipart, MultipartError, MultipartRejection};
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;

use super::readings::json_body;
use crate::import::{self, Confirmed, Done, Received, Region, limits};
use crate::refusal::Refusal;
use crate::room::Room;
use crate::schema::File;
use crate::store::Actor;
use crate::web::App;
use crate::web::access::Caller;

/// Work that blocks, off the threads that serve.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    tokio::task::spawn_blocking(work).await.map_err(Refusal::broken)?
}

/// An import that was begun.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct Begun {
    /// What it is asked for by.
    id: String,
}

/// Files of an import.
#[derive(ToSchema)]
#[allow(dead_code)]
struct ImportFiles {
    /// Time of the file that follows, milliseconds since the beginning of 1970: files taken soon after one another are a pair.
    modified: Option<String>,
    /// Image files (PNG, JPEG or TIFF) and zips of them; their names are kept for coordinators alone.
    #[schema(value_type = Vec<File>)]
    files: (),
}

/// Begins an import.
#[utoipa::path(post, path = "/api/v1/imports", tag = "import", operation_id = "begin_import",
    responses((status = 201, body = Begun, description = "It waits for files.")))]
pub(in crate::web) async fn begin(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
) -> Result<(StatusCode, Json<Begun>), Refusal> {
    let room = app.room.clone();
    let begun =
        blocking(move || room.imports.begin(&room.secrets, caller.person.id, room.store.now()));
    Ok((StatusCode::CREATED, Json(Begun { id: begun.await?.id })))
}

/// An import as it stands.
///
/// Files, what is known of their pixels, proposed pairs,
/// regions.
#[utoipa::path(get, path = "/api/v1/imports/{id}", tag = "import", operation_id = "show_import",
    responses((status = 200, body = import::Sheet, description = "As it stands."), (status = 404)))]
pub(in crate::web) async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<import::Sheet>, Refusal> {
    let room = app.room.clone();
    Ok(Json(blocking(move || import::sheet(&room, &id)).await?))
}

/// Takes the files of a request.
///
/// Each alone: one that is refused does not keep the others out.
#[utoipa::path(post, path = "/api/v1/imports/{id}/files", tag = "import", operation_id = "import_files",
    request_body(content = ImportFiles, content_type = "multipart/form-data"),
    responses((status = 200, body = Received, description = "What became of them."),
        (status = 400), (status = 404), (status = 413), (status = 415), (status = 422)))]
pub(in crate::web) async fn files(
    State(app): State<App>,
    Path(id): Path<String>,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Json<Received>, Refusal> {
    let room = app.room.clone();
    room.imports.get(&id)?;
    let mut form = form.map_err(|_| Refusal::malformed("Files come as multipart/form-data."))?;
    let _one = app.uploads.try_acquire().map_err(|_| {
        Refusal::too_often("Others are bringing files in: wait until they are through.")
    })?;
    let mut received = Received::default();
    let mut modified = None;
    while let Some(mut field) = form.next_field().await.map_err(|error| broken_off(&error))? {
        let Some(name) = field.file_name().map(str::to_owned) else {
            if field.name() == Some("modified") {
                let text = field.text().await.map_err(|error| broken_off(&error))?;
                modified = text.trim().parse().ok();
            }
            continue;
        };
        let Some(bytes) = whole(&mut field).await? else {
            received.refuse(&name, import::too_large());
            continue;
        };
        let (room, id, time) = (room.clone(), id.clone(), modified.take());
        received = blocking(move || {
            import::receive(&room, &id, &name, time, &bytes, &mut received)?;
            Ok(received)
        })
        .await?;
    }
    received.answer().map(Json)
}

/// The bytes of a file; `None` where there are too many.
async fn whole(field: &mut Field<'_>) -> Result<Option<Vec<u8>>, Refusal> {
    let mut bytes: Vec<u8> = Vec::new();
    let mut is_too_large = false;
    while let Some(chunk) = field.chunk().await.map_err(|error| broken_off(&error))? {
        let chunk: Bytes = chunk;
        if is_too_large {
            continue;
        }
        bytes.extend_from_slice(&chunk);
        let most = if import::is_zip(&bytes) { limits::REQUEST_BYTES } else { limits::FILE_BYTES };
        if bytes.len() as u64 > most {
            // The rest is read and let go, so that the files behind it arrive.
            is_too_large = true;
            bytes = Vec::new();
        }
    }
    Ok((!is_too_large).then_some(bytes))
}

fn broken_off(error: &MultipartError) -> Refusal {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        let most = limits::REQUEST_BYTES >> 20;
        return Refusal::too_large(format!("A request has at most {most} MiB."));
    }
    Refusal::malformed("The files did not arrive whole.")
}

/// An image that waits, as it came: for the person who says which region is kept.
#[utoipa::path(get, path = "/api/v1/imports/{id}/images/{name}", tag = "import", operation_id = "import_image",
    params(("name" = String, Path, description = "`4.png` is file 4 as it came, `4-small.png` its thumbnail.",
        pattern = r"^[0-9]+(-small)?\.png$")),
    responses((status = 200, description = "The image.", body = File, content_type = "image/png"),
        (status = 404)))]
pub(in crate::web) async fn image(
    State(app): State<App>,
    Path((id, name)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let room = app.room.clone();
    let png = blocking(move || import::picture(&room, &id, &name)).await?;
    let headers = [(header::CONTENT_TYPE, "image/png"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, png).into_response())
}

/// Brings confirmed pairs in.
///
/// Each pair whole or not at all; those that do not fit are told with the reason.
#[utoipa::path(post, path = "/api/v1/imports/{id}/confirm", tag = "import", operation_id = "confirm_import",
    request_body = Confirmed,
    responses((status = 200, body = Done, description = "What became of them."),
        (status = 400), (status = 404), (status = 422)))]
pub(in crate::web) async fn confirm(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    asked: Result<Json<Confirmed>, JsonRejection>,
) -> Result<Json<Done>, Refusal> {
    let asked = json_body(asked)?;
    let room = app.room.clone();
    let done = blocking(move || import::confirm(&room, caller.person.id, &id, &asked));
    Ok(Json(done.await?))
}

/// Throws an import away.
#[utoipa::path(delete, path = "/api/v1/imports/{id}", tag = "import", operation_id = "cancel_import",
    responses((status = 204, description = "It is gone."), (status = 404)))]
pub(in crate::web) async fn cancel(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    let room: std::sync::Arc<Room> = app.room.clone();
    blocking(move || room.imports.remove(&id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says which region of a device's screen is kept from now on.
#[utoipa::path(put, path = "/api/v1/regions", tag = "import", operation_id = "set_region",
    request_body = Region,
    responses((status = 200, body = Region, description = "What is kept now."),
        (status = 400), (status = 422)))]
pub(in crate::web) async fn region(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    asked: Result<Json<Region>, JsonRejection>,
) -> Result<Json<Region>, Refusal> {
    let region = json_body(asked)?;
    let set = app.room.store.write(Actor::Person(caller.person.id), move |change| {
        import::set_region(change, &region)?;
        Ok(region)
    });
    Ok(Json(set.await?))
}
