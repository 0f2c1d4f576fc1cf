//! What every answer has in common: headers, and how a refusal looks.

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::access::Caller;
use super::pages::layout;
use super::routes::page_at_or_above;
use crate::refusal::Refusal;

const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; \
         form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // `no-referrer` would take the origin from forms, and the guard asks for it.
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
];

/// What is answered instead of what was asked for.
#[derive(Serialize, ToSchema)]
pub(super) struct Refused<'a> {
    /// What is wrong, as a sentence for people.
    error: &'a str,
    /// What stands now, where that helps to go on: the newer version of a reading.
    state: Option<&'a Value>,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Puts headers on every answer, and gives refusals the form that the asker reads.
pub(super) async fn finish(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let is_page = request
        .headers()
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accepts| accepts.contains("text/html"));
    let asked = Asked { path, is_page, is_get: request.method().is_safe() };
    let mut response = next.run(request).await;
    let caller = response.extensions_mut().remove::<Caller>();
    if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
        response = refused(&refusal, &asked, caller.as_ref());
    }
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Whatever says nothing else holds something that not everybody may see.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// A picture as PNG. A browser may keep it, fetched ahead for the next pair, but asks
/// before it shows it again: whoever has signed out, or may not see it any more, is
/// refused before this is reached.
pub(super) fn picture(asked: &HeaderMap, png: Vec<u8>) -> Response {
    let tag = format!("\"{}\"", blake3::hash(&png).to_hex());
    let is_known = asked
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|tags| tags.split(',').any(|known| known.trim() == tag));
    let headers = [
        (header::CONTENT_TYPE, "image/png".to_owned()),
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
        (header::ETAG, tag),
    ];
    match is_known {
        true => (StatusCode::NOT_MODIFIED, headers).into_response(),
        false => (headers, png).into_response(),
    }
}

/// What was asked for.
struct Asked {
    path: String,
    /// By a browser that shows what comes.
    is_page: bool,
    is_get: bool,
}

fn refused(refusal: &Refusal, asked: &Asked, caller: Option<&Caller>) -> Response {
    let Asked { path, is_page, is_get } = asked;
    let sentence = if refusal.is_ours() {
        crate::say(format_args!("error: {path}: {}", refusal.what));
        "Something went wrong here. It was written to the server's log; nothing was changed."
    } else {
        &refusal.what
    };
    let is_stranger = refusal.status == StatusCode::UNAUTHORIZED;
    if *is_page && *is_get && is_stranger {
        return Redirect::to("/sign-in").into_response();
    }
    if *is_page {
        let back = match is_stranger {
            true => Some("/sign-in"),
            // A form is sent to its page or below it.
            false => (!is_get).then(|| page_at_or_above(path)),
        };
        let page = layout::refusal(refusal.status, sentence, caller, back);
        return (refusal.status, page).into_response();
    }
    let body = Refused { error: sentence, state: refusal.state.as_ref() };
    (refusal.status, Json(body)).into_response()
}

/// Where there is no route.
pub(super) async fn nothing_here() -> Refusal {
    Refusal::unknown("There is nothing here.")
}
