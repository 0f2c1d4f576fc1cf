//! `rating experiment`: arms that differ from one configuration, trained,
//! judged on the same pairs, gathered in one report.

mod figures;
mod graders;
mod learned;
mod repetition;

use std::path::{Path, PathBuf};

use rating::Problem;
use rating::evaluate::tables::experiment_tables;
use rating_net::Stop;
use rating_net::experiment::Experiment;
use rating_report::{Fact, experiment_markdown, experiment_page};

use crate::args::ExperimentArgs;
use crate::commands::train;
use crate::failure::Failure;
use crate::stderr::say;
use crate::{commands, files};
use figures::Gathered;
use repetition::{Repetition, Setting};

pub fn run(args: &ExperimentArgs) -> Result<(), Failure> {
    let stop = Stop::new();
    train::listen(&stop)?;
    let Asked { experiment, text, base } = read(&args.config)?;
    remember(&args.out, &experiment, &base)?;
    let setting = Setting {
        experiment: &experiment,
        file: &args.config,
        text: &text,
        base: &base,
        base_folder: args.config.parent().unwrap_or(Path::new("")),
        out: &args.out,
        device: &args.device,
        jobs: train::jobs(args.jobs)?,
        stop: &stop,
    };
    let mut gathered = Gathered::new(&experiment);
    for (number, &seed) in experiment.study_seeds.iter().enumerate() {
        say(format_args!("study seed {seed}, {} of {}", number + 1, experiment.study_seeds.len()));
        let repetition = Repetition::open(setting, seed)?;
        repetition.check()?;
        gathered.begin(&repetition);
        for (position, arm) in experiment.arms.iter().enumerate() {
            say(format_args!("arm {} of {}: {}", position + 1, experiment.arms.len(), arm.name));
            let answers = repetition.answers(arm)?;
            gathered.add(position, &repetition, &answers)?;
        }
    }
    let report = gathered.report()?;
    let json =
        serde_json::to_string_pretty(&report).map_err(|error| Failure::Bug(error.to_string()))?;
    files::write(&args.out.join("experiment.json"), (json + "\n").as_bytes())?;
    for table in experiment_tables(&report) {
        files::write(&args.out.join(table.name), table.csv.as_bytes())?;
    }
    let facts = facts(args, &experiment);
    let page = experiment_page(&report, &facts);
    files::write(&args.out.join("report.html"), page.as_bytes())?;
    let text = experiment_markdown(&report, &facts);
    files::write(&args.out.join("numbers.md"), text.as_bytes())?;
    commands::print(&commands::warning(Some(report.origin)))?;
    commands::print(&figures::words(&report))?;
    commands::print(&format!("\nreport: {}\n", args.out.join("report.html").display()))
}

/// An experiment with its own text and that of its base configuration.
struct Asked {
    experiment: Experiment,
    text: String,
    base: String,
}

fn read(path: &Path) -> Result<Asked, Failure> {
    let text = files::read_text(path)?;
    let place = |problem: Problem| problem.in_file(path.display().to_string());
    let experiment = Experiment::from_toml(&text).map_err(place)?;
    let base = path.parent().unwrap_or(Path::new("")).join(&experiment.base);
    Ok(Asked { base: files::read_text(&base)?, experiment, text })
}

/// Refuses to mix two experiments in one folder; an interrupted one goes on.
fn remember(out: &Path, experiment: &Experiment, base: &str) -> Result<(), Failure> {
    let path: PathBuf = out.join("experiment.toml");
    let what = experiment.to_toml();
    let text = format!("{what}\n# The base:\n#\n# {}\n", base.trim_end().replace('\n', "\n# "));
    if !path.exists() {
        files::make_folder(out)?;
        return files::write(&path, text.as_bytes());
    }
    if files::read_text(&path)? == text {
        return Ok(());
    }
    Err(Problem::new("this folder holds another experiment, or one of another base")
        .in_file(path.display().to_string())
        .hint("choose another folder with --out, or remove this one")
        .into())
}

fn facts(args: &ExperimentArgs, experiment: &Experiment) -> Vec<Fact> {
    let seeds: Vec<String> = experiment.study_seeds.iter().map(u64::to_string).collect();
    let mut facts = vec![
        Fact::new("Command", format!("rating experiment {} --out OUT", args.config.display())),
        Fact::new("Base", experiment.base.clone()),
        Fact::new("Study seeds", seeds.join(", ")),
        Fact::new("Device", args.device.clone()),
        Fact::new("Version", env!("CARGO_PKG_VERSION")),
    ];
    facts.extend(args.note.iter().map(|note| Fact::new("Note", note.clone())));
    facts
}
