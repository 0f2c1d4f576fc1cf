//! The description of the interface: of every route and no other, readable by
//! other programs, and true of what the server answers.

#[path = "support/description.rs"]
mod description;
mod support;

use std::collections::BTreeSet;
use std::io::Cursor;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use description::Description;
use image::{ImageFormat, Rgb, RgbImage};
use rating::scores::decide_votes;
use rating::study::StudyProtocol;
use rating::{Origin, Protocol};
use rating_web::answers::Scored;
use rating_web::pairs;
use rating_web::people::Role;
use rating_web::store::{Actor, Change};
use rating_web::studies::{self, FrozenAnswer, NewCase, Opening};
use rating_web::web::{Access, routes};
use serde_json::{Value, json};
use support::{Answer, Browser, TestRoom};

const ADDRESS: &str = "/api/v1/openapi.json";

async fn described(room: &TestRoom) -> Description {
    let answer = room.get(&Browser::default(), ADDRESS).await;
    assert_eq!(answer.status, StatusCode::OK, "anybody may have it");
    Description::new(answer.json())
}

#[tokio::test]
async fn every_route_is_described_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let description = described(&TestRoom::open(folder.path())).await;
    let table: BTreeSet<(String, String)> = routes()
        .into_iter()
        .filter(|route| route.path.starts_with("/api/v1/"))
        .map(|route| (route.method.to_string(), route.path.to_owned()))
        .collect();
    assert_eq!(description.operations(), table);

    for route in routes().iter().filter(|route| route.path.starts_with("/api/v1/")) {
        let operation = description.operation(&route.method, route.path);
        let what = format!("{} {}", route.method, route.path);
        let roles = Role::ALL.into_iter().filter(|&role| match route.access {
            Access::Anyone | Access::SignedIn => true,
            Access::Needs(ability) => role.may(ability),
        });
        let roles: Vec<&str> = roles.map(Role::word).collect();
        assert_eq!(operation["x-roles"], json!(roles), "{what}");
        let ways_in = operation["security"].as_array().unwrap();
        assert_eq!(ways_in.is_empty(), route.access == Access::Anyone, "{what}");
        let needs_word = ways_in.iter().any(|way| way["csrf"].is_array());
        assert_eq!(needs_word, !route.method.is_safe(), "{what}");
        assert!(!operation["summary"].as_str().unwrap().is_empty(), "{what}");
        for (status, response) in operation["responses"].as_object().unwrap() {
            assert_ne!(response["description"], "", "{what}: {status}");
        }
        let in_path = route.path.matches('{').count();
        let empty = Vec::new();
        let parameters = operation["parameters"].as_array().unwrap_or(&empty).iter();
        assert_eq!(parameters.filter(|one| one["in"] == "path").count(), in_path, "{what}");
    }
}

#[tokio::test]
async fn another_program_reads_the_description() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    let text = room.get(&Browser::default(), ADDRESS).await.text();
    let read = oas3::from_json(&text).unwrap();
    assert_eq!(read.validate_version().unwrap().to_string(), "3.1.0");
    let mut names = BTreeSet::new();
    for (path, method, operation) in read.operations() {
        let name = operation.operation_id.clone().unwrap();
        assert!(names.insert(name), "{method} {path}: a name that another has");
    }
    let document: Value = serde_json::from_str(&text).unwrap();
    let mut named = Vec::new();
    references(&document, &mut named);
    assert!(named.len() > 50);
    for reference in named {
        assert!(document.pointer(&reference[1..]).is_some(), "{reference}");
    }
    assert!(text.contains("Research use only, not for diagnosis"));
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            if let Some(Value::String(name)) = object.get("$ref") {
                found.push(name.clone());
            }
            object.values().for_each(|inner| references(inner, found));
        }
        Value::Array(list) => list.iter().for_each(|inner| references(inner, found)),
        _ => {}
    }
}

/// A room whose every answer is judged by the description.
struct Judged {
    room: TestRoom,
    description: Description,
    asked: BTreeSet<(String, String)>,
}

