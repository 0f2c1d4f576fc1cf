//! A room in a folder of its own, and browsers that come to it.

#![allow(dead_code)]

pub mod study;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use image::{Rgb, RgbImage};
use rating::manifest::Manifest;
use rating::{Protocol, Roi};
use rating_frozen::Scorer;
use rating_web::answers::Canned;
use rating_web::pairs::{self, Added, NewPair, NewView};
use rating_web::people::{self, Role};
use rating_web::store::Actor;
use rating_web::{Clock, Moment, Opening, Room, SetClock, web};
use serde_json::Value;
use tower::ServiceExt;

/// The password of everybody here.
pub const PASSWORD: &str = "a password for tests";

/// A room with a clock that stands still.
pub struct TestRoom {
    pub room: Arc<Room>,
    pub clock: Arc<SetClock>,
    router: Router,
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: axum::http::HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }
}

/// A browser: it may have signed in.
#[derive(Clone, Default)]
pub struct Browser {
    pub id: i64,
    pub cookie: Option<String>,
    pub csrf: String,
}

impl TestRoom {
    pub fn open(folder: &Path) -> TestRoom {
        TestRoom::prepared(folder, |room| room)
    }

    /// A room where these networks answer.
    pub fn answered(folder: &Path, scorer: Arc<dyn Scorer>) -> TestRoom {
        TestRoom::prepared(folder, |room| room.answered_by(scorer, 40).unwrap())
    }

    /// The same, with so many bytes for heatmaps.
    pub fn answered_within(folder: &Path, scorer: Arc<dyn Scorer>, bytes: u64) -> TestRoom {
        TestRoom::prepared(folder, |room| room.with_maps_of(bytes).answered_by(scorer, 40).unwrap())
    }

    /// A room where phantoms have canned answers.
    pub fn canned(folder: &Path) -> TestRoom {
        TestRoom::prepared(folder, |room| {
            let canned = Canned::of_room(room.store.clone(), room.protocol.clone());
            room.answered_by(Arc::new(canned), 40).unwrap()
        })
    }

    /// A room behind a proxy.
    pub fn behind_proxy(folder: &Path) -> TestRoom {
        TestRoom::prepared(folder, Room::behind_proxy)
    }

