//! The interface for programs, `/api/v1`; the pages' scripts use the same.

pub(super) mod answers;
pub(super) mod consensus;
pub(super) mod export;
pub(super) mod images;
pub(super) mod imports;
pub(super) mod listing;
pub(super) mod readings;
pub(super) mod studies;
pub(super) mod teaching;
pub(super) mod uploads;

use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;

use super::access::Caller;
use crate::people::Role;

/// Who somebody is.
#[derive(Serialize, ToSchema)]
pub(super) struct Me {
    /// The account's name.
    name: String,
    role: Role,
}

/// Who the caller is.
#[utoipa::path(get, path = "/api/v1/me", tag = "account",
    responses((status = 200, body = Me, description = "The account a token or session acts for.")))]
pub(super) async fn me(Extension(caller): Extension<Caller>) -> Json<Me> {
    Json(Me { name: caller.person.name, role: caller.person.role })
}
