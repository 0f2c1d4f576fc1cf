//! The pairs that readers see differently, and who has to do what about them.

use rusqlite::Connection;
use serde::Serialize;
use utoipa::ToSchema;

use super::outline::{Known, Outline, load, one};
use super::{Counted, Decided, State};
use crate::people::{Ability, Person};
use crate::readings::{Stage, Standing, disclosure};
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

/// The reading of a pair that this person has to make now.
fn part_in(known: &Known, person: &Person, decided: &Decided) -> Part {
    let own = |stage| {
        let mine = |one: &&Outline| one.reader == person.id && one.stage == stage;
        known.readings.iter().find(mine)
    };
    match decided {
        Decided::Consensus { .. } => {
            let takes_part = own(Stage::First).is_some_and(|one| one.unaided);
            let is_done = own(Stage::Consensus).is_some();
            if takes_part && !is_done { Part::Consensus } else { Part::None }
        }
        // Whoever read it is no third voice; nor is whoever learned what it was before.
        Decided::Adjudication
            if person.role.may(Ability::Adjudicate)
                && own(Stage::First).is_none()
                && !known.told_to.contains(&person.id) =>
        {
            Part::Adjudication
        }
        _ => Part::None,
    }
}

/// Whether this person may have to read a pair of the room now or when others have
/// read it: one handed to them that is not settled, or one that they may decide.
///
/// # Errors
/// A database that cannot be read.
pub fn is_wanted(db: &Connection, person: &Person) -> Result<bool, Refusal> {
    Ok(load(db, scope(person))?.iter().any(|known| {
        let decided = known.decided(Counted::default());
        match decided {
            Decided::Reading { .. } => known.handed_to.contains(&person.id),
            // Who decides knows the images as soon as all have read them.
            Decided::Consensus { .. } => {
                part_in(known, person, &decided) != Part::None
                    || part_in(known, person, &Decided::Adjudication) != Part::None
            }
            Decided::Adjudication => part_in(known, person, &decided) != Part::None,
            Decided::NotHandedOut | Decided::Settled { .. } => false,
        }
    }))
}

/// How far every pair of the room is, in the order they came in, with its number and code.
///
/// # Errors
/// A database that cannot be read.
pub fn all(db: &Connection, counted: Counted) -> Result<Vec<(i64, String, State)>, Refusal> {
    let mut found = Vec::new();
    for known in load(db, None)? {
        let state = known.state(db, counted)?;
        found.push((known.pair, known.code, state));
    }
    Ok(found)
}

/// How far one pair is.
///
/// # Errors
/// A database that cannot be read.
pub fn of_pair(db: &Connection, pair: i64, counted: Counted) -> Result<State, Refusal> {
    one(db, pair)?.state(db, counted)
}

/// The reading of a pair that this person has to make now.
///
/// # Errors
/// A database that cannot be read.
pub fn part(db: &Connection, person: &Person, pair: i64) -> Result<Part, Refusal> {
    let known = one(db, pair)?;
    Ok(part_in(&known, person, &known.decided(Counted::default())))
}

/// Which of the pairs are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// How many stand before it.
    pub after: usize,
    /// How many it has at most.
    pub most: usize,
}

impl Page {
    /// All of them.
    pub const WHOLE: Page = Page { after: 0, most: usize::MAX };
}

/// The pairs that were or are seen differently, as far as this person may know
/// (readers those they read, senior readers and coordinators all), and how many
/// they are in all. Those that wait for this person come first, settled ones last.
///
/// # Errors
/// A database that cannot be read.
pub fn list(db: &Connection, person: &Person, page: Page) -> Result<(Vec<Listed>, usize), Refusal> {
    let mut found = Vec::new();
    for known in load(db, scope(person))? {
        let decided = known.decided(Counted::default());
        let part = part_in(&known, person, &decided);
        let order = match decided {
            _ if part != Part::None => 0,
            Decided::Consensus { .. } | Decided::Adjudication => 1,
            Decided::Settled { by, .. } if by != Stage::First => 2,
            _ => continue,
        };
        if may_know(db, person, known.pair)? {
            found.push((order, part, known));
        }
    }
    found.sort_by_key(|(order, _, known)| (*order, known.pair));
    let count = found.len();
    let listed = found.into_iter().skip(page.after).take(page.most).map(|(_, part, known)| {
        let state = known.state(db, Counted::default())?;
        Ok(Listed { pair: known.pair, code: known.code, state, part })
    });
    Ok((listed.collect::<Result<_, Refusal>>()?, count))
}

/// Whose pairs may be on this person's list: the person's own, or all (`None`).
fn scope(person: &Person) -> Option<i64> {
    let sees_all = person.role.may(Ability::Coordinate) || person.role.may(Ability::Adjudicate);
    (!sees_all).then_some(person.id)
}

fn may_know(db: &Connection, person: &Person, pair: i64) -> Result<bool, Refusal> {
    let standing = Standing::of(db, person, pair)?;
    // The moment matters for the system's answer only, which is not told here.
    Ok(disclosure(person, &standing, crate::Moment::at(0)).readings_of_others)
}

/// A pair that waits for a later reading of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its number.
    pub pair: i64,
    /// What readers see instead of a name.
    pub code: String,
}

/// The pairs that wait for a later reading of this person, in the order they came in.
///
/// # Errors
/// A database that cannot be read.
pub fn waiting(db: &Connection, person: &Person) -> Result<Vec<Waiting>, Refusal> {
    let mut found = Vec::new();
    if !person.role.may(Ability::Read) {
        return Ok(found);
    }
    for known in load(db, scope(person))? {
        let part = part_in(&known, person, &known.decided(Counted::default()));
        if part != Part::None && may_know(db, person, known.pair)? {
            found.push(Waiting { pair: known.pair, code: known.code });
        }
    }
    Ok(found)
}

/// The code of the pair this person should turn to after that one; `None` when
/// nothing is left.
#[must_use]
pub fn next(waiting: &[Waiting], after: i64) -> Option<String> {
    let others = || waiting.iter().filter(|one| one.pair != after);
    let found = others().find(|one| one.pair > after).or_else(|| others().next());
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
        let decided = known.decided(Counted::default());
        counts.add(&decided);
        for (person, waiting) in people.iter().zip(&mut waiting) {
            *waiting += i64::from(part_in(&known, person, &decided) != Part::None);
        }
    }
    Ok((counts, waiting))
}

impl Counts {
    fn add(&mut self, decided: &Decided) {
        *match decided {
            Decided::NotHandedOut => &mut self.not_handed_out,
            Decided::Reading { .. } => &mut self.reading,
            Decided::Consensus { .. } => &mut self.consensus,
            Decided::Adjudication => &mut self.adjudication,
            Decided::Settled { .. } => &mut self.settled,
        } += 1;
    }

    /// All pairs.
    #[must_use]
    pub fn pairs(&self) -> usize {
        self.not_handed_out + self.reading + self.consensus + self.adjudication + self.settled
    }
}
