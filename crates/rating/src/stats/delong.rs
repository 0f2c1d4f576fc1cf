//! How sure an AUC is, and whether two AUCs of the same cases differ.
//!
//! DeLong, DeLong and Clarke-Pearson (Biometrics 1988), computed by ranks in
//! O(n log n) after Sun and Xu (IEEE Signal Processing Letters 2014). Cases
//! count as independent: of several joints of one patient the interval is too
//! narrow, and the clustered bootstrap the better one.

use serde::Serialize;

use super::{Estimate, Scored, Test, Undefined};
use crate::Problem;

/// Two scores of the same cases.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PairedAucs {
    /// The AUC of the first score.
    pub first: Estimate,
    /// The AUC of the second score.
    pub second: Estimate,
    /// How the two vary together.
    pub covariance: f64,
    /// First minus second.
    pub difference: Estimate,
}

impl PairedAucs {
    /// Whether the two differ: difference over its standard error.
    ///
    /// # Errors
    /// Where the difference has no spread, as of two scores that rank alike.
    pub fn test(&self) -> Result<Test, Undefined> {
        if self.difference.standard_error == 0.0 {
            return Err(Undefined::NoWidth);
        }
        Ok(Test::of_normal(self.difference.value / self.difference.standard_error))
    }
}

impl Scored {
    /// The AUC with DeLong's standard error. Hold its interval inside 0 to 1
    /// with [`Estimate::interval_within`]; classes told apart perfectly have none.
    ///
    /// # Errors
    /// Where a class is missing or has only one case.
    pub fn auc_estimate(&self) -> Result<Estimate, Undefined> {
        let placements = Placements::of(self)?;
        Ok(Estimate::of(self.auc()?, placements.covariance(&placements)))
    }

    /// The AUCs of two scores of the same cases in the same order.
    ///
    /// # Errors
    /// When the cases are not the same.
    pub fn auc_beside(&self, other: &Scored) -> Result<Result<PairedAucs, Undefined>, Problem> {
        let classes = |scored: &Scored| scored.iter().map(|case| case.0).collect::<Vec<bool>>();
        if classes(self) != classes(other) {
            return Err(Problem::new("two scores of different cases")
                .hint("both need the same cases in the same order"));
        }
        Ok(self.paired(other))
    }

    fn paired(&self, other: &Scored) -> Result<PairedAucs, Undefined> {
        let (a, b) = (Placements::of(self)?, Placements::of(other)?);
        let first = Estimate::of(self.auc()?, a.covariance(&a));
        let second = Estimate::of(other.auc()?, b.covariance(&b));
        let difference = a.less(&b);
        let variance = difference.covariance(&difference);
        Ok(PairedAucs {
            first,
            second,
            covariance: a.covariance(&b),
            difference: Estimate::of(first.value - second.value, variance),
        })
    }
}

/// How the AUCs of several scores of the same cases vary together:
/// `covariances[a][b]`, the diagonal holds variances. For the errors of a
/// [multi-reader analysis](super::mrmc).
///
/// # Errors
/// When the cases are not the same; inside, where a class has fewer than two.
pub fn covariances(scored: &[Scored]) -> Result<Result<Vec<Vec<f64>>, Undefined>, Problem> {
    let classes = |scored: &Scored| scored.iter().map(|case| case.0).collect::<Vec<bool>>();
    let mut all = scored.iter().map(classes);
    let first = all.next();
    if all.any(|other| Some(&other) != first.as_ref()) {
        return Err(Problem::new("scores of different cases")
            .hint("all need the same cases in the same order"));
    }
    let placements: Result<Vec<Placements>, Undefined> =
        scored.iter().map(Placements::of).collect();
    Ok(placements
        .map(|all| all.iter().map(|a| all.iter().map(|b| a.covariance(b)).collect()).collect()))
}

/// For each case the share of the other class that it beats, ties half;
/// negative cases beat positive ones by a lower score.
struct Placements {
    positives: Vec<f64>,
    negatives: Vec<f64>,
}

impl Placements {
    fn of(scored: &Scored) -> Result<Placements, Undefined> {
        scored.auc()?;
        let scores = |class: bool| -> Vec<f64> {
            scored.iter().filter(|case| case.0 == class).map(|case| case.1).collect()
        };
        let (positives, negatives) = (scores(true), scores(false));
        if positives.len().min(negatives.len()) < 2 {
            return Err(Undefined::FewerThanTwoInClass);
        }
        let together = midranks(&[positives.as_slice(), negatives.as_slice()].concat());
        let (of_positives, of_negatives) = together.split_at(positives.len());
        let beaten = |all: &[f64], own: &[f64], others: usize| -> Vec<f64> {
            all.iter().zip(own).map(|(all, own)| (all - own) / others as f64).collect()
        };
        let above = beaten(of_negatives, &midranks(&negatives), positives.len());
        Ok(Placements {
            positives: beaten(of_positives, &midranks(&positives), negatives.len()),
            negatives: above.into_iter().map(|share| 1.0 - share).collect(),
        })
    }

