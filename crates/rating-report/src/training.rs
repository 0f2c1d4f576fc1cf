//! What is said of pairs that the networks learned from.

use std::collections::BTreeMap;

use maud::{Markup, html};
use rating::evaluate::{Cohort, Role};

/// Over every section about such pairs.
pub(crate) const OPTIMISTIC: &str = "The networks learned from these pairs: optimistic. They count in no figure of several cohorts \
     together.";

/// The warning; nothing over pairs of a test.
pub(crate) fn warning(role: Role) -> Markup {
    html! { @if role.is_training() { p.banner { (OPTIMISTIC) } } }
}

/// The cohort's name, with what it is where that is no test.
pub(crate) fn named(name: &str, role: Role) -> String {
    if role.is_training() { format!("{name} (learned from)") } else { name.to_owned() }
}

/// The cohorts of tests in the order of their names, then the one that was learned
/// from.
pub(crate) fn tests_first(cohorts: &BTreeMap<String, Cohort>) -> Vec<(&str, &Cohort)> {
    let mut all: Vec<(&str, &Cohort)> =
        cohorts.iter().map(|(name, cohort)| (name.as_str(), cohort)).collect();
    all.sort_by_key(|(_, cohort)| cohort.role.is_training());
    all
}
