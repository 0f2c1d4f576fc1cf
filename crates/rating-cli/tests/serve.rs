//! The reading room as a person starts it, uses it and ends it.

mod support;

use std::fs;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use serde_json::json;
use support::http::Client;
use support::served::Served;
use support::{refuse, said_and_refused, succeed, text};

/// Uses a link that signs in once; the browser that holds the session.
fn enter(served: &mut Served, name: &str) -> Client {
    let link = served.line(&format!("sign in as {name}, once: "));
    let path = link.split_once("://").and_then(|(_, rest)| rest.split_once('/')).unwrap().1;
    let path = format!("/{path}");
    let entered = Client::new(served.address).get(&path).unwrap();
    assert_eq!(entered.status, 303, "{}", entered.text());
    let again = Client::new(served.address).get(&path).unwrap();
    assert_eq!(again.status, 404, "a link works once");
    let cookie = entered.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let mut browser = Client::new(served.address).with("cookie", &cookie);
    let page = browser.get("/account").unwrap().text();
    let (_, rest) = page.split_once("name=\"csrf\" value=\"").expect("a form");
    browser.with("x-csrf", rest.split('"').next().unwrap())
}

#[test]
fn a_demonstration_is_read_and_ends_in_good_order() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("room");
    let mut served = Served::start(&["--demo", "--data", text(&data)]);
    served.line("research use only, not for diagnosis");
    served.line("answers are canned");
    let mut reader = enter(&mut served, "reader-1");
    let worklist = reader.get("/").unwrap().text();
    assert!(worklist.contains("0 of 24 pairs read."), "{worklist}");
    let (_, rest) = worklist.split_once("href=\"/read/").expect("a pair to begin with");
    let code = rest.split('"').next().unwrap();

    assert!(reader.get(&format!("/read/{code}")).unwrap().text().contains("Draw rectangle"));
    let of_pair = |rest: &str| format!("/api/v1/pairs/{code}/{rest}");
    let opened = reader.get(&of_pair("reading")).unwrap().json();
    for image in opened["images"].as_array().unwrap() {
        let picture = reader.get(image["url"].as_str().unwrap()).unwrap();
        assert!(picture.body.starts_with(b"\x89PNG"));
    }
    let mut body = opened["reading"]["body"].clone();
    body["grades"] = json!([2, 1]);
    let change = json!({ "version": 1, "change": "first", "body": body });
    assert_eq!(reader.json("PUT", &of_pair("reading"), &change).unwrap().status, 200);
    let early = reader.json("POST", &of_pair("reveal"), &json!({ "heatmap": true })).unwrap();
    assert_eq!(early.status, 403, "the own grade comes first");
    let locked = reader.json("POST", &of_pair("reading/lock"), &json!({ "version": 2 })).unwrap();
    assert_eq!(locked.status, 200, "{}", locked.text());
    let begun = reader.json("POST", &of_pair("reveal"), &json!({ "heatmap": true })).unwrap();
    assert_eq!(begun.status, 200, "{}", begun.text());
    let answer = loop {
        let answer = reader.get(&of_pair("answer")).unwrap().json();
        if answer["work"]["state"] == "done" {
            break answer;
        }
        assert_ne!(answer["work"]["state"], "failed", "{answer}");
        thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(answer["origin"], "canned");
    assert_eq!(answer["heatmap"]["state"], "exact");
    let map = reader.get(&of_pair("maps/grayscale?of=exact")).unwrap();
    assert!(map.body.starts_with(b"\x89PNG"), "{}", map.text());

    served.signal("INT");
    let (code, said) = served.end();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("answers under way are finished"), "{said}");
    let journal = succeed(&["audit", "verify", "--data", text(&data)]);
    assert!(journal.starts_with("the journal is whole: "), "{journal}");
}

