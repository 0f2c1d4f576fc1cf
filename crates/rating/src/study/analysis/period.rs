//! Sessions and orders of a crossover.
//!
//! With d a reader's figure in the second session less that in the first, m the mean of
//! both, and the readers in two groups by the arm they began with (Jones and Kenward,
//! Design and Analysis of Cross-Over Trials, 3rd edition 2015, chapter 2):
//!
//! | effect | formula |
//! |---|---|
//! | session | (mean d of one group + mean d of the other) / 2 |
//! | arm, sessions apart | (mean d of those who began with `against` - mean d of those who began with `arm`) / 2 |
//! | order | mean m of those who began with `arm` - mean m of those who began with `against` |
//!
//! Student's t, both groups with one spread, readers - 2 degrees of freedom: readers at
//! large, these cases. The effect of order is that of the groups themselves and of
//! whatever is carried over from one session to the next, which a crossover of two
//! sessions cannot tell apart.

use serde::Serialize;

use crate::stats::Undefined;
use crate::stats::two_groups::{Contrast, pooled};

/// What the order did to one figure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Period {
    /// Readers who began with the arm compared, and with the other.
    pub readers: [usize; 2],
    /// The second session less the first, the arms balanced.
    pub session: Contrast,
    /// The arm less the other, the sessions balanced.
    pub arm: Contrast,
    /// Readers who began with the arm less those who began with the other.
    pub order: Contrast,
}

/// One reader's figure in the arm compared and in the other, with the session of each.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sessions {
    pub figures: [f64; 2],
    pub sessions: [Option<u32>; 2],
}

pub(super) fn period(readers: &[Sessions], arms: usize) -> Result<Period, Undefined> {
    if arms > 2 {
        return Err(Undefined::MoreThanTwoArms);
    }
    if readers.is_empty() {
        return Err(Undefined::NoReaderOfBoth);
    }
    // By the arm they began with: second less first session, mean of both.
    let (mut gains, mut means) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for Sessions { figures: [arm, against], sessions } in readers {
        let (group, gain) = match sessions {
            [Some(arm_in), Some(against_in)] if arm_in < against_in => (0, against - arm),
            [Some(arm_in), Some(against_in)] if arm_in > against_in => (1, arm - against),
            _ => continue,
        };
        gains[group].push(gain);
        means[group].push((arm + against) / 2.0);
    }
    let readers = gains.each_ref().map(Vec::len);
    if readers.contains(&0) {
        return Err(Undefined::OneOrder);
    }
    let groups = |of: &[Vec<f64>; 2], weights| pooled([&of[0], &of[1]], weights);
    Ok(Period {
        readers,
        session: groups(&gains, [0.5, 0.5])?,
        arm: groups(&gains, [-0.5, 0.5])?,
        order: groups(&means, [1.0, -1.0])?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(arm: f64, against: f64, arm_first: bool) -> Sessions {
        let sessions = if arm_first { [Some(1), Some(2)] } else { [Some(2), Some(1)] };
        Sessions { figures: [arm, against], sessions }
    }

    #[test]
    fn sessions_and_orders_worked_by_hand() {
        // The arm adds 4, the second session 2; one reader of each group is off by 1.
        let readers = [
            reader(14.0, 12.0, true),
            reader(14.0, 13.0, true),
            reader(16.0, 10.0, false),
            reader(17.0, 10.0, false),
        ];
        let found = period(&readers, 2).unwrap();
        // Second less first: -2 and -1, 6 and 7. Means 13, 13.5, 13, 13.5.
        assert_eq!(found.readers, [2, 2]);
        assert!((found.session.value - 2.5).abs() < 1e-12, "{found:?}");
        assert!((found.arm.value - 4.0).abs() < 1e-12, "{found:?}");
        assert!(found.order.value.abs() < 1e-12, "{found:?}");
        // Squares 0.5 each over 2 degrees of freedom, times 1 / 8 + 1 / 8.
        assert!((found.session.standard_error.powi(2) - 0.125).abs() < 1e-12);
        assert_eq!((found.session.freedom, found.arm.standard_error), (2.0, 0.125_f64.sqrt()));
    }

    #[test]
    fn one_order_tells_nothing() {
        let all = [reader(2.0, 1.0, true), reader(3.0, 1.0, true), reader(4.0, 1.0, true)];
        assert_eq!(period(&all, 2), Err(Undefined::OneOrder));
        assert_eq!(period(&all, 3), Err(Undefined::MoreThanTwoArms));
        assert_eq!(period(&[], 2), Err(Undefined::NoReaderOfBoth));
        let two = [reader(2.0, 1.0, true), reader(3.0, 1.0, false)];
        assert_eq!(period(&two, 2), Err(Undefined::FewerThanTwoInGroup));
    }
}
