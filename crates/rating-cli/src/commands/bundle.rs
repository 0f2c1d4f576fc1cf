//! `rating bundle`: what a bundle holds, and whether it is whole.

use rating::stats::interval::mean;
use rating::words::{counted, word};
use rating_frozen::bundle::{BundleInfo, FILE_NAME};

use crate::args::{BundleAction, BundleArgs};
use crate::commands::pairs::open_bundle;
use crate::failure::Failure;
use crate::{commands, files};

pub fn run(args: &BundleArgs) -> Result<(), Failure> {
    match &args.action {
        BundleAction::Show { bundle, json } => {
            let opened = open_bundle(bundle)?;
            if *json {
                return commands::print(&files::read_text(&bundle.join(FILE_NAME))?);
            }
            commands::print(&words(opened.info(), &opened.identity().bundle))
        }
        BundleAction::Verify { bundle } => {
            let opened = open_bundle(bundle)?;
            opened.verify()?;
            let networks = opened.info().networks.len();
            commands::print(&format!(
                "{} {} whole; bundle {}\n",
                counted(networks, "network", "networks"),
                word(networks, "is", "are"),
                opened.identity().bundle
            ))
        }
    }
}

fn words(info: &BundleInfo, hash: &str) -> String {
    let mut text = format!(
        "bundle {hash}\nname {}, protocol {} ({})\norigin: {}; research use only, not for diagnosis\n\
         {}: {}, {}; input {} px; thresholds: {:?}\n\
         validation figures (optimistic: the same fold chose epoch and threshold)\n",
        info.name,
        info.protocol.name(),
        info.protocol.title(),
        info.origin,
        counted(info.networks.len(), "network", "networks"),
        counted(info.folds, "fold", "folds"),
        counted(info.seeds, "seed", "seeds"),
        info.preprocess.input_px,
        info.threshold_rule,
    );
    for measurement in info.protocol.measurements() {
        for above in 0..measurement.tasks() {
            let networks = || {
                info.networks.iter().filter(|network| {
                    network.id.measurement == measurement.short && network.id.above == above
                })
            };
            let aucs: Vec<f64> = networks().filter_map(|network| network.validation.auc).collect();
            let auc = mean(&aucs).map_or_else(|_| "-".to_owned(), |auc| format!("{auc:.3}"));
            text += &format!(
                "  {:22} > {above}: mean AUC {auc} over {} of {}\n",
                measurement.name.replace('_', " "),
                aucs.len(),
                counted(networks().count(), "network", "networks")
            );
        }
    }
    text
}
