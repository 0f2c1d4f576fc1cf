//! Readers who differ come to one value, and nothing of the way there is lost.

mod support;

use std::io::{Cursor, Read};

use axum::http::{Method, StatusCode};
use rating::manifest::Manifest;
use rating::manifest::checks::check_rows;
use rating::{Origin, Protocol};
use rating_web::consensus::Counted;
use rating_web::export;
use rating_web::pairs;
use rating_web::people::Role;
use rating_web::readings::{self, Body};
use rating_web::store::Actor;
use serde_json::{Value, json};
use support::{Answer, Browser, TestRoom};

const ROI: [i64; 4] = [5, 5, 50, 30];

/// Opens, saves and locks a reading; `stage` is empty for the first.
async fn read_at(room: &TestRoom, who: &Browser, code: &str, stage: &str, body: Value) -> Answer {
    let path = match stage {
        "" => format!("/api/v1/pairs/{code}/reading"),
        stage => format!("/api/v1/pairs/{code}/reading/{stage}"),
    };
    let opened = room.get(who, &path).await;
    if opened.status != StatusCode::OK {
        return opened;
    }
    let version = opened.json()["reading"]["version"].clone();
    let change = format!("{stage}-{version}");
    let save = json!({ "version": version, "change": change, "body": body });
    let saved = room.ask(who, Method::PUT, &path, Some(save)).await;
    if saved.status != StatusCode::OK {
        return saved;
    }
    let lock = json!({ "version": saved.json()["version"] });
    room.ask(who, Method::POST, &format!("{path}/lock"), Some(lock)).await
}

async fn read(room: &TestRoom, who: &Browser, code: &str, stage: &str, grades: [u8; 2]) {
    let answer = read_at(room, who, code, stage, graded(grades, ROI)).await;
    assert_eq!(answer.status, StatusCode::OK, "{stage}: {}", answer.text());
}

fn graded(grades: [u8; 2], roi: [i64; 4]) -> Value {
    json!({ "grades": grades, "cannot": null, "rois": [roi, roi], "comment": "" })
}

fn cannot() -> Value {
    json!({ "grades": [null, null], "cannot": "motion", "rois": [null, null], "comment": "" })
}

struct People {
    anna: Browser,
    berta: Browser,
    senior: Browser,
    coordinator: Browser,
}

async fn people(room: &TestRoom) -> People {
    People {
        anna: room.browser("anna", Role::Reader).await,
        berta: room.browser("berta", Role::Reader).await,
        senior: room.browser("vera", Role::Senior).await,
        coordinator: room.browser("carl", Role::Coordinator).await,
    }
}

