//! The system's answer: nothing of it before the own grade is locked, by no
//! route; then scores first, maps after, and nothing computed for nobody.

mod support;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use axum::http::{Method, StatusCode, header};
use rating::scores::Probability;
use rating::{Origin, Pair, Protocol};
use rating_frozen::explain::{How, Mode};
use rating_frozen::{Control, Explanation, Identity, ScoreError, Scorer};
use rating_web::answers::Canned;
use rating_web::people::Role;
use rating_web::store::{Actor, journal};
use serde_json::{Value, json};
use support::{Answer, Browser, TestRoom};

/// Canned answers that say the same grades of every pair, as if a bundle of
/// clinical images gave them; exact maps wait until they are let go.
struct Stub {
    canned: Canned,
    identity: Identity,
    scored: AtomicUsize,
    cancelled: AtomicUsize,
    lets_exact_go: AtomicBool,
}

impl Stub {
    fn new(grades: [u8; 2]) -> Arc<Stub> {
        let canned = Canned::new(Protocol::eoss(), move |_| Some(grades.to_vec()));
        let identity = Identity {
            bundle: "b5".repeat(32),
            protocol: Protocol::eoss(),
            origin: Origin::Clinical,
        };
        Arc::new(Stub {
            canned,
            identity,
            scored: AtomicUsize::new(0),
            cancelled: AtomicUsize::new(0),
            lets_exact_go: AtomicBool::new(true),
        })
    }

    fn holds_exact(self: Arc<Stub>) -> Arc<Stub> {
        self.lets_exact_go.store(false, Ordering::SeqCst);
        self
    }
}

impl Scorer for Stub {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn score(
        &self,
        pairs: &[Pair],
        control: &dyn Control,
    ) -> Result<Vec<Vec<Probability>>, ScoreError> {
        self.scored.fetch_add(1, Ordering::SeqCst);
        self.canned.score(pairs, control)
    }

