//! What is told, and that nothing of it is told before the answer.

use axum::http::StatusCode;
use rating_web::people::Role;
use serde_json::{Value, json};

use crate::school::School;
use crate::support::Answer;

/// Everything that a learner can be sent before an answer is submitted.
async fn sent_before(school: &School, code: &str) -> Vec<(String, Answer)> {
    let lea = &school.lea;
    let lesson = school.lesson(lea, "due").await;
    let answer = lesson["answer"].to_string();
    let mut sent = Vec::new();
    for path in ["/", "/teaching", "/teaching/lesson", "/consensus", "/account", "/studies"] {
        sent.push(path.to_owned());
    }
    for path in ["lesson", "lesson?level=due", "progress", "learners", "answers.csv"] {
        sent.push(format!("/api/v1/teaching/{path}"));
    }
    for modality in ["grayscale", "doppler", "other"] {
        sent.push(format!("/api/v1/teaching/answers/{answer}/images/{modality}"));
        sent.push(format!("/api/v1/pairs/{code}/images/{modality}"));
    }
    for what in ["readings", "reading", "reading/consensus", "reading/adjudication", "answer"] {
        sent.push(format!("/api/v1/pairs/{code}/{what}"));
    }
    for path in ["readings", "consensus", "agreement", "next", "export/manifest.csv"] {
        sent.push(format!("/api/v1/{path}"));
    }
    for path in ["/consensus", "/read"] {
        sent.push(format!("{path}/{code}"));
    }
    let mut answers = Vec::new();
    for path in sent {
        let answer = school.room.get(lea, &path).await;
        answers.push((path, answer));
    }
    let early = school.submit(lea, &lesson, &json!(1)).await;
    assert_eq!(early.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", early.text());
    answers.push(("lock".to_owned(), early));
    for change in ["a", "b"] {
        let saved = school.grade(lea, &lesson, [1, 1], change).await;
        answers.push((format!("save {change}"), saved));
    }
    let other_version = school.submit(lea, &lesson, &json!(1)).await;
    assert_eq!(other_version.status, StatusCode::CONFLICT);
    answers.push(("lock again".to_owned(), other_version));
    answers
}

#[tokio::test]
async fn before_the_answer_nothing_of_the_truth_leaves_the_server() {
    // Two rooms that differ in nothing but the truth of a pair and the way it came to it.
    let (easy, hard) = (School::open().await, School::open().await);
    let codes = [easy.easy("one", 1, [3, 3]).await, hard.hard("one", 1).await];
    assert_eq!(codes[0], codes[1]);
    easy.offer().await;
    hard.offer().await;
    let before = [sent_before(&easy, &codes[0]).await, sent_before(&hard, &codes[1]).await];
    let [of_easy, of_hard] = &before;
    assert_eq!(of_easy.len(), of_hard.len());
    for ((path, one), (_, other)) in of_easy.iter().zip(of_hard) {
        assert_eq!(one.status, other.status, "{path}");
        assert!(one.bytes == other.bytes, "{path}:\n{}\n{}", one.text(), other.text());
        assert_eq!(one.headers, other.headers, "{path}");
        for word in ["capsule", "bulging", "flattish", "truth\":", "Reader A", "SECRET", "anna"] {
            assert!(!other.text().contains(word), "{path}: {word}");
            assert!(!one.text().contains(word), "{path}: {word}");
        }
        // The code would lead a senior reader to the readings.
        assert!(!path.contains("teaching") || !one.text().contains(&codes[0]), "{path}");
    }
    // Afterwards all of it is told.
    for (school, truth, difficulty) in
        [(&easy, json!([3, 3]), "easy"), (&hard, json!([2, 1]), "hard")]
    {
        let lesson = school.lesson(&school.lea, "due").await;
        let told = school.submit(&school.lea, &lesson, &lesson["reading"]["version"]).await;
        let told = told.json();
        let grades: Vec<&Value> =
            told["measurements"].as_array().unwrap().iter().map(|one| &one["truth"]).collect();
        assert_eq!((json!(grades), &told["difficulty"]), (truth, &json!(difficulty)), "{told}");
    }
}

#[tokio::test]
async fn the_truth_is_told_with_its_reasons() {
    let school = School::open().await;
    let code = school.middling("one", 1).await;
    school.offer().await;
    let told = school.answer(&school.lea, "middling", [2, 1]).await;
    assert_eq!((&told["code"], &told["right"]), (&json!(code), &json!(false)));
    assert_eq!(told["combined"], json!({ "own": 2, "truth": 3 }));
    assert_eq!(told["settled"], "Settled in consensus.");
    let [hypertrophy, vascularity] = &told["measurements"].as_array().unwrap()[..] else {
        panic!("{told}")
    };
    assert_eq!(
        (&hypertrophy["sentence"], &hypertrophy["readers"], &hypertrophy["meaning"]),
        (
            &json!("one too low"),
            &json!("2 readers: 2 and 3"),
            &json!("synovium beyond that line, its upper surface convex")
        )
    );
    assert_eq!(vascularity["sentence"], "right");
    assert_eq!(told["watermark"], "PHANTOM: says nothing about patients");
    let said = told["readers"].as_array().unwrap();
    assert_eq!(said.len(), 4);
    let comments: Vec<&str> = said.iter().filter_map(|one| one["comment"].as_str()).collect();
    assert!(comments.contains(&"the capsule is lifted") && comments.contains(&"convex after all"));
    let text = told.to_string();
    assert!(
        !text.contains("anna") && !text.contains("berta") && !text.contains("SECRET"),
        "{text}"
    );
}

#[tokio::test]
async fn a_senior_reader_does_not_look_a_lesson_up() {
    let school = School::open().await;
    let sven = school.room.browser("sven", Role::Senior).await;
    let code = school.middling("p1", 1).await;
    let readings = format!("/api/v1/pairs/{code}/readings");
    assert_eq!(school.room.get(&sven, &readings).await.status, StatusCode::OK);
    school.offer().await;
    for path in [readings.as_str(), "/api/v1/consensus", "/api/v1/readings", "/consensus"] {
        let text = school.room.get(&sven, path).await.text();
        assert!(!text.contains("convex after all") && !text.contains("settled"), "{path}: {text}");
    }
    assert_ne!(school.room.get(&sven, &readings).await.status, StatusCode::OK);
    school.answer(&sven, "middling", [3, 1]).await;
    assert_eq!(school.room.get(&sven, &readings).await.status, StatusCode::OK);
    // Who has a part in it, or coordinates, is not kept from it.
    for who in [&school.anna, &school.carl] {
        assert_eq!(school.room.get(who, &readings).await.status, StatusCode::OK);
    }
}
