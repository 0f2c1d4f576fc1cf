//! `rating study`: reader studies, from the protocol to the report.

mod found;
mod open;
mod plan;
mod report;
mod simulate;

use std::path::Path;

use rating::Problem;
use rating::study::StudyProtocol;

use crate::args::{StudyAction, StudyArgs};
use crate::failure::Failure;
use crate::files;

pub fn run(args: &StudyArgs) -> Result<(), Failure> {
    match &args.action {
        StudyAction::New(args) => plan::new(args),
        StudyAction::Check(args) => plan::check(args),
        StudyAction::Show(args) => plan::show(args),
        StudyAction::Open(args) => open::run(args),
        StudyAction::Report(args) => report::run(args),
        StudyAction::Simulate(args) => simulate::run(args),
    }
}

/// Reads the protocol of a study.
fn read(path: &Path) -> Result<StudyProtocol, Failure> {
    let name = path.display().to_string();
    let parsed = StudyProtocol::from_toml(&files::read_text(path)?);
    let placed = |problem: Problem| problem.in_file(&name);
    Ok(parsed.map_err(|problems| problems.into_iter().map(placed).collect::<Vec<_>>())?)
}
