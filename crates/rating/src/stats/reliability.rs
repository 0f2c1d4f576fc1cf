//! Whether probabilities mean what they say, bin by bin.

use serde::Serialize;

use super::proportion::wilson;
use super::{Interval, Scored, Undefined};

/// Cases of similar probability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bin {
    /// Lowest probability of the bin; the highest is the next bin's lowest.
    pub from: f64,
    /// How many cases; bins without cases are not listed.
    pub n: u64,
    /// Mean probability of its cases.
    pub mean_probability: f64,
    /// The share that is positive.
    pub share_positive: f64,
    /// Wilson's interval of that share, cases taken as independent.
    pub interval: Interval,
}

impl Scored {
    /// The reliability curve in `bins` bins of equal width. A probability on
    /// the border of two bins belongs to the upper one, 1 to the last.
    ///
    /// # Errors
    /// Without cases or bins; where a score is not a probability.
    pub fn reliability(&self, bins: usize) -> Result<Vec<Bin>, Undefined> {
        probabilities(self)?;
        // Cases, positives, sum of probabilities.
        let mut sums = vec![(0_u64, 0_u64, 0.0); bins];
        for (truth, probability) in self.iter() {
            let place = ((probability * bins as f64) as usize).min(bins.saturating_sub(1));
            let sum = sums.get_mut(place).ok_or(Undefined::NoCases)?;
            *sum = (sum.0 + 1, sum.1 + u64::from(truth), sum.2 + probability);
        }
        let used = sums.iter().enumerate().filter(|(_, sum)| sum.0 > 0);
        used.map(|(place, &(n, positives, sum))| {
            Ok(Bin {
                from: place as f64 / bins as f64,
                n,
                mean_probability: sum / n as f64,
                share_positive: positives as f64 / n as f64,
                interval: wilson(positives, n)?,
            })
        })
        .collect()
    }
}

/// Whether there are cases, and their scores are probabilities.
pub(super) fn probabilities(scored: &Scored) -> Result<(), Undefined> {
    if scored.cases() == 0 {
        return Err(Undefined::NoCases);
    }
    let all = scored.iter().all(|case| (0.0..=1.0).contains(&case.1));
    if all { Ok(()) } else { Err(Undefined::NotProbabilities) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_worked_by_hand() {
        let truth = [true, false, false, false, true, true];
        let scored = Scored::new(&truth, &[0.25, 0.2, 0.3, 0.35, 0.8, 1.0]).unwrap();
        let curve = scored.reliability(5).unwrap();
        assert_eq!(curve.len(), 2);
        // 0.2 is on a border and belongs to the upper bin; 1 to the last.
        assert_eq!((curve[0].from, curve[0].n, curve[0].share_positive), (0.2, 4, 0.25));
        assert!((curve[0].mean_probability - 0.275).abs() < 1e-12);
        assert_eq!((curve[1].from, curve[1].n, curve[1].interval.high), (0.8, 2, 1.0));
    }

    #[test]
    fn what_has_no_curve_says_why() {
        let one = Scored::new(&[true], &[0.5]).unwrap();
        assert_eq!(one.reliability(0), Err(Undefined::NoCases));
        assert_eq!(Scored::new(&[], &[]).unwrap().reliability(5), Err(Undefined::NoCases));
        let logit = Scored::new(&[true], &[1.5]).unwrap();
        assert_eq!(logit.reliability(5), Err(Undefined::NotProbabilities));
    }
}
