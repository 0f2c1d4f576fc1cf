//! A reader study in a room, before anybody reads.

use std::io::Cursor;
use std::sync::Arc;

use image::{ImageFormat, Luma};
use rating::Origin;
use rating::study::StudyProtocol;
use rating_web::Room;
use rating_web::answers::Scored;
use rating_web::studies::{self, FrozenAnswer, NewCase, Opening};

use super::room::{self, Person};

/// Opens a study of these pairs; the answers are made up, and differ from pair to pair.
pub fn open(room: &Arc<Room>, protocol: &str, pairs: &[(i64, String)], readers: &[Person]) {
    let case = |(at, (pair, _)): (usize, &(i64, String))| NewCase {
        pair: *pair,
        answer: Some(FrozenAnswer { scored: scored(at), maps: vec![(0, map(at))] }),
    };
    let opening = Opening {
        protocol: StudyProtocol::from_toml(protocol).expect("a protocol"),
        cases: pairs.iter().enumerate().map(case).collect(),
        readers: readers.iter().map(|reader| reader.id).collect(),
        bundle: None,
    };
    room::write(room, move |change, _| studies::open(change, &opening).map(drop));
}

fn scored(at: usize) -> Scored {
    let grades = grades(at);
    let task =
        |grade: u8| (0..3).map(|above| Some(if grade > above { 0.9 } else { 0.1 })).collect();
    Scored {
        grades: grades.to_vec(),
        combined: Some(grades[0].max(grades[1])),
        conflict: false,
        votes: vec![grades.to_vec(); 5],
        probabilities: grades.map(task).to_vec(),
        coloured_share: None,
        networks: 60,
        origin: Origin::Phantom,
    }
}

/// Two grades that medicine allows, other ones from case to case.
pub fn grades(at: usize) -> [u8; 2] {
    let [first, second] = [at % 4, at / 4 % 4].map(|grade| grade as u8);
    [first.max(second), second]
}

/// A heatmap of the size of the ROI that `room::pairs` draws into 320 x 240 pixels.
fn map(at: usize) -> Vec<u8> {
    let shade = |x: u32, y: u32| Luma([(x + y + at as u32) as u8]);
    let image = image::GrayImage::from_fn(160, 120, shade);
    let mut png = Cursor::new(Vec::new());
    image.write_to(&mut png, ImageFormat::Png).expect("a picture");
    png.into_inner()
}
