//! Why something is not done: a status for programs, a sentence for people.

use axum::http::StatusCode;
use serde_json::Value;

/// What the server answers instead of doing what was asked.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{what}")]
pub struct Refusal {
    /// The HTTP status.
    pub status: StatusCode,
    /// What is wrong, as a sentence with its full stop.
    pub what: String,
    /// What the browser needs to go on, such as the newer version of a reading.
    pub state: Option<Value>,
}

impl Refusal {
    fn new(status: StatusCode, what: impl Into<String>) -> Refusal {
        Refusal { status, what: what.into(), state: None }
    }

    /// 400: the request itself makes no sense.
    pub fn malformed(what: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, what)
    }

    /// 401: nobody is signed in.
    #[must_use]
    pub fn sign_in() -> Refusal {
        Refusal::new(StatusCode::UNAUTHORIZED, "Please sign in.")
    }

    /// 403: the person may not.
    pub fn forbidden(what: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::FORBIDDEN, what)
    }

    /// 404: there is no such thing, or nobody may know that there is.
    pub fn unknown(what: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::NOT_FOUND, what)
    }

    /// 408: it did not arrive in time.
    pub fn too_slow(what: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::REQUEST_TIMEOUT, what)
    }

    /// 409: somebody else was faster; `state` is what stands now.
    pub fn conflict(what: impl Into<String>, state: Value) -> Refusal {
        Refusal { state: Some(state), ..Refusal::new(StatusCode::CONFLICT, what) }
    }

    /// 413: too much at once.
    pub fn too_large(what: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, what)
    }

    /// 415: this is no image that is read here.
    pub fn not_an_image(what: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, what)
    }

    /// 422: understood, but it does not fit.
    pub fn unfit(what: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, what)
    }

    /// 429: too often.
    pub fn too_often(what: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::TOO_MANY_REQUESTS, what)
    }

    /// 500: our own failure. The details go to stderr, not to the browser.
    pub fn broken(details: impl std::fmt::Display) -> Refusal {
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, details.to_string())
    }

    /// Whether this is our own failure.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.status.is_server_error()
    }
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Refusal {
        match error {
            rusqlite::Error::QueryReturnedNoRows => Refusal::unknown("There is no such thing."),
            other => Refusal::broken(format!("database: {other}")),
        }
    }
}

impl From<serde_json::Error> for Refusal {
    fn from(error: serde_json::Error) -> Refusal {
        Refusal::broken(format!("stored JSON: {error}"))
    }
}
