//! What can be asked for on the command line.

use std::path::PathBuf;

use clap::builder::{RangedU64ValueParser, TypedValueParser};
use clap::{Parser, Subcommand, ValueEnum};

/// Grades synovitis of finger joints from pairs of grayscale and Doppler
/// ultrasound images, by the RATING method (Zhou et al., Patterns 2022).
///
/// Research use only, not for diagnosis.
#[derive(Debug, Parser)]
#[command(name = "rating", version, max_term_width = 100)]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Check(CheckArgs),
    Phantom(PhantomArgs),
    Import(ImportArgs),
    #[cfg(feature = "train")]
    Train(TrainArgs),
    Score(ScoreArgs),
    Explain(ExplainArgs),
    Decode(DecodeArgs),
    Evaluate(EvaluateArgs),
    Compare(CompareArgs),
    Bundle(BundleArgs),
    Serve(ServeArgs),
    Study(StudyArgs),
    Backup(BackupArgs),
    Audit(AuditArgs),
    Export(ExportArgs),
    #[cfg(feature = "train")]
    Demo(DemoArgs),
    #[cfg(feature = "train")]
    Experiment(ExperimentArgs),
}

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

/// Look through a manifest and every image it names, before any training.
///
/// Reads each image, checks that ROIs lie within, finds images that stand
/// under two pairs, patients in two cohorts, and grades that medicine excludes
/// together. Prints the mix of grades for each cohort. Exit code 3 when
/// something has to be mended.
#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    /// The manifest, one row a pair (docs/contract.md).
    pub manifest: PathBuf,
    /// `eoss`, or a protocol file.
    #[arg(long, default_value = "eoss")]
    pub protocol: String,
    /// Count pairs whose grades medicine excludes as warnings.
    #[arg(long)]
    pub allow_invalid: bool,
    /// Print the findings as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Draw simulated joints: images, ROIs, grades of three simulated readers and
/// truth masks.
///
/// Writes OUT/manifest.csv, readings.csv, patients.csv, images/ and truth/.
/// The same seed gives the same bytes. Figures made from phantoms say nothing
/// about patients.
#[derive(Debug, clap::Args)]
pub struct PhantomArgs {
    /// Folder to make; it must not hold a manifest already.
    pub out: PathBuf,
    /// Which cohort to draw; all three when left out.
    #[arg(long)]
    pub cohort: Option<PhantomCohort>,
    /// Number of patients; the paper's number for the cohort when left out.
    #[arg(long, requires = "cohort")]
    pub patients: Option<usize>,
    /// Number of pairs; in proportion to the patients when left out.
    #[arg(long, requires = "cohort")]
    pub pairs: Option<usize>,
    /// Doppler mode; the paper's for the cohort when left out.
    #[arg(long, requires = "cohort")]
    pub mode: Option<PhantomMode>,
    /// Seed of everything drawn.
    #[arg(long)]
    pub seed: u64,
}

/// The cohorts of the paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PhantomCohort {
    /// 752 pairs of 104 patients, colour Doppler.
    Train,
    /// 274 pairs of 28 patients, colour Doppler.
    Prospective,
    /// 293 pairs of 42 patients of another hospital, power Doppler.
    External,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PhantomMode {
    /// Colour Doppler.
    Cdus,
    /// Power Doppler.
    Pdus,
}

/// Bring data in: other people's dataset files into a manifest, or a manifest
/// into a reading room.
#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    #[command(subcommand)]
    pub format: ImportFormat,
}

#[derive(Debug, Subcommand)]
pub enum ImportFormat {
    /// The JSON files of the paper's authors: train_split1.json ... val_split5.json.
    ///
    /// Their folds are kept. Paths in the manifest are those of the files.
    Authors {
        /// The dataset files.
        #[arg(required = true)]
        json: Vec<PathBuf>,
        /// The manifest to write.
        #[arg(long)]
        out: PathBuf,
        /// A table with columns grayscale and patient_id. Without it nothing
        /// that needs patients can be computed.
        #[arg(long)]
        patients: Option<PathBuf>,
        /// The cohort the pairs belong to.
        #[arg(long, default_value = "train")]
        cohort: String,
    },
    /// The pairs of a manifest into a reading room, which may be in use.
    ///
    /// Each pair comes in whole or not at all; pairs that are in already, by their
    /// pixels, are left alone. Of every image the region of its device is kept that
    /// was said on the room's import page, else the whole. Ctrl-C keeps what is in;
    /// the same command goes on. Exit code 3 when pairs were left out.
    Room {
        /// The manifest, one row a pair (docs/contract.md).
        manifest: PathBuf,
        /// The room's folder; made where it is missing.
        #[arg(long, default_value = "reading-room")]
        data: PathBuf,
        /// Readers to hand the pairs to, by name, in the manifest's order.
        #[arg(long, value_delimiter = ',', value_name = "NAME")]
        readers: Vec<String>,
        /// The room's protocol: `eoss`, or a protocol file.
        #[arg(long, default_value = "eoss")]
        protocol: String,
    },
}

