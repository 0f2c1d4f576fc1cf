//! What a coordinator decides on the board: pairs taken back from a reader, and
//! from when on readers may see the system's answer.

mod support;

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use image::{ImageFormat, Rgb, RgbImage};
use rating::Protocol;
use rating_web::answers::Canned;
use rating_web::people::Role;
use rating_web::store::journal;
use serde_json::{Value, json};
use support::{Answer, Browser, TestRoom};

async fn open(room: &TestRoom, who: &Browser, code: &str, stage: &str) -> Answer {
    room.get(who, &format!("/api/v1/pairs/{code}/reading{stage}")).await
}

/// Opens and saves a reading; returns its version.
async fn draft(room: &TestRoom, who: &Browser, code: &str, stage: &str, grades: [u8; 2]) -> Value {
    let opened = open(room, who, code, stage).await;
    assert_eq!(opened.status, StatusCode::OK, "{}", opened.text());
    let roi = [5, 5, 50, 30];
    let body = json!({ "grades": grades, "cannot": null, "rois": [roi, roi], "comment": "" });
    let version = &opened.json()["reading"]["version"];
    let save = json!({ "version": version, "change": format!("{grades:?}"), "body": body });
    let path = format!("/api/v1/pairs/{code}/reading{stage}");
    let saved = room.ask(who, Method::PUT, &path, Some(save)).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.text());
    saved.json()["version"].clone()
}

async fn read(room: &TestRoom, who: &Browser, code: &str, stage: &str, grades: [u8; 2]) {
    let version = draft(room, who, code, stage, grades).await;
    let path = format!("/api/v1/pairs/{code}/reading{stage}/lock");
    let locked = room.ask(who, Method::POST, &path, Some(json!({ "version": version }))).await;
    assert_eq!(locked.status, StatusCode::OK, "{}", locked.text());
}

fn lines(room: &TestRoom, kind: &str) -> Vec<journal::Event> {
    let lines = room.room.store.read_now(|db| journal::lines(db, 0, 1000)).unwrap();
    lines.into_iter().filter(|event| event.kind == kind).collect()
}

