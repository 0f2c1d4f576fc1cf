//! The reading room.

use std::path::PathBuf;

use clap::Subcommand;

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
