//! Accounts are made by an administrator and opened with a one-time link: there
//! is no default password, and nobody learns another person's.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use super::{Role, Secrets, one, secret};
use crate::clock::Moment;
use crate::refusal::Refusal;
use crate::store::Change;

/// How long a one-time link can be used.
pub const LINK_LASTS: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The link that makes the first administrator; `None` when there is one.
///
/// # Errors
/// A database that takes no more.
pub fn first_link(change: &mut Change<'_>, secrets: &Secrets) -> Result<Option<String>, Refusal> {
    let people: i64 = change.query_row("SELECT count(*) FROM people", [], |row| row.get(0))?;
    if people > 0 {
        return Ok(None);
    }
    // An earlier start may have printed one that nobody used.
    change.execute(
        "UPDATE links SET used = ?1 WHERE person IS NULL AND used IS NULL",
        [change.now],
    )?;
    link(change, secrets, None).map(Some)
}

fn link(
    change: &mut Change<'_>,
    secrets: &Secrets,
    person: Option<i64>,
) -> Result<String, Refusal> {
    let word = secrets.word();
    let expires = change.now.after(LINK_LASTS);
    change.execute(
        "INSERT INTO links (hash, person, expires) VALUES (?1, ?2, ?3)",
        params![secret::digest(&word), person, expires],
    )?;
    let subject =
        person.map_or_else(|| "first administrator".to_owned(), |id| format!("person {id}"));
    change.tell("link.made", &subject, (), serde_json::json!({ "expires": expires }))?;
    Ok(word)
}

/// A link that signs in once, without a password: for whoever sits at the
/// machine that serves a demonstration.
///
/// # Errors
/// No such account.
pub fn entrance(change: &mut Change<'_>, secrets: &Secrets, id: i64) -> Result<String, Refusal> {
    one(change, id)?;
    let word = link(change, secrets, Some(id))?;
    change.execute("UPDATE links SET enters = 1 WHERE hash = ?1", [secret::digest(&word)])?;
    Ok(word)
}

/// Uses an entrance. Returns whose it is.
///
/// # Errors
/// A link that is unknown, used or too old.
pub fn enter(change: &mut Change<'_>, word: &str) -> Result<i64, Refusal> {
    let hash = secret::digest(word);
    let person: Option<i64> = change
        .query_row(
            "SELECT person FROM links WHERE hash = ?1 AND enters AND used IS NULL AND expires > ?2",
            params![hash, change.now],
            |row| row.get(0),
        )
        .optional()?;
    let person = person.ok_or_else(useless_link)?;
    change.execute("UPDATE links SET used = ?1 WHERE hash = ?2", params![change.now, hash])?;
    change.tell("link.used", &format!("person {person}"), (), ())?;
    Ok(person)
}

/// Whose link this is; `None` for the link of the first administrator.
///
/// # Errors
/// A link that is unknown, used or too old.
pub fn link_of(db: &Connection, word: &str, now: Moment) -> Result<Option<String>, Refusal> {
    let sql = "SELECT people.name FROM links LEFT JOIN people ON people.id = links.person
               WHERE hash = ?1 AND NOT enters AND used IS NULL AND expires > ?2";
    let found =
        db.query_row(sql, params![secret::digest(word), now], |row| row.get(0)).optional()?;
    found.ok_or_else(useless_link)
}

fn useless_link() -> Refusal {
    Refusal::unknown("This link was used, is too old or never was. Ask for a new one.")
}

/// Makes an account.
///
/// # Errors
/// A name that is taken, empty, longer than 40 characters, or holds more than
/// letters, digits, dots, dashes and underscores.
pub fn create(change: &mut Change<'_>, name: &str, role: Role) -> Result<i64, Refusal> {
    check_name(change, name)?;
    change.execute(
        "INSERT INTO people (name, role, joined) VALUES (?1, ?2, ?3)",
        params![name, role, change.now],
    )?;
    let id = change.last_insert_rowid();
    let after = serde_json::json!({ "name": name, "role": role });
    change.tell("person.created", &format!("person {id}"), (), after)?;
    Ok(id)
}

