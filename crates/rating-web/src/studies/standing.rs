//! What a reader of a study may be sent. Everything about a case of a study that
//! leaves the server passes [`allowed`].

use rating::study::{Arm, Shows};
use serde::Serialize;

/// Where a reader stands with one reading of a study.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The study is open, the reading is this reader's, and neither reader nor
    /// case was withdrawn.
    pub is_theirs: bool,
    /// It is the one to be made now.
    pub is_turn: bool,
    /// It is the one after that: its images may be fetched ahead.
    pub is_next: bool,
    /// The reader's own grades are given, where the arm asks for them first.
    pub own_given: bool,
}

/// What may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Allowed {
    /// The images with their ROIs.
    pub images: bool,
    /// The system's grades and votes.
    pub grades: bool,
    /// Heatmaps.
    pub heatmap: bool,
}

/// What may be sent in an arm to a reader at this place.
#[must_use]
pub fn allowed(arm: &Arm, place: Place) -> Allowed {
    let is_read = place.is_theirs && place.is_turn;
    let grades =
        is_read && arm.shows >= Shows::Grades && (place.own_given || !arm.own_grades_first);
    Allowed {
        images: is_read || (place.is_theirs && place.is_next),
        grades,
        heatmap: grades && arm.shows == Shows::GradesAndHeatmap,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Vec<Place> {
        let bit = |n: u8, bit: u8| n >> bit & 1 == 1;
        let place = |n| Place {
            is_theirs: bit(n, 0),
            is_turn: bit(n, 1),
            is_next: bit(n, 2),
            own_given: bit(n, 3),
        };
        (0..16).map(place).collect()
    }

    fn arms() -> Vec<Arm> {
        let shows = [Shows::Nothing, Shows::Grades, Shows::GradesAndHeatmap];
        let both = [false, true];
        shows
            .into_iter()
            .flat_map(|shows| {
                both.map(|own_grades_first| Arm { name: "a".into(), shows, own_grades_first })
            })
            .collect()
    }

    #[test]
    fn an_unaided_arm_is_sent_no_answer() {
        for place in places() {
            for arm in arms() {
                let allowed = allowed(&arm, place);
                if arm.shows == Shows::Nothing {
                    assert!(!allowed.grades && !allowed.heatmap);
                }
                if arm.shows != Shows::GradesAndHeatmap {
                    assert!(!allowed.heatmap);
                }
            }
        }
    }

    #[test]
    fn the_answer_comes_at_its_turn_and_after_the_own_grades() {
        for place in places() {
            for arm in arms() {
                let allowed = allowed(&arm, place);
                assert!(!allowed.grades || (place.is_theirs && place.is_turn && allowed.images));
                assert!(!allowed.grades || !arm.own_grades_first || place.own_given);
                assert!(!allowed.images || place.is_theirs);
            }
        }
    }
}
