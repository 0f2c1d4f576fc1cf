//! `rating demo`: the whole road on simulated joints.

mod comparisons;
mod contact_sheet;

use std::path::{Path, PathBuf};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rating::evaluate::{self, Evaluation};
use rating::manifest::References;
use rating::scores::ScoreTable;
use rating::{Problem, Protocol, Seed};
use rating_frozen::Resources;
use rating_net::config::{CohortSize, Demo};
use rating_net::export::export_arm;
use rating_net::{Config, Job, Stop};
use rating_phantom::Cohort;
use rating_report::{DemoPage, Fact, demo_page};

use crate::args::DemoArgs;
use crate::commands::demo::comparisons::Alone;
use crate::commands::engine::{Asking, Engine};
use crate::commands::evaluate::table;
use crate::commands::pairs;
use crate::commands::phantom::draw;
use crate::commands::score::{self, Scored};
use crate::commands::train::{self, Study};
use crate::data::ManifestFile;
use crate::failure::Failure;
use crate::stderr::say;
use crate::{commands, data, files};

const QUICK: &str = include_str!("../../../../configs/quick.toml");
const SAMPLES: usize = 1000;

pub fn run(args: &DemoArgs) -> Result<(), Failure> {
    let stop = Stop::new();
    train::listen(&stop)?;
    let (config, config_name) = config(args)?;
    let Some(sizes) = config.demo.clone() else {
        return Err(Problem::new("the section [demo] is missing")
            .in_file(&config_name)
            .hint("it says how many pairs and patients each cohort has")
            .into());
    };
    let folders = Folders::new(&args.out);
    remember(&folders, &config)?;

    say("The whole road on simulated joints. No figure below says anything about patients.");
    if !folders.manifest.exists() {
        draw(&folders.phantoms, &cohorts(&sizes, args.seed))?;
    }
    let config_path = args.config.clone().unwrap_or_default();
    let study = Study {
        config,
        config_path: &config_path,
        manifest: &folders.manifest,
        device: "cpu",
        work: &folders.work,
        keep_out_invalid: false,
    };
    let (job, source) = study.prepare()?;
    train::train(&job, train::jobs(args.jobs)?, None, &stop)?;
    train::write_bundle(&job, &source, &folders.bundle)?;

    let file = ManifestFile::read(&folders.manifest, job.protocol())?;
    let scored = score_tests(&folders.bundle, &file)?;
    score::write(job.protocol(), &scored, &folders.scores)?;
    let evaluation = evaluated(job.protocol(), &file, &scored, args.seed)?;

    // The extractors of one modality are networks of their own: arms to compare with.
    let mut alone = Vec::new();
    for (measurement, modality) in arms(job.protocol()) {
        let bundle = folders.alone(&job.protocol().modalities()[modality].name);
        export_arm(&job, &source, measurement, modality, &bundle)?;
        alone.push(Alone { measurement, modality, scored: score_tests(&bundle, &file)? });
    }
    let seed = Seed::new(args.seed).child("demo");
    let comparisons =
        comparisons::all(job.protocol(), &file, &folders.phantoms, &scored, &alone, seed)?;
    let cards = contact_sheet::cards(job.protocol(), &file, &scored)?;
    let facts = facts(args, &config_name, &job, &scored);
    let page = demo_page(&DemoPage {
        evaluation: &evaluation,
        protocol: job.protocol(),
        facts: &facts,
        comparisons: &comparisons,
        selection: contact_sheet::SELECTION,
        cards: &cards,
    });
    files::write(&folders.page, page.as_bytes())?;
    let json = serde_json::to_string_pretty(&evaluation)
        .map_err(|error| Failure::Bug(error.to_string()))?;
    files::write(&folders.scores.join("evaluation.json"), (json + "\n").as_bytes())?;

    commands::print(&table(&evaluation))?;
    commands::print(&comparisons::words(&comparisons))?;
    commands::print(&format!(
        "\nreport: {}\nnext: rating score --bundle {} --manifest {} --cohort prospective --out scores\n",
        folders.page.display(),
        folders.bundle.display(),
        folders.manifest.display()
    ))
}

/// Where things lie.
struct Folders {
    root: PathBuf,
    phantoms: PathBuf,
    manifest: PathBuf,
    work: PathBuf,
    bundle: PathBuf,
    scores: PathBuf,
    page: PathBuf,
}

impl Folders {
    fn new(root: &Path) -> Folders {
        Folders {
            root: root.to_path_buf(),
            phantoms: root.join("phantoms"),
            manifest: root.join("phantoms/manifest.csv"),
            work: root.join("work"),
            bundle: root.join("bundle"),
            scores: root.join("scores"),
            page: root.join("report.html"),
        }
    }

