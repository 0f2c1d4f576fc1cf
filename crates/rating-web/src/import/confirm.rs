//! What a person confirmed becomes pairs.

use std::sync::Arc;

use rating::manifest::{Manifest, Row, ViewRef};
use rating::{Grade, Origin, Problem, Protocol, Roi};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::manifest::Fault;
use super::region::{region_of, sentence};
use super::staging::{Staged, StagedFile};
use super::{add, hand_out, prepare, readers};
use crate::pairs::{self, Added, Hash, Images, NewPair};
use crate::refusal::Refusal;
use crate::room::Room;
use crate::store::Actor;

/// Pairs as a person confirmed them.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirmed {
    /// The pairs.
    pub pairs: Vec<Wanted>,
    /// Names of those to hand them to.
    #[serde(default)]
    pub readers: Vec<String>,
}

/// One of them. Empty texts say nothing.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Its name, for manifests; readers see none.
    pub name: String,
    /// Whose joint it is.
    #[serde(default)]
    pub patient: String,
    /// The set it belongs to.
    pub cohort: String,
    /// `clinical` or `phantom`.
    pub origin: String,
    /// Which joint.
    #[serde(default)]
    pub unit: String,
    /// `left` or `right`.
    #[serde(default)]
    pub side: String,
    /// Where it was imaged.
    #[serde(default)]
    pub hospital: String,
    /// The ultrasound machine: its region of the screen is kept.
    #[serde(default)]
    pub device: String,
    /// `cdus` or `pdus`.
    #[serde(default)]
    pub doppler_mode: String,
    /// Numbers of the files, one for each modality.
    pub files: Vec<u32>,
}

/// What became of them.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Done {
    /// Pairs that are new.
    pub new: Vec<Named>,
    /// Pairs that were there with the same pixels.
    pub known: Vec<Named>,
    /// Pairs that wait on, with the reason.
    pub refused: Vec<RefusedPair>,
    /// How many more each reader has.
    pub handed: Vec<(String, usize)>,
    /// Pairs that were not handed to a reader who has learned on them, a sentence
    /// for each reader.
    pub withheld: Vec<String>,
    /// How many files of the import still wait.
    pub left: usize,
}

/// A pair and the code that readers see.
#[derive(Debug, Serialize, ToSchema)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// Its code.
    pub code: String,
}

/// A pair that is not in.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefusedPair {
    /// Its name.
    pub name: String,
    /// Why, as a sentence.
    pub error: String,
}

/// Brings confirmed pairs in, each whole or not at all, and takes their files off
/// the import; one without files is thrown away. Blocks.
///
/// # Errors
/// No such import; a reader who is none. Nothing is brought in then.
pub fn confirm(
    room: &Arc<Room>,
    person: i64,
    id: &str,
    confirmed: &Confirmed,
) -> Result<Done, Refusal> {
    let staged = room.imports.get(id)?;
    let images = room.imports.images(id)?;
    let readers = room.store.read_now(|db| readers(db, &confirmed.readers))?;
    let by = Actor::Person(person);
    let mut done = Done::default();
    let mut present = Vec::new();
    let mut used = Vec::new();
    for wanted in &confirmed.pairs {
        let added =
            prepared(room, &staged, &images, wanted).and_then(|pair| Ok(add(room, by, pair)?));
        let (number, is_new) = match added {
            Ok(Added::New(number)) => (number, true),
            Ok(Added::Known(number)) => (number, false),
            Err(Fault::Ours(refusal)) => return Err(refusal),
            Err(Fault::Row(problems)) => {
                let error =
                    problems.iter().map(|one| sentence(one).what).collect::<Vec<_>>().join(" ");
                done.refused.push(RefusedPair { name: wanted.name.clone(), error });
                continue;
            }
        };
        let code = room.store.read_now(|db| Ok(pairs::one(db, &room.protocol, number)?.code))?;
        let named = Named { name: wanted.name.clone(), code };
        if is_new {
            done.new.push(named)
        } else {
            done.known.push(named)
        }
        present.push(number);
        used.extend(&wanted.files);
    }
    let hand = move |change: &mut crate::store::Change<'_>| hand_out(change, &readers, &present);
    (done.handed, done.withheld) = room.store.write_now(by, hand)?;
    done.left = room.imports.change(id, |staged| {
        staged.files.retain(|file| !used.contains(&file.number));
        Ok(staged.files.len())
    })?;
    if done.left == 0 {
        room.imports.remove(id)?;
    }
    Ok(done)
}

