//! Files from a browser: what is refused, what is cut away, and what a person
//! confirms.

mod support;

use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use image::{ImageFormat, Rgb, RgbImage};
use rating_web::people::Role;
use serde_json::{Value, json};
use support::{Answer, Browser, TestRoom};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A screen of 60 x 40 pixels: white, as names are, around a picture.
fn screen(shade: u8, red: u8) -> Vec<u8> {
    encoded(&RgbImage::from_fn(60, 40, |x, y| {
        let inside = (10..50).contains(&x) && (8..36).contains(&y);
        if inside { Rgb([shade.max(red), shade, shade]) } else { Rgb([255; 3]) }
    }))
}

fn encoded(image: &RgbImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// The CRC-32 of PNG chunks.
fn crc(bytes: &[u8]) -> [u8; 4] {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |c, _| (c >> 1) ^ (0xedb8_8320 * (c & 1)))
    };
    (!bytes.iter().fold(!0, step)).to_be_bytes()
}

/// A PNG whose header says another size.
fn claiming(width: u32, height: u32) -> Vec<u8> {
    let mut png = encoded(&RgbImage::new(1, 1));
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    let sum = crc(&png[12..29]);
    png[29..33].copy_from_slice(&sum);
    png
}

/// A PNG with a text behind its header.
fn with_text(mut png: Vec<u8>, text: &str) -> Vec<u8> {
    let body = [b"tEXtComment\0".as_slice(), text.as_bytes()].concat();
    let length = u32::try_from(body.len() - 4).unwrap().to_be_bytes();
    let chunk = [length.as_slice(), &body, &crc(&body)].concat();
    png.splice(33..33, chunk);
    png
}

