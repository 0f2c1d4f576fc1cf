//! Two readers differ, read again, a senior reader decides, a coordinator exports.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

use rating::Protocol;
use rating::decode::decode;
use rating::manifest::Manifest;
use rating_web::pairs;
use rating_web::people::Role;
use rating_web::store::Actor;

use crate::driver::{Driver, ENTER, SHIFT};
use crate::scene::read;
use crate::served::Served;

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
    read(&served.room, &anna, &code, "", 2, [60, 60, 260, 160]).await;
    read(&served.room, &berta, &code, "", 3, [90, 80, 300, 190]).await;

    // Both read again, each sees what the other drew and said.
    served.sign_in(driver, "anna").await;
    driver.wait_for_text("main", "Seen differently, waiting for you: 1").await;
    open_the_only_pair(driver, &served).await;
    driver.wait_for_text("table.readings", "(they differ)").await;
    driver.picture("21-read-again").await;
    grade_and_lock(driver, "2").await;
    driver.wait_for_text("main", "1 of 2 have read it again").await;
    served.sign_in(driver, "berta").await;
    open_the_only_pair(driver, &served).await;
    grade_and_lock(driver, "3").await;
    driver.wait_for_text("main", "waits for a senior reader").await;

    // They still differ: a senior reader decides.
    served.sign_in(driver, "vera").await;
    open_the_only_pair(driver, &served).await;
    driver.picture("22-decide").await;
    grade_and_lock(driver, "2").await;
    driver.wait_for_text("main", "settled by a senior reader").await;
    driver.picture("23-settled").await;

    // The coordinator sees who said what, how well they agree, and what can go out.
    served.sign_in(driver, "carl").await;
    driver.wait_for_text("main", "anna and berta").await;
    driver.picture("24-board").await;
    driver.goto(&format!("{}/consensus/{code}", served.address)).await;
    driver.wait_for_text("table.readings", "berta").await;
    driver.wait_until("return document.querySelector('#saved').textContent === ''").await;
    driver.picture("25-side-by-side").await;
    driver.goto(&format!("{}/export", served.address)).await;
    driver.wait_for_text("main", "Settled pairs: 1. Left out: 1.").await;
    driver.picture("26-export").await;
    the_pack_is_ready_for_training(driver, folder.path()).await;
    served.close();
}

/// What comes down is a folder that `rating train` takes.
async fn the_pack_is_ready_for_training(driver: &Driver, folder: &Path) {
    let downloads = folder.join("downloads");
    fs::create_dir(&downloads).unwrap();
    driver.download_to(&downloads).await;
    driver.click("a[download='training.zip']").await;
    let path = downloads.join("training.zip");
    let began = Instant::now();
    while !path.exists() {
        assert!(began.elapsed() < Duration::from_secs(20), "nothing came down");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut pack = zip::ZipArchive::new(fs::File::open(path).unwrap()).unwrap();
    let mut text = String::new();
    pack.by_name("manifest.csv").unwrap().read_to_string(&mut text).unwrap();
    let manifest = Manifest::parse(text.as_bytes(), &Protocol::eoss()).unwrap();
    assert_eq!(manifest.rows.len(), 1);
    let row = &manifest.rows[0];
    // The senior reader's grades; the images lie beside the manifest.
    assert!(text.contains(",2,1"), "{text}");
    for view in &row.views {
        let mut bytes = Vec::new();
        pack.by_name(&view.path).unwrap().read_to_end(&mut bytes).unwrap();
        assert!(decode(&bytes).is_ok());
    }
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
