//! The program `rating`: from pairs of ultrasound images to grades.
//!
//! It owns paths, flags, printing and progress bars; the crates below it take
//! and give values.

mod args;
mod commands;
mod data;
mod failure;
mod files;
mod npy;
mod progress;
#[cfg(feature = "train")]
mod readings;
mod stderr;
mod stop;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
use failure::Failure;
use rating_frozen::memory::SystemMemory;

#[global_allocator]
static MEMORY: SystemMemory = SystemMemory::new(failure::out_of_memory);

fn main() -> ExitCode {
    let args = Args::parse();
    match run(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.report();
            failure.exit_code()
        }
    }
}

fn run(args: Args) -> Result<(), Failure> {
    // Otherwise the first image starts them, and panics where it cannot.
    let threads = rayon::ThreadPoolBuilder::new().build_global();
    threads.map_err(|error| Failure::no_threads(&error.to_string()))?;
    match args.command {
        Command::Check(args) => commands::check::run(&args),
        Command::Phantom(args) => commands::phantom::run(&args),
        Command::Import(args) => commands::import::run(&args),
        Command::Score(args) => commands::score::run(&args),
        Command::Explain(args) => commands::explain::run(&args),
        Command::Decode(args) => commands::decode::run(&args),
        Command::Evaluate(args) => commands::evaluate::run(&args),
        Command::Compare(args) => commands::compare::run(&args),
        Command::Bundle(args) => commands::bundle::run(&args),
        Command::Serve(args) => commands::serve::run(&args),
        Command::Study(args) => commands::study::run(&args),
        Command::Backup(args) => commands::room::backup(&args),
        Command::Audit(args) => commands::room::audit(&args),
        Command::Export(args) => commands::room::export(&args),
        #[cfg(feature = "train")]
        Command::Train(args) => commands::train::run(&args),
        #[cfg(feature = "train")]
        Command::Experiment(args) => commands::experiment::run(&args),
        #[cfg(feature = "train")]
        Command::Demo(args) => commands::demo::run(&args),
    }
}
