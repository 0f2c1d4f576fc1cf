//! Reading a pair: nothing is overwritten, nothing is told too early.

mod support;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
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

#[tokio::test]
async fn a_clock_that_is_set_back_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    let anna = room.browser("anna", Role::Reader).await;
    let code = room.pair("p1", 1, &[anna.id]);
    room.get(&anna, &path(&code)).await;
    save(&room, &anna, &code, 1, "a", body([1, 0])).await;
    let now = room.room.store.now();
    room.clock.set(rating_web::Moment::at(now.millis() - 7_200_000));
    assert_eq!(save(&room, &anna, &code, 2, "b", body([2, 1])).await.json()["version"], 3);
    let stale = save(&room, &anna, &code, 2, "c", body([3, 1])).await;
    assert_eq!(stale.status, StatusCode::CONFLICT, "versions are counted, not timed");
    let locked = lock(&room, &anna, &code, 3).await.json();
    assert_eq!(locked["body"], body([2, 1]));
    assert!(locked["locked"].as_str() < locked["opened"].as_str(), "{locked}");
    room.room.store.read_now(journal::check).unwrap();
}

#[tokio::test]
async fn what_is_fetched_ahead_is_private_and_holds_pixels_only() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::canned(folder.path());
    let anna = room.browser("anna", Role::Reader).await;
    let other = room.browser("other", Role::Reader).await;
    let code = room.pair("p1", 1, &[anna.id]);
    let page = room.get(&anna, &format!("/read/{code}")).await;
    let ahead: Vec<String> = page
        .text()
        .split("rel=\"preload\" as=\"image\" href=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect();
    let image = |modality: &str| format!("/api/v1/pairs/{code}/images/{modality}");
    assert_eq!(ahead, [image("grayscale"), image("doppler")]);
    for path in &ahead {
        let image = room.get(&anna, path).await;
        let kept = image.headers["cache-control"].to_str().unwrap();
        assert!(kept.contains("private") && !kept.contains("public"), "{kept}");
        assert_eq!(chunks(&image.bytes), ["IHDR", "IDAT", "IEND"], "pixels and nothing else");
        assert_eq!(room.get(&other, path).await.status, StatusCode::NOT_FOUND);
        // Kept, but not shown again to whoever may not see it any more.
        assert!(kept.contains("no-cache"), "{kept}");
        let again = async |who: &Browser| {
            let request = Request::get(path)
                .header(header::COOKIE, who.cookie.clone().unwrap_or_default())
                .header(header::IF_NONE_MATCH, &image.headers[header::ETAG]);
            room.send(request.body(Body::empty()).unwrap()).await
        };
        let known = again(&anna).await;
        assert_eq!((known.status, known.bytes.len()), (StatusCode::NOT_MODIFIED, 0));
        assert_eq!(again(&other).await.status, StatusCode::NOT_FOUND);
        assert_eq!(again(&Browser::default()).await.status, StatusCode::UNAUTHORIZED);
    }
    let out = room.form(&other, "/sign-out", &[]).await;
    assert_eq!(out.headers["clear-site-data"], "\"cache\"");
    // Everything that says something about a pair is asked for anew each time.
    for path in [format!("/read/{code}"), path(&code), format!("/api/v1/pairs/{code}/answer")] {
        assert_eq!(room.get(&anna, &path).await.headers["cache-control"], "no-store", "{path}");
    }
    // The script fetches nothing ahead but images, which begins no reading.
    let script = room.get(&anna, "/assets/read.js").await.text();
    let (_, rest) = script.split_once("async function prefetch() {").unwrap();
    let (prefetch, _) = rest.split_once("\n}").unwrap();
    assert!(prefetch.contains("/images/"), "{prefetch}");
    for word in ["answer", "maps", "reveal", "/reading", "ask("] {
        assert!(!prefetch.contains(word), "{word} in {prefetch}");
    }
}

/// The kinds of parts of a PNG file, repeated ones once.
fn chunks(png: &[u8]) -> Vec<String> {
    let (mut rest, mut kinds) = (&png[8..], Vec::new());
    while let [a, b, c, d, after @ ..] = rest {
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        kinds.push(String::from_utf8_lossy(&after[..4]).into_owned());
        rest = &after[8 + length..];
    }
    kinds.dedup();
    kinds
}

#[tokio::test]
async fn files_of_the_program_are_sent_once() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    let first = room.get(&Browser::default(), "/assets/read.js").await;
    let tag = first.headers["etag"].to_str().unwrap();
    let again = axum::http::Request::get("/assets/read.js").header("if-none-match", tag);
    let again = room.send(again.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!((again.status, again.bytes.len()), (StatusCode::NOT_MODIFIED, 0));
}