fn zipped(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A coordinator with an import.
struct Desk {
    room: TestRoom,
    browser: Browser,
    id: String,
}

impl Desk {
    async fn open(folder: &Path) -> Desk {
        let room = TestRoom::open(folder);
        let browser = room.browser("boss", Role::Coordinator).await;
        let begun = room.ask(&browser, Method::POST, "/api/v1/imports", None).await;
        assert_eq!(begun.status, StatusCode::CREATED, "{}", begun.text());
        let id = begun.json()["id"].as_str().unwrap().to_owned();
        Desk { room, browser, id }
    }

    fn path(&self, rest: &str) -> String {
        format!("/api/v1/imports/{}{rest}", self.id)
    }

    async fn send(&self, files: &[(&str, Vec<u8>)]) -> Answer {
        let mut body = Vec::new();
        for (name, bytes) in files {
            let head = format!(
                "--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n"
            );
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(bytes);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--cut--\r\n");
        let request = Request::post(self.path("/files"))
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=cut")
            .header(header::COOKIE, self.browser.cookie.as_deref().unwrap())
            .header("x-csrf", &self.browser.csrf)
            .body(Body::from(body));
        self.room.send(request.unwrap()).await
    }

    async fn sheet(&self) -> Value {
        self.room.get(&self.browser, &self.path("")).await.json()
    }

    async fn keep_region(&self, kept: [u32; 4]) -> Answer {
        let region = json!({ "device": "scanner", "width": 60, "height": 40, "kept": kept });
        self.room.ask(&self.browser, Method::PUT, "/api/v1/regions", Some(region)).await
    }

    /// Confirms pairs as they were proposed.
    async fn confirm(&self, pairs: &Value, readers: &[&str]) -> Answer {
        let wanted = pairs.as_array().unwrap().iter().map(|pair| {
            json!({
                "name": pair["name"], "patient": pair["patient"], "unit": pair["unit"],
                "side": pair["side"], "doppler_mode": pair["doppler_mode"], "cohort": "train",
                "origin": "clinical", "device": "scanner", "files": pair["files"],
            })
        });
        let asked = json!({ "pairs": wanted.collect::<Vec<_>>(), "readers": readers });
        self.room.ask(&self.browser, Method::POST, &self.path("/confirm"), Some(asked)).await
    }

    fn count(&self, table: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        self.room.room.store.read_now(|db| Ok(db.query_row(&sql, [], |row| row.get(0))?)).unwrap()
    }
}

#[tokio::test]
async fn what_is_no_image_is_refused_with_its_status_and_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path()).await;
    let mut half = screen(9, 0);
    half.truncate(half.len() / 2);
    let table: Vec<(&str, Vec<u8>, u16, &str)> = vec![
        (
            "a.png",
            b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>".to_vec(),
            415,
            "no PNG",
        ),
        ("b.png", b"<!doctype html><script>alert(1)</script>".to_vec(), 415, "no PNG"),
        ("c.png", b"GIF89a\x01\0\x01\0\0\0\0".to_vec(), 415, "no PNG"),
        ("d.png", Vec::new(), 415, "empty"),
        ("e.png", half, 422, "cut short"),
        ("f.png", claiming(9000, 8000), 413, "megapixels"),
        ("g.png", vec![0; (64 << 20) + 1], 413, "64 MiB"),
        ("h.zip", zipped(&[("../../etc/a.png", screen(9, 0))]), 422, "leads out"),
        ("i.zip", zipped(&[("/a.png", screen(9, 0))]), 422, "leads out"),
        (
            "j.zip",
            zipped(&[("a.png", vec![0; (64 << 20) + 1])]),
            413,
            "unpacks to more than 64 MiB",
        ),
        ("k.zip", b"PK\x03\x04 and no more".to_vec(), 422, "cannot be read"),
        ("l.zip", zipped(&[("in.zip", zipped(&[("a.png", screen(9, 0))]))]), 415, "no PNG"),
        ("m.zip", zipped(&[("in.html", b"<html>".to_vec())]), 415, "no PNG"),
    ];
    for (name, bytes, status, why) in table {
        let answer = desk.send(&[(name, bytes)]).await;
        assert_eq!(answer.status.as_u16(), status, "{name}: {}", answer.text());
        let sentence = answer.json()["error"].as_str().unwrap().to_owned();
        assert!(sentence.contains(why) && sentence.ends_with('.'), "{name}: {sentence}");
    }
    assert_eq!(desk.sheet().await["files"], json!([]));
}

#[tokio::test]
async fn zips_with_too_much_in_them_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path()).await;
    let names: Vec<String> = (0..2001).map(|number| format!("{number}.png")).collect();
    let many: Vec<(&str, Vec<u8>)> = names.iter().map(|name| (name.as_str(), Vec::new())).collect();
    let answer = desk.send(&[("many.zip", zipped(&many))]).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.text().contains("2001"), "{}", answer.text());
    // Nine times 60 MiB of nothing, packed into half a megabyte.
    let nothing = vec![0; 60 << 20];
    let bomb: Vec<(&str, Vec<u8>)> =
        names[..9].iter().map(|name| (name.as_str(), nothing.clone())).collect();
    let answer = desk.send(&[("bomb.zip", zipped(&bomb))]).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.text().contains("more than 512 MiB"), "{}", answer.text());
    assert_eq!(desk.sheet().await["files"], json!([]));
}

#[tokio::test]
async fn one_file_that_is_refused_keeps_no_other_out() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path()).await;
    let zip = zipped(&[
        ("a/P1_MCP2_left_gray.png", screen(9, 0)),
        ("a/notes.txt", b"hello".to_vec()),
        ("__MACOSX/a/._P1.png", b"litter".to_vec()),
    ]);
    let answer = desk.send(&[("study.zip", zip), ("x.png", b"<svg/>".to_vec())]).await;
    assert_eq!(answer.status, StatusCode::OK);
    let json = answer.json();
    assert_eq!(json["taken"], 1);
    let names: Vec<_> =
        json["refused"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["a/notes.txt", "x.png"]);
    let not_a_form = desk.room.ask(&desk.browser, Method::POST, &desk.path("/files"), None).await;
    assert_eq!(not_a_form.status, StatusCode::BAD_REQUEST);
}

