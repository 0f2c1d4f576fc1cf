//! The journal: every change, who made it and when, each line bound to the one
//! before it by a hash. Nothing in it is ever changed or removed.

use rusqlite::{Connection, Row, params};
use serde::Serialize;

use crate::clock::Moment;
use crate::refusal::Refusal;

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// From 1, without gaps.
    pub id: i64,
    /// When.
    pub time: Moment,
    /// Who; `None` for the server itself.
    pub person: Option<i64>,
    /// What happened, such as `reading.submitted`.
    pub kind: String,
    /// To what, such as `pair 17`.
    pub subject: String,
    /// What was there before, JSON.
    pub before: Option<String>,
    /// What is there now, JSON.
    pub after: Option<String>,
}

/// A journal that is whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// How many lines it has.
    pub events: i64,
    /// The hash of the last one, as hexadecimal digits. Whoever wrote down an
    /// earlier one can tell whether the end was cut off.
    pub head: String,
}

const COLUMNS: &str = "id, time, person, kind, subject, before, after";

pub(super) fn append(db: &Connection, event: &Event) -> Result<(), Refusal> {
    let (last, head) = head(db)?;
    let event = Event { id: last + 1, ..event.clone() };
    db.prepare_cached(
        "INSERT INTO events (id, time, person, kind, subject, before, after, hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        event.id,
        event.time,
        event.person,
        event.kind,
        event.subject,
        event.before,
        event.after,
        hash(&head, &event),
    ])?;
    Ok(())
}

/// Number and hash of the last line.
fn head(db: &Connection) -> Result<(i64, [u8; 32]), Refusal> {
    let last = db
        .prepare_cached("SELECT id, hash FROM events ORDER BY id DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)));
    match last {
        Err(rusqlite::Error::QueryReturnedNoRows) => Ok((0, [0; 32])),
        other => Ok(other?),
    }
}

/// BLAKE3 over the hash before it and every field with its length.
fn hash(before: &[u8; 32], event: &Event) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(before);
    let number = |value: i64| value.to_le_bytes();
    let time = number(event.time.millis());
    let (id, person) = (number(event.id), event.person.map(number));
    let fields: [Option<&[u8]>; 7] = [
        Some(&id),
        Some(&time),
        person.as_ref().map(<[u8; 8]>::as_slice),
        Some(event.kind.as_bytes()),
        Some(event.subject.as_bytes()),
        event.before.as_deref().map(str::as_bytes),
        event.after.as_deref().map(str::as_bytes),
    ];
    for field in fields {
        // A missing field is not an empty one.
        hasher.update(&field.map_or(u64::MAX, |bytes| bytes.len() as u64).to_le_bytes());
        hasher.update(field.unwrap_or_default());
    }
    *hasher.finalize().as_bytes()
}

/// Checks every line of the journal.
///
/// # Errors
/// Says which line was changed, added or removed.
pub fn check(db: &Connection) -> Result<Checked, Refusal> {
    let mut statement = db.prepare(&format!("SELECT {COLUMNS}, hash FROM events ORDER BY id"))?;
    let mut rows = statement.query([])?;
    let mut before = [0; 32];
    let mut events = 0;
    while let Some(row) = rows.next()? {
        events += 1;
        let event = event(row)?;
        if event.id != events {
            let what = format!("Line {events} of the journal is missing.");
            return Err(Refusal::unfit(what));
        }
        let written: [u8; 32] = row.get(7)?;
        before = hash(&before, &event);
        if written != before {
            let what = format!("Line {events} of the journal, or one before it, was changed.");
            return Err(Refusal::unfit(what));
        }
    }
    Ok(Checked { events, head: blake3::Hash::from_bytes(before).to_hex().to_string() })
}

/// Lines of the journal after number `after`, oldest first.
///
/// # Errors
/// A database that cannot be read.
pub fn lines(db: &Connection, after: i64, most: usize) -> Result<Vec<Event>, Refusal> {
    let sql = format!("SELECT {COLUMNS} FROM events WHERE id > ?1 ORDER BY id LIMIT ?2");
    let mut statement = db.prepare_cached(&sql)?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let found = statement.query_map(params![after, most], event)?;
    Ok(found.collect::<Result<_, _>>()?)
}

fn event(row: &Row<'_>) -> rusqlite::Result<Event> {
    Ok(Event {
        id: row.get(0)?,
        time: row.get(1)?,
        person: row.get(2)?,
        kind: row.get(3)?,
        subject: row.get(4)?,
        before: row.get(5)?,
        after: row.get(6)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::store;
    use crate::store::{Actor, Store};

    fn three(store: &Store) {
        for value in ["1", "2", "3"] {
            let tell = move |change: &mut crate::store::Change<'_>| {
                change.tell("test", "thing", Some("before"), value)
            };
            store.write_now(Actor::Server, tell).unwrap();
        }
    }

    /// What the check says after somebody tampered with the file.
    fn after(tampering: &'static str) -> Refusal {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        three(&store);
        let file = Connection::open(folder.path().join("room.sqlite")).unwrap();
        file.execute_batch("DROP TRIGGER events_stay; DROP TRIGGER events_remain;").unwrap();
        file.execute_batch(tampering).unwrap();
        store.read_now(check).unwrap_err()
    }

    #[test]
    fn an_untouched_journal_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        three(&store);
        let checked = store.read_now(check).unwrap();
        assert_eq!((checked.events, checked.head.len()), (3, 64));
        let lines = store.read_now(|db| lines(db, 1, 10)).unwrap();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0].after.as_deref(), Some("\"2\""));
    }

    #[test]
    fn tampering_is_found() {
        let changed = after("UPDATE events SET after = '\"9\"' WHERE id = 2");
        assert!(changed.what.contains("Line 2"), "{changed}");
        let removed = after("DELETE FROM events WHERE id = 2");
        assert!(removed.what.contains("Line 2"), "{removed}");
        let moved = after("UPDATE events SET before = NULL WHERE id = 3");
        assert!(moved.what.contains("Line 3"), "{moved}");
    }

    #[test]
    fn the_database_itself_keeps_lines_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        three(&store);
        for sql in ["UPDATE events SET kind = 'x'", "DELETE FROM events"] {
            let refused = store.write_now(Actor::Server, |change| {
                change.execute(sql, [])?;
                change.tell("test", "thing", (), ())
            });
            assert!(refused.unwrap_err().is_ours());
        }
    }
}
