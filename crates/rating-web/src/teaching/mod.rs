//! Teaching: people learn on settled pairs. They grade a pair as its readers
//! did, and are then told what it was settled with and why.
//!
//! Before an answer is submitted nothing of the truth leaves the server; who has
//! been told a truth never reads that pair for the room or for a study
//! (`standing`).

mod answer;
mod cases;
mod coming_back;
mod difficulty;
mod next;
mod progress;
mod standing;
mod table;
mod telling;

pub use answer::{Draft, begin, draft_of, images_of, save, submit};
pub use cases::{OfferedCase, offer, offered, take_back};
pub use coming_back::WAITS_DAYS;
pub use difficulty::{Difficulty, Level};
pub use next::{Pick, pick};
pub use progress::{
    First, Learner, MeasuredWeek, Progress, Spot, TOO_FEW, Week, first_answers, learners, progress,
};
pub use standing::{Shown, Standing, shown};
pub(crate) use standing::{awaits, told_of, told_of_all, told_to};
pub use table::answers_csv;
pub use telling::{Beside, Judged, Said, Telling};
