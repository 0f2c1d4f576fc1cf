//! Who may learn on which pair, and who may not read it any more.

use axum::http::StatusCode;
use image::{Rgb, RgbImage};
use rating_web::import;
use rating_web::pairs::Assigned;
use rating_web::people::Role;
use rating_web::store::Actor;
use serde_json::json;

use crate::school::School;

#[tokio::test]
async fn only_settled_pairs_are_offered_and_nobody_learns_on_the_own_ones() {
    let school = School::open().await;
    let known = school.easy("one", 1, [2, 1]).await;
    let unread = school.room.pair("two", 2, &[school.anna.id]);
    let refused = school.form("offer", &unread).await;
    assert!(refused.text().contains("is not settled with grades"), "{}", refused.text());
    assert_eq!(school.form("offer", "ZZZZZZ").await.status, StatusCode::NOT_FOUND);
    school.offer().await;
    school.offer().await;
    assert_eq!(school.told("teaching.offered"), 1, "the second time nothing was new");
    for reader in [&school.anna, &school.berta] {
        assert_eq!(school.lesson(reader, "due").await["state"], "nothing");
    }
    assert_eq!(school.lesson(&school.lea, "hard").await["state"], "nothing");
    assert_eq!(school.lesson(&school.vera, "easy").await["state"], "read");
    // Handed to the learner while the lesson stands open.
    let lesson = school.lesson(&school.lea, "due").await;
    let saved = school.grade(&school.lea, &lesson, [2, 1], "a").await.json();
    assert_eq!(
        school.assign(&school.lea, &known),
        Assigned { added: 1, learned: 0, studied: 0, seen: 0 }
    );
    let late = school.submit(&school.lea, &lesson, &saved["version"]).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.text());
    assert!(!late.text().contains("truth"));
    assert_eq!(school.lesson(&school.lea, "due").await["state"], "nothing");
    // Another's answer is nobody's business.
    let known = school.easy("three", 3, [2, 1]).await;
    school.form("offer", &known).await;
    let hers = school.lesson(&school.vera, "easy").await;
    for (who, status) in [(&school.lea, 404), (&school.carl, 403)] {
        let taken = school.submit(who, &hers, &json!(1)).await;
        assert_eq!(taken.status.as_u16(), status);
    }
    let taken = school.form("take-back", &known).await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.text());
    assert_eq!(school.lesson(&school.vera, "easy").await["state"], "nothing");
    assert_eq!(school.form("take-back", &known).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(school.told("teaching.taken-back"), 1);
}

#[tokio::test]
async fn a_pair_of_an_open_study_is_neither_offered_nor_shown() {
    let school = School::open().await;
    let first = school.easy("one", 1, [2, 1]).await;
    let second = school.easy("two", 2, [2, 1]).await;
    let dora = school.room.browser("dora", Role::Reader).await;
    school.form("offer", &first).await;
    let lesson = school.lesson(&school.lea, "due").await;
    let saved = school.grade(&school.lea, &lesson, [2, 1], "a").await.json();
    school.study(&[&first, &second], &dora).unwrap();

    let refused = school.form("offer", &second).await;
    assert!(refused.text().contains("is in an open study"), "{}", refused.text());
    school.offer().await;
    assert_eq!(school.lesson(&school.lea, "due").await["state"], "nothing");
    let late = school.submit(&school.lea, &lesson, &saved["version"]).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.text());
    let image = format!("/api/v1/teaching/answers/{}/images/doppler", lesson["answer"]);
    assert_eq!(school.room.get(&school.lea, &image).await.status, StatusCode::CONFLICT);
    let board = school.room.get(&school.carl, "/teaching").await.text();
    assert!(board.contains("1 of them is in an open study"), "{board}");

    school.close_study();
    let told = school.submit(&school.lea, &lesson, &saved["version"]).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text());
    school.offer().await;
    // Who read it in a study does not learn on it afterwards either.
    assert_eq!(school.lesson(&dora, "due").await["state"], "nothing");
}

