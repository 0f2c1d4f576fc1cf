//! Reading a pair: nothing is overwritten, nothing is told too early.

mod support;

use axum::http::{Method, StatusCode};
use rating_web::people::Role;
use rating_web::store::journal;
use serde_json::{Value, json};
use support::{Answer, Browser, TestRoom};

fn path(code: &str) -> String {
    format!("/api/v1/pairs/{code}/reading")
}

fn body(grades: [u8; 2]) -> Value {
    let roi = [5, 5, 50, 30];
    json!({ "grades": grades, "cannot": null, "rois": [roi, roi], "comment": "" })
}

async fn save(
    room: &TestRoom,
    who: &Browser,
    code: &str,
    version: i64,
    change: &str,
    body: Value,
) -> Answer {
    let asked = json!({ "version": version, "change": change, "body": body });
    room.ask(who, Method::PUT, &path(code), Some(asked)).await
}

async fn lock(room: &TestRoom, who: &Browser, code: &str, version: i64) -> Answer {
    let asked = json!({ "version": version });
    room.ask(who, Method::POST, &format!("{}/lock", path(code)), Some(asked)).await
}

#[tokio::test]
async fn a_reading_is_saved_locked_and_then_stays() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    let anna = room.browser("anna", Role::Reader).await;
    let (first, second) = (room.pair("p1", 1, &[anna.id]), room.pair("p2", 2, &[anna.id]));

    let opened = room.get(&anna, &path(&first)).await.json();
    assert_eq!(opened["reading"]["version"], 1);
    assert_eq!(opened["progress"], json!({ "locked": 0, "all": 2 }));
    assert_eq!(opened["next"], second);
    let early = lock(&room, &anna, &first, 1).await;
    assert_eq!(early.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(early.text().contains("grade of synovial hypertrophy is missing"), "{}", early.text());

    let saved = save(&room, &anna, &first, 1, "a", body([2, 1])).await.json();
    assert_eq!(saved["version"], 2);
    assert_eq!(lock(&room, &anna, &first, 2).await.status, StatusCode::OK);
    assert_eq!(lock(&room, &anna, &first, 2).await.status, StatusCode::OK);
    let late = save(&room, &anna, &first, 2, "b", body([3, 1])).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert_eq!(late.json()["state"]["body"]["grades"], json!([2, 1]));
    assert_eq!(room.get(&anna, "/api/v1/next").await.json()["code"], second);
    assert!(room.room.store.read_now(journal::check).unwrap().events > 5);
}

#[tokio::test]
async fn two_windows_never_overwrite_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    let anna = room.browser("anna", Role::Reader).await;
    let code = room.pair("p1", 1, &[anna.id]);
    room.get(&anna, &path(&code)).await;
    assert_eq!(save(&room, &anna, &code, 1, "one", body([1, 0])).await.status, StatusCode::OK);
    let slower = save(&room, &anna, &code, 1, "two", body([3, 3])).await;
    assert_eq!(slower.status, StatusCode::CONFLICT);
    assert_eq!(slower.json()["state"]["version"], 2);
    // The same change asked for again, because an answer was lost on the way.
    let again = save(&room, &anna, &code, 1, "one", body([1, 0])).await.json();
    assert_eq!((again["version"].as_i64(), &again["body"]), (Some(2), &body([1, 0])));
}

#[tokio::test]
async fn readers_know_nothing_of_one_another_and_of_what_was_not_handed_to_them() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    let anna = room.browser("anna", Role::Reader).await;
    let berta = room.browser("berta", Role::Reader).await;
    let (both, hers) = (room.pair("p1", 1, &[anna.id, berta.id]), room.pair("p2", 2, &[berta.id]));
    room.get(&anna, &path(&both)).await;
    save(&room, &anna, &both, 1, "a", body([3, 2])).await;
    lock(&room, &anna, &both, 2).await;

    let seen = room.get(&berta, &path(&both)).await.text();
    assert!(!seen.contains("[3,2]"), "{seen}");
    for secret in ["p1", "SECRET", "MCP2", "anna"] {
        assert!(!seen.contains(secret), "{secret} in {seen}");
    }
    for request in [path(&hers), format!("/api/v1/pairs/{hers}/images/grayscale")] {
        assert_eq!(room.get(&anna, &request).await.status, StatusCode::NOT_FOUND);
    }
    let image = room.get(&berta, &format!("/api/v1/pairs/{hers}/images/doppler")).await;
    assert!(image.bytes.starts_with(b"\x89PNG"));
    let strange =
        room.get(&berta, &format!("/api/v1/pairs/{hers}/images/..%2F..%2Froom.sqlite")).await;
    assert_eq!(strange.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    let anna = room.browser("anna", Role::Reader).await;
    let code = room.pair("p1", 1, &[anna.id]);
    room.get(&anna, &path(&code)).await;
    let put = async |text: &'static str| {
        room.ask(&anna, Method::PUT, &path(&code), serde_json::from_str(text).ok()).await
    };
    assert_eq!(put("{").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(put("{}").await.status, StatusCode::BAD_REQUEST);
    let high = save(&room, &anna, &code, 1, "a", body([4, 0])).await;
    assert_eq!(high.status, StatusCode::UNPROCESSABLE_ENTITY);
    let excluded = save(&room, &anna, &code, 1, "a", body([0, 2])).await;
    assert_eq!(excluded.status, StatusCode::OK, "a draft may be unfinished");
    let refused = lock(&room, &anna, &code, 2).await;
    assert!(refused.text().contains("exclude one another"), "{}", refused.text());
}
