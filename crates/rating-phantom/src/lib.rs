//! Drawn joints: simulated pairs of a grayscale and a Doppler picture of a
//! finger joint, with known anatomy and grades.
//!
//! **Everything here is synthetic.** "SIMULATED" is burned into every picture,
//! and nothing measured on these pairs says anything about patients.
//!
//! ```
//! use rating::Seed;
//! use rating_phantom::Cohort;
//!
//! let cohort = Cohort { patients: 2, pairs: 9, ..Cohort::train(Seed::new(1)) };
//! let plan = cohort.plan()?;
//! let pair = plan[0].draw(); // in parallel, if you like: each depends on its plan alone
//! assert_eq!(plan.len(), 9);
//! assert!(pair.reference.combined() <= 3);
//! # Ok::<(), rating::Problem>(())
//! ```
//!
//! Route of a pair: a latent severity shapes the bones'
//! contents; tissue gets scatter and mirrors; two acquisitions (the probe moves
//! in between) make gray values; flow is drawn and graded as shown; a machine's
//! screen goes around; readers draw ROIs from the bones and grade.
//!
//! The crate draws values and encodes them; it writes no files.

mod acquisition;
mod bones;
mod chance;
mod cohort;
mod colour;
mod colour_box;
mod contents;
mod curve;
mod files;
mod flow;
mod flow_grade;
mod frame;
mod grid;
mod joints;
mod latent;
mod mask;
mod pair;
mod patient;
mod readers;
mod rois;
mod screen;
mod surfaces;
mod text;
mod tissue;
mod veins;

pub use cohort::{Cohort, JointPlan, Site};
pub use files::{
    Format, READINGS_HEADER, encode, files, manifest_row, patients_csv, picture_path, readings_rows,
};
pub use joints::Joint;
pub use pair::{PhantomPair, Picture, Truth};
pub use patient::Patient;
pub use readers::{Grades, Reading, Stage};
pub use screen::NOTICE;
