//! `rating study open`: a study into a reading room.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use rating::Problem;
use rating::study::{Shows, StudyProtocol};
use rating::words::counted;
use rating_frozen::Control;
use rating_web::store::Actor;
use rating_web::studies::{self, NewCase, Opening};
use rating_web::{Room, SystemClock, import};

use super::read_for;
use crate::args::StudyOpenArgs;
use crate::commands::serve::answers;
use crate::commands::{print, room};
use crate::data::ManifestFile;
use crate::failure::Failure;
use crate::progress::Bar;
use crate::{files, stderr, stop};

pub fn run(args: &StudyOpenArgs) -> Result<(), Failure> {
    stop::listen(|| {
        stderr::say("stopping; answers that are computed stay (Ctrl-C again stops at once)")
    })?;
    let protocol = files::protocol(&args.protocol)?;
    let study = read_for(&args.study, &protocol)?;
    room::must_be_begun(&args.data)?;
    let source = answers::Source::asked(args.bundle.as_deref(), args.canned);
    let room =
        answers::open_from(source, &args.data, protocol, false, Arc::new(SystemClock), |room| {
            room
        })?;
    let readers = args.readers.clone().unwrap_or_else(|| names(&study));
    let opened = prepare(&room, &study, &args.manifest, &readers)?;
    print(&format!(
        "study {} is open in {}: {}, {}; protocol hash {}\n\
         research use only, not for diagnosis\n",
        study.name,
        args.data.display(),
        counted(opened, "case", "cases"),
        counted(study.readers.len(), "reader", "readers"),
        study.hash()
    ))
}

fn names(study: &StudyProtocol) -> Vec<String> {
    study.readers.iter().map(|reader| reader.name.clone()).collect()
}

/// Brings the cases in, computes what arms show, and opens the study. Returns
/// the number of cases.
pub fn prepare(
    room: &Arc<Room>,
    study: &StudyProtocol,
    manifest: &Path,
    readers: &[String],
) -> Result<usize, Failure> {
    let refused = |refusal| room::refused(refusal, room.folder());
    let accounts = room.store.read_now(|db| import::readers(db, readers)).map_err(refused)?;
    let accounts: Vec<i64> = accounts.iter().map(|account| account.id).collect();
    // What can be refused is refused before hours of computing.
    let free = room.store.read_now(|db| studies::check_readers(db, study, &accounts));
    free.map_err(refused)?;
    let pairs = cases(room, study, manifest)?;
    for warning in study.without_effect(pairs.len()) {
        stderr::say(format_args!("warning: {warning}"));
    }
    let may = room.store.read_now(|db| studies::may_open(db, study, &pairs, &accounts));
    may.map_err(refused)?;
    let shows = study.arms.iter().map(|arm| arm.shows).max().unwrap_or(Shows::Nothing);
    let bar = Bar::new("computing the system's answers", pairs.len());
    let mut all = Vec::new();
    for pair in pairs {
        let answer = match shows {
            Shows::Nothing => None,
            shows => match studies::freeze(room, pair, shows, &Stopping).map_err(refused)? {
                Some(answer) => Some(answer),
                None => return Err(Failure::Interrupted),
            },
        };
        all.push(NewCase { pair, answer });
        bar.advance(1);
    }
    bar.finish();
    let count = all.len();
    let bundle = room.desk.as_ref().filter(|_| shows != Shows::Nothing);
    let opening = Opening {
        protocol: study.clone(),
        cases: all,
        readers: accounts,
        bundle: bundle.map(|desk| desk.identity().bundle.clone()),
    };
    let change = move |change: &mut rating_web::store::Change<'_>| studies::open(change, &opening);
    room.store.write_now(Actor::Server, change).map_err(refused)?;
    Ok(count)
}

/// The pairs of the study's cohort, brought into the room where they are not in it.
fn cases(room: &Arc<Room>, study: &StudyProtocol, path: &Path) -> Result<Vec<i64>, Failure> {
    let file = ManifestFile::read(path, &room.protocol)?;
    let cohort = study.cases.cohort.as_str();
    let rows = file.manifest.rows.iter().filter(|row| row.cohort == cohort);
    let names: Vec<&str> = rows.map(|row| row.pair_id.as_str()).collect();
    if names.is_empty() {
        let what = format!("no pair is of cohort {cohort:?}");
        return Err(Problem::new(what).in_file(&file.name).in_column("cohort").into());
    }
    let bar = Bar::new("bringing pairs in", names.len());
    let report = import::manifest(room, path, Some(cohort), &[], |done, _| {
        bar.reach(done);
        if stop::asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    bar.finish();
    let report = report.map_err(|refusal| room::refused(refusal, room.folder()))?;
    for warning in &report.warnings {
        stderr::say(format_args!("warning: {warning}"));
    }
    if report.stopped {
        return Err(Failure::Interrupted);
    }
    if !report.refused.is_empty() {
        return Err(report.refused.into());
    }
    let ids = room.store.read_now(|db| {
        names.iter().map(|name| rating_web::pairs::id_of(db, name)).collect::<Result<Vec<_>, _>>()
    });
    ids.map_err(|refusal| room::refused(refusal, room.folder()))
}

/// Stops with Ctrl-C.
struct Stopping;

impl Control for Stopping {
    fn cancelled(&self) -> bool {
        stop::asked()
    }

    fn progress(&self, _: usize, _: usize) {}
}
