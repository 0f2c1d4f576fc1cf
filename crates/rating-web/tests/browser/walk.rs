//! The walk of a new group: the first start, an account, a reading.

use rating::Roi;
use rating_web::readings::{self, Reason};

use crate::driver::{ALT, DOWN, Driver, ENTER, RIGHT, SHIFT};
use crate::served::Served;
use crate::support::PASSWORD;

pub async fn from_the_first_start_to_the_answer(driver: &Driver) {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::open(folder.path());
    let first = served.room.room.first_link().unwrap().unwrap();

    // The first administrator makes an account for a reader.
    driver.goto(&format!("{}/join/{first}", served.address)).await;
    driver.type_into("input[name=name]", "root").await;
    driver.type_into("input[name=password]", PASSWORD).await;
    driver.type_into("input[name=again]", PASSWORD).await;
    driver.picture("01-first-start").await;
    driver.click("main button").await;
    driver.wait_for_text("h1", "Board").await;
    driver.goto(&format!("{}/people", served.address)).await;
    driver.type_into("input[name=name]", "anna").await;
    driver.click("form.line button").await;
    driver.wait(".fresh code").await;
    driver.picture("02-people").await;
    let link = driver.text(".fresh code").await;
    driver.click("header form button").await;
    driver.wait_for_text("h1", "Sign in").await;

    // The reader joins and finds pairs.
    assert!(link.starts_with(&served.address), "{link}");
    driver.goto(&link).await;
    driver.type_into("input[name=password]", PASSWORD).await;
    driver.type_into("input[name=again]", PASSWORD).await;
    driver.click("main button").await;
    driver.wait_for_text("main", "No pairs have been handed to you yet.").await;
    let anna = 2;
    let pairs = served.draw(3, anna);
    driver.client.refresh().await.unwrap();
    driver.wait_for_text("main", "0 of 3 pairs read.").await;
    driver.picture("03-worklist").await;
    a_wrong_password(driver, &served).await;
    served.sign_in(driver, "anna").await;
    driver.click("a.button").await;

    // Draws the ROI with the mouse, grades with keys.
    driver.wait_for_text("#saved", "Saved").await;
    driver.picture("04-reading").await;
    driver.click("[data-do=draw]").await;
    driver.drag(".view:first-child canvas", (0.3, 0.3), (0.7, 0.6)).await;
    driver.keys("2").await;
    driver.chord(SHIFT, '1').await;
    driver.wait_for_text("#saved", "Saved").await;
    let reading = served.reading(pairs[0], anna);
    assert_eq!(reading.body.grades, [Some(2), Some(1)]);
    let drawn = reading.body.rois.clone();
    assert!(
        drawn.iter().all(|roi: &Option<Roi>| roi.is_some_and(|roi| roi.width() > 40)),
        "{drawn:?}"
    );
    driver.picture("05-graded").await;

    // Undo and redo.
    driver.keys("z").await;
    driver.wait_for_text("#saved", "Saved").await;
    assert_eq!(served.reading(pairs[0], anna).body.grades, [Some(2), None]);
    driver.chord(SHIFT, 'Z').await;
    driver.wait_for_text("#saved", "Saved").await;
    assert_eq!(served.reading(pairs[0], anna).body.grades, [Some(2), Some(1)]);

    // A tab that was killed has lost nothing that it had said was saved.
    let address = driver.client.current_url().await.unwrap().to_string();
    driver.kill_tab().await;
    driver.goto(&address).await;
    driver.wait_for_text("#saved", "Saved").await;
    let checked = "return [...document.querySelectorAll('.grades input:checked')].map((one) => one.value).join()";
    assert_eq!(driver.run(checked).await, "2,1");
    assert_eq!(served.reading(pairs[0], anna).body.rois, drawn);

    // Locked, and on to the next one, with keys only.
    driver.keys(&ENTER.to_string()).await;
    driver.wait_for_text("#progress", "1 of 3 read").await;
    assert!(served.reading(pairs[0], anna).locked.is_some());
    let first = served.reading(pairs[0], anna).body;
    the_roi_with_keys(driver, &served, pairs[1], anna).await;
    driver.keys("01").await;
    driver.chord(SHIFT, '2').await;
    driver.keys("0").await;
    driver.wait_for_text("#saved", "Saved").await;
    driver.keys(&ENTER.to_string()).await;
    driver.wait_for_text("#problem", "exclude one another").await;
    driver.picture("07-excluded").await;
    driver.chord(SHIFT, '0').await;
    driver.wait_for_text("#saved", "Saved").await;
    driver.keys(&ENTER.to_string()).await;
    driver.wait_for_text("#progress", "2 of 3 read").await;
    let second = served.reading(pairs[1], anna);
    assert_eq!(second.body.all_grades(), Some(vec![0, 0]));
    assert!(second.shown.is_nothing());
    assert_eq!(served.reading(pairs[0], anna).body, first, "undo stays on its own pair");
    the_answer(driver, &served, pairs[2], anna).await;
    served.close();
}