    fn covariance(&self, other: &Placements) -> f64 {
        covariance(&self.positives, &other.positives) / self.positives.len() as f64
            + covariance(&self.negatives, &other.negatives) / self.negatives.len() as f64
    }

    /// Case by case, so that two scores that rank alike differ by exactly 0.
    fn less(&self, other: &Placements) -> Placements {
        let less = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect();
        Placements {
            positives: less(&self.positives, &other.positives),
            negatives: less(&self.negatives, &other.negatives),
        }
    }
}

/// Sample covariance, for two values and more.
fn covariance(a: &[f64], b: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let sum: f64 = a.iter().zip(b).map(|(a, b)| (a - mean_a) * (b - mean_b)).sum();
    sum / (a.len() as f64 - 1.0)
}

/// The rank of each value from 1, tied values sharing their mean rank.
pub(super) fn midranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    // 0 and -0 are one value.
    order.sort_unstable_by(|&a, &b| (values[a] + 0.0).total_cmp(&(values[b] + 0.0)));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for tied in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = before as f64 + (tied.len() as f64 + 1.0) / 2.0;
        tied.iter().for_each(|&place| ranks[place] = rank);
        before += tied.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_of_ties_are_shared() {
        assert_eq!(midranks(&[3.0, 1.0, 3.0, -0.0, 0.0]), [4.5, 3.0, 4.5, 1.5, 1.5]);
        assert!(midranks(&[]).is_empty());
    }

    #[test]
    fn a_variance_worked_by_hand() {
        // Positives 3, 1; negatives 0, 2: 3 beats both, 1 beats one. Placements of
        // positives 1, 1/2 and of negatives 1, 1/2; each has variance 1/8.
        let scored = Scored::new(&[true, true, false, false], &[3.0, 1.0, 0.0, 2.0]).unwrap();
        let estimate = scored.auc_estimate().unwrap();
        assert_eq!(estimate.value, 0.75);
        assert!((estimate.standard_error.powi(2) - 2.0 * 0.125 / 2.0).abs() < 1e-12);
    }

    #[test]
    fn covariances_of_several_are_those_of_pairs() {
        let truth = [true, false, true, false, true, false];
        let scores = [[5.0, 3.0, 4.0, 1.0, 2.0, 2.0], [1.0, 1.0, 4.0, 3.0, 5.0, 2.0]];
        let scored = scores.map(|scores| Scored::new(&truth, &scores).unwrap());
        let matrix = covariances(&scored).unwrap().unwrap();
        let pair = scored[0].auc_beside(&scored[1]).unwrap().unwrap();
        assert_eq!(matrix[0][1], pair.covariance);
        assert!((matrix[1][1].sqrt() - pair.second.standard_error).abs() < 1e-12);
        let other = Scored::new(&[true, false], &[1.0, 0.0]).unwrap();
        assert!(covariances(&[scored[0].clone(), other]).is_err());
    }

    #[test]
    fn alike_scores_have_no_test() {
        let truth = [true, false, true, false, true];
        let scored = Scored::new(&truth, &[0.9, 0.8, 0.7, 0.3, 0.2]).unwrap();
        let squares = Scored::new(&truth, &[0.81, 0.64, 0.49, 0.09, 0.04]).unwrap();
        let paired = scored.auc_beside(&squares).unwrap().unwrap();
        assert_eq!((paired.difference.value, paired.test()), (0.0, Err(Undefined::NoWidth)));
    }

    #[test]
    fn what_has_no_variance_says_why() {
        let few = Scored::new(&[true, false, false], &[0.9, 0.1, 0.2]).unwrap();
        assert_eq!(few.auc_estimate(), Err(Undefined::FewerThanTwoInClass));
        let perfect = Scored::new(&[true, true, false, false], &[4.0, 3.0, 2.0, 1.0]).unwrap();
        let estimate = perfect.auc_estimate().unwrap();
        assert_eq!((estimate.value, estimate.interval()), (1.0, Err(Undefined::NoWidth)));
        let others = Scored::new(&[true, false, false, false], &[4.0, 3.0, 2.0, 1.0]).unwrap();
        assert!(perfect.auc_beside(&others).is_err());
    }
}
