//! Two readers differ, read again, a senior reader decides, a coordinator exports.

use axum::http::{Method, StatusCode};
use rating::Protocol;
use rating_web::pairs;
use rating_web::people::Role;
use rating_web::store::Actor;
use serde_json::json;

use crate::driver::{Driver, ENTER, SHIFT};
use crate::support::{Browser, PASSWORD, TestRoom};
use crate::walk::Served;

pub async fn from_a_difference_to_an_export(driver: &Driver) {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::open(folder.path());
    let anna = served.room.browser("anna", Role::Reader).await;
    let berta = served.room.browser("berta", Role::Reader).await;
    served.room.browser("vera", Role::Senior).await;
    served.room.browser("carl", Role::Coordinator).await;
    // The second one stays unread, so it is left out of the export.
    let pair = served.draw(2, anna.id)[0];
    let store = &served.room.room.store;
    let too = berta.id;
    store.write_now(Actor::Server, move |change| pairs::assign(change, too, &[pair])).unwrap();
    let code = store.read_now(|db| Ok(pairs::one(db, &Protocol::eoss(), pair)?.code)).unwrap();
    first_reading(&served.room, &anna, &code, 2, [60, 60, 260, 160]).await;
    first_reading(&served.room, &berta, &code, 3, [90, 80, 300, 190]).await;

    // Both read again, each sees what the other drew and said.
    sign_in(driver, &served, "anna").await;
    driver.wait_for_text("main", "Seen differently, waiting for you: 1").await;
    open_the_only_pair(driver, &served).await;
    driver.wait_for_text("table.readings", "(they differ)").await;
    driver.picture("21-read-again").await;
    grade_and_lock(driver, "2").await;
    driver.wait_for_text("main", "1 of 2 have read it again").await;
    sign_in(driver, &served, "berta").await;
    open_the_only_pair(driver, &served).await;
    grade_and_lock(driver, "3").await;
    driver.wait_for_text("main", "waits for a senior reader").await;

    // They still differ: a senior reader decides.
    sign_in(driver, &served, "vera").await;
    open_the_only_pair(driver, &served).await;
    driver.picture("22-decide").await;
    grade_and_lock(driver, "2").await;
    driver.wait_for_text("main", "settled by a senior reader").await;
    driver.picture("23-settled").await;

    // The coordinator sees who said what, how well they agree, and what can go out.
    sign_in(driver, &served, "carl").await;
    driver.wait_for_text("main", "anna and berta").await;
    driver.picture("24-board").await;
    driver.goto(&format!("{}/consensus/{code}", served.address)).await;
    driver.wait_for_text("table.readings", "berta").await;
    let loaded = "return document.querySelector('#saved').textContent === ''";
    while driver.client.execute(loaded, vec![]).await.unwrap() != true {
        let said = driver.text("#saved").await;
        assert!(said.is_empty() || said == "Loading ...", "{said}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    driver.picture("25-side-by-side").await;
    driver.goto(&format!("{}/export", served.address)).await;
    driver.wait_for_text("main", "Settled pairs: 1. Left out: 1.").await;
    driver.picture("26-export").await;
    served.close();
}

/// A first reading, as the page's script would send it.
async fn first_reading(room: &TestRoom, who: &Browser, code: &str, grade: u8, roi: [u32; 4]) {
    let path = format!("/api/v1/pairs/{code}/reading");
    room.get(who, &path).await;
    let body = json!({ "grades": [grade, 1], "cannot": null, "rois": [roi, roi], "comment": "" });
    let save = json!({ "version": 1, "change": "a", "body": body });
    let saved = room.ask(who, Method::PUT, &path, Some(save)).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.text());
    let lock = Some(json!({ "version": 2 }));
    let locked = room.ask(who, Method::POST, &format!("{path}/lock"), lock).await;
    assert_eq!(locked.status, StatusCode::OK, "{}", locked.text());
}

async fn sign_in(driver: &Driver, served: &Served, name: &str) {
    driver.client.delete_all_cookies().await.unwrap();
    driver.goto(&format!("{}/sign-in", served.address)).await;
    driver.type_into("input[name=name]", name).await;
    driver.type_into("input[name=password]", PASSWORD).await;
    driver.click("main button").await;
    driver.wait_for_text("nav", name).await;
}

async fn open_the_only_pair(driver: &Driver, served: &Served) {
    driver.goto(&format!("{}/consensus", served.address)).await;
    driver.click("main table a").await;
    driver.wait_for_text("#saved", "Saved").await;
}

/// Vascularity is 1 for everybody.
async fn grade_and_lock(driver: &Driver, grade: &str) {
    driver.keys(grade).await;
    driver.chord(SHIFT, '1').await;
    driver.wait_for_text("#saved", "Saved").await;
    driver.keys(&ENTER.to_string()).await;
    driver.wait_for_text("h1", "Consensus").await;
}