#[tokio::test]
async fn who_was_told_a_truth_reads_that_pair_no_more() {
    let school = School::open().await;
    let code = school.easy("one", 1, [2, 1]).await;
    school.offer().await;
    school.answer(&school.lea, "due", [2, 1]).await;
    school.answer(&school.vera, "due", [2, 1]).await;
    assert_eq!(
        school.assign(&school.lea, &code),
        Assigned { added: 0, learned: 1, studied: 0, seen: 0 }
    );
    let refused = school.study(&[&code], &school.lea).unwrap_err();
    assert!(refused.what.starts_with("lea has learned on 1 of the cases"), "{refused}");

    // The same by a manifest: it says so, and the others have the pair.
    let folder = tempfile::tempdir().unwrap();
    for (name, more) in [("a.png", 0), ("b.png", 100)] {
        RgbImage::from_pixel(60, 40, Rgb([1, more, 9])).save(folder.path().join(name)).unwrap();
    }
    let manifest = folder.path().join("manifest.csv");
    std::fs::write(
        &manifest,
        "pair_id,patient_id,cohort,origin,joint,side,hospital,device,grayscale,doppler,grayscale_left,grayscale_top,\
         grayscale_right,grayscale_bottom,doppler_left,doppler_top,doppler_right,doppler_bottom,doppler_mode,synovial_hypertrophy,vascularity\n\
         one,SECRET-PATIENT,test,phantom,MCP2,left,S,d,a.png,b.png,5,5,50,30,5,5,50,30,cdus,2,1\n",
    )
    .unwrap();
    let readers = ["lea".to_owned(), "anna".to_owned()];
    let go_on = |_, _| std::ops::ControlFlow::Continue(());
    let report = import::manifest(&school.room.room, &manifest, None, &readers, go_on).unwrap();
    assert_eq!(report.known.len(), 1, "{report:?}");
    assert_eq!(
        report.withheld,
        ["lea has learned on 1 of these pairs and knows their truth: they were not handed to lea."]
    );

    // It is open again when one more reader differs; the senior who learned does not decide.
    let cora = school.room.browser("cora", Role::Reader).await;
    let wanda = school.room.browser("wanda", Role::Senior).await;
    assert_eq!(school.assign(&cora, &code), Assigned { added: 1, learned: 0, studied: 0, seen: 0 });
    school.read(&cora, &code, "", [3, 2], "").await;
    for (who, grades) in [(&school.anna, [2, 1]), (&school.berta, [2, 1]), (&cora, [3, 2])] {
        school.read(who, &code, "/consensus", grades, "").await;
    }
    let path = format!("/api/v1/pairs/{code}/reading/adjudication");
    assert_eq!(school.room.get(&school.vera, &path).await.status, StatusCode::CONFLICT);
    let list = school.room.get(&school.vera, "/api/v1/consensus").await.json();
    assert_eq!(list[0]["part"], "none", "{list}");
    school.read(&wanda, &code, "/adjudication", [2, 1], "").await;
}

#[tokio::test]
async fn pairs_that_share_an_image_count_as_one() {
    let school = School::open().await;
    let first = school.easy("one", 1, [2, 1]).await;
    let twin = school.easy("two", 2, [2, 1]).await;
    // As when two files differ only outside the region that is kept.
    let pairs = [school.pair(&first), school.pair(&twin)];
    let share = move |change: &mut rating_web::store::Change<'_>| {
        let sql =
            "UPDATE views SET image = (SELECT image FROM views WHERE pair = ?1 AND modality = 0)
                   WHERE pair = ?2 AND modality = 0";
        change.execute(sql, pairs)?;
        change.tell("test", "test", (), ())
    };
    school.room.room.store.write_now(Actor::Server, share).unwrap();
    let dora = school.room.browser("dora", Role::Reader).await;
    school.study(&[&first], &dora).unwrap();
    let refused = school.form("offer", &twin).await;
    assert!(refused.text().contains("is in an open study"), "{}", refused.text());
    school.close_study();
    school.form("offer", &twin).await;
    assert_eq!(school.lesson(&dora, "due").await["state"], "nothing");
    school.answer(&school.lea, "due", [2, 1]).await;
    assert_eq!(
        school.assign(&school.lea, &first),
        Assigned { added: 0, learned: 1, studied: 0, seen: 0 }
    );
}
