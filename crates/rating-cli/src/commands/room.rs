//! What a reading room's folder needs from the command line.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use rating::words::{counted, word};
use rating::{Problem, Protocol};
use rating_web::consensus::Counted;
use rating_web::export;
use rating_web::pairs::{self, Images};
use rating_web::room::protocol_of;
use rating_web::store::journal;
use rating_web::{Clock, Opening, Refusal, Room, Store, SystemClock};

use crate::args::{AuditAction, AuditArgs, BackupArgs, ExportArgs};
use crate::failure::Failure;
use crate::{commands, files};

/// The name of a room's database in its folder.
const DATABASE: &str = "room.sqlite";

/// Opens a room, new or known, without answers.
pub fn open(folder: &Path, protocol: Protocol, is_secure: bool) -> Result<Arc<Room>, Failure> {
    open_as(folder, protocol, is_secure, Arc::new(SystemClock), Ok)
}

/// Opens a room and prepares it before anybody comes.
pub fn open_as(
    folder: &Path,
    protocol: Protocol,
    is_secure: bool,
    clock: Arc<dyn Clock>,
    prepare: impl FnOnce(Room) -> Result<Room, Failure>,
) -> Result<Arc<Room>, Failure> {
    must_be_folder(folder)?;
    files::make_folder(folder)?;
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)
        .map_err(|error| Failure::Machine(Problem::new(format!("no randomness: {error}"))))?;
    let room = Room::open(Opening { folder, protocol, clock, seed, is_secure });
    prepare(room.map_err(|refusal| refused(refusal, folder))?).map(Arc::new)
}

/// A refusal of the room as the end of a command. Where it names a file of the
/// folder, that is the place.
pub fn refused(refusal: Refusal, folder: &Path) -> Failure {
    let what = refusal.what.trim_end_matches('.');
    let named = what.split_once(": ").filter(|(file, _)| Path::new(file).starts_with(folder));
    let (place, what) = named.unwrap_or(("", what));
    let place = if place.is_empty() { folder.display().to_string() } else { place.to_owned() };
    let problem = Problem::new(what).in_file(place);
    if !refusal.is_ours() {
        return problem.into();
    }
    Failure::CannotWrite(problem.hint("check the folder, who may write there, and its disk"))
}

/// Whether a room was begun in this folder.
pub fn is_begun(folder: &Path) -> bool {
    let known = folder.join(DATABASE).metadata();
    known.is_ok_and(|database| database.is_file() && database.len() > 0)
}

/// Refuses a file, and a folder that cannot be looked into.
pub fn must_be_folder(folder: &Path) -> Result<(), Failure> {
    let problem = match folder.join(DATABASE).metadata() {
        Err(error) if error.kind() == ErrorKind::NotADirectory && folder.exists() => {
            Problem::new("is a file, not a folder").hint("name the room's folder with --data")
        }
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            Problem::new(format!("cannot be read: {error}"))
                .hint("ask whoever owns it, or name another folder with --data")
        }
        _ => return Ok(()),
    };
    Err(problem.in_file(folder.display().to_string()).into())
}

/// Refuses a folder where no room was begun.
pub fn must_be_begun(folder: &Path) -> Result<(), Failure> {
    must_be_folder(folder)?;
    if is_begun(folder) {
        return Ok(());
    }
    Err(Problem::new("there is no reading room here")
        .in_file(folder.display().to_string())
        .hint("name its folder with --data, or begin one with rating serve --data")
        .into())
}

/// The database of a room that is there already.
pub fn known(folder: &Path) -> Result<Store, Failure> {
    must_be_begun(folder)?;
    let path = folder.join(DATABASE);
    Store::open(&path, Arc::new(SystemClock)).map_err(|refusal| refused(refusal, folder))
}

