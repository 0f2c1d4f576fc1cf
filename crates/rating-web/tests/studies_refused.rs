//! Reader studies through the room: what is refused, and what changes for a reason.

mod support;

use std::collections::BTreeSet;

use axum::http::{Method, StatusCode};
use rating::Protocol;
use rating::study::StudyProtocol;
use rating_web::pairs::{self, Assigned};
use rating_web::people::Role;
use rating_web::store::{Actor, Change};
use rating_web::studies::{self, NewCase, Opening};
use serde_json::{Value, json};
use support::TestRoom;
use support::study::{PROTOCOL, Study, frozen};

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
    let board = study.get(&study.coordinator, "/studies/walk").await.text();
    assert!(board.contains("rating study report walk --data"), "{board}");
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
    assert_eq!(assign(reader), Assigned { added: 0, learned: 0, studied: 1, seen: 0 });
    assert_eq!(assign(other), Assigned { added: 1, learned: 0, studied: 0, seen: 0 });
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
async fn where_every_case_is_graded_none_is_refused() {
    let study = Study::open(PROTOCOL, 1).await;
    let case = study.case(0).await;
    assert_eq!(case["cannot_grade"], false);
    let refused = study.refuse(0, &case, "motion").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().contains("grades of every case"), "{}", refused.text());
}

#[tokio::test]
async fn only_a_session_that_waits_may_begin_early() {
    let study = Study::open(PROTOCOL, 1).await;
    let first = study.manage("allow-early", &[("number", "1.1"), ("why", "ill")]).await;
    assert_eq!(first.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", first.text());
    study.read(0, [1, 1]).await;
    let early = study.manage("allow-early", &[("number", "1.2"), ("why", "ill")]).await;
    assert_eq!(early.status, StatusCode::SEE_OTHER, "{}", early.text());
    study.read(0, [1, 1]).await;
    let late = study.manage("allow-early", &[("number", "1.2"), ("why", "ill")]).await;
    assert_eq!(late.status, StatusCode::NOT_FOUND, "{}", late.text());
    let board = study.get(&study.coordinator, "/studies/walk").await.text();
    assert!(!board.contains("value=\"1.2\"") && board.contains("value=\"2.2\""), "{board}");
}

#[tokio::test]
async fn a_withdrawn_reader_is_told_of_altered_answers_too() {
    let altered = "[altered]\nshare = 0.5\nrule = \"one-up\"\nethics_approval = \"test\"\n[design]";
    let protocol = PROTOCOL.replace("[design]", altered).replace("washout_days = 14", "");
    let study = Study::open(&protocol, 2).await;
    study.read(0, [1, 1]).await;
    study.read(0, [1, 1]).await;
    // Both answers are looked at, one of them altered; the second is never submitted.
    study.read(0, [1, 1]).await;
    let case = study.case(0).await;
    let saved = study.grade(0, &case, [1, 1]).await.json();
    let show = format!("{}/show", case["item"]);
    let of_version = json!({ "version": saved["version"] });
    let shown = study.ask(0, Method::POST, &show, of_version).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.text());
    let told = study.manage("withdraw-reader", &[("number", "1"), ("why", "ill")]).await;
    assert_eq!(told.status, StatusCode::SEE_OTHER);
    let page = study.get(&study.readers[0], "/studies/walk").await.text();
    assert!(page.contains("read in this study no more") && !page.contains("altered"), "{page}");
    assert!(study.manage("close", &[("name", "walk")]).await.status.is_redirection());
    let page = study.get(&study.readers[0], "/studies/walk").await.text();
    assert!(page.contains("altered on purpose: 1 of those you saw"), "{page}");
    let list = study.get(&study.readers[0], "/studies").await.text();
    assert!(list.contains("/studies/walk"), "{list}");
}