    /// The bundle that sees one modality alone.
    fn alone(&self, modality: &str) -> PathBuf {
        self.root.join(format!("bundle-{modality}"))
    }
}

/// The configuration with the demo's seed, and the name to show for it.
fn config(args: &DemoArgs) -> Result<(Config, String), Failure> {
    let (config, name) = match &args.config {
        Some(path) => (train::read_config(path)?, path.display().to_string()),
        None => (Config::from_toml(QUICK)?, "configs/quick.toml".to_owned()),
    };
    if config.protocol != Protocol::eoss().name() {
        return Err(Problem::new("simulated joints are graded by protocol eoss")
            .in_file(name)
            .in_column("protocol")
            .into());
    }
    Ok((Config { study_seed: args.seed, ..config }, name))
}

/// Refuses to mix two demos in one folder; an interrupted one goes on.
fn remember(folders: &Folders, config: &Config) -> Result<(), Failure> {
    let path = folders.root.join("demo.toml");
    let text = config.to_toml();
    if path.exists() {
        if files::read_text(&path)? == text {
            return Ok(());
        }
        return Err(Problem::new("this folder holds a demo with another seed or configuration")
            .in_file(path.display().to_string())
            .hint("choose another folder with --out, or remove this one")
            .into());
    }
    files::make_folder(&folders.root)?;
    files::write(&path, text.as_bytes())
}

/// The cohorts of these sizes.
pub fn cohorts(sizes: &Demo, seed: u64) -> [Cohort; 3] {
    let seed = Seed::new(seed);
    let sized = |size: CohortSize, cohort: Cohort| Cohort {
        patients: size.patients,
        pairs: size.pairs,
        ..cohort
    };
    [
        sized(sizes.train, Cohort::train(seed)),
        sized(sizes.prospective, Cohort::prospective(seed)),
        sized(sizes.external, Cohort::external(seed)),
    ]
}

/// The heatmap's measurement from each of the modalities it is read from: for
/// EOSS synovial hypertrophy from grayscale alone and from Doppler alone.
fn arms(protocol: &Protocol) -> Vec<(usize, usize)> {
    let explained = protocol.heatmap().and_then(|map| protocol.measurement(&map.measurement));
    let Some(measurement) = explained else { return Vec::new() };
    match protocol.modalities_of(measurement) {
        [_] => Vec::new(),
        seen => seen.iter().map(|&modality| (measurement, modality)).collect(),
    }
}

/// Scores both test cohorts.
fn score_tests(bundle: &Path, file: &ManifestFile) -> Result<Scored, Failure> {
    let engine = Engine::Processor(pairs::open(bundle, Resources::default())?);
    let mut all = Scored::default();
    for cohort in ["prospective", "external"] {
        let waiting = score::from_manifest(file, Some(cohort), engine.bundle())?;
        let scored = score::score(&engine, waiting, Asking::All)?;
        all.scores.extend(scored.scores);
        all.probabilities.extend(scored.probabilities);
    }
    Ok(all)
}

fn evaluated(
    protocol: &Protocol,
    file: &ManifestFile,
    scored: &Scored,
    seed: u64,
) -> Result<Evaluation, Failure> {
    let mut rng = ChaCha8Rng::from_seed(Seed::new(seed).child("bootstrap").bytes());
    let references = References::of(&file.manifest);
    let scores = ScoreTable::of(protocol, &references, &scored.scores)?;
    let patients = data::patients_beside(Path::new(&file.name))?;
    let study = evaluate::Study {
        patients: patients.as_ref(),
        probabilities: &scored.probabilities,
        ..evaluate::Study::new(&references, &scores)
    };
    let evaluation = evaluate::evaluate(protocol, &study, SAMPLES, &mut rng)?;
    Ok(Evaluation { bootstrap_seed: Some(seed), ..evaluation })
}

fn facts(args: &DemoArgs, config_name: &str, job: &Job, scored: &Scored) -> Vec<Fact> {
    let fact = |name: &str, value: String| Fact::new(name, value);
    let mut command = format!("rating demo --seed {}", args.seed);
    if let Some(config) = &args.config {
        command += &format!(" --config {}", config.display());
    }
    let bundle = scored.scores.first().map(|score| score.bundle.clone()).unwrap_or_default();
    vec![
        fact("Command", command),
        fact("Configuration", config_name.to_owned()),
        fact("Seed", args.seed.to_string()),
        fact("Version", env!("CARGO_PKG_VERSION").to_owned()),
        fact("Training pairs", job.data().examples().len().to_string()),
        fact("Trainings", job.tasks().len().to_string()),
        fact("Bundle", bundle),
    ]
}
