//! `rating serve --demo`: drawn joints, an account for each role.

use std::ops::ControlFlow;
use std::sync::Arc;

use rating::Seed;
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
