//! Fifty readers at once in a room as months of use leave it: how long the
//! server takes, how much memory it needs, what a page weighs.

mod support;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rating_web::consensus::Part;
use rating_web::people::Role;
use rating_web::readings::Stage;
use rating_web::store::Change;
use rating_web::{Moment, Refusal, Room, SetClock, consensus, people};
use serde_json::{Value, json};
use support::http::Client;
use support::load::{Times, machine_load, memory_mb};
use support::room::{self, Person, read};
use support::served::Served;
use support::text;

/// Readers, of whom some are senior.
const READERS: usize = 50;
const SENIORS: usize = 4;
const PAIRS: usize = 10_000;
/// Pairs that all of their readers have read.
const READ: usize = 8_500;
/// Pairs that are left open where readers differ, of each kind.
const OPEN: usize = 100;
/// Readers of a pair.
const EACH: usize = 4;
/// Changes of a first reading before it is locked.
const SAVES: usize = 5;

/// Waits of a reader: before the first change of a pair, and before each other.
const LOOKS_MS: std::ops::Range<u64> = 2000..6000;
const TYPES_MS: std::ops::Range<u64> = 300..900;
/// Waits of the coordinator between two pages.
const COORDINATOR_MS: u64 = 2000;

/// Bars of the design.
const MOST_MS: f64 = 150.0;
const MOST_MEMORY_MB: f64 = 500.0;
const MOST_PAGE_KB: f64 = 300.0;

#[test]
#[ignore = "minutes: scripts/long load-room"]
fn fifty_readers_at_once() {
    let seconds = Duration::from_secs(support::asked("SECONDS_OF_LOAD", 60));
    let temporary = tempfile::tempdir().unwrap();
    let data = std::env::var("LOAD_ROOM").map_or(temporary.path().join("room"), Into::into);
    let people = Crowd::of(&data);
    let served = Served::start(&["--data", text(&data)]);
    let times = Times::default();
    let stop = AtomicBool::new(false);
    let begun = Instant::now();
    thread::scope(|scope| {
        for (at, reader) in people.readers.iter().enumerate() {
            let (times, stop, address) = (&times, &stop, served.address);
            scope.spawn(move || reads(address, reader, at as u64, times, stop));
        }
        scope.spawn(|| coordinates(served.address, &people.coordinator, &times, &stop));
        thread::sleep(seconds);
        stop.store(true, Ordering::Relaxed);
    });
    let took = begun.elapsed();
    let busy = memory_mb(served.id());
    exports(&served, &people.coordinator, &times);
    let peak = memory_mb(served.id());
    let heaviest = weights(&served, &people);
    eprintln!("{}", times.table());
    eprintln!("{:.0} s of load; load of the machine {}", took.as_secs_f64(), machine_load());
    eprintln!("most memory: {busy:.0} MB under load, {peak:.0} MB with exports");
    for (page, kb) in &heaviest {
        eprintln!("{page}: {kb:.0} KB with style and scripts, without images");
    }
    assert!(times.median("open a pair") < MOST_MS);
    assert!(peak < MOST_MEMORY_MB);
    assert!(heaviest.iter().all(|(_, kb)| *kb < MOST_PAGE_KB));
}

/// Everybody of the room.
struct Crowd {
    readers: Vec<Person>,
    coordinator: Person,
    admin: Person,
}

impl Crowd {
    /// Fills the room, if nobody has, and gives everybody a token.
    fn of(data: &Path) -> Crowd {
        if !data.exists() {
            let began = Instant::now();
            fill(data);
            eprintln!("filled in {} s", began.elapsed().as_secs());
        }
        let room = room::open_now(data);
        let token = |role: Role| {
            room::write(&room, move |change, room| {
                let known = people::all(change)?.into_iter().filter(|one| one.role == role);
                known
                    .map(|one| {
                        let token = people::make_token(change, &room.secrets, one.id, "load")?;
                        Ok(Person { id: one.id, token })
                    })
                    .collect::<Result<Vec<_>, Refusal>>()
            })
        };
        let readers = [token(Role::Reader), token(Role::Senior)].concat();
        Crowd {
            readers,
            coordinator: token(Role::Coordinator).remove(0),
            admin: token(Role::Admin).remove(0),
        }
    }
}