impl Judged {
    /// Asks for `path` with something in the place of its names, and after a
    /// `?` what is asked.
    async fn ask(
        &mut self,
        who: &Browser,
        method: Method,
        (path, with): (&str, &[&str]),
        body: Option<Value>,
    ) -> Answer {
        let filled = fill(path, with);
        let answer = self.room.ask(who, method.clone(), &filled, body).await;
        self.judge(&method, path, &answer);
        answer
    }

    fn judge(&mut self, method: &Method, path: &str, answer: &Answer) {
        let path = path.split('?').next().unwrap();
        self.description.judge(method, path, answer);
        if answer.status.is_success() {
            self.asked.insert((method.to_string(), path.to_owned()));
        }
    }

    async fn get(&mut self, who: &Browser, path: &str, with: &[&str]) -> Answer {
        self.ask(who, Method::GET, (path, with), None).await
    }

    async fn upload(
        &mut self,
        who: &Browser,
        path: &str,
        with: &[&str],
        parts: &[(&str, Vec<u8>)],
    ) -> Answer {
        let answer = self.room.upload(who, &fill(path, with), parts).await;
        self.judge(&Method::POST, path, &answer);
        answer
    }

    /// Reads a pair to the end, at a stage or for the first time.
    async fn read(&mut self, who: &Browser, code: &str, stage: Option<&str>, grades: [u8; 2]) {
        let (path, with) = match stage {
            None => ("/api/v1/pairs/{code}/reading", vec![code]),
            Some(stage) => ("/api/v1/pairs/{code}/reading/{stage}", vec![code, stage]),
        };
        let opened = self.get(who, path, &with).await;
        assert_eq!(opened.status, StatusCode::OK, "{}", opened.text());
        let rois = [[5, 5, 50, 30], [6, 6, 51, 31]];
        let body = json!({ "grades": grades, "cannot": null, "rois": rois, "comment": "clear" });
        let save =
            json!({ "version": opened.json()["reading"]["version"], "change": "a", "body": body });
        let saved = self.ask(who, Method::PUT, (path, &with), Some(save)).await;
        let lock = json!({ "version": saved.json()["version"] });
        let locked =
            self.ask(who, Method::POST, (&format!("{path}/lock"), &with), Some(lock)).await;
        assert_eq!(locked.status, StatusCode::OK, "{}", locked.text());
    }
}

fn fill(path: &str, with: &[&str]) -> String {
    let mut filled = path.to_owned();
    for value in with {
        let (from, to) = (filled.find('{').unwrap(), filled.find('}').unwrap());
        filled.replace_range(from..=to, value);
    }
    filled
}