async fn file(room: &TestRoom, who: &Browser, name: &str) -> Answer {
    let answer = room.get(who, &format!("/api/v1/export/{name}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let disposition = answer.headers["content-disposition"].to_str().unwrap();
    assert_eq!(
        disposition,
        format!("attachment; filename=\"{}\"", name.split('?').next().unwrap())
    );
    answer
}

fn manifest(csv: &str) -> Manifest {
    Manifest::parse(csv.as_bytes(), &Protocol::eoss()).unwrap()
}

/// Shows a person an answer of the system, as the reading screen does.
fn reveal(room: &TestRoom, who: &Browser, pair: i64) {
    let person = who.id;
    let told = move |change: &mut rating_web::store::Change<'_>| {
        readings::reveal(change, pair, person, "grades", "bundle")
    };
    room.room.store.write_now(Actor::Person(person), told).unwrap();
}

#[tokio::test]
async fn two_readers_differ_agree_on_second_thoughts_and_the_pair_is_exported() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    let People { anna, berta, senior, coordinator } = people(&room).await;
    let code = room.pair("p1", 1, &[anna.id, berta.id]);
    read(&room, &anna, &code, "", [2, 1]).await;

    // Blind until both have locked: no list, no page, no reading of the other.
    let readings = format!("/api/v1/pairs/{code}/readings");
    for who in [&anna, &berta, &senior] {
        for path in [
            readings.clone(),
            format!("/consensus/{code}"),
            format!("/api/v1/pairs/{code}/reading/consensus"),
        ] {
            assert_eq!(room.get(who, &path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(room.get(who, "/api/v1/consensus").await.json(), json!([]));
    }
    read(&room, &berta, &code, "", [3, 1]).await;

    let listed = room.get(&anna, "/api/v1/consensus").await.json();
    assert_eq!(
        listed,
        json!([{ "code": code, "state": "consensus", "locked": 0, "of": 2, "part": "consensus" }])
    );
    let seen = room.get(&anna, &readings).await.text();
    assert!(seen.contains("\"grades\":[3,1]") && seen.contains("\"who\":\"Reader "), "{seen}");
    for secret in ["berta", "p1", "SECRET", "MCP2"] {
        assert!(!seen.contains(secret), "{secret} in {seen}");
    }
    assert!(room.get(&coordinator, &readings).await.text().contains("berta"));

    read(&room, &anna, &code, "consensus", [3, 1]).await;
    // A senior reader decides only where readers still differ.
    let early = read_at(&room, &senior, &code, "adjudication", graded([0, 0], ROI)).await;
    assert_eq!(early.status, StatusCode::CONFLICT);
    let other_roi = [6, 6, 52, 31];
    let second = read_at(&room, &berta, &code, "consensus", graded([3, 1], other_roi)).await;
    assert_eq!(second.status, StatusCode::OK);
    let page = room.get(&anna, &format!("/consensus/{code}")).await.text();
    assert!(page.contains("settled by consensus: synovial hypertrophy 3, vascularity 1"), "{page}");

    let csv = file(&room, &coordinator, "manifest.csv").await.text();
    let rows = manifest(&csv).rows;
    assert_eq!((rows.len(), rows[0].all_grades()), (1, Some(vec![3, 1])));
    // 5 and 6 give 5.5, up to 6; 50 and 52 give 51; 30 and 31 give 31.
    assert_eq!(rows[0].views[0].roi.sides(), [6, 6, 51, 31]);
    assert_eq!(
        (rows[0].pair_id.as_str(), rows[0].extra["x_settled_by"].as_str()),
        ("p1", "consensus")
    );
    assert!(check_rows(&manifest(&csv), &Protocol::eoss()).errors.is_empty());

    let kept = file(&room, &coordinator, "readings.csv").await.text();
    assert!(kept.starts_with("pair_id,reader_id,stage,measurement,grade,time\n"), "{kept}");
    assert!(kept.contains("p1,anna,first,synovial_hypertrophy,2,2026-"), "{kept}");
    assert_eq!(kept.lines().count(), 1 + 4 * 2);
}

#[tokio::test]
async fn where_readers_still_differ_a_senior_reader_decides_once() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    let People { anna, berta, senior, coordinator } = people(&room).await;
    let second_senior = room.browser("vio", Role::Senior).await;
    let code = room.pair("p1", 1, &[anna.id, berta.id]);
    read(&room, &anna, &code, "", [2, 1]).await;
    let differs = read_at(&room, &berta, &code, "", cannot()).await;
    assert_eq!(differs.status, StatusCode::OK);
    read(&room, &anna, &code, "consensus", [2, 1]).await;
    read(&room, &berta, &code, "consensus", [1, 1]).await;
    assert_eq!(room.get(&senior, "/api/v1/consensus").await.json()[0]["part"], "adjudication");
    assert_eq!(room.get(&anna, "/api/v1/consensus").await.json()[0]["part"], "none");
    let not_hers = read_at(&room, &anna, &code, "adjudication", graded([2, 1], ROI)).await;
    assert_eq!(not_hers.status, StatusCode::CONFLICT);

    // Two begin; the first to lock decides, the other is told so.
    let slow = format!("/api/v1/pairs/{code}/reading/adjudication");
    assert_eq!(room.get(&second_senior, &slow).await.status, StatusCode::OK);
    read(&room, &senior, &code, "adjudication", [2, 0]).await;
    let late = read_at(&room, &second_senior, &code, "adjudication", graded([3, 3], ROI)).await;
    assert_eq!(late.status, StatusCode::CONFLICT);

    let rows = manifest(&file(&room, &coordinator, "manifest.csv").await.text()).rows;
    assert_eq!(rows[0].all_grades(), Some(vec![2, 0]));
    assert_eq!(rows[0].extra["x_settled_by"], "adjudication");
    assert_eq!(rows[0].views[0].roi.sides(), ROI.map(|side| side as u32));
}

#[tokio::test]
async fn what_is_not_settled_is_left_out_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    let People { anna, berta, coordinator, .. } = people(&room).await;
    let both = [anna.id, berta.id];
    room.pair("nobody", 1, &[]);
    let half = room.pair("half", 2, &both);
    let differ = room.pair("differ", 3, &both);
    let bad = room.pair("bad", 4, &both);
    let good = room.pair("good", 5, &both);
    read(&room, &anna, &half, "", [1, 0]).await;
    for (who, grades) in [(&anna, [1, 0]), (&berta, [1, 1])] {
        read(&room, who, &differ, "", grades).await;
        assert_eq!(read_at(&room, who, &bad, "", cannot()).await.status, StatusCode::OK);
        read(&room, who, &good, "", [2, 2]).await;
    }
    let refused = file(&room, &coordinator, "refused.csv").await.text();
    for line in [
        "nobody,",
        "was handed to no reader",
        "half,",
        "1 of 2 readers has read it",
        "differ,",
        "the readers differ; 0 of 2 have read it again",
        "bad,",
        "cannot be graded: Doppler motion artefact",
    ] {
        assert!(refused.contains(line), "{line} in {refused}");
    }
    assert_eq!(refused.lines().count(), 5);
    let page = room.get(&coordinator, "/export").await.text();
    assert!(page.contains("Settled pairs: 1. Left out: 4."), "{page}");
    let board = room.get(&coordinator, "/").await.text();
    // Of `differ` and `good`, 1 0 beside 1 1 and 2 2 beside 2 2.
    assert!(board.contains("anna and berta") && board.contains("50.0 %"), "{board}");
    let agreement = room.get(&coordinator, "/api/v1/agreement").await.json();
    let label = "PHANTOM: says nothing about patients";
    assert_eq!(agreement["watermark"], label);
    assert!(room.get(&coordinator, "/").await.text().contains(label));
    let vascularity = &agreement["measurements"][1]["pairs_of_readers"][0];
    assert_eq!((&vascularity["cases"], &vascularity["not_graded"]), (&json!(2), &json!(1)));
    assert_eq!(vascularity["exact_agreement"]["value"], 0.5);
    assert_eq!(agreement["measurements"][2]["measurement"], "combined");
    assert_eq!(room.get(&anna, "/api/v1/agreement").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_reading_that_knew_the_answer_counts_only_when_asked_for_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    let People { anna, berta, senior, coordinator } = people(&room).await;
    let code = room.pair("p1", 1, &[anna.id, berta.id]);
    read(&room, &anna, &code, "", [2, 1]).await;
    read(&room, &berta, &code, "", [3, 1]).await;
    // Between the first and the second reading anna asks for the answer.
    reveal(&room, &anna, 1);
    read(&room, &anna, &code, "consensus", [3, 1]).await;
    read(&room, &berta, &code, "consensus", [3, 1]).await;

    let unrevealed = file(&room, &coordinator, "manifest.csv").await.text();
    assert_eq!(unrevealed.lines().count(), 1, "{unrevealed}");
    let asked = file(&room, &coordinator, "manifest.csv?revealed=include").await.text();
    assert_eq!(manifest(&asked).rows[0].all_grades(), Some(vec![3, 1]));
    let lines = async |name: &str| file(&room, &coordinator, name).await.text().lines().count();
    // Berta had not seen it, but agreed with anna, who had.
    assert_eq!(lines("readings.csv").await, 1 + 2 * 2);
    assert_eq!(lines("readings.csv?revealed=include").await, 1 + 4 * 2);
    let strange = room.get(&coordinator, "/api/v1/export/manifest.csv?revealed=all").await;
    assert_eq!(strange.status, StatusCode::BAD_REQUEST);

    // Whoever decides is not shown what was said after the answer was seen.
    let path = format!("/api/v1/pairs/{code}/readings");
    let stages = async |who: &Browser| -> Vec<String> {
        let seen = room.get(who, &path).await.json();
        let seen = seen["readings"].as_array().unwrap().iter();
        seen.map(|line| line["stage"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(stages(&senior).await, ["first", "first"]);
    assert_eq!(stages(&coordinator).await, ["first", "first", "consensus", "consensus"]);
    let page = room.get(&coordinator, &format!("/consensus/{code}")).await.text();
    assert!(page.contains("(another reader knew the system's answer: does not count)"), "{page}");

    read(&room, &senior, &code, "adjudication", [2, 1]).await;
    assert_eq!(stages(&senior).await.len(), 5);
    let decided = file(&room, &coordinator, "manifest.csv").await.text();
    assert_eq!(manifest(&decided).rows[0].all_grades(), Some(vec![2, 1]));
}

#[tokio::test]
async fn a_consensus_after_somebody_saw_the_answer_says_so_and_is_not_exported() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    let People { anna, berta, coordinator, .. } = people(&room).await;
    let code = room.pair("p1", 1, &[anna.id, berta.id]);
    read(&room, &anna, &code, "", [2, 1]).await;
    read(&room, &berta, &code, "", [3, 1]).await;
    // Both second readings are the reader's own, but anna's comes after berta has seen the answer.
    read(&room, &berta, &code, "consensus", [3, 1]).await;
    reveal(&room, &berta, 1);
    read(&room, &anna, &code, "consensus", [3, 1]).await;
    let refused = file(&room, &coordinator, "refused.csv").await.text();
    assert!(refused.contains("waits for the decision of a senior reader"), "{refused}");
    let asked = file(&room, &coordinator, "manifest.csv?revealed=include").await.text();
    assert_eq!(manifest(&asked).rows[0].all_grades(), Some(vec![3, 1]));
    let history = file(&room, &coordinator, "history.jsonl").await.text();
    let last: Value = serde_json::from_str(history.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&last["kind"], &last["reader"], &last["after"]["seen_by"]),
        (&json!("reading.locked"), &json!("anna"), &json!([berta.id]))
    );
}

#[tokio::test]
async fn the_history_replayed_gives_every_reading_as_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    let People { anna, berta, senior, coordinator } = people(&room).await;
    let code = room.pair("p1", 1, &[anna.id, berta.id]);
    read(&room, &anna, &code, "", [2, 1]).await;
    read(&room, &berta, &code, "", [3, 1]).await;
    reveal(&room, &berta, 1);
    read(&room, &anna, &code, "consensus", [2, 1]).await;
    read(&room, &berta, &code, "consensus", [3, 1]).await;
    room.get(&senior, &format!("/api/v1/pairs/{code}/reading/adjudication")).await;

    let history = file(&room, &coordinator, "history.jsonl").await;
    assert_eq!(history.headers["content-type"], "application/jsonl; charset=utf-8");
    let mut replayed = std::collections::BTreeMap::new();
    for line in history.text().lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!((&line["origin"], &line["pair_id"]), (&json!("phantom"), &json!("p1")));
        let key = (
            line["reader"].as_str().unwrap().to_owned(),
            line["stage"].as_str().map(str::to_owned),
        );
        match line["kind"].as_str().unwrap() {
            "answer.revealed" => {
                replayed.insert(key, (Value::Null, false));
            }
            "reading.locked" => {
                let before = replayed.insert(key, (line["after"]["body"].clone(), true));
                assert_eq!(before, Some((line["before"].clone(), false)));
            }
            _ => {
                replayed.insert(key, (line["after"].clone(), false));
            }
        }
    }
    let kept = room.room.store.read_now(|db| readings::of_pair(db, 1)).unwrap();
    assert_eq!(replayed.remove(&("berta".to_owned(), None)), Some((Value::Null, false)));
    assert_eq!(replayed.len(), kept.len());
    let name = |id| {
        [(anna.id, "anna"), (berta.id, "berta"), (senior.id, "vera")]
            .into_iter()
            .find(|(known, _)| *known == id)
            .unwrap()
            .1
    };
    for reading in kept {
        let key = (name(reading.reader).to_owned(), Some(reading.stage.word().to_owned()));
        let (body, locked) = &replayed[&key];
        let body: Body = serde_json::from_value(body.clone()).unwrap();
        assert_eq!((body, *locked), (reading.body, reading.locked.is_some()), "{key:?}");
    }
}

#[tokio::test]
async fn the_zip_holds_a_manifest_with_its_images_and_the_folder_holds_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    let People { anna, coordinator, .. } = people(&room).await;
    let code = room.pair("a & b", 1, &[anna.id]);
    read(&room, &anna, &code, "", [2, 1]).await;

    let bytes = file(&room, &coordinator, "training.zip").await.bytes;
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut text = |name: &str| {
        let mut bytes = Vec::new();
        zip.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    };
    let rows = manifest(&String::from_utf8(text("manifest.csv")).unwrap()).rows;
    assert_eq!(rows[0].origin, Origin::Phantom);
    for view in &rows[0].views {
        let image = rating::decode::decode(&text(&view.path)).unwrap().image;
        view.roi.check_within(image.width(), image.height()).unwrap();
    }
    let coco: Value = serde_json::from_slice(&text("coco.json")).unwrap();
    assert_eq!(coco["annotations"][0]["bbox"], json!([5, 5, 45, 25]));
    assert_eq!(coco["annotations"][1]["attributes"]["vascularity"], 1);
    assert_eq!(coco["images"][1]["file_name"], rows[0].views[1].path);
    let voc = String::from_utf8(text(&format!("voc/{code}_doppler.xml"))).unwrap();
    assert!(voc.contains("<xmin>6</xmin><ymin>6</ymin><xmax>50</xmax><ymax>30</ymax>"), "{voc}");
    assert!(voc.contains("<value>a &amp; b</value>"), "{voc}");
    assert!(String::from_utf8(text("README.txt")).unwrap().contains("Research use only"));

    let out = tempfile::tempdir().unwrap();
    let selection = export::folder(&room.room, Counted::Unrevealed, out.path()).unwrap();
    assert_eq!(selection.exported.len(), 1);
    for name in zip.file_names().map(|name| name.unwrap().into_owned()).collect::<Vec<_>>() {
        let mut bytes = Vec::new();
        zip.by_name(&name).unwrap().read_to_end(&mut bytes).unwrap();
        assert_eq!(std::fs::read(out.path().join(&name)).unwrap(), bytes, "{name}");
    }
    assert!(out.path().join("history.jsonl").is_file());
    assert!(file(&room, &coordinator, "voc.zip").await.bytes.starts_with(b"PK"));
}

