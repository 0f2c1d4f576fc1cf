//! Everything together: a zip to download, or a folder.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use rating::Protocol;
use rating_frozen::files::write_atomically;
use serde_json::json;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::{Selection, coco, history, image_path, manifest, readings, refused, select, voc};
use crate::consensus::Counted;
use crate::pairs::Images;
use crate::refusal::Refusal;
use crate::room::Room;
use crate::store::{Actor, Change};

/// What a zip or folder says about itself.
const README: &str = "\
Settled pairs of a RATING reading room. Research use only, not for diagnosis.

manifest.csv      for `rating train`: settled grades and ROIs, images beside it.
                  x_settled_by: first (all readers agreed), consensus (they agreed on
                  second thoughts) or adjudication (a senior reader decided).
                  ROI: the mean of the rectangles of the readings that settled it,
                  side by side, rounded to whole pixels, halves up.
refused.csv       pairs that are not in the manifest, and why.
readings.csv      every locked reading, grade by grade.
coco.json, voc/   the same ROIs as COCO and Pascal VOC.
";

/// Writes a zip with the manifest, its images, what is left out and why, COCO
/// and VOC rectangles and `readings.csv`; image by image, so that it may be
/// larger than memory. Equal content gives equal bytes.
///
/// # Errors
/// A room that cannot be read; a writer that takes no more.
pub fn training_zip(room: &Room, counted: Counted, to: impl Write) -> Result<(), Refusal> {
    let (selection, readings) = look(room, counted)?;
    let mut zip = Zip::to(to);
    for (name, text) in texts(&selection, &room.protocol, readings)? {
        zip.put(&name, text.as_bytes())?;
    }
    each_image(&selection, &room.protocol, &room.images, |name, bytes| zip.put(name, bytes))?;
    zip.finish()
}

/// Writes a zip of VOC files.
///
/// # Errors
/// A writer that takes no more.
pub fn voc_zip(selection: &Selection, protocol: &Protocol, to: impl Write) -> Result<(), Refusal> {
    let mut zip = Zip::to(to);
    for (name, text) in voc(selection, protocol) {
        zip.put(&name, text.as_bytes())?;
    }
    zip.finish()
}

/// Writes the same as [`training_zip`] into a folder, and the reading history
/// as `history.jsonl`. `manifest.csv` comes last: where it is, all is. For
/// whoever runs the server; the journal says that it was done.
///
/// # Errors
/// A room that cannot be read; a folder that cannot be written.
pub fn folder(room: &Room, counted: Counted, folder: &Path) -> Result<Selection, Refusal> {
    let place =
        |path: &Path, error: io::Error| Refusal::broken(format!("{}: {error}", path.display()));
    let put = |name: &str, bytes: &[u8]| -> Result<(), Refusal> {
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(|error| place(parent, error))?;
        write_atomically(&path, bytes).map_err(|error| place(&path, error))
    };
    // Nothing may be settled yet; then no image makes it.
    fs::create_dir_all(folder).map_err(|error| place(folder, error))?;
    let after = json!({ "file": "folder", "revealed": counted == Counted::All });
    let noted = move |change: &mut Change<'_>| change.tell("export.made", "room", (), after);
    room.store.write_now(Actor::Server, noted)?;
    let (selection, readings) = look(room, counted)?;
    each_image(&selection, &room.protocol, &room.images, put)?;
    let path = folder.join("history.jsonl");
    let unfinished = folder.join("history.jsonl.unfinished");
    let file = fs::File::create(&unfinished).map_err(|error| place(&unfinished, error))?;
    let mut lines = BufWriter::new(file);
    history(&room.store, &mut lines)?;
    lines.flush().map_err(|error| place(&unfinished, error))?;
    fs::rename(&unfinished, &path).map_err(|error| place(&path, error))?;
    let mut texts = texts(&selection, &room.protocol, readings)?;
    texts.sort_by_key(|(name, _)| name == "manifest.csv");
    for (name, text) in &texts {
        put(name, text.as_bytes())?;
    }
    Ok(selection)
}

/// The selection and `readings.csv`, as of one moment.
fn look(room: &Room, counted: Counted) -> Result<(Selection, String), Refusal> {
    room.store.read_now(|db| {
        let moment = db.unchecked_transaction()?;
        let selection = select(&moment, &room.protocol, counted)?;
        Ok((selection, readings(&moment, &room.protocol, counted)?))
    })
}

/// Every text file of a selection.
fn texts(
    selection: &Selection,
    protocol: &Protocol,
    readings: String,
) -> Result<Vec<(String, String)>, Refusal> {
    let mut files = vec![
        ("README.txt".to_owned(), README.to_owned()),
        ("manifest.csv".to_owned(), manifest(selection, protocol)),
        ("refused.csv".to_owned(), refused(selection)?),
        ("readings.csv".to_owned(), readings),
        ("coco.json".to_owned(), format!("{:#}\n", coco(selection, protocol))),
    ];
    files.extend(voc(selection, protocol));
    Ok(files)
}

fn each_image(
    selection: &Selection,
    protocol: &Protocol,
    images: &Images,
    mut put: impl FnMut(&str, &[u8]) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    for one in &selection.exported {
        for (at, view) in one.pair.views.iter().enumerate() {
            put(&image_path(protocol, &one.pair, at), &images.png(&view.image)?)?;
        }
    }
    Ok(())
}

/// A zip that is written from front to back.
struct Zip<W: Write>(ZipWriter<zip::write::StreamWriter<W>>);

impl<W: Write> Zip<W> {
    fn to(writer: W) -> Zip<W> {
        Zip(ZipWriter::new_stream(writer))
    }

    fn put(&mut self, name: &str, bytes: &[u8]) -> Result<(), Refusal> {
        // PNG is compressed already; a fixed date gives equal bytes for equal content.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(DateTime::default());
        self.0.start_file(name, options).map_err(Refusal::broken)?;
        self.0.write_all(bytes).map_err(Refusal::broken)
    }

    fn finish(self) -> Result<(), Refusal> {
        self.0.finish().map_err(Refusal::broken)?.into_inner().flush().map_err(Refusal::broken)
    }
}
