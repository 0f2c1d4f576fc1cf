//! Nothing is lost: the server is killed while several readers write, each from
//! two windows at once. After every restart each reading stands in exactly the
//! version that was acknowledged last (or in the one that was under way), and
//! the journal holds every acknowledged change once and no refused one.
//!
//! A killed program is not a machine without power: what the system had not
//! written to the disk yet is written after a kill.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rating_web::people::Role;
use serde_json::{Value, json};
use support::http::{Answer, Client};
use support::room::{self, Person};
use support::served::Served;
use support::{succeed, text};

const READERS: usize = 4;
/// Browser windows of each reader.
const WINDOWS: usize = 2;
/// Pairs that a reader has open: few, so that windows meet.
const OPEN: usize = 3;

#[test]
fn five_kills() {
    let told = killed(5, 11, 150);
    assert!(told.saved > 20 && told.locked > 0, "{told:?}");
}

#[test]
#[ignore = "minutes: scripts/long kills-room"]
fn many_kills() {
    let count = support::asked("KILLS", 200);
    let began = Instant::now();
    let told = killed(count, 12, 150 + 20 * count);
    assert!(told.saved > 10 * count, "too little to lose: {told:?}");
    eprintln!("{told:#?}\nseconds: {}", began.elapsed().as_secs());
    eprintln!("kills: {count}, nothing lost, nothing half there, nothing twice");
}

/// What happened in all.
#[derive(Debug, Default)]
struct Told {
    /// Changes that were acknowledged.
    saved: usize,
    /// Locks that were acknowledged.
    locked: usize,
    /// Stale or late changes that were refused (409).
    refused: usize,
    /// Changes whose answer never came; they were sent again.
    without_answer: usize,
    /// Changes sent twice.
    sent_twice: usize,
    /// Lines of the journal at the end.
    lines: usize,
}

/// A pair and a reader.
type Key = (i64, i64);

/// Everything a script sent and was told.
#[derive(Default)]
struct Record {
    /// Every change ever sent, by its name: whose, what it says, what was answered.
    changes: BTreeMap<String, Change>,
    /// Acknowledged locks: the version.
    locks: BTreeMap<Key, i64>,
    /// Locks that were asked for, acknowledged or not.
    asked_to_lock: BTreeSet<Key>,
    refused: usize,
    twice: usize,
}

struct Change {
    key: Key,
    /// The version it was made from.
    from: i64,
    body: Value,
    outcome: Outcome,
    /// It was sent again after the restart.
    sent_again: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// It is this version.
    Version(i64),
    /// It must not be there.
    Refused,
    /// Nobody knows.
    NoAnswer,
}

fn killed(count: usize, seed: u64, pairs: usize) -> Told {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("room");
    let (readers, pairs) = filled(&data, pairs);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut record = Record::default();
    let mut told = Told::default();
    let mut served = Served::start(&["--data", text(&data)]);
    for round in 0..count {
        let after = Duration::from_millis(rng.random_range(20..500));
        let seed = seed * 1000 + round as u64;
        record.take(written_until_killed(served, after, &readers, &pairs, seed));
        served = Served::start(&["--data", text(&data)]);
        check(&served, &data, &readers, &pairs, &record);
        send_again(&served, &readers, &pairs, &mut record);
        told.lines = check(&served, &data, &readers, &pairs, &record);
        let journal = succeed(&["audit", "verify", "--data", text(&data)]);
        assert!(journal.starts_with(&format!("the journal is whole: {} lines", told.lines)));
    }
    for change in record.changes.values() {
        match change.outcome {
            Outcome::Version(_) => told.saved += 1,
            Outcome::NoAnswer | Outcome::Refused => {}
        }
        told.without_answer +=
            usize::from(change.sent_again || change.outcome == Outcome::NoAnswer);
    }
    (told.locked, told.refused, told.sent_twice) =
        (record.locks.len(), record.refused, record.twice);
    told
}

