//! rating-report
