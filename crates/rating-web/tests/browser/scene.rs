//! A room in the middle of its work: something of everything is there to look at.

use axum::http::{Method, StatusCode};
use rating::Protocol;
use rating_web::pairs;
use rating_web::people::Role;
use rating_web::store::Actor;
use serde_json::json;

use crate::served::Served;
use crate::support::{Browser, TestRoom};

/// Who is there, and the codes of the pairs by how far they are.
pub struct Scene {
    /// Not read by anybody.
    pub fresh: String,
    /// Read and locked by anna.
    pub locked: String,
    /// Seen differently; anna and berta read it again.
    pub consensus: String,
    /// Seen differently twice; a senior reader decides.
    pub adjudication: String,
    /// Decided by vera.
    pub settled: String,
}

/// Pairs, and the readers anna and berta, the senior reader vera, the
/// coordinator carl and the administrator root at work on them.
pub async fn lay(served: &Served) -> Scene {
    let room = &served.room;
    let anna = room.browser("anna", Role::Reader).await;
    let berta = room.browser("berta", Role::Reader).await;
    let vera = room.browser("vera", Role::Senior).await;
    room.browser("carl", Role::Coordinator).await;
    room.browser("root", Role::Admin).await;
    let drawn = served.draw(5, anna.id);
    let (too, all) = (berta.id, drawn.clone());
    let store = &room.room.store;
    store.write_now(Actor::Server, move |change| pairs::assign(change, too, &all)).unwrap();
    let code =
        |pair| store.read_now(|db| Ok(pairs::one(db, &Protocol::eoss(), pair)?.code)).unwrap();
    let codes: Vec<String> = drawn.into_iter().map(code).collect();
    let [settled, adjudication, consensus, locked, fresh] = codes.try_into().unwrap();
    let (hers, theirs) = ([60, 60, 260, 160], [90, 80, 300, 190]);
    for code in [&settled, &adjudication, &consensus] {
        read(room, &anna, code, "", 2, hers).await;
        read(room, &berta, code, "", 3, theirs).await;
    }
    for code in [&settled, &adjudication] {
        read(room, &anna, code, "/consensus", 2, hers).await;
        read(room, &berta, code, "/consensus", 3, theirs).await;
    }
    read(room, &vera, &settled, "/adjudication", 3, theirs).await;
    read(room, &anna, &locked, "", 2, [180, 110, 370, 260]).await;
    Scene { fresh, locked, consensus, adjudication, settled }
}

/// A whole reading of a stage, as the page's script would send it; vascularity is 1.
pub async fn read(
    room: &TestRoom,
    who: &Browser,
    code: &str,
    stage: &str,
    grade: u8,
    roi: [u32; 4],
) {
    let path = format!("/api/v1/pairs/{code}/reading{stage}");
    let opened = room.get(who, &path).await.json();
    let version = opened["reading"]["version"].as_i64().unwrap();
    let body = json!({ "grades": [grade, 1], "cannot": null, "rois": [roi, roi], "comment": "" });
    let save = json!({ "version": version, "change": "a", "body": body });
    let saved = room.ask(who, Method::PUT, &path, Some(save)).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.text());
    let lock = Some(json!({ "version": version + 1 }));
    let locked = room.ask(who, Method::POST, &format!("{path}/lock"), lock).await;
    assert_eq!(locked.status, StatusCode::OK, "{}", locked.text());
}
