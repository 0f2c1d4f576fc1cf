//! Two ways of grading the same cases: which is right more often?

use serde::Serialize;

use super::distribution::coin_cdf;

/// Cases by who was right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Discordance {
    /// Both right.
    pub both: u64,
    /// Only the first.
    pub first_only: u64,
    /// Only the second.
    pub second_only: u64,
    /// Neither.
    pub neither: u64,
}

impl Discordance {
    /// Counts pairs of (first is right, second is right).
    #[must_use]
    pub fn count(cases: impl IntoIterator<Item = (bool, bool)>) -> Discordance {
        let mut counts = Discordance::default();
        for case in cases {
            let counter = match case {
                (true, true) => &mut counts.both,
                (true, false) => &mut counts.first_only,
                (false, true) => &mut counts.second_only,
                (false, false) => &mut counts.neither,
            };
            *counter += 1;
        }
        counts
    }

    /// Exact McNemar test, two-sided: how often a fair coin divides the cases
    /// in which only one is right at least as unevenly (McNemar, Psychometrika
    /// 1947; exact by the binomial distribution). 1 where there is no such case.
    ///
    /// Cases count as independent; several joints of one patient are not.
    #[must_use]
    pub fn mcnemar(&self) -> f64 {
        let all = self.first_only.saturating_add(self.second_only);
        let fewer = self.first_only.min(self.second_only);
        coin_cdf(fewer, all).map_or(1.0, |tail| (2.0 * tail).min(1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_worked_by_hand() {
        let cases = [
            (true, false),
            (false, true),
            (false, true),
            (false, true),
            (false, true),
            (true, true),
        ];
        let counts = Discordance::count(cases);
        assert_eq!(
            (counts.first_only, counts.second_only, counts.both, counts.neither),
            (1, 4, 1, 0)
        );
        // One head of five tosses or none, twice: 2 x 6 / 32.
        assert!((counts.mcnemar() - 0.375).abs() < 1e-12);
    }

    #[test]
    fn no_discordant_case_is_no_difference() {
        assert_eq!(Discordance::count([(true, true)]).mcnemar(), 1.0);
        let even = Discordance { first_only: 3, second_only: 3, ..Discordance::default() };
        assert_eq!(even.mcnemar(), 1.0);
    }
}
