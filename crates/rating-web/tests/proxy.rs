//! Whose tries to come in are counted: those of an address, which behind a proxy
//! is the one that the proxy names, and which nobody else can invent.

mod support;

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use rating_web::people::Role;
use rating_web::store::journal;
use serde_json::Value;
use support::TestRoom;

/// The connection that all requests come by.
const PEER: [u8; 4] = [10, 0, 0, 1];

/// A wrong password, by way of the peer, with these headers.
async fn try_in(room: &TestRoom, name: &str, headers: &[(&str, &str)]) -> StatusCode {
    let mut request = Request::post("/sign-in")
        .header("content-type", "application/x-www-form-urlencoded")
        .extension(ConnectInfo(SocketAddr::from((PEER, 4711))));
    for (header, value) in headers {
        request = request.header(*header, *value);
    }
    let body = Body::from(format!("name={name}&password=wrong"));
    room.send(request.body(body).unwrap()).await.status
}

/// Where failed tries came from, by the journal.
fn came_from(room: &TestRoom) -> Vec<String> {
    let lines = room.room.store.read_now(|db| journal::lines(db, 0, 1000)).unwrap();
    let failed = lines.into_iter().filter(|event| event.kind == "sign-in.failed");
    let from = |text: String| serde_json::from_str::<Value>(&text).unwrap()["from"].clone();
    failed.map(|event| from(event.after.unwrap()).as_str().unwrap().to_owned()).collect()
}

/// Tries links until the door is shut; how many got so far as to be told that
/// there is no such link.
async fn tries<'a>(room: &TestRoom, headers: impl Fn(usize) -> Vec<(&'a str, String)>) -> usize {
    for number in 0..40 {
        let mut request =
            Request::get("/join/nobody").extension(ConnectInfo(SocketAddr::from((PEER, 4711))));
        for (header, value) in headers(number) {
            request = request.header(header, value);
        }
        match room.send(request.body(Body::empty()).unwrap()).await.status {
            StatusCode::NOT_FOUND => {}
            StatusCode::TOO_MANY_REQUESTS => return number,
            other => panic!("{other}"),
        }
    }
    40
}

#[tokio::test]
async fn without_a_proxy_nobody_can_pretend_to_come_from_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    room.browser("anna", Role::Reader).await;
    try_in(&room, "anna", &[("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=203.0.113.9")])
        .await;
    assert_eq!(came_from(&room), ["10.0.0.1"]);
    let elsewhere = |number| vec![("x-forwarded-for", format!("203.0.113.{number}"))];
    assert_eq!(tries(&room, elsewhere).await, 29, "30 tries, one made before");
}

#[tokio::test]
async fn behind_a_proxy_each_client_is_counted_alone() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::behind_proxy(folder.path());
    room.browser("anna", Role::Reader).await;
    try_in(&room, "anna", &[("x-forwarded-for", "6.6.6.6, 203.0.113.9")]).await;
    try_in(&room, "anna", &[("forwarded", "for=\"[2001:db8::7]:80\"")]).await;
    try_in(&room, "anna", &[]).await;
    assert_eq!(came_from(&room), ["203.0.113.9", "2001:db8::7", "10.0.0.1"]);

    let each_alone = |number| vec![("x-forwarded-for", format!("198.51.100.{number}"))];
    assert_eq!(tries(&room, each_alone).await, 40, "other people are not shut out");
    // What a client writes itself stands before what the proxy adds.
    let invented = |number| vec![("x-forwarded-for", format!("6.6.6.{number}, 192.0.2.1"))];
    assert_eq!(tries(&room, invented).await, 30);
    // A proxy that adds the one header may hand the other through.
    let handed_through = |number| {
        vec![
            ("x-forwarded-for", "192.0.2.2".to_owned()),
            ("forwarded", format!("for=6.6.6.{number}")),
        ]
    };
    assert_eq!(tries(&room, handed_through).await, 29, "the proxy's own bucket, used once before");
}
