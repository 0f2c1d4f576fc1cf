//! The first page: a worklist for those who read, a board for the others.

use axum::Extension;
use axum::extract::State;
use maud::{Markup, html};
use rusqlite::Connection;

use super::layout;
use crate::people::{self, Ability, Person};
use crate::readings;
use crate::refusal::Refusal;
use crate::web::App;
use crate::web::access::Caller;

pub(in crate::web) async fn show(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
) -> Result<Markup, Refusal> {
    let person = caller.person.clone();
    let (title, main) = if person.role.may(Ability::Read) {
        ("Worklist", app.room.store.read(move |db| worklist(db, &person)).await?)
    } else {
        ("Board", app.room.store.read(board).await?)
    };
    Ok(layout::page(title, &caller, &main))
}

fn worklist(db: &Connection, person: &Person) -> Result<Markup, Refusal> {
    let (locked, all) = readings::progress(db, person.id)?;
    let next = readings::next(db, person.id, None)?;
    Ok(html! {
        h1 { "Worklist" }
        @if all == 0 {
            p { "No pairs have been handed to you yet." }
        } @else {
            p { (locked) " of " (all) " pairs read." }
            progress value=(locked) max=(all) aria-label="Pairs read" {}
            @match next {
                Some(code) => p { a.button href={ "/read/" (code) } { @if locked == 0 { "Begin" } @else { "Go on" } } },
                None => p { "All pairs handed to you are read. Thank you." },
            }
        }
    })
}

fn board(db: &Connection) -> Result<Markup, Refusal> {
    let pairs: i64 =
        db.query_row("SELECT count(*) FROM pairs WHERE removed IS NULL", [], |row| row.get(0))?;
    let readers: Vec<Person> =
        people::all(db)?.into_iter().filter(|person| person.role.may(Ability::Read)).collect();
    let mut rows = Vec::new();
    for reader in &readers {
        rows.push((reader, readings::progress(db, reader.id)?));
    }
    Ok(html! {
        h1 { "Board" }
        p { (pairs) " pairs, " (readers.len()) " readers." }
        table {
            caption { "How far everybody is" }
            thead { tr {
                th scope="col" { "Reader" } th scope="col" { "Role" }
                th scope="col" { "Read" } th scope="col" { "Handed out" }
            } }
            tbody { @for (reader, (locked, all)) in &rows {
                tr { th scope="row" { (reader.name) } td { (reader.role.word()) } td { (locked) } td { (all) } }
            } }
        }
    })
}
