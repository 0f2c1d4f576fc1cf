//! Checking, drawing and bringing in pairs.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

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
