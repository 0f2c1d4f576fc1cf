//! From probabilities of networks to the grades of a pair, and their files.

mod table;

use std::collections::BTreeMap;

use crate::network::NetworkId;
use crate::{Grade, Origin, Problem, Protocol, ecoc, multitude, threshold};

pub use table::{parse_probabilities, parse_scores, probabilities_csv, scores_csv};

/// What one network says about one pair.
#[derive(Debug, Clone, PartialEq)]
pub struct Probability {
    /// The network.
    pub network: NetworkId,
    /// Probability that the grade is greater than the task's cut-off, 0 to 1.
    pub probability: f64,
    /// The probability from which the network's bit is 1.
    pub threshold: f64,
}

impl Probability {
    /// The network's bit, decided on the probability rounded to 1e-4.
    #[must_use]
    pub fn bit(&self) -> bool {
        threshold::bit(self.probability, self.threshold)
    }
}

/// How the votes of the scoring models become grades.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Method {
    /// The valid combination with the largest weight (the paper's).
    #[default]
    Multitude,
    /// The commonest vote of each measurement by itself.
    Majority,
}

/// The grades of one pair, with what led to them. Lists run over the
/// protocol's measurements.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The grades. On a conflict those of the paper's rule, which no one
    /// should be shown as an answer.
    pub grades: Vec<Grade>,
    /// Derived from the grades; `None` where the protocol has no combined grade.
    pub combined: Option<Grade>,
    /// Product over measurements of the models that voted for the grade.
    pub weight: u128,
    /// Whether no combination that medicine allows has a vote in every measurement.
    pub conflict: bool,
    /// The vote of each scoring model, in the order of folds.
    pub votes: Vec<Vec<Grade>>,
    /// Mean probability of each task over folds and seeds; empty when only
    /// votes were given.
    pub mean_probabilities: Vec<Vec<f64>>,
}

/// A pair's row in `scores.csv`.
#[derive(Debug, Clone, PartialEq)]
pub struct PairScore {
    /// The pair.
    pub pair_id: String,
    /// Its grades.
    pub decision: Decision,
    /// Share of coloured pixels in the ROI box of the Doppler image, 0 to 1; a
    /// quality figure, never a grade. `None` without a Doppler image.
    pub coloured_share: Option<f64>,
    /// How many networks were asked.
    pub networks_used: usize,
    /// The most doubtful origin of images and weights.
    pub origin: Origin,
    /// Hash of the bundle, empty when the grades came from elsewhere.
    pub bundle: String,
}

/// Grades from the probabilities of all networks of a pair (method, section 5).
///
/// # Errors
/// A network of another protocol, twice, or missing: every measurement needs
/// each of its tasks from each fold, with the same seeds.
pub fn decide(
    protocol: &Protocol,
    probabilities: &[Probability],
    method: Method,
) -> Result<Decision, Problem> {
    let mut bits = Networks::default();
    for probability in probabilities {
        bits.add(protocol, probability)?;
    }
    let mut votes = Vec::new();
    let mut means = Vec::new();
    for (position, measurement) in protocol.measurements().iter().enumerate() {
        let mut measurement_votes = Vec::new();
        let mut sums = vec![0.0; usize::from(measurement.tasks())];
        for &fold in &bits.folds() {
            let mut tasks = Vec::new();
            for above in 0..measurement.tasks() {
                let answers = bits.answers(position, above, fold).ok_or_else(|| {
                    Problem::new(format!(
                        "no network {}.gt{above}.fold{fold}, or fewer seeds than others have",
                        measurement.short
                    ))
                })?;
                sums[usize::from(above)] +=
                    answers.iter().map(|answer| answer.probability).sum::<f64>();
                tasks.push(answers.iter().map(|answer| answer.bit()).collect());
            }
            measurement_votes.push(ecoc::decode(&tasks).grade);
        }
        let networks_of_task = (bits.folds().len() * bits.seeds().len()) as f64;
        means.push(sums.iter().map(|sum| sum / networks_of_task).collect());
        votes.push(measurement_votes);
    }
    let mut decision = decide_votes(protocol, votes, method)?;
    decision.mean_probabilities = means;
    Ok(decision)
}

