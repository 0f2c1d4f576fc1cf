//! Training: from graded pairs of images to a bundle of networks.
//!
//! ```text
//! Config + Protocol - plan > Tasks - run > finished trainings - export > bundle
//! ```
//!
//! Every training is a task with an identity. Its finished work lies under a
//! hash of all it depends on, so that a run goes on where another stopped and
//! studies that differ in one thing share the rest. The same seed gives the
//! same bytes, for any number of jobs and however often a run was stopped.
//!
//! A bundle can be asked here too, on a GPU: [`DeviceScorer`].

pub mod config;
pub mod data;
pub mod error;
pub mod experiment;
pub mod export;
pub mod job;
pub mod model;
pub mod plan;
pub mod progress;
pub mod runner;
pub mod sampling;
pub mod scorer;
pub mod training;
pub mod votes;

mod identity;
mod store;

pub use config::Config;
pub use data::{Data, Example};
pub use error::TrainError;
pub use export::{Exported, Source, export};
pub use job::{Imagenet, Job, State};
pub use progress::{Event, Observer, Stop, Unobserved};
pub use runner::run;
pub use scorer::DeviceScorer;