#[test]
fn a_room_of_real_people_is_no_demonstration() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("room");
    let known = support::room::open_now(&data);
    support::room::people(&known, rating_web::people::Role::Reader, 1);
    drop(known);
    let complaint = refuse(3, &["serve", "--demo", "--data", text(&data)]);
    assert!(complaint.contains("was not begun as a demonstration (hint: leave"), "{complaint}");
    assert!(!data.join("phantoms").exists());
    let people: i64 = support::room::database(&data)
        .query_row("SELECT count(*) FROM people", [], |row| row.get(0))
        .unwrap();
    assert_eq!(people, 1);
}

#[test]
fn a_room_is_begun_kept_and_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("room");
    let mut served = Served::start(&["--data", text(&data)]);
    served.line("without --bundle: the system gives no answers");
    let link = served.line("make the first administrator, once: ");
    let path = format!("/join/{}", link.rsplit('/').next().unwrap());
    let fields = "name=root&password=a+password+for+tests&again=a+password+for+tests";
    let mut browser = Client::new(served.address);
    assert_eq!(browser.form(&path, fields).unwrap().status, 303);

    // Another program at the same place.
    let address = served.address.to_string();
    let other = folder.path().join("other");
    let complaint = refuse(3, &["serve", "--address", &address, "--data", text(&other)]);
    assert!(complaint.contains(&format!("cannot listen at {address}")), "{complaint}");
    assert!(complaint.contains("--address"), "{complaint}");

    served.signal("TERM");
    assert_eq!(served.end().0, Some(0));
    let served = Served::start(&["--data", text(&data)]);
    let fields = "name=root&password=a+password+for+tests";
    let mut browser = Client::new(served.address);
    assert_eq!(browser.form("/sign-in", fields).unwrap().status, 303);
    served.signal("TERM");
    assert_eq!(served.end().0, Some(0));
}

#[test]
fn a_room_has_one_server_and_other_commands_go_on_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("room");
    let served = Served::start(&["--data", text(&data)]);
    let second = ["serve", "--address", "127.0.0.1:0", "--data", text(&data)];
    for more in [&[][..], &["--demo"]] {
        let complaint = refuse(3, &[&second, more].concat());
        let expected = format!(
            "error: {}: another rating serve has this room open \
             (hint: end it first, or name another folder with --data)\n",
            data.display()
        );
        assert_eq!(complaint, expected);
    }

    let manifest = support::phantoms(folder.path());
    let at = |name: &str| folder.path().join(name);
    let room = ["--data", text(&data)];
    succeed(&[&["import", "room", text(&manifest)], &room[..]].concat());
    succeed(&[&["backup", text(&at("copy"))], &room[..]].concat());
    succeed(&[&["export", text(&at("out"))], &room[..]].concat());
    succeed(&[&["audit", "verify"], &room[..]].concat());
    assert!(!at("copy").join("room.lock").exists());
    // A copy is a room of its own.
    drop(Served::start(&["--data", text(&at("copy"))]));

    // Nothing that a killed server leaves behind refuses the next.
    served.kill();
    assert!(data.join("room.lock").exists());
    drop(Served::start(&["--data", text(&data)]));
}

#[test]
fn a_room_is_open_at_the_name_of_a_machine() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("room");
    let served = Served::start_at("localhost:0", &["--data", text(&data)]);
    assert!(served.address.ip().is_loopback());
    assert_eq!(Client::new(served.address).get("/sign-in").unwrap().status, 200);
    let nowhere = format!("{}.invalid:8080", "a".repeat(70));
    let complaint = refuse(2, &["serve", "--data", text(&data), "--address", &nowhere]);
    assert!(complaint.contains(&format!("error: --address {nowhere}: the name ")), "{complaint}");
    assert!(complaint.contains("cannot be resolved"), "{complaint}");
}

