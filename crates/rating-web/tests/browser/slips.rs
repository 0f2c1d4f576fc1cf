//! Slips and interruptions: nothing is changed or locked that is not seen, and
//! what is not saved is kept and said.

use axum::http::{Method, StatusCode};
use rating_web::people::Role;
use serde_json::{Value, json};

use crate::driver::{Driver, ENTER, RIGHT, SHIFT};
use crate::served::Served;
use crate::support::Browser;

/// Grades as they are on the screen.
const CHECKED: &str =
    "return [...document.querySelectorAll('.grades input:checked')].map((one) => one.value).join()";
/// Gives the focus to the first image.
const FOCUS: &str = "document.querySelector('.view canvas').focus()";
/// Somebody comes back to the page, which does not wait any longer then.
const COME_BACK: &str = "dispatchEvent(new Event('focus'))";

pub async fn change_and_lock_nothing_unseen(driver: &Driver) {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::open(folder.path());
    let anna = served.room.browser("anna", Role::Reader).await;
    served.room.browser("berta", Role::Reader).await;
    let pairs = served.draw(2, anna.id);
    served.sign_in(driver, "anna").await;
    driver.click("a.button").await;
    driver.wait_for_text("#saved", "Saved").await;
    keys_meant_for_something_else(driver, &served, pairs[0], anna.id).await;
    a_rectangle_in_the_margin(driver, &served, pairs[0], anna.id).await;
    a_page_of_a_proxy(driver, &served, pairs[0], anna.id).await;
    another_window(driver, &served, &anna, pairs[0]).await;
    a_session_that_ended(driver, &served, pairs[0], anna.id).await;
    two_rectangles(driver, &served, &anna, pairs[1]).await;
    served.close();
}

fn rois(served: &Served, pair: i64, reader: i64) -> Vec<[u32; 4]> {
    let reading = served.reading(pair, reader);
    reading.body.rois.iter().map(|roi| roi.unwrap().sides()).collect()
}

/// Keys of the keypad without NumLock, arrows after a click and on the page.
async fn keys_meant_for_something_else(driver: &Driver, served: &Served, pair: i64, reader: i64) {
    driver.keys("r").await;
    driver.keys("2").await;
    driver.chord(SHIFT, '1').await;
    driver.wait_for_text("#saved", "Saved").await;
    let placed = rois(served, pair, reader);
    for (key, grades) in [("PageDown", "2,1"), ("3", "3,1")] {
        let press = format!(
            "document.body.dispatchEvent(new KeyboardEvent('keydown', {{ code: 'Numpad3', key: '{key}', bubbles: true }}))"
        );
        driver.run(&press).await;
        assert_eq!(driver.run(CHECKED).await, grades, "{key}");
    }
    driver.click(".grades[data-measurement='0'] label:nth-of-type(2)").await;
    driver.wait_until("return document.activeElement === document.body").await;
    driver.keys(&RIGHT.to_string()).await;
    assert_eq!(driver.run(CHECKED).await, "1,1");
    driver.wait_for_text("#saved", "Saved").await;
    assert_eq!(rois(served, pair, reader), placed);
    // Nor where the rectangle is not seen.
    driver.run(FOCUS).await;
    driver.keys("h").await;
    driver.keys(&RIGHT.to_string()).await;
    driver.keys("h").await;
    assert_eq!(driver.run("return document.querySelector('#saved').textContent").await, "Saved");
    assert_eq!(rois(served, pair, reader), placed);
    // Whoever came by Tab chooses with arrows.
    driver.run("document.querySelector('.grades input:checked').focus()").await;
    driver.keys(&RIGHT.to_string()).await;
    assert_eq!(driver.run(CHECKED).await, "2,1");
    driver.wait_for_text("#saved", "Saved").await;
}

async fn a_rectangle_in_the_margin(driver: &Driver, served: &Served, pair: i64, reader: i64) {
    let before = rois(served, pair, reader);
    // R was pressed before, and the mouse still draws.
    driver.drag(".view:first-child canvas", (0.01, 0.3), (0.05, 0.7)).await;
    driver.wait_for_text("#problem", "at least 16 x 16 pixels").await;
    driver.drag(".view:first-child canvas", (0.4, 0.4), (0.41, 0.7)).await;
    driver.wait_for_text("#problem", "at least 16 x 16 pixels").await;
    driver.wait_for_text("#saved", "Saved").await;
    assert_eq!(rois(served, pair, reader), before);
    driver.drag(".view:first-child canvas", (0.4, 0.4), (0.6, 0.7)).await;
    driver.wait_for_text("#saved", "Saved").await;
    assert_ne!(rois(served, pair, reader), before);
    assert_eq!(driver.text("#problem").await, "");
}

