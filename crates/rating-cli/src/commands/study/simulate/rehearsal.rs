//! One study through the real server, from the first sign-in to the report.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rating::study::simulate::SimulatedReader;
use rating::study::{Schedule, Session, Shows};
use rating::{Grade, Problem, Seed};
use rating_report::Fact;
use rating_web::people;
use rating_web::server::{self, StopServing};
use rating_web::store::Actor;
use rating_web::studies;
use serde_json::{Value, json};

use super::browser::Browser;
use super::many::expected;
use super::{MANIFEST, Staged, generator};
use crate::args::StudySimulateArgs;
use crate::commands::study::deviations;
use crate::commands::study::report::{Reported, write};
use crate::commands::{print, room};
use crate::failure::Failure;
use crate::progress::Bar;
use crate::{files, stop};

/// The account that closes the study.
pub const COORDINATOR: &str = "coordinator";
const PASSWORD: &str = "a simulated reader's password";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub fn run(
    args: &StudySimulateArgs,
    staged: &Staged,
    group: &[SimulatedReader],
) -> Result<(), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0")
        .map_err(|error| Problem::new(format!("no port is free: {error}")))?;
    let address = listener.local_addr().map_err(|error| Problem::new(error.to_string()))?;
    let stop = StopServing::default();
    let (room_of, stopping) = (Arc::clone(&staged.room), stop.clone());
    let server = thread::spawn(move || server::serve(room_of, listener, None, &stopping));
    let read = everybody(args, staged, group, address);
    stop.now();
    let served = server.join().map_err(|_| Failure::Bug("the rehearsed server stopped".into()))?;
    read?;
    served.map_err(|refusal| room::refused(refusal, staged.room.folder()))?;
    report(args, staged, group)
}

/// Every reader makes every reading; then the study is closed.
fn everybody(
    args: &StudySimulateArgs,
    staged: &Staged,
    group: &[SimulatedReader],
    address: SocketAddr,
) -> Result<(), Failure> {
    let study = &staged.study;
    let coordinator = join(staged, address, COORDINATOR)?;
    for reader in &study.readers {
        join(staged, address, &reader.name)?;
    }
    let schedule = Schedule::draw(study, staged.cases.len(), generator);
    let all = schedule.sessions.iter().map(|session| session.readings.len()).sum();
    let bar = Bar::new("readers read", all);
    for number in 0..study.sessions() {
        for session in schedule.sessions.iter().filter(|session| session.number == number) {
            let name = &study.readers[session.reader].name;
            let browser = Browser::sign_in(address, name, PASSWORD)?;
            sit(args, staged, group, &browser, session, &bar)?;
        }
        staged.clock.pass(DAY * study.design.washout_days);
    }
    bar.finish();
    // The first session of the coordinator is long over.
    drop(coordinator);
    let coordinator = Browser::sign_in(address, COORDINATOR, PASSWORD)?;
    coordinator.form(&format!("/studies/{}/close", study.name), &[("name", &study.name)])
}

fn join(staged: &Staged, address: SocketAddr, name: &str) -> Result<Browser, Failure> {
    let (room_of, name) = (Arc::clone(&staged.room), name.to_owned());
    let word = staged.room.store.write_now(Actor::Server, move |change| {
        let person = people::all(change)?.into_iter().find(|person| person.name == name);
        let person = person.ok_or_else(rating_web::Refusal::sign_in)?;
        people::invite(change, &room_of.secrets, person.id)
    });
    let word = word.map_err(|refusal| room::refused(refusal, staged.room.folder()))?;
    // So many at once are not let in from one address.
    staged.clock.pass(Duration::from_secs(60));
    Browser::join(address, &word, PASSWORD)
}