/// `rating audit`.
pub fn audit(args: &AuditArgs) -> Result<(), Failure> {
    let AuditAction::Verify { data } = &args.action;
    match known(data)?.read_now(journal::check) {
        Ok(checked) => {
            let (events, head) = (checked.events, checked.head);
            commands::print(&format!(
                "the journal is whole: {}, the last with hash {head}\n",
                counted(events, "line", "lines")
            ))
        }
        Err(refusal) => Err(Failure::Bundle(
            Problem::new(refusal.what.trim_end_matches('.').to_owned())
                .in_file(data.join(DATABASE).display().to_string())
                .hint("compare it with a backup"),
        )),
    }
}

/// `rating backup`.
pub fn backup(args: &BackupArgs) -> Result<(), Failure> {
    let store = known(&args.data)?;
    make_new_folder(&args.out)?;
    let named = store.read_now(pairs::named).map_err(|refusal| refused(refusal, &args.data))?;
    store.backup(&args.out.join(DATABASE)).map_err(|refusal| refused(refusal, &args.out))?;
    // Images are only ever added: those the copied database names should all be there.
    let images = copy_folder(&args.data.join("images"), &args.out.join("images"))?;
    // Heatmaps come and go meanwhile: one whose files are not there is computed again.
    let maps = copy_folder(&args.data.join("maps"), &args.out.join("maps"))?;
    commands::print(&format!(
        "database, {} and {} of heatmaps copied to {}\n",
        counted(images, "image", "images"),
        counted(maps, "file", "files"),
        args.out.display()
    ))?;
    check_images(args, &named)
}

/// Refuses to call a copy good that lacks images.
fn check_images(args: &BackupArgs, named: &[pairs::Hash]) -> Result<(), Failure> {
    let copied = Images::in_folder(&args.out.join("images"));
    let copied = copied.map_err(|refusal| refused(refusal, &args.out))?;
    let lost = named.iter().filter(|image| !copied.has(image)).count();
    if lost == 0 {
        return Ok(());
    }
    let what =
        format!("{lost} of {} that the database names", counted(named.len(), "image", "images"));
    Err(Problem::new(format!("{what} {} not there", word(lost, "is", "are")))
        .in_file(args.data.join("images").display().to_string())
        .hint("look for them in an older backup; everything else is copied")
        .into())
}

/// `rating export`.
pub fn export(args: &ExportArgs) -> Result<(), Failure> {
    let protocol = protocol_of(&known(&args.data)?).map_err(|no| refused(no, &args.data))?;
    let room = open(&args.data, protocol, false)?;
    make_new_folder(&args.out)?;
    let which = if args.revealed { Counted::All } else { Counted::Unrevealed };
    let selection = export::folder(&room, which, &args.out).map_err(|no| refused(no, &args.out))?;
    let (pairs, left_out) = (selection.exported.len(), selection.refused.len());
    let out = args.out.display();
    commands::print(&format!(
        "{} written to {out}, {left_out} left out (refused.csv says why)\n",
        counted(pairs, "settled pair", "settled pairs")
    ))
}

/// Makes a folder for what is written; nothing that is there is written over.
fn make_new_folder(out: &Path) -> Result<(), Failure> {
    if out.exists() {
        return Err(Problem::new("this is there already")
            .in_file(out.display().to_string())
            .hint("name a folder that is not")
            .into());
    }
    files::make_folder(out)
}

/// Copies the whole files of a folder; those that are being written have hidden
/// names, those that are removed meanwhile stay away.
fn copy_folder(from: &Path, to: &Path) -> Result<usize, Failure> {
    files::make_folder(to)?;
    let mut copied = 0;
    let unreadable = |error: std::io::Error| {
        Failure::from(Problem::new(error.to_string()).in_file(from.display().to_string()))
    };
    let entries = match std::fs::read_dir(from) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        entries => entries.map_err(unreadable)?,
    };
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        let Some(name) = path.file_name().filter(|name| !name.as_encoded_bytes().starts_with(b"."))
        else {
            continue;
        };
        if path.is_dir() {
            copied += copy_folder(&path, &to.join(name))?;
        } else {
            let bytes = match std::fs::read(&path) {
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                bytes => bytes.map_err(unreadable)?,
            };
            files::write(&to.join(name), &bytes)?;
            copied += 1;
        }
    }
    Ok(copied)
}
