//! Decisions before every network has answered.
//!
//! A grade is decided once no answer still missing can change it. What the
//! missing networks could say is followed through both steps of the method
//! (section 5): from missing bits to the votes that a scoring model can still
//! cast, from those to the ballots that the models together can still fill,
//! and from every ballot to its grades by MULTITUDE. The networks of two models
//! or two measurements are never the same, so any vote of one can meet any vote
//! of another.

use std::collections::BTreeSet;

use super::networks::Networks;
use super::{Decision, Probability};
use crate::network::NetworkId;
use crate::{Grade, Problem, Protocol, ecoc, multitude};

/// Combinations of ballots, one for each measurement, that are gone through at
/// most. EOSS with five models has 56 x 56 when nothing is known.
const MOST_COMBINATIONS: usize = 10_000;

/// The votes on one measurement without their owners, in ascending order.
type Ballot = Vec<Grade>;

/// Whether the networks that have not answered can no longer change the grades,
/// the combined grade or whether there is a conflict.
///
/// `networks` are all there are, `answers` those of one pair so far. Answers
/// that cannot be used decide nothing.
#[must_use]
pub fn is_decided(protocol: &Protocol, networks: &[NetworkId], answers: &[Probability]) -> bool {
    matches!(decide_early(protocol, networks, answers), Ok(Some(_)))
}

/// The decision by MULTITUDE that [`decide`](super::decide) would take with the
/// answers of all `networks`, from some of them: `None` while others could
/// change the grades or the conflict, or while too much is open to tell.
///
/// Votes, weight and means that depend on missing answers are `None`. With all
/// answers there is always a decision.
///
/// # Errors
/// A network of another protocol, twice, or not among `networks`.
pub fn decide_early(
    protocol: &Protocol,
    networks: &[NetworkId],
    answers: &[Probability],
) -> Result<Option<Decision>, Problem> {
    let mut known = Networks::default();
    for answer in answers {
        if !networks.contains(&answer.network) {
            return Err(Problem::new(format!("nobody asked network {}", answer.network)));
        }
        known.add(protocol, answer)?;
    }
    let folds: BTreeSet<u8> = networks.iter().map(|network| network.fold).collect();
    let seeds: BTreeSet<u8> = networks.iter().map(|network| network.seed).collect();
    let (folds, seeds): (Vec<u8>, Vec<u8>) =
        (folds.into_iter().collect(), seeds.into_iter().collect());

    let votes: Vec<Vec<Vec<Grade>>> = (0..protocol.measurements().len())
        .map(|measurement| {
            let of_fold = |&fold: &u8| possible_votes(protocol, &known, measurement, fold, &seeds);
            folds.iter().map(of_fold).collect()
        })
        .collect();
    let ballots: Option<Vec<Vec<Ballot>>> =
        votes.iter().map(|votes| possible_ballots(votes)).collect();
    let Some(ballots) = ballots else { return Ok(None) };
    let Some((decided, weight)) = common_decision(protocol, &ballots)? else { return Ok(None) };
    let only = |votes: &Vec<Grade>| match votes[..] {
        [vote] => Some(vote),
        _ => None,
    };
    Ok(Some(Decision {
        combined: protocol.combined(&decided.grades),
        grades: decided.grades,
        weight,
        conflict: decided.conflict,
        votes: votes.iter().map(|votes| votes.iter().map(only).collect()).collect(),
        mean_probabilities: known.means(protocol, &folds, &seeds),
    }))
}

/// The votes that a scoring model can still cast on a measurement.
///
/// A grade is possible when it wins with every missing bit as its own code word
/// has it: that value of a bit takes 1 from the grade's distance and at most 1
/// from another's, so nothing serves the grade better.
fn possible_votes(
    protocol: &Protocol,
    known: &Networks<'_>,
    measurement: usize,
    fold: u8,
    seeds: &[u8],
) -> Vec<Grade> {
    let grades = protocol.measurements()[measurement].grades;
    let favours = |grade: Grade| {
        let bits: Vec<Vec<bool>> = (0..grades - 1)
            .map(|above| {
                let bit = |&seed: &u8| {
                    let answer = known.answer(measurement, above, fold, seed);
                    answer.map_or(grade > above, Probability::bit)
                };
                seeds.iter().map(bit).collect()
            })
            .collect();
        ecoc::decode(&bits).grade == grade
    };
    (0..grades).filter(|&grade| favours(grade)).collect()
}

/// The ballots that the models can fill on one measurement, from the votes that
/// each can cast; `None` when there are too many.
fn possible_ballots(votes: &[Vec<Grade>]) -> Option<Vec<Ballot>> {
    let mut ballots = BTreeSet::from([Ballot::new()]);
    for votes in votes {
        let longer = ballots.iter().flat_map(|ballot| {
            votes.iter().map(|&vote| {
                let mut ballot = ballot.clone();
                ballot.insert(ballot.partition_point(|&other| other < vote), vote);
                ballot
            })
        });
        ballots = longer.collect();
        if ballots.len() > MOST_COMBINATIONS {
            return None;
        }
    }
    Some(ballots.into_iter().collect())
}

/// What MULTITUDE makes of every combination of ballots, with the weight where
/// that is the same too; `None` when grades or conflict differ or there are too
/// many combinations.
fn common_decision(
    protocol: &Protocol,
    ballots: &[Vec<Ballot>],
) -> Result<Option<(multitude::Decision, Option<u128>)>, Problem> {
    let count = |total: usize, ballots: &Vec<Ballot>| total.checked_mul(ballots.len());
    let Some(count) = ballots.iter().try_fold(1, count).filter(|&count| count <= MOST_COMBINATIONS)
    else {
        return Ok(None);
    };
    let mut first: Option<multitude::Decision> = None;
    let mut is_one_weight = true;
    for number in 0..count {
        let decided = multitude::multitude(protocol, &combination(ballots, number))?;
        let first = first.get_or_insert_with(|| decided.clone());
        if (&first.grades, first.conflict) != (&decided.grades, decided.conflict) {
            return Ok(None);
        }
        is_one_weight &= first.weight == decided.weight;
    }
    Ok(first.map(|first| {
        let weight = is_one_weight.then_some(first.weight);
        (first, weight)
    }))
}

/// The combination with this number, the first measurement fastest.
fn combination(ballots: &[Vec<Ballot>], mut number: usize) -> Vec<Ballot> {
    let mut chosen = Vec::new();
    for ballots in ballots {
        chosen.push(ballots[number % ballots.len()].clone());
        number /= ballots.len();
    }
    chosen
}
