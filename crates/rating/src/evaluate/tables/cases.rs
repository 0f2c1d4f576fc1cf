//! Tables that count pairs and patients.

use super::{Rows, cell};
use crate::evaluate::{Categories, Census, Evaluation, Spread};

/// Cohort, characteristic, kind and a number: long, so that any cohort fits.
pub(super) fn characteristics(evaluation: &Evaluation) -> Rows {
    let mut rows = Rows::new("characteristics.csv", &["cohort", "characteristic", "kind", "value"]);
    for (cohort, census) in &evaluation.census {
        let mut push = |characteristic: &str, kind: &str, value: String| {
            rows.push(vec![cohort.clone(), characteristic.into(), kind.into(), value]);
        };
        push("pairs", "", census.pairs.to_string());
        push("patients", "", census.patients.to_string());
        push("pairs_without_patient", "", census.pairs_without_patient.to_string());
        for (name, spread) in spreads(census) {
            for (kind, value) in spread.into_iter().flat_map(parts) {
                push(name, kind, cell(value));
            }
        }
        for (name, categories) in categories(census) {
            for (kind, count) in &categories.counts {
                push(name, kind, count.to_string());
            }
            push(name, "not given", categories.not_given.to_string());
        }
        for (measurement, mix) in &census.grades {
            for (grade, count) in mix.counts.iter().enumerate() {
                push(measurement, &format!("grade {grade}"), count.to_string());
            }
            push(measurement, "missing", mix.missing.to_string());
        }
    }
    rows
}