/// Months of use.
fn fill(data: &Path) {
    let clock = Arc::new(SetClock::at(Moment::at(1_760_000_000_000)));
    let room = room::open(data, clock.clone());
    let mut readers = room::people(&room, Role::Reader, READERS - SENIORS);
    let seniors = room::people(&room, Role::Senior, SENIORS);
    readers.extend(seniors.clone());
    room::people(&room, Role::Coordinator, 1);
    room::people(&room, Role::Admin, 1);
    let pairs = room::pairs(&room, PAIRS, (320, 240));
    let of = |at: usize| (0..EACH).map(move |k| (at + 13 * k) % READERS);
    for (number, reader) in readers.iter().enumerate() {
        let all = pairs.iter().enumerate().filter(|(at, _)| of(*at).any(|one| one == number));
        let (reader, all): (i64, Vec<i64>) = (reader.id, all.map(|(_, (id, _))| *id).collect());
        room::write(&room, move |change, _| {
            rating_web::pairs::assign(change, reader, &all).map(drop)
        });
    }
    for from in (0..READ).step_by(250) {
        clock.pass(Duration::from_secs(4 * 60 * 60));
        let several: Vec<(usize, i64, Vec<i64>)> = (from..from + 250)
            .map(|at| (at, pairs[at].0, of(at).map(|reader| readers[reader].id).collect()))
            .collect();
        let seniors: Vec<i64> = seniors.iter().map(|senior| senior.id).collect();
        room::write(&room, move |change, room| {
            several.iter().try_for_each(|(at, pair, readers)| {
                read_whole(change, room, *at, *pair, readers, &seniors)
            })
        });
    }
}

/// All readings of a pair: first ones that mostly agree, second ones, a decision.
fn read_whole(
    change: &mut Change<'_>,
    room: &Room,
    at: usize,
    pair: i64,
    readers: &[i64],
    seniors: &[i64],
) -> Result<(), Refusal> {
    let mut rng = ChaCha8Rng::seed_from_u64(at as u64);
    let truth = [at % 4, at / 4 % 4].map(|grade| grade as u8);
    let truth = [truth[0].max(truth[1]), truth[1]];
    let mut grades = |share: f64| {
        let mut off =
            |grade: u8| if rng.random_bool(share) { grade.saturating_sub(1) } else { grade };
        let seen = [off(truth[0]), off(truth[1])];
        [seen[0].max(seen[1]), seen[1]]
    };
    for reader in readers {
        read(change, room, (pair, *reader, Stage::First), grades(0.06), SAVES)?;
    }
    let is_open = |first: usize| (first..first + OPEN).contains(&(READ - 1 - at));
    for reader in readers {
        let person = people::one(change, *reader)?;
        if is_open(0) || consensus::part(change, &person, pair)? != Part::Consensus {
            continue;
        }
        read(change, room, (pair, *reader, Stage::Consensus), grades(0.03), 2)?;
    }
    let senior = seniors.iter().find(|senior| !readers.contains(senior)).copied();
    let senior = people::one(change, senior.expect("enough of them"))?;
    if !is_open(OPEN) && consensus::part(change, &senior, pair)? == Part::Adjudication {
        read(change, room, (pair, senior.id, Stage::Adjudication), truth, 2)?;
    }
    Ok(())
}

