//! Answers over time: what comes back, what counts, what progress says.

use axum::http::StatusCode;
use rating_web::store::Actor;
use serde_json::{Value, json};

use crate::school::School;

const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;

#[tokio::test]
async fn a_wrong_answer_comes_back_after_a_day_then_later_and_later() {
    let mut school = School::open().await;
    school.easy("one", 1, [2, 1]).await;
    school.offer().await;
    let told = school.answer(&school.lea, "due", [1, 1]).await;
    let nothing = school.lesson(&school.lea, "due").await;
    assert_eq!((&nothing["state"], &nothing["next"]), (&json!("nothing"), &told["comes_back"]));
    for (days, grades, attempt) in [
        (1, [2, 1], 2),
        (3, [2, 1], 3),
        (7, [3, 1], 4),
        (1, [2, 1], 5),
        (3, [2, 1], 6),
        (7, [2, 1], 7),
    ] {
        school.wait(days * DAY - HOUR).await;
        assert_eq!(school.lesson(&school.lea, "due").await["state"], "nothing", "{days}");
        school.wait(HOUR).await;
        let told = school.answer(&school.lea, "due", grades).await;
        assert_eq!(told["attempt"], attempt);
    }
    school.wait(21 * DAY).await;
    let told = school.answer(&school.lea, "due", [2, 1]).await;
    assert_eq!(told["comes_back"], Value::Null);
    school.wait(400 * DAY).await;
    assert_eq!(school.lesson(&school.lea, "due").await["next"], Value::Null);
    // Only the first answer counts.
    let progress = school.room.get(&school.lea, "/api/v1/teaching/progress").await.json();
    assert_eq!(
        (&progress["answers"], &progress["overall"][0]["exact"]["value"]),
        (&json!(1), &json!(0.0))
    );
}

#[tokio::test]
async fn an_answer_counts_once_in_every_window() {
    let school = School::open().await;
    school.easy("one", 1, [2, 1]).await;
    school.offer().await;
    let lesson = school.lesson(&school.lea, "due").await;
    assert_eq!(school.lesson(&school.lea, "due").await, lesson, "a second window has the same");
    let saved = school.grade(&school.lea, &lesson, [3, 1], "a").await;
    assert_eq!(school.grade(&school.lea, &lesson, [3, 1], "a").await.json(), saved.json());
    let other = school.grade(&school.lea, &lesson, [0, 0], "other").await;
    assert_eq!(
        (other.status, &other.json()["state"]["body"]["grades"]),
        (StatusCode::CONFLICT, &json!([3, 1]))
    );
    let version = &saved.json()["version"];
    let first = school.submit(&school.lea, &lesson, version).await;
    let twice = school.submit(&school.lea, &lesson, version).await;
    assert_eq!((twice.status, twice.bytes), (StatusCode::OK, first.bytes));
    let late = school.grade(&school.lea, &lesson, [2, 1], "late").await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert_eq!(school.told("teaching.answer.submitted"), 1);
    let forced = school.room.room.store.write_now(Actor::Server, |change| {
        change.execute("UPDATE teaching_answers SET grades = '[2,1]'", [])?;
        change.tell("test", "test", (), ())
    });
    assert!(forced.unwrap_err().is_ours());
    let excluded = School::open().await;
    excluded.easy("one", 1, [2, 1]).await;
    excluded.offer().await;
    let lesson = excluded.lesson(&excluded.lea, "due").await;
    let saved = excluded.grade(&excluded.lea, &lesson, [0, 2], "a").await.json();
    let refused = excluded.submit(&excluded.lea, &lesson, &saved["version"]).await;
    assert!(refused.text().contains("exclude one another"), "{}", refused.text());
}

