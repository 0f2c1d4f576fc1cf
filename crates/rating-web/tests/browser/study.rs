//! A reader goes through both arms of a study, a coordinator closes it.

use std::time::Duration;

use rating::Roi;
use rating::study::{Shows, StudyProtocol};
use rating_frozen::Uncontrolled;
use rating_web::people::Role;
use rating_web::store::Actor;
use rating_web::studies::{self, NewCase, Opening};
use rating_web::{pairs, store::Change};

use crate::driver::{Driver, ENTER, ESCAPE, SHIFT};
use crate::served::Served;

const DAY: u64 = 24 * 60 * 60;

const PROTOCOL: &str = r#"
name = "walk"
title = "Alone and with RATING"
seed = 5
[cases]
cohort = "prospective"
[design]
kind = "sequential"
washout_days = 14
seconds_a_case = 120
cannot_grade = true
[[arms]]
name = "unaided"
shows = "nothing"
[[arms]]
name = "assisted"
shows = "grades-and-heatmap"
own_grades_first = true
[[readers]]
name = "R1"
years = 7
"#;

pub async fn both_arms_of_a_study(driver: &Driver) {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::open(folder.path());
    let anna = served.room.browser("anna", Role::Reader).await;
    served.room.browser("carl", Role::Coordinator).await;
    open(&served, anna.id);

    // Alone: two cases with keys only; the page has no answer to show.
    served.sign_in(driver, "anna").await;
    driver.goto(&format!("{}/studies", served.address)).await;
    driver.click("main li a").await;
    driver.wait_for_text("main", "0 of 2 cases read").await;
    driver.picture("41-study").await;
    driver.click("a.button").await;
    driver.wait_for_text("#saved", "Saved").await;
    // It cannot be graded, says the reader, and thinks better of it.
    driver.keys("xg").await;
    let refused =
        "return document.querySelector('#reading.cannot-grade #cannot')?.value === 'blurred'";
    driver.wait_until(refused).await;
    driver.wait_for_text("#saved", "Saved").await;
    driver.picture("42-cannot-grade").await;
    driver.keys(&ESCAPE.to_string()).await;
    driver.keys("e2").await;
    driver.wait_until("return document.querySelector('#cannot').value === ''").await;
    driver.chord(SHIFT, '1').await;
    driver.wait_for_text("#saved", "Saved").await;
    for css in ["#answer", "#show"] {
        let is_seen = format!("return document.querySelector('{css}').offsetParent !== null");
        assert_eq!(driver.run(&is_seen).await, false, "{css}");
    }
    driver.picture("42-alone").await;
    what_another_window_saved_is_not_submitted(driver).await;
    driver.keys("p").await;
    driver.wait_until("return document.querySelector('#paused').open").await;
    driver.picture("43-paused").await;
    driver.click("#paused button").await;
    // The browser takes the focus from what is no longer seen a frame later.
    driver.wait_until("return !document.activeElement.closest('dialog')").await;
    driver.keys(&ENTER.to_string()).await;
    driver.wait_for_text("#progress", "1 of 2 read").await;
    driver.wait_for_text("#saved", "Saved").await;
    driver.keys("1").await;
    driver.chord(SHIFT, '0').await;
    driver.keys(&ENTER.to_string()).await;
    driver.wait_for_text("main", "The next session begins on").await;
    driver.picture("44-washout").await;

    // Two weeks later: the own grades, then the answer, then the last word.
    served.room.clock.pass(Duration::from_secs(15 * DAY));
    served.sign_in(driver, "anna").await;
    driver.goto(&format!("{}/studies/walk", served.address)).await;
    driver.click("a.button").await;
    for read in ["0 of 2 read", "1 of 2 read"] {
        driver.wait_for_text("#progress", read).await;
        driver.wait_for_text("#saved", "Saved").await;
        driver.keys("1").await;
        driver.chord(SHIFT, '0').await;
        driver.wait_for_text("#saved", "Saved").await;
        driver.keys("v").await;
        driver.wait_for_text("#told caption", "Research use only").await;
        let veiled =
            "return [...document.querySelectorAll('#answer .view')].some((one) => !one.hidden)";
        driver.wait_until(veiled).await;
        driver.picture("45-with-answer").await;
        driver.keys("2").await;
        driver.wait_for_text("#saved", "Saved").await;
        driver.keys(&ENTER.to_string()).await;
    }
    driver.wait_for_text("main", "All your cases are read").await;

    // The coordinator closes it; only then are there results.
    served.sign_in(driver, "carl").await;
    driver.goto(&format!("{}/studies/walk", served.address)).await;
    driver.wait_for_text("main", "withheld until the study is closed").await;
    driver.picture("46-study-board").await;
    driver.type_into("input[name=name]", "walk").await;
    driver.click("form[action$='/close'] button").await;
    driver.wait_for_text("main", "Seal of all submitted readings").await;
    driver.picture("47-closed").await;
    let store = &served.room.room.store;
    let found = store.read_now(|db| {
        let study = studies::by_name(db, "walk")?;
        Ok((studies::submitted(db, &study)?, studies::replay(db, &study)?))
    });
    let (submitted, replayed) = found.unwrap();
    assert_eq!(submitted, replayed);
    let assisted: Vec<_> = submitted.iter().filter(|one| one.arm == 1).collect();
    assert_eq!((submitted.len(), assisted.len()), (4, 2));
    assert!(
        assisted.iter().all(|one| one.own == Some(vec![1, 0]) && one.grades == Some(vec![2, 0]))
    );
    served.close();
}

