//! `rating study`: reader studies, from the protocol to the report.

mod deviations;
mod found;
mod open;
mod plan;
mod report;
mod simulate;

use std::path::Path;

use rating::study::StudyProtocol;
use rating::{Problem, Protocol};

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
    Ok(StudyProtocol::from_toml(&files::read_text(path)?).map_err(|found| placed(found, path))?)
}

/// The same, of a study where this is graded.
fn read_for(path: &Path, graded: &Protocol) -> Result<StudyProtocol, Failure> {
    let study = read(path)?;
    study.check_for(graded).map_err(|found| placed(found, path))?;
    Ok(study)
}

fn placed(problems: Vec<Problem>, path: &Path) -> Vec<Problem> {
    let name = path.display().to_string();
    problems.into_iter().map(|problem| problem.in_file(&name)).collect()
}