/// A reader who goes from pair to pair.
fn reads(address: SocketAddr, reader: &Person, seed: u64, times: &Times, stop: &AtomicBool) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut browser = Client::with_token(address, &reader.token);
    let mut wait = |range: std::ops::Range<u64>| {
        thread::sleep(Duration::from_millis(rng.random_range(range)));
    };
    wait(0..4000);
    for read in 0.. {
        if read % 5 == 0 {
            times.of("worklist", || browser.get("/"));
            times.of("consensus list", || browser.get("/consensus"));
        }
        let next = browser.get("/api/v1/next").unwrap().json();
        let Some(code) = next["code"].as_str() else { return };
        let path = format!("/api/v1/pairs/{code}/reading");
        let begun = Instant::now();
        times.of("- its page", || browser.get(&format!("/read/{code}")));
        let opened = times.of("- its JSON", || browser.get(&path)).json();
        for image in opened["images"].as_array().unwrap() {
            times.of("- an image", || browser.get(image["url"].as_str().unwrap()));
        }
        times.add("open a pair", begun);
        wait(LOOKS_MS);
        let mut version = opened["reading"]["version"].as_i64().unwrap();
        let mut body: Value = opened["reading"]["body"].clone();
        for save in 0..SAVES {
            body["grades"] = json!([2, 1]);
            body["comment"] = json!(format!("comment {save}"));
            let asked =
                json!({ "version": version, "change": format!("{seed} {save}"), "body": body });
            let saved = times.of("save", || browser.json("PUT", &path, &asked));
            version = saved.json()["version"].as_i64().unwrap();
            if stop.load(Ordering::Relaxed) {
                return;
            }
            wait(TYPES_MS);
        }
        times.of("lock", || {
            browser.json("POST", &format!("{path}/lock"), &json!({ "version": version }))
        });
    }
}

fn coordinates(address: SocketAddr, person: &Person, times: &Times, stop: &AtomicBool) {
    let mut browser = Client::with_token(address, &person.token);
    while !stop.load(Ordering::Relaxed) {
        times.of("board", || browser.get("/"));
        times.of("consensus list, all", || browser.get("/consensus"));
        thread::sleep(Duration::from_millis(COORDINATOR_MS));
    }
}

/// Each export once, when nobody else asks for anything.
fn exports(served: &Served, person: &Person, times: &Times) {
    let mut browser = Client::with_token(served.address, &person.token);
    times.of("export page", || browser.get("/export"));
    for name in
        ["manifest.csv", "refused.csv", "readings.csv", "coco.json", "voc.zip", "history.jsonl"]
    {
        times.of(&format!("export {name}"), || browser.get(&format!("/api/v1/export/{name}")));
    }
    times.of("export training.zip", || browser.get("/api/v1/export/training.zip"));
}

/// What pages weigh, in kilobytes, with style and scripts, without images.
fn weights(served: &Served, people: &Crowd) -> Vec<(String, f64)> {
    let pages: [(&Person, &[&str]); 4] = [
        (&people.readers[0], &["/", "/consensus", "/account"]),
        (&people.readers[READERS - 1], &["/", "/consensus"]),
        (&people.coordinator, &["/", "/consensus", "/export", "/import"]),
        (&people.admin, &["/journal", "/people"]),
    ];
    let mut heaviest: BTreeMap<String, f64> = BTreeMap::new();
    for (person, paths) in pages {
        let mut browser = Client::with_token(served.address, &person.token);
        let mut paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        if let Ok(next) = browser.get("/api/v1/next") {
            paths.extend(next.json()["code"].as_str().map(|code| format!("/read/{code}")));
        }
        for path in paths {
            let page = browser.get(&path).unwrap();
            assert_eq!(page.status, 200, "{path}");
            let mut bytes = page.body.len();
            let mut open: Vec<String> = linked(&page.text());
            let mut known = open.clone();
            while let Some(asset) = open.pop() {
                let file = browser.get(&format!("/assets/{asset}")).unwrap();
                bytes += file.body.len();
                for more in imported(&file.text()) {
                    if !known.contains(&more) {
                        known.push(more.clone());
                        open.push(more);
                    }
                }
            }
            let name = if path.starts_with("/read/") { "/read/CODE".to_owned() } else { path };
            let kb = heaviest.entry(name).or_default();
            *kb = kb.max(bytes as f64 / 1000.0);
        }
    }
    heaviest.into_iter().collect()
}

/// Style and scripts that a page names.
fn linked(page: &str) -> Vec<String> {
    page.split("/assets/").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

/// Scripts that a script imports.
fn imported(script: &str) -> Vec<String> {
    let from = script.split("from \"./").skip(1);
    from.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}