#[tokio::test]
async fn everybody_has_an_order_and_a_level_of_their_own() {
    let school = School::open().await;
    for shade in 1..=6 {
        school.easy(&format!("easy-{shade}"), shade, [2, 1]).await;
    }
    let hard = school.hard("hard", 7).await;
    school.offer().await;
    let mut orders = Vec::new();
    for who in [&school.lea, &school.vera] {
        let mut order = Vec::new();
        for _ in 0..6 {
            order.push(school.answer(who, "easy", [2, 1]).await["code"].to_string());
        }
        assert_eq!(school.lesson(who, "easy").await["state"], "nothing");
        orders.push(order);
    }
    assert_ne!(orders[0], orders[1]);
    // Begun as "whatever is due", it is not told to be hard by asking for hard ones.
    let begun = school.lesson(&school.lea, "due").await;
    assert_eq!(school.lesson(&school.lea, "hard").await["state"], "nothing");
    assert_eq!(school.lesson(&school.lea, "due").await, begun);
    assert_eq!(school.answer(&school.lea, "due", [2, 1]).await["code"], json!(hard));
    let unknown = school.room.get(&school.lea, "/api/v1/teaching/lesson?level=harder").await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn progress_goes_by_weeks_and_to_the_coordinator() {
    let mut school = School::open().await;
    for shade in 1..=3 {
        school.easy(&format!("easy-{shade}"), shade, [2, 1]).await;
    }
    school.offer().await;
    school.answer(&school.lea, "due", [2, 1]).await;
    school.answer(&school.lea, "due", [3, 1]).await;
    school.wait(8 * DAY).await;
    // The wrong one comes back first: a repeat, which does not count.
    assert_eq!(school.answer(&school.lea, "due", [2, 1]).await["attempt"], 2);
    school.answer(&school.lea, "due", [0, 0]).await;
    let told = school.room.get(&school.lea, "/api/v1/teaching/progress").await.json();
    assert_eq!(told["answers"], 3);
    let weeks: Vec<(&Value, &Value, &Value)> = told["weeks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|week| (&week["week"], &week["answers"], &week["median_seconds"]))
        .collect();
    let (one, two, four) = (json!(1), json!(2), json!(4.0));
    assert_eq!(weeks, [(&one, &two, &four), (&two, &one, &four)]);
    let first = &told["weeks"][0]["measurements"][0];
    assert_eq!(
        (&first["exact"]["value"], &first["within_one"]["value"]),
        (&json!(0.5), &json!(1.0))
    );
    // Truth 2 2, own 2 3: seen apart 1 of 2, by chance 1 of 2.
    assert_eq!(first["kappa_linear"]["value"], 0.0);
    let vascularity = &told["weeks"][0]["measurements"][1];
    assert_eq!(vascularity["kappa_linear"]["why_not"], "both give every case the same grade");
    assert_eq!(told["grades"][0]["sentence"], "too few to tell");

    let all = school.room.get(&school.carl, "/api/v1/teaching/learners").await.json();
    assert_eq!((&all[0]["learner"], &all[0]["repeats"]), (&json!("lea"), &json!(1)));
    assert_eq!(all[0]["progress"], told);
    let id = school.lea.id;
    let label = "PHANTOM: says nothing about patients";
    assert_eq!(told["watermark"], label);
    for (who, path) in [(&school.lea, "/teaching"), (&school.carl, "/teaching")] {
        let page = school.room.get(who, path).await.text();
        assert!(page.contains(label), "{path}: {page}");
    }
    let page = school.room.get(&school.carl, &format!("/teaching/learners/{id}")).await.text();
    assert!(page.contains(label), "{page}");
    assert!(page.contains("Progress of lea") && page.contains("<polyline"), "{page}");
    let none = school.room.get(&school.carl, "/teaching/learners/999").await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    let csv = school.room.get(&school.carl, "/api/v1/teaching/answers.csv").await.text();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(
        lines[0],
        "learner,code,attempt,level,difficulty,grade_synovial_hypertrophy,grade_vascularity,\
         truth_synovial_hypertrophy,truth_vascularity,seconds,time,origin"
    );
    assert_eq!(lines.len(), 5);
    assert!(lines[1].contains(",1,due,easy,2,1,2,1,4.0,2026-"), "{}", lines[1]);
    assert!(lines[1].ends_with(",phantom"), "{}", lines[1]);
    assert_eq!(school.told("export.made"), 1);
}
