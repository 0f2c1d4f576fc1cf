//! Who works here: accounts, roles, sessions.

mod accounts;
mod role;
mod secret;
mod sessions;

use rusqlite::{Connection, OptionalExtension, Row};
use serde::Serialize;

use crate::clock::Moment;
use crate::refusal::Refusal;
pub use accounts::{
    LINK_LASTS, create, enter, entrance, first_link, invite, join, link_of, set_active,
};
pub use role::{Ability, Role};
pub use secret::is_password;
pub use secret::{SHORTEST, Secrets};
pub use sessions::{
    Session, Token, make_token, note_use, of_session, of_token, password_of, revoke_token, sign_in,
    sign_out, tokens_of,
};

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Person {
    /// Its number.
    pub id: i64,
    /// The name it signs in with, which is also the name in exports.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Whether it may sign in.
    pub active: bool,
    /// Whether a password has been chosen.
    pub joined: bool,
    /// Until when it is locked after wrong passwords.
    pub locked_until: Option<Moment>,
}

const COLUMNS: &str = "id, name, role, active, password IS NOT NULL, locked_until";

fn person(row: &Row<'_>) -> rusqlite::Result<Person> {
    Ok(Person {
        id: row.get(0)?,
        name: row.get(1)?,
        role: row.get(2)?,
        active: row.get(3)?,
        joined: row.get(4)?,
        locked_until: row.get(5)?,
    })
}

/// Everybody, by name.
///
/// # Errors
/// A database that cannot be read.
pub fn all(db: &Connection) -> Result<Vec<Person>, Refusal> {
    let mut statement =
        db.prepare_cached(&format!("SELECT {COLUMNS} FROM people ORDER BY name"))?;
    let people = statement.query_map([], person)?;
    Ok(people.collect::<Result<_, _>>()?)
}

/// One account.
///
/// # Errors
/// No such account.
pub fn one(db: &Connection, id: i64) -> Result<Person, Refusal> {
    let sql = format!("SELECT {COLUMNS} FROM people WHERE id = ?1");
    let found = db.prepare_cached(&sql)?.query_row([id], person).optional()?;
    found.ok_or_else(|| Refusal::unknown("There is no such account."))
}
