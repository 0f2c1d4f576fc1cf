//! The walk of a new group: the first start, an account, a reading.

use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use rating::decode::decode;
use rating::{Protocol, Roi, Seed};
use rating_phantom::Cohort;
use rating_web::pairs::{self, Added, NewPair, NewView};
use rating_web::people::Role;
use rating_web::readings::{self, Stage};
use rating_web::server::{self, StopServing};
use rating_web::store::Actor;

use crate::driver::{Driver, ENTER, SHIFT};
use crate::support::{PASSWORD, TestRoom};

/// A room that is served on this machine.
pub struct Served {
    pub room: TestRoom,
    pub address: String,
    stop: StopServing,
    thread: std::thread::JoinHandle<()>,
}

impl Served {
    pub fn open(folder: &Path) -> Served {
        let room = TestRoom::canned(folder);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let stop = StopServing::default();
        let (served, asked) = (Arc::clone(&room.room), stop.clone());
        let thread =
            std::thread::spawn(move || server::serve(served, listener, None, &asked).unwrap());
        Served { room, address, stop, thread }
    }

    pub fn close(self) {
        self.stop.now();
        self.thread.join().unwrap();
    }

    /// Adds some drawn joints, without ROIs, and hands them to a reader.
    pub fn draw(&self, count: usize, reader: i64) -> Vec<i64> {
        let cohort = Cohort { patients: 2, pairs: count, ..Cohort::prospective(Seed::new(3)) };
        let mut added = Vec::new();
        for joint in cohort.plan().unwrap() {
            let drawn = joint.draw();
            let row = rating_phantom::manifest_row(&drawn);
            let files = rating_phantom::files(&drawn).unwrap();
            let views = row.views.iter().map(|view| {
                let bytes = &files.iter().find(|(path, _)| *path == view.path).unwrap().1;
                let image = decode(bytes).unwrap().image;
                let hash = self.room.room.images.keep(&image).unwrap();
                NewView { image: hash, size: image.dimensions(), source: hash, roi: None }
            });
            let pair = NewPair { views: views.collect(), row: row.clone() };
            let room = Arc::clone(&self.room.room);
            let id = self.room.room.store.write_now(Actor::Server, move |change| {
                let Added::New(id) = pairs::add(change, &room.secrets, &room.protocol, &pair)?
                else {
                    panic!("not new");
                };
                pairs::assign(change, reader, &[id])?;
                Ok(id)
            });
            added.push(id.unwrap());
        }
        added
    }

    /// What a reader's reading of a pair says now.
    fn reading(&self, pair: i64, reader: i64) -> readings::Reading {
        let find = |db: &_| readings::find(db, pair, reader, Stage::First);
        self.room.room.store.read_now(find).unwrap().unwrap()
    }
}

pub async fn from_the_first_start_to_a_locked_reading(driver: &Driver) {
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
    driver.goto(&format!("{}{link}", served.address)).await;
    driver.type_into("input[name=password]", PASSWORD).await;
    driver.type_into("input[name=again]", PASSWORD).await;
    driver.click("main button").await;
    driver.wait_for_text("main", "No pairs have been handed to you yet.").await;
    let anna = 2;
    let pairs = served.draw(3, anna);
    driver.client.refresh().await.unwrap();
    driver.wait_for_text("main", "0 of 3 pairs read.").await;
    driver.click("a.button").await;

    // Draws the ROI with the mouse, grades with keys.
    driver.wait_for_text("#saved", "Saved").await;
    driver.picture("03-reading").await;
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
    driver.picture("04-graded").await;

    // Undo and redo.
    driver.keys("z").await;
    driver.wait_for_text("#saved", "Saved").await;
    assert_eq!(served.reading(pairs[0], anna).body.grades, [Some(2), None]);
    driver.chord(SHIFT, 'Z').await;
    driver.wait_for_text("#saved", "Saved").await;
    assert_eq!(served.reading(pairs[0], anna).body.grades, [Some(2), Some(1)]);

    // A tab that is gone has lost nothing.
    let address = driver.client.current_url().await.unwrap().to_string();
    let old = driver.client.window().await.unwrap();
    let fresh = driver.client.new_window(true).await.unwrap();
    driver.client.close_window().await.unwrap();
    assert_ne!(old, fresh.handle);
    driver.client.switch_to_window(fresh.handle).await.unwrap();
    driver.goto(&address).await;
    driver.wait_for_text("#saved", "Saved").await;
    let checked = "return [...document.querySelectorAll('.grades input:checked')].map((one) => one.value).join()";
    assert_eq!(driver.client.execute(checked, vec![]).await.unwrap(), "2,1");

    // Locked, and on to the next one, with keys only.
    driver.keys(&ENTER.to_string()).await;
    driver.wait_for_text("#progress", "1 of 3 read").await;
    assert!(served.reading(pairs[0], anna).locked.is_some());
    driver.keys("r").await;
    driver.keys("01").await;
    driver.chord(SHIFT, '2').await;
    driver.keys("0").await;
    driver.wait_for_text("#saved", "Saved").await;
    driver.keys(&ENTER.to_string()).await;
    driver.wait_for_text("#problem", "exclude one another").await;
    driver.picture("05-excluded").await;
    driver.chord(SHIFT, '0').await;
    driver.wait_for_text("#saved", "Saved").await;
    driver.keys(&ENTER.to_string()).await;
    driver.wait_for_text("#progress", "2 of 3 read").await;
    let second = served.reading(pairs[1], anna);
    assert_eq!(second.body.all_grades(), Some(vec![0, 0]));
    assert!(second.shown.is_nothing());
    let protocol = Protocol::eoss();
    assert_eq!(protocol.measurements().len(), second.body.grades.len());
    assert_eq!(Role::of("reader"), Some(Role::Reader));
    the_answer(driver, &served, pairs[2], anna).await;
    served.close();
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
    driver.picture("06-answer").await;
    let below = "document.querySelector('#told').scrollIntoView()";
    driver.client.execute(below, vec![]).await.unwrap();
    driver.picture("07-answer-grades").await;
    // Pixels of the heatmap's canvas before and after.
    let drawn = "return document.querySelector('#answer canvas').toDataURL()";
    let with = driver.client.execute(drawn, vec![]).await.unwrap();
    driver.keys("h").await;
    let without = driver.client.execute(drawn, vec![]).await.unwrap();
    assert_ne!(with, without);
    driver.picture("08-answer-hidden").await;
    let reading = served.reading(pair, reader);
    assert!(reading.locked.is_some());
    assert!(reading.shown.is_nothing(), "it was shown after the lock");
    driver.keys(&ENTER.to_string()).await;
    driver.wait_for_text("main", "All pairs handed to you are read").await;
}
