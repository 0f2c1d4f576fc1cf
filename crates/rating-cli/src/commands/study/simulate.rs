//! `rating study simulate`: a study rehearsed with simulated readers.
//!
//! Once through the real server (HTTP, accounts, washout, seal) under a clock that
//! is set; or many times without it, to see how sure the analysis can be.

mod browser;
mod many;
mod rehearsal;

use std::path::Path;
use std::sync::Arc;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::{Distribution, Normal};
use rating::study::simulate::{Likeness, SimulatedReader, Simulation};
use rating::study::{StudyCase, StudyProtocol};
use rating::{Problem, Protocol, Seed};
use rating_phantom::Cohort;
use rating_web::people::{self, Role};
use rating_web::store::Actor;
use rating_web::{Moment, Room, SetClock, studies};

use super::found::{Found, join};
use super::open::prepare;
use super::read_for;
use crate::args::StudySimulateArgs;
use crate::commands::serve::answers::{self, Source};
use crate::commands::{phantom, room};
use crate::data::ManifestFile;
use crate::failure::Failure;
use crate::{files, stderr, stop};

/// When a rehearsed study begins: a Monday morning.
const BEGINS: Moment = Moment::at(1_767_600_000_000);

pub fn run(args: &StudySimulateArgs) -> Result<(), Failure> {
    stop::listen(|| stderr::say("stopping (Ctrl-C again stops at once)"))?;
    let study = read_for(&args.study, &Protocol::eoss())?;
    let group = group(args, &study, Seed::new(args.seed).child("skills"))?;
    let staged = Staged::prepare(args, study)?;
    match args.studies {
        None => rehearsal::run(args, &staged, &group),
        Some(studies) => many::run(args, &staged, &group, studies),
    }
}

/// A simulated reader for each of the study's.
fn group(
    args: &StudySimulateArgs,
    study: &StudyProtocol,
    seed: Seed,
) -> Result<Vec<SimulatedReader>, Failure> {
    check(args)?;
    let mut rng = generator(seed);
    let spread = Normal::new(args.skill, args.spread)
        .map_err(|_| Failure::Usage("--spread is not a standard deviation".to_owned()))?;
    let reader = |_: &_| SimulatedReader {
        skill: spread.sample(&mut rng).clamp(0.0, 1.0),
        bias: args.bias,
        trust: args.trust,
        seconds: 25.0,
        seconds_assisted: 0.9,
    };
    let group: Vec<SimulatedReader> = study.readers.iter().map(reader).collect();
    group.iter().try_for_each(SimulatedReader::check)?;
    Ok(group)
}

/// Whether the numbers of the flags are in range.
fn check(args: &StudySimulateArgs) -> Result<(), Problem> {
    for (flag, share) in [("--skill", args.skill), ("--trust", args.trust)] {
        if !(0.0..=1.0).contains(&share) {
            return Err(Problem::new(format!("{flag}: {share} is outside 0-1")));
        }
    }
    let spread = args.spread;
    if !(spread.is_finite() && spread >= 0.0) {
        return Err(Problem::new(format!("--spread: {spread} is no standard deviation")));
    }
    if !args.bias.is_finite() {
        return Err(Problem::new(format!("--bias: {} is not a finite number", args.bias)));
    }
    Ok(())
}

/// Starts a random generator.
fn generator(seed: Seed) -> ChaCha8Rng {
    ChaCha8Rng::from_seed(seed.bytes())
}

/// A study that is open in a room of its own.
struct Staged {
    study: StudyProtocol,
    protocol: Protocol,
    room: Arc<Room>,
    clock: Arc<SetClock>,
    manifest: ManifestFile,
    /// What was kept from the readers.
    cases: Vec<StudyCase>,
}

/// The cases and their reference grades, in the folder of a rehearsal.
const MANIFEST: &str = "phantoms/manifest.csv";

