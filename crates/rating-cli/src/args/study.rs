//! Reader studies.

use std::path::PathBuf;

use clap::builder::TypedValueParser;
use clap::{Subcommand, ValueEnum};

/// Run a reader study: readers alone, with the system's grades, or with its
/// heatmaps too; as a file that says who reads what in which order.
///
/// A study is a protocol (configs/studies/), opened in a reading room, read in the
/// browser, closed there, and reported.
#[derive(Debug, clap::Args)]
pub struct StudyArgs {
    #[command(subcommand)]
    pub action: StudyAction,
}

#[derive(Debug, Subcommand)]
pub enum StudyAction {
    New(StudyNewArgs),
    Check(StudyCheckArgs),
    Show(StudyShowArgs),
    Open(StudyOpenArgs),
    Report(StudyReportArgs),
    Simulate(StudySimulateArgs),
}

/// Report a closed study: page, JSON, and tables for R, REDCap and iMRMC.
///
/// Writes OUT/study.html, study.json, answers.csv with codebook.csv, redcap.csv and
/// imrmc_MEASUREMENT_gtN.imrmc. The reference grades come in only here.
#[derive(Debug, clap::Args)]
pub struct StudyReportArgs {
    /// The study's name.
    pub study: String,
    /// The room's folder.
    #[arg(long, default_value = "reading-room")]
    pub data: PathBuf,
    /// The manifest with the reference grades.
    #[arg(long)]
    pub truth: PathBuf,
    /// Folder for the report.
    #[arg(long)]
    pub out: PathBuf,
}

/// Rehearse a study with simulated readers and drawn joints, from the first sign-in
/// to the report, through the real server under a clock that is set.
///
/// With --studies many are simulated without the server instead, to plan the size of
/// a study: how often is the gain found, and how often one that is not there?
#[derive(Debug, clap::Args)]
pub struct StudySimulateArgs {
    /// The protocol of the study.
    pub study: PathBuf,
    /// Folder for the joints, the room and the report.
    #[arg(long)]
    pub out: PathBuf,
    /// Patients to draw; the paper's number for the cohort when left out.
    #[arg(long)]
    pub patients: Option<usize>,
    /// Pairs to draw; in proportion to the patients when left out.
    #[arg(long)]
    pub pairs: Option<usize>,
    /// How well readers grade alone: 0 is chance, 1 the truth.
    #[arg(long, default_value_t = 0.55, allow_negative_numbers = true)]
    pub skill: f64,
    /// Standard deviation of that over the readers.
    #[arg(long, default_value_t = 0.08, allow_negative_numbers = true)]
    pub spread: f64,
    /// Readers grade too high (above 0) or too low: added before they cut into
    /// grades, in standard deviations.
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    pub bias: f64,
    /// How often a reader takes over the answer that is shown, 0 to 1: 0 puts in no gain.
    #[arg(long, default_value_t = 0.5, allow_negative_numbers = true)]
    pub trust: f64,
    /// The bundle that answers; canned answers when left out.
    #[arg(long)]
    pub bundle: Option<PathBuf>,
    /// Simulate so many studies without the server.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=10_000).map(usize::from))]
    pub studies: Option<usize>,
    /// Seed of everything simulated.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// Write a protocol to begin with.
#[derive(Debug, clap::Args)]
pub struct StudyNewArgs {
    /// The file to make.
    pub out: PathBuf,
    /// Which design to begin with.
    #[arg(long, default_value = "crossover")]
    pub like: StudyKind,
}

/// Studies that come along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StudyKind {
    /// Everybody first alone, two weeks later with the system (Zhou et al.).
    Paper,
    /// Half of the readers begin with the system; repeats; own grades first.
    Crossover,
}

/// Look through a study's protocol before anything is fixed.
///
/// Prints what it plans, its hash, and what a reviewer will ask about.
#[derive(Debug, clap::Args)]
pub struct StudyCheckArgs {
    /// The protocol of the study.
    pub study: PathBuf,
    /// The manifest of its cases; then these are counted.
    #[arg(long)]
    pub manifest: Option<PathBuf>,
    /// `eoss`, or the protocol file of what is graded.
    #[arg(long, default_value = "eoss")]
    pub protocol: String,
}

/// Print who reads which case when, as CSV. Not for readers: it tells repeats and
/// altered answers.
#[derive(Debug, clap::Args)]
pub struct StudyShowArgs {
    /// The protocol of the study.
    pub study: PathBuf,
    /// How many cases there are.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub cases: u32,
}

/// Open a study in a reading room: bring its cases in, compute the answers that
/// its arms show, fix order and protocol.
///
/// Broken off by Ctrl-C it goes on where it stopped. Nobody is told anything about
/// the cases until the study is closed.
#[derive(Debug, clap::Args)]
pub struct StudyOpenArgs {
    /// The protocol of the study.
    pub study: PathBuf,
    /// The room's folder.
    #[arg(long, default_value = "reading-room")]
    pub data: PathBuf,
    /// The manifest whose cohort is read.
    #[arg(long)]
    pub manifest: PathBuf,
    /// Accounts of the readers in the protocol's order, with commas between; those
    /// of the protocol's names when left out.
    #[arg(long, value_delimiter = ',')]
    pub readers: Option<Vec<String>>,
    /// The bundle whose answers are shown.
    #[arg(long)]
    pub bundle: Option<PathBuf>,
    /// Answers derived from the truth of drawn joints, to rehearse.
    #[arg(long, conflicts_with = "bundle")]
    pub canned: bool,
    /// `eoss`, or the protocol file of what is graded.
    #[arg(long, default_value = "eoss")]
    pub protocol: String,
}
