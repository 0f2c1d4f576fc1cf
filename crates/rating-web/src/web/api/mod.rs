//! The interface for programs, `/api/v1`; the pages' scripts use the same.

pub(super) mod answers;
pub(super) mod consensus;
pub(super) mod export;
pub(super) mod images;
pub(super) mod imports;
pub(super) mod readings;
pub(super) mod uploads;

use axum::{Extension, Json};
use serde_json::{Value, json};

use super::access::Caller;

/// Who the caller is.
pub(super) async fn me(Extension(caller): Extension<Caller>) -> Json<Value> {
    Json(json!({ "name": caller.person.name, "role": caller.person.role }))
}
