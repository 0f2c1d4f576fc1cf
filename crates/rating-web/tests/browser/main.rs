//! The reading room in a real browser: Debian's Chromium, by WebDriver. Where
//! it is not installed (packages chromium and chromium-driver) the tests say so
//! and pass. Pictures of what was seen are left in the build folder, `tmp/browser/`.

#[path = "../support/mod.rs"]
mod support;

mod differ;
mod driver;
mod walk;

use driver::Driver;

/// A browser, or a word on why there is none.
async fn browser() -> Option<Driver> {
    let driver = Driver::start().await;
    if driver.is_none() {
        eprintln!("skipped: chromium and chromium-driver are not installed");
    }
    driver
}

/// One test after the other: each has a browser and a server of its own, and
/// two cores are few.
#[tokio::test(flavor = "multi_thread")]
async fn the_reading_room_in_a_browser() {
    let Some(driver) = browser().await else { return };
    walk::from_the_first_start_to_a_locked_reading(&driver).await;
    differ::from_a_difference_to_an_export(&driver).await;
    driver.stop().await;
}
