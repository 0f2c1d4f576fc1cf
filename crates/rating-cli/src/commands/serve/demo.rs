//! `rating serve --demo`: drawn joints, an account for each role.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use rating::{Problem, Seed};
use rating_phantom::Cohort;
use rating_web::people::{self, Role};
use rating_web::store::{Actor, Change};
use rating_web::{Refusal, Room, import};

use crate::commands::{phantom, room};
use crate::failure::Failure;
use crate::progress::Bar;
use crate::stop;

/// Accounts of a demonstration.
const PEOPLE: [(&str, Role); 5] = [
    ("reader-1", Role::Reader),
    ("reader-2", Role::Reader),
    ("senior", Role::Senior),
    ("coordinator", Role::Coordinator),
    ("admin", Role::Admin),
];
const PATIENTS: usize = 4;
const PAIRS: usize = 24;

/// Refuses a room that people or pairs are in and that was not begun as a
/// demonstration: drawn joints and open doors would mix with what is real there.
pub fn check(folder: &Path) -> Result<(), Failure> {
    if !room::is_begun(folder) {
        return Ok(());
    }
    let found = room::known(folder)?.read_now(|db| {
        let has_pairs = "SELECT EXISTS (SELECT 1 FROM pairs)";
        let has_pairs: bool = db.query_row(has_pairs, (), |row| row.get(0))?;
        Ok((people::all(db)?, has_pairs))
    });
    let (known, has_pairs) = found.map_err(|refusal| room::refused(refusal, folder))?;
    let is_demo = PEOPLE.iter().all(|(name, _)| known.iter().any(|one| one.name == *name));
    if is_demo || (known.is_empty() && !has_pairs) {
        return Ok(());
    }
    Err(Problem::new("this reading room was not begun as a demonstration")
        .in_file(folder.display().to_string())
        .hint("leave --demo out to open it, or name another folder with --data")
        .into())
}

/// Draws joints and makes accounts, where they are not there yet. Returns a
/// word for each account that signs in once.
pub fn prepare(room: &Arc<Room>) -> Result<Vec<(&'static str, String)>, Failure> {
    let drawn = room.folder().join("phantoms");
    let manifest = drawn.join("manifest.csv");
    if !manifest.exists() {
        let cohort =
            Cohort { patients: PATIENTS, pairs: PAIRS, ..Cohort::prospective(Seed::new(1)) };
        phantom::draw(&drawn, &[cohort])?;
    }
    let refused = |refusal| room::refused(refusal, room.folder());
    let entrances = {
        let room_of = Arc::clone(room);
        let open = move |change: &mut Change<'_>| -> Result<Vec<_>, Refusal> {
            PEOPLE
                .iter()
                .map(|&(name, role)| Ok((name, entrance(change, &room_of, name, role)?)))
                .collect()
        };
        room.store.write_now(Actor::Server, open).map_err(refused)?
    };
    let bar = Bar::new("bringing pairs in", PAIRS);
    let readers: Vec<String> = PEOPLE
        .iter()
        .filter(|(_, role)| *role == Role::Reader)
        .map(|(name, _)| (*name).to_owned())
        .collect();
    let mut before = 0;
    let report = import::manifest(room, &manifest, None, &readers, |done, _| {
        bar.advance(done - before);
        before = done;
        if stop::asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .map_err(refused)?;
    bar.finish();
    stop::check()?;
    if report.refused.is_empty() { Ok(entrances) } else { Err(report.refused.into()) }
}

fn entrance(
    change: &mut Change<'_>,
    room: &Room,
    name: &str,
    role: Role,
) -> Result<String, Refusal> {
    let known = people::all(change)?.into_iter().find(|person| person.name == name);
    let id = match known {
        Some(person) => person.id,
        None => people::create(change, name, role)?,
    };
    people::entrance(change, &room.secrets, id)
}
