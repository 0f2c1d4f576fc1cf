//! Tables of the binary tasks: figures and curves of probabilities.

use super::{Rows, cells, figure_cells};
use crate::evaluate::{Evaluation, NetworkMeans, TaskFigures};

/// Each task with the name of what it was measured on: a cohort, `(all)` or
/// `(validation folds)`.
fn each_task(evaluation: &Evaluation) -> impl Iterator<Item = (&str, &str, &str, &TaskFigures)> {
    let cohorts = evaluation.cohorts.iter().map(|(name, cohort)| (name.as_str(), &cohort.tasks));
    let all = std::iter::once(("(all)", &evaluation.tasks));
    let validation = evaluation.validation.iter().map(|tasks| ("(validation folds)", tasks));
    cohorts.chain(all).chain(validation).flat_map(|(set, tasks)| {
        tasks.iter().flat_map(move |(measurement, tasks)| {
            tasks
                .iter()
                .map(move |(task, figures)| (set, measurement.as_str(), task.as_str(), figures))
        })
    })
}

fn names(set: &str, measurement: &str, task: &str) -> Vec<String> {
    vec![set.to_owned(), measurement.to_owned(), task.to_owned()]
}

/// Figures of probabilities.
pub(super) fn tasks(evaluation: &Evaluation) -> Rows {
    let header = &[
        "set",
        "measurement",
        "task",
        "pairs",
        "positives",
        "figure",
        "value",
        "low",
        "high",
        "undefined",
    ];
    let mut rows = Rows::new("tasks.csv", header);
    for (set, measurement, task, figures) in each_task(evaluation) {
        for (name, cells) in of_task(figures) {
            let mut row = names(set, measurement, task);
            row.extend([figures.n.to_string(), figures.positives.to_string(), name.to_owned()]);
            row.extend(cells);
            rows.push(row);
        }
    }
    rows
}

fn of_task(figures: &TaskFigures) -> Vec<(&'static str, [String; 4])> {
    let reason = |why: &Option<String>| why.clone().unwrap_or_default();
    let of_delong = reason(&figures.auc_delong_undefined);
    let mut all = vec![
        ("auc", cells(figures.auc, figures.auc_interval, reason(&figures.undefined))),
        ("auc_delong", cells(figures.auc, figures.auc_delong_interval, of_delong)),
    ];
    if let Some(of) = &figures.calibration {
        all.extend([
            ("brier", figure_cells(&of.brier)),
            ("calibration_slope", figure_cells(&of.slope)),
            ("calibration_intercept", figure_cells(&of.intercept)),
            ("calibration_in_the_large", figure_cells(&of.in_the_large)),
        ]);
    }
    if let Some(means) = &figures.networks {
        all.extend(of_networks(means));
    }
    all
}

fn of_networks(means: &NetworkMeans) -> [(&'static str, [String; 4]); 6] {
    [
        ("networks_auc", figure_cells(&means.auc)),
        ("networks_sensitivity", figure_cells(&means.sensitivity)),
        ("networks_specificity", figure_cells(&means.specificity)),
        ("networks_ppv", figure_cells(&means.ppv)),
        ("networks_npv", figure_cells(&means.npv)),
        ("networks_youden", figure_cells(&means.youden)),
    ]
}

/// Points of ROC curves.
pub(super) fn roc(evaluation: &Evaluation) -> Rows {
    let header = &["set", "measurement", "task", "false_positive_rate", "sensitivity"];
    let mut rows = Rows::new("roc.csv", header);
    for (set, measurement, task, figures) in each_task(evaluation) {
        for point in &figures.roc {
            let mut row = names(set, measurement, task);
            row.extend([point.false_positive_rate.to_string(), point.sensitivity.to_string()]);
            rows.push(row);
        }
    }
    rows
}

/// Bins of reliability curves.
pub(super) fn reliability(evaluation: &Evaluation) -> Rows {
    let header = &[
        "set",
        "measurement",
        "task",
        "from",
        "pairs",
        "mean_probability",
        "share_positive",
        "low",
        "high",
    ];
    let mut rows = Rows::new("reliability.csv", header);
    for (set, measurement, task, figures) in each_task(evaluation) {
        for bin in figures.calibration.iter().flat_map(|of| &of.reliability) {
            let mut row = names(set, measurement, task);
            row.extend([bin.from.to_string(), bin.n.to_string()]);
            row.extend(
                [bin.mean_probability, bin.share_positive, bin.interval.low, bin.interval.high]
                    .map(|value| value.to_string()),
            );
            rows.push(row);
        }
    }
    rows
}

/// Points of decision curves.
pub(super) fn decision_curves(evaluation: &Evaluation) -> Rows {
    let header = &["set", "measurement", "task", "threshold", "model", "everyone", "nobody"];
    let mut rows = Rows::new("decision_curves.csv", header);
    for (set, measurement, task, figures) in each_task(evaluation) {
        for at in &figures.decision_curve {
            let mut row = names(set, measurement, task);
            row.extend([at.threshold, at.model, at.all, at.none].map(|value| value.to_string()));
            rows.push(row);
        }
    }
    rows
}
