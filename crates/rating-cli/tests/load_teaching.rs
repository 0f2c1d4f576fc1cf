//! Learning where 10,000 pairs are offered: how long a learner waits for the next
//! case and for the truth.

mod support;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rating::Protocol;
use rating_web::people::Role;
use rating_web::readings::Stage;
use rating_web::store::Change;
use rating_web::{Moment, Refusal, Room, SetClock, pairs, teaching};
use serde_json::json;
use support::http::Client;
use support::load::{Times, machine_load, memory_mb};
use support::room::{self, Person, read};
use support::served::Served;
use support::text;

const PAIRS: usize = 10_000;
/// Of so many pairs one is settled in consensus,
const MIDDLING: usize = 10;
/// and of so many one is decided by a senior reader.
const HARD: usize = 500;
const LEARNERS: usize = 8;
/// A learner looks at a case; nobody may ask more than 60 times a second.
const LOOKS: Duration = Duration::from_millis(150);
/// Bar of the design.
const MOST_MS: f64 = 150.0;

#[test]
#[ignore = "minutes: scripts/long load-teaching"]
fn ten_thousand_pairs_are_offered() {
    let cases: usize = support::asked("CASES", 100);
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("room");
    let (learners, coordinator) = fill(&data);
    let served = Served::start(&["--data", text(&data)]);
    let times = Times::default();
    thread::scope(|scope| {
        for learner in &learners {
            scope.spawn(|| learns(served.address, learner, cases, &times));
        }
    });
    for learner in &learners {
        let mut browser = Client::with_token(served.address, &learner.token);
        times.of("a learner's page", || browser.get("/teaching"));
    }
    let mut browser = Client::with_token(served.address, &coordinator.token);
    for _ in 0..5 {
        times.of("the coordinator's page", || browser.get("/teaching"));
    }
    times.of("answers.csv", || browser.get("/api/v1/teaching/answers.csv"));
    eprintln!("{}", times.table());
    eprintln!("load of the machine {}", machine_load());
    eprintln!("most memory: {:.0} MB", memory_mb(served.id()));
    for level in ["due", "easy", "middling", "hard"] {
        assert!(times.median(&next(level)) < MOST_MS, "{level}");
    }
    assert!(times.median(NOTHING) < MOST_MS);
    assert!(times.median(TRUTH) < MOST_MS);
}

const NOTHING: &str = "no hard case is left";
const TRUTH: &str = "submit, and be told the truth";

fn next(level: &str) -> String {
    format!("next case, {level}")
}

/// A room where every pair is settled and offered: who learns, who coordinates.
fn fill(data: &Path) -> (Vec<Person>, Person) {
    let clock = Arc::new(SetClock::at(Moment::at(1_760_000_000_000)));
    let room = room::open(data, clock.clone());
    let everybody = room::people(&room, Role::Reader, 2 + LEARNERS);
    let (readers, learners) = everybody.split_at(2);
    let senior = room::people(&room, Role::Senior, 1).remove(0).id;
    let coordinator = room::people(&room, Role::Coordinator, 1).remove(0);
    let all: Vec<i64> =
        room::pairs_apart(&room, PAIRS, (320, 240)).into_iter().map(|(id, _)| id).collect();
    let readers = [readers[0].id, readers[1].id];
    for part in all.chunks(500) {
        clock.pass(Duration::from_secs(60 * 60));
        let part = part.to_vec();
        room::write(&room, move |change, room| {
            readers
                .iter()
                .try_for_each(|&reader| pairs::assign(change, reader, &part).map(drop))?;
            part.iter().try_for_each(|&pair| settle(change, room, pair, readers, senior))
        });
    }
    let offered = room::write(&room, |change, _| teaching::offer(change, &Protocol::eoss(), None));
    assert_eq!(offered, PAIRS);
    (learners.to_vec(), coordinator)
}

/// Reads a pair until it is settled.
fn settle(
    change: &mut Change<'_>,
    room: &Room,
    pair: i64,
    [one, other]: [i64; 2],
    senior: i64,
) -> Result<(), Refusal> {
    let number = usize::try_from(pair).unwrap_or_default();
    let (is_hard, is_middling) = (number % HARD == 1, number % MIDDLING == 0);
    let doubtful = match (is_hard, is_middling) {
        (true, _) => [3, 1],
        (_, true) => [2, 1],
        _ => [1, 1],
    };
    read(change, room, (pair, one, Stage::First), [1, 1], 1)?;
    read(change, room, (pair, other, Stage::First), doubtful, 1)?;
    if is_hard || is_middling {
        let second = if is_hard { [3, 1] } else { [1, 1] };
        read(change, room, (pair, one, Stage::Consensus), [1, 1], 1)?;
        read(change, room, (pair, other, Stage::Consensus), second, 1)?;
    }
    if is_hard {
        read(change, room, (pair, senior, Stage::Adjudication), [2, 1], 1)?;
    }
    Ok(())
}

/// A learner who takes cases of each level in turn, half of them answered wrongly.
fn learns(address: SocketAddr, learner: &Person, cases: usize, times: &Times) {
    let mut browser = Client::with_token(address, &learner.token);
    for at in 0..cases {
        let level = ["due", "easy", "middling", "hard"][at % 4];
        let path = format!("/api/v1/teaching/lesson?level={level}");
        let begun = std::time::Instant::now();
        let lesson = browser.get(&path).unwrap();
        assert_eq!(lesson.status, 200, "{}", lesson.text());
        let lesson = lesson.json();
        if lesson["state"] == "nothing" {
            assert_eq!(level, "hard");
            times.add(NOTHING, begun);
            thread::sleep(LOOKS);
            continue;
        }
        times.add(&next(level), begun);
        thread::sleep(LOOKS);
        let answer = format!("/api/v1/teaching/answers/{}", lesson["answer"]);
        let body = json!({ "grades": [1 + at % 2, 1], "effort": { "active": 100 } });
        let save = json!({ "version": 1, "change": "a", "body": body });
        let saved = times.of("save", || browser.json("PUT", &answer, &save)).json();
        let lock = json!({ "version": saved["version"] });
        times.of(TRUTH, || browser.json("POST", &format!("{answer}/lock"), &lock));
    }
}
