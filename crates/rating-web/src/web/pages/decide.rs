//! What a coordinator decides on the board.

use axum::Extension;
use axum::extract::State;
use axum::response::Redirect;

use crate::pairs;
use crate::people::{self, Ability};
use crate::refusal::Refusal;
use crate::settings::{self, Reveal};
use crate::store::Actor;
use crate::web::App;
use crate::web::access::Caller;
use crate::web::form::Fields;

/// From when on readers may ask for the system's answer.
pub(in crate::web) async fn reveal(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    fields: Fields,
) -> Result<Redirect, Refusal> {
    let reveal = Reveal::of(fields.text("reveal"))
        .ok_or_else(|| Refusal::malformed("Answers come after-lock or after-settled."))?;
    let set = app
        .room
        .store
        .write(Actor::Person(caller.person.id), move |change| settings::set_reveal(change, reveal));
    set.await?;
    Ok(Redirect::to("/"))
}

/// Takes a pair back from a reader, or without a code all that are not locked.
pub(in crate::web) async fn take_back(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    fields: Fields,
) -> Result<Redirect, Refusal> {
    let (reader, code) =
        (fields.text("reader").to_owned(), fields.text("code").to_ascii_uppercase());
    let room = app.room.clone();
    let taken = app.room.store.write(Actor::Person(caller.person.id), move |change| {
        let known = people::all(change)?.into_iter().find(|person| person.name == reader);
        let reader = known.filter(|person| person.role.may(Ability::Read));
        let reader = reader.ok_or_else(|| Refusal::unfit("There is no such reader."))?;
        let pair = match code.as_str() {
            "" => None,
            code => Some(pairs::by_code(change, &room.protocol, code)?.id),
        };
        pairs::take_back(change, reader.id, pair)
    });
    taken.await?;
    Ok(Redirect::to("/"))
}
