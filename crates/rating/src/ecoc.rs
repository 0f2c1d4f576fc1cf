//! From bits to a grade: error-correcting output codes (paper, "ECOC").
//!
//! A measurement with n grades has n - 1 binary tasks, `grade > 0`,
//! `grade > 1`, ..., so the code word of a grade is a thermometer: for four
//! grades 000, 100, 110, 111. Each task is answered by one network per seed,
//! and the grade whose code word is nearest to all answers is the scoring
//! model's vote.

use crate::Grade;

/// A scoring model's vote on one measurement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The grade with the nearest code word; ties go to the smaller grade.
    pub grade: Grade,
    /// How many bits differ from each grade's code word, seeds counted
    /// separately, in order of the grades.
    pub distances: Vec<u32>,
}

/// The code words of a measurement with this many grades, in order of the
/// grades; each holds one bit per task, in order of the tasks.
#[must_use]
pub fn code_words(grades: u8) -> Vec<Vec<bool>> {
    (0..grades).map(|grade| (0..grades - 1).map(|task| grade > task).collect()).collect()
}

/// The vote behind `bits[task][seed]`, the answers to "is the grade greater
/// than `task`?".
///
/// With two seeds every task stands twice, so one wrong bit meets a tie. It
/// still gives the true grade g, except a wrong answer to `> g - 1`, which
/// ties g with g - 1 and gives g - 1.
#[must_use]
pub fn decode(bits: &[Vec<bool>]) -> Decoded {
    let distances: Vec<u32> = (0..=bits.len()).map(|grade| distance(bits, grade)).collect();
    let mut nearest = 0;
    for (grade, distance) in distances.iter().enumerate() {
        if *distance < distances[nearest] {
            nearest = grade;
        }
    }
    // A protocol has at most ten grades, so the limit is never met.
    Decoded { grade: Grade::try_from(nearest).unwrap_or(Grade::MAX), distances }
}

/// The number of bits that differ from the code word of a grade.
fn distance(bits: &[Vec<bool>], grade: usize) -> u32 {
    let mut differing = 0;
    for (task, seeds) in bits.iter().enumerate() {
        for &bit in seeds {
            differing += u32::from(bit != (grade > task));
        }
    }
    differing
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The bits of networks that all know the grade.
    fn true_word(grades: u8, grade: Grade, seeds: usize) -> Vec<Vec<bool>> {
        let word = &code_words(grades)[usize::from(grade)];
        word.iter().map(|&bit| vec![bit; seeds]).collect()
    }

    #[test]
    fn four_grades_have_the_words_of_the_paper() {
        let written: Vec<String> = code_words(4)
            .iter()
            .map(|word| word.iter().map(|&bit| if bit { '1' } else { '0' }).collect())
            .collect();
        assert_eq!(written, ["000", "100", "110", "111"]);
    }

    #[test]
    fn contradicting_answers_go_to_the_nearest_word() {
        // 01, 11, 00: one bit from 110 and from nothing nearer.
        let decoded = decode(&[vec![false, true], vec![true, true], vec![false, false]]);
        assert_eq!(decoded.distances, [3, 3, 1, 3]);
        assert_eq!(decoded.grade, 2);
    }

    #[test]
    fn nothing_asked_is_grade_zero() {
        assert_eq!(decode(&[]), Decoded { grade: 0, distances: vec![0] });
        assert_eq!(code_words(0), Vec::<Vec<bool>>::new());
    }

    proptest! {
        #[test]
        fn code_words_decode_to_their_grades(grades in 2u8..=10, grade in 0u8..10, seeds in 1usize..4) {
            prop_assume!(grade < grades);
            let decoded = decode(&true_word(grades, grade, seeds));
            prop_assert_eq!(decoded.grade, grade);
            prop_assert_eq!(decoded.distances[usize::from(grade)], 0);
        }

        #[test]
        fn one_wrong_bit_of_two_lowers_the_grade_or_changes_nothing(
            grades in 2u8..=10, grade in 0u8..10, task in 0u8..9, seed in 0usize..2,
        ) {
            prop_assume!(grade < grades && task < grades - 1);
            let mut bits = true_word(grades, grade, 2);
            let bit = &mut bits[usize::from(task)][seed];
            *bit = !*bit;
            let expected = if task + 1 == grade { grade - 1 } else { grade };
            prop_assert_eq!(decode(&bits).grade, expected);
        }

        #[test]
        fn the_order_of_seeds_does_not_matter(bits in prop::collection::vec((any::<bool>(), any::<bool>()), 1..9)) {
            let forward: Vec<_> = bits.iter().map(|&(a, b)| vec![a, b]).collect();
            let swapped: Vec<_> = bits.iter().map(|&(a, b)| vec![b, a]).collect();
            prop_assert_eq!(decode(&forward), decode(&swapped));
        }
    }
}
