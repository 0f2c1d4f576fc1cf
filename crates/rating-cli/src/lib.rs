//! rating-cli
