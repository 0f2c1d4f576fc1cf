//! Training: one bundle, the demonstration, experiments.

use std::path::PathBuf;

/// Train the networks of a configuration and write the bundle.
///
/// Ctrl-C or a crash loses at most one epoch of each training under way: the
/// same command goes on where it stopped and ends with the same bytes.
#[derive(Debug, clap::Args)]
pub struct TrainArgs {
    /// Configuration, such as configs/quick.toml.
    #[arg(long)]
    pub config: PathBuf,
    /// Manifest with reference grades; its cohort `train` is used.
    #[arg(long)]
    pub manifest: PathBuf,
    /// Folder of the bundle.
    #[arg(long)]
    pub out: PathBuf,
    /// Print the plan with what is done, and train nothing.
    #[arg(long)]
    pub list: bool,
    /// Run this one training, such as grayscale.sh.gt0.fold1.seed1.
    #[arg(long, value_name = "ID")]
    pub only: Option<String>,
    /// cpu, or a GPU this program was built for.
    #[arg(long, default_value = "cpu")]
    pub device: String,
    /// Trainings at a time; one for each core when left out.
    #[arg(long)]
    pub jobs: Option<usize>,
    /// Folder of checkpoints and finished trainings; OUT.work when left out.
    #[arg(long)]
    pub work: Option<PathBuf>,
    /// Leave pairs out whose grades medicine excludes, instead of refusing.
    #[arg(long)]
    pub allow_invalid: bool,
}

/// The whole road on simulated joints: draw, train 60 networks, score, report.
///
/// Takes some ten minutes on two cores. Every figure it prints is about
/// phantoms and says nothing about patients.
#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    /// Folder for everything the demo makes.
    #[arg(long, default_value = "demo")]
    pub out: PathBuf,
    /// Seed of the phantoms and of the training.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Another configuration than the built-in configs/quick.toml.
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// Trainings at a time; one for each core when left out.
    #[arg(long)]
    pub jobs: Option<usize>,
}

/// Train and compare the arms of an experiment, such as ablations and other
/// methods, and say which claims hold.
///
/// Writes OUT/report.html, OUT/experiment.json and OUT/numbers.md. Trainings
/// that arms have in common are run once. Ctrl-C or a crash loses little: the
/// same command goes on where it stopped.
#[derive(Debug, clap::Args)]
pub struct ExperimentArgs {
    /// The experiment, such as configs/phantom-study.toml.
    pub config: PathBuf,
    /// Folder for everything.
    #[arg(long)]
    pub out: PathBuf,
    /// cpu, or a GPU this program was built for.
    #[arg(long, default_value = "cpu")]
    pub device: String,
    /// Trainings at a time; one for each core when left out.
    #[arg(long)]
    pub jobs: Option<usize>,
    /// A line for the report, such as the version of your data.
    #[arg(long)]
    pub note: Option<String>,
}
