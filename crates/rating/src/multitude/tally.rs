//! Votes, checked and counted.

use crate::protocol::MOST_COMBINATIONS;
use crate::{Grade, Problem};

/// A measurement's grades that have votes, ascending, with their numbers.
pub(super) type Tally = Vec<(Grade, u128)>;

/// Counts `votes[measurement][model]`, once they are what they should be.
pub(super) fn tally(values: &[u8], votes: &[Vec<Grade>]) -> Result<Vec<Tally>, Problem> {
    check_values(values)?;
    check_votes(values, votes)?;
    let count =
        |grade: Grade, votes: &[Grade]| votes.iter().filter(|&&vote| vote == grade).count() as u128;
    let tally = |(&values, votes): (&u8, &Vec<Grade>)| {
        let counts = (0..values).map(|grade| (grade, count(grade, votes)));
        counts.filter(|&(_, votes)| votes > 0).collect()
    };
    Ok(values.iter().zip(votes).map(tally).collect())
}

fn check_values(values: &[u8]) -> Result<(), Problem> {
    if values.is_empty() {
        return Err(Problem::new("there is no measurement to decide"));
    }
    if let Some(measurement) = values.iter().position(|&values| values < 2) {
        return Err(Problem::new(format!(
            "measurement {} has fewer than two grades",
            measurement + 1
        )));
    }
    if combinations(values).is_none() {
        return Err(Problem::new(format!("more than {MOST_COMBINATIONS} combinations of grades")));
    }
    Ok(())
}

fn check_votes(values: &[u8], votes: &[Vec<Grade>]) -> Result<(), Problem> {
    if votes.len() != values.len() {
        return Err(Problem::new(format!(
            "votes on {} measurements of {}",
            votes.len(),
            values.len()
        )));
    }
    let models = votes[0].len();
    if models == 0 {
        return Err(
            Problem::new("there are no votes").hint("at least one model votes on each measurement")
        );
    }
    for (measurement, (&values, votes)) in (1..).zip(values.iter().zip(votes)) {
        if votes.len() != models {
            return Err(Problem::new(format!(
                "{} votes on measurement {measurement}, {models} on the first",
                votes.len()
            ))
            .hint("every model votes once on each measurement"));
        }
        if let Some(vote) = votes.iter().find(|&&vote| vote >= values) {
            return Err(Problem::new(format!(
                "a vote for grade {vote} on measurement {measurement}"
            ))
            .hint(format!("its grades are 0 to {}", values - 1)));
        }
    }
    Ok(())
}

/// How many combinations these measurements span, if few enough to decide on.
pub(super) fn combinations(values: &[u8]) -> Option<usize> {
    let multiply = |total: usize, &values: &u8| {
        let total = total.checked_mul(usize::from(values))?;
        (total <= MOST_COMBINATIONS).then_some(total)
    };
    values.iter().try_fold(1, multiply)
}

/// For each position the weight of the heaviest combination of the
/// measurements from there on; 1 after the last.
pub(super) fn heaviest_ahead(tallies: &[Tally]) -> Result<Vec<u128>, Problem> {
    let mut ahead = vec![1];
    for tally in tallies.iter().rev() {
        let most = tally.iter().map(|&(_, votes)| votes).max().unwrap_or(0);
        let weight: Option<u128> = ahead.last().and_then(|after: &u128| after.checked_mul(most));
        ahead.push(weight.ok_or_else(|| {
            Problem::new("so many votes agree that their product exceeds 128 bits")
                .hint("use fewer models or fewer measurements")
        })?);
    }
    ahead.reverse();
    Ok(ahead)
}

/// The grade with the most votes, ties to the smaller.
pub(super) fn most_voted(tally: &Tally) -> Grade {
    let mut most = (0, 0);
    for &(grade, votes) in tally {
        if votes > most.1 {
            most = (grade, votes);
        }
    }
    most.0
}