/// Enter submits what is on the screen, or nothing.
async fn what_another_window_saved_is_not_submitted(driver: &Driver) {
    let save = "
        const done = arguments[arguments.length - 1];
        const { path, csrf } = document.querySelector('#screen').dataset;
        const headers = { 'content-type': 'application/json', 'x-csrf': csrf };
        (async () => {
            const { item, reading } = await (await fetch(`${path}/case`)).json();
            const body = JSON.stringify({ version: reading.version, change: 'elsewhere', body: { ...reading.body, grades: [1, 0] } });
            done((await fetch(`${path}/items/${item}`, { method: 'PUT', headers, body })).status);
        })();";
    assert_eq!(driver.client.execute_async(save, vec![]).await.unwrap(), 200);
    driver.keys(&format!("3{ENTER}")).await;
    driver.wait_for_text("#problem", "Nothing was locked.").await;
    let checked = "return [...document.querySelectorAll('.grades input:checked')].map((one) => one.value).join()";
    assert_eq!(driver.run(checked).await, "1,0");
    driver.wait_for_text("#progress", "0 of 2 read").await;
    driver.keys("2").await;
    driver.chord(SHIFT, '1').await;
    driver.wait_for_text("#saved", "Saved").await;
}

/// A study of two drawn joints with an ROI each, answered by the canned networks.
pub fn open(served: &Served, reader: i64) {
    let room = &served.room.room;
    let drawn = served.draw(2, reader);
    let mut cases = Vec::new();
    for pair in drawn {
        let roi = Roi::new([60, 60, 260, 160]).ok();
        let set = move |change: &mut Change<'_>| {
            (0..2).try_for_each(|modality| pairs::set_roi(change, pair, modality, roi))
        };
        room.store.write_now(Actor::Server, set).unwrap();
        let answer = studies::freeze(room, pair, Shows::GradesAndHeatmap, &Uncontrolled).unwrap();
        cases.push(NewCase { pair, answer });
    }
    let protocol = StudyProtocol::from_toml(PROTOCOL).unwrap();
    let opening = Opening { protocol, cases, readers: vec![reader], bundle: None };
    room.store.write_now(Actor::Server, move |change| studies::open(change, &opening)).unwrap();
}
