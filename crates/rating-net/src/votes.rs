//! Votes of finished networks that answer other questions than a bundle's
//! (method, section 7: no ECOC, Andersen et al., Christensen et al.).

use image::RgbImage;
use rating::Grade;
use rating::network::{Question, Target};
use rating::preprocess::normalise;
use rating_frozen::network::{Network, Purpose, Workspace, probabilities};
use rayon::prelude::*;

use crate::TrainError;
use crate::job::Job;
use crate::plan;
use crate::training::answer;

/// Pairs that pass a network together.
const TOGETHER: usize = 16;

/// The vote of each fold's model on each measurement of each pair,
/// `votes[pair][measurement][fold - 1]`, from finished trainings. A pair is its
/// network inputs, one picture for each modality of the protocol.
///
/// # Errors
/// Trainings that are not finished; networks of a bundle, whose votes are the
/// bundle's business.
pub fn votes(job: &Job, pairs: &[&[RgbImage]]) -> Result<Vec<Vec<Vec<Grade>>>, TrainError> {
    let mut votes = vec![Vec::new(); pairs.len()];
    for measurement in job.protocol().measurements() {
        let mut of_folds = Vec::new();
        for fold in 1..=job.config().folds {
            let mut asked = Vec::new();
            for question in job.config().questions.of(measurement.grades) {
                let measurement = measurement.short.clone();
                let target = Target { measurement, question, fold, seed: 1 };
                asked.push((question, answers(job, target, pairs)?));
            }
            of_folds.push(grades(&asked, pairs.len())?);
        }
        for (pair, votes) in votes.iter_mut().enumerate() {
            votes.push(of_folds.iter().map(|grades| grades[pair]).collect());
        }
    }
    Ok(votes)
}

/// What a finished network says about each pair: a probability for each class.
fn answers(job: &Job, target: Target, pairs: &[&[RgbImage]]) -> Result<Vec<Vec<f64>>, TrainError> {
    let bug = || TrainError::Bug("a network of another plan was asked".to_owned());
    let id = plan::deciding_training(job.protocol(), target).ok_or_else(bug)?;
    let px = job.config().preprocess.input_px as usize;
    let purpose = Purpose { at_once: TOGETHER, ..Purpose::one_by_one(px) };
    let weights = job.finished_weights(&id)?;
    let (network, modalities) = answer::network(job, &id, &weights, purpose)?;
    let together = |pairs: &[&[RgbImage]]| ask(&network, &modalities, pairs, px);
    let answers: Result<Vec<Vec<Vec<f64>>>, TrainError> =
        pairs.par_chunks(TOGETHER).map(together).collect();
    Ok(answers?.concat())
}

fn ask(
    network: &Network,
    modalities: &[usize],
    pairs: &[&[RgbImage]],
    px: usize,
) -> Result<Vec<Vec<f64>>, TrainError> {
    let shown = |picture: &RgbImage| {
        let mut values = vec![0.0; picture.as_raw().len()];
        normalise(picture, &mut values);
        values
    };
    let images: Vec<Vec<Vec<f32>>> = modalities
        .iter()
        .map(|&modality| pairs.iter().map(|pictures| shown(&pictures[modality])).collect())
        .collect();
    let images: Vec<Vec<&[f32]>> =
        images.iter().map(|images| images.iter().map(Vec::as_slice).collect()).collect();
    let images: Vec<&[&[f32]]> = images.iter().map(Vec::as_slice).collect();
    let logits = network.logits_of_pairs(&images, px, &mut Workspace::default())?;
    Ok(logits.chunks_exact(network.classes()).map(probabilities).collect())
}

/// Grades of a fold's model from the answers to its questions,
/// `asked[question].1[pair][class]`.
fn grades(asked: &[(Question, Vec<Vec<f64>>)], pairs: usize) -> Result<Vec<Grade>, TrainError> {
    match asked {
        [(Question::Grade, answers)] => {
            Ok(answers.iter().map(|answer| likeliest(answer)).collect())
        }
        cascade if cascade.iter().all(|(question, _)| matches!(question, Question::Next(_))) => {
            Ok((0..pairs).map(|pair| climbed(cascade, pair)).collect())
        }
        _ => Err(TrainError::Bug("votes of a bundle's networks were asked of a study".to_owned())),
    }
}

/// The class of highest probability, ties to the smaller.
fn likeliest(answer: &[f64]) -> Grade {
    let best = (0..answer.len()).rev().max_by(|&a, &b| answer[a].total_cmp(&answer[b]));
    best.unwrap_or(0) as Grade
}

/// The grade at which a cascade first says that there is no more, at 0.5.
fn climbed(cascade: &[(Question, Vec<Vec<f64>>)], pair: usize) -> Grade {
    let steps = cascade.iter().take_while(|(_, answers)| answers[pair][1] > 0.5);
    steps.count() as Grade
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likeliest_grade_and_ties_to_the_smaller() {
        assert_eq!(likeliest(&[0.1, 0.4, 0.4, 0.1]), 1);
        assert_eq!(likeliest(&[0.1, 0.2, 0.3, 0.4]), 3);
    }

    #[test]
    fn a_cascade_stops_at_its_first_no() {
        let step = |least, p: f64| (Question::Next(least), vec![vec![1.0 - p, p]]);
        let grade =
            |p: [f64; 3]| grades(&[step(0, p[0]), step(1, p[1]), step(2, p[2])], 1).unwrap()[0];
        assert_eq!(grade([0.4, 0.9, 0.9]), 0);
        assert_eq!(grade([0.6, 0.5, 0.9]), 1);
        assert_eq!(grade([0.6, 0.9, 0.1]), 2);
        assert_eq!(grade([0.6, 0.9, 0.8]), 3);
    }
}
