//! The binary tasks on the validation folds of a training (paper, Figures S3
//! and S4, Tables S3 and S4).

use rand::Rng;

use super::networks::NetworkAnswers;
use super::task_figures::{Answered, Tasks, gather};
use super::tasks::{Task, tasks_of};
use super::{Study, answers_task};
use crate::Protocol;
use crate::manifest::Reference;
use crate::scores::Probability;
use crate::stats::Resamples;
use crate::stats::interval::mean;

/// A pair of the training data, with the networks that were not trained on it.
struct Held<'a> {
    row: &'a Reference,
    answers: &'a [Probability],
}

/// The figures of each task. A pair's probability is the mean over the networks
/// of its own fold; each network's own figures are those of its own fold. Both
/// are optimistic, because the fold chose its networks' epoch and threshold.
pub(super) fn figures(
    protocol: &Protocol,
    study: &Study<'_>,
    samples: usize,
    rng: &mut (impl Rng + Clone + Sync),
) -> Tasks {
    let by_pair = study.by_pair();
    let held = study.validation.iter().filter_map(|(pair, answers)| {
        let row = by_pair.get(pair.as_str()).copied()?;
        (!row.is_invalid(protocol)).then_some(Held { row, answers })
    });
    let held: Vec<Held<'_>> = held.collect();
    let patients: Option<Vec<&str>> =
        held.iter().map(|held| held.row.patient_id.as_deref()).collect();
    let resamples = patients.map(|patients| Resamples::by_patient(&patients, samples, rng));
    let all = tasks_of(protocol);
    let answered = all.iter().map(|task| answered(task, &held));
    let patients = resamples.as_ref().map(Resamples::patients);
    gather(&all, answered, patients, resamples.as_ref())
}

fn answered(task: &Task<'_>, held: &[Held<'_>]) -> Answered {
    let mut known = Vec::new();
    let mut networks = NetworkAnswers::default();
    for (position, held) in held.iter().enumerate() {
        let Some(grade) = held.row.grades[task.measurement] else { continue };
        let truth = grade > task.above;
        let mut of_pair = Vec::new();
        for answer in held.answers {
            if answers_task(&answer.network, task.short, task.above) {
                networks.add(truth, answer);
                of_pair.push(answer.probability);
            }
        }
        known.extend(mean(&of_pair).ok().map(|mean| (position, truth, mean)));
    }
    let networks = (!known.is_empty()).then(|| networks.means());
    Answered { known, networks, selection: None }
}