/// Train the networks of a configuration and write the bundle.
///
/// Ctrl-C or a crash loses at most one epoch of each training under way: the
/// same command goes on where it stopped and ends with the same bytes.
#[cfg(feature = "train")]
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

/// Grade pairs with a bundle.
///
/// With --manifest: writes OUT/scores.csv and OUT/probabilities.csv for all
/// its pairs; reference grades are not read. With --image: grades one pair.
/// Research use only, not for diagnosis.
#[derive(Debug, clap::Args)]
pub struct ScoreArgs {
    /// The bundle, a folder made by `rating train`.
    #[arg(long)]
    pub bundle: PathBuf,
    #[command(flatten)]
    pub pairs: PairArgs,
    /// Folder for the results; only printed when left out.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Stop asking about a pair once no network left can change its grades.
    /// Grades and conflicts are the same as without; votes, weights and mean
    /// probabilities that depend on networks that were not asked are left out.
    #[arg(long)]
    pub lazy: bool,
    /// cpu, or a GPU this program was built for: vulkan, cuda. Probabilities
    /// agree within 1e-5; the bundle's networks go through Burn then.
    #[arg(long, default_value = "cpu")]
    pub device: String,
    /// Most memory to use for networks at a time, such as 500M or 2G. Less is
    /// slower; images come on top. The processor's: a GPU takes a network at a
    /// time.
    #[arg(long, value_name = "SIZE", default_value = "1G")]
    pub memory: String,
    /// Threads, 1 to 1024; as many as cores when left out. Results do not depend
    /// on it.
    #[arg(long, value_parser = threads())]
    pub threads: Option<usize>,
    /// Print the answers as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Which pairs: those of a manifest, or one of its own.
#[derive(Debug, clap::Args)]
pub struct PairArgs {
    /// The pairs.
    #[arg(long, conflicts_with_all = ["image", "roi"], required_unless_present = "image")]
    pub manifest: Option<PathBuf>,
    /// Only the pairs of this cohort.
    #[arg(long, requires = "manifest")]
    pub cohort: Option<String>,
    /// One image of a single pair, for each modality: grayscale=A.png.
    #[arg(long, value_name = "MODALITY=FILE", requires = "roi")]
    pub image: Vec<String>,
    /// Its ROI: grayscale=left,top,right,bottom.
    #[arg(long, value_name = "MODALITY=L,T,R,B", requires = "image")]
    pub roi: Vec<String>,
}

/// Show what the images contributed to the networks' decision `grade > 0`.
///
/// Integrated gradients of the ten networks over noisy copies of each pair, as
/// in the paper. Writes for each pair OUT/PAIR_MODALITY.png (the whole image
/// under a yellow veil that is as opaque as the map's value),
/// PAIR_MODALITY_raw.npy (mean of the networks' signed maps, ROI space),
/// PAIR_MODALITY_shown.npy (0 to 1), PAIR.html and, last, PAIR.json. Ctrl-C keeps
/// the pairs that are finished. A map shows influence on one decision; it is
/// not the place of a lesion. Research use only, not for diagnosis.
#[derive(Debug, clap::Args)]
pub struct ExplainArgs {
    /// The bundle, a folder made by `rating train`.
    #[arg(long)]
    pub bundle: PathBuf,
    #[command(flatten)]
    pub pairs: PairArgs,
    /// Folder for the results.
    #[arg(long)]
    pub out: PathBuf,
    /// How many gradients are taken.
    #[arg(long, default_value = "exact")]
    pub mode: ExplainMode,
    /// Whose definition of the map.
    #[arg(long, default_value = "paper")]
    pub variant: ExplainVariant,
    /// Write the map of each network too: PAIR_MODALITY_networks.npy and
    /// PAIR_MODALITY_NETWORK.png.
    #[arg(long)]
    pub per_network: bool,
    /// Question the maps of a cohort instead of writing them: OUT/audit.html and
    /// audit.json. Do attributions add up, do maps repeat, do they depend on
    /// what was learned, do they find what matters, and on phantoms, where do
    /// they lie? Takes a few times as long as the maps.
    #[arg(long, requires = "manifest", conflicts_with = "per_network")]
    pub audit: bool,
    /// Seed of the noise.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Most memory to use for networks at a time, such as 500M or 2G. Less is
    /// slower; images come on top.
    #[arg(long, value_name = "SIZE", default_value = "1G")]
    pub memory: String,
    /// Threads, 1 to 1024; as many as cores when left out. Results do not depend
    /// on it.
    #[arg(long, value_parser = threads())]
    pub threads: Option<usize>,
    /// Print the answers as JSON.
    #[arg(long)]
    pub json: bool,
}

/// More than any machine has cores is a slip of the hand, and takes minutes to
/// start.
fn threads() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..=1024)
}

