//! `rating phantom`: simulated cohorts in a folder.

use std::path::Path;

use rating::manifest::{DopplerMode, Manifest};
use rating::words::counted;
use rating::{Problem, Protocol, Seed};
use rating_phantom::{Cohort, JointPlan, PhantomPair, READINGS_HEADER};
use rayon::prelude::*;

use crate::args::{PhantomArgs, PhantomCohort, PhantomMode};
use crate::failure::Failure;
use crate::progress::Bar;
use crate::{commands, files, stop};

pub fn run(args: &PhantomArgs) -> Result<(), Failure> {
    stop::listen(|| ())?;
    let manifest = args.out.join("manifest.csv");
    if manifest.exists() {
        return Err(Problem::new("there is a manifest already")
            .in_file(manifest.display().to_string())
            .hint("choose a new folder, or remove the old one")
            .into());
    }
    let pairs = draw(&args.out, &cohorts(args))?;
    commands::print(&format!(
        "{} written to {}\nnext: rating check {}\n",
        counted(pairs, "simulated pair", "simulated pairs"),
        args.out.display(),
        manifest.display()
    ))
}

/// The cohorts asked for.
fn cohorts(args: &PhantomArgs) -> Vec<Cohort> {
    let seed = Seed::new(args.seed);
    let Some(cohort) = args.cohort else {
        return vec![Cohort::train(seed), Cohort::prospective(seed), Cohort::external(seed)];
    };
    let default = match cohort {
        PhantomCohort::Train => Cohort::train(seed),
        PhantomCohort::Prospective => Cohort::prospective(seed),
        PhantomCohort::External => Cohort::external(seed),
    };
    let patients = args.patients.unwrap_or(default.patients);
    // In proportion to the paper's cohort, rounded to the nearest pair.
    let in_proportion = (patients * default.pairs + default.patients / 2) / default.patients;
    let mode = args.mode.map_or(default.mode, |mode| match mode {
        PhantomMode::Cdus => DopplerMode::Cdus,
        PhantomMode::Pdus => DopplerMode::Pdus,
    });
    vec![Cohort { patients, pairs: args.pairs.unwrap_or(in_proportion), mode, ..default }]
}

/// Draws cohorts into a folder, the manifest last. Returns the number of pairs.
pub fn draw(out: &Path, cohorts: &[Cohort]) -> Result<usize, Failure> {
    let mut plan: Vec<JointPlan> = Vec::new();
    for cohort in cohorts {
        plan.extend(cohort.plan()?);
    }
    for folder in ["images", "truth"] {
        files::make_folder(&out.join(folder))?;
    }
    let bar = Bar::new("drawing joints", plan.len());
    let drawn: Vec<Drawn> = plan
        .par_iter()
        .map(|joint| {
            stop::check()?;
            let pair = joint.draw();
            for (path, bytes) in rating_phantom::files(&pair)? {
                files::write(&out.join(path), &bytes)?;
            }
            bar.advance(1);
            Ok(Drawn::of(&pair))
        })
        .collect::<Result<_, Failure>>()?;
    bar.finish();

    let readings: String = std::iter::once(READINGS_HEADER)
        .chain(drawn.iter().map(|drawn| drawn.readings.as_str()))
        .collect();
    files::write(&out.join("readings.csv"), readings.as_bytes())?;
    let patients = rating_phantom::patients_csv(plan.iter().map(|joint| &joint.patient));
    files::write(&out.join("patients.csv"), patients.as_bytes())?;
    let manifest = Manifest { rows: drawn.into_iter().map(|drawn| drawn.row).collect() };
    files::write(&out.join("manifest.csv"), manifest.to_csv(&Protocol::eoss()).as_bytes())?;
    Ok(manifest.rows.len())
}

/// What is kept of a pair once its images are written.
struct Drawn {
    row: rating::manifest::Row,
    readings: String,
}

impl Drawn {
    fn of(pair: &PhantomPair) -> Drawn {
        Drawn {
            row: rating_phantom::manifest_row(pair),
            readings: rating_phantom::readings_rows(pair),
        }
    }
}
