//! A reader study far larger than any so far, 200 readers and 2,000 cases, almost
//! read: how long readers wait for a case, the coordinator for the board, and
//! both for the report.

mod support;

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rating::study::Shows;
use rating_web::people::Role;
use rating_web::store::Change;
use rating_web::studies::{self, Asked, Effort, Save, Study, Turn};
use rating_web::{Moment, Refusal, Room, SetClock};
use serde_json::json;
use support::http::Client;
use support::load::{Times, machine_load, memory_mb};
use support::room::{self, Person};
use support::served::Served;
use support::{study, succeed, text};

const READERS: usize = 200;
const CASES: usize = 2_000;
/// Cases of the last session that nobody has read before the load begins.
const LEFT: i64 = 40;

/// Waits of a reader: before the first grade of a case, and before each other act.
const LOOKS_MS: std::ops::Range<u64> = 2000..6000;
const ACTS_MS: std::ops::Range<u64> = 300..900;
/// Waits of the coordinator between two pages.
const COORDINATOR_MS: u64 = 2000;

/// Bars of the design.
const MOST_MS: f64 = 200.0;
const MOST_REPORT_S: f64 = 60.0;

#[test]
#[ignore = "minutes: scripts/long load-study"]
fn two_hundred_readers_of_two_thousand_cases() {
    let seconds = Duration::from_secs(support::asked("SECONDS_OF_LOAD", 60));
    let folder = tempfile::tempdir().unwrap();
    let data = std::env::var("LOAD_STUDY").map_or(folder.path().join("room"), Into::into);
    let began = Instant::now();
    let (readers, coordinator) = filled(&data);
    eprintln!("filled in {} s", began.elapsed().as_secs());

    let served = Served::start(&["--data", text(&data)]);
    let (times, stop) = (Times::default(), AtomicBool::new(false));
    thread::scope(|scope| {
        for (at, reader) in readers.iter().enumerate() {
            let (times, stop, address) = (&times, &stop, served.address);
            scope.spawn(move || reads(address, reader, at as u64, times, stop));
        }
        scope.spawn(|| coordinates(served.address, &coordinator, &times, &stop));
        thread::sleep(seconds);
        stop.store(true, Ordering::Relaxed);
    });
    let most = memory_mb(served.id());
    eprintln!("{}", times.table());
    eprintln!("{} s of load; load of the machine {}", seconds.as_secs(), machine_load());
    eprintln!("most memory: {most:.0} MB");
    served.kill();

    let room = room::open_now(&data);
    let closing = Instant::now();
    room::write(&room, |change, _| studies::close(change, "large").map(drop));
    let closed = closing.elapsed().as_secs_f64();
    drop(room);
    let reporting = Instant::now();
    let (truth, out) = (folder.path().join("truth.csv"), folder.path().join("report"));
    fs::write(&truth, manifest()).unwrap();
    let report = ["study", "report", "large", "--data", text(&data)];
    succeed(&[&report[..], &["--truth", text(&truth), "--out", text(&out)]].concat());
    let reported = reporting.elapsed().as_secs_f64();
    let page = fs::metadata(out.join("study.html")).unwrap().len();
    eprintln!("closed and sealed in {closed:.1} s, report in {reported:.1} s, {} KB", page / 1000);

    assert!(times.median("open a case") < MOST_MS);
    assert!(times.median("board") < MOST_MS);
    assert!(reported < MOST_REPORT_S);
}

fn protocol() -> String {
    let mut text = r#"
name = "large"
title = "Two hundred readers"
seed = 8
[cases]
cohort = "test"
[design]
kind = "crossover"
washout_days = 28
repeats = 0.0
[[arms]]
name = "unaided"
shows = "nothing"
[[arms]]
name = "assisted"
shows = "grades-and-heatmap"
own_grades_first = true
"#
    .to_owned();
    for number in 1..=READERS {
        let _ = write!(text, "[[readers]]\nname = \"R{number}\"\nyears = {}\n", number % 20);
    }
    text
}

/// A room with the study, all but the last cases of the second session read.
fn filled(data: &Path) -> (Vec<Person>, Person) {
    let clock = Arc::new(SetClock::at(Moment::at(1_760_000_000_000)));
    let room = room::open(data, clock.clone());
    let readers = room::people(&room, Role::Reader, READERS);
    let coordinator = room::people(&room, Role::Coordinator, 1).remove(0);
    let pairs = room::pairs(&room, CASES, (320, 240));
    study::open(&room, &protocol(), &pairs, &readers);
    for left in [0, LEFT] {
        for (number, reader) in readers.iter().enumerate() {
            let reader = reader.id;
            room::write(&room, move |change, room| session(change, room, number, reader, left));
        }
        clock.pass(Duration::from_secs(29 * 24 * 60 * 60));
    }
    (readers, coordinator)
}

