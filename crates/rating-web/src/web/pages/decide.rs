//! What a coordinator decides on the board.

use axum::Extension;
use axum::extract::State;
use axum::response::Redirect;
use maud::{Markup, html};
use rating::manifest::{Row, Side};

use super::layout;
use crate::pairs::{self, Correction};
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

/// Corrects what a pair is said to show, and says what stood there before.
pub(in crate::web) async fn correct(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    fields: Fields,
) -> Result<Markup, Refusal> {
    let given = |name: &str| Some(fields.text(name).to_owned()).filter(|text| !text.is_empty());
    let side = given("side").map(|word| {
        let side = Side::ALL.into_iter().find(|side| side.word() == word);
        side.ok_or_else(|| Refusal::malformed("A side is left or right."))
    });
    let correction =
        Correction { patient: given("patient"), unit: given("unit"), side: side.transpose()? };
    let (named, why) = (fields.text("pair").to_owned(), fields.text("why").to_owned());
    let room = app.room.clone();
    let corrected = app.room.store.write(Actor::Person(caller.person.id), move |change| {
        let pair = pairs::by_code_or_name(change, &room.protocol, &named)?;
        let before = pairs::correct(change, &room.protocol, &pair, correction, &why)?;
        let after = pairs::one(change, &room.protocol, pair.id)?;
        Ok((before, after))
    });
    let (before, after) = corrected.await?;
    let main = html! {
        h1 { "Corrected" }
        p { "Pair " (after.code) ", " (after.row.pair_id) ": " (shows(&before)) " before, now " strong { (shows(&after.row)) } "." }
        p { a href="/" { "Back to the board" } }
    };
    Ok(layout::page("Corrected", &caller, &main))
}

fn shows(row: &Row) -> String {
    let patient = row.patient_id.as_deref().map(|patient| format!("patient {patient}"));
    let side = row.side.map(|side| side.word().to_owned());
    let parts: Vec<String> = [patient, row.unit.clone(), side].into_iter().flatten().collect();
    if parts.is_empty() { "nothing said".to_owned() } else { parts.join(", ") }
}

/// Takes a pair out of the room.
pub(in crate::web) async fn withdraw(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    fields: Fields,
) -> Result<Markup, Refusal> {
    let (named, why) = (fields.text("pair").to_owned(), fields.text("why").to_owned());
    let room = app.room.clone();
    let withdrawn = app.room.store.write(Actor::Person(caller.person.id), move |change| {
        let pair = pairs::by_code_or_name(change, &room.protocol, &named)?;
        pairs::withdraw(change, &pair, &why)?;
        Ok(pair)
    });
    let pair = withdrawn.await?;
    let main = html! {
        h1 { "Withdrawn" }
        p { "Pair " (pair.code) ", " (pair.row.pair_id) " (" (shows(&pair.row)) "), is no longer in the room." }
        p { a href="/" { "Back to the board" } }
    };
    Ok(layout::page("Withdrawn", &caller, &main))
}
