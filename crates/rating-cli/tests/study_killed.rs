//! Nothing of a reader study is lost: the server is killed while readers submit,
//! each from two windows at once and some things twice. After every restart what
//! was acknowledged is there, once; what was refused is not; readers go on where
//! they were; and the journal told again gives the tables.

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rating_web::people::Role;
use rating_web::studies;
use serde_json::{Value, json};
use support::http::Client;
use support::room::{self, Person};
use support::served::Served;
use support::{study, succeed, text};

const READERS: usize = 4;
/// Browser windows of each reader.
const WINDOWS: usize = 2;

const PROTOCOL: &str = r#"
name = "killed"
title = "Alone and with the system"
seed = 3
[cases]
cohort = "test"
[design]
kind = "crossover"
washout_days = 0
repeats = 0.1
[[arms]]
name = "unaided"
shows = "nothing"
[[arms]]
name = "assisted"
shows = "grades"
own_grades_first = true
[[readers]]
name = "R1"
[[readers]]
name = "R2"
[[readers]]
name = "R3"
[[readers]]
name = "R4"
"#;

#[test]
fn five_kills() {
    let told = killed(5, 21, 200);
    assert!(told.saved > 20 && told.submitted > 10, "{told:?}");
}

#[test]
#[ignore = "minutes: scripts/long kills-study"]
fn many_kills() {
    let count = support::asked("KILLS", 200);
    let began = Instant::now();
    let told = killed(count, 22, 200 + 20 * count);
    assert!(told.submitted > 5 * count, "too little to lose: {told:?}");
    eprintln!("{told:#?}\nseconds: {}", began.elapsed().as_secs());
    eprintln!("kills: {count}, no reading of the study lost, half there or there twice");
}

/// What was acknowledged in all.
#[derive(Debug, Default)]
struct Told {
    saved: usize,
    /// Own grades after which the answer came.
    shown: usize,
    submitted: usize,
    /// Stale or late requests that were refused (409).
    refused: usize,
    /// Readings that were submitted twice.
    twice: usize,
}

/// What a script was told about one reading.
#[derive(Default)]
struct Record {
    /// By version: the grades.
    saved: BTreeMap<i64, Value>,
    /// The grades before the answer was shown.
    own: Option<Value>,
    submitted: Option<Value>,
}

fn killed(count: usize, seed: u64, cases: usize) -> Told {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("room");
    let readers = filled(&data, cases);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (mut told, mut known) = (Told::default(), BTreeMap::<i64, Record>::new());
    for round in 0..count {
        let served = Served::start(&["--data", text(&data)]);
        let after = Duration::from_millis(rng.random_range(20..500));
        let windows = read_until_killed(served, after, &readers, seed * 1000 + round as u64);
        for window in windows {
            told.refused += window.told.refused;
            told.twice += window.told.twice;
            for (item, record) in window.known {
                known.entry(item).or_default().take(record);
            }
        }
        check(&data, &known);
        let journal = succeed(&["audit", "verify", "--data", text(&data)]);
        assert!(journal.starts_with("the journal is whole"), "{journal}");
    }
    told.saved = known.values().map(|record| record.saved.len()).sum();
    told.shown = known.values().filter(|record| record.own.is_some()).count();
    told.submitted = known.values().filter(|record| record.submitted.is_some()).count();
    told
}

fn filled(data: &Path, cases: usize) -> Vec<Person> {
    let room = room::open_now(data);
    let readers = room::people(&room, Role::Reader, READERS);
    let pairs = room::pairs(&room, cases, (32, 24));
    study::open(&room, PROTOCOL, &pairs, &readers);
    readers
}

/// Lets every window read until the server is killed.
fn read_until_killed(
    served: Served,
    after: Duration,
    readers: &[Person],
    seed: u64,
) -> Vec<Window> {
    let (address, stop) = (served.address, AtomicBool::new(false));
    thread::scope(|scope| {
        let mut windows = Vec::new();
        for (at, reader) in readers.iter().enumerate() {
            for number in 0..WINDOWS {
                let mut window = Window {
                    client: Client::with_token(address, &reader.token),
                    rng: ChaCha8Rng::seed_from_u64(seed * 100 + (at * WINDOWS + number) as u64),
                    name: format!("{seed}-{at}-{number}"),
                    sent: 0,
                    known: BTreeMap::new(),
                    told: Told::default(),
                };
                let stop = &stop;
                windows.push(scope.spawn(move || {
                    // Until an answer does not come.
                    while !stop.load(Ordering::Relaxed) && window.read_one().is_some() {}
                    window
                }));
            }
        }
        thread::sleep(after);
        served.kill();
        stop.store(true, Ordering::Relaxed);
        windows.into_iter().map(|window| window.join().unwrap()).collect()
    })
}

/// A window of a reader's browser.
struct Window {
    client: Client,
    rng: ChaCha8Rng,
    name: String,
    sent: usize,
    known: BTreeMap<i64, Record>,
    told: Told,
}

