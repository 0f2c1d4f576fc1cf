//! Reader studies: what the protocol of a study says, who reads what when, and
//! what the answers mean (paper, "Reader study" and "DL-assisted reader study").
//!
//! A [`StudyProtocol`] is a file. With the readers and cases it fixes a
//! [`Schedule`]: every reading of the study, in order, drawn from its seed.

mod altered;
pub mod analysis;
mod answers;
mod check;
pub mod extent;
pub mod imrmc;
mod protocol;
mod schedule;
pub mod simulate;
pub mod tables;

pub use altered::{Alteration, alter};
pub use answers::{StudyAnswer, StudyCase};
pub use protocol::{
    AlteredAnswers, Analysis, Arm, Cases, Design, DesignKind, Images, Reader, Rule, Shows,
    StudyProtocol,
};
pub use schedule::{Reading, Schedule, Session};