/// Four images of two pairs, one of them twice.
fn study() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("SECRETNAME_MCP2_left_gray.png", with_text(screen(9, 0), "SECRETTEXT")),
        ("SECRETNAME_MCP2_left_pd.png", screen(9, 200)),
        ("SECRETNAME_MCP3_left_gray.png", screen(20, 0)),
        ("SECRETNAME_MCP3_left_pd.png", screen(20, 200)),
        ("SECRETNAME_again.png", screen(20, 200)),
    ]
}

#[tokio::test]
async fn readers_get_the_region_without_names() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path()).await;
    let reader = desk.room.browser("anna", Role::Reader).await;
    assert_eq!(desk.send(&[("study.zip", zipped(&study()))]).await.json()["taken"], 5);
    let sheet = desk.sheet().await;
    assert_eq!(sheet["files"][4]["same_as"], 3);
    assert_eq!(sheet["pairs"].as_array().unwrap().len(), 2);
    assert_eq!(sheet["pairs"][0]["doppler_mode"], "pdus");

    // Nobody has said what is kept: nothing comes in.
    let early = desk.confirm(&sheet["pairs"], &["anna"]).await.json();
    assert_eq!(early["refused"].as_array().unwrap().len(), 2);
    assert!(early["refused"][0]["error"].as_str().unwrap().contains("region"), "{early}");
    assert_eq!((desk.count("pairs"), desk.count("assignments")), (0, 0));

    assert_eq!(desk.keep_region([10, 8, 50, 36]).await.status, StatusCode::OK);
    let done = desk.confirm(&sheet["pairs"], &["anna"]).await.json();
    assert_eq!((done["new"].as_array().unwrap().len(), &done["left"]), (2, &json!(1)), "{done}");
    assert_eq!(done["handed"], json!([["anna", 2]]));

    let code = done["new"][0]["code"].as_str().unwrap();
    let mut told = Vec::new();
    for path in
        ["/", "/api/v1/next", &format!("/read/{code}"), &format!("/api/v1/pairs/{code}/reading")]
    {
        told.push(desk.room.get(&reader, path).await);
    }
    for modality in ["grayscale", "doppler"] {
        let answer =
            desk.room.get(&reader, &format!("/api/v1/pairs/{code}/images/{modality}")).await;
        let image = image::load_from_memory(&answer.bytes).unwrap().to_rgb8();
        assert_eq!(image.dimensions(), (40, 28));
        assert!(image.pixels().all(|pixel| pixel.0 != [255; 3]), "names are shown");
        told.push(answer);
    }
    for answer in told {
        assert_eq!(answer.status, StatusCode::OK);
        assert!(!answer.text().contains("SECRET"), "{}", answer.text());
    }
    // Nothing that was cut away is on the disk when the import is thrown away.
    desk.room.ask(&desk.browser, Method::DELETE, &desk.path(""), None).await;
    let kept: i64 = desk.count("images");
    assert_eq!(files_below(folder.path()), kept as usize);
}

#[tokio::test]
async fn pixels_that_are_in_the_room_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path()).await;
    desk.keep_region([10, 8, 50, 36]).await;
    desk.send(&study()[..2]).await;
    let sheet = desk.sheet().await;
    let done = desk.confirm(&sheet["pairs"], &[]).await.json();
    assert_eq!(done["left"], 0);
    // An import without files is thrown away.
    assert_eq!(desk.room.get(&desk.browser, &desk.path("")).await.status, StatusCode::NOT_FOUND);
    let begun = desk.room.ask(&desk.browser, Method::POST, "/api/v1/imports", None).await.json();
    let again = Desk { id: begun["id"].as_str().unwrap().to_owned(), ..desk };
    again.send(&[("other.png", screen(9, 0)), ("one.png", screen(9, 200))]).await;
    let known = again.sheet().await;
    assert_eq!(known["files"][0]["known_in"], "SECRETNAME_MCP2_left");
    assert_eq!(known["pairs"], json!([]));
    let forced = json!([{ "name": "x", "patient": "", "unit": "", "side": "", "doppler_mode": "", "files": [0, 1] }]);
    let refused = again.confirm(&forced, &[]).await.json();
    assert!(refused["refused"][0]["error"].as_str().unwrap().contains("is there already"));
}

