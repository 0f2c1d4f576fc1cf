//! Whether a `bundle.json` holds together.

use rating::words::counted;
use rating::{Problem, Protocol};

use super::info::{BundleInfo, FORMAT, NetworkInfo, SCHEMA, code_words, file_name, needed};

/// Checks the schema by itself first, so that a bundle of a later version is
/// called that and not damaged.
pub(super) fn schema(bytes: &[u8]) -> Result<(), Problem> {
    #[derive(serde::Deserialize)]
    struct Schema {
        schema: String,
    }
    match serde_json::from_slice(bytes) {
        Ok(Schema { schema }) if schema != SCHEMA => {
            Err(Problem::new(format!("schema {schema:?}; this version reads {SCHEMA:?}"))
                .hint("score with the version that wrote it, or train again"))
        }
        // What is not even JSON is for the seal to complain about.
        _ => Ok(()),
    }
}

/// Checks everything that does not need the network files.
pub(super) fn info(info: &BundleInfo) -> Result<(), Problem> {
    let format = info.versions.format;
    if info.schema != SCHEMA || format != FORMAT {
        return Err(Problem::new(format!("schema {:?}, format {format}", info.schema)));
    }
    if !info.research_use_only {
        return Err(Problem::new("research_use_only is not true"));
    }
    if info.folds == 0 || info.seeds == 0 {
        return Err(Problem::new("a bundle has at least one fold and one seed"));
    }
    info.preprocess.check()?;
    if info.code_words != code_words(&info.protocol) {
        return Err(Problem::new("code words are not those of the protocol"));
    }
    complete(info)?;
    info.networks.iter().try_for_each(|info_of| network(info_of, &info.protocol))
}

/// Every network exactly once, in order, and no other.
fn complete(info: &BundleInfo) -> Result<(), Problem> {
    // Counted first: a small file may ask for millions. Where fewer are missing,
    // the first of them is named.
    let tasks: usize = info
        .protocol
        .measurements()
        .iter()
        .map(|measurement| usize::from(measurement.tasks()))
        .sum();
    let count = tasks * usize::from(info.folds) * usize::from(info.seeds);
    if info.networks.len() < count / 2 {
        let found = info.networks.len();
        let found = counted(found, "network", "networks");
        return Err(Problem::new(format!("{found}, {count} are needed")));
    }
    let needed = needed(&info.protocol, info.folds, info.seeds);
    for (position, id) in needed.iter().enumerate() {
        match info.networks.get(position) {
            Some(network) if &network.id == id => {}
            Some(network) => {
                let found = &network.id;
                return Err(Problem::new(format!("network {id} is missing, {found} in its place")));
            }
            None => return Err(Problem::new(format!("network {id} is missing"))),
        }
    }
    match info.networks.get(needed.len()) {
        Some(network) => Err(Problem::new(format!("network {} is one too many", network.id))),
        None => Ok(()),
    }
}

fn network(info: &NetworkInfo, protocol: &Protocol) -> Result<(), Problem> {
    let id = &info.id;
    let problem = |what: String| Err(Problem::new(format!("network {id}: {what}")));
    if !info.threshold.is_finite() {
        return problem("its threshold is not a number".to_owned());
    }
    if info.file != file_name(id) {
        return problem(format!("its file is called {:?}", info.file));
    }
    let known = |name: &&String| protocol.modalities().iter().any(|known| &known.name == *name);
    if let Some(unknown) = info.modalities.iter().find(|name| !known(name)) {
        return problem(format!("the protocol has no modality {unknown:?}"));
    }
    let (seen, listed) = (info.architecture.modalities(), info.modalities.len());
    if seen != listed {
        let listed = counted(listed, "modality is", "modalities are");
        return problem(format!("sees {}, {listed} named", counted(seen, "image", "images")));
    }
    let figures = &info.validation;
    for figure in [figures.auc, figures.loss, figures.accuracy].into_iter().flatten() {
        if !figure.is_finite() {
            return problem("a validation figure is not a number".to_owned());
        }
    }
    Ok(())
}
