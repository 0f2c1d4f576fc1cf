//! Requests of people who mean no good, and of programs that are broken: each
//! is refused with its status and a sentence, and nothing falls over.

mod support;

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rating_web::people::Role;
use rating_web::web::routes;
use serde_json::{Value, json};
use support::{Answer, Browser, TestRoom};

/// How long anything at all is sent: `scripts/long hostile-room` takes longer.
const SECONDS: u64 = 2;

async fn put(room: &TestRoom, who: &Browser, path: &str, kind: &str, body: Vec<u8>) -> Answer {
    let request = Request::put(path)
        .header(header::COOKIE, who.cookie.clone().unwrap_or_default())
        .header("x-csrf", &who.csrf)
        .header(header::CONTENT_TYPE, kind);
    room.send(request.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn malformed_and_endless_bodies_are_refused_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    let anna = room.browser("anna", Role::Reader).await;
    let path = format!("/api/v1/pairs/{}/reading", room.pair("p1", 1, &[anna.id]));
    room.get(&anna, &path).await;
    let json = "application/json";
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    for broken in ["{", "nul", "{}", "[]", "\u{0}", r#"{"version":1e999}"#, deep.as_str()] {
        let answer = put(&room, &anna, &path, json, broken.into()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{broken:.20}");
        assert!(answer.json()["error"].as_str().unwrap().ends_with('.'), "{}", answer.text());
    }
    let answer = put(&room, &anna, &path, "text/plain", b"{}".to_vec()).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let answer = put(&room, &anna, &path, json, vec![b' '; 3 << 20]).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.text().contains("at most 2 MB"), "{}", answer.text());

    let long = "x".repeat(3 << 20);
    let stranger = room.form(&Browser::default(), "/sign-in", &[("name", &long)]).await;
    assert_eq!(stranger.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(stranger.text().contains("at most 2 MB"), "{}", stranger.text());
    let known = room.form(&anna, "/account/tokens", &[("name", &long)]).await;
    assert_eq!(known.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(known.text().contains("at most 64 KiB"), "{}", known.text());
}

#[tokio::test]
async fn paths_lead_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    let boss = room.browser("boss", Role::Admin).await;
    let code = room.pair("p1", 1, &[boss.id]);
    for up in
        ["..%2Froom.sqlite", "..%2F..%2F..%2Fetc%2Fpasswd", "%2Fetc%2Fpasswd", "..%5Croom.sqlite"]
    {
        for path in [
            format!("/assets/{up}"),
            format!("/read/{up}"),
            format!("/api/v1/pairs/{code}/images/{up}"),
            format!("/api/v1/pairs/{code}/maps/{up}"),
            format!("/api/v1/pairs/{up}/images/grayscale"),
            format!("/api/v1/export/{up}"),
            format!("/api/v1/imports/{up}"),
            format!("/api/v1/imports/{up}/images/{up}"),
            format!("/import/{up}"),
        ] {
            let answer = room.get(&boss, &path).await;
            let is_page = answer.status == StatusCode::OK || answer.status == StatusCode::FORBIDDEN;
            assert!(answer.status == StatusCode::NOT_FOUND || is_page, "{path}: {}", answer.status);
            for secret in ["SQLite format", "root:"] {
                assert!(!answer.text().contains(secret), "{path}");
            }
        }
    }
}

#[tokio::test]
async fn anything_at_all_breaks_nothing() {
    let seconds = std::env::var("HOSTILE_SECONDS").ok().and_then(|text| text.parse().ok());
    let end = Instant::now() + Duration::from_secs(seconds.unwrap_or(SECONDS));
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::canned(folder.path());
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let mut crowd = Vec::new();
    for role in Role::ALL {
        crowd.push((role, room.browser(role.word(), role).await));
    }
    let readers: Vec<i64> = crowd.iter().map(|(_, browser)| browser.id).collect();
    let codes: Vec<String> =
        (0..3).map(|at| room.pair(&format!("p{at}"), at, &readers[..2])).collect();
    let (mut sent, mut statuses) = (0, std::collections::BTreeMap::<u16, usize>::new());
    let routes = routes();
    while Instant::now() < end {
        let route = &routes[rng.random_range(0..routes.len())];
        let who = rng.random_range(0..=crowd.len());
        let browser = crowd.get(who).map(|(_, browser)| browser.clone()).unwrap_or_default();
        let method = match rng.random_range(0..10) {
            0 => any(
                &mut rng,
                &[
                    Method::GET,
                    Method::POST,
                    Method::PUT,
                    Method::DELETE,
                    Method::HEAD,
                    Method::OPTIONS,
                    Method::TRACE,
                ],
            ),
            _ => route.method.clone(),
        };
        let path = strange_path(&mut rng, route.path, &codes);
        let Ok(request) = strange(&mut rng, &method, &path, &browser) else { continue };
        let answer = room.send(request).await;
        sent += 1;
        room.clock.pass(Duration::from_millis(50));
        *statuses.entry(answer.status.as_u16()).or_default() += 1;
        let what = format!("request {sent}, {method} {path}: {} {}", answer.status, answer.text());
        assert!(!answer.status.is_server_error(), "{what}");
        if answer.status.is_client_error() && answer.text().starts_with('{') {
            assert!(answer.json()["error"].as_str().unwrap().ends_with('.'), "{what}");
        }
        // Signed out or shut out by one of these requests: the next person comes.
        if answer.status == StatusCode::UNAUTHORIZED && who < crowd.len() {
            let role = crowd[who].0;
            crowd[who].1 = room.browser(&format!("{}-{sent}", role.word()), role).await;
        }
    }
    eprintln!("{sent} requests: {statuses:?}");
    assert_eq!(room.get(&Browser::default(), "/sign-in").await.status, StatusCode::OK);
    room.room.store.read_now(rating_web::store::journal::check).unwrap();
}

fn any<T: Clone>(rng: &mut ChaCha8Rng, these: &[T]) -> T {
    these[rng.random_range(0..these.len())].clone()
}

/// The path of a route with something in the place of its names, and a query.
fn strange_path(rng: &mut ChaCha8Rng, path: &str, codes: &[String]) -> String {
    let long = "a".repeat(3000);
    let mut pool: Vec<&str> = vec![
        "1",
        "0",
        "-1",
        "999999999999999999999",
        "ZZZZZZ",
        "..%2F..%2Fetc%2Fpasswd",
        "%00",
        "%FF%FE",
        "%E2%80%AE",
        "%27%20OR%201=1--",
        "grayscale",
        "doppler",
        "consensus",
        "first",
        "adjudication",
        "training.zip",
        "manifest.csv",
        "room.css",
        "NaN",
        "%F0%9F%92%A9",
        long.as_str(),
    ];
    pool.extend(codes.iter().map(String::as_str));
    pool.extend(codes.iter().map(String::as_str));
    let filled: Vec<String> = path
        .split('/')
        .map(
            |part| if part.starts_with('{') { any(rng, &pool).to_owned() } else { part.to_owned() },
        )
        .collect();
    let query = any(
        rng,
        &[
            "",
            "",
            "",
            "?after=1",
            "?after=-1",
            "?after=99999999999999999999",
            "?revealed=include",
            "?revealed=%00",
            "?of=exact",
            "?of=..%2F",
            "?%",
            "?a=b&a=c&after=x",
            "?=&&&",
        ],
    );
    filled.join("/") + query
}

/// A request with headers and a body of some kind.
fn strange(
    rng: &mut ChaCha8Rng,
    method: &Method,
    path: &str,
    who: &Browser,
) -> Result<Request<Body>, axum::http::Error> {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(cookie) = &who.cookie {
        request = request.header(header::COOKIE, cookie);
        if rng.random_bool(0.9) {
            request = request.header("x-csrf", &who.csrf);
        }
    }
    if rng.random_bool(0.3) {
        request = request.header(header::ACCEPT, "text/html");
    }
    let (kind, body) = match rng.random_range(0..6) {
        0 => (
            any(rng, &["", "application/json", "text/plain", "image/png", "multipart/form-data"]),
            noise(rng),
        ),
        1 | 2 => ("application/json", strange_json(rng).to_string().into_bytes()),
        3 => {
            let mut text = strange_json(rng).to_string().into_bytes();
            text.truncate(rng.random_range(0..=text.len()));
            ("application/json", text)
        }
        4 => ("application/x-www-form-urlencoded", strange_form(rng)),
        _ => ("multipart/form-data; boundary=b", strange_files(rng)),
    };
    if !kind.is_empty() {
        request = request.header(header::CONTENT_TYPE, kind);
    }
    request.body(Body::from(body))
}

fn noise(rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut bytes = vec![0; any(rng, &[0, 1, 7, 100, 5000])];
    rng.fill_bytes(&mut bytes);
    bytes
}

/// JSON as some route expects it, with something else in one or two places.
fn strange_json(rng: &mut ChaCha8Rng) -> Value {
    let roi = json!([5, 5, 50, 30]);
    let body = json!({ "grades": [2, 1], "cannot": null, "rois": [roi, roi], "comment": "" });
    let known = [
        json!({ "version": 1, "change": "a", "body": body }),
        json!({ "version": 2 }),
        json!({ "heatmap": true }),
        json!({ "device": "d", "width": 60, "height": 40, "kept": roi }),
        json!({ "pairs": [], "readers": [] }),
    ];
    let mut value = any(rng, &known);
    for _ in 0..rng.random_range(0..3) {
        let other = strange_value(rng);
        match &mut value {
            Value::Object(fields) if !fields.is_empty() => {
                let at = rng.random_range(0..fields.len());
                let name = fields.keys().nth(at).unwrap().clone();
                match (&mut fields[&name], rng.random_bool(0.5)) {
                    (Value::Object(inner), true) if !inner.is_empty() => {
                        let at = rng.random_range(0..inner.len());
                        let name = inner.keys().nth(at).unwrap().clone();
                        inner[&name] = other;
                    }
                    (field, _) => *field = other,
                }
            }
            _ => value = other,
        }
    }
    value
}

fn strange_value(rng: &mut ChaCha8Rng) -> Value {
    let long = "x".repeat(5000);
    let pool = [
        json!(null),
        json!(true),
        json!(-1),
        json!(0),
        json!(1),
        json!(2),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(1e308),
        json!(0.5),
        json!(""),
        json!("\u{0}"),
        json!(long),
        json!("'; DROP TABLE pairs"),
        json!([]),
        json!({}),
        json!([[[[[[]]]]]]),
        json!([9, 9]),
        json!([0, 3]),
        json!([null, null]),
        json!([[0, 0, 1, 1], [5, 5, 5, 5]]),
        json!([[-1, -1, 9, 9], null]),
        json!([[0, 0, 4294967295u32, 9], [9, 9, 1, 1]]),
        json!("motion"),
        json!("other"),
    ];
    any(rng, &pool)
}

fn strange_form(rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for _ in 0..rng.random_range(0..5) {
        let name =
            any(rng, &["name", "password", "again", "role", "active", "csrf", "reveal", "\u{0}"]);
        let value = any(
            rng,
            &[
                "",
                "admin",
                "reader",
                "1",
                "0",
                "a password for tests",
                "<script>",
                "\u{202e}\u{0}",
                "after-settled",
            ],
        );
        form.append_pair(name, value);
    }
    form.finish().into_bytes()
}

fn strange_files(rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut text = Vec::new();
    for _ in 0..rng.random_range(0..5) {
        let name = any(
            rng,
            &[
                "grayscale",
                "doppler",
                "grayscale_roi",
                "doppler_roi",
                "mode",
                "modified",
                "file",
                "\"",
            ],
        );
        let file = any(
            rng,
            &["", "; filename=\"a.png\"", "; filename=\"../../a.zip\"", "; filename=\"\""],
        );
        text.extend(
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n").bytes(),
        );
        match rng.random_range(0..5) {
            0 => text.extend(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff\xff\xff\xff\xff\xff\xff\xff\x08\x02\0\0\0\0\0\0\0"),
            1 => text.extend(b"PK\x03\x04\xff\xff\xff\xff"),
            2 => text.extend(b"5,5,50,30"),
            3 => text.extend(b"<svg onload='alert(1)'/>"),
            _ => text.extend(noise(rng)),
        }
        text.extend(b"\r\n");
    }
    if rng.random_bool(0.8) {
        text.extend(b"--b--\r\n");
    }
    text
}
