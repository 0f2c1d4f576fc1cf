//! Reader studies through the room: what is sent, what is kept, what is refused.

mod support;

use std::collections::BTreeSet;

use axum::http::{Method, StatusCode};
use rating::scores::decide_votes;
use rating::study::StudyProtocol;
use rating::{Origin, Protocol};
use rating_web::answers::Scored;
use rating_web::pairs::{self, Assigned};
use rating_web::people::Role;
use rating_web::store::{Actor, Change, journal};
use rating_web::studies::{self, FrozenAnswer, NewCase, Opening};
use serde_json::{Value, json};
use support::{Answer, Browser, TestRoom};

const DAY: u64 = 24 * 60 * 60;
/// A heatmap that no other byte of the room looks like.
const MAP: &[u8] = b"\x89PNG heatmap of this test";

const PROTOCOL: &str = r#"
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
fn frozen() -> FrozenAnswer {
    let votes = vec![vec![2; 5], vec![1; 5]];
    let decision = decide_votes(&Protocol::eoss(), votes, Default::default()).unwrap();
    let scored = Scored::new(decision, 60, Some(0.25), Origin::Phantom);
    FrozenAnswer { scored, maps: (0..2).map(|modality| (modality, MAP.to_vec())).collect() }
}

struct Study {
    room: TestRoom,
    readers: [Browser; 2],
    coordinator: Browser,
    _folder: tempfile::TempDir,
}

