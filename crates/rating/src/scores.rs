//! From probabilities of networks to the grades of a pair, and their files.

mod compact;
mod lazy;
mod networks;
mod table;

use networks::Networks;

use crate::network::NetworkId;
use crate::{Grade, Origin, Problem, Protocol, ecoc, multitude, threshold};

pub use compact::{Score, ScoreTable};
pub use lazy::{decide_early, is_decided};
pub use table::{
    parse_probabilities, parse_scores, parse_some_scores, probabilities_csv, scores_csv,
};

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
    /// Product over measurements of the models that voted for the grade; `None`
    /// where networks that were not asked could change it.
    pub weight: Option<u128>,
    /// Whether no combination that medicine allows has a vote in every measurement.
    pub conflict: bool,
    /// The vote of each scoring model, in the order of folds; `None` where
    /// networks that were not asked could change it.
    pub votes: Vec<Vec<Option<Grade>>>,
    /// Mean probability of each task over folds and seeds; `None` where some of
    /// its networks were not asked, or only votes were given.
    pub mean_probabilities: Vec<Vec<Option<f64>>>,
}

impl Decision {
    /// The vote of every scoring model, `None` when one is not known.
    #[must_use]
    pub fn all_votes(&self) -> Option<Vec<Vec<Grade>>> {
        self.votes.iter().map(|votes| votes.iter().copied().collect()).collect()
    }
}

/// The votes on one measurement as a word: a digit for each scoring model, `-`
/// where the vote is not known, such as `1-121`.
#[must_use]
pub fn votes_word(votes: &[Option<Grade>]) -> String {
    votes.iter().map(|vote| vote.map_or_else(|| "-".to_owned(), |vote| vote.to_string())).collect()
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
    let (folds, seeds) = (bits.folds(), bits.seeds());
    let mut votes = Vec::new();
    for (position, measurement) in protocol.measurements().iter().enumerate() {
        let mut measurement_votes = Vec::new();
        for &fold in &folds {
            let mut tasks = Vec::new();
            for above in 0..measurement.tasks() {
                let answers = bits.answers(position, above, fold, &seeds).ok_or_else(|| {
                    Problem::new(format!(
                        "no network {}.gt{above}.fold{fold}, or fewer seeds than others have",
                        measurement.short
                    ))
                })?;
                tasks.push(answers.iter().map(|answer| answer.bit()).collect());
            }
            measurement_votes.push(ecoc::decode(&tasks).grade);
        }
        votes.push(measurement_votes);
    }
    let mut decision = decide_votes(protocol, votes, method)?;
    decision.mean_probabilities = bits.means(protocol, &folds, &seeds);
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
    let tasks = protocol.measurements().iter().map(|measurement| measurement.tasks());
    Ok(Decision {
        combined: protocol.combined(&decided.grades),
        grades: decided.grades,
        weight: Some(decided.weight),
        conflict: decided.conflict,
        votes: votes.into_iter().map(|votes| votes.into_iter().map(Some).collect()).collect(),
        mean_probabilities: tasks.map(|tasks| vec![None; usize::from(tasks)]).collect(),
    })
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
        assert_eq!((decision.weight, decision.conflict), (Some(25), false));
        assert_eq!(decision.votes[0], [Some(2); 5]);
        assert!((decision.mean_probabilities[0][1].unwrap() - 0.9).abs() < 1e-12);
    }

    #[test]
    fn models_that_contradict_medicine_are_a_conflict() {
        let decision = decide(&Protocol::eoss(), &networks([0, 2]), Method::Multitude).unwrap();
        assert_eq!(decision.grades, [0, 0]);
        assert_eq!((decision.weight, decision.conflict), (Some(0), true));
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
