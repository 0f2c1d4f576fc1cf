//! Tables of figures of grades with their intervals: a row for each figure.

use super::{Rows, cell, cells, figure_cells};
use crate::evaluate::{Evaluation, GradeFigures};
use crate::stats::icc::Icc;
use crate::stats::{BlandAltman, Interval};

/// Agreement with the reference.
pub(super) fn agreement(evaluation: &Evaluation) -> Rows {
    let header = &["cohort", "measurement", "pairs", "figure", "value", "low", "high", "undefined"];
    let mut rows = Rows::new("agreement.csv", header);
    for (cohort, figures) in &evaluation.cohorts {
        for (measurement, figures) in &figures.measurements {
            for (name, value) in named(figures) {
                let gained = figures.majority.as_ref().and_then(|of| of.accuracy_gained_interval);
                let interval = match name {
                    "accuracy_gained" => gained,
                    _ => figures.intervals.get(name).copied().flatten(),
                };
                // Without patients no figure has an interval, whatever its name.
                let all = figures.undefined.get("intervals").filter(|_| interval.is_none());
                let reason = figures.undefined.get(name).or(all).cloned().unwrap_or_default();
                let mut row = vec![
                    cohort.clone(),
                    measurement.clone(),
                    figures.n.to_string(),
                    name.to_owned(),
                ];
                row.extend(cells(value, interval, reason));
                rows.push(row);
            }
        }
    }
    rows
}

fn named(figures: &GradeFigures) -> Vec<(&'static str, Option<f64>)> {
    let majority = figures.majority.as_ref();
    vec![
        ("accuracy", figures.accuracy),
        ("close_agreement", figures.close_agreement),
        ("kappa", figures.kappa),
        ("kappa_linear", figures.kappa_linear),
        ("kappa_quadratic", figures.kappa_quadratic),
        ("pabak", figures.pabak),
        ("ac1", figures.ac1),
        ("ac2_linear", figures.ac2_linear),
        ("accuracy_without_conflicts", figures.accuracy_without_conflicts),
        ("majority_accuracy", majority.and_then(|of| of.accuracy)),
        ("majority_kappa_linear", majority.and_then(|of| of.kappa_linear)),
        ("accuracy_gained", majority.and_then(|of| of.accuracy_gained)),
    ]
}

/// Grades as yes-or-no answers.
pub(super) fn cut_offs(evaluation: &Evaluation) -> Rows {
    let header = &[
        "cohort",
        "measurement",
        "cut_off",
        "true_positives",
        "false_positives",
        "false_negatives",
        "true_negatives",
        "figure",
        "value",
        "low",
        "high",
        "undefined",
        "wilson_low",
        "wilson_high",
    ];
    let mut rows = Rows::new("cut_offs.csv", header);
    for (cohort, figures) in &evaluation.cohorts {
        for (measurement, figures) in &figures.measurements {
            for (cut_off, of) in &figures.cut_offs {
                let figures = [
                    ("sensitivity", &of.sensitivity),
                    ("specificity", &of.specificity),
                    ("ppv", &of.ppv),
                    ("npv", &of.npv),
                    ("youden", &of.youden),
                ];
                let outcomes = of.outcomes;
                for (name, figure) in figures {
                    let wilson = of.wilson.get(name).copied().flatten();
                    let mut row = vec![
                        cohort.clone(),
                        measurement.clone(),
                        cut_off.clone(),
                        outcomes.true_positives.to_string(),
                        outcomes.false_positives.to_string(),
                        outcomes.false_negatives.to_string(),
                        outcomes.true_negatives.to_string(),
                        name.to_owned(),
                    ];
                    row.extend(figure_cells(figure));
                    row.extend([cell(wilson.map(|of| of.low)), cell(wilson.map(|of| of.high))]);
                    rows.push(row);
                }
            }
        }
    }
    rows
}

/// Figures of groups of pairs.
pub(super) fn subgroups(evaluation: &Evaluation) -> Rows {
    let header = &[
        "cohort",
        "kind",
        "group",
        "measurement",
        "pairs",
        "patients",
        "figure",
        "value",
        "low",
        "high",
        "undefined",
    ];
    let mut rows = Rows::new("subgroups.csv", header);
    for (cohort, figures) in &evaluation.cohorts {
        for (kind, groups) in &figures.subgroups {
            for (group, measurements) in groups {
                for (measurement, of) in measurements {
                    let figures = [
                        ("accuracy", &of.accuracy),
                        ("close_agreement", &of.close_agreement),
                        ("kappa_linear", &of.kappa_linear),
                    ];
                    for (name, figure) in figures {
                        let patients = of.patients.map(|patients| patients.to_string());
                        let mut row = vec![
                            cohort.clone(),
                            (*kind).to_owned(),
                            group.clone(),
                            measurement.clone(),
                            of.n.to_string(),
                            patients.unwrap_or_default(),
                            name.to_owned(),
                        ];
                        row.extend(figure_cells(figure));
                        rows.push(row);
                    }
                }
            }
        }
    }
    rows
}

/// Figures of patients' sums.
pub(super) fn patient_level(evaluation: &Evaluation) -> Rows {
    let header = &["cohort", "examinations", "figure", "value", "low", "high", "undefined"];
    let mut rows = Rows::new("patient_level.csv", header);
    for (cohort, figures) in &evaluation.cohorts {
        let Some(of) = &figures.patient_level else { continue };
        let reason = |name: &str| {
            let known = of.undefined.get(name).or_else(|| of.undefined.get("gloess"));
            known.cloned().unwrap_or_default()
        };
        let limits = of.bland_altman.as_ref();
        let limit = |value: fn(&BlandAltman) -> (f64, Option<Interval>)| {
            let of = limits.map(value);
            cells(of.map(|of| of.0), of.and_then(|of| of.1), reason("bland_altman"))
        };
        let icc = |icc: Option<Icc>, name: &str| {
            cells(icc.map(|icc| icc.value), icc.and_then(|icc| icc.interval), reason(name))
        };
        let figures = [
            ("mean_difference", limit(|of| (of.mean, of.mean_interval))),
            ("lower_limit", limit(|of| (of.limits.low, of.low_interval))),
            ("upper_limit", limit(|of| (of.limits.high, of.high_interval))),
            ("icc_2_1", icc(of.icc_2_1, "icc_2_1")),
            ("icc_3_1", icc(of.icc_3_1, "icc_3_1")),
            ("wilcoxon_p", cells(of.wilcoxon.map(|test| test.p), None, reason("wilcoxon"))),
        ];
        for (name, cells) in figures {
            let mut row = vec![cohort.clone(), of.n.to_string(), name.to_owned()];
            row.extend(cells);
            rows.push(row);
        }
    }
    rows
}
