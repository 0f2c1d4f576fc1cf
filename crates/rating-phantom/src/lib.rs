//! rating-phantom
