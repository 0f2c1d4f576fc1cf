//! Signing in and out, and using a one-time link.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};

use super::layout;
use crate::people::{self, SHORTEST, is_password};
use crate::refusal::Refusal;
use crate::store::Actor;
use crate::web::App;
use crate::web::access::{COOKIE, session_word};
use crate::web::client::Client;
use crate::web::form::Fields;

const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

pub(in crate::web) async fn show() -> Markup {
    form("", None)
}

fn form(name: &str, wrong: Option<&str>) -> Markup {
    let main = html! {
        div.card {
            h1 { "Sign in" }
            @if let Some(sentence) = wrong { p.wrong role="alert" { (sentence) } }
            form method="post" action="/sign-in" {
                label { "Name" input name="name" value=(name) autocomplete="username" required autofocus[name.is_empty()]; }
                label { "Password" input type="password" name="password" autocomplete="current-password" required autofocus[!name.is_empty()]; }
                button { "Sign in" }
            }
            p.aside { "No account, or the password forgotten? Ask your administrator for a link." }
        }
    };
    layout::open("Sign in", &main)
}

pub(in crate::web) async fn sign_in(
    State(app): State<App>,
    client: Client,
    fields: Fields,
) -> Result<Response, Refusal> {
    knock(&app, client)?;
    let (name, password) = (fields.text("name").to_owned(), fields.raw("password").to_owned());
    let asked = name.clone();
    let known = app.room.store.read(move |db| people::password_of(db, &asked)).await?;
    let id = known.as_ref().map(|(id, _)| *id);
    let hash = known.and_then(|(_, hash)| hash);
    let matches = app.on_password(move || is_password(&password, hash.as_deref())).await?;
    match begin(&app, id, matches, client).await? {
        Ok(response) => Ok(response),
        Err(refusal) => Ok((refusal.status, form(&name, Some(&refusal.what))).into_response()),
    }
}

/// Begins a session: a cookie, and on to the first page.
async fn begin(
    app: &App,
    id: Option<i64>,
    matches: bool,
    Client(from): Client,
) -> Result<Result<Response, Refusal>, Refusal> {
    let actor = id.map_or(Actor::Server, Actor::Person);
    let room = app.room.clone();
    let begun = app
        .room
        .store
        .write(actor, move |change| people::sign_in(change, &room.secrets, id, matches, from));
    let word = match begun.await? {
        Ok(word) => word,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let secure = if app.room.is_secure { "; Secure" } else { "" };
    let cookie =
        format!("{COOKIE}={word}; Path=/; HttpOnly; SameSite=Strict; Max-Age=604800{secure}");
    let cookie = HeaderValue::from_str(&cookie).map_err(Refusal::broken)?;
    Ok(Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response()))
}

/// Counts a try to come in.
fn knock(app: &App, Client(from): Client) -> Result<(), Refusal> {
    from.map_or(Ok(()), |address| app.limits.of_door(address, app.room.store.now()))
}

/// Uses a link that signs in: those of a demonstration, printed by the server.
pub(in crate::web) async fn enter(
    State(app): State<App>,
    client: Client,
    Path(word): Path<String>,
) -> Result<Response, Refusal> {
    knock(&app, client)?;
    let used = move |change: &mut crate::store::Change<'_>| people::enter(change, &word);
    let id = app.room.store.write(Actor::Server, used).await?;
    begin(&app, Some(id), true, client).await?
}

pub(in crate::web) async fn sign_out(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    if let Some(word) = session_word(&headers) {
        app.room.store.write(Actor::Server, move |change| people::sign_out(change, &word)).await?;
    }
    let gone = format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
    let gone = HeaderValue::from_str(&gone).map_err(Refusal::broken)?;
    // Nothing that was seen stays on a machine that others use after this person.
    let cleared = (CLEAR_SITE_DATA, HeaderValue::from_static("\"cache\""));
    Ok(([(header::SET_COOKIE, gone), cleared], Redirect::to("/sign-in")).into_response())
}

pub(in crate::web) async fn show_join(
    State(app): State<App>,
    client: Client,
    Path(word): Path<String>,
) -> Result<Markup, Refusal> {
    knock(&app, client)?;
    let now = app.room.store.now();
    let asked = word.clone();
    let link = app.room.store.read(move |db| people::link_of(db, &asked, now)).await?;
    Ok(join_form(&word, link.as_deref(), "", None))
}

fn join_form(word: &str, whose: Option<&str>, name: &str, wrong: Option<&str>) -> Markup {
    let main = html! {
        div.card {
            h1 { @if let Some(name) = whose { "Welcome, " (name) } @else { "The first administrator" } }
            @if let Some(sentence) = wrong { p.wrong role="alert" { (sentence) } }
            form method="post" action={ "/join/" (word) } {
                @if whose.is_none() {
                    label { "Name" input name="name" value=(name) autocomplete="username" required autofocus; }
                }
                label {
                    "Password, at least " (SHORTEST) " characters"
                    input type="password" name="password" autocomplete="new-password" minlength=(SHORTEST) required;
                }
                label { "The same again" input type="password" name="again" autocomplete="new-password" required; }
                button { "Begin" }
            }
        }
    };
    layout::open("Welcome", &main)
}

pub(in crate::web) async fn join(
    State(app): State<App>,
    client: Client,
    Path(word): Path<String>,
    fields: Fields,
) -> Result<Response, Refusal> {
    knock(&app, client)?;
    let (name, password) = (fields.text("name").to_owned(), fields.raw("password").to_owned());
    let (now, asked) = (app.room.store.now(), word.clone());
    let whose = app.room.store.read(move |db| people::link_of(db, &asked, now)).await?;
    let again = |refusal: Refusal| -> Result<Response, Refusal> {
        let page = join_form(&word, whose.as_deref(), &name, Some(&refusal.what));
        if refusal.is_ours() { Err(refusal) } else { Ok((refusal.status, page).into_response()) }
    };
    if password != fields.raw("again") {
        return again(Refusal::unfit("The two passwords differ."));
    }
    let room = app.room.clone();
    let hash = match app.on_password(move || room.secrets.hash_password(&password)).await? {
        Ok(hash) => hash,
        Err(refusal) => return again(refusal),
    };
    let (link, chosen) = (word.clone(), name.clone());
    let joined = app
        .room
        .store
        .write(Actor::Server, move |change| people::join(change, &link, Some(&chosen), &hash));
    match joined.await {
        Ok(id) => begin(&app, Some(id), true, client).await?,
        Err(refusal) => again(refusal),
    }
}
