//! Pairs that came in wrong are corrected or withdrawn, with a reason, and what
//! anybody has read of them stays.

mod support;

use axum::http::{Method, StatusCode};
use rating_web::people::Role;
use rating_web::store::journal;
use serde_json::json;
use support::{Browser, TestRoom};

async fn lock(room: &TestRoom, who: &Browser, code: &str) {
    let path = format!("/api/v1/pairs/{code}/reading");
    let version = room.get(who, &path).await.json()["reading"]["version"].clone();
    let rois = [[5, 5, 50, 30], [5, 5, 50, 30]];
    let body = json!({ "grades": [2, 1], "cannot": null, "rois": rois, "comment": "" });
    let save = json!({ "version": version, "change": "a", "body": body });
    let saved = room.ask(who, Method::PUT, &path, Some(save)).await.json();
    let lock = json!({ "version": saved["version"] });
    let locked = room.ask(who, Method::POST, &format!("{path}/lock"), Some(lock)).await;
    assert_eq!(locked.status, StatusCode::OK, "{}", locked.text());
}

async fn manifest(room: &TestRoom, who: &Browser) -> String {
    room.get(who, "/api/v1/export/manifest.csv").await.text()
}

#[tokio::test]
async fn a_wrong_side_is_corrected_and_the_reading_stays() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    let anna = room.browser("anna", Role::Reader).await;
    let cora = room.browser("cora", Role::Coordinator).await;
    let code = room.pair("p1", 1, &[anna.id]);
    lock(&room, &anna, &code).await;
    assert!(manifest(&room, &cora).await.contains(",MCP2,left,"));

    let wrong = [("pair", code.as_str()), ("unit", "MCP3"), ("side", "right"), ("why", "")];
    let unsaid = room.form(&cora, "/correct", &wrong).await;
    assert_eq!(unsaid.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(unsaid.text().contains("why"), "{}", unsaid.text());
    let fields = [("pair", "p1"), ("unit", "MCP3"), ("side", "right"), ("why", "label on screen")];
    let corrected = room.form(&cora, "/correct", &fields).await;
    assert_eq!(corrected.status, StatusCode::OK, "{}", corrected.text());
    for part in ["patient SECRET-PATIENT, MCP2, left before", "patient SECRET-PATIENT, MCP3, right"]
    {
        assert!(corrected.text().contains(part), "{}", corrected.text());
    }
    let exported = manifest(&room, &cora).await;
    assert!(exported.contains(",MCP3,right,") && exported.contains(",2,1"), "{exported}");
    let again = room.form(&cora, "/correct", &fields).await;
    assert!(again.text().contains("says already"), "{}", again.text());
    let elbow = [("pair", "p1"), ("unit", "elbow"), ("why", "x")];
    assert!(room.form(&cora, "/correct", &elbow).await.text().contains("no elbow"));
    assert_eq!(room.form(&anna, "/correct", &fields).await.status, StatusCode::FORBIDDEN);
    room.room.store.read_now(journal::check).unwrap();
}

#[tokio::test]
async fn a_withdrawn_pair_is_gone_for_everybody_and_may_come_in_again() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    let anna = room.browser("anna", Role::Reader).await;
    let cora = room.browser("cora", Role::Coordinator).await;
    let code = room.pair("p1", 1, &[anna.id]);
    lock(&room, &anna, &code).await;
    let fields = [("pair", code.as_str()), ("why", "images swapped")];
    let withdrawn = room.form(&cora, "/withdraw", &fields).await;
    assert_eq!(withdrawn.status, StatusCode::OK, "{}", withdrawn.text());

    for who in [&anna, &cora] {
        let image = room.get(who, &format!("/api/v1/pairs/{code}/images/grayscale")).await;
        assert_eq!(image.status, StatusCode::NOT_FOUND);
    }
    assert!(!manifest(&room, &cora).await.contains("p1"));
    let work = room.get(&anna, "/").await.text();
    assert!(work.contains("No pairs have been handed to you yet."), "{work}");
    let history = room.get(&cora, "/api/v1/export/history.jsonl").await.text();
    assert!(history.contains("p1 (withdrawn"), "{history}");
    let missing = room.form(&cora, "/withdraw", &fields).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);

    let new = room.pair("p1", 1, &[anna.id]);
    assert_ne!(new, code);
    lock(&room, &anna, &new).await;
    assert!(manifest(&room, &cora).await.contains("p1"));
    room.room.store.read_now(journal::check).unwrap();
}
