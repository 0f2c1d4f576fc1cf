//! Trained networks at work on a CPU.
//!
//! A network comes from a file of [`weights`], answers as a [`network`], lives
//! in a [`bundle`] with its threshold and everything else that a score depends
//! on, and is asked through a [`scorer`].
//!
//! This crate builds without Burn, and is the only one where `unsafe` is
//! allowed: at the call of the matrix product, which checks its bounds first.

pub mod network;
pub mod weights;
