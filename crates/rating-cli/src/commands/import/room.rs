//! `rating import room`: the pairs of a manifest into a reading room.

use std::ops::ControlFlow;
use std::path::Path;

use rating::words::{counted, word};
use rating_web::import::{self, Report};

use crate::commands::{print, room};
use crate::failure::Failure;
use crate::progress::Bar;
use crate::{files, stderr, stop};

pub fn run(
    manifest: &Path,
    data: &Path,
    readers: &[String],
    protocol: &str,
) -> Result<(), Failure> {
    stop::listen(|| {
        stderr::say("stopping; the pairs that are in stay (Ctrl-C again stops at once)")
    })?;
    // A room is not begun for a manifest that is not there.
    files::read(manifest)?;
    let opened = room::open(data, files::protocol(protocol)?, false)?;
    let mut bar = None;
    let progress = |done, all| {
        bar.get_or_insert_with(|| Bar::new("bringing pairs in", all)).reach(done);
        if stop::asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let report = import::manifest(&opened, manifest, None, readers, progress);
    if let Some(bar) = bar {
        bar.finish();
    }
    let report = report.map_err(|refusal| room::refused(refusal, data))?;
    tell(&report, data)?;
    if report.stopped {
        return Err(Failure::Interrupted);
    }
    if report.refused.is_empty() { Ok(()) } else { Err(Failure::Input(report.refused)) }
}

fn tell(report: &Report, data: &Path) -> Result<(), Failure> {
    for warning in &report.warnings {
        stderr::say(format_args!("warning: {warning}"));
    }
    for withheld in &report.withheld {
        stderr::say(format_args!("warning: {withheld}"));
    }
    let (new, known, refused) = (report.new.len(), report.known.len(), report.refused.len());
    let mut text = format!(
        "{}: {} {} new, {known} {} there, {} with others\n",
        data.display(),
        counted(new, "pair", "pairs"),
        word(new, "is", "are"),
        word(known, "was", "were"),
        counted(refused, "problem", "problems"),
    );
    for (name, pairs) in &report.handed {
        text += &format!("{pairs} more handed to {name}\n");
    }
    print(&text)
}
