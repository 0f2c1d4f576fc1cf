//! The pairs that readers see differently, and who has to do what about them.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Counted, State, judge};
use crate::people::{Ability, Person};
use crate::readings::{self, Reading, Stage, Standing, disclosure};
use crate::refusal::Refusal;

/// A pair and how far it is.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Listed {
    /// Its number.
    #[serde(skip)]
    pub pair: i64,
    /// What readers see instead of a name.
    pub code: String,
    /// How far it is.
    #[serde(flatten)]
    pub state: State,
    /// The reading that the person who asks has to make now.
    pub part: Part,
}

/// The reading somebody has to make now; first readings have their own worklist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// None.
    None,
    /// A second one, knowing what the others said.
    Consensus,
    /// The decision, where readers still differ.
    Adjudication,
}

impl Part {
    /// Its stage.
    #[must_use]
    pub fn stage(self) -> Option<Stage> {
        match self {
            Part::None => None,
            Part::Consensus => Some(Stage::Consensus),
            Part::Adjudication => Some(Stage::Adjudication),
        }
    }
}

/// A pair with everything that decides how far it is.
struct Known {
    pair: i64,
    code: String,
    handed_to: Vec<i64>,
    readings: Vec<Reading>,
}

impl Known {
    fn state(&self, counted: Counted) -> State {
        judge(&self.handed_to, &self.readings, counted)
    }

    fn part(&self, person: &Person, state: &State) -> Part {
        let own = |stage| {
            let mine = |one: &&Reading| one.reader == person.id && one.stage == stage;
            self.readings.iter().find(mine)
        };
        match state {
            State::Consensus { .. } => {
                let takes_part =
                    own(Stage::First).is_some_and(|one| Counted::default().counts(one));
                let is_done = own(Stage::Consensus).is_some();
                if takes_part && !is_done { Part::Consensus } else { Part::None }
            }
            // Whoever read it is no third voice.
            State::Adjudication
                if person.role.may(Ability::Adjudicate) && own(Stage::First).is_none() =>
            {
                Part::Adjudication
            }
            _ => Part::None,
        }
    }
}

/// How far every pair of the room is, in the order they came in, with its number and code.
///
/// # Errors
/// A database that cannot be read.
pub fn all(db: &Connection, counted: Counted) -> Result<Vec<(i64, String, State)>, Refusal> {
    let known = load(db, None)?;
    let state = |one: Known| {
        let state = one.state(counted);
        (one.pair, one.code, state)
    };
    Ok(known.into_iter().map(state).collect())
}

/// How far one pair is.
///
/// # Errors
/// A database that cannot be read.
pub fn of_pair(db: &Connection, pair: i64, counted: Counted) -> Result<State, Refusal> {
    Ok(one(db, pair)?.state(counted))
}

/// The reading of a pair that this person has to make now.
///
/// # Errors
/// A database that cannot be read.
pub fn part(db: &Connection, person: &Person, pair: i64) -> Result<Part, Refusal> {
    let known = one(db, pair)?;
    Ok(known.part(person, &known.state(Counted::default())))
}

/// The pairs that were or are seen differently, as far as this person may know:
/// readers those they read, senior readers and coordinators all.
///
/// # Errors
/// A database that cannot be read.
pub fn list(db: &Connection, person: &Person) -> Result<Vec<Listed>, Refusal> {
    let sees_all = person.role.may(Ability::Coordinate) || person.role.may(Ability::Adjudicate);
    let now = crate::Moment::at(0);
    let mut listed = Vec::new();
    for known in load(db, if sees_all { None } else { Some(person.id) })? {
        let state = known.state(Counted::default());
        let differs = match &state {
            State::Consensus { .. } | State::Adjudication => true,
            State::Settled(settled) => settled.by != Stage::First,
            State::NotHandedOut | State::Reading { .. } => false,
        };
        if !differs {
            continue;
        }
        let standing = Standing::of(db, person, known.pair)?;
        // The moment matters for the system's answer only, which is not told here.
        if disclosure(person, &standing, now).readings_of_others {
            let part = known.part(person, &state);
            listed.push(Listed { pair: known.pair, code: known.code, state, part });
        }
    }
    Ok(listed)
}

