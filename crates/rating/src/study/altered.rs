//! Answers that are wrong on purpose: how far do readers follow them?

use serde::{Deserialize, Serialize};

use crate::{Grade, Protocol};

/// Where an altered answer lies from the system's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Alteration {
    /// One grade above it.
    Up,
    /// One grade below it.
    Down,
}

/// The grades to show instead of `grades` (one for each measurement): a valid
/// combination whose combined grade (first grade, where the protocol has none)
/// is one above or below, and which otherwise differs as little as possible.
/// Above the highest grade and below 0 the other way is taken. `None` where no
/// combination is one off.
///
/// # Panics
/// When there is not one grade in range for each measurement.
#[must_use]
pub fn alter(protocol: &Protocol, grades: &[Grade], how: Alteration) -> Option<Vec<Grade>> {
    let level = |grades: &[Grade]| protocol.combined(grades).unwrap_or(grades[0]);
    let now = level(grades);
    let (up, down) = (now.checked_add(1), now.checked_sub(1));
    let wanted = match how {
        Alteration::Up => [up, down],
        Alteration::Down => [down, up],
    };
    let nearest = |target: Grade| {
        let all = combinations(protocol.values());
        let fit = all.filter(|other| level(other) == target && protocol.is_valid(other));
        fit.min_by_key(|other| distance(grades, other))
    };
    wanted.into_iter().flatten().find_map(nearest)
}

fn distance(a: &[Grade], b: &[Grade]) -> u32 {
    a.iter().zip(b).map(|(&a, &b)| u32::from(a.abs_diff(b))).sum()
}

/// Every combination of grades, each measurement's from 0 to its number of
/// values - 1.
fn combinations(values: Vec<u8>) -> impl Iterator<Item = Vec<Grade>> {
    let count: usize = values.iter().map(|&value| usize::from(value)).product();
    (0..count).map(move |mut number| {
        let mut grades = Vec::with_capacity(values.len());
        for &value in &values {
            grades.push(u8::try_from(number % usize::from(value)).unwrap_or_default());
            number /= usize::from(value);
        }
        grades
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_altered_answer_is_valid_and_one_grade_off() {
        let eoss = Protocol::eoss();
        let valid = combinations(eoss.values()).filter(|grades| eoss.is_valid(grades));
        for grades in valid {
            for how in [Alteration::Up, Alteration::Down] {
                let altered = alter(&eoss, &grades, how).unwrap();
                assert!(eoss.is_valid(&altered));
                let (was, is) = (eoss.combined(&grades).unwrap(), eoss.combined(&altered).unwrap());
                let expected = match (how, was) {
                    (Alteration::Up, 3) => 2,
                    (Alteration::Down, 0) => 1,
                    (Alteration::Up, _) => was + 1,
                    (Alteration::Down, _) => was - 1,
                };
                assert_eq!(is, expected, "{grades:?} {how:?}");
            }
        }
    }

    #[test]
    fn as_little_as_possible_is_altered() {
        let eoss = Protocol::eoss();
        assert_eq!(alter(&eoss, &[2, 1], Alteration::Up), Some(vec![3, 1]));
        assert_eq!(alter(&eoss, &[2, 1], Alteration::Down), Some(vec![1, 1]));
    }
}
