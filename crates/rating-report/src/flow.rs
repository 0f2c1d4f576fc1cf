//! What became of every pair of the manifest (paper, Figure S1).

use maud::{Markup, html};
use rating::evaluate::{Census, Cohort, Evaluation};
use rating::words::{counted, word};

use crate::label::Label;
use crate::{combined_last, spoken, training};

/// A column of boxes for each cohort.
pub(crate) fn diagram(evaluation: &Evaluation, label: Label) -> Markup {
    let not_evaluated = evaluation
        .census
        .iter()
        .filter(|(name, _)| !evaluation.cohorts.contains_key(name.as_str()));
    html! {
        p {
            (label.opening())
            "The manifest holds " (counted(evaluation.manifest_pairs, "pair", "pairs")) "."
        }
        div.row {
            @for (name, cohort) in training::tests_first(&evaluation.cohorts) {
                (column(name, cohort, evaluation.census.get(name)))
            }
            @for (name, census) in not_evaluated {
                div.flow {
                    h4 { (name) }
                    ol {
                        li.step { (counted(census.pairs, "pair", "pairs")) " of " (counted(census.patients, "patient", "patients")) }
                        li.out { "no pair has a score: not evaluated" }
                    }
                }
            }
        }
    }
}

fn column(name: &str, cohort: &Cohort, census: Option<&Census>) -> Markup {
    let scored = cohort.pairs - cohort.without_score;
    let unknown = || "an unknown number of patients".to_owned();
    let people = |patients: usize| counted(patients, "patient", "patients");
    // Patients are known of all pairs, or of none that is counted here.
    let all = census.filter(|_| cohort.patients.is_some()).map(|census| census.patients);
    html! {
        div.flow {
            h4 { (training::named(name, cohort.role)) }
            ol {
                li.step { (counted(cohort.pairs, "pair", "pairs")) " of " (all.map_or_else(unknown, people)) }
                li.out { (cohort.without_score) " without a score" }
                li.step { (scored) " scored" }
                li.out { (cohort.invalid_reference) " whose reference grades exclude each other" }
                li.step { (scored - cohort.invalid_reference) " evaluated, of " (cohort.patients.map_or_else(unknown, people)) }
                @for (measurement, figures) in combined_last(&cohort.measurements) {
                    li.out { (figures.missing) " without a reference grade: " (spoken(measurement)) }
                }
                li.step {
                    @for (measurement, figures) in combined_last(&cohort.measurements) {
                        span.line { (figures.n) " graded: " (spoken(measurement)) }
                    }
                }
                li.note {
                    (cohort.conflicts) " of the scored pairs " (word(cohort.conflicts, "is a conflict", "are conflicts"))
                    ": counted with the grades of the paper's rule, and beside that left out"
                }
            }
            (left_out(cohort))
        }
    }
}

/// Names of the pairs that are not evaluated that a page lists.
const NAMED: usize = 50;

/// Which pairs are not evaluated, to be unfolded.
fn left_out(cohort: &Cohort) -> Markup {
    let more = cohort.left_out.len().saturating_sub(NAMED);
    html! {
        @if !cohort.left_out.is_empty() {
            details {
                summary { "The " (counted(cohort.left_out.len(), "pair", "pairs")) " not evaluated" }
                ul.notes {
                    @for pair in cohort.left_out.iter().take(NAMED) { li { (pair.pair_id) ": " (pair.why) } }
                    @if more > 0 { li { "and " (more) " more: left_out.csv" } }
                }
            }
        }
    }
}