    fn explain(
        &self,
        pair: &Pair,
        how: &How,
        control: &dyn Control,
    ) -> Result<Explanation, ScoreError> {
        control.progress(1, 80);
        while how.mode == Mode::Exact && !self.lets_exact_go.load(Ordering::SeqCst) {
            if control.cancelled() {
                self.cancelled.fetch_add(1, Ordering::SeqCst);
                return Err(ScoreError::Cancelled);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        self.canned.explain(pair, how, control)
    }
}

fn at(code: &str, what: &str) -> String {
    format!("/api/v1/pairs/{code}/{what}")
}

async fn reveal(room: &TestRoom, who: &Browser, code: &str) -> Answer {
    let asked = json!({ "heatmap": true });
    room.ask(who, Method::POST, &at(code, "reveal"), Some(asked)).await
}

async fn read(room: &TestRoom, who: &Browser, code: &str, locks: bool) {
    let path = at(code, "reading");
    room.get(who, &path).await;
    let rois = [[5, 5, 50, 30], [6, 6, 51, 31]];
    let body = json!({ "grades": [1, 1], "cannot": null, "rois": rois, "comment": "" });
    let asked = json!({ "version": 1, "change": "a", "body": body });
    let saved = room.ask(who, Method::PUT, &path, Some(asked)).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.text());
    if locks {
        let asked = json!({ "version": 2 });
        let locked = room.ask(who, Method::POST, &format!("{path}/lock"), Some(asked)).await;
        assert_eq!(locked.status, StatusCode::OK, "{}", locked.text());
    }
}

/// Locks a reading of a stage with these grades, whatever version it begins with.
async fn read_with(room: &TestRoom, who: &Browser, code: &str, stage: &str, grades: [u8; 2]) {
    let path = at(code, stage);
    let version = room.get(who, &path).await.json()["reading"]["version"].clone();
    let rois = [[5, 5, 50, 30], [6, 6, 51, 31]];
    let body = json!({ "grades": grades, "cannot": null, "rois": rois, "comment": "" });
    let asked = json!({ "version": version, "change": stage, "body": body });
    let saved = room.ask(who, Method::PUT, &path, Some(asked)).await.json();
    let asked = json!({ "version": saved["version"] });
    let locked = room.ask(who, Method::POST, &format!("{path}/lock"), Some(asked)).await;
    assert_eq!(locked.status, StatusCode::OK, "{}", locked.text());
}

/// Asks again and again, as the page does, until the answer is as wanted.
async fn until(room: &TestRoom, who: &Browser, code: &str, done: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..2000 {
        let answer = room.get(who, &at(code, "answer")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        let answer = answer.json();
        if done(&answer) {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(3)).await;
        room.pass(1);
    }
    panic!("no such answer came");
}

fn is_exact(answer: &Value) -> bool {
    answer["heatmap"]["state"] == "exact"
}

/// Lines of the journal of this kind.
fn told(room: &TestRoom, kind: &str) -> Vec<String> {
    let lines = room.room.store.read_now(|db| journal::lines(db, 0, 1000)).unwrap();
    let of_kind = lines.into_iter().filter(|event| event.kind == kind);
    of_kind.map(|event| event.after.unwrap_or_default()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_told_before_the_own_grade_is_locked() {
    let folder = tempfile::tempdir().unwrap();
    let stub = Stub::new([3, 3]);
    let room = TestRoom::answered(folder.path(), stub.clone());
    let anna = room.browser("anna", Role::Reader).await;
    let berta = room.browser("berta", Role::Reader).await;
    let code = room.pair("p1", 1, &[anna.id, berta.id]);
    let routes = ["answer", "maps/grayscale", "maps/doppler", "reading", "images/doppler"];

    // Berta has the whole answer; Anna has a draft.
    read(&room, &berta, &code, true).await;
    reveal(&room, &berta, &code).await;
    until(&room, &berta, &code, is_exact).await;
    let map = room.get(&berta, &at(&code, "maps/grayscale")).await;
    assert!(map.bytes.starts_with(b"\x89PNG"));
    read(&room, &anna, &code, false).await;

    let refused = reveal(&room, &anna, &code).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.text().contains("Lock your own reading first"), "{}", refused.text());
    assert_eq!(told(&room, "answer.refused").len(), 1);
    for route in routes {
        let answer = room.get(&anna, &at(&code, route)).await;
        if !matches!(route, "reading" | "images/doppler") {
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{route}");
        }
        for secret in ["votes", "probabilit", &"b5".repeat(32), "conflict", "coloured_share"] {
            assert!(!answer.text().contains(secret), "{secret} by {route}");
        }
        assert_ne!(answer.bytes, map.bytes, "{route}");
    }
    // Nor is it computed ahead: time would tell.
    assert_eq!(stub.scored.load(Ordering::SeqCst), 1);

    // Locked, but not asked for: still nothing.
    let asked = json!({ "version": 2 });
    room.ask(&anna, Method::POST, &at(&code, "reading/lock"), Some(asked)).await;
    for route in &routes[..3] {
        let answer = room.get(&anna, &at(&code, route)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{route}");
    }
    assert_eq!(reveal(&room, &anna, &code).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn scores_come_first_and_maps_as_they_are_ready() {
    let folder = tempfile::tempdir().unwrap();
    let stub = Stub::new([2, 1]).holds_exact();
    let room = TestRoom::answered(folder.path(), stub.clone());
    let anna = room.browser("anna", Role::Reader).await;
    let code = room.pair("p1", 1, &[anna.id]);
    read(&room, &anna, &code, true).await;
    let first = reveal(&room, &anna, &code).await.json();
    assert_eq!(first["research_use_only"], true);
    assert_eq!(first["rois"], json!([[5, 5, 50, 30], [6, 6, 51, 31]]));

    let fast = until(&room, &anna, &code, |answer| answer["heatmap"]["state"] == "fast").await;
    let sh = &fast["measurements"][0];
    assert_eq!(
        (&sh["name"], sh["votes"].as_array().unwrap().len()),
        (&json!("synovial_hypertrophy"), 5)
    );
    assert!(sh["sentence"].as_str().unwrap().contains("5 models say"), "{sh}");
    assert_eq!(sh["probabilities"].as_array().unwrap().len(), 3);
    assert!(fast["coloured_share_of_roi_box"].is_number());
    assert!(fast["heatmap"]["caption"].as_str().unwrap().contains("not lesion location"));
    let under_way = json!({ "state": "running", "step": "exact", "done": 1, "total": 80 });
    until(&room, &anna, &code, |answer| answer["work"] == under_way).await;

    let map = room.get(&anna, &at(&code, "maps/doppler")).await;
    let picture = image::load_from_memory(&map.bytes).unwrap();
    assert_eq!((picture.width(), picture.height()), (45, 25));
    assert_eq!(map.headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(room.get(&anna, &at(&code, "maps/mri")).await.status, StatusCode::NOT_FOUND);

    stub.lets_exact_go.store(true, Ordering::SeqCst);
    let exact = until(&room, &anna, &code, is_exact).await;
    assert_eq!(exact["work"], json!({ "state": "done" }));
    // Journal: asked for before anything was made, and each thing once.
    for kind in ["answer.made", "answer.explained"] {
        assert!(!told(&room, kind).is_empty(), "{kind}");
    }
    let revealed = told(&room, "answer.revealed");
    assert_eq!(revealed.len(), 2, "grades and heatmap: {revealed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_embargo_holds_on_every_route() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::answered(folder.path(), Stub::new([2, 1]));
    let anna = room.browser("anna", Role::Reader).await;
    let cora = room.browser("cora", Role::Coordinator).await;
    let code = room.pair("p1", 1, &[anna.id]);
    read(&room, &anna, &code, true).await;
    reveal(&room, &anna, &code).await;
    until(&room, &anna, &code, is_exact).await;

    let until_later = room.room.store.now().after(Duration::from_secs(3600));
    let hold = move |change: &mut rating_web::store::Change<'_>| {
        change.execute("UPDATE pairs SET embargo = ?1", [until_later])?;
        change.tell("pair.embargo", "pair 1", (), until_later)
    };
    room.room.store.write_now(Actor::Server, hold).unwrap();
    for who in [&anna, &cora] {
        for route in ["answer", "maps/grayscale"] {
            let held = room.get(who, &at(&code, route)).await;
            assert_eq!(held.status, StatusCode::FORBIDDEN, "{route}");
            assert!(held.text().contains("held back"), "{}", held.text());
        }
        assert_eq!(reveal(&room, who, &code).await.status, StatusCode::FORBIDDEN);
        for route in ["/api/v1/score", "/api/v1/explain"] {
            let held = room.hand_in(who, route, 1).await;
            assert_eq!(held.status, StatusCode::FORBIDDEN, "{}", held.text());
            assert!(held.text().contains("embargo"), "{}", held.text());
        }
    }
    assert_eq!(told(&room, "upload.refused").len(), 4);
    room.pass(3601);
    // Sessions last 12 hours, so everybody is still signed in.
    assert_eq!(room.get(&anna, &at(&code, "answer")).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_computed_for_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let stub = Stub::new([2, 1]).holds_exact();
    let room = TestRoom::answered(folder.path(), stub.clone());
    let anna = room.browser("anna", Role::Reader).await;
    let code = room.pair("p1", 1, &[anna.id]);
    read(&room, &anna, &code, true).await;
    reveal(&room, &anna, &code).await;
    until(&room, &anna, &code, |answer| answer["work"]["step"] == "exact").await;
    room.pass(60);
    for _ in 0..2000 {
        if stub.cancelled.load(Ordering::SeqCst) > 0 {
            // Whoever comes back goes on where it was.
            stub.lets_exact_go.store(true, Ordering::SeqCst);
            until(&room, &anna, &code, is_exact).await;
            assert_eq!(stub.scored.load(Ordering::SeqCst), 1);
            return;
        }
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    panic!("an exact map was computed for nobody");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (code, before) = {
        let room = TestRoom::answered(folder.path(), Stub::new([2, 1]).holds_exact());
        let anna = room.browser("anna", Role::Reader).await;
        let code = room.pair("p1", 1, &[anna.id]);
        read(&room, &anna, &code, true).await;
        reveal(&room, &anna, &code).await;
        (code.clone(), until(&room, &anna, &code, |answer| answer["work"]["step"] == "exact").await)
    };
    // The exact map was under way when the server ended.
    let stub = Stub::new([0, 0]);
    let room = TestRoom::answered(folder.path(), stub.clone());
    let anna = signed_in_again(&room).await;
    let after = until(&room, &anna, &code, is_exact).await;
    assert_eq!(after["measurements"], before["measurements"]);
    assert_eq!(stub.scored.load(Ordering::SeqCst), 0);
    room.room.store.read_now(journal::check).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heatmap_whose_files_are_gone_is_computed_again() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::answered(folder.path(), Stub::new([2, 1]));
    let anna = room.browser("anna", Role::Reader).await;
    let code = room.pair("p1", 1, &[anna.id]);
    read(&room, &anna, &code, true).await;
    reveal(&room, &anna, &code).await;
    let before = until(&room, &anna, &code, is_exact).await;
    let map = room.get(&anna, &at(&code, "maps/doppler")).await;
    assert_eq!(told(&room, "answer.explained").len(), 2, "fast and exact");

    std::fs::remove_dir_all(folder.path().join("maps")).unwrap();
    let gone = room.get(&anna, &at(&code, "maps/doppler")).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND, "{}", gone.text());
    let first = room.get(&anna, &at(&code, "answer")).await.json();
    assert_ne!(first["work"]["state"], "done");
    assert_eq!(until(&room, &anna, &code, is_exact).await, before);
    assert_eq!(room.get(&anna, &at(&code, "maps/doppler")).await.bytes, map.bytes);
    assert_eq!(told(&room, "answer.explained").len(), 4);
    assert_eq!(told(&room, "answer.made").len(), 1, "the grades were there");
}

#[tokio::test(flavor = "multi_thread")]
async fn heatmaps_that_nobody_looks_at_make_room_for_others() {
    let folder = tempfile::tempdir().unwrap();
    let stub = Stub::new([2, 1]);
    let room = TestRoom::answered_within(folder.path(), stub, 1);
    let anna = room.browser("anna", Role::Reader).await;
    let mut codes = Vec::new();
    for shade in 1..=3 {
        let code = room.pair(&format!("p{shade}"), shade, &[anna.id]);
        read(&room, &anna, &code, true).await;
        reveal(&room, &anna, &code).await;
        until(&room, &anna, &code, is_exact).await;
        codes.push(code);
        if shade == 2 {
            room.pass(20 * 60);
            // Somebody looks at the first again.
            room.get(&anna, &at(&codes[0], "maps/doppler")).await;
        }
    }
    let status = async |code: &str| room.get(&anna, &at(code, "maps/doppler")).await.status;
    assert_eq!(status(&codes[1]).await, StatusCode::NOT_FOUND, "20 minutes unused");
    assert_eq!(status(&codes[0]).await, StatusCode::OK, "looked at");
    assert_eq!(status(&codes[2]).await, StatusCode::OK, "just made");
    until(&room, &anna, &codes[1], is_exact).await;
}

async fn signed_in_again(room: &TestRoom) -> Browser {
    let fields = [("name", "anna"), ("password", support::PASSWORD)];
    let answer = room.form(&Browser::default(), "/sign-in", &fields).await;
    room.signed_in(1, &answer).await
}

#[tokio::test(flavor = "multi_thread")]
async fn canned_answers_say_that_they_are_canned() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::canned(folder.path());
    let anna = room.browser("anna", Role::Reader).await;
    let code = room.pair("p1", 1, &[anna.id]);
    read(&room, &anna, &code, true).await;
    reveal(&room, &anna, &code).await;
    let answer = until(&room, &anna, &code, is_exact).await;
    assert_eq!(answer["origin"], "canned");
    assert!(answer["watermark"].as_str().unwrap().starts_with("CANNED"), "{answer}");
    let map = room.get(&anna, &at(&code, "maps/grayscale")).await;
    assert_eq!(map.headers["x-rating-origin"], "canned");

    let cora = room.browser("cora", Role::Coordinator).await;
    let unknown = room.hand_in(&cora, "/api/v1/score", 99).await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", unknown.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn models_that_contradict_medicine_give_no_grade() {
    let folder = tempfile::tempdir().unwrap();
    // Of 5 models about one in five errs: where all agree on 0 and on more, it conflicts.
    let room = TestRoom::answered(folder.path(), Stub::new([0, 3]));
    let anna = room.browser("anna", Role::Reader).await;
    let mut conflicts = 0;
    for shade in 1..12 {
        let code = room.pair(&format!("p{shade}"), shade, &[anna.id]);
        read(&room, &anna, &code, true).await;
        reveal(&room, &anna, &code).await;
        let answer = until(&room, &anna, &code, |answer| answer["conflict"].is_boolean()).await;
        if answer["conflict"] == true {
            conflicts += 1;
            assert_eq!(answer["sentence"], "No grade: the models contradict EOSS.");
            assert_eq!(answer["combined"], Value::Null);
            assert_eq!(answer["measurements"][1]["grade"], Value::Null);
        }
    }
    assert!(conflicts > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_hand_in_pairs_that_are_scored_and_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::answered(folder.path(), Stub::new([2, 1]));
    let cora = room.browser("cora", Role::Coordinator).await;
    let scored = room.hand_in(&cora, "/api/v1/score", 77).await;
    assert_eq!(scored.status, StatusCode::OK, "{}", scored.text());
    let scored = scored.json();
    assert_eq!(scored["schema"], "rating.answer/1");
    assert_eq!(scored["heatmap"], Value::Null);
    let explained = room.hand_in(&cora, "/api/v1/explain", 77).await.json();
    assert_eq!(explained["measurements"], scored["measurements"]);
    assert_eq!(explained["heatmap"]["maps"].as_array().unwrap().len(), 2);
    assert_eq!(files_in(&folder.path().join("maps")), 0);
    assert_eq!(told(&room, "upload.scored").len(), 2);

    let status = async |parts: &[(&str, Vec<u8>)]| {
        room.upload(&cora, "/api/v1/score", parts).await.status.as_u16()
    };
    assert_eq!(status(&[]).await, 400);
    assert_eq!(status(&[("password", vec![1])]).await, 400);
    let svg = b"<svg onload='alert(1)'/>".to_vec();
    let roi = b"0,0,9,9".to_vec();
    let with = |file: Vec<u8>, roi: Vec<u8>| {
        [
            ("grayscale", file.clone()),
            ("doppler", file),
            ("grayscale_roi", roi.clone()),
            ("doppler_roi", roi),
        ]
    };
    assert_eq!(status(&with(svg, roi)).await, 422);
    assert_eq!(status(&with(Vec::new(), b"0,0".to_vec())).await, 400);
    assert_eq!(status(&[("grayscale_roi", vec![b'1'; 300])]).await, 413);
}

fn files_in(folder: &Path) -> usize {
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_cannot_hand_in_a_pair_that_is_still_to_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let stub = Stub::new([2, 1]);
    let room = TestRoom::answered(folder.path(), stub.clone());
    let anna = room.browser("anna", Role::Reader).await;
    let (code, other) = (room.pair("p1", 1, &[anna.id]), room.pair("p2", 2, &[]));
    // The pair itself, and the pair changed so that nothing knows it again.
    for shade in [1, 3] {
        let refused = room.hand_in(&anna, "/api/v1/score", shade).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text());
    }
    assert_eq!(stub.scored.load(Ordering::SeqCst), 0);
    read(&room, &anna, &code, true).await;
    assert_eq!(room.hand_in(&anna, "/api/v1/score", 1).await.status, StatusCode::OK);
    assert_eq!(told(&room, "answer.revealed").len(), 1, "it counts as shown");
    // Nor one of others.
    let refused = room.hand_in(&anna, "/api/v1/score", 2).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(reveal(&room, &anna, &other).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_room_without_a_bundle_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    let anna = room.browser("anna", Role::Reader).await;
    let code = room.pair("p1", 1, &[anna.id]);
    read(&room, &anna, &code, true).await;
    let refused = reveal(&room, &anna, &code).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    assert!(refused.text().contains("without a bundle"), "{}", refused.text());
    assert!(told(&room, "answer.revealed").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_wait_until_nobody_needs_the_person_s_own_reading() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::answered(folder.path(), Stub::new([2, 1]));
    let anna = room.browser("anna", Role::Reader).await;
    let berta = room.browser("berta", Role::Reader).await;
    let vera = room.browser("vera", Role::Senior).await;
    let code = room.pair("p1", 1, &[anna.id, berta.id]);
    // Pixels that are nobody's: a picture changed in one of them would be.
    let upload = async |who: &Browser| room.hand_in(who, "/api/v1/score", 99).await.status;
    assert_eq!(upload(&vera).await, StatusCode::OK, "nobody may need her");
    assert_eq!(upload(&anna).await, StatusCode::FORBIDDEN, "her first reading is to come");
    read_with(&room, &anna, &code, "reading", [2, 1]).await;
    assert_eq!(upload(&anna).await, StatusCode::FORBIDDEN, "she may read it again");
    read_with(&room, &berta, &code, "reading", [1, 1]).await;
    for who in [&anna, &berta, &vera] {
        assert_eq!(upload(who).await, StatusCode::FORBIDDEN);
    }
    read_with(&room, &anna, &code, "reading/consensus", [2, 1]).await;
    assert_eq!(upload(&anna).await, StatusCode::OK, "she has no part in it any more");
    read_with(&room, &berta, &code, "reading/consensus", [1, 1]).await;
    assert_eq!(upload(&vera).await, StatusCode::FORBIDDEN, "she decides");
    read_with(&room, &vera, &code, "reading/adjudication", [2, 1]).await;
    for who in [&anna, &berta, &vera] {
        assert_eq!(upload(who).await, StatusCode::OK, "settled");
    }
}
