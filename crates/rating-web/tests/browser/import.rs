//! A coordinator drops image files and a zip on the page, looks at the contact
//! sheet, says what of the screen is kept, and confirms.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use axum::http::{Method, StatusCode};
use image::{Rgb, RgbImage};
use rating::Seed;
use rating::decode::decode;
use rating_phantom::Cohort;
use rating_web::people::Role;
use serde_json::json;
use zip::write::{SimpleFileOptions, ZipWriter};

use crate::driver::{Driver, ENTER, ESCAPE};
use crate::served::Served;
use crate::support::Browser;

/// Height of the white band that stands for names and dates.
const BAND: u32 = 60;

/// Screens of some drawn joints, by the names of their files: the image below a
/// white band.
fn screens() -> Vec<(String, RgbImage)> {
    let cohort = Cohort { patients: 3, pairs: 3, ..Cohort::prospective(Seed::new(3)) };
    let mut screens = Vec::new();
    for (number, joint) in cohort.plan().unwrap().into_iter().enumerate() {
        let drawn = joint.draw();
        let row = rating_phantom::manifest_row(&drawn);
        let files = rating_phantom::files(&drawn).unwrap();
        for (view, word) in row.views.iter().zip(["gray", "PD"]) {
            let bytes = &files.iter().find(|(path, _)| *path == view.path).unwrap().1;
            let image = decode(bytes).unwrap().image;
            let size = (image.width(), image.height() + BAND);
            let mut screen = RgbImage::from_pixel(size.0, size.1, Rgb([255; 3]));
            image::imageops::replace(&mut screen, &image, 0, i64::from(BAND));
            screens.push((format!("Doe{number}_MCP{}_left_{word}.png", number + 2), screen));
        }
    }
    screens
}

/// What lies in the file manager: two files, a folder with two, a zip with two,
/// and something that is no image.
pub fn lay_out(folder: &Path) -> Vec<PathBuf> {
    let screens = screens();
    let within = folder.join("second visit");
    fs::create_dir(&within).unwrap();
    let mut dropped = Vec::new();
    for (name, image) in &screens[..2] {
        dropped.push(folder.join(name));
        image.save(dropped.last().unwrap()).unwrap();
    }
    for (name, image) in &screens[2..4] {
        image.save(within.join(name)).unwrap();
    }
    let packed = folder.join("third visit.zip");
    let mut pack = ZipWriter::new(fs::File::create(&packed).unwrap());
    for (name, image) in &screens[4..] {
        pack.start_file(name, SimpleFileOptions::default()).unwrap();
        let mut bytes = std::io::Cursor::new(Vec::new());
        image.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
        pack.write_all(bytes.get_ref()).unwrap();
    }
    pack.finish().unwrap();
    let note = folder.join("note.png");
    fs::write(&note, "<svg/>").unwrap();
    dropped.extend([within, packed, note]);
    dropped
}

/// What is drawn and not kept, or kept by somebody else, brings nothing in.
async fn only_the_region_that_is_shown(driver: &Driver, served: &Served, boss: &Browser) {
    let region = "#regions .region:nth-child(1)";
    let whole = format!("{region} button:nth-of-type(2)");
    driver.click(&whole).await;
    driver.wait_for_text(region, "This region is kept.").await;
    driver.show(&format!("{region} canvas")).await;
    driver.drag(&format!("{region} canvas"), (0.2, 0.3), (0.7, 0.8)).await;
    driver.wait_for_text(region, "Changed, not kept yet.").await;
    driver.click("#confirm button.main").await;
    driver.wait_for_text("#problem", "the region was changed and is not kept yet").await;
    driver.click(&whole).await;
    driver.wait_for_text(region, "This region is kept.").await;
    let size = driver.text(&format!("{region} legend")).await;
    let sides: Vec<u32> = size.split([' ', ',']).filter_map(|word| word.parse().ok()).collect();
    let other = json!({ "device": "scanner", "width": sides[0], "height": sides[1], "kept": [7, 0, sides[0], sides[1]] });
    let said = served.room.ask(boss, Method::PUT, "/api/v1/regions", Some(other)).await;
    assert_eq!(said.status, StatusCode::OK, "{}", said.text());
    driver.click("#confirm button.main").await;
    driver.wait_for_text("#problem", "another region is kept now").await;
    let left = format!("return document.querySelector('{region} input').value");
    assert_eq!(driver.run(&left).await, "7");
    driver.click(&whole).await;
    driver.wait_for_text(region, "This region is kept.").await;
    let pairs = |db: &rusqlite::Connection| {
        Ok(db.query_row("SELECT count(*) FROM pairs", [], |row| row.get(0))?)
    };
    assert_eq!(served.room.room.store.read_now::<i64>(pairs).unwrap(), 0);
}