impl Window {
    /// Reads the case whose turn it is; `None` when no answer comes, or all are read.
    fn read_one(&mut self) -> Option<()> {
        let screen = self.client.patiently("GET", "/api/v1/studies/killed/case", None)?.json();
        if screen["state"] != "read" {
            return None;
        }
        let item = screen["item"].as_i64()?;
        let path = format!("/api/v1/studies/killed/items/{item}");
        let Some(mut version) = self.save(item, &path, screen["reading"]["version"].as_i64()?)?
        else {
            return Some(());
        };
        if screen["arm"]["shows"] != "nothing" && screen["reading"]["own"].is_null() {
            let asked = json!({ "version": version });
            let Some(shown) = self.granted("POST", &format!("{path}/show"), &asked)? else {
                return Some(());
            };
            assert!(shown["answer"].is_object(), "{shown}");
            self.known.entry(item).or_default().own = Some(shown["reading"]["own"].clone());
            version = shown["reading"]["version"].as_i64()?;
        }
        for _ in 0..self.rng.random_range(0..3) {
            let Some(new) = self.save(item, &path, version)? else { return Some(()) };
            version = new;
        }
        for time in 0..self.rng.random_range(1..3) {
            let asked = json!({ "version": version });
            let Some(held) = self.granted("POST", &format!("{path}/lock"), &asked)? else {
                return Some(());
            };
            let submitted = held["body"]["grades"].clone();
            let before = self.known.entry(item).or_default().submitted.replace(submitted.clone());
            assert!(before.is_none_or(|before| before == submitted), "submitted twice");
            self.told.twice += time;
        }
        Some(())
    }

    /// Saves grades; the new version unless it was refused.
    fn save(&mut self, item: i64, path: &str, version: i64) -> Option<Option<i64>> {
        self.sent += 1;
        let change = format!("{}-{}", self.name, self.sent);
        let [first, second] = [0, 1].map(|_| self.rng.random_range(0..4));
        // Medicine excludes flow without hypertrophy.
        let grades = json!([first.max(second), second]);
        let effort = json!({ "active": 10, "left": 0, "events": [[5, change]] });
        let body = json!({ "grades": grades, "effort": effort });
        let asked = json!({ "version": version, "change": change, "body": body });
        let Some(held) = self.granted("PUT", path, &asked)? else { return Some(None) };
        let new = held["version"].as_i64()?;
        assert_eq!(new, version + 1);
        assert!(self.known.entry(item).or_default().saved.insert(new, grades).is_none());
        Some(Some(new))
    }

    /// What is answered; inner `None` where another window was faster.
    fn granted(&mut self, method: &str, path: &str, asked: &Value) -> Option<Option<Value>> {
        let answer = self.client.patiently(method, path, Some(asked))?;
        if answer.status == 200 {
            return Some(Some(answer.json()));
        }
        assert_eq!(answer.status, 409, "{}", answer.text());
        self.told.refused += 1;
        Some(None)
    }
}

impl Record {
    fn take(&mut self, other: Record) {
        for (version, grades) in other.saved {
            let before = self.saved.insert(version, grades);
            assert!(before.is_none(), "version {version} was acknowledged twice");
        }
        for (known, new) in [(&mut self.own, other.own), (&mut self.submitted, other.submitted)] {
            if let Some(new) = new {
                assert!(known.as_ref().is_none_or(|known| *known == new), "{known:?}, then {new}");
                *known = Some(new);
            }
        }
    }
}

/// Compares the tables and the journal with what was acknowledged.
fn check(data: &Path, known: &BTreeMap<i64, Record>) {
    let database = room::database(data);
    let told = saved_lines(&database);
    let sql =
        "SELECT version, grades, own, submitted IS NOT NULL FROM study_answers WHERE item = ?1";
    let mut statement = database.prepare(sql).unwrap();
    for (item, record) in known {
        let json = |text: String| serde_json::from_str::<Value>(&text).unwrap();
        let (version, grades, own, is_submitted) = statement
            .query_row([item], |row| {
                let own: Option<String> = row.get(2)?;
                Ok((
                    row.get::<_, i64>(0)?,
                    json(row.get(1)?),
                    own.map(json),
                    row.get::<_, bool>(3)?,
                ))
            })
            .expect("a reading that was acknowledged");
        let saved = told.get(item).map_or(&[][..], Vec::as_slice);
        assert_eq!(saved.len() as i64 + 1, version, "reading {item}");
        assert!(saved.last().is_none_or(|last| *last == grades), "reading {item}");
        for (version, grades) in &record.saved {
            let at = usize::try_from(version - 2).unwrap();
            assert_eq!(saved.get(at), Some(grades), "reading {item}, version {version} is lost");
        }
        assert!(record.own.is_none() || record.own == own, "reading {item}");
        if let Some(submitted) = &record.submitted {
            assert!(is_submitted && *submitted == grades, "reading {item} is lost");
        }
    }
    // Each session is read in its order, and counts what was read.
    let sql = "SELECT sessions.id, done, count(submitted), max(position) + 1
        FROM study_sessions sessions JOIN study_items items ON session = sessions.id
        JOIN study_answers ON item = items.id AND submitted IS NOT NULL GROUP BY sessions.id";
    let mut statement = database.prepare(sql).unwrap();
    let counts = statement.query_map([], |row| Ok([row.get(1)?, row.get(2)?, row.get(3)?]));
    for counts in counts.unwrap() {
        let counts: [i64; 3] = counts.unwrap();
        assert!(counts.iter().all(|count| *count == counts[0]), "{counts:?}");
    }
    let study = studies::by_name(&database, "killed").unwrap();
    let submitted = studies::submitted(&database, &study).unwrap();
    assert_eq!(submitted, studies::replay(&database, &study).unwrap());
}

/// By reading: the grades of each line of the journal about a change.
fn saved_lines(database: &rusqlite::Connection) -> BTreeMap<i64, Vec<Value>> {
    let sql = "SELECT subject, after FROM events WHERE kind = 'study.reading.saved' ORDER BY id";
    let mut statement = database.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let mut lines: BTreeMap<i64, Vec<Value>> = BTreeMap::new();
    for row in rows {
        let (subject, after): (String, String) = row.unwrap();
        let item = subject.strip_prefix("study reading ").unwrap().parse().unwrap();
        let after: Value = serde_json::from_str(&after).unwrap();
        lines.entry(item).or_default().push(after["grades"].clone());
    }
    lines
}
