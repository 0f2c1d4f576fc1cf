//! Which pairs the networks learned from.

use serde::Serialize;

use crate::manifest::TRAINING_COHORT;

/// What a cohort is to the networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// They learned from its pairs: its figures are optimistic, and stand by
    /// themselves.
    Training,
    /// They never saw its pairs.
    Test,
}

impl Role {
    /// By the cohort's name, which is how `rating train` chooses its pairs.
    #[must_use]
    pub fn of(cohort: &str) -> Role {
        if cohort == TRAINING_COHORT { Role::Training } else { Role::Test }
    }

    /// Whether the networks learned from the pairs.
    #[must_use]
    pub fn is_training(self) -> bool {
        self == Role::Training
    }
}

/// The cohorts whose pairs are put together: those of tests, or, where there are
/// none, the one there is.
pub(super) fn pooled<'a>(cohorts: impl Iterator<Item = &'a str> + Clone) -> Vec<&'a str> {
    let tests: Vec<&str> = cohorts.clone().filter(|name| !Role::of(name).is_training()).collect();
    if tests.is_empty() { cohorts.collect() } else { tests }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn training_pairs_are_put_together_with_none() {
        assert_eq!(pooled(["external", "train", "x"].into_iter()), ["external", "x"]);
        assert_eq!(pooled(["train"].into_iter()), ["train"]);
        assert_eq!(Role::of("training"), Role::Test);
    }
}
