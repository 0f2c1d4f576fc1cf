//! An experiment's results as Markdown.

use std::fmt::Write;

use rating::evaluate::arms::{Ranged, Verdict};
use rating::evaluate::experiment::Report;

use super::{cohorts, find, learned_from, percent, quantities};
use crate::demo::Fact;
use crate::figure::Unit;
use crate::label::Label;
use crate::spoken;

/// The results as Markdown: one table of claims, one of arms for each quantity.
#[must_use]
pub fn experiment_markdown(report: &Report, facts: &[Fact]) -> String {
    let mut text = format!("# Experiment {}\n\n", report.name);
    let label = Label::new(report.origin);
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{}Research use only, not for diagnosis.\n", label.sentence_with_stop());
    for Fact { name, value, .. } in facts {
        let _ = writeln!(text, "- {name}: {value}");
    }
    let _ = writeln!(
        text,
        "- {} test pairs; intervals 95 %, {} bootstrap samples of patients\n\n## Claims\n",
        report.pairs, report.bootstrap_samples
    );
    text += "| claim | source | its figures | here, percentage points | must exceed | verdict |\n|---|---|---|---|---|---|\n";
    for claim in &report.claims {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} ({} {}, {} {}; {}) | {} | {} |",
            claim.says,
            claim.source,
            claim.figures.as_deref().unwrap_or("-"),
            words(claim.compared.difference, Unit::Points),
            claim.first,
            percent(claim.compared.first),
            claim.second,
            percent(claim.compared.second),
            claim.cohorts.join(", "),
            Unit::Points.value(claim.limit),
            verdict(claim.verdict),
        );
    }
    let cohorts = cohorts(report);
    for quantity in quantities(report) {
        let _ = writeln!(text, "\n## {}\n", spoken(quantity));
        let columns = cohorts.iter().map(|cohort| format!("{cohort} | {cohort}, kappa"));
        let columns = columns.collect::<Vec<_>>().join(" | ");
        let _ = writeln!(text, "| arm | pairs learned from | {columns} |");
        let _ = writeln!(text, "|---|---{}|", "|---".repeat(2 * cohorts.len()));
        for arm in &report.arms {
            let of = |cohort: &&str| find(&arm.figures, quantity, cohort);
            if cohorts.iter().all(|cohort| of(cohort).is_none()) {
                continue;
            }
            let cells = cohorts.iter().map(|cohort| match of(cohort) {
                None => "- | -".to_owned(),
                Some(figures) => format!(
                    "{} | {}",
                    words(figures.accuracy, Unit::Percent),
                    words(figures.kappa_linear, Unit::Plain)
                ),
            });
            let cells = cells.collect::<Vec<_>>().join(" | ");
            let _ = writeln!(text, "| {} | {} | {cells} |", arm.name, learned_from(arm));
        }
    }
    text
}

fn words(figure: Ranged, unit: Unit) -> String {
    let value = figure.value.map_or_else(|| "-".to_owned(), |value| unit.value(value));
    let interval = figure.interval.map(|interval| format!(" {}", unit.interval(interval)));
    value + &interval.unwrap_or_default()
}

fn verdict(verdict: Verdict) -> String {
    format!("**{}**", verdict.word())
}
