//! The first page: a worklist for those who read, a board for the others.

use axum::Extension;
use axum::extract::State;
use maud::{Markup, html};
use rating::words::counted;
use rusqlite::Connection;

use super::board::board;
use super::layout;
use crate::consensus;
use crate::people::{Ability, Person};
use crate::readings;
use crate::refusal::Refusal;
use crate::web::App;
use crate::web::access::Caller;

pub(in crate::web) async fn show(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
) -> Result<Markup, Refusal> {
    let (person, room) = (caller.person.clone(), app.room.clone());
    let (title, main) = if person.role.may(Ability::Read) {
        ("Worklist", app.room.store.read(move |db| worklist(db, &person)).await?)
    } else {
        let asks = caller.clone();
        ("Board", app.room.store.read(move |db| board(db, &room.protocol, &asks)).await?)
    };
    Ok(layout::page(title, &caller, &main))
}

fn worklist(db: &Connection, person: &Person) -> Result<Markup, Refusal> {
    let (locked, all) = readings::progress(db, person.id)?;
    let next = readings::next(db, person.id, None)?;
    let waiting = consensus::waiting(db, person)?.len();
    Ok(html! {
        h1 { "Worklist" }
        @if all == 0 {
            p { "No pairs have been handed to you yet." }
        } @else {
            p { (locked) " of " (counted(all, "pair", "pairs")) " read." }
            progress value=(locked) max=(all) aria-label="Pairs read" {}
            @match next {
                Some(code) => p { a.button href={ "/read/" (code) } { @if locked == 0 { "Begin" } @else { "Go on" } } },
                None => p { "All pairs handed to you are read. Thank you." },
            }
        }
        @if waiting > 0 {
            p { a href="/consensus" { "Seen differently, waiting for you: " (waiting) } }
        }
    })
}
