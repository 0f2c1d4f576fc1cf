//! What can be asked for on the command line, a file a subject.

mod data;
mod evaluate;
mod room;
mod score;
mod study;
#[cfg(feature = "train")]
mod train;

use clap::{Parser, Subcommand};

pub use data::{CheckArgs, ImportArgs, ImportFormat, PhantomArgs, PhantomCohort, PhantomMode};
pub use evaluate::{CompareArgs, DecodeArgs, DecodeMethod, EvaluateArgs};
pub use room::{AuditAction, AuditArgs, BackupArgs, ExportArgs, ServeArgs};
pub use score::{
    BundleAction, BundleArgs, ExplainArgs, ExplainMode, ExplainVariant, PairArgs, ScoreArgs,
};
pub use study::{
    StudyAction, StudyArgs, StudyCheckArgs, StudyKind, StudyNewArgs, StudyOpenArgs,
    StudyReportArgs, StudyShowArgs, StudySimulateArgs,
};
#[cfg(feature = "train")]
pub use train::{DemoArgs, ExperimentArgs, TrainArgs};

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