/// One session of one reader.
fn sit(
    args: &StudySimulateArgs,
    staged: &Staged,
    group: &[SimulatedReader],
    browser: &Browser,
    session: &Session,
    bar: &Bar,
) -> Result<(), Failure> {
    let simulation = staged.simulation(group, Seed::new(args.seed).child("readers"));
    let path = format!("/api/v1/studies/{}", staged.study.name);
    let arm = &staged.study.arms[session.arm];
    for (position, reading) in session.readings.iter().enumerate() {
        stop::check()?;
        let mut screen = browser.ask(&format!("{path}/case"))?;
        if screen["state"] != "read" || screen["session"]["done"] != json!(position) {
            return Err(Failure::Bug(format!("rehearsal: not the reading expected: {screen}")));
        }
        let case = &staged.cases[reading.case];
        let truth: Vec<Grade> = case.truth.iter().map(|grade| grade.unwrap_or_default()).collect();
        let occasion = format!("session {} {}", session.number, reading.is_repeat);
        let answer = |shown: Option<&[Grade]>| {
            simulation.answer(session.reader, case, &truth, &occasion, shown)
        };
        let item = format!("{path}/items/{}", screen["item"]);
        if arm.own_grades_first && arm.shows != Shows::Nothing {
            let own = answer(None);
            staged.clock.pass(Duration::from_secs_f64(own.seconds / 2.0));
            let version = save(browser, &item, &screen["reading"], &own.own, own.seconds / 2.0)?;
            screen = browser.post(&format!("{item}/show"), &json!({ "version": version }))?;
        }
        let given = answer(shown(&screen).as_deref());
        let before = screen["reading"]["active"].as_f64().unwrap_or_default() / 1000.0;
        staged.clock.pass(Duration::from_secs_f64((given.seconds - before).max(0.1)));
        let version = save(browser, &item, &screen["reading"], &given.grades, given.seconds)?;
        browser.post(&format!("{item}/lock"), &json!({ "version": version }))?;
        bar.advance(1);
    }
    Ok(())
}

/// Saves grades; returns the version.
fn save(
    browser: &Browser,
    item: &str,
    reading: &Value,
    grades: &[Grade],
    seconds: f64,
) -> Result<Value, Failure> {
    let effort = json!({ "active": (seconds * 1000.0) as i64, "left": 0, "events": [] });
    let change = format!("simulated {}", reading["version"]);
    let body = json!({ "grades": grades, "effort": effort });
    let asked = json!({ "version": reading["version"], "change": change, "body": body });
    Ok(browser.put(item, &asked)?["version"].clone())
}

/// The grades that the server shows; `None` where it shows none.
fn shown(screen: &Value) -> Option<Vec<Grade>> {
    let measurements = screen["answer"]["measurements"].as_array()?;
    let grade = |one: &Value| one["grade"].as_u64().and_then(|grade| Grade::try_from(grade).ok());
    measurements.iter().map(grade).collect()
}

fn report(
    args: &StudySimulateArgs,
    staged: &Staged,
    group: &[SimulatedReader],
) -> Result<(), Failure> {
    let mut found = staged.found()?;
    found.warnings.push(
        "The readers are simulated: this page rehearses a study and says nothing about people."
            .to_owned(),
    );
    let put_in = expected(args, staged, group, Seed::new(args.seed).child("expected"))?;
    let closed = staged.room.store.read_now(|db| {
        let study = studies::by_name(db, &staged.study.name)?;
        let deviated = studies::deviations(db, &study)?;
        Ok((study, deviated))
    });
    let (closed, deviated) =
        closed.map_err(|refusal| room::refused(refusal, staged.room.folder()))?;
    found.warnings.extend(deviations::warnings(&closed, &deviated));
    let seal = closed.seal.clone();
    let truth_blake3 = blake3::hash(&files::read(&args.out.join(MANIFEST))?).to_hex().to_string();
    let mut facts = vec![
        Fact::new("Protocol hash", staged.study.hash()),
        Fact::new("Seal of the submitted readings", seal.clone().unwrap_or_default()),
        Fact::new(
            "Simulated readers",
            format!("skill {} (spread {}), trust {}", args.skill, args.spread, args.trust),
        ),
        Fact::new("Gain that was put in", format!("{put_in:+.4}"))
            .note("mean of simulated studies on the same cases, without the server"),
        Fact::new("Seed of the rehearsal", args.seed.to_string()),
    ];
    facts.extend(deviations::facts(&closed, &deviated));
    let done = Reported {
        protocol: &staged.protocol,
        study: &staged.study,
        found: &found,
        seal: seal.as_deref(),
        opened: &closed,
        deviated: &deviated,
        truth_blake3: &truth_blake3,
        facts,
    };
    write(&done, &args.out.join("report"))?;
    print(&format!("the gain that was put in is {put_in:+.3}\n"))
}