/// A proxy that answers 200 with a page of its own has saved nothing.
async fn a_page_of_a_proxy(driver: &Driver, served: &Served, pair: i64, reader: i64) {
    let page = "
        window.real = window.fetch;
        window.fetch = async () => new Response('<h1>Sign in to the hospital</h1>', { headers: { 'content-type': 'text/html' } });";
    driver.run(page).await;
    driver.keys("3").await;
    driver.wait_for_text("#saved", "Not saved yet: something else answered").await;
    assert_eq!(unsaved(driver).await, true);
    driver.run(&format!("window.fetch = window.real; {COME_BACK}")).await;
    driver.wait_for_text("#saved", "Saved").await;
    driver.wait_until("return document.querySelector('#saved').className === 'saved'").await;
    assert_eq!(served.reading(pair, reader).body.grades[0], Some(3));
    assert_eq!(unsaved(driver).await, false);
}

/// Whether the page asks before it is left.
async fn unsaved(driver: &Driver) -> Value {
    let script = "
        const leaving = new Event('beforeunload', { cancelable: true });
        dispatchEvent(leaving);
        return leaving.defaultPrevented;";
    driver.run(script).await
}

/// What another window saved is shown and not locked.
async fn another_window(driver: &Driver, served: &Served, anna: &Browser, pair: i64) {
    let body = |now: &Value| json!({ "grades": [1, 1], "cannot": null, "rois": now["rois"], "comment": "" });
    save(served, anna, &code(driver).await, body).await;
    driver.keys(&format!("2{ENTER}")).await;
    driver.wait_for_text("#problem", "changed in another window").await;
    driver.wait_for_text("#problem", "Nothing was locked.").await;
    assert_eq!(driver.run(CHECKED).await, "1,1");
    assert!(served.reading(pair, anna.id).locked.is_none());
}

async fn code(driver: &Driver) -> String {
    driver.text("#code").await
}

/// Saves a reading as another window does.
async fn save(served: &Served, who: &Browser, code: &str, body: impl Fn(&Value) -> Value) {
    let path = format!("/api/v1/pairs/{code}/reading");
    let now = served.room.get(who, &path).await.json()["reading"].clone();
    let save =
        json!({ "version": now["version"], "change": "elsewhere", "body": body(&now["body"]) });
    let saved = served.room.ask(who, Method::PUT, &path, Some(save)).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.text());
}

/// What was changed after the session ended is kept, not locked, not saved as
/// somebody else's, and saved when the same person is back.
async fn a_session_that_ended(driver: &Driver, served: &Served, pair: i64, reader: i64) {
    driver.client.delete_all_cookies().await.unwrap();
    driver.keys("3").await;
    driver.wait_for_text("#saved", "Not saved: please sign in again").await;
    driver.wait("#saved a[href='/sign-in'][target=_blank]").await;
    driver.keys(&ENTER.to_string()).await;
    driver.wait_for_text("#problem", "Not locked, because it is not saved.").await;
    assert_eq!(unsaved(driver).await, true);
    let here = driver.client.window().await.unwrap();
    let other = driver.client.new_window(true).await.unwrap();
    for (name, said) in [("berta", "sign in again as anna"), ("anna", "Saved")] {
        driver.client.switch_to_window(other.handle.clone()).await.unwrap();
        served.sign_in(driver, name).await;
        driver.client.switch_to_window(here.clone()).await.unwrap();
        driver.run(COME_BACK).await;
        driver.wait_for_text("#saved", said).await;
        assert_eq!(driver.run(CHECKED).await, "3,1");
    }
    let reading = served.reading(pair, reader);
    assert_eq!((reading.body.grades[0], reading.locked), (Some(3), None));
    driver.keys(&ENTER.to_string()).await;
    driver.wait_for_text("#progress", "1 of 2 read").await;
    let reading = served.reading(pair, reader);
    assert_eq!(reading.body.grades, [Some(3), Some(1)]);
    assert!(reading.locked.is_some());
}

/// Rectangles that differ stay two.
async fn two_rectangles(driver: &Driver, served: &Served, anna: &Browser, pair: i64) {
    driver.wait_for_text("#saved", "Saved").await;
    let two = [[60, 60, 260, 160], [90, 80, 300, 190]];
    let body = |_: &Value| json!({ "grades": [2, 1], "cannot": null, "rois": two, "comment": "" });
    save(served, anna, &code(driver).await, body).await;
    driver.client.refresh().await.unwrap();
    driver.wait_for_text("#saved", "Saved").await;
    assert_eq!(driver.run("return document.querySelector('#shared').checked").await, false);
    driver.run(FOCUS).await;
    driver.keys(&RIGHT.to_string()).await;
    driver.wait_for_text("#saved", "Saved").await;
    assert_eq!(rois(served, pair, anna.id), [[61, 60, 261, 160], two[1]]);
}