impl Study {
    async fn open(protocol: &str, cases: u8) -> Study {
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

    async fn get(&self, browser: &Browser, path: &str) -> Answer {
        self.room.get(browser, path).await
    }

    /// Lets time pass; sessions end, so everybody signs in again.
    async fn wait(&mut self, seconds: u64) {
        self.room.pass(seconds);
        for (reader, name) in self.readers.iter_mut().zip(["Anna", "Ben"]) {
            let fields = [("name", name), ("password", support::PASSWORD)];
            let answer = self.room.form(&Browser::default(), "/sign-in", &fields).await;
            *reader = self.room.signed_in(reader.id, &answer).await;
        }
    }

    async fn case(&self, reader: usize) -> Value {
        self.get(&self.readers[reader], "/api/v1/studies/walk/case").await.json()
    }

    async fn ask(&self, reader: usize, method: Method, what: &str, body: Value) -> Answer {
        let path = format!("/api/v1/studies/walk/items/{what}");
        self.room.ask(&self.readers[reader], method, &path, Some(body)).await
    }

    /// Grades the case whose turn it is. Returns what came back.
    async fn grade(&self, reader: usize, case: &Value, grades: [u8; 2]) -> Answer {
        let reading = &case["reading"];
        let body = json!({ "grades": grades, "effort": { "active": 1500, "left": 1, "events": [[5, "grade-0-2"]] } });
        let change = format!("{}-{}", case["item"], reading["version"]);
        let save = json!({ "version": reading["version"], "change": change, "body": body });
        self.ask(reader, Method::PUT, &case["item"].to_string(), save).await
    }

    /// Reads the case whose turn it is, with the answer where the arm has one.
    async fn read(&self, reader: usize, grades: [u8; 2]) {
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

    async fn manage(&self, what: &str, fields: &[(&str, &str)]) -> Answer {
        self.room.form(&self.coordinator, &format!("/studies/walk/{what}"), fields).await
    }

    fn study(&self) -> studies::Study {
        self.room.room.store.read_now(|db| studies::by_name(db, "walk")).unwrap()
    }

    fn submitted(&self) -> Vec<studies::Submitted> {
        let study = self.study();
        let store = &self.room.room.store;
        let submitted = store.read_now(|db| studies::submitted(db, &study)).unwrap();
        let replayed = store.read_now(|db| studies::replay(db, &study)).unwrap();
        assert_eq!(submitted, replayed, "the journal tells another story");
        store.read_now(journal::check).unwrap();
        submitted
    }

    fn told(&self, kind: &str) -> usize {
        let lines = self.room.room.store.read_now(|db| journal::lines(db, 0, 100_000)).unwrap();
        lines.iter().filter(|line| line.kind == kind).count()
    }
}

/// Whether bytes hold anything of the system's answer.
fn leaks(answer: &Answer) -> bool {
    let words =
        ["\"votes\":", "\"combined\":2", "models say", "PHANTOM", "watermark\":\"", "probabil"];
    let text = answer.text();
    answer.bytes.windows(MAP.len()).any(|window| window == MAP)
        || words.iter().any(|word| text.contains(word))
        || answer.headers.keys().any(|name| name.as_str().contains("rating-origin"))
}

#[tokio::test]
async fn the_unaided_arm_is_sent_nothing_of_the_answer() {
    let study = Study::open(PROTOCOL, 3).await;
    let reader = &study.readers[0];
    let mut seen = BTreeSet::new();
    for _ in 0..3 {
        let case = study.case(0).await;
        let (item, next) = (case["item"].to_string(), case["next"].to_string());
        let of_version = json!({ "version": case["reading"]["version"] });
        let mut answers = vec![
            study.get(reader, "/").await,
            study.get(reader, "/studies").await,
            study.get(reader, "/studies/walk").await,
            study.get(reader, "/studies/walk/read").await,
            study.get(reader, "/api/v1/studies/walk/case").await,
            study.get(reader, "/api/v1/studies/walk/readings").await,
            study.ask(0, Method::POST, &format!("{item}/show"), of_version.clone()).await,
            study.ask(0, Method::POST, &format!("{next}/show"), of_version).await,
        ];
        for which in [&item, &next] {
            for modality in ["grayscale", "doppler"] {
                for what in ["images", "maps"] {
                    let path = format!("/api/v1/studies/walk/items/{which}/{what}/{modality}");
                    answers.push(study.get(reader, &path).await);
                }
            }
        }
        // The reading room gives nothing away, either.
        for code in ["case-0", "case-1"] {
            for what in ["answer", "maps/grayscale", "readings", "images/grayscale"] {
                answers.push(study.get(reader, &format!("/api/v1/pairs/{code}/{what}")).await);
            }
        }
        for answer in &answers {
            assert!(!leaks(answer), "{}", answer.text());
        }
        assert_eq!(answers[6].status, StatusCode::FORBIDDEN);
        assert!(answers[5].status.is_client_error());
        assert!(seen.insert(item));
        study.read(0, [1, 1]).await;
    }
    // Six maps and three answers were asked for by hand; every one is written down.
    assert_eq!(study.told("study.answer.refused"), 9);
}

#[tokio::test]
async fn the_assisted_arm_comes_after_the_washout_and_shows_what_it_should() {
    let mut study = Study::open(PROTOCOL, 2).await;
    for _ in 0..2 {
        study.read(0, [1, 1]).await;
    }
    assert_eq!(study.case(0).await["state"], "wait");
    study.wait(14 * DAY - 10).await;
    assert_eq!(study.case(0).await["state"], "wait");
    study.room.pass(10);
    let case = study.case(0).await;
    assert_eq!((&case["state"], &case["answer"]), (&json!("read"), &Value::Null));
    // Own grades first: nothing before, and nothing half-graded.
    let map = format!("/api/v1/studies/walk/items/{}/maps/doppler", case["item"]);
    assert_eq!(study.get(&study.readers[0], &map).await.status, StatusCode::FORBIDDEN);
    let show = format!("{}/show", case["item"]);
    let early = study.ask(0, Method::POST, &show, json!({ "version": 1 })).await;
    assert_eq!(early.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", early.text());
    let saved = study.grade(0, &case, [1, 1]).await.json();
    let of_version = json!({ "version": saved["version"] });
    let lock = format!("{}/lock", case["item"]);
    let unseen = study.ask(0, Method::POST, &lock, of_version.clone()).await;
    assert!(unseen.text().contains("Look at the system's answer"), "{}", unseen.text());
    let shown = study.ask(0, Method::POST, &show, of_version).await.json();
    assert_eq!(
        (&shown["answer"]["combined"], &shown["reading"]["own"]),
        (&json!(2), &json!([1, 1]))
    );
    assert_eq!(shown["answer"]["watermark"], "PHANTOM: says nothing about patients");
    let sent = study.get(&study.readers[0], &map).await;
    assert_eq!((sent.status, sent.bytes.as_slice()), (StatusCode::OK, MAP));
    // The reader comes round; both readings are kept.
    let revised = study.grade(0, &shown, [2, 1]).await.json();
    let submitted =
        study.ask(0, Method::POST, &lock, json!({ "version": revised["version"] })).await;
    assert_eq!(submitted.status, StatusCode::OK);
    let last = study.submitted().into_iter().find(|reading| reading.arm == 1).unwrap();
    assert_eq!((last.own, last.grades), (Some(vec![1, 1]), vec![2, 1]));
    assert_eq!(last.shown_grades, Some(vec![2, 1]));
}

#[tokio::test]
async fn a_washout_is_shortened_only_with_a_reason_in_the_journal() {
    let study = Study::open(PROTOCOL, 1).await;
    study.read(0, [0, 0]).await;
    let silent = study.manage("allow-early", &[("number", "1.2"), ("why", " ")]).await;
    assert_eq!(silent.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(study.case(0).await["state"], "wait");
    let told =
        study.manage("allow-early", &[("number", "1.2"), ("why", "leaves the hospital")]).await;
    assert_eq!(told.status, StatusCode::SEE_OTHER, "{}", told.text());
    assert_eq!(study.case(0).await["state"], "read");
    assert_eq!(study.told("study.washout.overridden"), 1);
    // A clock that is set back makes nobody wait less, and takes no work away.
    study.room.clock.set(rating_web::Moment::at(1_000_000_000_000));
    study.read(0, [2, 1]).await;
    assert_eq!(study.case(0).await["state"], "done");
    assert!(study.submitted().iter().all(|reading| reading.active >= 0));
}

#[tokio::test]
async fn what_is_submitted_stays_in_every_window() {
    let study = Study::open(PROTOCOL, 2).await;
    let case = study.case(0).await;
    let saved = study.grade(0, &case, [2, 1]).await.json();
    // Another tab knows an older version; the same change twice is one.
    let other = json!({ "version": 1, "change": "other tab", "body": { "grades": [0, 0] } });
    let item = case["item"].to_string();
    let refused = study.ask(0, Method::PUT, &item, other).await;
    assert_eq!(
        (refused.status, &refused.json()["state"]["body"]["grades"]),
        (StatusCode::CONFLICT, &json!([2, 1]))
    );
    assert_eq!(study.grade(0, &case, [2, 1]).await.json(), saved);
    let lock = format!("{item}/lock");
    let of_version = json!({ "version": saved["version"] });
    let first = study.ask(0, Method::POST, &lock, of_version.clone()).await;
    let twice = study.ask(0, Method::POST, &lock, of_version).await;
    assert_eq!((twice.status, twice.json()), (StatusCode::OK, first.json()));
    // Neither its reader nor another changes it now.
    let after =
        json!({ "version": saved["version"], "change": "late", "body": { "grades": [3, 3] } });
    assert_eq!(study.ask(0, Method::PUT, &item, after.clone()).await.status, StatusCode::CONFLICT);
    assert_eq!(study.ask(1, Method::PUT, &item, after).await.status, StatusCode::CONFLICT);
    let store = &study.room.room.store;
    let forced = store.write_now(Actor::Server, |change| {
        change.execute("UPDATE study_answers SET grades = '[0,0]'", [])?;
        change.tell("test", "test", (), ())
    });
    assert!(forced.unwrap_err().is_ours());
    assert_eq!(study.submitted().len(), 1);
}

#[tokio::test]
async fn nonsense_is_refused() {
    let study = Study::open(PROTOCOL, 1).await;
    let case = study.case(0).await;
    let item = case["item"].to_string();
    let outside = study.grade(0, &case, [7, 0]).await;
    assert_eq!(outside.status, StatusCode::UNPROCESSABLE_ENTITY);
    let excluded = study.grade(0, &case, [0, 2]).await.json();
    let lock = format!("{item}/lock");
    let refused =
        study.ask(0, Method::POST, &lock, json!({ "version": excluded["version"] })).await;
    assert!(refused.text().contains("exclude one another"), "{}", refused.text());
    let events: Vec<Value> = (0..501).map(|at| json!([at, "x"])).collect();
    for effort in [json!({ "events": events }), json!({ "events": [[0, "<script>"]] })] {
        let body = json!({ "grades": [1, 1], "effort": effort });
        let asked = json!({ "version": excluded["version"], "change": "c", "body": body });
        assert_eq!(study.ask(0, Method::PUT, &item, asked).await.status, StatusCode::BAD_REQUEST);
    }
    for path in ["/studies/none", "/api/v1/studies/none/case", "/api/v1/studies/none/readings"] {
        let browser = if path.ends_with("case") { &study.readers[0] } else { &study.coordinator };
        assert_eq!(study.get(browser, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn withdrawals_have_reasons_and_the_closed_study_is_sealed() {
    let study = Study::open(PROTOCOL, 3).await;
    study.read(0, [1, 1]).await;
    study.read(1, [1, 0]).await;
    let withheld = study.get(&study.coordinator, "/api/v1/studies/walk/readings").await;
    assert_eq!(withheld.status, StatusCode::FORBIDDEN);
    let board = study.get(&study.coordinator, "/studies/walk").await.text();
    assert!(board.contains("withheld until the study is closed"), "{board}");
    // One unread case of the first reader goes; another reader stops.
    let read: BTreeSet<usize> = study.submitted().iter().map(|reading| reading.case).collect();
    let gone = (0..3).find(|case| !read.contains(case)).unwrap();
    let case = format!("case-{gone}");
    let nobody = study.manage("withdraw-case", &[("case", "case-9"), ("why", "blurred")]).await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
    let told =
        study.manage("withdraw-case", &[("case", &case), ("why", "consent withdrawn")]).await;
    assert_eq!(told.status, StatusCode::SEE_OTHER, "{}", told.text());
    let again = study.manage("withdraw-case", &[("case", &case), ("why", "again")]).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    let board = study.get(&study.coordinator, "/studies/walk").await.text();
    assert!(board.contains(&case) && board.contains("consent withdrawn"), "{board}");
    let told = study.manage("withdraw-reader", &[("number", "2"), ("why", "ill")]).await;
    assert_eq!(told.status, StatusCode::SEE_OTHER);
    assert_eq!(
        study.get(&study.readers[1], "/api/v1/studies/walk/case").await.status,
        StatusCode::NOT_FOUND
    );
    study.read(0, [1, 1]).await;
    assert_eq!(study.case(0).await["state"], "wait");
    assert!(study.submitted().iter().all(|reading| reading.reader == 0));

    let mistyped = study.manage("close", &[("name", "wlak")]).await;
    assert_eq!(mistyped.status, StatusCode::UNPROCESSABLE_ENTITY);
    let closed = study.manage("close", &[("name", "walk")]).await;
    assert_eq!(closed.status, StatusCode::SEE_OTHER, "{}", closed.text());
    let readings = study.get(&study.coordinator, "/api/v1/studies/walk/readings").await.json();
    assert_eq!(
        (readings["readings"].as_array().unwrap().len(), readings["seal"].as_str().unwrap().len()),
        (2, 64)
    );
    for what in ["withdraw-case", "close"] {
        let late =
            study.manage(what, &[("name", "walk"), ("case", "case-0"), ("why", "late")]).await;
        assert_eq!(late.status, StatusCode::CONFLICT, "{what}");
    }
    assert_eq!(study.case(0).await["state"], "closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_in_an_open_study_gets_no_answer_about_any_pixels() {
    let study = Study::open(PROTOCOL, 3).await;
    // Those of a case, and others: cut out or changed in a pixel, cases are others.
    for (shade, route) in [(0, "score"), (77, "score"), (77, "explain")] {
        let path = format!("/api/v1/{route}");
        let refused = study.room.hand_in(&study.readers[0], &path, shade).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text());
        assert!(!refused.text().contains("grade"), "{}", refused.text());
    }
    assert_eq!(study.told("upload.refused"), 3);
    assert!(study.manage("close", &[("name", "walk")]).await.status.is_redirection());
    let answered = study.room.hand_in(&study.readers[0], "/api/v1/score", 77).await;
    assert!(!answered.text().contains("study"), "{}", answered.text());
}

#[tokio::test]
async fn cases_of_an_open_study_are_read_in_it_only() {
    let study = Study::open(PROTOCOL, 2).await;
    let store = &study.room.room.store;
    let cases = store.read_now(|db| studies::cases(db, &study.study())).unwrap();
    let pair = store.read_now(|db| rating_web::pairs::id_of(db, &cases[0].name)).unwrap();
    let (reader, other) = (study.readers[0].id, study.room.browser("Cleo", Role::Reader).await.id);
    let assign = |reader: i64| {
        let change = move |change: &mut Change<'_>| pairs::assign(change, reader, &[pair]);
        store.write_now(Actor::Server, change).unwrap()
    };
    assert_eq!(assign(reader), Assigned { added: 0, learned: 0, studied: 1 });
    assert_eq!(assign(other), Assigned { added: 1, learned: 0, studied: 0 });
}

#[tokio::test]
async fn a_study_takes_no_reader_who_has_met_a_case() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::canned(folder.path());
    let anna = room.browser("Anna", Role::Reader).await;
    let ben = room.browser("Ben", Role::Reader).await;
    let codes = [room.pair("p1", 1, &[anna.id, ben.id]), room.pair("p2", 2, &[anna.id, ben.id])];
    // Anna begins to read one; Ben has both before him.
    let begun = room.get(&anna, &format!("/api/v1/pairs/{}/reading", codes[0])).await;
    assert_eq!(begun.status, StatusCode::OK);
    let store = &room.room.store;
    let ids = codes.map(|code| {
        store.read_now(|db| Ok(pairs::by_code(db, &Protocol::eoss(), &code)?.id)).unwrap()
    });
    let one = PROTOCOL.replace("[[readers]]\nname = \"R2\"\n", "");
    let open = |reader: i64| {
        let opening = Opening {
            protocol: StudyProtocol::from_toml(&one.replace("grades-and-heatmap", "grades"))
                .unwrap(),
            cases: ids.map(|pair| NewCase { pair, answer: Some(frozen()) }).to_vec(),
            readers: vec![reader],
            bundle: None,
        };
        store.write_now(Actor::Server, move |change| studies::open(change, &opening))
    };
    let refusal = open(anna.id).unwrap_err();
    assert!(refusal.what.contains("Anna has read 1 of the cases"), "{}", refusal.what);
    open(ben.id).unwrap();
    // What waited for Ben in the room is read in the study only.
    let next = room.get(&ben, "/api/v1/next").await.json();
    assert!(next["code"].is_null(), "{next}");
    let opened = room.get(&ben, &format!("/api/v1/pairs/{}/reading", "none")).await;
    assert_eq!(opened.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_journal_withholds_what_readers_said_until_the_study_is_closed() {
    let study = Study::open(PROTOCOL, 1).await;
    study.read(0, [3, 2]).await;
    let root = study.room.browser("Root", Role::Admin).await;
    let page = study.get(&root, "/journal").await.text();
    assert!(page.contains("withheld until the study is closed"));
    assert!(!page.contains("[3,2]"), "grades of an open study");
    assert!(study.manage("close", &[("name", "walk")]).await.status.is_redirection());
    let page = study.get(&root, "/journal").await.text();
    assert!(page.contains("[3,2]") && !page.contains("withheld until"));
}