/// Grades from the votes of the scoring models, `votes[measurement][model]`.
///
/// # Errors
/// Votes out of range, or not the same number of models for each measurement.
pub fn decide_votes(
    protocol: &Protocol,
    votes: Vec<Vec<Grade>>,
    method: Method,
) -> Result<Decision, Problem> {
    let decided = match method {
        Method::Multitude => multitude::multitude(protocol, &votes)?,
        Method::Majority => multitude::majority(protocol, &votes)?,
    };
    Ok(Decision {
        combined: protocol.combined(&decided.grades),
        grades: decided.grades,
        weight: decided.weight,
        conflict: decided.conflict,
        votes,
        mean_probabilities: Vec::new(),
    })
}

/// The networks of one pair, by measurement, task, fold and seed.
#[derive(Default)]
struct Networks<'a>(BTreeMap<(usize, Grade, u8, u8), &'a Probability>);

impl<'a> Networks<'a> {
    fn add(&mut self, protocol: &Protocol, probability: &'a Probability) -> Result<(), Problem> {
        let id = &probability.network;
        let problem = |what: &str| Problem::new(format!("network {id} {what}"));
        let measurement = protocol
            .measurements()
            .iter()
            .position(|measurement| measurement.short == id.measurement)
            .filter(|&position| id.above < protocol.measurements()[position].tasks())
            .ok_or_else(|| problem(&format!("is not of protocol {}", protocol.name())))?;
        if !(0.0..=1.0).contains(&probability.probability) {
            return Err(problem(&format!(
                "answers {}, not a probability",
                probability.probability
            )));
        }
        if probability.threshold.is_nan() {
            return Err(problem("has no threshold"));
        }
        let key = (measurement, id.above, id.fold, id.seed);
        match self.0.insert(key, probability) {
            None => Ok(()),
            Some(_) => Err(problem("answers twice")),
        }
    }

    fn folds(&self) -> Vec<u8> {
        let mut folds: Vec<u8> = self.0.keys().map(|key| key.2).collect();
        folds.sort_unstable();
        folds.dedup();
        folds
    }

    fn seeds(&self) -> Vec<u8> {
        let mut seeds: Vec<u8> = self.0.keys().map(|key| key.3).collect();
        seeds.sort_unstable();
        seeds.dedup();
        seeds
    }

    /// The answers of all seeds, `None` when one is missing.
    fn answers(&self, measurement: usize, above: Grade, fold: u8) -> Option<Vec<&'a Probability>> {
        let answer = |seed| self.0.get(&(measurement, above, fold, seed)).copied();
        self.seeds().into_iter().map(answer).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All 60 networks, each as sure as a pair of these grades deserves.
    pub(super) fn networks(grades: [Grade; 2]) -> Vec<Probability> {
        let mut all = Vec::new();
        for (measurement, grade) in ["sh", "vascularity"].into_iter().zip(grades) {
            for above in 0..3 {
                for (fold, seed) in (1..=5).flat_map(|fold| [(fold, 1), (fold, 2)]) {
                    let network = NetworkId { measurement: measurement.into(), above, fold, seed };
                    let probability = if grade > above { 0.9 } else { 0.2 };
                    all.push(Probability { network, probability, threshold: 0.5 });
                }
            }
        }
        all
    }

    #[test]
    fn sure_networks_give_their_grades() {
        let decision = decide(&Protocol::eoss(), &networks([2, 3]), Method::Multitude).unwrap();
        assert_eq!(decision.grades, [2, 3]);
        assert_eq!(decision.combined, Some(3));
        assert_eq!((decision.weight, decision.conflict), (25, false));
        assert_eq!(decision.votes[0], [2; 5]);
        assert!((decision.mean_probabilities[0][1] - 0.9).abs() < 1e-12);
    }

    #[test]
    fn models_that_contradict_medicine_are_a_conflict() {
        let decision = decide(&Protocol::eoss(), &networks([0, 2]), Method::Multitude).unwrap();
        assert_eq!(decision.grades, [0, 0]);
        assert_eq!((decision.weight, decision.conflict), (0, true));
    }

    #[test]
    fn a_missing_doubled_or_foreign_network_is_refused() {
        let eoss = Protocol::eoss();
        let all = networks([1, 1]);
        assert!(decide(&eoss, &all[1..], Method::Multitude).is_err());
        let doubled = [all.clone(), vec![all[0].clone()]].concat();
        assert!(decide(&eoss, &doubled, Method::Multitude).is_err());
        let mut foreign = all.clone();
        foreign[0].network.measurement = "t".into();
        assert!(decide(&eoss, &foreign, Method::Multitude).is_err());
        let mut nan = all;
        nan[0].probability = f64::NAN;
        assert!(decide(&eoss, &nan, Method::Multitude).is_err());
    }
}
