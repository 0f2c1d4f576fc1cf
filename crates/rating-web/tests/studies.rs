//! Reader studies through the room: what is sent and what is kept.

mod support;

use std::collections::BTreeSet;

use axum::http::{Method, StatusCode};
use rating_web::people::Role;
use rating_web::store::Actor;
use serde_json::{Value, json};
use support::Answer;
use support::study::{DAY, MAP, PROTOCOL, Study};

/// Whether bytes hold anything of the system's answer.
fn leaks(answer: &Answer) -> bool {
    let words =
        ["\"votes\":", "\"combined\":2", "models say", "PHANTOM", "watermark\":\"", "probabil"];
    let text = answer.text();
    answer.bytes.windows(MAP.len()).any(|window| window == MAP)
        || words.iter().any(|word| text.contains(word))
        || answer.headers.keys().any(|name| name.as_str().contains("rating-origin"))
}

#[tokio::test]
async fn the_unaided_arm_is_sent_nothing_of_the_answer() {
    let study = Study::open(PROTOCOL, 3).await;
    let reader = &study.readers[0];
    let mut seen = BTreeSet::new();
    for _ in 0..3 {
        let case = study.case(0).await;
        let (item, next) = (case["item"].to_string(), case["next"].to_string());
        let of_version = json!({ "version": case["reading"]["version"] });
        let mut answers = vec![
            study.get(reader, "/").await,
            study.get(reader, "/studies").await,
            study.get(reader, "/studies/walk").await,
            study.get(reader, "/studies/walk/read").await,
            study.get(reader, "/api/v1/studies/walk/case").await,
            study.get(reader, "/api/v1/studies/walk/readings").await,
            study.ask(0, Method::POST, &format!("{item}/show"), of_version.clone()).await,
            study.ask(0, Method::POST, &format!("{next}/show"), of_version).await,
        ];
        for which in [&item, &next] {
            for modality in ["grayscale", "doppler"] {
                for what in ["images", "maps"] {
                    let path = format!("/api/v1/studies/walk/items/{which}/{what}/{modality}");
                    answers.push(study.get(reader, &path).await);
                }
            }
        }
        // The reading room gives nothing away, either.
        for code in ["case-0", "case-1"] {
            for what in ["answer", "maps/grayscale", "readings", "images/grayscale"] {
                answers.push(study.get(reader, &format!("/api/v1/pairs/{code}/{what}")).await);
            }
        }
        for answer in &answers {
            assert!(!leaks(answer), "{}", answer.text());
        }
        assert_eq!(answers[6].status, StatusCode::FORBIDDEN);
        assert!(answers[5].status.is_client_error());
        assert!(seen.insert(item));
        study.read(0, [1, 1]).await;
    }
    // Six maps and three answers were asked for by hand, and as much of the two cases
    // after them; every one is written down.
    assert_eq!(study.told("study.answer.refused"), 9 + 2 * 3);
}

