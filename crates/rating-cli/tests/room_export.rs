//! From a reading room to a bundle: what is settled goes out, is a manifest that
//! `rating check` likes, and `rating train` learns from it.

mod support;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rating::Protocol;
use rating::manifest::Manifest;
use rating_web::people::{self, Role};
use rating_web::readings::{self, Save, Stage};
use rating_web::store::{Actor, Change};
use rating_web::{Moment, Opening, Refusal, Room, SetClock, import, pairs};
use support::{phantoms, refuse, succeed, text};

const READERS: [&str; 2] = ["anna", "berta"];

/// A room with two readers, who are handed every pair of the manifest.
fn open(folder: &Path) -> (Arc<Room>, Vec<i64>) {
    let clock = Arc::new(SetClock::at(Moment::at(1_772_000_000_000)));
    let protocol = Protocol::eoss();
    let opening =
        Opening { folder, protocol, clock: clock.clone(), seed: [7; 32], is_secure: false };
    let room = Arc::new(Room::open(opening).unwrap());
    clock.pass(Duration::from_secs(1));
    let make = |change: &mut Change<'_>| {
        READERS.iter().map(|name| people::create(change, name, Role::Reader)).collect()
    };
    let readers: Result<Vec<i64>, Refusal> = room.store.write_now(Actor::Server, make);
    (room, readers.unwrap())
}

/// One reader's locked reading of a pair: the grades of the manifest's row.
fn read(room: &Arc<Room>, reader: i64, pair: i64, grades: Vec<Option<u8>>) {
    let protocol = room.protocol.clone();
    let key = (pair, reader, Stage::First);
    let made = room.store.write_now(Actor::Person(reader), move |change| {
        let opened = readings::open(change, &protocol, pair, reader, Stage::First)?;
        let body = readings::Body { grades, ..opened.body };
        let save = Save { version: opened.version, change: "graded".to_owned(), body };
        let saved = readings::save(change, &protocol, key, &save)?;
        readings::lock(change, &protocol, key, saved.version)
    });
    made.unwrap();
}

/// Every reader gives every pair the grades it came with: all are settled.
fn settle(room: &Arc<Room>, readers: &[i64], pairs: i64) {
    for pair in 1..=pairs {
        let stored = room.store.read_now(|db| pairs::one(db, &room.protocol, pair)).unwrap();
        for &reader in readers {
            read(room, reader, pair, stored.row.grades.clone());
        }
    }
}

#[test]
fn what_readers_settled_is_trained_on() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let drawn = phantoms(folder.path());
    let (room, readers) = open(&at("room"));
    let names = READERS.map(str::to_owned);
    let go_on = |_, _| std::ops::ControlFlow::Continue(());
    let report = import::manifest(&room, &drawn, None, &names, go_on).unwrap();
    assert!(report.refused.is_empty(), "{:?}", report.refused);
    settle(&room, &readers, 24);
    drop(room);

    let said = succeed(&["export", "--data", text(&at("room")), text(&at("out"))]);
    assert!(said.starts_with("24 settled pairs"), "{said}");
    let manifest = at("out").join("manifest.csv");
    succeed(&["check", text(&manifest)]);
    let parse = |path: &Path| {
        Manifest::parse(fs::read(path).unwrap().as_slice(), &Protocol::eoss()).unwrap().rows
    };
    let grades = |path: &Path| parse(path).into_iter().map(|row| row.grades).collect::<Vec<_>>();
    assert_eq!(grades(&manifest), grades(&drawn));
    // What is there already is never written over.
    let complaint = refuse(3, &["export", "--data", text(&at("room")), text(&at("out"))]);
    assert!(complaint.contains("there already"), "{complaint}");

    #[cfg(feature = "train")]
    {
        support::train_nano(&manifest, &at("bundle"), &["--jobs", "2"]);
        let (bundle, scores) = (at("bundle"), at("scores"));
        let score = ["score", "--bundle", text(&bundle), "--manifest", text(&manifest)];
        succeed(&[&score[..], &["--out", text(&scores)]].concat());
        assert_eq!(fs::read_to_string(scores.join("scores.csv")).unwrap().lines().count(), 25);
    }
}
