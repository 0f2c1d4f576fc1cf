//! A study of two readers in a room, and what they do in it.

use axum::http::{Method, StatusCode};
use rating::scores::decide_votes;
use rating::study::StudyProtocol;
use rating::{Origin, Protocol};
use rating_web::answers::Scored;
use rating_web::people::Role;
use rating_web::store::{Actor, journal};
use rating_web::studies::{self, FrozenAnswer, NewCase, Opening};
use serde_json::{Value, json};

use super::{Answer, Browser, PASSWORD, TestRoom};

pub const DAY: u64 = 24 * 60 * 60;
/// A heatmap that no other byte of the room looks like.
pub const MAP: &[u8] = b"\x89PNG heatmap of this test";

pub const PROTOCOL: &str = r#"
name = "walk"
title = "A walk through a study"
seed = 5
[cases]
cohort = "test"
[design]
kind = "sequential"
washout_days = 14
[[arms]]
name = "unaided"
shows = "nothing"
[[arms]]
name = "assisted"
shows = "grades-and-heatmap"
own_grades_first = true
[[readers]]
name = "R1"
[[readers]]
name = "R2"
"#;

/// What the system says about every case.
pub fn frozen() -> FrozenAnswer {
    let votes = vec![vec![2; 5], vec![1; 5]];
    let decision = decide_votes(&Protocol::eoss(), votes, Default::default()).unwrap();
    let scored = Scored::new(decision, 60, Some(0.25), Origin::Phantom);
    FrozenAnswer { scored, maps: (0..2).map(|modality| (modality, MAP.to_vec())).collect() }
}

pub struct Study {
    pub room: TestRoom,
    pub readers: [Browser; 2],
    pub coordinator: Browser,
    _folder: tempfile::TempDir,
}

impl Study {
    pub async fn open(protocol: &str, cases: u8) -> Study {
        let folder = tempfile::tempdir().unwrap();
        let room = TestRoom::canned(folder.path());
        let coordinator = room.browser("Coordinator", Role::Coordinator).await;
        let readers =
            [room.browser("Anna", Role::Reader).await, room.browser("Ben", Role::Reader).await];
        let protocol = StudyProtocol::from_toml(protocol).unwrap();
        let answer = frozen();
        let mut pairs = Vec::new();
        for case in 0..cases {
            let code = room.pair(&format!("case-{case}"), case, &[]);
            let found = room
                .room
                .store
                .read_now(|db| Ok(rating_web::pairs::by_code(db, &Protocol::eoss(), &code)?.id));
            pairs.push(NewCase { pair: found.unwrap(), answer: Some(answer.clone()) });
        }
        let opening = Opening {
            protocol,
            cases: pairs,
            readers: readers.iter().map(|reader| reader.id).collect(),
            bundle: Some("b".repeat(64)),
        };
        room.room
            .store
            .write_now(Actor::Server, move |change| studies::open(change, &opening))
            .unwrap();
        Study { room, readers, coordinator, _folder: folder }
    }

    pub async fn get(&self, browser: &Browser, path: &str) -> Answer {
        self.room.get(browser, path).await
    }

    /// Lets time pass; sessions end, so everybody signs in again.
    pub async fn wait(&mut self, seconds: u64) {
        self.room.pass(seconds);
        for (reader, name) in self.readers.iter_mut().zip(["Anna", "Ben"]) {
            let fields = [("name", name), ("password", PASSWORD)];
            let answer = self.room.form(&Browser::default(), "/sign-in", &fields).await;
            *reader = self.room.signed_in(reader.id, &answer).await;
        }
    }

    pub async fn case(&self, reader: usize) -> Value {
        self.get(&self.readers[reader], "/api/v1/studies/walk/case").await.json()
    }

    pub async fn ask(&self, reader: usize, method: Method, what: &str, body: Value) -> Answer {
        let path = format!("/api/v1/studies/walk/items/{what}");
        self.room.ask(&self.readers[reader], method, &path, Some(body)).await
    }

    /// Grades the case whose turn it is. Returns what came back.
    pub async fn grade(&self, reader: usize, case: &Value, grades: [u8; 2]) -> Answer {
        let reading = &case["reading"];
        let body = json!({ "grades": grades, "effort": { "active": 1500, "left": 1, "events": [[5, "grade-0-2"]] } });
        let change = format!("{}-{}", case["item"], reading["version"]);
        let save = json!({ "version": reading["version"], "change": change, "body": body });
        self.ask(reader, Method::PUT, &case["item"].to_string(), save).await
    }

    /// Says of the case whose turn it is that it cannot be graded.
    pub async fn refuse(&self, reader: usize, case: &Value, why: &str) -> Answer {
        let reading = &case["reading"];
        let change = format!("{}-{}-{why}", case["item"], reading["version"]);
        let body = json!({ "grades": [null, 2], "cannot": why });
        let save = json!({ "version": reading["version"], "change": change, "body": body });
        self.ask(reader, Method::PUT, &case["item"].to_string(), save).await
    }

    /// Reads the case whose turn it is, with the answer where the arm has one.
    pub async fn read(&self, reader: usize, grades: [u8; 2]) {
        let case = self.case(reader).await;
        assert_eq!(case["state"], "read", "{case}");
        self.room.pass(2);
        let saved = self.grade(reader, &case, grades).await;
        assert_eq!(saved.status, StatusCode::OK, "{}", saved.text());
        let of_version = json!({ "version": saved.json()["version"] });
        if case["arm"]["shows"] != "nothing" {
            let shown = self
                .ask(reader, Method::POST, &format!("{}/show", case["item"]), of_version.clone())
                .await;
            assert_eq!(shown.status, StatusCode::OK, "{}", shown.text());
        }
        let lock = format!("{}/lock", case["item"]);
        let submitted = self.ask(reader, Method::POST, &lock, of_version).await;
        assert_eq!(submitted.status, StatusCode::OK, "{}", submitted.text());
    }

    pub async fn manage(&self, what: &str, fields: &[(&str, &str)]) -> Answer {
        self.room.form(&self.coordinator, &format!("/studies/walk/{what}"), fields).await
    }

    pub fn study(&self) -> studies::Study {
        self.room.room.store.read_now(|db| studies::by_name(db, "walk")).unwrap()
    }

    pub fn submitted(&self) -> Vec<studies::Submitted> {
        let study = self.study();
        let store = &self.room.room.store;
        let submitted = store.read_now(|db| studies::submitted(db, &study)).unwrap();
        let replayed = store.read_now(|db| studies::replay(db, &study)).unwrap();
        assert_eq!(submitted, replayed, "the journal tells another story");
        store.read_now(journal::check).unwrap();
        submitted
    }

    pub fn told(&self, kind: &str) -> usize {
        let lines = self.room.room.store.read_now(|db| journal::lines(db, 0, 100_000)).unwrap();
        lines.iter().filter(|line| line.kind == kind).count()
    }
}
