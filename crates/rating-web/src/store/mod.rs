//! The database: one SQLite file, one writer, many readers.
//!
//! Every change runs alone on the writer's thread as one transaction that also
//! appends to the journal what was changed; it is answered only after the
//! transaction is on disk (`synchronous = FULL`).

mod backup;
pub mod journal;
mod schema;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::oneshot;

use crate::clock::{Clock, Moment};
use crate::refusal::Refusal;
pub use journal::{Checked, Event};

/// Who changes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// A person, by their number.
    Person(i64),
    /// The server itself, or whoever runs it on the command line.
    Server,
}

type Task = Box<dyn FnOnce(&mut Connection) + Send>;

/// The database of a reading room.
#[derive(Clone)]
pub struct Store {
    path: Arc<PathBuf>,
    writer: mpsc::Sender<Task>,
    idle: Arc<Mutex<Vec<Connection>>>,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens a database, makes it where there is none, and brings an older one
    /// up to date.
    ///
    /// # Errors
    /// A file that cannot be opened, is none of ours, or is newer than this
    /// program.
    pub fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Store, Refusal> {
        let mut connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL").map_err(none_of_ours)?;
        prepare(&connection)?;
        schema::migrate(&mut connection)?;
        let (writer, tasks) = mpsc::channel::<Task>();
        thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || tasks.iter().for_each(|task| task(&mut connection)))
            .map_err(Refusal::broken)?;
        let idle = Arc::new(Mutex::new(Vec::new()));
        Ok(Store { path: Arc::new(path.to_path_buf()), writer, idle, clock })
    }

    /// Makes a change. Either all of it happens, journal included, or nothing.
    ///
    /// # Errors
    /// What `change` refuses; a disk that takes no more.
    pub async fn write<T, F>(&self, by: Actor, change: F) -> Result<T, Refusal>
    where
        T: Send + 'static,
        F: FnOnce(&mut Change<'_>) -> Result<T, Refusal> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.queue(by, change, move |result| drop(answer.send(result)))?;
        answered.await.map_err(|_| Refusal::broken("the database's writer stopped"))?
    }

    /// The same, for whoever is not in an asynchronous task.
    ///
    /// # Errors
    /// As for [`Store::write`].
    pub fn write_now<T, F>(&self, by: Actor, change: F) -> Result<T, Refusal>
    where
        T: Send + 'static,
        F: FnOnce(&mut Change<'_>) -> Result<T, Refusal> + Send + 'static,
    {
        let (answer, answered) = mpsc::channel();
        self.queue(by, change, move |result| drop(answer.send(result)))?;
        answered.recv().map_err(|_| Refusal::broken("the database's writer stopped"))?
    }

    fn queue<T, F>(
        &self,
        by: Actor,
        change: F,
        answer: impl FnOnce(Result<T, Refusal>) + Send + 'static,
    ) -> Result<(), Refusal>
    where
        F: FnOnce(&mut Change<'_>) -> Result<T, Refusal> + Send + 'static,
    {
        let clock = Arc::clone(&self.clock);
        let task: Task = Box::new(move |connection| {
            answer(transact(connection, by, clock.now(), change));
        });
        self.writer.send(task).map_err(|_| Refusal::broken("the database's writer stopped"))
    }

    /// Asks something. Readers never wait for the writer.
    ///
    /// # Errors
    /// What `question` refuses.
    pub async fn read<T, F>(&self, question: F) -> Result<T, Refusal>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Refusal> + Send + 'static,
    {
        let store = self.clone();
        let asked = tokio::task::spawn_blocking(move || store.read_now(question));
        asked.await.map_err(Refusal::broken)?
    }

    /// The same, for whoever is not in an asynchronous task.
    ///
    /// # Errors
    /// As for [`Store::read`].
    pub fn read_now<T>(
        &self,
        question: impl FnOnce(&Connection) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = match idle().pop() {
            Some(connection) => connection,
            None => {
                let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                let connection = Connection::open_with_flags(self.path.as_path(), flags)?;
                prepare(&connection)?;
                connection
            }
        };
        let answer = question(&connection);
        idle().push(connection);
        answer
    }

    /// What time it is here.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.clock.now()
    }
}

