//! What trained networks answer, and why.

use std::path::PathBuf;

use clap::builder::RangedU64ValueParser;
use clap::{Subcommand, ValueEnum};

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

/// More than any machine has cores is a slip of the hand, and takes minutes to
/// start.
fn threads() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..=1024)
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
