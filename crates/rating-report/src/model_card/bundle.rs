//! What the bundle says of itself.

use rating::Protocol;
use rating::preprocess::MaskOrder;
use rating::words::counted;

use super::{Model, ValidationLine};
use crate::figure::Unit;
use crate::markdown::{plain, table, to_fill_in};
use crate::spoken;

pub(super) fn model(model: &Model<'_>) -> String {
    format!(
        "- name: {}\n- bundle, BLAKE3: `{}`\n- trained by: `rating` {}\n- weights learned from: {} data\n\
         - {}: {}, {}\n{}- weights, thresholds and hashes: `bundle.json` and the files it names\n{}",
        plain(model.name),
        model.hash,
        plain(model.version),
        model.origin,
        counted(model.networks, "network", "networks"),
        counted(model.folds, "fold", "folds"),
        counted(model.seeds, "seed", "seeds"),
        model.shapes.iter().map(|shape| format!("- {}\n", plain(shape))).collect::<String>(),
        to_fill_in(&["Who made it, whom to ask", "Licence, where to get it"]),
    )
}

pub(super) fn input(protocol: &Protocol, model: &Model<'_>) -> String {
    let names: Vec<String> =
        protocol.modalities().iter().map(|modality| plain(&spoken(&modality.name))).collect();
    let mask = &model.preprocess.mask;
    let order = match mask.order {
        MaskOrder::BeforeResize => "in the stored image",
        MaskOrder::AfterResize => "in the resized crop",
    };
    format!(
        "One image each of: {}. Of each the rectangle a person drew (ROI), resized to {} x {} pixels; nothing else about \
         the patient.\n\nDoppler signal is found by its saturation {order}, where the brightest channel is at least {}, \
         and painted {:?}.\n",
        names.join(", "),
        model.preprocess.input_px,
        model.preprocess.input_px,
        mask.floor,
        mask.paint,
    )
}

pub(super) fn decision(model: &Model<'_>) -> String {
    format!(
        "Each network answers one question: is the grade greater than a cut-off? Its probability, rounded to 1e-4, becomes \
         a bit at its threshold ({}). The bits of a scoring model, {} for each cut-off, are decoded to the nearest \
         thermometer code word, ties to the smaller grade: a vote. The {} votes of all measurements are decided together: \
         the combination with the largest product of votes wins, ties to the first. A combination that the protocol excludes cannot win; where all votes \
         together leave none, the pair is a conflict and a person is shown no grade.\n",
        model.thresholds, model.seeds, model.folds,
    )
}

pub(super) fn training(model: &Model<'_>) -> String {
    let starts: String = model.starts.iter().map(|start| format!("- {}\n", plain(start))).collect();
    // Indented, not fenced: no line of it can end the block.
    let config: String = model.config.lines().map(|line| format!("    {line}\n")).collect();
    format!(
        "Cross-validation by patient, {}; a scoring model for each. In each epoch the smaller class of a task is \
         drawn up to the larger one. All chance comes from study seed {}.\n\n\
         Training data, BLAKE3 of the manifest's rows: `{}`.\n\nWhat the parts started from:\n\n{starts}\n\
         The resolved configuration:\n\n{config}",
        counted(model.folds, "fold", "folds"),
        model.study_seed,
        model.trained_on,
    )
}

pub(super) fn validation(model: &Model<'_>) -> String {
    let row = |line: &ValidationLine| {
        vec![
            format!("{} > {}", spoken(&line.measurement), line.above),
            line.auc.map_or_else(|| "-".to_owned(), |auc| Unit::Plain.value(auc)),
            format!("{} of {}", line.with_auc, line.networks),
        ]
    };
    let rows: Vec<Vec<String>> = model.validation.iter().map(row).collect();
    format!(
        "Optimistic: the same fold chose epoch and threshold.\n\n{}",
        table(&["task", "mean AUC", "networks"], &rows)
    )
}
