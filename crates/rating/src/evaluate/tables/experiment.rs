//! The results of an experiment as tables.

use super::{Rows, TableFile, cell, cells, file};
use crate::evaluate::arms::Ranged;
use crate::evaluate::experiment::Report;

/// `numbers.csv`, a row for each figure of an arm, and `claims.csv`.
#[must_use]
pub fn experiment_tables(report: &Report) -> Vec<TableFile> {
    [numbers(report), claims(report)].map(|rows| file(rows, report.origin)).to_vec()
}

fn numbers(report: &Report) -> Rows {
    let header = &[
        "arm",
        "curve",
        "training_pairs",
        "measurement",
        "cohort",
        "pairs",
        "figure",
        "value",
        "low",
        "high",
    ];
    let mut rows = Rows::new("numbers.csv", header);
    for arm in &report.arms {
        // One number for each study seed.
        let learned: Vec<String> = arm.training_pairs.iter().map(usize::to_string).collect();
        for (measurement, cohort, figures) in &arm.figures {
            let named = [("accuracy", figures.accuracy), ("kappa_linear", figures.kappa_linear)];
            for (name, figure) in named {
                let mut row = vec![
                    arm.name.clone(),
                    arm.curve.clone().unwrap_or_default(),
                    learned.join("; "),
                    measurement.clone(),
                    cohort.clone(),
                    figures.pairs.to_string(),
                    name.to_owned(),
                ];
                row.extend(ranged(figure));
                rows.push(row);
            }
        }
    }
    rows
}

fn claims(report: &Report) -> Rows {
    let header = &[
        "says",
        "source",
        "first",
        "second",
        "measurement",
        "cohorts",
        "first_accuracy",
        "second_accuracy",
        "difference",
        "low",
        "high",
        "limit",
        "verdict",
    ];
    let mut rows = Rows::new("claims.csv", header);
    for claim in &report.claims {
        let mut row = vec![
            claim.says.clone(),
            claim.source.clone(),
            claim.first.clone(),
            claim.second.clone(),
            claim.measurement.clone(),
            claim.cohorts.join("; "),
            cell(claim.compared.first.value),
            cell(claim.compared.second.value),
        ];
        row.extend(ranged(claim.compared.difference));
        row.extend([claim.limit.to_string(), claim.verdict.word().to_owned()]);
        rows.push(row);
    }
    rows
}

/// Value, low and high.
fn ranged(figure: Ranged) -> Vec<String> {
    cells(figure.value, figure.interval, String::new())[..3].to_vec()
}
