//! Every change to every reading, from the journal, as JSON lines.

use std::collections::BTreeMap;
use std::io::Write;

use serde::Serialize;
use serde_json::Value;

use crate::clock::Moment;
use crate::people;
use crate::readings::{Stage, of_subject};
use crate::refusal::Refusal;
use crate::store::{Event, Store, journal};

/// Lines of the journal read at a time.
const LINES: usize = 500;

/// One line of the history.
#[derive(Serialize)]
struct Line<'a> {
    schema: &'static str,
    research_use_only: bool,
    origin: &'a str,
    /// The line of the journal.
    line: i64,
    time: Moment,
    /// Who did it; none for the server.
    by: Option<&'a str>,
    /// `reading.opened`, `.saved`, `.locked`, or `answer.revealed`.
    kind: &'a str,
    pair_id: &'a str,
    code: &'a str,
    /// Whose reading it is.
    reader: Option<&'a str>,
    stage: Option<Stage>,
    before: Option<Value>,
    after: Option<Value>,
}

/// Names of pairs (name, code, origin) and people, by number.
struct Names {
    pairs: BTreeMap<i64, [String; 3]>,
    people: BTreeMap<i64, String>,
}

/// Writes the history of all readings: each time one was begun, saved or locked,
/// and each time a person was shown an answer of the system, oldest first, with
/// what was there before and after. It is read from the journal some lines at a
/// time, so that a long study fits into memory.
///
/// # Errors
/// A database that cannot be read; a writer that takes no more.
pub fn history(store: &Store, to: &mut dyn Write) -> Result<(), Refusal> {
    let names = store.read_now(|db| {
        let mut statement = db.prepare("SELECT id, name, code, origin FROM pairs")?;
        let pairs = statement
            .query_map([], |row| Ok((row.get(0)?, [row.get(1)?, row.get(2)?, row.get(3)?])))?;
        let pairs = pairs.collect::<Result<_, _>>()?;
        let people = people::all(db)?.into_iter().map(|person| (person.id, person.name)).collect();
        Ok(Names { pairs, people })
    })?;
    let mut after = 0;
    loop {
        let events = store.read_now(|db| journal::lines(db, after, LINES))?;
        let Some(last) = events.last() else { return Ok(()) };
        after = last.id;
        for event in &events {
            if let Some(line) = written(event, &names)? {
                writeln!(to, "{line}").map_err(Refusal::broken)?;
            }
        }
    }
}

/// A line of the journal as a line of the history; `None` if it is about
/// something else.
fn written(event: &Event, names: &Names) -> Result<Option<String>, Refusal> {
    let about = if event.kind.starts_with("reading.") {
        of_subject(&event.subject).map(|(pair, reader, stage)| (pair, Some(reader), Some(stage)))
    } else if event.kind == "answer.revealed" {
        let pair = event.subject.strip_prefix("pair ").and_then(|number| number.parse().ok());
        pair.map(|pair| (pair, event.person, None))
    } else {
        None
    };
    let Some((pair, reader, stage)) = about else { return Ok(None) };
    let Some([pair_id, code, origin]) = names.pairs.get(&pair) else { return Ok(None) };
    let person = |id: Option<i64>| names.people.get(&id?).map(String::as_str);
    let line = Line {
        schema: "rating.reading-history/1",
        research_use_only: true,
        origin,
        line: event.id,
        time: event.time,
        by: person(event.person),
        kind: &event.kind,
        pair_id,
        code,
        reader: person(reader),
        stage,
        before: event.before.as_deref().map(serde_json::from_str).transpose()?,
        after: event.after.as_deref().map(serde_json::from_str).transpose()?,
    };
    Ok(Some(serde_json::to_string(&line)?))
}