/// One reader's session, but for so many cases.
fn session(
    change: &mut Change<'_>,
    room: &Room,
    number: usize,
    reader: i64,
    left: i64,
) -> Result<(), Refusal> {
    let mut rng = ChaCha8Rng::seed_from_u64(number as u64);
    let study = studies::by_name(change, "large")?;
    let mut of: Option<i64> = None;
    while let Turn::Read(item) = studies::turn(change, &study, reader, change.now)? {
        if *of.get_or_insert(item.session) != item.session || item.total - item.done <= left {
            break;
        }
        read(change, room, &study, &item, &mut rng)?;
    }
    Ok(())
}

fn read(
    change: &mut Change<'_>,
    room: &Room,
    study: &Study,
    item: &studies::Item,
    rng: &mut ChaCha8Rng,
) -> Result<(), Refusal> {
    let registered = &*study.protocol;
    let truth = study::grades(item.case as usize);
    let mut seen = |wrong: f64| {
        let mut off =
            |grade: u8| if rng.random_bool(wrong) { grade.saturating_sub(1) } else { grade };
        let seen = [off(truth[0]), off(truth[1])];
        vec![Some(seen[0].max(seen[1])), Some(seen[1])]
    };
    let protocol = &room.protocol;
    let mut held = studies::begin(change, protocol, registered, item)?;
    let save = |change: &mut Change<'_>, version, grades| {
        let body =
            Asked { grades, cannot: None, effort: Effort { active: 8000, ..Effort::default() } };
        let asked = Save { version, change: format!("v{version}"), body };
        studies::save(change, protocol, registered, item, &asked)
    };
    held = save(change, held.version, seen(0.3))?;
    if registered.arms[item.arm].shows != Shows::Nothing {
        held = studies::show(change, protocol, registered, item, held.version)?;
        held = save(change, held.version, seen(0.15))?;
    }
    studies::submit(change, protocol, registered, item, held.version).map(drop)
}

/// A reader who goes from case to case.
fn reads(address: SocketAddr, reader: &Person, seed: u64, times: &Times, stop: &AtomicBool) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut browser = Client::with_token(address, &reader.token);
    let mut wait = |range: std::ops::Range<u64>| {
        thread::sleep(Duration::from_millis(rng.random_range(range)));
        stop.load(Ordering::Relaxed)
    };
    if wait(0..4000) {
        return;
    }
    times.of("own page", || browser.get("/studies/large"));
    loop {
        let begun = Instant::now();
        times.of("- its page", || browser.get("/studies/large/read"));
        let screen = times.of("- its JSON", || browser.get("/api/v1/studies/large/case")).json();
        if screen["state"] != "read" {
            return;
        }
        for image in screen["images"].as_array().unwrap() {
            times.of("- an image", || browser.get(image["url"].as_str().unwrap()));
        }
        times.add("open a case", begun);
        let path = format!("/api/v1/studies/large/items/{}", screen["item"]);
        let mut version = screen["reading"]["version"].clone();
        if wait(LOOKS_MS) {
            return;
        }
        for grades in [json!([2, null]), json!([2, 1])] {
            let body = json!({ "grades": grades, "effort": { "active": 4000 } });
            let asked =
                json!({ "version": version, "change": format!("c{version}"), "body": body });
            let saved = times.of("save", || browser.json("PUT", &path, &asked));
            version = saved.json()["version"].clone();
            if wait(ACTS_MS) {
                return;
            }
        }
        let asked = json!({ "version": version });
        if screen["arm"]["shows"] != "nothing" {
            let shown =
                times.of("show", || browser.json("POST", &format!("{path}/show"), &asked)).json();
            for map in shown["answer"]["maps"].as_array().unwrap() {
                times.of("a heatmap", || browser.get(map["url"].as_str().unwrap()));
            }
            if wait(ACTS_MS) {
                return;
            }
        }
        times.of("submit", || browser.json("POST", &format!("{path}/lock"), &asked));
    }
}

fn coordinates(address: SocketAddr, person: &Person, times: &Times, stop: &AtomicBool) {
    let mut browser = Client::with_token(address, &person.token);
    while !stop.load(Ordering::Relaxed) {
        times.of("board", || browser.get("/studies/large"));
        times.of("studies", || browser.get("/studies"));
        thread::sleep(Duration::from_millis(COORDINATOR_MS));
    }
}

/// The reference grades.
fn manifest() -> String {
    let mut csv = "pair_id,patient_id,cohort,origin,joint,side,hospital,device,grayscale,doppler,\
        grayscale_left,grayscale_top,grayscale_right,grayscale_bottom,\
        doppler_left,doppler_top,doppler_right,doppler_bottom,doppler_mode,\
        synovial_hypertrophy,vascularity\n"
        .to_owned();
    for at in 0..CASES {
        let [hypertrophy, vascularity] = study::grades(at);
        let _ = writeln!(
            csv,
            "pair-{at:05},patient-{},test,phantom,MCP2,left,site,d,a.png,b.png,\
             80,60,240,180,80,60,240,180,cdus,{hypertrophy},{vascularity}",
            at / 8
        );
    }
    csv
}
