//! Style, scripts and icon: part of the program, so that nothing is fetched from elsewhere.

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::refusal::Refusal;

const FILES: &[(&str, &str, &str)] = &[
    ("room.css", "text/css; charset=utf-8", include_str!("assets/room.css")),
    ("icon.svg", "image/svg+xml", include_str!("assets/icon.svg")),
    ("read.js", "text/javascript; charset=utf-8", include_str!("assets/read.js")),
    ("look.js", "text/javascript; charset=utf-8", include_str!("assets/look.js")),
    ("viewer.js", "text/javascript; charset=utf-8", include_str!("assets/viewer.js")),
    ("reading.js", "text/javascript; charset=utf-8", include_str!("assets/reading.js")),
    ("answer.js", "text/javascript; charset=utf-8", include_str!("assets/answer.js")),
    ("import.js", "text/javascript; charset=utf-8", include_str!("assets/import.js")),
    ("sheet.js", "text/javascript; charset=utf-8", include_str!("assets/sheet.js")),
    ("card.js", "text/javascript; charset=utf-8", include_str!("assets/card.js")),
    ("make.js", "text/javascript; charset=utf-8", include_str!("assets/make.js")),
    ("doubts.js", "text/javascript; charset=utf-8", include_str!("assets/doubts.js")),
    ("keys.js", "text/javascript; charset=utf-8", include_str!("assets/keys.js")),
    ("saved.js", "text/javascript; charset=utf-8", include_str!("assets/saved.js")),
    ("thumbnail.js", "text/javascript; charset=utf-8", include_str!("assets/thumbnail.js")),
    ("words.js", "text/javascript; charset=utf-8", include_str!("assets/words.js")),
    ("region.js", "text/javascript; charset=utf-8", include_str!("assets/region.js")),
    ("study.js", "text/javascript; charset=utf-8", include_str!("assets/study.js")),
    ("grading.js", "text/javascript; charset=utf-8", include_str!("assets/grading.js")),
    ("teaching.js", "text/javascript; charset=utf-8", include_str!("assets/teaching.js")),
    ("work.js", "text/javascript; charset=utf-8", include_str!("assets/work.js")),
    ("api.js", "text/javascript; charset=utf-8", include_str!("assets/api.js")),
];

/// A file; a browser that has it already is told so and keeps it.
pub(super) async fn file(Path(name): Path<String>, asked: HeaderMap) -> Result<Response, Refusal> {
    let found = FILES.iter().find(|(known, _, _)| *known == name);
    let (_, kind, text) = found.ok_or_else(|| Refusal::unknown("There is no such file."))?;
    let tag = format!("\"{}\"", &blake3::hash(text.as_bytes()).to_hex()[..16]);
    let has_it =
        asked.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let headers = [
        (header::CONTENT_TYPE, (*kind).to_owned()),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::ETAG, tag),
    ];
    if has_it {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    Ok((headers, *text).into_response())
}