/// A room where every pair is handed to every reader.
fn filled(data: &Path, count: usize) -> (Vec<Person>, Vec<(i64, String)>) {
    let room = room::open_now(data);
    let readers = room::people(&room, Role::Reader, READERS);
    let pairs = room::pairs(&room, count, (64, 48));
    let numbers: Vec<i64> = pairs.iter().map(|(id, _)| *id).collect();
    for reader in &readers {
        let (reader, numbers) = (reader.id, numbers.clone());
        room::write(&room, move |change, _| {
            rating_web::pairs::assign(change, reader, &numbers).map(drop)
        });
    }
    (readers, pairs)
}

/// Lets every window write until the server is killed.
fn written_until_killed(
    served: Served,
    after: Duration,
    readers: &[Person],
    pairs: &[(i64, String)],
    seed: u64,
) -> Vec<Record> {
    let (address, stop) = (served.address, AtomicBool::new(false));
    thread::scope(|scope| {
        let mut windows = Vec::new();
        for (at, reader) in readers.iter().enumerate() {
            for window in 0..WINDOWS {
                let rng = ChaCha8Rng::seed_from_u64(seed * 100 + (at * WINDOWS + window) as u64);
                let client = Client::with_token(address, &reader.token);
                let name = format!("{seed}-{at}-{window}");
                let mut window = Window {
                    client,
                    rng,
                    name,
                    reader: reader.id,
                    sent: 0,
                    record: Record::default(),
                };
                let stop = &stop;
                windows.push(scope.spawn(move || {
                    // Until an answer does not come.
                    while !stop.load(Ordering::Relaxed) && window.read_one(pairs).is_some() {}
                    window.record
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
    reader: i64,
    sent: usize,
    record: Record,
}

impl Window {
    /// Reads one of the pairs that are open; `None` when no answer comes, or all are read.
    fn read_one(&mut self, pairs: &[(i64, String)]) -> Option<()> {
        let next = self.client.patiently("GET", "/api/v1/next", None)?.json();
        // On a fast machine everything may be read before the kill.
        let first = pairs.iter().position(|(_, code)| next["code"] == *code)?;
        let open = &pairs[first..(first + OPEN).min(pairs.len())];
        let (pair, code) = &open[self.rng.random_range(0..open.len())];
        let (key, path) = ((*pair, self.reader), format!("/api/v1/pairs/{code}/reading"));
        let opened = self.client.patiently("GET", &path, None)?.json();
        let (mut version, mut body) =
            (opened["reading"]["version"].as_i64()?, opened["reading"]["body"].clone());
        for _ in 0..self.rng.random_range(1..6) {
            let grades = [self.rng.random_range(0..4), self.rng.random_range(0..4)];
            // Medicine excludes flow without hypertrophy.
            body["grades"] = json!([grades[0].max(grades[1]), grades[1]]);
            let chance = self.rng.random_range(0..8);
            if chance == 0 {
                let stale = self.save(key, &path, version - 1, &mut body)?;
                assert_eq!(stale, None, "a stale change came through");
                continue;
            }
            let saved = self.save(key, &path, version, &mut body)?;
            if chance == 1 {
                self.again(&path, version, saved, &body)?;
            }
            // Refused: the other window was faster.
            let Some(new) = saved else { break };
            version = new;
        }
        if self.rng.random_bool(0.5) {
            self.lock(key, &path, version)?;
        }
        Some(())
    }

    /// Saves a change; the new version unless it was refused.
    fn save(
        &mut self,
        key: Key,
        path: &str,
        version: i64,
        body: &mut Value,
    ) -> Option<Option<i64>> {
        self.sent += 1;
        let name = format!("{}-{}", self.name, self.sent);
        body["comment"] = json!(name);
        let asked = json!({ "version": version, "change": name, "body": body });
        let answer = self.client.patiently("PUT", path, Some(&asked));
        let outcome = match &answer {
            None => Outcome::NoAnswer,
            Some(answer) if answer.status == 200 => {
                Outcome::Version(answer.json()["version"].as_i64().unwrap())
            }
            Some(answer) => self.is_refused(answer),
        };
        let change = Change { key, from: version, body: body.clone(), outcome, sent_again: false };
        assert!(self.record.changes.insert(name, change).is_none());
        answer?;
        Some(if let Outcome::Version(new) = outcome { Some(new) } else { None })
    }

    /// The last change once more, as a browser does whose answer was lost: it
    /// is the same version, unless another window came in between.
    fn again(&mut self, path: &str, version: i64, saved: Option<i64>, body: &Value) -> Option<()> {
        self.record.twice += 1;
        let asked = json!({ "version": version, "change": body["comment"], "body": body });
        let answer = self.client.patiently("PUT", path, Some(&asked))?;
        if answer.status == 200 {
            assert_eq!(answer.json()["version"].as_i64(), saved, "{}", answer.text());
        } else {
            self.is_refused(&answer);
        }
        Some(())
    }

    fn lock(&mut self, key: Key, path: &str, version: i64) -> Option<()> {
        self.record.asked_to_lock.insert(key);
        let asked = json!({ "version": version });
        let answer = self.client.patiently("POST", &format!("{path}/lock"), Some(&asked))?;
        match answer.status {
            200 => {
                let locked = answer.json()["version"].as_i64().unwrap();
                let before = self.record.locks.insert(key, locked);
                assert!(before.is_none_or(|before| before == locked), "locked twice");
            }
            // A reading without grades is not complete.
            422 => assert!(answer.text().contains("missing"), "{}", answer.text()),
            _ => drop(self.is_refused(&answer)),
        }
        Some(())
    }

    /// Another window was faster: nothing was overwritten, and a sentence says so.
    fn is_refused(&mut self, answer: &Answer) -> Outcome {
        assert_eq!(answer.status, 409, "{}", answer.text());
        let said = answer.json();
        let sentence = said["error"].as_str().unwrap();
        assert!(sentence.contains("another window") || sentence.contains("locked"), "{sentence}");
        assert!(said["state"]["version"].is_i64(), "{said}");
        self.record.refused += 1;
        Outcome::Refused
    }
}

impl Record {
    fn take(&mut self, others: Vec<Record>) {
        for other in others {
            for (name, change) in other.changes {
                assert!(self.changes.insert(name, change).is_none());
            }
            self.locks.extend(other.locks);
            self.asked_to_lock.extend(other.asked_to_lock);
            self.refused += other.refused;
            self.twice += other.twice;
        }
    }
}

/// What browsers do whose answer never came: they send the same change again.
fn send_again(served: &Served, readers: &[Person], pairs: &[(i64, String)], record: &mut Record) {
    for (name, change) in &mut record.changes {
        if change.outcome != Outcome::NoAnswer || change.sent_again {
            continue;
        }
        change.sent_again = true;
        let (pair, reader) = change.key;
        let reader = readers.iter().find(|known| known.id == reader).unwrap();
        let (_, code) = pairs.iter().find(|(id, _)| *id == pair).unwrap();
        let asked = json!({ "version": change.from, "change": name, "body": change.body });
        let path = format!("/api/v1/pairs/{code}/reading");
        let answer = Client::with_token(served.address, &reader.token).json("PUT", &path, &asked);
        let answer = answer.unwrap();
        match answer.status {
            200 => {
                let version = answer.json()["version"].as_i64().unwrap();
                assert_eq!(version, change.from + 1);
                change.outcome = Outcome::Version(version);
            }
            // The other window went on from it, or came before it.
            409 => {}
            _ => panic!("{}", answer.text()),
        }
    }
}

/// Compares journal, database and what the server says with what was answered.
/// Returns the lines of the journal.
fn check(
    served: &Served,
    data: &Path,
    readers: &[Person],
    pairs: &[(i64, String)],
    record: &Record,
) -> usize {
    let saved = lines(data, "reading.saved");
    let mut versions: BTreeMap<Key, Vec<&Value>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for (key, after) in &saved {
        let name = after["comment"].as_str().unwrap();
        let change = &record.changes[name];
        assert!(seen.insert(name), "{name} was saved twice");
        assert!(change.key == *key && change.body == *after, "{name} is not what was sent");
        let versions = versions.entry(*key).or_default();
        versions.push(after);
        let version = versions.len() as i64 + 1;
        match change.outcome {
            Outcome::Version(told) => assert_eq!(told, version, "{name}"),
            Outcome::NoAnswer => {}
            Outcome::Refused => panic!("{name} was refused and is there"),
        }
    }
    for (name, change) in &record.changes {
        let is_acknowledged = matches!(change.outcome, Outcome::Version(_));
        assert!(!is_acknowledged || seen.contains(name.as_str()), "{name} is lost");
    }
    let locked: BTreeSet<Key> =
        lines(data, "reading.locked").into_iter().map(|(key, _)| key).collect();
    assert!(locked.is_subset(&record.asked_to_lock));
    for (key, version) in &record.locks {
        assert!(locked.contains(key), "a lock is lost");
        assert_eq!(versions[key].len() as i64 + 1, *version, "changed after it was locked");
    }
    let stored = stored(data);
    for (key, (version, body, is_locked)) in &stored {
        let said = versions.get(key).map_or(&[][..], Vec::as_slice);
        assert_eq!(*version, said.len() as i64 + 1, "{key:?}");
        assert!(said.last().is_none_or(|last| *last == body), "{key:?}");
        assert_eq!(*is_locked, locked.contains(key), "{key:?}");
    }
    as_served(served, readers, pairs, &stored);
    all_lines(data)
}

/// The server tells what is stored: the last readings of each reader.
fn as_served(
    served: &Served,
    readers: &[Person],
    pairs: &[(i64, String)],
    stored: &BTreeMap<Key, (i64, Value, bool)>,
) {
    for reader in readers {
        let mut client = Client::with_token(served.address, &reader.token);
        let own = stored.iter().filter(|((_, whose), _)| *whose == reader.id);
        for ((pair, _), (version, body, is_locked)) in own.rev().take(2 * OPEN) {
            let (_, code) = pairs.iter().find(|(id, _)| id == pair).unwrap();
            let said = client.get(&format!("/api/v1/pairs/{code}/reading")).unwrap().json();
            let reading = &said["reading"];
            assert_eq!(reading["version"], *version);
            assert_eq!(reading["body"], *body);
            assert_eq!(reading["locked"].is_string(), *is_locked);
        }
    }
}

/// Lines of the journal of a kind: whose reading, and what is there after it.
fn lines(data: &Path, kind: &str) -> Vec<(Key, Value)> {
    let database = room::database(data);
    let sql = "SELECT subject, after FROM events WHERE kind = ?1 ORDER BY id";
    let mut statement = database.prepare(sql).unwrap();
    let rows = statement.query_map([kind], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(|row| {
        let (subject, after): (String, String) = row.unwrap();
        let (pair, reader, _) = rating_web::readings::of_subject(&subject).unwrap();
        ((pair, reader), serde_json::from_str(&after).unwrap())
    })
    .collect()
}

fn all_lines(data: &Path) -> usize {
    let sql = "SELECT count(*) FROM events";
    let count: i64 = room::database(data).query_row(sql, [], |row| row.get(0)).unwrap();
    count as usize
}

/// Every reading: version, body, whether it is locked.
fn stored(data: &Path) -> BTreeMap<Key, (i64, Value, bool)> {
    let database = room::database(data);
    let sql = "SELECT pair, reader, version, body, locked IS NOT NULL FROM readings";
    let mut statement = database.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| {
        let body: String = row.get(3)?;
        let known = (row.get(2)?, serde_json::from_str(&body).unwrap(), row.get(4)?);
        Ok(((row.get(0)?, row.get(1)?), known))
    });
    rows.unwrap().map(Result::unwrap).collect()
}
