//! The images of a pair.

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;

use crate::pairs;
use crate::readings::{Standing, disclosure};
use crate::refusal::Refusal;
use crate::schema::File;
use crate::web::App;
use crate::web::access::Caller;
use crate::web::respond::picture;

/// An image as PNG: pixels, and nothing else of the file it came from.
#[utoipa::path(get, path = "/api/v1/pairs/{code}/images/{modality}", tag = "reading",
    responses((status = 200, description = "The image.", body = File, content_type = "image/png"),
        (status = 404)))]
pub(in crate::web) async fn png(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Path((code, modality)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let room = app.room.clone();
    let read = app.room.store.read(move |db| {
        let pair = pairs::by_code(db, &room.protocol, &code)?;
        let standing = Standing::of(db, &caller.person, pair.id)?;
        if !disclosure(&caller.person, &standing, room.store.now()).images {
            return Err(Refusal::unknown("There is no such pair."));
        }
        let names = room.protocol.modalities().iter();
        let wanted = names.zip(&pair.views).find(|(known, _)| known.name == modality);
        let (_, view) = wanted.ok_or_else(|| Refusal::unknown("There is no such image."))?;
        room.images.png(&view.image)
    });
    Ok(picture(&headers, read.await?))
}
