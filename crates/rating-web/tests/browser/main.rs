//! The reading room in a real browser: Debian's Chromium, by WebDriver. Where
//! it is not installed (packages chromium and chromium-driver) the tests say so
//! and pass. Pictures of what was seen are left in the build folder, `tmp/browser/`.

#[path = "../support/mod.rs"]
mod support;

mod checks;
mod devtools;
mod differ;
mod driver;
mod import;
mod pages;
mod scene;
mod served;
mod slips;
mod study;
mod teaching;
mod walk;

use driver::Driver;
use tokio::sync::Mutex;

/// One walk after the other: each has a browser and a server of its own, and
/// two cores are few.
static ALONE: Mutex<()> = Mutex::const_new(());

/// Walks with a browser, or says why there is none.
async fn in_a_browser(walk: impl AsyncFnOnce(&Driver)) {
    let _alone = ALONE.lock().await;
    let Some(driver) = Driver::start().await else {
        eprintln!("skipped: chromium and chromium-driver are not installed");
        return;
    };
    walk(&driver).await;
    driver.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_first_start_to_the_answer() {
    in_a_browser(walk::from_the_first_start_to_the_answer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slips_change_and_lock_nothing_unseen() {
    in_a_browser(slips::change_and_lock_nothing_unseen).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_come_in_by_dropping_them() {
    in_a_browser(import::by_dropping_files).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_a_difference_to_an_export() {
    in_a_browser(differ::from_a_difference_to_an_export).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_for_everybody() {
    in_a_browser(pages::are_for_everybody).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_a_study_is_for_everybody() {
    in_a_browser(pages::of_a_study_are_for_everybody).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_arms_of_a_study() {
    in_a_browser(study::both_arms_of_a_study).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lesson_and_its_truth() {
    in_a_browser(teaching::a_lesson_and_its_truth).await;
}