fn spreads(census: &Census) -> [(&'static str, Option<&Spread>); 4] {
    [
        ("pairs_per_patient", census.pairs_per_patient.as_ref()),
        ("age", census.age.as_ref()),
        ("disease_duration_years", census.disease_duration_years.as_ref()),
        ("das28", census.das28.as_ref()),
    ]
}

fn parts(spread: &Spread) -> [(&'static str, Option<f64>); 8] {
    [
        ("n", Some(spread.n as f64)),
        ("mean", Some(spread.mean)),
        ("deviation", spread.deviation),
        ("median", Some(spread.median)),
        ("lower quartile", Some(spread.quartiles[0])),
        ("upper quartile", Some(spread.quartiles[1])),
        ("least", Some(spread.range[0])),
        ("greatest", Some(spread.range[1])),
    ]
}

fn categories(census: &Census) -> [(&'static str, &Categories); 7] {
    [
        ("sex", &census.sex),
        ("age_band", &census.age_bands),
        ("joint", &census.joint),
        ("side", &census.side),
        ("hospital", &census.hospital),
        ("device", &census.device),
        ("doppler_mode", &census.doppler_mode),
    ]
}

/// What became of the pairs of each cohort.
pub(super) fn flow(evaluation: &Evaluation) -> Rows {
    let mut rows = Rows::new("flow.csv", &["cohort", "measurement", "step", "pairs"]);
    for (name, census) in &evaluation.census {
        let mut push = |measurement: &str, step: &str, pairs: usize| {
            rows.push(vec![name.clone(), measurement.into(), step.into(), pairs.to_string()]);
        };
        push("", "in the manifest", census.pairs);
        let Some(cohort) = evaluation.cohorts.get(name) else {
            push("", "without a score", census.pairs);
            continue;
        };
        push("", "without a score", cohort.without_score);
        push("", "reference grades exclude each other", cohort.invalid_reference);
        push("", "conflicts", cohort.conflicts);
        for (measurement, figures) in &cohort.measurements {
            push(measurement, "without a reference grade", figures.missing);
            push(measurement, "graded", figures.n);
        }
    }
    rows
}

/// The pairs of evaluated cohorts that are not evaluated, by name.
pub(super) fn left_out(evaluation: &Evaluation) -> Rows {
    let mut rows = Rows::new("left_out.csv", &["cohort", "pair_id", "why"]);
    for (name, cohort) in &evaluation.cohorts {
        for pair in &cohort.left_out {
            rows.push(vec![name.clone(), pair.pair_id.clone(), pair.why.to_owned()]);
        }
    }
    rows
}

/// Every cell of every confusion matrix.
pub(super) fn confusion(evaluation: &Evaluation) -> Rows {
    let header = &["cohort", "measurement", "reference", "predicted", "pairs"];
    let mut rows = Rows::new("confusion.csv", header);
    for (cohort, figures) in &evaluation.cohorts {
        for (measurement, figures) in &figures.measurements {
            for (reference, counts) in figures.confusion.rows().iter().enumerate() {
                for (predicted, count) in counts.iter().enumerate() {
                    rows.push(vec![
                        cohort.clone(),
                        measurement.clone(),
                        reference.to_string(),
                        predicted.to_string(),
                        count.to_string(),
                    ]);
                }
            }
        }
    }
    rows
}

/// The commonest differences from the reference.
pub(super) fn commonest_errors(evaluation: &Evaluation) -> Rows {
    let header = &["cohort", "measurement", "reference", "predicted", "pairs", "examples"];
    let mut rows = Rows::new("commonest_errors.csv", header);
    for (cohort, figures) in &evaluation.cohorts {
        for (measurement, figures) in &figures.measurements {
            for error in &figures.commonest_errors {
                rows.push(vec![
                    cohort.clone(),
                    measurement.clone(),
                    error.reference.to_string(),
                    error.predicted.to_string(),
                    error.n.to_string(),
                    error.examples.join("; "),
                ]);
            }
        }
    }
    rows
}

/// Pairs that the same votes get right in one way of deciding only.
pub(super) fn only_right(evaluation: &Evaluation) -> Rows {
    let header = &["cohort", "measurement", "only", "pairs", "examples"];
    let mut rows = Rows::new("only_right.csv", header);
    for (cohort, figures) in &evaluation.cohorts {
        for (measurement, figures) in &figures.measurements {
            let Some(of) = &figures.majority else { continue };
            for (way, only) in
                [("multitude", &of.only_multitude_right), ("majority", &of.only_majority_right)]
            {
                rows.push(vec![
                    cohort.clone(),
                    measurement.clone(),
                    way.to_owned(),
                    only.n.to_string(),
                    only.examples.join("; "),
                ]);
            }
        }
    }
    rows
}

/// The two sums of each examination, with the joints behind them.
pub(super) fn patients(evaluation: &Evaluation) -> Rows {
    let header = &["cohort", "patient_id", "visit", "reference", "predicted", "joints", "left_out"];
    let mut rows = Rows::new("gloess.csv", header);
    for (name, cohort) in &evaluation.cohorts {
        for of in cohort.patient_level.iter().flat_map(|patients| &patients.examinations) {
            let sum = |side: usize| of.sums.map(|sums| sums[side].to_string()).unwrap_or_default();
            rows.push(vec![
                name.clone(),
                of.patient.clone(),
                of.visit.clone().unwrap_or_default(),
                sum(0),
                sum(1),
                of.joints.join("; "),
                of.left_out.join("; "),
            ]);
        }
    }
    rows
}

/// Published figures; their origin column is that of this evaluation's data, so
/// a `source` of `this evaluation` and the others can stand in one table.
pub(super) fn yardsticks(evaluation: &Evaluation) -> Rows {
    let header =
        &["source", "what", "measurement", "accuracy", "close_agreement", "kappa", "kappa_weights"];
    let mut rows = Rows::new("yardsticks.csv", header);
    for (name, cohort) in &evaluation.cohorts {
        for (measurement, figures) in &cohort.measurements {
            rows.push(vec![
                "this evaluation".into(),
                format!("cohort {name}"),
                measurement.clone(),
                cell(figures.accuracy),
                cell(figures.close_agreement),
                cell(figures.kappa_linear),
                "linear".into(),
            ]);
        }
    }
    for of in evaluation.yardsticks {
        rows.push(vec![
            of.source.into(),
            of.what.into(),
            of.measurement.into(),
            cell(of.accuracy),
            cell(of.close_agreement),
            cell(of.kappa),
            of.kappa_weights.into(),
        ]);
    }
    rows
}
