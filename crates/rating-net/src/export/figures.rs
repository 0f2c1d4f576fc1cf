//! Thresholds and validation figures of finished networks.

use std::collections::BTreeMap;

use rating::Grade;
use rating::stats::Scored;
use rating::threshold::{self, Rule};
use rating_frozen::bundle::Validation;

use crate::export::Network;
use crate::training::finished::{Finished, Judged};

/// The threshold of each network, in their order (method, section 5).
pub fn thresholds(networks: &[Network], rule: Rule) -> Vec<f64> {
    let youden = |judged: &mut dyn Iterator<Item = &Judged>| {
        let (truth, probabilities): (Vec<bool>, Vec<f64>) =
            judged.map(|judged| (judged.truth, judged.probability)).unzip();
        threshold::youden(&truth, &probabilities)
    };
    match rule {
        Rule::Half => vec![0.5; networks.len()],
        Rule::Youden => {
            networks.iter().map(|network| youden(&mut network.finished.validation.iter())).collect()
        }
        Rule::Pooled => {
            let task = |network: &Network| (network.id.measurement.clone(), network.id.above);
            let mut pooled: BTreeMap<(String, Grade), f64> = BTreeMap::new();
            for key in networks.iter().map(task) {
                pooled.entry(key).or_insert_with_key(|key| {
                    let of_task = networks.iter().filter(|network| &task(network) == key);
                    youden(&mut of_task.flat_map(|network| &network.finished.validation))
                });
            }
            networks.iter().map(|network| pooled[&task(network)]).collect()
        }
    }
}

/// How a network did on its validation fold.
pub fn figures(finished: &Finished, threshold: f64) -> Validation {
    let judged = &finished.validation;
    let truth: Vec<bool> = judged.iter().map(|judged| judged.truth).collect();
    let probabilities: Vec<f64> = judged.iter().map(|judged| judged.probability).collect();
    let share = |total: f64| (!judged.is_empty()).then(|| total / judged.len() as f64);
    // A rounded probability can be 0; half the last digit stands for it.
    let surprise = |judged: &Judged| {
        let right = if judged.truth { judged.probability } else { 1.0 - judged.probability };
        -right.max(5e-5).ln()
    };
    let right = |judged: &&Judged| threshold::bit(judged.probability, threshold) == judged.truth;
    Validation {
        pairs: judged.len(),
        positives: truth.iter().filter(|&&truth| truth).count(),
        auc: Scored::new(&truth, &probabilities).ok().and_then(|scored| scored.auc().ok()),
        loss: share(judged.iter().map(surprise).sum()),
        accuracy: share(judged.iter().filter(right).count() as f64),
        epoch: Some(finished.epoch as usize),
    }
}
