//! What protocol and evaluation say.

use std::fmt::Write;

use rating::evaluate::{Evaluation, GradeFigures};
use rating::protocol::Measurement;
use rating::{Origin, Protocol, heatmap};

use super::ModelCard;
use crate::figure::Unit;
use crate::label::Label;
use crate::markdown::{plain, table, to_fill_in};
use crate::{combined_last, spoken, training};

pub(super) fn intended_use(protocol: &Protocol) -> String {
    format!(
        "For research on grading by the protocol \"{}\": to measure agreement with readers, to study assistance, to \
         train on one's own data.\n\n\
         Not for diagnosis, treatment or triage. Not for other joints, views, diseases or machines than those it was \
         tested on. Not without a person who can grade such images and who looks at them.\n\n{}",
        plain(protocol.title()),
        to_fill_in(&[
            "Clinical question",
            "Who will use it, where",
            "What is known of other systems"
        ])
    )
}

pub(super) fn grades(protocol: &Protocol) -> String {
    let mut text = String::new();
    for measurement in protocol.measurements() {
        let _ =
            writeln!(text, "{}, from {}:\n", capital(&measurement.name), modalities(measurement));
        for (grade, sentence) in measurement.sentences.iter().enumerate() {
            let _ = writeln!(text, "- {grade}: {}", plain(sentence));
        }
        text.push('\n');
    }
    if protocol.combined_grades().is_some() {
        text += "The combined grade is the highest of these; it is derived, never given.\n";
    }
    text
}

fn modalities(measurement: &Measurement) -> String {
    let names: Vec<String> =
        measurement.modalities.iter().map(|name| plain(&spoken(name))).collect();
    names.join(" and ")
}

fn capital(name: &str) -> String {
    let words = spoken(name);
    let mut letters = words.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    plain(&(first + letters.as_str()))
}

pub(super) fn figures(evaluation: &Evaluation) -> String {
    let mut rows = Vec::new();
    for (name, cohort) in training::tests_first(&evaluation.cohorts) {
        let name = training::named(name, cohort.role);
        for (measurement, figures) in combined_last(&cohort.measurements) {
            rows.push(figure_row(&name, measurement, figures));
        }
    }
    let head =
        ["cohort", "measurement", "pairs", "exact agreement", "within one grade", "linear kappa"];
    let is_learned = evaluation.cohorts.values().any(|cohort| cohort.role.is_training());
    let learned = match is_learned {
        true => format!("Learned from: {}\n\n", training::OPTIMISTIC),
        false => String::new(),
    };
    format!(
        "{learned}{}Figures with 95 % intervals where patients are known ({} bootstrap samples of patients); all others, and how to \
         read them, are in `evaluation.html`.\n\n{}",
        Label::new(evaluation.origin).sentence_with_stop(),
        evaluation.bootstrap_samples,
        table(&head, &rows)
    )
}

fn figure_row(cohort: &str, measurement: &str, figures: &GradeFigures) -> Vec<String> {
    let words = |unit: Unit, value: Option<f64>, key: &str| {
        let Some(value) = value else { return "-".to_owned() };
        let interval = figures.intervals.get(key).copied().flatten();
        let interval = interval.map(|interval| format!(" {}", unit.interval(interval)));
        unit.value(value) + &interval.unwrap_or_default()
    };
    vec![
        cohort.to_owned(),
        spoken(measurement),
        figures.n.to_string(),
        words(Unit::Percent, figures.accuracy, "accuracy"),
        words(Unit::Percent, figures.close_agreement, "close_agreement"),
        words(Unit::Plain, figures.kappa_linear, "kappa_linear"),
    ]
}

pub(super) fn heatmaps(protocol: &Protocol) -> String {
    match heatmap::caption(protocol) {
        None => "The protocol names no decision to explain.\n".to_owned(),
        Some(caption) => format!(
            "{} Integrated gradients, mean over noisy copies. Whether maps add up, repeat, depend on what was learned and \
             find what matters: `rating explain --audit`.\n\n{}",
            plain(&caption),
            to_fill_in(&["Result of the audit"])
        ),
    }
}

pub(super) fn limits(card: &ModelCard<'_>) -> String {
    let mut limits = vec![
        "Graded are the ROIs a person drew; how grades change with the rectangle is not part of this evaluation.",
        "Images that cannot be graded (artefacts, wrong section, no bone surface) are not recognised: leave them out.",
        "Figures hold for the machines, settings, patients and readers of the test cohorts.",
        "The reference is human judgement; agreement with it is not truth.",
        "A grade can be wrong with every vote behind it.",
    ];
    if card.evaluation.origin != Origin::Clinical {
        limits.insert(0, "Simulated or canned data: no figure here says anything about patients.");
    }
    let list: String = limits.iter().map(|limit| format!("- {limit}\n")).collect();
    list + &to_fill_in(&[
        "Groups of patients with few or no cases",
        "Known failures",
        "When it must be tested again",
    ])
}
