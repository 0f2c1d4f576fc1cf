//! A room with readers, a coordinator and a learner, and settled pairs.

use axum::http::{Method, StatusCode};
use rating::Protocol;
use rating::study::StudyProtocol;
use rating_web::pairs::{self, Assigned};
use rating_web::people::Role;
use rating_web::store::{Actor, journal};
use rating_web::studies::{self, NewCase, Opening};
use serde_json::{Value, json};

use crate::support::{self, Answer, Browser, TestRoom};

const ROI: [i64; 4] = [5, 5, 50, 30];

/// A room with two readers, a senior reader, a coordinator and a learner.
pub struct School {
    pub room: TestRoom,
    pub anna: Browser,
    pub berta: Browser,
    pub vera: Browser,
    pub carl: Browser,
    pub lea: Browser,
    _folder: tempfile::TempDir,
}

impl School {
    pub async fn open() -> School {
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
    pub async fn read(
        &self,
        who: &Browser,
        code: &str,
        stage: &str,
        grades: [u8; 2],
        comment: &str,
    ) {
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
    pub async fn easy(&self, name: &str, shade: u8, grades: [u8; 2]) -> String {
        let code = self.room.pair(name, shade, &[self.anna.id, self.berta.id]);
        self.read(&self.anna, &code, "", grades, "the capsule is lifted").await;
        self.read(&self.berta, &code, "", grades, "").await;
        code
    }

    /// A pair that the readers settle when they read it again.
    pub async fn middling(&self, name: &str, shade: u8) -> String {
        let code = self.room.pair(name, shade, &[self.anna.id, self.berta.id]);
        self.read(&self.anna, &code, "", [2, 1], "the capsule is lifted").await;
        self.read(&self.berta, &code, "", [3, 1], "").await;
        self.read(&self.anna, &code, "/consensus", [3, 1], "convex after all").await;
        self.read(&self.berta, &code, "/consensus", [3, 1], "").await;
        code
    }

    /// A pair that a senior reader decides.
    pub async fn hard(&self, name: &str, shade: u8) -> String {
        let code = self.room.pair(name, shade, &[self.anna.id, self.berta.id]);
        for stage in ["", "/consensus"] {
            self.read(&self.anna, &code, stage, [1, 0], "flattish").await;
            self.read(&self.berta, &code, stage, [3, 2], "bulging").await;
        }
        self.read(&self.vera, &code, "/adjudication", [2, 1], "flattish, one spot").await;
        code
    }

    pub async fn form(&self, what: &str, code: &str) -> Answer {
        self.room.form(&self.carl, &format!("/teaching/{what}"), &[("code", code)]).await
    }

    pub async fn offer(&self) {
        assert_eq!(self.form("offer", "").await.status, StatusCode::BAD_REQUEST);
        let offered = self.room.form(&self.carl, "/teaching/offer", &[("all", "yes")]).await;
        assert_eq!(offered.status, StatusCode::SEE_OTHER, "{}", offered.text());
    }

    pub async fn lesson(&self, who: &Browser, level: &str) -> Value {
        let path = format!("/api/v1/teaching/lesson?level={level}");
        let answer = self.room.get(who, &path).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.json()
    }

    pub async fn grade(
        &self,
        who: &Browser,
        lesson: &Value,
        grades: [u8; 2],
        change: &str,
    ) -> Answer {
        let path = format!("/api/v1/teaching/answers/{}", lesson["answer"]);
        let body = json!({ "grades": grades, "effort": { "active": 4000 } });
        let save =
            json!({ "version": lesson["reading"]["version"], "change": change, "body": body });
        self.room.ask(who, Method::PUT, &path, Some(save)).await
    }

    pub async fn submit(&self, who: &Browser, lesson: &Value, version: &Value) -> Answer {
        let path = format!("/api/v1/teaching/answers/{}/lock", lesson["answer"]);
        self.room.ask(who, Method::POST, &path, Some(json!({ "version": version }))).await
    }

    /// Answers the next case. Returns what is told.
    pub async fn answer(&self, who: &Browser, level: &str, grades: [u8; 2]) -> Value {
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
    pub async fn wait(&mut self, seconds: u64) {
        self.room.pass(seconds);
        for (name, browser) in [("lea", &mut self.lea), ("carl", &mut self.carl)] {
            let fields = [("name", name), ("password", support::PASSWORD)];
            let answer = self.room.form(&Browser::default(), "/sign-in", &fields).await;
            *browser = self.room.signed_in(browser.id, &answer).await;
        }
    }

    pub fn pair(&self, code: &str) -> i64 {
        let find = |db: &_| Ok(pairs::by_code(db, &Protocol::eoss(), code)?.id);
        self.room.room.store.read_now(find).unwrap()
    }

    pub fn assign(&self, who: &Browser, code: &str) -> Assigned {
        let (reader, pair) = (who.id, self.pair(code));
        let store = &self.room.room.store;
        store
            .write_now(Actor::Server, move |change| pairs::assign(change, reader, &[pair]))
            .unwrap()
    }

    /// Opens a study of these pairs without answers of the system.
    pub fn study(&self, codes: &[&str], reader: &Browser) -> Result<i64, rating_web::Refusal> {
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

    pub fn close_study(&self) {
        let close = |change: &mut rating_web::store::Change<'_>| studies::close(change, "walk");
        self.room.room.store.write_now(Actor::Server, close).unwrap();
    }

    pub fn told(&self, kind: &str) -> usize {
        let store = &self.room.room.store;
        store.read_now(journal::check).unwrap();
        let lines = store.read_now(|db| journal::lines(db, 0, 100_000)).unwrap();
        lines.iter().filter(|line| line.kind == kind).count()
    }
}