impl Staged {
    fn prepare(args: &StudySimulateArgs, study: StudyProtocol) -> Result<Staged, Failure> {
        let folder = args.out.join("room");
        let drawn = args.out.join("phantoms");
        let path = args.out.join(MANIFEST);
        if !path.exists() {
            phantom::draw(&drawn, &[cohort(args, &study)])?;
        }
        let clock = Arc::new(SetClock::at(BEGINS));
        let source = Source::asked(args.bundle.as_deref(), args.bundle.is_none());
        let protocol = Protocol::eoss();
        let of_clock = Arc::clone(&clock) as Arc<dyn rating_web::Clock>;
        let room =
            answers::open_from(source, &folder, protocol.clone(), false, of_clock, |room| room)?;
        accounts(&room, &study)?;
        let names: Vec<String> = study.readers.iter().map(|reader| reader.name.clone()).collect();
        let known = room.store.read_now(|db| studies::by_name(db, &study.name)).is_ok();
        if known {
            return Err(known_already(&args.out).into());
        }
        prepare(&room, &study, &path, &names)?;
        let manifest = ManifestFile::read(&path, &protocol)?;
        let mut staged = Staged { study, protocol, room, clock, manifest, cases: Vec::new() };
        staged.cases = staged.found()?.cases;
        Ok(staged)
    }

    /// What the room has of the study now.
    fn found(&self) -> Result<Found, Failure> {
        let found = self.room.store.read_now(|db| {
            let study = studies::by_name(db, &self.study.name)?;
            Ok((studies::cases(db, &study)?, studies::submitted(db, &study)?))
        });
        let (cases, submitted) = found.map_err(|no| room::refused(no, self.room.folder()))?;
        Ok(join(&self.protocol, &self.study, &cases, &submitted, &self.manifest.manifest)?)
    }

    /// The group on this study's cases, with chance of its own.
    fn simulation<'a>(
        &'a self,
        group: &'a [SimulatedReader],
        seed: Seed,
    ) -> Simulation<'a, fn(Seed) -> ChaCha8Rng> {
        Simulation {
            protocol: &self.protocol,
            readers: group,
            likeness: Likeness::default(),
            seed,
            generator,
        }
    }
}

/// Why a folder that holds the study already is not used again.
fn known_already(out: &Path) -> Problem {
    let is_done = ["report/study.html", "studies.csv"].iter().any(|name| out.join(name).exists());
    let (what, hint) = if is_done {
        ("this study was rehearsed here already", "name another folder with --out")
    } else {
        (
            "a rehearsal was begun here and not finished",
            "delete the folder or name another with --out",
        )
    };
    Problem::new(what).in_file(out.display().to_string()).hint(hint)
}

/// The cohort that the study names, at the size asked for.
fn cohort(args: &StudySimulateArgs, study: &StudyProtocol) -> Cohort {
    let seed = Seed::new(args.seed);
    let named = match study.cases.cohort.as_str() {
        "train" => Cohort::train(seed),
        "external" => Cohort::external(seed),
        _ => Cohort { name: study.cases.cohort.clone(), ..Cohort::prospective(seed) },
    };
    let patients = args.patients.unwrap_or(named.patients);
    let pairs = args.pairs.unwrap_or_else(|| named.pairs * patients / named.patients.max(1));
    Cohort { patients, pairs, ..named }
}

/// An account for each reader and one for the coordinator.
fn accounts(room: &Arc<Room>, study: &StudyProtocol) -> Result<(), Failure> {
    let names = study.readers.iter().map(|reader| (reader.name.clone(), Role::Reader));
    let all: Vec<(String, Role)> =
        names.chain([(rehearsal::COORDINATOR.to_owned(), Role::Coordinator)]).collect();
    let made = room.store.write_now(Actor::Server, move |change| {
        let known = people::all(change)?;
        for (name, role) in &all {
            if known.iter().all(|person| &person.name != name) {
                people::create(change, name, *role)?;
            }
        }
        Ok(())
    });
    made.map_err(|refusal| room::refused(refusal, room.folder()))
}

/// Writes a text beside the report.
fn write(out: &Path, name: &str, text: &str) -> Result<(), Failure> {
    files::make_folder(out)?;
    files::write(&out.join(name), text.as_bytes())
}