#[tokio::test]
async fn the_assisted_arm_comes_after_the_washout_and_shows_what_it_should() {
    let mut study = Study::open(PROTOCOL, 2).await;
    for _ in 0..2 {
        study.read(0, [1, 1]).await;
    }
    assert_eq!(study.case(0).await["state"], "wait");
    study.wait(14 * DAY - 10).await;
    assert_eq!(study.case(0).await["state"], "wait");
    study.room.pass(10);
    let case = study.case(0).await;
    assert_eq!((&case["state"], &case["answer"]), (&json!("read"), &Value::Null));
    // Own grades first: nothing before, and nothing half-graded.
    let map = format!("/api/v1/studies/walk/items/{}/maps/doppler", case["item"]);
    assert_eq!(study.get(&study.readers[0], &map).await.status, StatusCode::FORBIDDEN);
    let show = format!("{}/show", case["item"]);
    let early = study.ask(0, Method::POST, &show, json!({ "version": 1 })).await;
    assert_eq!(early.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", early.text());
    let saved = study.grade(0, &case, [1, 1]).await.json();
    let of_version = json!({ "version": saved["version"] });
    let lock = format!("{}/lock", case["item"]);
    let unseen = study.ask(0, Method::POST, &lock, of_version.clone()).await;
    assert!(unseen.text().contains("Look at the system's answer"), "{}", unseen.text());
    let shown = study.ask(0, Method::POST, &show, of_version).await.json();
    assert_eq!(
        (&shown["answer"]["combined"], &shown["reading"]["own"]),
        (&json!(2), &json!([1, 1]))
    );
    assert_eq!(shown["answer"]["watermark"], "PHANTOM: says nothing about patients");
    let sent = study.get(&study.readers[0], &map).await;
    assert_eq!((sent.status, sent.bytes.as_slice()), (StatusCode::OK, MAP));
    // The reader comes round; both readings are kept.
    let revised = study.grade(0, &shown, [2, 1]).await.json();
    let submitted =
        study.ask(0, Method::POST, &lock, json!({ "version": revised["version"] })).await;
    assert_eq!(submitted.status, StatusCode::OK);
    let last = study.submitted().into_iter().find(|reading| reading.arm == 1).unwrap();
    assert_eq!((last.own, last.grades), (Some(vec![1, 1]), Some(vec![2, 1])));
    assert_eq!(last.shown_grades, Some(vec![2, 1]));
}

#[tokio::test]
async fn what_is_submitted_stays_in_every_window() {
    let study = Study::open(PROTOCOL, 2).await;
    let case = study.case(0).await;
    let saved = study.grade(0, &case, [2, 1]).await.json();
    // Another tab knows an older version; the same change twice is one.
    let other = json!({ "version": 1, "change": "other tab", "body": { "grades": [0, 0] } });
    let item = case["item"].to_string();
    let refused = study.ask(0, Method::PUT, &item, other).await;
    assert_eq!(
        (refused.status, &refused.json()["state"]["body"]["grades"]),
        (StatusCode::CONFLICT, &json!([2, 1]))
    );
    assert_eq!(study.grade(0, &case, [2, 1]).await.json(), saved);
    let lock = format!("{item}/lock");
    let of_version = json!({ "version": saved["version"] });
    let first = study.ask(0, Method::POST, &lock, of_version.clone()).await;
    let twice = study.ask(0, Method::POST, &lock, of_version).await;
    assert_eq!((twice.status, twice.json()), (StatusCode::OK, first.json()));
    // Neither its reader nor another changes it now.
    let after =
        json!({ "version": saved["version"], "change": "late", "body": { "grades": [3, 3] } });
    assert_eq!(study.ask(0, Method::PUT, &item, after.clone()).await.status, StatusCode::CONFLICT);
    assert_eq!(study.ask(1, Method::PUT, &item, after).await.status, StatusCode::CONFLICT);
    let store = &study.room.room.store;
    let forced = store.write_now(Actor::Server, |change| {
        change.execute("UPDATE study_answers SET grades = '[0,0]'", [])?;
        change.tell("test", "test", (), ())
    });
    assert!(forced.unwrap_err().is_ours());
    assert_eq!(study.submitted().len(), 1);
}

#[tokio::test]
async fn the_journal_withholds_what_readers_said_until_the_study_is_closed() {
    let study = Study::open(PROTOCOL, 1).await;
    study.read(0, [3, 2]).await;
    let root = study.room.browser("Root", Role::Admin).await;
    let page = study.get(&root, "/journal").await.text();
    assert!(page.contains("withheld until the study is closed"));
    assert!(!page.contains("[3,2]"), "grades of an open study");
    assert!(study.manage("close", &[("name", "walk")]).await.status.is_redirection());
    let page = study.get(&root, "/journal").await.text();
    assert!(page.contains("[3,2]") && !page.contains("withheld until"));
}

#[tokio::test]
async fn a_case_that_cannot_be_graded_is_kept_with_its_reason() {
    let protocol = PROTOCOL.replace("washout_days = 14", "washout_days = 0\ncannot_grade = true");
    let study = Study::open(&protocol, 2).await;
    let case = study.case(0).await;
    assert_eq!(case["cannot_grade"], true);
    let said = study.refuse(0, &case, "motion").await;
    assert_eq!(said.status, StatusCode::OK, "{}", said.text());
    assert_eq!(said.json()["body"]["cannot"], "motion");
    let lock = format!("{}/lock", case["item"]);
    let of_version = json!({ "version": said.json()["version"] });
    assert_eq!(study.ask(0, Method::POST, &lock, of_version).await.status, StatusCode::OK);
    study.read(0, [2, 1]).await;
    // With the answer: it could not be graded alone, and is graded after it.
    let case = study.case(0).await;
    let said = study.refuse(0, &case, "blurred").await.json();
    let of_version = json!({ "version": said["version"] });
    let show = format!("{}/show", case["item"]);
    let shown = study.ask(0, Method::POST, &show, of_version).await.json();
    assert_eq!(
        (&shown["reading"]["own"], &shown["reading"]["own_cannot"]),
        (&json!(null), &json!("blurred"))
    );
    let graded = study.grade(0, &shown, [2, 1]).await.json();
    let lock = format!("{}/lock", case["item"]);
    let of_version = json!({ "version": graded["version"] });
    assert_eq!(study.ask(0, Method::POST, &lock, of_version).await.status, StatusCode::OK);
    // As the tables have it, and as the journal tells it again.
    let all = study.submitted();
    let word = |one: Option<rating_web::readings::Reason>| one.map(|reason| reason.word());
    let told: Vec<_> = all
        .iter()
        .map(|one| (one.grades.clone(), word(one.cannot), word(one.own_cannot)))
        .collect();
    let graded = Some(vec![2, 1]);
    let expected = [
        (None, Some("motion"), None),
        (graded.clone(), None, None),
        (graded, None, Some("blurred")),
    ];
    assert_eq!(told, expected);
}
