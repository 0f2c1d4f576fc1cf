//! One's own account: tokens for programs.

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Redirect;
use maud::{Markup, html};

use super::layout;
use crate::people;
use crate::refusal::Refusal;
use crate::store::Actor;
use crate::web::App;
use crate::web::access::Caller;
use crate::web::form::Fields;

pub(in crate::web) async fn show(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
) -> Result<Markup, Refusal> {
    page(&app, &caller, None).await
}

async fn page(app: &App, caller: &Caller, fresh: Option<&str>) -> Result<Markup, Refusal> {
    let id = caller.person.id;
    let tokens = app.room.store.read(move |db| people::tokens_of(db, id)).await?;
    let main = html! {
        h1 { "Your account" }
        h2 { "Tokens for programs" }
        p { "A program that sends " code { "Authorization: Bearer TOKEN" } " acts as you. The address of the interface: " code { "/api/v1" } ", described for programs in " a href="/api/v1/openapi.json" { "openapi.json" } " (OpenAPI 3.1)." }
        @if let Some(word) = fresh {
            p.fresh role="status" { "Your new token, shown this once: " code { (word) } }
        }
        form.line method="post" action="/account/tokens" {
            (layout::csrf(caller))
            label { "What is it for?" input name="name" maxlength="80" required; }
            button { "Make a token" }
        }
        @if !tokens.is_empty() {
            table {
                caption { "Your tokens" }
                thead { tr { th scope="col" { "For" } th scope="col" { "Made" } th scope="col" { "State" } } }
                tbody { @for token in &tokens {
                    tr {
                        th scope="row" { (token.name) }
                        td { (token.made) }
                        td { @match token.revoked {
                            Some(time) => { "revoked " (time) },
                            None => form method="post" action={ "/account/tokens/" (token.id) "/revoke" } {
                                (layout::csrf(caller)) button { "Revoke" }
                            },
                        } }
                    }
                } }
            }
        }
    };
    Ok(layout::page("Your account", caller, &main))
}

pub(in crate::web) async fn make_token(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    fields: Fields,
) -> Result<Markup, Refusal> {
    caller.in_person()?;
    let (id, name, room) = (caller.person.id, fields.text("name").to_owned(), app.room.clone());
    let made = app.room.store.write(Actor::Person(id), move |change| {
        people::make_token(change, &room.secrets, id, &name)
    });
    let word = made.await?;
    page(&app, &caller, Some(&word)).await
}

pub(in crate::web) async fn revoke_token(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(token): Path<i64>,
) -> Result<Redirect, Refusal> {
    caller.in_person()?;
    let id = caller.person.id;
    let revoke =
        move |change: &mut crate::store::Change<'_>| people::revoke_token(change, id, token);
    app.room.store.write(Actor::Person(id), revoke).await?;
    Ok(Redirect::to("/account"))
}
