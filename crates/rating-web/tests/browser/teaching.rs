//! A coordinator offers pairs, somebody learns on them, both see the progress.
//! Every page on the way is for everybody (`checks`).

use std::time::Duration;

use axum::http::{Method, StatusCode};
use rating::Protocol;
use rating_web::pairs;
use rating_web::people::Role;
use rating_web::store::Actor;
use serde_json::json;

use crate::checks::axe;
use crate::devtools::{LAPTOP, PHONE, ZOOMED};
use crate::driver::{Driver, ENTER, SHIFT};
use crate::served::Served;
use crate::support::Browser;

const DAY: u64 = 24 * 60 * 60;

pub async fn a_lesson_and_its_truth(driver: &Driver) {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::open(folder.path());
    settle(&served).await;
    let lea = served.room.browser("lea", Role::Reader).await;
    served.room.browser("carl", Role::Coordinator).await;
    let axe = axe();
    let mut wrong = Vec::new();
    let mut check = Check { driver, served: &served, axe: axe.as_deref(), wrong: &mut wrong };

    served.sign_in(driver, "carl").await;
    driver.goto(&format!("{}/teaching", served.address)).await;
    driver.click("form[action='/teaching/offer'] button[name=all]").await;
    driver.wait("form[action='/teaching/take-back']").await;
    driver.click("form ~ details summary").await;
    check.page("teaching-offered").await;

    // Two cases with keys only, a week apart.
    served.sign_in(driver, "lea").await;
    driver.goto(&format!("{}/teaching", served.address)).await;
    driver.wait_for_text("main", "No case has been answered yet.").await;
    driver.click("details summary").await;
    check.page("teaching-begin").await;
    driver.click("ul.levels li:nth-child(4) a").await;
    driver.wait_for_text("#saved", "Saved").await;
    assert_eq!(driver.run("return document.querySelector('#truth').textContent").await, "");
    check.page("lesson").await;
    let below = driver.below_the_fold(&[".view canvas", ".grades", "#reading .main"]).await;
    assert!(below.is_empty(), "below the fold: {below:?}");
    driver.keys("1").await;
    driver.chord(SHIFT, '1').await;
    driver.keys(&ENTER.to_string()).await;
    driver.wait_for_text("#truth", "Decided by a senior reader.").await;
    driver.wait_for_text("#truth", "one too low").await;
    driver.wait_for_text("#truth", "the surface stays flat").await;
    driver.wait_for_text("#truth", "PHANTOM").await;
    driver.picture("51-truth").await;
    check.page("lesson-told").await;
    let below = driver.below_the_fold(&[".view canvas", ".grades", "#reading .main"]).await;
    assert!(below.is_empty(), "below the fold: {below:?}");
    driver.run("document.querySelector('#truth').focus()").await;
    driver.keys(&ENTER.to_string()).await;
    driver.wait_for_text("#when", "The next case comes back on").await;
    check.page("lesson-nothing").await;

    served.room.clock.pass(Duration::from_secs(8 * DAY));
    served.sign_in(driver, "lea").await;
    for round in 0..3 {
        driver.goto(&format!("{}/teaching/lesson", served.address)).await;
        driver.wait_for_text("#saved", "Saved").await;
        driver.keys("2").await;
        driver.chord(SHIFT, '1').await;
        driver.wait_for_text("#saved", "Saved").await;
        driver.keys(&ENTER.to_string()).await;
        driver.wait_for_text("#truth", "Difficulty:").await;
        if round == 0 {
            driver.wait_for_text("#truth", "Right").await;
        }
    }
    driver.goto(&format!("{}/teaching", served.address)).await;
    driver.wait_for_text("main", "3 cases answered; answers to cases that came back: 1.").await;
    driver.wait("svg.progress-line polyline").await;
    driver.picture("52-progress").await;
    check.page("teaching-progress").await;

    served.sign_in(driver, "carl").await;
    driver.goto(&format!("{}/teaching", served.address)).await;
    driver.wait_for_text("main", "First answers to each case").await;
    check.page("teaching-learners").await;
    driver.goto(&format!("{}/teaching/learners/{}", served.address, lea.id)).await;
    driver.wait_for_text("h1", "Progress of lea").await;
    check.page("teaching-learner").await;
    served.close();
    driver.on(LAPTOP).await;
    assert!(wrong.is_empty(), "{} findings:\n{}", wrong.len(), wrong.join("\n"));
}

struct Check<'a> {
    driver: &'a Driver,
    served: &'a Served,
    axe: Option<&'a str>,
    wrong: &'a mut Vec<String>,
}

impl Check<'_> {
    /// The page as it stands, on three screens.
    async fn page(&mut self, name: &str) {
        for screen in [LAPTOP, ZOOMED, PHONE] {
            // As a person takes time, so that nobody asks too often.
            self.served.room.pass(10);
            self.driver.on(screen).await;
            self.driver.picture_on(name, screen).await;
            let mut said = Vec::new();
            let overhang = self.driver.overhang().await;
            if overhang > 0 {
                said.push(format!("{overhang} px wider than the screen"));
            }
            if let Some(axe) = self.axe {
                said.extend(self.driver.axe_says(axe).await);
            }
            if screen.name != PHONE.name {
                said.extend(self.driver.out_of_reach().await);
            }
            let told = said.into_iter().map(|said| format!("{name}, {}: {said}", screen.name));
            self.wrong.extend(told);
        }
        self.driver.on(LAPTOP).await;
        self.driver.run("scrollTo(0, 0); document.activeElement.blur()").await;
    }
}

/// Three drawn joints: on two the readers agree, on one a senior reader decides.
async fn settle(served: &Served) {
    let room = &served.room;
    let anna = room.browser("anna", Role::Reader).await;
    let berta = room.browser("berta", Role::Reader).await;
    let vera = room.browser("vera", Role::Senior).await;
    let drawn = served.draw(3, anna.id);
    let (too, all) = (berta.id, drawn.clone());
    let store = &room.room.store;
    store.write_now(Actor::Server, move |change| pairs::assign(change, too, &all)).unwrap();
    for (at, pair) in drawn.into_iter().enumerate() {
        let code = store.read_now(|db| Ok(pairs::one(db, &Protocol::eoss(), pair)?.code)).unwrap();
        if at > 0 {
            read(served, &anna, &code, "", 2, "").await;
            read(served, &berta, &code, "", 2, "one spot, well inside").await;
            continue;
        }
        for stage in ["", "/consensus"] {
            read(served, &anna, &code, stage, 2, "the surface stays flat").await;
            read(served, &berta, &code, stage, 3, "bulges over the distal bone").await;
        }
        read(served, &vera, &code, "/adjudication", 2, "flat: the bulge is the tendon").await;
    }
}

/// A whole reading, as the page's script would send it; vascularity is 1.
async fn read(served: &Served, who: &Browser, code: &str, stage: &str, grade: u8, comment: &str) {
    let room = &served.room;
    let path = format!("/api/v1/pairs/{code}/reading{stage}");
    let version = room.get(who, &path).await.json()["reading"]["version"].as_i64().unwrap();
    let roi = [60, 60, 260, 160];
    let body =
        json!({ "grades": [grade, 1], "cannot": null, "rois": [roi, roi], "comment": comment });
    let save = json!({ "version": version, "change": "a", "body": body });
    room.ask(who, Method::PUT, &path, Some(save)).await;
    let lock = Some(json!({ "version": version + 1 }));
    let locked = room.ask(who, Method::POST, &format!("{path}/lock"), lock).await;
    assert_eq!(locked.status, StatusCode::OK, "{}", locked.text());
}