/// The code of the pair this person should turn to after that one; `None` when
/// nothing is left.
#[must_use]
pub fn next(listed: &[Listed], after: i64) -> Option<String> {
    let open = || listed.iter().filter(|one| one.part != Part::None && one.pair != after);
    let found = open().find(|one| one.pair > after).or_else(|| open().next());
    found.map(|one| one.code.clone())
}

/// How many later readings a person has locked.
///
/// # Errors
/// A database that cannot be read.
pub fn done(db: &Connection, reader: i64) -> Result<i64, Refusal> {
    let sql = "SELECT count(*) FROM readings
               WHERE reader = ?1 AND stage <> 'first' AND locked IS NOT NULL";
    Ok(db.prepare_cached(sql)?.query_row([reader], |row| row.get(0))?)
}

/// How many pairs are how far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Handed to nobody.
    pub not_handed_out: usize,
    /// First readings are missing.
    pub reading: usize,
    /// On the consensus list.
    pub consensus: usize,
    /// For a senior reader.
    pub adjudication: usize,
    /// Settled.
    pub settled: usize,
}

/// How many pairs are how far, and how many wait for a later reading of each of
/// these people.
///
/// # Errors
/// A database that cannot be read.
pub fn overview(db: &Connection, people: &[Person]) -> Result<(Counts, Vec<i64>), Refusal> {
    let mut counts = Counts::default();
    let mut waiting = vec![0; people.len()];
    for known in load(db, None)? {
        let state = known.state(Counted::default());
        counts.add(&state);
        for (person, waiting) in people.iter().zip(&mut waiting) {
            *waiting += i64::from(known.part(person, &state) != Part::None);
        }
    }
    Ok((counts, waiting))
}

impl Counts {
    fn add(&mut self, state: &State) {
        *match state {
            State::NotHandedOut => &mut self.not_handed_out,
            State::Reading { .. } => &mut self.reading,
            State::Consensus { .. } => &mut self.consensus,
            State::Adjudication => &mut self.adjudication,
            State::Settled(_) => &mut self.settled,
        } += 1;
    }

    /// All pairs.
    #[must_use]
    pub fn pairs(&self) -> usize {
        self.not_handed_out + self.reading + self.consensus + self.adjudication + self.settled
    }
}

fn one(db: &Connection, pair: i64) -> Result<Known, Refusal> {
    let mut statement = db.prepare_cached("SELECT reader FROM assignments WHERE pair = ?1")?;
    let handed_to = statement.query_map([pair], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut readings = readings::of_pair(db, pair)?;
    readings.retain(|one| one.locked.is_some());
    Ok(Known { pair, code: String::new(), handed_to, readings })
}

/// All pairs, or those handed to a reader.
fn load(db: &Connection, reader: Option<i64>) -> Result<Vec<Known>, Refusal> {
    let within = "(?1 IS NULL OR pair IN (SELECT pair FROM assignments WHERE reader = ?1))";
    let sql = format!(
        "SELECT id, code FROM (SELECT id, id AS pair, code FROM pairs WHERE removed IS NULL)
         WHERE {within} ORDER BY id"
    );
    let mut known = BTreeMap::new();
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query(params![reader])?;
    while let Some(row) = rows.next()? {
        let (pair, code) = (row.get(0)?, row.get(1)?);
        known.insert(pair, Known { pair, code, handed_to: Vec::new(), readings: Vec::new() });
    }
    let sql = format!("SELECT pair, reader FROM assignments WHERE {within}");
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query(params![reader])?;
    while let Some(row) = rows.next()? {
        if let Some(one) = known.get_mut(&row.get(0)?) {
            one.handed_to.push(row.get(1)?);
        }
    }
    for reading in readings::locked(db, reader)? {
        if let Some(one) = known.get_mut(&reading.pair) {
            one.readings.push(reading);
        }
    }
    Ok(known.into_values().collect())
}
