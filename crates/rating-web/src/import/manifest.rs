//! A manifest and its images, from the command line.

use std::collections::BTreeSet;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use rating::manifest::{Manifest, Row};
use rating::{Origin, Problem};

use super::prepare::{self, Prepared};
use super::{Report, add, hand_out, readers};
use crate::pairs::Added;
use crate::refusal::Refusal;
use crate::room::Room;
use crate::store::Actor;

/// Brings the pairs of a manifest (of one cohort, where one is named) into a room
/// and hands them to the readers of these names, in the manifest's order. Blocks,
/// for long where there are many.
///
/// Of every image the region of its device is kept ([`super::region_of`]), the
/// whole where none was said. `progress(done, all)` may break it off: the pairs
/// that are in stay, and the same call later goes on. A manifest with a row that
/// cannot be read adds nothing.
///
/// # Errors
/// A reader who is none; a disk or a database that takes no more. Rows and files
/// that cannot be used are in the report.
pub fn manifest(
    room: &Arc<Room>,
    path: &Path,
    cohort: Option<&str>,
    names: &[String],
    mut progress: impl FnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Report, Refusal> {
    let readers = room.store.read_now(|db| readers(db, names))?;
    let file = path.display().to_string();
    let mut report = Report::default();
    let rows = match read(room, path) {
        Ok(manifest) => manifest.rows,
        Err(problems) => {
            report.refused = problems.into_iter().map(|problem| problem.in_file(&file)).collect();
            return Ok(report);
        }
    };
    let is_wanted = |row: &Row| cohort.is_none_or(|cohort| row.cohort == cohort);
    let rows: Vec<Row> = rows.into_iter().filter(is_wanted).collect();
    let folder = path.parent().unwrap_or(Path::new(""));
    let together = 4 * cores();
    let mut present = Vec::new();
    let mut whole = BTreeSet::new();
    for (part, batch) in rows.chunks(together).enumerate() {
        if progress(part * together, rows.len()).is_break() {
            report.stopped = true;
            break;
        }
        for (row, prepared) in batch.iter().zip(prepare_all(room, folder, batch)) {
            match prepared.and_then(|prepared| added(room, row, prepared, &mut whole)) {
                Ok(added) => present.push(report.count(added)),
                Err(Fault::Ours(refusal)) => return Err(refusal),
                Err(Fault::Row(problems)) => {
                    let here = |problem: Problem| Problem { row: row.line, ..problem };
                    let placed = problems.into_iter().map(|problem| here(problem).in_file(&file));
                    report.refused.extend(placed);
                }
            }
        }
    }
    if !report.stopped {
        let _ = progress(rows.len(), rows.len());
    }
    report.warnings = whole.iter().map(|device| shown_whole(device)).collect();
    let hand = move |change: &mut crate::store::Change<'_>| hand_out(change, &readers, &present);
    (report.handed, report.withheld) = room.store.write_now(Actor::Server, hand)?;
    Ok(report)
}

/// Why a row is not in.
pub(super) enum Fault {
    /// Something a person can mend.
    Row(Vec<Problem>),
    /// Disk or database.
    Ours(Refusal),
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Fault {
        if refusal.is_ours() {
            return Fault::Ours(refusal);
        }
        Fault::Row(vec![Problem::new(refusal.what.trim_end_matches('.'))])
    }
}

fn read(room: &Room, path: &Path) -> Result<Manifest, Vec<Problem>> {
    let bytes = fs::read(path)
        .map_err(|error| vec![Problem::new(format!("the manifest cannot be read: {error}"))])?;
    Manifest::parse(&bytes, &room.protocol)
}

fn added(
    room: &Arc<Room>,
    row: &Row,
    prepared: Prepared,
    whole: &mut BTreeSet<String>,
) -> Result<Added, Fault> {
    let added = add(room, Actor::Server, prepared.pair)?;
    // Nobody's name stands in a drawn image.
    let may_name = row.origin == Origin::Clinical;
    if prepared.is_whole && may_name && matches!(added, Added::New(_)) {
        whole.insert(row.device.clone().unwrap_or_default());
    }
    Ok(added)
}

fn shown_whole(device: &str) -> Problem {
    let device =
        if device.is_empty() { "an unnamed device".to_owned() } else { format!("device {device}") };
    Problem::new(format!("images of {device} are shown whole"))
        .hint("if names or dates stand in them, say on the import page which region is kept")
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Decodes and keeps the images of some rows on all cores; answers come in the
/// order of the rows.
fn prepare_all(room: &Room, folder: &Path, rows: &[Row]) -> Vec<Result<Prepared, Fault>> {
    let each = rows.len().div_ceil(cores()).max(1);
    let prepare = |part: &[Row]| -> Vec<Result<Prepared, Fault>> {
        part.iter().map(|row| prepare::row(room, folder, row)).collect()
    };
    thread::scope(|scope| {
        let parts: Vec<_> =
            rows.chunks(each).map(|part| (part, scope.spawn(move || prepare(part)))).collect();
        let lost = || Fault::Ours(Refusal::broken("a thread that decodes images stopped"));
        let joined = parts.into_iter().map(|(part, thread)| {
            thread.join().unwrap_or_else(|_| part.iter().map(|_| Err(lost())).collect())
        });
        joined.flatten().collect()
    })
}
