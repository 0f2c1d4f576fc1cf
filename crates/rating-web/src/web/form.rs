//! Forms as browsers send them.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};

use crate::refusal::Refusal;

/// The fields of a form.
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// The text of a field, without spaces around it; empty where there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// The text of a field as it was typed.
    pub(super) fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Fields, Refusal> {
        if !is_form(request.headers()) {
            return Err(Refusal::malformed("A form is expected here."));
        }
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|_| Refusal::too_large("A form has at most 2 MB."))?;
        Ok(Fields(parse(&bytes)))
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form-urlencoded"))
}

/// One field of a form.
pub(super) fn field(bytes: &[u8], name: &str) -> Option<String> {
    parse(bytes).into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

fn parse(bytes: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(bytes).into_owned().collect()
}