fn none_of_ours(error: rusqlite::Error) -> Refusal {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => schema::not_ours(),
        _ => error.into(),
    }
}

fn prepare(connection: &Connection) -> Result<(), Refusal> {
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

fn transact<T>(
    connection: &mut Connection,
    by: Actor,
    now: Moment,
    change: impl FnOnce(&mut Change<'_>) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let before = total_changes(&transaction)?;
    let mut open = Change { transaction, by, now, events: 0 };
    let done = change(&mut open)?;
    let changed = total_changes(&open.transaction)? != before;
    if changed && open.events == 0 {
        return Err(Refusal::broken("a change without a line in the journal"));
    }
    open.transaction.commit()?;
    Ok(done)
}

fn total_changes(connection: &Connection) -> Result<i64, Refusal> {
    Ok(connection.query_row("SELECT total_changes()", [], |row| row.get(0))?)
}

/// A change that is being made.
pub struct Change<'a> {
    transaction: Transaction<'a>,
    by: Actor,
    /// The moment of the change: everything in it has the same.
    pub now: Moment,
    events: usize,
}

impl std::ops::Deref for Change<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.transaction
    }
}

impl Change<'_> {
    /// Appends to the journal what is changed: what kind of thing happened to
    /// what, and what was there before and after.
    ///
    /// # Errors
    /// A database that takes no more.
    pub fn tell(
        &mut self,
        kind: &str,
        subject: &str,
        before: impl Serialize,
        after: impl Serialize,
    ) -> Result<(), Refusal> {
        let event = Event {
            id: 0,
            time: self.now,
            person: match self.by {
                Actor::Person(person) => Some(person),
                Actor::Server => None,
            },
            kind: kind.to_owned(),
            subject: subject.to_owned(),
            before: text(before)?,
            after: text(after)?,
        };
        journal::append(&self.transaction, &event)?;
        self.events += 1;
        Ok(())
    }
}

/// JSON as text, `None` for null.
fn text(value: impl Serialize) -> Result<Option<String>, Refusal> {
    let value: Value = serde_json::to_value(value)?;
    Ok(if value.is_null() { None } else { Some(value.to_string()) })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::clock::SetClock;

    pub(crate) fn store(folder: &Path) -> Store {
        let clock = SetClock::at(Moment::at(1_000_000));
        Store::open(&folder.join("room.sqlite"), Arc::new(clock)).unwrap()
    }

    fn remember(change: &mut Change<'_>, value: &str) -> Result<(), Refusal> {
        change.execute("INSERT INTO settings (name, value) VALUES ('a', ?1)", [value])?;
        change.tell("settings.set", "a", (), value)
    }

    fn settings(store: &Store) -> i64 {
        let count = |db: &Connection| {
            Ok(db.query_row("SELECT count(*) FROM settings", [], |row| row.get(0))?)
        };
        store.read_now(count).unwrap()
    }

    #[test]
    fn a_refused_change_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        let refused: Result<(), _> = store.write_now(Actor::Server, |change| {
            remember(change, "1")?;
            Err(Refusal::unfit("No."))
        });
        assert_eq!(refused.unwrap_err().what, "No.");
        assert_eq!(settings(&store), 0);
        store.write_now(Actor::Server, |change| remember(change, "1")).unwrap();
        assert_eq!(settings(&store), 1);
        assert_eq!(store.read_now(journal::check).unwrap().events, 1);
    }

    #[test]
    fn no_change_goes_without_a_line_in_the_journal() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        let silent = store.write_now(Actor::Server, |change| {
            change.execute("INSERT INTO settings (name, value) VALUES ('a', '1')", [])?;
            Ok(())
        });
        assert!(silent.unwrap_err().is_ours());
        assert_eq!(settings(&store), 0);
    }

    #[test]
    fn an_open_database_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        store(folder.path()).write_now(Actor::Server, |change| remember(change, "1")).unwrap();
        assert_eq!(settings(&store(folder.path())), 1);
    }
}
