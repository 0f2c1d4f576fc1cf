//! `rating train`: a configuration and a manifest to a bundle.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rating::manifest::checks::missing_grades;
use rating::manifest::folds::folds;
use rating::manifest::{Manifest, Row};
use rating::network::TrainingId;
use rating::preprocess::Prepared;
use rating::words::counted;
use rating::{Origin, Problem, Protocol, Seed};
use rating_net::export::{Source, export};
use rating_net::{Config, Example, Imagenet, Job, State, Stop, TrainError};

use crate::args::TrainArgs;
use crate::data::{LoadedPair, ManifestFile};
use crate::failure::Failure;
use crate::progress::training::TrainingBars;
use crate::stderr::say;
use crate::{commands, files, stop};

/// The cohort that networks learn from.
pub const COHORT: &str = rating::manifest::TRAINING_COHORT;

impl From<TrainError> for Failure {
    fn from(error: TrainError) -> Failure {
        match error {
            TrainError::BadInput(problems) => Failure::Input(problems),
            TrainError::CannotWrite(problem) => Failure::CannotWrite(problem),
            TrainError::Interrupted => Failure::Interrupted,
            TrainError::Bug(what) => Failure::Bug(what),
        }
    }
}

pub fn run(args: &TrainArgs) -> Result<(), Failure> {
    let stop = Stop::new();
    listen(&stop)?;
    let config = read_config(&args.config)?;
    let work = args.work.clone().unwrap_or_else(|| beside(&args.out));
    let study = Study {
        config,
        config_path: &args.config,
        manifest: &args.manifest,
        device: &args.device,
        work: &work,
        keep_out_invalid: args.allow_invalid,
    };
    let (job, source) = study.prepare()?;
    if args.list {
        return list(&job);
    }
    let only = args.only.as_deref().map(str::parse::<TrainingId>).transpose()?;
    train(&job, jobs(args.jobs)?, only.as_ref(), &stop)?;
    if let Some(id) = only {
        return commands::print(&format!("{id} is finished\n"));
    }
    write_bundle(&job, &source, &args.out)?;
    let out = args.out.display();
    commands::print(&format!(
        "bundle written to {out}\nnext: rating score --bundle {out} --manifest MANIFEST --out SCORES\n"
    ))
}

/// Writes the bundle and, in it, what its networks say about their validation folds.
pub fn write_bundle(job: &Job, source: &Source, out: &Path) -> Result<(), Failure> {
    let exported = export(job, source, out)?;
    let path = out.join("validation_probabilities.csv");
    files::write(&path, exported.validation_probabilities.as_bytes())
}

/// Ctrl-C asks the trainings to stop after what they keep.
pub fn listen(stop: &Stop) -> Result<(), Failure> {
    let asked = stop.clone();
    stop::listen(move || {
        say("stopping; finished epochs are kept (Ctrl-C again stops at once)");
        asked.ask();
    })
}

/// Runs the trainings with progress on stderr.
pub fn train(
    job: &Job,
    jobs: NonZeroUsize,
    only: Option<&TrainingId>,
    stop: &Stop,
) -> Result<(), Failure> {
    let bars = TrainingBars::new();
    let outcome = rating_net::run(job, jobs, only, &bars, stop);
    bars.finish();
    Ok(outcome?)
}

/// Trainings at a time: as asked, or one for each core.
pub fn jobs(asked: Option<usize>) -> Result<NonZeroUsize, Failure> {
    match asked {
        Some(jobs) => NonZeroUsize::new(jobs)
            .ok_or_else(|| Failure::Usage("--jobs 0 would train nothing".to_owned())),
        None => Ok(std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)),
    }
}

fn beside(out: &Path) -> PathBuf {
    let mut name = out.as_os_str().to_owned();
    name.push(".work");
    PathBuf::from(name)
}

pub fn read_config(path: &Path) -> Result<Config, Failure> {
    let name = path.display().to_string();
    let text = files::read_text(path)?;
    Config::from_toml(&text).map_err(|problems| crate::data::in_file(problems, &name).into())
}

/// What is trained on what.
pub struct Study<'a> {
    /// The configuration; paths in it are relative to its folder.
    pub config: Config,
    /// Where it came from.
    pub config_path: &'a Path,
    /// The pairs.
    pub manifest: &'a Path,
    /// Name of the device.
    pub device: &'a str,
    /// Folder of checkpoints and finished trainings.
    pub work: &'a Path,
    /// Leave pairs out whose grades medicine excludes.
    pub keep_out_invalid: bool,
}

impl Study<'_> {
    /// Reads protocol, weights and images and checks that they can be trained on.
    pub fn prepare(self) -> Result<(Job, Source), Failure> {
        let folder = self.config_path.parent().unwrap_or(Path::new(""));
        let protocol = protocol_of(&self.config, folder)?;
        let imagenet = imagenet(&self.config, folder)?;
        let file = ManifestFile::read(self.manifest, &protocol)?;
        let examples = examples(&file, &protocol, &self.config, self.keep_out_invalid)?;
        let source = source(&file.manifest, &protocol, &examples);
        let place = |error: TrainError| match error {
            TrainError::BadInput(problems) => {
                TrainError::BadInput(crate::data::in_file(problems, &file.name))
            }
            other => other,
        };
        let job = Job::new(self.config, protocol, imagenet, examples, self.device, self.work)
            .map_err(place)?;
        Ok((job, source))
    }
}