#[tokio::test]
async fn what_does_not_fit_is_refused_pair_by_pair() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path()).await;
    desk.keep_region([10, 8, 50, 36]).await;
    desk.send(&study()[..4]).await;
    let good = desk.sheet().await["pairs"][0].clone();
    let with = |key: &str, value: Value| {
        let mut pair = good.clone();
        pair[key] = value;
        pair
    };
    let bad = json!([
        with("name", json!("../a")),
        with("unit", json!("KNEE")),
        with("side", json!("up")),
        with("files", json!([0])),
        with("files", json!([0, 99])),
        with("files", json!([0, 0])),
    ]);
    let answer = desk.confirm(&bad, &[]).await.json();
    let refused = answer["refused"].as_array().unwrap();
    let whys = [
        "cannot be a name",
        "KNEE",
        "no side",
        "one image for each",
        "not in this import",
        "same image",
    ];
    assert_eq!(refused.len(), whys.len(), "{answer}");
    for (one, why) in refused.iter().zip(whys) {
        assert!(one["error"].as_str().unwrap().contains(why), "{one} {why}");
    }
    assert_eq!(desk.count("pairs"), 0);
    let nobody = desk.confirm(&json!([good]), &["nobody"]).await;
    assert_eq!((nobody.status, desk.count("pairs")), (StatusCode::UNPROCESSABLE_ENTITY, 0));
    for kept in [[0, 0, 61, 40], [5, 5, 5, 9]] {
        assert!(desk.keep_region(kept).await.status.is_client_error());
    }
}

#[tokio::test]
async fn an_import_that_is_cancelled_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path()).await;
    let events = desk.count("events");
    desk.send(&study()).await;
    for name in ["0.png", "0-small.png"] {
        let picture = desk.room.get(&desk.browser, &desk.path(&format!("/images/{name}"))).await;
        assert_eq!(picture.status, StatusCode::OK);
        assert!(!picture.text().contains("SECRET"));
    }
    for name in ["9.png", "..%2f..%2froom.sqlite", "import.json"] {
        let picture = desk.room.get(&desk.browser, &desk.path(&format!("/images/{name}"))).await;
        assert_eq!(picture.status, StatusCode::NOT_FOUND, "{name}");
    }
    assert!(files_below(folder.path()) > 0);
    let gone = desk.room.ask(&desk.browser, Method::DELETE, &desk.path(""), None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!((files_below(folder.path()), desk.count("events")), (0, events));
    assert_eq!((desk.count("pairs"), desk.count("images")), (0, 0));
    assert_eq!(desk.send(&study()).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_import_that_waits_too_long_is_thrown_away() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path()).await;
    desk.send(&study()).await;
    let waiting = desk.room.get(&desk.browser, "/import").await.text();
    assert!(waiting.contains("5 files"), "{waiting}");
    let page = desk.room.get(&desk.browser, &format!("/import/{}", desk.id)).await;
    assert!(page.text().contains("Contact sheet"));
    desk.room.pass(8 * 24 * 60 * 60);
    let later = desk.room.browser("later", Role::Coordinator).await;
    assert!(!desk.room.get(&later, "/import").await.text().contains("5 files"));
    assert_eq!(files_below(folder.path()), 0);
}

/// How many files lie in the room, but for its database.
fn files_below(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| match path.is_dir() {
            true => files_below(&path),
            false => usize::from(!path.to_string_lossy().contains("room.sqlite")),
        })
        .sum()
}