/// Doubts follow what is chosen.
async fn what_speaks_against_a_pair(driver: &Driver) {
    let card = "#pairs li:nth-child(1)";
    let doubts = format!("{card} .doubt");
    assert!(!driver.text(&doubts).await.contains("says"), "{}", driver.text(&doubts).await);
    let choose = |side: &str| {
        format!(
            "const side = document.querySelector('{card} > div:nth-of-type(4) label:nth-child(2) select');
             side.value = '{side}';
             side.dispatchEvent(new Event('change'));"
        )
    };
    driver.run(&choose("right")).await;
    driver.wait_for_text(&doubts, "The side here is right, but").await;
    driver.run(&choose("left")).await;
    driver.click(&format!("{card} p button")).await;
    driver.wait_for_text(&doubts, "but its name says Doppler").await;
    driver.click(&format!("{card} p button")).await;
    assert!(!driver.text(&doubts).await.contains("says"), "{}", driver.text(&doubts).await);
}

async fn a_picture_is_enlarged(driver: &Driver) {
    let is_whole = "const picture = document.querySelector('dialog[open] img'); return (picture?.naturalWidth ?? 0) > 300 && picture.width === picture.naturalWidth";
    let is_closed = "return document.querySelector('dialog') === null && document.activeElement.matches('.thumbnail')";
    driver.click("#pairs .thumbnail").await;
    driver.wait_until(is_whole).await;
    driver.picture("14-enlarged").await;
    driver.keys(&ESCAPE.to_string()).await;
    driver.wait_until(is_closed).await;
    driver.keys(&ENTER.to_string()).await;
    driver.wait_until(is_whole).await;
    driver.click("dialog[open] button").await;
    driver.wait_until(is_closed).await;
}

pub async fn by_dropping_files(driver: &Driver) {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::open(&folder.path().join("room"));
    let boss = served.room.browser("boss", Role::Coordinator).await;
    served.room.browser("anna", Role::Reader).await;
    served.sign_in(driver, "boss").await;
    driver.goto(&format!("{}/import", served.address)).await;
    driver.wait_for_text("h1", "Import").await;
    let dropped = lay_out(folder.path());
    let dropped: Vec<&Path> = dropped.iter().map(PathBuf::as_path).collect();
    driver.drop_files("#drop", &dropped).await;
    driver.wait_for_text("#told", "6 images are here, 1 file is not.").await;
    let refused = driver.text("#not-taken").await;
    assert!(refused.contains("note.png: This is no PNG"), "{refused}");
    driver.picture("11-import").await;
    driver.click("#told a").await;

    // The contact sheet proposes pairs; nothing is said of the region yet.
    driver.wait_for_text("h1", "Contact sheet").await;
    driver.wait("#pairs li:nth-child(3)").await;
    driver.wait_for_text("#regions", "Not said yet.").await;
    driver.type_into("#device", "scanner\t").await;
    driver.wait_for_text("#regions legend", "scanner").await;
    driver.wait_for_images().await;
    driver.picture("12-contact-sheet").await;
    driver.show("#regions canvas").await;
    driver.picture("13-region").await;
    only_the_region_that_is_shown(driver, &served, &boss).await;
    // Typed, as it is done without a mouse: everything below the band. The
    // joints were drawn by scanners with screens of different sizes.
    let sizes: BTreeSet<_> = screens().iter().map(|(_, screen)| screen.dimensions()).collect();
    for number in 1..=sizes.len() {
        let region = format!("#regions .region:nth-child({number})");
        let top = driver.wait(&format!("{region} .sides label:nth-child(2) input")).await;
        top.clear().await.unwrap();
        top.send_keys(&BAND.to_string()).await.unwrap();
        driver.click(&format!("{region} button")).await;
        driver.wait_for_text(&region, "This region is kept.").await;
    }
    driver.show("#pairs").await;
    driver.picture("14-pairs").await;
    what_speaks_against_a_pair(driver).await;
    a_picture_is_enlarged(driver).await;
    // One is left out at first; what became of the others is seen.
    driver.click("#pairs li:nth-child(3) .take input").await;
    driver.click("#readers input").await;
    driver.click("#confirm button.main").await;
    driver.wait_for_text("#told", "2 pairs are new, 0 were there, 0 wait. 2 files are left.").await;
    driver.wait_until("const { top, bottom } = document.querySelector('#told').getBoundingClientRect(); return top > 0 && bottom < innerHeight").await;
    let left_out = "return document.querySelectorAll('#pairs .take input').length === 1 && !document.querySelector('#pairs .take input').checked && document.querySelector('#readers input').checked";
    driver.wait_until(left_out).await;
    driver.click("#pairs .take input").await;
    driver.click("#confirm button.main").await;
    driver.wait_for_text("#told", "1 pair is new, 0 were there, 0 wait.").await;
    driver.picture("15-confirmed").await;

    // What is in the room has no band, and is anna's to read.
    let store = &served.room.room.store;
    let kept: BTreeSet<(u32, u32)> = store
        .read_now(|db| {
            let mut rows = db.prepare("SELECT width, height FROM images")?;
            let sizes = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(sizes.collect::<Result<_, _>>()?)
        })
        .unwrap();
    assert_eq!(kept, sizes.into_iter().map(|(width, height)| (width, height - BAND)).collect());
    let sql = "SELECT (SELECT count(*) FROM images), (SELECT count(*) FROM assignments)";
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let counted: (i64, i64) = store.read_now(move |db| Ok(db.query_row(sql, [], row)?)).unwrap();
    assert_eq!(counted, (6, 3));
    served.close();
}
