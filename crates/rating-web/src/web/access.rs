//! Who may come in where.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::{App, form};
use crate::people::{self, Ability, Person};
use crate::refusal::Refusal;
use crate::store::Actor;

/// The cookie of a session.
pub(super) const COOKIE: &str = "rating_session";
/// Largest form that is read to find the word that proves where it came from.
const LARGEST_FORM: usize = 64 * 1024;

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Anybody.
    Anyone,
    /// Whoever has signed in.
    SignedIn,
    /// Whoever's role takes this.
    Needs(Ability),
}

impl Access {
    /// Whether a person may.
    #[must_use]
    pub fn allows(self, person: &Person) -> bool {
        match self {
            Access::Anyone | Access::SignedIn => true,
            Access::Needs(ability) => person.role.may(ability),
        }
    }
}

/// Who is asking.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) person: Person,
    /// The word that forms bring along; empty for programs.
    pub(crate) csrf: String,
}

impl Caller {
    /// Lets pass who has signed in in a browser: a token that got lost must not make
    /// other ways in.
    pub(crate) fn in_person(&self) -> Result<(), Refusal> {
        let what = "A program with a token may not do this: sign in in a browser.";
        (!self.csrf.is_empty()).then_some(()).ok_or_else(|| Refusal::forbidden(what))
    }
}

/// Lets in who may come in, and hands the caller on: to the handler, and with the
/// answer, for the page of a refusal.
pub(super) async fn guard(
    State((app, access)): State<(App, Access)>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    if changes(&request) {
        from_here(request.headers())?;
    }
    if access == Access::Anyone {
        return Ok(next.run(request).await);
    }
    let (caller, proves_itself) = caller(&app, request.headers()).await?;
    let checked = checked(&app, access, &caller, proves_itself, request).await;
    let mut response = match checked {
        Ok(mut request) => {
            request.extensions_mut().insert(caller.clone());
            next.run(request).await
        }
        Err(refusal) => refusal.into_response(),
    };
    response.extensions_mut().insert(caller);
    Ok(response)
}

fn changes(request: &Request) -> bool {
    !matches!(*request.method(), Method::GET | Method::HEAD)
}

/// The request, if this caller may make it.
async fn checked(
    app: &App,
    access: Access,
    caller: &Caller,
    proves_itself: bool,
    mut request: Request,
) -> Result<Request, Refusal> {
    app.limits.of_person(caller.person.id, app.room.store.now())?;
    if changes(&request) && !proves_itself {
        request = with_csrf(request, &caller.csrf).await?;
    }
    if !access.allows(&caller.person) {
        return Err(Refusal::forbidden("Your role does not include this."));
    }
    Ok(request)
}

/// Browsers say which site a form comes from.
fn from_here(headers: &HeaderMap) -> Result<(), Refusal> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = text(header::ORIGIN) else { return Ok(()) };
    let host = text(header::HOST).unwrap_or_default();
    let is_ours = origin.split_once("://").is_some_and(|(_, site)| site == host);
    is_ours.then_some(()).ok_or_else(|| Refusal::forbidden("This request comes from another site."))
}

/// The caller, and whether no other site could have made the request: programs
/// send their token themselves, browsers send cookies unasked.
async fn caller(app: &App, headers: &HeaderMap) -> Result<(Caller, bool), Refusal> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let token = value.to_str().ok().and_then(|text| text.strip_prefix("Bearer "));
        let token = token.ok_or_else(Refusal::sign_in)?.to_owned();
        let person = app.room.store.read(move |db| people::of_token(db, &token)).await?;
        let person = person.ok_or_else(Refusal::sign_in)?;
        return Ok((Caller { person, csrf: String::new() }, true));
    }
    let word = session_word(headers).ok_or_else(Refusal::sign_in)?;
    let now = app.room.store.now();
    let asked = word.clone();
    let session = app.room.store.read(move |db| people::of_session(db, &asked, now)).await?;
    let session = session.ok_or_else(Refusal::sign_in)?;
    if session.is_to_be_noted(now) {
        let by = Actor::Person(session.person.id);
        app.room.store.write(by, move |change| people::note_use(change, &word)).await?;
    }
    Ok((Caller { person: session.person, csrf: session.csrf }, false))
}

/// The secret in the session's cookie.
pub(super) fn session_word(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split("; ")).filter_map(|one| one.split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value.to_owned())
}

/// The request, if it brings the word that only our own pages know: in the
/// header `x-csrf`, or in a form's field `csrf`.
async fn with_csrf(request: Request, csrf: &str) -> Result<Request, Refusal> {
    let forged = || Refusal::forbidden("This form is not from this session. Reload the page.");
    if let Some(word) = request.headers().get("x-csrf") {
        return if word.as_bytes() == csrf.as_bytes() { Ok(request) } else { Err(forged()) };
    }
    let kind = request.headers().get(header::CONTENT_TYPE);
    if kind.is_none_or(|kind| !kind.as_bytes().starts_with(b"application/x-www-form-urlencoded")) {
        return Err(forged());
    }
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, LARGEST_FORM)
        .await
        .map_err(|_| Refusal::too_large("A form has at most 64 KiB."))?;
    if form::field(&bytes, "csrf").is_none_or(|word| word != csrf) {
        return Err(forged());
    }
    Ok(Request::from_parts(parts, Body::from(bytes)))
}