/// A password that is wrong is said, and the name need not be typed again.
async fn a_wrong_password(driver: &Driver, served: &Served) {
    driver.click("header form button").await;
    driver.wait_for_text("h1", "Sign in").await;
    driver.type_into("input[name=name]", "anna").await;
    driver.type_into("input[name=password]", "not the one she chose").await;
    driver.click("main button").await;
    driver.wait_for_text("[role=alert]", "password").await;
    driver.picture("03-wrong-password").await;
    assert_eq!(driver.run("return document.querySelector('[name=name]').value").await, "anna");
    driver.goto(&served.address).await;
    driver.wait_for_text("h1", "Sign in").await;
}

/// R places a rectangle, arrows move it, Alt and arrows change its size; Z takes
/// back what was done on this pair and nothing else.
async fn the_roi_with_keys(driver: &Driver, served: &Served, pair: i64, reader: i64) {
    driver.wait_for_text("#saved", "Saved").await;
    driver.keys("z").await;
    assert_eq!(served.reading(pair, reader).body.rois, [None, None], "nothing to take back yet");
    driver.keys("r").await;
    driver.keys(&RIGHT.to_string()).await;
    driver.chord(SHIFT, DOWN).await;
    driver.chord(ALT, RIGHT).await;
    driver.wait_for_text("#saved", "Saved").await;
    let placed = [140 + 1, 120 + 10, 420 + 2, 280 + 10];
    let sides = |body: &readings::Body| {
        body.rois.iter().map(|roi| roi.map(|one| one.sides())).collect::<Vec<_>>()
    };
    assert_eq!(sides(&served.reading(pair, reader).body), [Some(placed); 2]);
    for _ in 0..4 {
        driver.keys("z").await;
    }
    driver.wait_for_text("#saved", "Saved").await;
    assert_eq!(served.reading(pair, reader).body.rois, [None, None]);
    // More of it takes nothing back on the pair before.
    driver.keys("zz").await;
    for _ in 0..4 {
        driver.chord(SHIFT, 'Z').await;
    }
    driver.wait_for_text("#saved", "Saved").await;
    assert_eq!(sides(&served.reading(pair, reader).body), [Some(placed); 2]);
    driver.picture("06-roi-by-keys").await;
    // X and an arrow: it cannot be graded, for the first reason there is.
    driver.keys("x").await;
    driver.keys(&DOWN.to_string()).await;
    driver.wait_for_text("#saved", "Saved").await;
    assert_eq!(served.reading(pair, reader).body.cannot, Some(Reason::Blurred));
    driver.keys(&ENTER.to_string()).await;
    driver.wait_until("return document.activeElement.matches('#reading .main')").await;
    driver.keys("z").await;
    driver.wait_for_text("#saved", "Saved").await;
    assert_eq!(served.reading(pair, reader).body.cannot, None);
}

/// The answer comes after the lock, with its marks, and goes with one key.
async fn the_answer(driver: &Driver, served: &Served, pair: i64, reader: i64) {
    driver.wait_for_text("#saved", "Saved").await;
    let hidden = "return document.querySelector('#answer').hidden";
    driver.keys("v").await;
    driver.wait_for_text("#problem", "Draw the ROI first").await;
    assert_eq!(driver.client.execute(hidden, vec![]).await.unwrap(), true);
    driver.keys("r").await;
    driver.keys("2").await;
    driver.chord(SHIFT, '1').await;
    driver.wait_for_text("#saved", "Saved").await;
    driver.keys("v").await;
    driver.wait_for_text("#answer-state", "Complete").await;
    driver.wait_for_text("#told", "5 models say").await;
    driver.wait_for_text("#told", "Research use only").await;
    driver.wait_for_text("#watermark", "CANNED").await;
    driver.wait_for_text("#answer .caption", "not lesion location").await;
    driver.wait_for_text("#saved", "Locked").await;
    driver.picture("08-answer").await;
    // Pixels of the heatmap's canvas before and after.
    let drawn = "return document.querySelector('#answer canvas').toDataURL()";
    let with = driver.client.execute(drawn, vec![]).await.unwrap();
    driver.keys("h").await;
    let without = driver.client.execute(drawn, vec![]).await.unwrap();
    assert_ne!(with, without);
    driver.wait_for_text("[data-do=hide]", "Show overlays").await;
    driver.picture("09-answer-hidden").await;
    driver.keys("h").await;
    assert_eq!(driver.client.execute(drawn, vec![]).await.unwrap(), with);
    let reading = served.reading(pair, reader);
    assert!(reading.locked.is_some());
    assert!(reading.shown.is_nothing(), "it was shown after the lock");
    driver.keys(&ENTER.to_string()).await;
    driver.wait_for_text("main", "All pairs handed to you are read").await;
}
