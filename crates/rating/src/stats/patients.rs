//! Whose case is whose: what intervals that resample patients need to know.

use std::collections::HashMap;

/// The patient of each case, as a number from 0.
///
/// Patients are numbered in the order of their names, so the order of cases
/// does not change who is number 3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patients {
    of_case: Vec<u32>,
    count: u32,
}

impl Patients {
    /// `names` holds the patient's name of each case.
    #[must_use]
    pub fn named<P: AsRef<str>>(names: &[P]) -> Patients {
        let mut first_seen: HashMap<&str, u32> = HashMap::new();
        let mut of_case = Vec::with_capacity(names.len());
        for name in names {
            let next = number(first_seen.len());
            of_case.push(*first_seen.entry(name.as_ref()).or_insert(next));
        }
        let mut in_order: Vec<(&str, u32)> = first_seen.into_iter().collect();
        in_order.sort_unstable();
        let mut rank = vec![0; in_order.len()];
        for (position, (_, seen)) in in_order.iter().enumerate() {
            rank[*seen as usize] = number(position);
        }
        for patient in &mut of_case {
            *patient = rank[*patient as usize];
        }
        Patients { of_case, count: number(rank.len()) }
    }

    /// Every case as a patient of its own.
    #[must_use]
    pub fn one_per_case(cases: usize) -> Patients {
        let count = number(cases);
        Patients { of_case: (0..count).collect(), count }
    }

    /// How many patients there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count as usize
    }

    /// The patient of each case.
    #[must_use]
    pub fn of_cases(&self) -> &[u32] {
        &self.of_case
    }

    /// Some of the cases, by position, of the same patients with the same
    /// numbers. Who has none of them is still counted.
    ///
    /// # Panics
    /// When a position is beyond the last case.
    #[must_use]
    pub fn keep(&self, cases: &[usize]) -> Patients {
        let of_case = cases.iter().map(|&case| self.of_case[case]).collect();
        Patients { of_case, count: self.count }
    }
}

/// 32 bits, so that draws are the same on every machine.
fn number(position: usize) -> u32 {
    u32::try_from(position).expect("fewer than 2^32 cases")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patients_are_numbered_by_name() {
        let patients = Patients::named(&["c", "a", "c", "b"]);
        assert_eq!(patients.of_cases(), [2, 0, 2, 1]);
        assert_eq!(patients.count(), 3);
        assert_eq!(Patients::named::<&str>(&[]).count(), 0);
    }

    #[test]
    fn some_cases_keep_their_patients_numbers() {
        let kept = Patients::named(&["c", "a", "c", "b"]).keep(&[3, 0]);
        assert_eq!((kept.of_cases(), kept.count()), ([1, 2].as_slice(), 3));
        assert_eq!(Patients::one_per_case(3).of_cases(), [0, 1, 2]);
    }
}
