//! rating-net
