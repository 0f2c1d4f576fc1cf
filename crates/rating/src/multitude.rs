//! From the votes of several models to one combination of grades: MULTITUDE
//! (paper, "MULTITUDE"), and plain majority voting beside it.
//!
//! With t measurements and m models, a combination's weight is the product
//! over the measurements of how many models voted for its grade. MULTITUDE
//! takes the heaviest combination that medicine allows; ties go to the first
//! in lexicographic order. Where every combination is allowed this is majority
//! voting.
//!
//! When no allowed combination has any support (for EOSS: all models see no
//! synovium and all see flow), the votes conflict. The paper's rule then gives
//! the first allowed combination with weight 0; files keep that, and people
//! are told that there is no grade.

mod tally;

use tally::{Tally, combinations, heaviest_ahead, most_voted, tally};

use crate::{Grade, Problem, Protocol};

/// The grades that votes lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// One grade per measurement, in the protocol's order.
    pub grades: Vec<Grade>,
    /// The product over measurements of the votes for its grade.
    pub weight: u128,
    /// Whether the votes contradict the protocol: by MULTITUDE, no allowed
    /// combination has support; by majority, the winner is not allowed.
    pub conflict: bool,
}

/// MULTITUDE under a protocol; `votes[measurement][model]`.
///
/// # Errors
/// Votes that are not one grade in range from each of the same models on each
/// measurement.
pub fn multitude(protocol: &Protocol, votes: &[Vec<Grade>]) -> Result<Decision, Problem> {
    decide(&protocol.values(), |grades| protocol.is_valid(grades), votes)
}

/// Majority voting under a protocol; `votes[measurement][model]`.
///
/// # Errors
/// As [`multitude`].
pub fn majority(protocol: &Protocol, votes: &[Vec<Grade>]) -> Result<Decision, Problem> {
    decide_by_majority(&protocol.values(), |grades| protocol.is_valid(grades), votes)
}

/// MULTITUDE in its general form: `values[measurement]` grades from 0,
/// `is_valid` asked of one grade per measurement, `votes[measurement][model]`.
///
/// # Errors
/// Votes as in [`multitude`]; a measurement with fewer than two values; more
/// than [`MOST_COMBINATIONS`](crate::protocol::MOST_COMBINATIONS) combinations, or none that is valid; a weight
/// beyond 128 bits.
pub fn decide(
    values: &[u8],
    is_valid: impl Fn(&[Grade]) -> bool,
    votes: &[Vec<Grade>],
) -> Result<Decision, Problem> {
    let tallies = tally(values, votes)?;
    let ahead = heaviest_ahead(&tallies)?;
    let mut search = Search {
        tallies: &tallies,
        ahead: &ahead,
        is_valid: &is_valid,
        path: Vec::new(),
        best: None,
    };
    search.descend(1);
    if let Some((weight, grades)) = search.best {
        return Ok(Decision { grades, weight, conflict: false });
    }
    let grades = first_valid(values, &is_valid)
        .ok_or_else(|| Problem::new("no combination of grades is valid"))?;
    Ok(Decision { grades, weight: 0, conflict: true })
}

/// Majority voting in its general form, arguments as in [`decide`]: each
/// measurement's grade is the one with the most votes, ties to the smaller. A
/// winner that is not valid is kept as voted, with `conflict` set.
///
/// # Errors
/// As [`decide`], except that no combination needs to be valid.
pub fn decide_by_majority(
    values: &[u8],
    is_valid: impl Fn(&[Grade]) -> bool,
    votes: &[Vec<Grade>],
) -> Result<Decision, Problem> {
    let tallies = tally(values, votes)?;
    let weight = heaviest_ahead(&tallies)?[0];
    let grades: Vec<Grade> = tallies.iter().map(most_voted).collect();
    let conflict = !is_valid(&grades);
    Ok(Decision { grades, weight, conflict })
}

/// A walk over the combinations with support, in lexicographic order, that
/// turns back where nothing heavier than the best so far can follow.
struct Search<'a, F> {
    tallies: &'a [Tally],
    ahead: &'a [u128],
    is_valid: &'a F,
    path: Vec<Grade>,
    best: Option<(u128, Vec<Grade>)>,
}

