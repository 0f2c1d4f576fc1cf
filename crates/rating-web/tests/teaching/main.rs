//! Learning on settled pairs: what is told and when, who may learn on what, and
//! who may not read it any more.

mod support;

use axum::http::{Method, StatusCode};
use image::{Rgb, RgbImage};
use rating::Protocol;
use rating::study::StudyProtocol;
use rating_web::import;
use rating_web::pairs::{self, Assigned};
use rating_web::people::Role;
use rating_web::store::{Actor, journal};
use rating_web::studies::{self, NewCase, Opening};
use serde_json::{Value, json};
use support::{Answer, Browser, TestRoom};

const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;
const ROI: [i64; 4] = [5, 5, 50, 30];

/// A room with two readers, a senior reader, a coordinator and a learner.
struct School {
    room: TestRoom,
    anna: Browser,
    berta: Browser,
    vera: Browser,
    carl: Browser,
    lea: Browser,
    _folder: tempfile::TempDir,
}

impl School {
    async fn open() -> School {
        let folder = tempfile::tempdir().unwrap();
        let room = TestRoom::open(folder.path());
        School {
            anna: room.browser("anna", Role::Reader).await,
            berta: room.browser("berta", Role::Reader).await,
            vera: room.browser("vera", Role::Senior).await,
            carl: room.browser("carl", Role::Coordinator).await,
            lea: room.browser("lea", Role::Reader).await,
            room,
            _folder: folder,
        }
    }

    /// A reading of a pair at a stage; `stage` is empty for the first.
    async fn read(&self, who: &Browser, code: &str, stage: &str, grades: [u8; 2], comment: &str) {
        let path = format!("/api/v1/pairs/{code}/reading{stage}");
        let opened = self.room.get(who, &path).await;
        assert_eq!(opened.status, StatusCode::OK, "{stage}: {}", opened.text());
        let version = opened.json()["reading"]["version"].clone();
        let body =
            json!({ "grades": grades, "cannot": null, "rois": [ROI, ROI], "comment": comment });
        let save = json!({ "version": version, "change": "a", "body": body });
        let saved = self.room.ask(who, Method::PUT, &path, Some(save)).await;
        let lock = json!({ "version": saved.json()["version"] });
        let locked = self.room.ask(who, Method::POST, &format!("{path}/lock"), Some(lock)).await;
        assert_eq!(locked.status, StatusCode::OK, "{}", locked.text());
    }

    /// A pair on which both readers agree. Returns its code.
    async fn easy(&self, name: &str, shade: u8, grades: [u8; 2]) -> String {
        let code = self.room.pair(name, shade, &[self.anna.id, self.berta.id]);
        self.read(&self.anna, &code, "", grades, "the capsule is lifted").await;
        self.read(&self.berta, &code, "", grades, "").await;
        code
    }

    /// A pair that the readers settle when they read it again.
    async fn middling(&self, name: &str, shade: u8) -> String {
        let code = self.room.pair(name, shade, &[self.anna.id, self.berta.id]);
        self.read(&self.anna, &code, "", [2, 1], "the capsule is lifted").await;
        self.read(&self.berta, &code, "", [3, 1], "").await;
        self.read(&self.anna, &code, "/consensus", [3, 1], "convex after all").await;
        self.read(&self.berta, &code, "/consensus", [3, 1], "").await;
        code
    }

    /// A pair that a senior reader decides.
    async fn hard(&self, name: &str, shade: u8) -> String {
        let code = self.room.pair(name, shade, &[self.anna.id, self.berta.id]);
        for stage in ["", "/consensus"] {
            self.read(&self.anna, &code, stage, [1, 0], "flattish").await;
            self.read(&self.berta, &code, stage, [3, 2], "bulging").await;
        }
        self.read(&self.vera, &code, "/adjudication", [2, 1], "flattish, one spot").await;
        code
    }

    async fn form(&self, what: &str, code: &str) -> Answer {
        self.room.form(&self.carl, &format!("/teaching/{what}"), &[("code", code)]).await
    }

    async fn offer(&self) {
        assert_eq!(self.form("offer", "").await.status, StatusCode::BAD_REQUEST);
        let offered = self.room.form(&self.carl, "/teaching/offer", &[("all", "yes")]).await;
        assert_eq!(offered.status, StatusCode::SEE_OTHER, "{}", offered.text());
    }