#[test]
fn a_second_interruption_waits_for_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(&["--data", text(folder.path())]);
    // Somebody who never finishes a sentence.
    let mut stream = TcpStream::connect(served.address).unwrap();
    let head = "POST /sign-in HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\
                content-type: application/x-www-form-urlencoded\r\n\r\nname=";
    stream.write_all(head.as_bytes()).unwrap();
    thread::sleep(Duration::from_millis(100));
    served.signal("INT");
    thread::sleep(Duration::from_millis(100));
    served.signal("INT");
    assert_eq!(served.end().0, Some(130));
}

#[test]
fn what_cannot_be_served_is_said_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let serve = |code: i32, more: &[&str]| {
        let mut words = vec!["serve"];
        if !more.contains(&"--address") {
            words.extend(["--address", "127.0.0.1:0"]);
        }
        let complaint = refuse(code, &[&words, more].concat());
        assert!(complaint.starts_with("error: ") && complaint.lines().count() == 1, "{complaint}");
        complaint
    };

    fs::write(at("file"), "no folder").unwrap();
    let complaint = serve(5, &["--data", text(&at("file").join("room"))]);
    assert!(complaint.contains(text(&at("file"))), "{complaint}");
    #[cfg(unix)]
    if let Some(shut) = unwritable(folder.path()) {
        let complaint = serve(5, &["--data", text(&shut.join("room"))]);
        assert!(complaint.contains(text(&shut)), "{complaint}");
    }

    // A room of a later version, and a file that is none.
    Served::start(&["--data", text(&at("later"))]).kill();
    let database = Connection::open(at("later").join("room.sqlite")).unwrap();
    database.pragma_update(None, "user_version", 99).unwrap();
    drop(database);
    let complaint = serve(3, &["--data", text(&at("later"))]);
    assert!(complaint.contains("written by a newer version"), "{complaint}");
    fs::create_dir(at("text")).unwrap();
    fs::write(at("text").join("room.sqlite"), "this is no database, only text".repeat(100))
        .unwrap();
    let complaint = serve(3, &["--data", text(&at("text"))]);
    assert!(complaint.contains("not a database"), "{complaint}");

    let room = at("room");
    let bundle = serve(3, &["--data", text(&room), "--bundle", text(&at("nowhere"))]);
    assert!(bundle.contains("nowhere: the folder does not exist"), "{bundle}");
    let bundle = serve(4, &["--data", text(&room), "--bundle", text(&at("file"))]);
    assert!(bundle.contains("there is no bundle here (hint: "), "{bundle}");
    let outside = serve(2, &["--data", text(&room), "--address", "0.0.0.0:0"]);
    assert!(outside.contains("--tls-certificate"), "{outside}");
}

#[test]
fn certificates_that_are_none_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("garbage.pem"), "not a certificate").unwrap();
    for (certificate, key) in [("missing.pem", "garbage.pem"), ("garbage.pem", "garbage.pem")] {
        let (certificate, key) = (at(certificate), at(key));
        // Nothing is said to be open before.
        let (said, complaint) = said_and_refused(
            3,
            &[
                "serve",
                "--address",
                "127.0.0.1:0",
                "--data",
                text(&at("room")),
                "--tls-certificate",
                text(&certificate),
                "--tls-key",
                text(&key),
            ],
        );
        assert!(said.is_empty() && complaint.contains(text(&certificate)), "{said}{complaint}");
        assert!(complaint.contains("(hint: name a certificate with --tls-certificate"));
    }
    // One without the other.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    refuse(2, &["serve", "--address", &free, "--tls-key", text(&at("garbage.pem"))]);
}

/// A folder nobody may write to; none for root, who may everywhere.
#[cfg(unix)]
fn unwritable(folder: &Path) -> Option<std::path::PathBuf> {
    use std::os::unix::fs::PermissionsExt;
    let shut = folder.join("shut");
    fs::create_dir(&shut).unwrap();
    fs::set_permissions(&shut, fs::Permissions::from_mode(0o555)).unwrap();
    fs::write(shut.join("try"), "").is_err().then_some(shut)
}