    fn prepared(folder: &Path, prepare: impl FnOnce(Room) -> Room) -> TestRoom {
        let clock = Arc::new(SetClock::at(Moment::at(1_772_000_000_000)));
        let room = Room::open(Opening {
            folder,
            protocol: Protocol::eoss(),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            seed: [7; 32],
            is_secure: false,
        });
        let room = Arc::new(prepare(room.unwrap()));
        TestRoom { router: web::router(Arc::clone(&room)), room, clock }
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, bytes }
    }

    /// Asks as a page's script does.
    pub async fn ask(
        &self,
        browser: &Browser,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(cookie) = &browser.cookie {
            request = request.header(header::COOKIE, cookie).header("x-csrf", &browser.csrf);
        }
        let body = match body {
            None => Body::empty(),
            Some(json) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(json.to_string())
            }
        };
        self.send(request.body(body).unwrap()).await
    }

    pub async fn get(&self, browser: &Browser, path: &str) -> Answer {
        self.ask(browser, Method::GET, path, None).await
    }

    /// Sends a form as a browser does, with the field that proves its origin.
    pub async fn form(&self, browser: &Browser, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut text = form_urlencoded::Serializer::new(String::new());
        text.extend_pairs(fields);
        if browser.cookie.is_some() {
            text.append_pair("csrf", &browser.csrf);
        }
        let mut request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "text/html");
        if let Some(cookie) = &browser.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        self.send(request.body(Body::from(text.finish())).unwrap()).await
    }

    /// Sends files as programs do: names and contents of fields.
    pub async fn upload(&self, who: &Browser, path: &str, parts: &[(&str, Vec<u8>)]) -> Answer {
        let mut body = Vec::new();
        for (name, bytes) in parts {
            let head = format!(
                "--edge\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"x\"\r\n\r\n"
            );
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(bytes);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--edge--\r\n");
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=edge")
            .header(header::COOKIE, who.cookie.as_deref().unwrap_or_default())
            .header("x-csrf", &who.csrf);
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// Hands in a pair of the same pixels as [`TestRoom::pair`] with this shade.
    pub async fn hand_in(&self, who: &Browser, path: &str, shade: u8) -> Answer {
        let png = |more: u8| {
            let image = RgbImage::from_pixel(60, 40, Rgb([shade, more, 9]));
            let mut bytes = std::io::Cursor::new(Vec::new());
            image.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
            bytes.into_inner()
        };
        let parts = [
            ("grayscale", png(0)),
            ("doppler", png(100)),
            ("grayscale_roi", b"5,5,50,30".to_vec()),
            ("doppler_roi", b"5,5,50,30".to_vec()),
        ];
        self.upload(who, path, &parts).await
    }

    /// The browser of a new account.
    pub async fn browser(&self, name: &str, role: Role) -> Browser {
        let (room, asked) = (Arc::clone(&self.room), name.to_owned());
        let made = self.room.store.write_now(Actor::Server, move |change| {
            let id = people::create(change, &asked, role)?;
            Ok((id, people::invite(change, &room.secrets, id)?))
        });
        let (id, word) = made.unwrap();
        let fields = [("password", PASSWORD), ("again", PASSWORD)];
        let answer = self.form(&Browser::default(), &format!("/join/{word}"), &fields).await;
        self.signed_in(id, &answer).await
    }

    /// The browser that has just been given a session.
    pub async fn signed_in(&self, id: i64, answer: &Answer) -> Browser {
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let browser = Browser { id, cookie: Some(cookie), csrf: String::new() };
        let page = self.get(&browser, "/account").await.text();
        let (_, rest) = page.split_once("name=\"csrf\" value=\"").expect("a form");
        Browser { csrf: rest.split('"').next().unwrap().to_owned(), ..browser }
    }

    /// Adds a pair of two small images and hands it to these readers. Returns its code.
    pub fn pair(&self, name: &str, shade: u8, readers: &[i64]) -> String {
        let images = [0, 100].map(|more| RgbImage::from_pixel(60, 40, Rgb([shade, more, 9])));
        let header = "pair_id,patient_id,cohort,origin,joint,side,hospital,device,grayscale,doppler,\
            grayscale_left,grayscale_top,grayscale_right,grayscale_bottom,\
            doppler_left,doppler_top,doppler_right,doppler_bottom,doppler_mode,synovial_hypertrophy,vascularity";
        let csv = format!(
            "{header}\n{name},SECRET-PATIENT,test,phantom,MCP2,left,SECRET-SITE,d,a.png,b.png,\
             5,5,50,30,5,5,50,30,cdus,2,1\n"
        );
        let manifest = Manifest::parse(csv.as_bytes(), &Protocol::eoss()).unwrap();
        let roi = Some(Roi::new([5, 5, 50, 30]).unwrap());
        let views = images.iter().map(|image| {
            let hash = self.room.images.keep(image).unwrap();
            NewView { image: hash, size: image.dimensions(), source: hash, roi }
        });
        let pair = NewPair { row: manifest.rows[0].clone(), views: views.collect() };
        let (room, readers) = (Arc::clone(&self.room), readers.to_vec());
        let added = self.room.store.write_now(Actor::Server, move |change| {
            let Added::New(id) = pairs::add(change, &room.secrets, &room.protocol, &pair)? else {
                panic!("not new");
            };
            for reader in readers {
                pairs::assign(change, reader, &[id])?;
            }
            Ok(id)
        });
        let id = added.unwrap();
        let protocol = Protocol::eoss();
        self.room.store.read_now(|db| Ok(pairs::one(db, &protocol, id)?.code)).unwrap()
    }

    pub fn pass(&self, seconds: u64) {
        self.clock.pass(Duration::from_secs(seconds));
    }
}