fn check_name(db: &Connection, name: &str) -> Result<(), Refusal> {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    if name.is_empty() || name.chars().count() > 40 || !name.chars().all(is_plain) {
        return Err(Refusal::unfit(
            "A name has 1 to 40 letters, digits, dots, dashes and underscores.",
        ));
    }
    let taken = db
        .query_row("SELECT 1 FROM people WHERE name = ?1", [name], |_| Ok(()))
        .optional()?
        .is_some();
    if taken {
        return Err(Refusal::unfit(format!("The name {name} is taken.")));
    }
    Ok(())
}

/// A new one-time link for an account, for the first password or a forgotten
/// one. Earlier links stop working.
///
/// # Errors
/// No such account.
pub fn invite(change: &mut Change<'_>, secrets: &Secrets, id: i64) -> Result<String, Refusal> {
    one(change, id)?;
    change.execute(
        "UPDATE links SET used = ?1 WHERE person = ?2 AND used IS NULL",
        params![change.now, id],
    )?;
    link(change, secrets, Some(id))
}

/// Uses a one-time link: sets the password (a hash of
/// [`Secrets::hash_password`]), and ends what sessions and tokens the account had.
/// The first link of all makes an administrator called `name`.
///
/// # Errors
/// A link that is unknown, used or too old.
pub fn join(
    change: &mut Change<'_>,
    word: &str,
    name: Option<&str>,
    password: &str,
) -> Result<i64, Refusal> {
    let hash = secret::digest(word);
    let found: Option<Option<i64>> = change
        .query_row(
            "SELECT person FROM links WHERE hash = ?1 AND NOT enters AND used IS NULL AND expires > ?2",
            params![hash, change.now],
            |row| row.get(0),
        )
        .optional()?;
    let person = found.ok_or_else(useless_link)?;
    let id = match person {
        Some(id) => id,
        None => create(change, name.unwrap_or_default(), Role::Admin)?,
    };
    change.execute("UPDATE links SET used = ?1 WHERE hash = ?2", params![change.now, hash])?;
    change.execute(
        "UPDATE people SET password = ?1, failures = 0, locked_until = NULL WHERE id = ?2",
        params![password, id],
    )?;
    change.execute("DELETE FROM sessions WHERE person = ?1", [id])?;
    let revoked = change.execute(
        "UPDATE tokens SET revoked = ?1 WHERE person = ?2 AND revoked IS NULL",
        params![change.now, id],
    )?;
    let after = serde_json::json!({ "tokens_revoked": revoked });
    change.tell("password.set", &format!("person {id}"), (), after)?;
    Ok(id)
}

/// Lets an account sign in, or not any more. The last administrator stays.
///
/// # Errors
/// No such account; the last administrator.
pub fn set_active(change: &mut Change<'_>, id: i64, active: bool) -> Result<(), Refusal> {
    let before = one(change, id)?;
    if !active {
        keep_an_administrator(change, id)?;
        change.execute("DELETE FROM sessions WHERE person = ?1", [id])?;
    }
    change.execute("UPDATE people SET active = ?1 WHERE id = ?2", params![active, id])?;
    change.tell("person.active", &format!("person {id}"), before.active, active)
}

fn keep_an_administrator(db: &Connection, id: i64) -> Result<(), Refusal> {
    let others: i64 = db.query_row(
        "SELECT count(*) FROM people
         WHERE role = 'admin' AND active AND password IS NOT NULL AND id <> ?1",
        [id],
        |row| row.get(0),
    )?;
    if others == 0 && one(db, id)?.role == Role::Admin {
        return Err(Refusal::unfit("This is the last administrator: make another one first."));
    }
    Ok(())
}