    async fn lesson(&self, who: &Browser, level: &str) -> Value {
        let path = format!("/api/v1/teaching/lesson?level={level}");
        let answer = self.room.get(who, &path).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.json()
    }

    async fn grade(&self, who: &Browser, lesson: &Value, grades: [u8; 2], change: &str) -> Answer {
        let path = format!("/api/v1/teaching/answers/{}", lesson["answer"]);
        let body = json!({ "grades": grades, "effort": { "active": 4000 } });
        let save =
            json!({ "version": lesson["reading"]["version"], "change": change, "body": body });
        self.room.ask(who, Method::PUT, &path, Some(save)).await
    }

    async fn submit(&self, who: &Browser, lesson: &Value, version: &Value) -> Answer {
        let path = format!("/api/v1/teaching/answers/{}/lock", lesson["answer"]);
        self.room.ask(who, Method::POST, &path, Some(json!({ "version": version }))).await
    }

    /// Answers the next case. Returns what is told.
    async fn answer(&self, who: &Browser, level: &str, grades: [u8; 2]) -> Value {
        let lesson = self.lesson(who, level).await;
        assert_eq!(lesson["state"], "read", "{lesson}");
        self.room.pass(10);
        let saved = self.grade(who, &lesson, grades, "a").await;
        assert_eq!(saved.status, StatusCode::OK, "{}", saved.text());
        let told = self.submit(who, &lesson, &saved.json()["version"]).await;
        assert_eq!(told.status, StatusCode::OK, "{}", told.text());
        told.json()
    }

    /// Lets time pass; sessions end, so the learner signs in again.
    async fn wait(&mut self, seconds: u64) {
        self.room.pass(seconds);
        for (name, browser) in [("lea", &mut self.lea), ("carl", &mut self.carl)] {
            let fields = [("name", name), ("password", support::PASSWORD)];
            let answer = self.room.form(&Browser::default(), "/sign-in", &fields).await;
            *browser = self.room.signed_in(browser.id, &answer).await;
        }
    }

    fn pair(&self, code: &str) -> i64 {
        let find = |db: &_| Ok(pairs::by_code(db, &Protocol::eoss(), code)?.id);
        self.room.room.store.read_now(find).unwrap()
    }

    fn assign(&self, who: &Browser, code: &str) -> Assigned {
        let (reader, pair) = (who.id, self.pair(code));
        let store = &self.room.room.store;
        store
            .write_now(Actor::Server, move |change| pairs::assign(change, reader, &[pair]))
            .unwrap()
    }

    /// Opens a study of these pairs without answers of the system.
    fn study(&self, codes: &[&str], reader: &Browser) -> Result<i64, rating_web::Refusal> {
        let protocol = StudyProtocol::from_toml(
            "name = \"walk\"\ntitle = \"Walk\"\nseed = 1\n[cases]\ncohort = \"test\"\n\
             [design]\nkind = \"sequential\"\n[[arms]]\nname = \"unaided\"\nshows = \"nothing\"\n\
             [[readers]]\nname = \"R1\"\n",
        );
        let case = |code: &&str| NewCase { pair: self.pair(code), answer: None };
        let cases = codes.iter().map(case).collect();
        let opening =
            Opening { protocol: protocol.unwrap(), cases, readers: vec![reader.id], bundle: None };
        let store = &self.room.room.store;
        store.write_now(Actor::Server, move |change| studies::open(change, &opening))
    }

    fn close_study(&self) {
        let close = |change: &mut rating_web::store::Change<'_>| studies::close(change, "walk");
        self.room.room.store.write_now(Actor::Server, close).unwrap();
    }

    fn told(&self, kind: &str) -> usize {
        let store = &self.room.room.store;
        store.read_now(journal::check).unwrap();
        let lines = store.read_now(|db| journal::lines(db, 0, 100_000)).unwrap();
        lines.iter().filter(|line| line.kind == kind).count()
    }
}

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
    assert_eq!(school.assign(&school.lea, &known), Assigned { added: 1, learned: 0, studied: 0 });
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
    assert_eq!(school.assign(&school.lea, &code), Assigned { added: 0, learned: 1, studied: 0 });
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
         one,P,test,phantom,MCP2,left,S,d,a.png,b.png,5,5,50,30,5,5,50,30,cdus,2,1\n",
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
    assert_eq!(school.assign(&cora, &code), Assigned { added: 1, learned: 0, studied: 0 });
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
    assert_eq!(school.assign(&school.lea, &first), Assigned { added: 0, learned: 1, studied: 0 });
}

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
