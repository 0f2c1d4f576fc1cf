//! Accounts, for administrators.

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::Redirect;
use maud::{Markup, html};

use super::layout;
use crate::people::{self, Person, Role};
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

/// Where a one-time link leads, as this browser reaches the room.
fn address(app: &App, headers: &HeaderMap, word: &str) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let scheme = if app.room.is_secure { "https" } else { "http" };
    host.map(|host| format!("{scheme}://{host}")).unwrap_or_default() + "/join/" + word
}

/// The page, with a link that was just made and for whom.
async fn page(app: &App, caller: &Caller, fresh: Option<(&str, &str)>) -> Result<Markup, Refusal> {
    let everybody = app.room.store.read(people::all).await?;
    let main = html! {
        h1 { "People" }
        @if let Some((name, link)) = fresh {
            p.fresh role="status" {
                "A one-time link for " strong { (name) } ", shown this once and good for seven days: "
                code { (link) }
            }
        }
        form.line method="post" action="/people" {
            (layout::csrf(caller))
            label { "Name" input name="name" maxlength="40" required; }
            label { "Role" select name="role" { @for role in Role::ALL { option { (role.word()) } } } }
            button { "Make an account" }
        }
        table {
            caption { "Accounts" }
            thead { tr { th scope="col" { "Name" } th scope="col" { "Role" } th scope="col" { "State" } th scope="col" { "Change" } } }
            tbody { @for person in &everybody { (row(person, caller)) } }
        }
    };
    Ok(layout::page("People", caller, &main))
}

fn row(person: &Person, caller: &Caller) -> Markup {
    let state = match (person.active, person.joined) {
        (false, _) => "locked out",
        (true, false) => "invited",
        (true, true) => "active",
    };
    html! {
        tr {
            th scope="row" { (person.name) }
            td { (person.role.word()) }
            td { (state) @if let Some(until) = person.locked_until { ", locked until " (until) } }
            td.actions {
                form method="post" action={ "/people/" (person.id) "/link" } {
                    (layout::csrf(caller)) button { "New link" }
                }
                form method="post" action={ "/people/" (person.id) "/active" } {
                    (layout::csrf(caller))
                    input type="hidden" name="active" value=(if person.active { "no" } else { "yes" });
                    button { @if person.active { "Lock out" } @else { "Let in" } }
                }
            }
        }
    }
}

pub(in crate::web) async fn create(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Markup, Refusal> {
    caller.in_person()?;
    let role = Role::of(fields.text("role"));
    let role = role.ok_or_else(|| Refusal::unfit("There is no such role."))?;
    let (name, room) = (fields.text("name").to_owned(), app.room.clone());
    let asked = name.clone();
    let made = app.room.store.write(Actor::Person(caller.person.id), move |change| {
        let id = people::create(change, &asked, role)?;
        people::invite(change, &room.secrets, id)
    });
    let link = address(&app, &headers, &made.await?);
    page(&app, &caller, Some((&name, &link))).await
}

pub(in crate::web) async fn link(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Path(id): Path<i64>,
) -> Result<Markup, Refusal> {
    caller.in_person()?;
    let room = app.room.clone();
    let made = app.room.store.write(Actor::Person(caller.person.id), move |change| {
        Ok((people::one(change, id)?.name, people::invite(change, &room.secrets, id)?))
    });
    let (name, word) = made.await?;
    page(&app, &caller, Some((&name, &address(&app, &headers, &word)))).await
}

pub(in crate::web) async fn active(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<i64>,
    fields: Fields,
) -> Result<Redirect, Refusal> {
    caller.in_person()?;
    let active = fields.text("active") == "yes";
    let set = move |change: &mut crate::store::Change<'_>| people::set_active(change, id, active);
    app.room.store.write(Actor::Person(caller.person.id), set).await?;
    Ok(Redirect::to("/people"))
}
