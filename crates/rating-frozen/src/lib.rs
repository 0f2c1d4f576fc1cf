//! rating-frozen