impl<F: Fn(&[Grade]) -> bool> Search<'_, F> {
    /// Goes through what follows `path`, whose own weight is given. At most 19
    /// deep: 20 measurements of two grades span more than a million combinations.
    fn descend(&mut self, weight: u128) {
        let depth = self.path.len();
        let Some(tally) = self.tallies.get(depth) else {
            if (self.is_valid)(&self.path) {
                self.best = Some((weight, self.path.clone()));
            }
            return;
        };
        for &(grade, votes) in tally {
            let weight = weight * votes;
            let reachable = weight * self.ahead[depth + 1];
            // An equal weight found later loses: ties go to the first.
            if self.best.as_ref().is_some_and(|(best, _)| reachable <= *best) {
                continue;
            }
            self.path.push(grade);
            self.descend(weight);
            self.path.pop();
        }
    }
}

/// The first valid combination in lexicographic order.
fn first_valid(values: &[u8], is_valid: &impl Fn(&[Grade]) -> bool) -> Option<Vec<Grade>> {
    let mut grades = vec![0; values.len()];
    for _ in 0..combinations(values)? {
        if is_valid(&grades) {
            return Some(grades);
        }
        // Count on, the last measurement fastest.
        for (grade, &values) in grades.iter_mut().zip(values).rev() {
            *grade += 1;
            if *grade < values {
                break;
            }
            *grade = 0;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(grades: &[Grade], weight: u128, conflict: bool) -> Decision {
        Decision { grades: grades.to_vec(), weight, conflict }
    }

    #[test]
    fn medicine_overrules_the_majority() {
        // Most see no synovium, most see flow grade 1. Allowed: (0, 0) with
        // 3 x 2 = 6 and (1, 1) with 2 x 3 = 6; the first of them wins.
        let votes = [vec![0, 0, 0, 1, 1], vec![1, 1, 1, 0, 0]];
        let eoss = Protocol::eoss();
        assert_eq!(multitude(&eoss, &votes).unwrap(), decision(&[0, 0], 6, false));
        assert_eq!(majority(&eoss, &votes).unwrap(), decision(&[0, 1], 9, true));
    }

    #[test]
    fn votes_without_an_allowed_combination_conflict() {
        let votes = [vec![0; 5], vec![2, 2, 1, 3, 2]];
        let decided = multitude(&Protocol::eoss(), &votes).unwrap();
        assert_eq!(decided, decision(&[0, 0], 0, true));
    }

    #[test]
    fn the_first_allowed_combination_need_not_be_zero() {
        let votes = [vec![0], vec![0]];
        let decided =
            decide(&[2, 3], |grades| grades == [1, 1] || grades == [0, 2], &votes).unwrap();
        assert_eq!(decided, decision(&[0, 2], 0, true));
    }

    #[test]
    fn a_majority_tie_goes_to_the_smaller_grade() {
        let votes = [vec![3, 1, 1, 3], vec![2, 0, 0, 2]];
        assert_eq!(majority(&Protocol::eoss(), &votes).unwrap(), decision(&[1, 0], 4, false));
    }

    #[track_caller]
    fn assert_refused(values: &[u8], votes: &[Vec<Grade>], expected: &str) {
        let anything = |_: &[Grade]| true;
        let refusals =
            [decide(values, anything, votes), decide_by_majority(values, anything, votes)];
        for refusal in refusals {
            let problem = refusal.unwrap_err().to_string();
            assert!(problem.contains(expected), "{problem}");
        }
    }

    #[test]
    fn what_are_not_votes_is_refused() {
        assert_refused(&[], &[], "no measurement");
        assert_refused(&[4, 1], &[vec![0], vec![0]], "measurement 2 has fewer than two");
        assert_refused(&[4, 4], &[vec![0]], "votes on 1 measurements of 2");
        assert_refused(&[4, 4], &[vec![], vec![]], "no votes");
        assert_refused(&[4, 4], &[vec![0, 1], vec![0]], "1 votes on measurement 2, 2 on the first");
        assert_refused(&[4, 4], &[vec![0], vec![4]], "grade 4 on measurement 2");
        assert_refused(&[10; 7], &[const { Vec::new() }; 7], "more than 1000000");
        assert_refused(&[2; 19], &vec![vec![0; 200]; 19], "128 bits");
    }

    #[test]
    fn a_protocol_that_allows_nothing_is_refused() {
        let problem = decide(&[2, 2], |_| false, &[vec![0], vec![0]]).unwrap_err();
        assert!(problem.to_string().contains("no combination"));
    }

    #[test]
    fn a_million_combinations_are_decided() {
        let votes = vec![(0..10).collect::<Vec<Grade>>(); 6];
        let last = |grades: &[Grade]| grades.iter().all(|&grade| grade == 9);
        assert_eq!(decide(&[10; 6], last, &votes).unwrap(), decision(&[9; 6], 1, false));
    }
}
