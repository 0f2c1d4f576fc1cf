//! What networks answer: while they learn, and once they are finished.

use rating::augment::Augmentation;
use rating::network::TrainingId;
use rating::preprocess::{network_input, normalise};
use rating::stats::Scored;
use rating::threshold;
use rating_frozen::network::{Architecture, Network, Purpose, Workspace, probabilities};
use rating_frozen::weights::Weights;

use crate::TrainError;
use crate::job::Job;
use crate::plan;
use crate::training::finished::Judged;
use crate::training::metrics::Validation;
use crate::training::setup::Setup;

/// Figures of logits `[pairs, classes]` against the right classes; `None`
/// without pairs.
pub fn validation(logits: &[f32], labels: &[usize], classes: usize) -> Option<Validation> {
    if labels.is_empty() {
        return None;
    }
    let pairs = labels.len() as f64;
    let mut loss = 0.0;
    let mut right = 0.0;
    let mut scores = Vec::new();
    for (row, &label) in logits.chunks_exact(classes).zip(labels) {
        let answer = probabilities(row);
        loss -= answer[label].max(f64::MIN_POSITIVE).ln() / pairs;
        // The first of equals, so that a network without an opinion is not right by chance of order.
        let largest = (0..classes).rev().max_by(|&a, &b| answer[a].total_cmp(&answer[b]));
        right += f64::from(u8::from(largest == Some(label)));
        scores.push(answer[classes - 1]);
    }
    let auc = (classes == 2)
        .then(|| {
            let truth: Vec<bool> = labels.iter().map(|&label| label == 1).collect();
            Scored::new(&truth, &scores).ok()?.auc().ok()
        })
        .flatten();
    Some(Validation { loss, auc, accuracy: right / pairs })
}

/// A network of one modality in the engine that scores.
pub fn single(job: &Job, weights: &Weights, purpose: Purpose) -> Result<Network, TrainError> {
    let width = job.config().network.width;
    Ok(Network::new(&Architecture::Single { width }, weights, purpose)?)
}

/// Pairs are judged one by one, as if they were scored one by one.
pub fn one_by_one(job: &Job) -> Purpose {
    Purpose::one_by_one(job.config().preprocess.input_px as usize)
}

/// The network a training ends in, in the engine that scores: for a head,
/// with the extractors below it.
pub fn network(
    job: &Job,
    id: &TrainingId,
    weights: &Weights,
    purpose: Purpose,
) -> Result<(Network, Vec<usize>), TrainError> {
    let bug = || TrainError::Bug(format!("{id} sees no modality of the protocol"));
    let TrainingId::Fusion(target) = id else {
        return Ok((
            single(job, weights, purpose)?,
            vec![plan::modality(job.protocol(), id).ok_or_else(bug)?],
        ));
    };
    let measurement = job.protocol().measurement(&target.measurement).ok_or_else(bug)?;
    let merged = fusion_weights(job, id, weights)?;
    let modalities = job.protocol().modalities_of(measurement);
    let architecture = fusion_architecture(job, modalities.len());
    Ok((Network::new(&architecture, &merged, purpose)?, modalities.to_vec()))
}

/// The shape of a fusion network in a bundle.
pub fn fusion_architecture(job: &Job, modalities: usize) -> Architecture {
    let config = job.config();
    Architecture::Fusion {
        width: config.network.width,
        modalities,
        hidden: config.fusion.hidden,
        relu: config.fusion.relu,
    }
}

/// The weights of a fusion network in a bundle: `backbone1.*`, `backbone2.*`,
/// ... of the extractors in the protocol's order, and the head.
pub fn fusion_weights(job: &Job, id: &TrainingId, head: &Weights) -> Result<Weights, TrainError> {
    let task = job.task(id).ok_or_else(|| TrainError::Bug(format!("{id} is not of this plan")))?;
    let mut merged = head.clone();
    for (index, extractor) in task.needs.iter().enumerate() {
        for (name, array) in job.finished_weights(extractor)? {
            if !name.starts_with("fc.") {
                merged.insert(format!("backbone{}.{name}", index + 1), array);
            }
        }
    }
    Ok(merged)
}

/// What finished weights say about each pair of the validation fold.
pub fn judge(
    job: &Job,
    id: &TrainingId,
    weights: &Weights,
    setup: &Setup<'_>,
) -> Result<Vec<Judged>, TrainError> {
    let (network, modalities) = network(job, id, weights, one_by_one(job))?;
    let preprocess = &job.config().preprocess;
    let px = preprocess.input_px as usize;
    let mut workspace = Workspace::default();
    let mut judged = Vec::new();
    for &pair in &setup.split.validation {
        let example = &job.data().examples()[pair];
        let pictures: Vec<Vec<f32>> = modalities
            .iter()
            .map(|&modality| {
                let picture =
                    network_input(&example.views[modality], &Augmentation::NONE, preprocess);
                let mut input = vec![0.0; picture.as_raw().len()];
                normalise(&picture, &mut input);
                input
            })
            .collect();
        let inputs: Vec<&[f32]> = pictures.iter().map(Vec::as_slice).collect();
        let answer = probabilities(&network.logits(&inputs, px, &mut workspace)?);
        judged.push(Judged {
            pair_id: example.pair_id.clone(),
            truth: setup.labels[pair] == 1,
            probability: threshold::round(answer[1]),
        });
    }
    Ok(judged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_three_pairs_worked_by_hand() {
        // P(1) = 1/2, 3/4 and 1/4.
        let ln3 = 3.0_f32.ln();
        let logits = [0.0, 0.0, 0.0, ln3, ln3, 0.0];
        let figures = validation(&logits, &[0, 1, 1], 2).unwrap();
        assert!((figures.accuracy - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!(figures.auc, Some(0.5));
        let loss = -(0.5_f64.ln() + 0.75_f64.ln() + 0.25_f64.ln()) / 3.0;
        assert!((figures.loss - loss).abs() < 1e-6);
    }

    #[test]
    fn a_fold_of_one_class_has_no_auc() {
        let figures = validation(&[0.0, 1.0], &[1], 2).unwrap();
        assert_eq!(figures.auc, None);
        assert_eq!(validation(&[], &[], 2), None);
    }
}
