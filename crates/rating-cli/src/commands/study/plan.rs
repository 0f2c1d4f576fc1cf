//! The protocol of a study: begun, checked, shown.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rating::Problem;
use rating::study::{Alteration, Schedule, StudyProtocol};
use rating::words::counted;

use super::{read, read_for};
use crate::args::{StudyCheckArgs, StudyKind, StudyNewArgs, StudyShowArgs};
use crate::commands::print;
use crate::data::ManifestFile;
use crate::failure::Failure;
use crate::files;

const PAPER: &str = include_str!("../../../../../configs/studies/paper.toml");
const CROSSOVER: &str = include_str!("../../../../../configs/studies/crossover.toml");

/// Writes a protocol to begin with.
pub fn new(args: &StudyNewArgs) -> Result<(), Failure> {
    if args.out.exists() {
        return Err(Problem::new("this is there already")
            .in_file(args.out.display().to_string())
            .hint("name a file that is not")
            .into());
    }
    let text = match args.like {
        StudyKind::Paper => PAPER,
        StudyKind::Crossover => CROSSOVER,
    };
    files::write(&args.out, text.as_bytes())?;
    let out = args.out.display();
    print(&format!("{out} written: name your readers and cohort, then rating study check {out}\n"))
}

/// Looks through a protocol and, where it is named, the manifest of its cases.
pub fn check(args: &StudyCheckArgs) -> Result<(), Failure> {
    let protocol = files::protocol(&args.protocol)?;
    let study = read_for(&args.study, &protocol)?;
    let mut text = words(&study);
    if let Some(manifest) = &args.manifest {
        let file = ManifestFile::read(manifest, &protocol)?;
        let of_cohort = || file.manifest.rows.iter().filter(|row| row.cohort == study.cases.cohort);
        let cases = of_cohort().count();
        if cases == 0 {
            let what = format!("no pair is of cohort {:?}", study.cases.cohort);
            return Err(Problem::new(what).in_file(&file.name).in_column("cohort").into());
        }
        let truth = of_cohort().filter(|row| row.all_grades().is_some()).count();
        let patients: std::collections::BTreeSet<_> =
            of_cohort().filter_map(|row| row.patient_id.as_deref()).collect();
        let readings =
            schedule(&study, cases).sessions.iter().map(|s| s.readings.len()).sum::<usize>();
        text += &format!(
            "{} of {}, {truth} with reference grades; {readings} readings in all\n",
            counted(cases, "case", "cases"),
            counted(patients.len(), "patient", "patients")
        );
        for warning in study.without_effect(cases) {
            text += &format!("warning: {warning}\n");
        }
        if truth < cases {
            text += &format!(
                "note: {} without a reference grade: left out where it is judged\n",
                counted(cases - truth, "case", "cases")
            );
        }
    }
    print(&text)
}

/// Prints who reads what in which order.
pub fn show(args: &StudyShowArgs) -> Result<(), Failure> {
    let study = read(&args.study)?;
    let mut text = String::from("reader,session,arm,position,case,repeat,altered\n");
    for session in schedule(&study, args.cases as usize).sessions {
        let (reader, arm) = (&study.readers[session.reader].name, &study.arms[session.arm].name);
        for (position, reading) in session.readings.iter().enumerate() {
            let altered = match reading.altered {
                None => "",
                Some(Alteration::Up) => "up",
                Some(Alteration::Down) => "down",
            };
            text += &format!(
                "{reader},{},{arm},{},{},{},{altered}\n",
                session.number + 1,
                position + 1,
                reading.case + 1,
                if reading.is_repeat { "yes" } else { "no" },
            );
        }
    }
    print(&text)
}

/// The schedule of a study, as the reading room draws it.
pub fn schedule(study: &StudyProtocol, cases: usize) -> Schedule {
    Schedule::draw(study, cases, |seed| ChaCha8Rng::from_seed(seed.bytes()))
}

fn words(study: &StudyProtocol) -> String {
    let arms: Vec<&str> = study.arms.iter().map(|arm| arm.name.as_str()).collect();
    let mut text = format!(
        "{} (version {}), protocol hash {}\n{}, {} each, arms: {}\n",
        study.title,
        study.version,
        study.hash(),
        counted(study.readers.len(), "reader", "readers"),
        counted(study.sessions(), "session", "sessions"),
        arms.join(", ")
    );
    for warning in study.warnings() {
        text += &format!("warning: {warning}\n");
    }
    for note in study.notes() {
        text += &format!("note: {note}\n");
    }
    text
}