fn png(colour: [u8; 3]) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    RgbImage::from_pixel(60, 40, Rgb(colour)).write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// A pair of the pixels of [`TestRoom::pair`].
fn pair(shade: u8) -> [(&'static str, Vec<u8>); 4] {
    [
        ("grayscale", png([shade, 0, 9])),
        ("doppler", png([shade, 100, 9])),
        ("grayscale_roi", b"5,5,50,30".to_vec()),
        ("doppler_roi", b"5,5,50,30".to_vec()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_answers_is_what_is_described() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::canned(folder.path());
    let description = described(&room).await;
    let anna = room.browser("anna", Role::Reader).await;
    let berta = room.browser("berta", Role::Reader).await;
    let vera = room.browser("vera", Role::Senior).await;
    let carl = room.browser("carl", Role::Coordinator).await;
    let (first, second) =
        (room.pair("p1", 1, &[anna.id, berta.id]), room.pair("p2", 2, &[anna.id, berta.id]));
    let mut room = Judged { room, description, asked: BTreeSet::new() };
    room.get(&anna, ADDRESS, &[]).await;
    room.get(&anna, "/api/v1/me", &[]).await;
    assert_eq!(
        room.get(&anna, "/api/v1/next?after={code}", &[&second]).await.json()["code"],
        first
    );
    reading(&mut room, [&anna, &berta, &vera], &first, &second).await;
    answers(&mut room, &anna, &first).await;
    programs(&mut room, &anna, &carl, &first).await;
    importing(&mut room, &carl).await;
    a_study(&mut room, &anna, &carl).await;
    a_lesson(&mut room, &carl).await;
    refused(&mut room, &anna, &carl, &first).await;
    assert_eq!(room.asked, room.description.operations(), "every operation was asked for");
}

/// Two readers agree on one pair; on the other a senior reader decides.
async fn reading(room: &mut Judged, [anna, berta, vera]: [&Browser; 3], first: &str, second: &str) {
    for who in [anna, berta] {
        room.read(who, first, None, [2, 1]).await;
    }
    room.get(anna, "/api/v1/pairs/{code}/images/{modality}", &[first, "doppler"]).await;
    for (who, grades) in [(anna, [2, 1]), (berta, [3, 1])] {
        room.read(who, second, None, grades).await;
    }
    for (who, grades) in [(anna, [2, 1]), (berta, [3, 1])] {
        room.get(who, "/api/v1/consensus", &[]).await;
        room.read(who, second, Some("consensus"), grades).await;
    }
    room.get(vera, "/api/v1/consensus", &[]).await;
    room.read(vera, second, Some("adjudication"), [2, 1]).await;
    let settled = room.get(anna, "/api/v1/consensus", &[]).await.json();
    assert_eq!(settled[0]["state"], "settled");
    for who in [anna, vera] {
        room.get(who, "/api/v1/pairs/{code}/readings", &[second]).await;
    }
}

async fn answers(room: &mut Judged, anna: &Browser, code: &str) {
    let reveal = "/api/v1/pairs/{code}/reveal";
    let asked = json!({ "heatmap": true });
    room.ask(anna, Method::POST, (reveal, &[code]), Some(asked)).await;
    loop {
        let answer = room.get(anna, "/api/v1/pairs/{code}/answer", &[code]).await.json();
        assert_ne!(answer["work"]["state"], "failed", "{answer}");
        if answer["work"]["state"] == "done" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    room.get(anna, "/api/v1/pairs/{code}/maps/{modality}", &[code, "grayscale"]).await;
}

async fn programs(room: &mut Judged, anna: &Browser, carl: &Browser, first: &str) {
    for route in ["/api/v1/score", "/api/v1/explain"] {
        let scored = room.upload(carl, route, &[], &pair(1)).await;
        assert_eq!(scored.status, StatusCode::OK, "{}", scored.text());
    }
    let listed = room.get(carl, "/api/v1/readings?limit={n}", &["3"]).await.json();
    assert_eq!((listed["readings"].as_array().unwrap().len(), &listed["next"]), (3, &json!(3)));
    assert_eq!(
        (&listed["readings"][0]["pair_id"], &listed["readings"][0]["reader"]),
        (&json!("p1"), &json!("anna"))
    );
    let rest = room.get(carl, "/api/v1/readings?after={id}", &["3"]).await.json();
    assert_eq!((rest["readings"].as_array().unwrap().len(), &rest["next"]), (4, &Value::Null));
    let own = room.get(anna, "/api/v1/readings", &[]).await;
    assert_eq!(own.json()["readings"].as_array().unwrap().len(), 3);
    assert_eq!(own.json()["readings"][0]["code"], first);
    for secret in ["berta", "vera", "p1", "SECRET"] {
        assert!(!own.text().contains(secret), "{secret}");
    }
    room.get(carl, "/api/v1/agreement", &[]).await;
    for name in [
        "training.zip",
        "manifest.csv",
        "refused.csv",
        "readings.csv",
        "coco.json",
        "voc.zip",
        "history.jsonl",
    ] {
        let file =
            room.get(carl, "/api/v1/export/{name}?revealed={which}", &[name, "include"]).await;
        assert_eq!(file.status, StatusCode::OK, "{name}");
    }
}

async fn importing(room: &mut Judged, carl: &Browser) {
    let begun = room.ask(carl, Method::POST, ("/api/v1/imports", &[]), None).await.json();
    let id = begun["id"].as_str().unwrap();
    let files =
        [("files", png([50, 0, 9])), ("files", png([50, 90, 9])), ("files", b"no".to_vec())];
    room.upload(carl, "/api/v1/imports/{id}/files", &[id], &files).await;
    let sheet = room.get(carl, "/api/v1/imports/{id}", &[id]).await.json();
    let numbers: Vec<&Value> =
        sheet["files"].as_array().unwrap().iter().map(|file| &file["number"]).collect();
    assert_eq!(numbers.len(), 2, "{sheet}");
    let image = format!("{}-small.png", numbers[0]);
    room.get(carl, "/api/v1/imports/{id}/images/{name}", &[id, &image]).await;
    let region = json!({ "device": "scanner", "width": 60, "height": 40, "kept": [0, 0, 60, 40] });
    room.ask(carl, Method::PUT, ("/api/v1/regions", &[]), Some(region)).await;
    let wanted = json!({ "name": "new", "cohort": "test", "origin": "phantom", "device": "scanner", "files": numbers });
    let odd = json!({ "name": "", "cohort": "test", "origin": "phantom", "files": [9, 9] });
    let confirmed = json!({ "pairs": [wanted, odd], "readers": ["anna"] });
    let path = ("/api/v1/imports/{id}/confirm", &[id][..]);
    let done = room.ask(carl, Method::POST, path, Some(confirmed)).await;
    assert_eq!(done.json()["new"][0]["name"], "new", "{}", done.text());
    let begun = room.ask(carl, Method::POST, ("/api/v1/imports", &[]), None).await.json();
    let id = begun["id"].as_str().unwrap();
    room.ask(carl, Method::DELETE, ("/api/v1/imports/{id}", &[id]), None).await;
}

/// One case of a study, read with the system's answer.
async fn a_study(room: &mut Judged, anna: &Browser, carl: &Browser) {
    open_study(&room.room, anna.id);
    let case = room.get(anna, "/api/v1/studies/{name}/case", &["one"]).await.json();
    let item = case["item"].to_string();
    let path = "/api/v1/studies/{name}/items/{item}";
    let below = |what: &str| format!("{path}/{what}");
    room.get(anna, &below("images/{modality}"), &["one", &item, "doppler"]).await;
    let body = json!({ "grades": [2, 1], "effort": { "active": 0, "left": 0, "events": [[1, "grade-0-2"]] } });
    let save = json!({ "version": case["reading"]["version"], "change": "a", "body": body });
    let saved = room.ask(anna, Method::PUT, (path, &["one", &item]), Some(save)).await.json();
    let of_version = json!({ "version": saved["version"] });
    for what in ["show", "lock"] {
        let path = below(what);
        let asked = (path.as_str(), &["one", &item][..]);
        let done = room.ask(anna, Method::POST, asked, Some(of_version.clone())).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.text());
        if what == "show" {
            room.get(anna, &below("maps/{modality}"), &["one", &item, "doppler"]).await;
        }
    }
    let closed = room.room.form(carl, "/studies/one/close", &[("name", "one")]).await;
    assert_eq!(closed.status, StatusCode::SEE_OTHER, "{}", closed.text());
    room.get(carl, "/api/v1/studies/{name}/readings", &["one"]).await;
}

fn open_study(room: &TestRoom, reader: i64) {
    let protocol = StudyProtocol::from_toml(
        "name = \"one\"\ntitle = \"One case\"\nseed = 1\n[cases]\ncohort = \"test\"\n\
         [design]\nkind = \"sequential\"\n[[arms]]\nname = \"assisted\"\nshows = \"grades-and-heatmap\"\n\
         own_grades_first = true\n[[readers]]\nname = \"R1\"\n",
    );
    let code = room.pair("of-a-study", 77, &[]);
    let eoss = Protocol::eoss();
    let pair = room.room.store.read_now(|db| Ok(pairs::by_code(db, &eoss, &code)?.id)).unwrap();
    let votes = vec![vec![2; 5], vec![1; 5]];
    let decision = decide_votes(&eoss, votes, Default::default()).unwrap();
    let scored = Scored::new(decision, 60, None, Origin::Phantom);
    let maps = (0..2).map(|modality| (modality, png([1, 2, 3]))).collect();
    let cases = vec![NewCase { pair, answer: Some(FrozenAnswer { scored, maps }) }];
    let opening =
        Opening { protocol: protocol.unwrap(), cases, readers: vec![reader], bundle: None };
    let open = move |change: &mut Change<'_>| studies::open(change, &opening);
    room.room.store.write_now(Actor::Server, open).unwrap();
}

/// A case to learn on, answered.
async fn a_lesson(room: &mut Judged, carl: &Browser) {
    let lea = room.room.browser("lea", Role::Reader).await;
    let offered = room.room.form(carl, "/teaching/offer", &[("all", "yes")]).await;
    assert_eq!(offered.status, StatusCode::SEE_OTHER, "{}", offered.text());
    let lesson = room.get(&lea, "/api/v1/teaching/lesson?level={level}", &["due"]).await.json();
    let answer = lesson["answer"].to_string();
    let path = "/api/v1/teaching/answers/{answer}";
    let below = |what: &str| format!("{path}/{what}");
    room.get(&lea, &below("images/{modality}"), &[&answer, "doppler"]).await;
    let body = json!({ "grades": [1, 1], "effort": { "active": 0, "left": 0, "events": [] } });
    let save = json!({ "version": lesson["reading"]["version"], "change": "a", "body": body });
    let saved = room.ask(&lea, Method::PUT, (path, &[&answer]), Some(save)).await.json();
    let of_version = json!({ "version": saved["version"] });
    let told = room.ask(&lea, Method::POST, (&below("lock"), &[&answer]), Some(of_version)).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text());
    room.get(&lea, "/api/v1/teaching/progress", &[]).await;
    room.get(carl, "/api/v1/teaching/learners", &[]).await;
    room.get(carl, "/api/v1/teaching/answers.csv", &[]).await;
}

/// Refusals are described as well as answers.
async fn refused(room: &mut Judged, anna: &Browser, carl: &Browser, first: &str) {
    let nobody = Browser::default();
    let forged = Browser { csrf: "x".to_owned(), ..anna.clone() };
    let path = "/api/v1/pairs/{code}/reading";
    let late = json!({ "version": 1, "change": "late", "body": {
        "grades": [1, 1], "cannot": null, "rois": [null, null], "comment": "" } });
    let refused = [
        (room.get(&nobody, path, &[first]).await, 401),
        (room.get(carl, path, &[first]).await, 403),
        (room.ask(&forged, Method::PUT, (path, &[first]), Some(late.clone())).await, 403),
        (room.get(anna, path, &["ZZZZZZ"]).await, 404),
        (room.ask(anna, Method::PUT, (path, &[first]), Some(late)).await, 409),
        (room.ask(anna, Method::PUT, (path, &[first]), Some(json!({}))).await, 400),
        (room.upload(carl, "/api/v1/score", &[], &[]).await, 400),
        (room.upload(carl, "/api/v1/score", &[], &pair(99)).await, 422),
        (room.upload(anna, "/api/v1/score", &[], &pair(1)).await, 403),
        (room.get(carl, "/api/v1/readings?limit={n}", &["501"]).await, 400),
    ];
    for (answer, status) in refused {
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
        assert!(answer.json()["error"].as_str().unwrap().ends_with('.'), "{}", answer.text());
    }
    let wrong_token = Request::get("/api/v1/me").header(header::AUTHORIZATION, "Bearer no");
    let answer = room.room.send(wrong_token.body(Body::empty()).unwrap()).await;
    room.judge(&Method::GET, "/api/v1/me", &answer);
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}
