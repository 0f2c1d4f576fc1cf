//! A reading room with people and pairs in it, before anybody comes.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use image::{Rgb, RgbImage};
use rating::manifest::{Manifest, Row};
use rating::{Protocol, Roi};
use rating_web::pairs::{self, Added, Hash, NewPair, NewView};
use rating_web::people::{self, Role};
use rating_web::readings::{self, Body, Save, Stage};
use rating_web::store::{Actor, Change};
use rating_web::{Clock, Opening, Refusal, Room, SystemClock};
use rusqlite::{Connection, OpenFlags};

/// Pairs that come in with one transaction.
const AT_ONCE: usize = 1000;

/// Somebody with a token for a program.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: i64,
    pub token: String,
}

/// Opens a room, new or known.
pub fn open(folder: &Path, clock: Arc<dyn Clock>) -> Arc<Room> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).unwrap();
    let opening = Opening { folder, protocol: Protocol::eoss(), clock, seed, is_secure: false };
    Arc::new(Room::open(opening).unwrap())
}

/// Opens a room on the machine's clock.
pub fn open_now(folder: &Path) -> Arc<Room> {
    open(folder, Arc::new(SystemClock))
}

/// Makes one change.
pub fn write<T: Send + 'static>(
    room: &Arc<Room>,
    change: impl FnOnce(&mut Change<'_>, &Room) -> Result<T, Refusal> + Send + 'static,
) -> T {
    let known = Arc::clone(room);
    room.store.write_now(Actor::Server, move |open| change(open, &known)).unwrap()
}

/// Makes so many people of a role, each with a token.
pub fn people(room: &Arc<Room>, role: Role, count: usize) -> Vec<Person> {
    write(room, move |change, room| {
        let mut made = Vec::new();
        for number in 1..=count {
            let id = people::create(change, &format!("{}-{number}", role.word()), role)?;
            let token = people::make_token(change, &room.secrets, id, "test")?;
            made.push(Person { id, token });
        }
        Ok(made)
    })
}

/// Brings so many pairs in. No two share an image for the room, but their files are the
/// same few pictures under many names: 20,000 of their own would take a gigabyte.
/// Returns number and code.
pub fn pairs(room: &Arc<Room>, count: usize, size: (u32, u32)) -> Vec<(i64, String)> {
    let file = |hash: &Hash| {
        let name = blake3::Hash::from_bytes(*hash).to_hex();
        room.images.folder().join(&name[..2]).join(format!("{name}.png"))
    };
    let pictures: Vec<PathBuf> = (0..8)
        .map(|shade| {
            let speckle = |x: u32, y: u32| ((x * 31 + y * 17 + x * y) % 97) as u8 + shade * 8;
            let image = RgbImage::from_fn(size.0, size.1, |x, y| Rgb([speckle(x, y); 3]));
            file(&room.images.keep(&image).unwrap())
        })
        .collect();
    for view in 0..2 * count {
        let name = file(&image_of(view));
        fs::create_dir_all(name.parent().unwrap()).unwrap();
        fs::hard_link(&pictures[view % pictures.len()], &name).unwrap();
    }
    add(room, count, size)
}

fn image_of(view: usize) -> Hash {
    *blake3::hash(format!("image {view}").as_bytes()).as_bytes()
}

/// The same without files.
pub fn pairs_apart(room: &Arc<Room>, count: usize, size: (u32, u32)) -> Vec<(i64, String)> {
    add(room, count, size)
}

fn add(room: &Arc<Room>, count: usize, size: (u32, u32)) -> Vec<(i64, String)> {
    let sides = [size.0 / 4, size.1 / 4, 3 * size.0 / 4, 3 * size.1 / 4];
    let roi = Roi::new(sides.map(i64::from)).unwrap();
    let (row, mut added) = (row(roi), Vec::new());
    for begin in (0..count).step_by(AT_ONCE) {
        let numbers = begin..(begin + AT_ONCE).min(count);
        let row = row.clone();
        added.extend(write(room, move |change, room| {
            let mut made = Vec::new();
            for number in numbers {
                let name = format!("pair-{number:05}");
                let view = |modality: usize| NewView {
                    image: image_of(2 * number + modality),
                    size,
                    source: *blake3::hash(format!("{name} {modality}").as_bytes()).as_bytes(),
                    roi: Some(roi),
                };
                let row = Row { pair_id: name.clone(), ..row.clone() };
                let pair = NewPair { row, views: vec![view(0), view(1)] };
                let Added::New(id) = pairs::add(change, &room.secrets, &room.protocol, &pair)?
                else {
                    panic!("{name} is not new")
                };
                made.push((id, pairs::one(change, &room.protocol, id)?.code));
            }
            Ok(made)
        }));
    }
    added
}

/// One reading, from its beginning to its lock.
pub fn read(
    change: &mut Change<'_>,
    room: &Room,
    (pair, reader, stage): (i64, i64, Stage),
    grades: [u8; 2],
    saves: usize,
) -> Result<(), Refusal> {
    let mut known = readings::open(change, &room.protocol, pair, reader, stage)?;
    for save in 0..saves {
        let kept = if save + 1 < saves { 1 } else { 2 };
        let grades = grades.iter().enumerate().map(|(at, grade)| (at < kept).then_some(*grade));
        let body = Body { grades: grades.collect(), ..known.body };
        let asked = Save { version: known.version, change: format!("{stage:?} {save}"), body };
        known = readings::save(change, &room.protocol, (pair, reader, stage), &asked)?;
    }
    readings::lock(change, &room.protocol, (pair, reader, stage), known.version).map(drop)
}

/// A row of a manifest, of a phantom.
fn row(roi: Roi) -> Row {
    let header = "pair_id,patient_id,cohort,origin,joint,side,hospital,device,grayscale,doppler,\
        grayscale_left,grayscale_top,grayscale_right,grayscale_bottom,\
        doppler_left,doppler_top,doppler_right,doppler_bottom,doppler_mode";
    let sides = roi.sides().map(|side| side.to_string()).join(",");
    let csv = format!(
        "{header}\np,patient,test,phantom,MCP2,left,site,d,a.png,b.png,{sides},{sides},cdus\n"
    );
    Manifest::parse(csv.as_bytes(), &Protocol::eoss()).unwrap().rows[0].clone()
}

/// The room's database, to be looked at only.
pub fn database(data: &Path) -> Connection {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    Connection::open_with_flags(data.join("room.sqlite"), flags).unwrap()
}