#[tokio::test]
async fn a_room_where_nothing_is_settled_is_exported_too() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::open(&folder.path().join("room"));
    room.pair("p1", 1, &[]);
    let out = folder.path().join("out");
    let selection = export::folder(&room.room, Counted::Unrevealed, &out).unwrap();
    assert_eq!((selection.exported.len(), selection.refused.len()), (0, 1));
    let refused = std::fs::read_to_string(out.join("refused.csv")).unwrap();
    assert!(refused.contains("was handed to no reader"), "{refused}");
    assert!(out.join("history.jsonl").exists() && out.join("manifest.csv").exists());
}

#[tokio::test]
async fn who_may_look_at_the_readings_of_a_pair_is_not_handed_it() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    let People { anna, berta, senior, .. } = people(&room).await;
    let code = room.pair("p1", 1, &[anna.id, berta.id]);
    let pair = room.room.store.read_now(|db| pairs::id_of(db, "p1")).unwrap();
    let hand = |to: &Browser| {
        let id = to.id;
        let assign =
            move |change: &mut rating_web::store::Change<'_>| pairs::assign(change, id, &[pair]);
        room.room.store.write_now(Actor::Server, assign).unwrap()
    };
    read(&room, &anna, &code, "", [2, 1]).await;
    read(&room, &berta, &code, "", [1, 1]).await;
    let seen = room.get(&senior, &format!("/api/v1/pairs/{code}/readings")).await;
    assert_eq!(seen.status, StatusCode::OK);
    let assigned = hand(&senior);
    assert_eq!((assigned.added, assigned.seen), (0, 1));
    // A reader who can know nothing of it still may.
    let cora = room.browser("cora", Role::Reader).await;
    assert_eq!(hand(&cora).added, 1);
}
