//! Learning on settled pairs: what is told and when, who may learn on what, and
//! who may not read it any more.

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod school;
mod standing;
mod telling;