#[tokio::test]
async fn pairs_are_taken_back_drafts_are_kept_and_locked_readings_stay() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    let anna = room.browser("anna", Role::Reader).await;
    let berta = room.browser("berta", Role::Reader).await;
    let carl = room.browser("carl", Role::Coordinator).await;
    let both = [anna.id, berta.id];
    let codes: Vec<String> =
        (1..=4).map(|shade| room.pair(&format!("p{shade}"), shade, &both)).collect();
    read(&room, &anna, &codes[0], "", [2, 1]).await;
    draft(&room, &anna, &codes[1], "", [3, 1]).await;
    read(&room, &berta, &codes[1], "", [1, 1]).await;
    let take_back = async |reader: &str, code: &str| {
        let fields = [("reader", reader), ("code", code)];
        room.form(&carl, "/take-back", &fields).await
    };

    let board = room.get(&carl, "/").await.text();
    assert!(board.contains("Take back") && board.contains("<option>anna</option>"), "{board}");
    let locked = take_back("anna", &codes[0]).await;
    assert_eq!(locked.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(locked.text().contains("anna has locked a reading of this pair: it stays."));
    assert_eq!(take_back("carl", "").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(take_back("anna", "ZZZZZZ").await.status, StatusCode::NOT_FOUND);
    assert_eq!(take_back("anna", &codes[1]).await.status, StatusCode::SEE_OTHER);
    let again = take_back("anna", &codes[1]).await;
    assert!(again.text().contains("was not handed to anna"), "{}", again.text());

    // It is not hers any more, by no route, and settled by the readers it still has.
    assert_eq!(open(&room, &anna, &codes[1], "").await.status, StatusCode::NOT_FOUND);
    let image = format!("/api/v1/pairs/{}/images/doppler", codes[1]);
    assert_eq!(room.get(&anna, &image).await.status, StatusCode::NOT_FOUND);
    let path = format!("/api/v1/pairs/{}/reading", codes[1]);
    let late = json!({ "version": 2, "change": "late", "body": {
        "grades": [0, 0], "cannot": null, "rois": [null, null], "comment": "" } });
    assert_eq!(room.ask(&anna, Method::PUT, &path, Some(late)).await.status, StatusCode::NOT_FOUND);
    let readings = room.get(&carl, &format!("/api/v1/pairs/{}/readings", codes[1])).await.json();
    assert_eq!(readings["progress"]["state"], "settled");

    // The rest at once; what is locked stays.
    take_back("anna", "").await;
    let next = open(&room, &anna, &codes[0], "").await.json();
    assert_eq!(
        (&next["progress"], &next["next"]),
        (&json!({ "locked": 1, "all": 1 }), &Value::Null)
    );
    let taken = lines(&room, "pairs.taken-back");
    assert_eq!(taken.len(), 2);
    assert_eq!(taken[0].person, Some(carl.id));
    assert_eq!(taken[0].before.as_deref(), Some("[2]"));
    assert_eq!(taken[0].after.as_deref(), Some("{\"drafts\":[2]}"));
    assert_eq!(taken[1].before.as_deref(), Some("[3,4]"));
    let history = room.get(&carl, "/api/v1/export/history.jsonl").await.text();
    assert!(history.contains("\"kind\":\"reading.saved\"") && history.contains("[3,1]"));

    // Handed to her again, the draft is there.
    let (reader, pair) = (anna.id, 2);
    let hand_out = move |change: &mut rating_web::store::Change<'_>| {
        rating_web::pairs::assign(change, reader, &[pair])
    };
    room.room.store.write_now(rating_web::store::Actor::Server, hand_out).unwrap();
    let back = open(&room, &anna, &codes[1], "").await.json();
    assert_eq!(back["reading"]["body"]["grades"], json!([3, 1]));
    room.room.store.read_now(journal::check).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn where_answers_wait_for_settlement_nobody_who_reads_gets_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let canned = Canned::new(Protocol::eoss(), |_| Some(vec![2, 1]));
    let room = TestRoom::answered(folder.path(), Arc::new(canned));
    let anna = room.browser("anna", Role::Reader).await;
    let berta = room.browser("berta", Role::Reader).await;
    let vera = room.browser("vera", Role::Senior).await;
    let carl = room.browser("carl", Role::Coordinator).await;
    let set = async |who: &Browser, word: &str| {
        room.form(who, "/reveal", &[("reveal", word)]).await.status
    };
    assert_eq!(set(&anna, "after-settled").await, StatusCode::FORBIDDEN);
    assert_eq!(set(&carl, "at once").await, StatusCode::BAD_REQUEST);
    assert_eq!(set(&carl, "after-settled").await, StatusCode::SEE_OTHER);
    assert_eq!(set(&carl, "after-settled").await, StatusCode::SEE_OTHER);
    let noted = lines(&room, "room.reveal");
    assert_eq!(noted.len(), 1, "a change that changes nothing is none");
    let words = (noted[0].before.as_deref(), noted[0].after.as_deref());
    assert_eq!(words, (Some("\"after-lock\""), Some("\"after-settled\"")));
    let board = room.get(&carl, "/").await.text();
    assert!(board.contains("value=\"after-settled\" selected"), "{board}");

    let code = room.pair("p1", 1, &[anna.id, berta.id]);
    let refused = async |who: &Browser| {
        let asked = Some(json!({ "heatmap": true }));
        let reveal =
            room.ask(who, Method::POST, &format!("/api/v1/pairs/{code}/reveal"), asked).await;
        let answer = room.get(who, &format!("/api/v1/pairs/{code}/answer")).await;
        let map = room.get(who, &format!("/api/v1/pairs/{code}/maps/doppler")).await;
        let upload = room.upload(who, "/api/v1/score", &pixels()).await;
        for answer in [&reveal, &answer, &map, &upload] {
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.text());
            assert!(!answer.text().contains("votes"), "{}", answer.text());
        }
        reveal.text()
    };
    read(&room, &anna, &code, "", [2, 1]).await;
    assert!(refused(&anna).await.contains("the answer comes when the pair is settled"));
    let page = room.get(&anna, &format!("/read/{code}")).await.text();
    assert!(!page.contains("data-do=\"reveal\""), "no button that leads nowhere");
    read(&room, &berta, &code, "", [3, 1]).await;
    for (who, grades) in [(&anna, [2, 1]), (&berta, [3, 1])] {
        refused(who).await;
        read(&room, who, &code, "/consensus", grades).await;
    }
    refused(&anna).await;
    read(&room, &vera, &code, "/adjudication", [2, 1]).await;
    for who in [&anna, &berta, &vera] {
        let asked = Some(json!({ "heatmap": false }));
        let reveal =
            room.ask(who, Method::POST, &format!("/api/v1/pairs/{code}/reveal"), asked).await;
        assert_eq!(reveal.status, StatusCode::OK, "{}", reveal.text());
        let upload = room.upload(who, "/api/v1/score", &pixels()).await;
        assert_eq!(upload.status, StatusCode::OK, "{}", upload.text());
    }
    let page = room.get(&anna, &format!("/read/{code}")).await.text();
    assert!(page.contains("data-do=\"reveal\""));
}

/// The pixels of the pair, handed in as a program does.
fn pixels() -> [(&'static str, Vec<u8>); 4] {
    let png = |more: u8| {
        let mut bytes = std::io::Cursor::new(Vec::new());
        let image = RgbImage::from_pixel(60, 40, Rgb([1, more, 9]));
        image.write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    };
    let roi = b"5,5,50,30".to_vec();
    [
        ("grayscale", png(0)),
        ("doppler", png(100)),
        ("grayscale_roi", roi.clone()),
        ("doppler_roi", roi),
    ]
}
