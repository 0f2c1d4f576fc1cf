//! A room behind an address, as browsers reach it.

use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use rating::Seed;
use rating::decode::decode;
use rating_phantom::Cohort;
use rating_web::pairs::{self, Added, NewPair, NewView};
use rating_web::readings::{self, Stage};
use rating_web::server::{self, StopServing};
use rating_web::store::Actor;

use crate::driver::Driver;
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

    /// Signs in by name and password, as after a pause.
    pub async fn sign_in(&self, driver: &Driver, name: &str) {
        driver.client.delete_all_cookies().await.unwrap();
        driver.goto(&format!("{}/sign-in", self.address)).await;
        driver.type_into("input[name=name]", name).await;
        driver.type_into("input[name=password]", PASSWORD).await;
        driver.click("main button").await;
        driver.wait_for_text("nav", name).await;
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
    pub fn reading(&self, pair: i64, reader: i64) -> readings::Reading {
        let find = |db: &_| readings::find(db, pair, reader, Stage::First);
        self.room.room.store.read_now(find).unwrap().unwrap()
    }
}