/// How many gradients are taken for each network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExplainMode {
    /// The paper's 8 noisy copies of 50 points each.
    Exact,
    /// A tenth of that, for a reader who waits.
    Fast,
}

/// Whose definition of the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExplainVariant {
    /// Right Riemann sum, mean over noisy copies, always the logit of
    /// `grade > 0`.
    Paper,
    /// Gauss-Legendre nodes, mean of squares, the logit of the predicted class.
    Authors,
}

/// Turn votes or probabilities into grades, without any image.
///
/// Prints one JSON line for each pair.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("input").required(true)))]
pub struct DecodeArgs {
    /// `eoss`, or a protocol file.
    #[arg(long, default_value = "eoss")]
    pub protocol: String,
    /// Votes, one JSON object a line:
    /// {"votes": {"synovial_hypertrophy": [1, 1, 2, 1, 1], "vascularity": [0, 0, 0, 1, 0]}}.
    #[arg(long, group = "input")]
    pub votes: Option<PathBuf>,
    /// Probabilities of the networks, as `rating score` writes them.
    #[arg(long, group = "input")]
    pub probabilities: Option<PathBuf>,
    /// How votes become grades.
    #[arg(long, default_value = "multitude")]
    pub method: DecodeMethod,
    /// JSON lines (there is no other format).
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DecodeMethod {
    /// The valid combination with the largest weight (the paper's).
    Multitude,
    /// The commonest vote of each measurement by itself.
    Majority,
}

/// Compare scores with the reference grades of a manifest.
///
/// Writes OUT/evaluation.json, OUT/evaluation.html and a CSV for each table: who
/// is in each cohort and what became of every pair; agreement, kappas and
/// confusion for each measurement; sensitivity, specificity and predictive values
/// at each cut-off; AUC, calibration and decision curves of the probabilities;
/// subgroups; sums of whole patients. Intervals are clustered by patient.
#[derive(Debug, clap::Args)]
pub struct EvaluateArgs {
    /// scores.csv of `rating score`.
    #[arg(long)]
    pub scores: PathBuf,
    /// probabilities.csv of `rating score`, for the figures of each task.
    #[arg(long)]
    pub probabilities: Option<PathBuf>,
    /// validation_probabilities.csv of `rating train`, for ROC curves and figures
    /// of the validation folds; the manifest must hold the training pairs.
    #[arg(long)]
    pub validation: Option<PathBuf>,
    /// The manifest with reference grades. patients.csv beside it is read too.
    #[arg(long)]
    pub manifest: PathBuf,
    /// `eoss`, or a protocol file.
    #[arg(long, default_value = "eoss")]
    pub protocol: String,
    /// The bundle that gave the scores: its model card is filled in, and pairs
    /// with the commonest errors are shown under their heatmaps (a tenth of the
    /// paper's gradients).
    #[arg(long)]
    pub bundle: Option<PathBuf>,
    /// Most pairs with the commonest errors that the page shows in pictures, cut
    /// out around the ROI; 0 for a page without pictures.
    #[arg(long, default_value_t = 24)]
    pub pictures: usize,
    /// Folder for the results.
    #[arg(long)]
    pub out: PathBuf,
    /// Seed of the bootstrap.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Bootstrap samples.
    #[arg(long, default_value_t = 1000)]
    pub samples: usize,
    /// Print the evaluation as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Compare two or more score files on the same pairs.
///
/// The first file is what the others are compared with. For each cohort and for
/// all together: exact and close agreement, linear kappa, absolute error and
/// the AUC of each task, every file's and the difference, with intervals that
/// resample patients; McNemar's, Wilcoxon's and DeLong's tests, p alone and
/// corrected for all of them (Holm). Pairs that not every file scores are left
/// out and named. Writes OUT/comparison.html, comparison.json and
/// comparison.csv.
#[derive(Debug, clap::Args)]
pub struct CompareArgs {
    /// scores.csv of `rating score`, two or more of them; called by the name in
    /// front, or by their folder.
    #[arg(long, required = true, value_name = "[NAME=]FILE")]
    pub scores: Vec<String>,
    /// The manifest with reference grades.
    #[arg(long)]
    pub manifest: PathBuf,
    /// `eoss`, or a protocol file.
    #[arg(long, default_value = "eoss")]
    pub protocol: String,
    /// Folder for the results.
    #[arg(long)]
    pub out: PathBuf,
    /// Seed of the bootstrap.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Bootstrap samples.
    #[arg(long, default_value_t = 1000)]
    pub samples: usize,
    /// Print the comparison as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Look at a bundle.
#[derive(Debug, clap::Args)]
pub struct BundleArgs {
    #[command(subcommand)]
    pub action: BundleAction,
}

#[derive(Debug, Subcommand)]
pub enum BundleAction {
    /// What the bundle holds and how its networks did in validation.
    Show {
        /// The bundle's folder.
        bundle: PathBuf,
        /// Print bundle.json as it is.
        #[arg(long)]
        json: bool,
    },
    /// Check every byte against the hashes. Exit code 4 when one differs.
    Verify {
        /// The bundle's folder.
        bundle: PathBuf,
    },
}

/// The whole road on simulated joints: draw, train 60 networks, score, report.
///
/// Takes some ten minutes on two cores. Every figure it prints is about
/// phantoms and says nothing about patients.
#[cfg(feature = "train")]
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
#[cfg(feature = "train")]
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

/// Open the reading room: a page in the browser where pairs are read, graded
/// and compared with the system's answer.
///
/// Everything lies in one folder: a database and images. The first start prints
/// a link that makes the first administrator. Ctrl-C ends it in good order.
#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    /// The room's folder; made where it is missing. `reading-room` when left
    /// out, `demo-reading-room` with --demo.
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// Where to listen: an address or a name of this machine, with a port.
    /// Beyond this machine only with TLS, or behind a proxy that adds it.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8080")]
    pub address: String,
    /// `eoss`, or a protocol file.
    #[arg(long, default_value = "eoss")]
    pub protocol: String,
    /// The bundle that answers after a reading is locked. Without it the system
    /// says nothing; with --demo, the bundle of `rating demo` if it lies in
    /// `demo/bundle`, else canned answers.
    #[arg(long)]
    pub bundle: Option<PathBuf>,
    /// Most space of the disk for heatmaps, such as 500M or 2G. Those that
    /// nobody looked at for longest go first; they can be computed again.
    #[arg(long, value_name = "SIZE", default_value = "2G")]
    pub maps: String,
    /// Certificate for HTTPS, PEM.
    #[arg(long, requires = "tls_key")]
    pub tls_certificate: Option<PathBuf>,
    /// Its key, PEM.
    #[arg(long, requires = "tls_certificate")]
    pub tls_key: Option<PathBuf>,
    /// Browsers come by HTTPS through a proxy that adds it. Its X-Forwarded-For
    /// (or Forwarded) is believed, so nobody may reach the room but through it.
    #[arg(long)]
    pub behind_proxy: bool,
    /// Draw joints and let people try it on this machine: prints a link for
    /// each role that signs in.
    #[arg(long, conflicts_with_all = ["protocol", "tls_certificate", "behind_proxy"])]
    pub demo: bool,
}

/// Copy a reading room, while it is in use.
#[derive(Debug, clap::Args)]
pub struct BackupArgs {
    /// The folder to make.
    pub out: PathBuf,
    /// The room's folder.
    #[arg(long, default_value = "reading-room")]
    pub data: PathBuf,
}

/// Write what a reading room has settled, ready for `rating train`.
///
/// Settled pairs as manifest.csv with images, COCO and VOC rectangles, every
/// locked reading as readings.csv, its history as history.jsonl, and in
/// refused.csv the pairs that are left out and why.
#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    /// The folder to make.
    pub out: PathBuf,
    /// The room's folder.
    #[arg(long, default_value = "reading-room")]
    pub data: PathBuf,
    /// Count readings made after the reader had seen the system's answer, too:
    /// a network trained on them learns from itself.
    #[arg(long)]
    pub revealed: bool,
}

/// Look at a reading room's journal.
#[derive(Debug, clap::Args)]
pub struct AuditArgs {
    #[command(subcommand)]
    pub action: AuditAction,
}

#[derive(Debug, Subcommand)]
pub enum AuditAction {
    /// Check that no line was changed, added or removed. Exit code 4 when one was.
    Verify {
        /// The room's folder.
        #[arg(long, default_value = "reading-room")]
        data: PathBuf,
    },
}
