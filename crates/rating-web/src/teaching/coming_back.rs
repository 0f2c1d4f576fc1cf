//! When a case comes back to a learner.

use std::time::Duration;

use crate::clock::Moment;

/// Days that a case waits which was answered wrongly, and after each right
/// answer since. After the last it does not come back.
pub const WAITS_DAYS: [u64; 4] = [1, 3, 7, 21];

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Where a case stands after an answer: the wait it is in, from 0, or `None`
/// where it does not come back. `before` is the same of the answer before.
///
/// A wrong answer puts it at the first wait, a right one moves it to the next. A
/// case that was right the first time was never wrong and does not come back.
pub(super) fn after(before: Option<usize>, is_right: bool) -> Option<usize> {
    match (before, is_right) {
        (_, false) => Some(0),
        (Some(step), true) if step + 1 < WAITS_DAYS.len() => Some(step + 1),
        (_, true) => None,
    }
}

/// When a case that was answered now comes back from this wait.
pub(super) fn due(step: usize, now: Moment) -> Moment {
    let days = WAITS_DAYS.get(step).copied().unwrap_or_default();
    now.after(DAY * u32::try_from(days).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn right_answers_move_a_case_up_and_wrong_ones_down_to_the_first_wait() {
        assert_eq!(after(None, true), None);
        let mut step = after(None, false);
        let mut waits = Vec::new();
        while let Some(at) = step {
            waits.push(due(at, Moment::at(0)).millis() / 86_400_000);
            step = after(step, true);
        }
        assert_eq!(waits, [1, 3, 7, 21]);
        assert_eq!(after(Some(3), false), Some(0));
    }
}