/// The ImageNet weights of a configuration, if it names some.
pub fn imagenet(config: &Config, folder: &Path) -> Result<Option<Imagenet>, Problem> {
    let Some(name) = &config.start.imagenet else { return Ok(None) };
    let path = folder.join(name);
    let place = |problem: Problem| problem.in_file(path.display().to_string());
    Imagenet::read(&files::read(&path)?).map_err(place).map(Some)
}

/// What the bundle says about its data: the rows that were used, in the order
/// of their names, so that the order of the file does not matter.
pub fn source(manifest: &Manifest, protocol: &Protocol, examples: &[Example]) -> Source {
    let used: BTreeSet<&str> = examples.iter().map(|example| example.pair_id.as_str()).collect();
    let mut rows: Vec<Row> =
        manifest.rows.iter().filter(|row| used.contains(row.pair_id.as_str())).cloned().collect();
    rows.sort_by(|a, b| a.pair_id.cmp(&b.pair_id));
    let origin = rows.iter().map(|row| row.origin).max().unwrap_or(Origin::Clinical);
    let canonical = Manifest { rows }.to_csv(protocol);
    Source { origin, manifest_blake3: blake3::hash(canonical.as_bytes()).to_hex().to_string() }
}

pub fn protocol_of(config: &Config, folder: &Path) -> Result<Protocol, Problem> {
    let beside_config = folder.join(&config.protocol);
    if beside_config.is_file() {
        return files::protocol(&beside_config.display().to_string());
    }
    files::protocol(&config.protocol)
}

/// The training cohort as pixels, grades and folds.
pub fn examples(
    file: &ManifestFile,
    protocol: &Protocol,
    config: &Config,
    keep_out_invalid: bool,
) -> Result<Vec<Example>, Failure> {
    let rows = &file.manifest.rows;
    let place = |problems: Vec<Problem>| crate::data::in_file(problems, &file.name);
    if !rows.iter().any(|row| row.cohort == COHORT) {
        let problem = Problem::new(format!("no pair is in cohort {COHORT:?}")).in_column("cohort");
        return Err(place(vec![problem]).into());
    }
    let missing = missing_grades(&file.manifest, COHORT, protocol);
    if !missing.is_empty() {
        return Err(place(missing).into());
    }
    let wanted =
        |row: &Row| row.cohort == COHORT && !(keep_out_invalid && row.is_invalid(protocol));
    let keep = |_: &Row, loaded: &LoadedPair| Views::of(loaded, protocol, config);
    let loaded = file.load_all(protocol, "reading images", wanted, keep)?;
    let (errors, warnings) = loaded.errors_and_warnings(keep_out_invalid);
    for warning in &warnings {
        say(format_args!("warning: {warning}"));
    }
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let chosen: Vec<&Row> = rows.iter().filter(|row| wanted(row)).collect();
    let mut rng = ChaCha8Rng::from_seed(Seed::new(config.study_seed).child("folds").bytes());
    let folds = folds(&chosen, protocol, config.folds, &mut rng).map_err(place)?;
    let mut examples = Vec::new();
    for ((row, views), fold) in chosen.into_iter().zip(loaded.kept.into_iter().flatten()).zip(folds)
    {
        let Some(grades) = row.all_grades() else { continue };
        examples.push(Example {
            pair_id: row.pair_id.clone(),
            patient_id: row.patient_id.clone(),
            fold,
            grades,
            views: views.prepared,
            digest: views.digest,
        });
    }
    Ok(examples)
}

/// What training keeps of a pair.
struct Views {
    prepared: Vec<Prepared>,
    digest: [u8; 32],
}

impl Views {
    fn of(loaded: &LoadedPair, protocol: &Protocol, config: &Config) -> Views {
        let mut hasher = blake3::Hasher::new();
        let mut prepared = Vec::new();
        let views = loaded.pair.views().iter().zip(&loaded.hashes);
        for (modality, (view, hash)) in protocol.modalities().iter().zip(views) {
            hasher.update(hash);
            for side in view.roi().sides() {
                hasher.update(&side.to_le_bytes());
            }
            let reach = config.augment.ranges(modality.colour);
            prepared.push(Prepared::within(view, modality.colour, &config.preprocess, reach));
        }
        Views { prepared, digest: *hasher.finalize().as_bytes() }
    }
}

fn list(job: &Job) -> Result<(), Failure> {
    let mut text = String::new();
    for (id, state) in job.states()? {
        let state = match state {
            State::Finished => "finished".to_owned(),
            State::Underway { epochs } => {
                format!("underway, {}", counted(epochs, "epoch", "epochs"))
            }
            State::Open => "open".to_owned(),
        };
        text += &format!("{id}\t{state}\n");
    }
    commands::print(&text)
}
