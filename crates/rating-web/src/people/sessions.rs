//! Who is asking: signing in, sessions of browsers, tokens of programs.

use std::net::IpAddr;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use serde_json::json;

use super::{COLUMNS, Person, Secrets, one, person, secret};
use crate::clock::Moment;
use crate::refusal::Refusal;
use crate::store::Change;

/// Wrong passwords in a row before an account is locked.
const FAILURES: i64 = 5;
/// How long it is locked then.
const LOCKED: Duration = Duration::from_secs(15 * 60);
/// A session ends after so long without a request since one was noted,
const IDLE: Duration = Duration::from_secs(12 * 60 * 60);
/// and after so long whatever happens.
const SESSION: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// That a session is in use is noted after so long.
const NOTED: Duration = Duration::from_secs(60 * 60);

/// A browser that has signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Whose.
    pub person: Person,
    /// The word that forms must bring along.
    pub csrf: String,
    /// When it was last noted that it is in use.
    pub seen: Moment,
}

impl Session {
    /// Whether it should be noted that it is in use: a line of the journal an hour
    /// is enough.
    #[must_use]
    pub fn is_to_be_noted(&self, now: Moment) -> bool {
        self.seen.after(NOTED) <= now
    }
}

/// What signing in needs to know of an account, before the slow comparison of
/// passwords: its number and hash.
///
/// # Errors
/// A database that cannot be read.
pub fn password_of(db: &Connection, name: &str) -> Result<Option<(i64, Option<String>)>, Refusal> {
    let sql = "SELECT id, password FROM people WHERE name = ?1";
    Ok(db.query_row(sql, [name], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

/// Begins a session for an account, if `matches` says that the password was
/// right. Returns the secret of the session. The journal says from where somebody
/// came, or tried to.
///
/// # Errors
/// A wrong name or password, without saying which; an account that is locked
/// or not active.
pub fn sign_in(
    change: &mut Change<'_>,
    secrets: &Secrets,
    id: Option<i64>,
    matches: bool,
    from: Option<IpAddr>,
) -> Result<Result<String, Refusal>, Refusal> {
    // One answer to everybody: another one for an account that rests would tell
    // which names there are.
    let what = format!(
        "Name or password is wrong. After {FAILURES} wrong passwords an account rests for {} minutes.",
        LOCKED.as_secs() / 60
    );
    let wrong = || Refusal { what: what.clone(), ..Refusal::sign_in() };
    let Some(id) = id else { return Ok(Err(wrong())) };
    let person = one(change, id)?;
    if person.locked_until.is_some_and(|until| until > change.now) {
        return Ok(Err(wrong()));
    }
    let subject = format!("person {id}");
    if !matches || !person.active {
        let failures: i64 =
            change
                .query_row("SELECT failures FROM people WHERE id = ?1", [id], |row| row.get(0))?;
        let failures = failures + 1;
        let locked = (failures >= FAILURES).then(|| change.now.after(LOCKED));
        let kept = if locked.is_some() { 0 } else { failures };
        change.execute(
            "UPDATE people SET failures = ?1, locked_until = ?2 WHERE id = ?3",
            params![kept, locked, id],
        )?;
        let after = json!({ "from": from, "locked": locked });
        change.tell("sign-in.failed", &subject, (), after)?;
        return Ok(Err(wrong()));
    }
    change.execute("UPDATE people SET failures = 0, locked_until = NULL WHERE id = ?1", [id])?;
    let word = secrets.word();
    change.execute(
        "INSERT INTO sessions (hash, person, begun, seen) VALUES (?1, ?2, ?3, ?3)",
        params![secret::digest(&word), id, change.now],
    )?;
    change.tell("sign-in", &subject, (), json!({ "from": from }))?;
    Ok(Ok(word))
}

/// The session with this secret; `None` when it is unknown or has ended.
///
/// # Errors
/// A database that cannot be read.
pub fn of_session(db: &Connection, word: &str, now: Moment) -> Result<Option<Session>, Refusal> {
    let sql = format!(
        "SELECT {COLUMNS}, begun, seen FROM sessions JOIN people ON people.id = sessions.person
         WHERE hash = ?1 AND active"
    );
    let found = db
        .prepare_cached(&sql)?
        .query_row([secret::digest(word)], |row| {
            Ok((person(row)?, row.get::<_, Moment>(6)?, row.get::<_, Moment>(7)?))
        })
        .optional()?;
    let lives = |begun: Moment, seen: Moment| seen.after(IDLE) > now && begun.after(SESSION) > now;
    Ok(found.filter(|&(_, begun, seen)| lives(begun, seen)).map(|(person, _, seen)| Session {
        person,
        csrf: csrf(word),
        seen,
    }))
}

/// Notes that a session is in use, so that it does not end while somebody works.
///
/// # Errors
/// A database that takes no more.
pub fn note_use(change: &mut Change<'_>, word: &str) -> Result<(), Refusal> {
    let hash = secret::digest(word);
    let sql = "SELECT person, seen FROM sessions WHERE hash = ?1";
    let found: Option<(i64, Moment)> =
        change.query_row(sql, [hash], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    // Of several requests at once the first one notes it.
    let Some((person, seen)) = found.filter(|(_, seen)| seen.after(NOTED) <= change.now) else {
        return Ok(());
    };
    let sql = "UPDATE sessions SET seen = ?1 WHERE hash = ?2";
    change.execute(sql, params![change.now, hash])?;
    change.tell("session.used", &format!("person {person}"), seen, change.now)
}

/// A word that only pages of this session know: another site can make a browser
/// send its cookie, but cannot read this.
fn csrf(word: &str) -> String {
    let key = blake3::derive_key("rating reading room 2026 csrf", word.as_bytes());
    blake3::Hash::from_bytes(key).to_hex().to_string()
}

/// Ends a session.
///
/// # Errors
/// A database that takes no more.
pub fn sign_out(change: &mut Change<'_>, word: &str) -> Result<(), Refusal> {
    let hash = secret::digest(word);
    let sql = "SELECT person FROM sessions WHERE hash = ?1";
    let whose: Option<i64> = change.query_row(sql, [hash], |row| row.get(0)).optional()?;
    if let Some(id) = whose {
        change.execute("DELETE FROM sessions WHERE hash = ?1", [hash])?;
        change.tell("sign-out", &format!("person {id}"), (), ())?;
    }
    Ok(())
}

/// A token of a program, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Token {
    /// Its number.
    pub id: i64,
    /// What it is for.
    pub name: String,
    /// When it was made.
    pub made: Moment,
    /// When it stopped working.
    pub revoked: Option<Moment>,
}

/// Makes a token with which a program acts as this account. Its secret is
/// returned once and never again.
///
/// # Errors
/// A name that is empty or long.
pub fn make_token(
    change: &mut Change<'_>,
    secrets: &Secrets,
    id: i64,
    name: &str,
) -> Result<String, Refusal> {
    if name.trim().is_empty() || name.chars().count() > 80 {
        return Err(Refusal::unfit("Say in 1 to 80 characters what the token is for."));
    }
    let word = secrets.word();
    change.execute(
        "INSERT INTO tokens (hash, person, name, made) VALUES (?1, ?2, ?3, ?4)",
        params![secret::digest(&word), id, name, change.now],
    )?;
    change.tell("token.made", &format!("person {id}"), (), name)?;
    Ok(word)
}

/// The account a token acts for; `None` when it is unknown or revoked.
///
/// # Errors
/// A database that cannot be read.
pub fn of_token(db: &Connection, word: &str) -> Result<Option<Person>, Refusal> {
    let sql = "SELECT person FROM tokens JOIN people ON people.id = tokens.person
               WHERE hash = ?1 AND revoked IS NULL AND active";
    let id: Option<i64> =
        db.prepare_cached(sql)?.query_row([secret::digest(word)], |row| row.get(0)).optional()?;
    id.map(|id| one(db, id)).transpose()
}

/// Stops a token of this account.
///
/// # Errors
/// No such token.
pub fn revoke_token(change: &mut Change<'_>, id: i64, token: i64) -> Result<(), Refusal> {
    let revoked = change.execute(
        "UPDATE tokens SET revoked = ?1 WHERE id = ?2 AND person = ?3 AND revoked IS NULL",
        params![change.now, token, id],
    )?;
    if revoked == 0 {
        return Err(Refusal::unknown("There is no such token."));
    }
    change.tell("token.revoked", &format!("person {id}"), (), token)
}

/// The tokens of an account, newest first.
///
/// # Errors
/// A database that cannot be read.
pub fn tokens_of(db: &Connection, id: i64) -> Result<Vec<Token>, Refusal> {
    let sql = "SELECT id, name, made, revoked FROM tokens WHERE person = ?1 ORDER BY id DESC";
    let mut statement = db.prepare_cached(sql)?;
    let tokens = statement.query_map([id], |row| {
        Ok(Token { id: row.get(0)?, name: row.get(1)?, made: row.get(2)?, revoked: row.get(3)? })
    })?;
    Ok(tokens.collect::<Result<_, _>>()?)
}
