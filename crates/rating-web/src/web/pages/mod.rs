//! Pages, rendered here; scripts add what a page without them cannot do.

pub(super) mod account;
mod board;
pub(super) mod consensus;
pub(super) mod decide;
pub(super) mod export;
pub(super) mod home;
pub(super) mod import;
pub(super) mod journal;
pub(super) mod layout;
pub(super) mod lesson;
pub(super) mod people;
mod progress;
pub(super) mod read;
pub(super) mod sign_in;
pub(super) mod studies;
pub(super) mod study_read;
pub(super) mod teaching;