/// The pair, its images cut to the region of its device and kept.
fn prepared(
    room: &Room,
    staged: &Staged,
    images: &Images,
    wanted: &Wanted,
) -> Result<NewPair, Fault> {
    let modalities = room.protocol.modalities();
    if wanted.files.len() != modalities.len() {
        return Err(Refusal::unfit("A pair has one image for each modality.").into());
    }
    let mut files = Vec::new();
    for number in &wanted.files {
        let found = staged.files.iter().find(|file| file.number == *number);
        files.push(found.ok_or_else(|| Refusal::unfit("One of its files is not in this import."))?);
    }
    let row = row(wanted, &files, &room.protocol).map_err(Fault::Row)?;
    let mut views = Vec::new();
    for file in files {
        let pixels = images.pixels(&hash(file)?)?;
        let (device, size) = (wanted.device.trim(), pixels.dimensions());
        let region = room.store.read_now(|db| region_of(db, device, size))?;
        let region = region.ok_or_else(|| {
            let named = if device.is_empty() { "an unnamed device" } else { device };
            let (width, height) = size;
            Refusal::unfit(format!(
                "Say first which region is kept of pictures of {width} x {height} pixels of {named}."
            ))
        })?;
        views.push(prepare::view(room, &pixels, region, None)?);
    }
    prepare::pair(&row, views)
}

fn hash(file: &StagedFile) -> Result<Hash, Refusal> {
    let hash = blake3::Hash::from_hex(&file.hash).map_err(Refusal::broken)?;
    Ok(*hash.as_bytes())
}

/// The row of a manifest that says the same, checked as manifests are.
fn row(wanted: &Wanted, files: &[&StagedFile], protocol: &Protocol) -> Result<Row, Vec<Problem>> {
    let text = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let problem = |column: &str, what: String| vec![Problem::new(what).in_column(column)];
    let word = wanted.origin.trim();
    let origin = Origin::from_word(word).filter(|origin| *origin != Origin::Canned);
    let origin = origin.ok_or_else(|| problem("origin", format!("{word:?} is no origin")))?;
    let mut views = Vec::new();
    for file in files {
        let whole = Roi::new([0, 0, i64::from(file.width), i64::from(file.height)]);
        let roi = whole.map_err(|problem| vec![problem])?;
        views.push(ViewRef { path: file.name.clone(), roi });
    }
    let row = Row {
        line: None,
        pair_id: wanted.name.trim().to_owned(),
        patient_id: text(&wanted.patient),
        cohort: wanted.cohort.trim().to_owned(),
        origin,
        unit: text(&wanted.unit),
        side: None,
        hospital: text(&wanted.hospital),
        device: text(&wanted.device),
        views,
        doppler_mode: None,
        grades: vec![None::<Grade>; protocol.measurements().len()],
        sex: None,
        age: None,
        operator: None,
        visit: None,
        fold: None,
        extra: std::collections::BTreeMap::new(),
    };
    let row =
        Row { side: side(&wanted.side)?, doppler_mode: doppler_mode(&wanted.doppler_mode)?, ..row };
    let text = Manifest { rows: vec![row] }.to_csv(protocol);
    let manifest = Manifest::parse(text.as_bytes(), protocol).map_err(|problems| {
        // Rows are counted in a file that nobody sees.
        problems.into_iter().map(|problem| Problem { row: None, ..problem }).collect::<Vec<_>>()
    })?;
    let row = manifest.rows.into_iter().next();
    row.map(|row| Row { line: None, ..row })
        .ok_or_else(|| problem("name", "the pair is empty".to_owned()))
}

fn side(word: &str) -> Result<Option<rating::manifest::Side>, Vec<Problem>> {
    use rating::manifest::Side::{Left, Right};
    match word.trim() {
        "" => Ok(None),
        "left" => Ok(Some(Left)),
        "right" => Ok(Some(Right)),
        other => Err(vec![Problem::new(format!("{other:?} is no side")).in_column("side")]),
    }
}

fn doppler_mode(word: &str) -> Result<Option<rating::manifest::DopplerMode>, Vec<Problem>> {
    use rating::manifest::DopplerMode::{Cdus, Pdus};
    match word.trim() {
        "" => Ok(None),
        "cdus" => Ok(Some(Cdus)),
        "pdus" => Ok(Some(Pdus)),
        other => Err(vec![Problem::new(format!("{other:?} is no mode")).in_column("doppler_mode")]),
    }
}
