//! Figures in which each patient counts a whole number of times: what a
//! bootstrap asks a thousand times over. The AUC is in [`ranked`](super::ranked).
//!
//! A sample of patients is a weight for each of them. Cases are counted or
//! sorted once; asking for the figure of a sample then costs one addition a
//! case at most and copies nothing.

use super::{Confusion, Graded, Measured, Patients, Undefined};
use crate::Problem;

/// The confusion counts of each patient.
#[derive(Debug, Clone)]
pub struct CountsByPatient {
    grades: u8,
    /// Sorted by patient, then cell; none is empty.
    cells: Vec<PatientCell>,
}

#[derive(Debug, Clone, Copy)]
struct PatientCell {
    patient: u32,
    /// truth x grades + predicted
    cell: u32,
    count: u32,
}

impl CountsByPatient {
    /// Counts the cases of each patient.
    ///
    /// # Errors
    /// Not one patient for each case.
    pub fn new(graded: &Graded, patients: &Patients) -> Result<CountsByPatient, Problem> {
        check(graded.cases(), patients)?;
        let grades = graded.grades();
        let cell = |(truth, predicted)| u32::from(truth) * u32::from(grades) + u32::from(predicted);
        let places = patients.of_cases().iter().zip(graded.iter());
        let mut places: Vec<(u32, u32)> =
            places.map(|(&patient, case)| (patient, cell(case))).collect();
        places.sort_unstable();
        let cells = places.chunk_by(|a, b| a == b).map(|same| PatientCell {
            patient: same[0].0,
            cell: same[0].1,
            count: same.len() as u32,
        });
        Ok(CountsByPatient { grades, cells: cells.collect() })
    }

    /// How many patients have a case.
    #[must_use]
    pub fn patients(&self) -> usize {
        self.cells.chunk_by(|a, b| a.patient == b.patient).count()
    }

    /// The matrix in which each patient's cases count `weights[patient]` times.
    ///
    /// # Panics
    /// When there are fewer weights than patients.
    #[must_use]
    pub fn weighted(&self, weights: &[u32]) -> Confusion {
        let side = usize::from(self.grades);
        let mut counts = vec![0; side * side];
        for of in &self.cells {
            counts[of.cell as usize] +=
                u64::from(weights[of.patient as usize]) * u64::from(of.count);
        }
        Confusion::from_counts(self.grades, &counts)
    }
}

/// What some cases of each patient add up to, for the mean of weighted patients.
#[derive(Debug, Clone)]
pub struct SumsByPatient {
    /// Sum and number of each patient's values.
    sums: Vec<(f64, u32)>,
}

impl SumsByPatient {
    /// Adds up the values of each patient; `None` is left out.
    ///
    /// # Errors
    /// Not one patient for each value.
    pub fn new(values: &[Option<f64>], patients: &Patients) -> Result<SumsByPatient, Problem> {
        check(values.len(), patients)?;
        let mut sums = vec![(0.0, 0); patients.count()];
        for (value, &patient) in values.iter().zip(patients.of_cases()) {
            if let Some(value) = value {
                let of = &mut sums[patient as usize];
                *of = (of.0 + value, of.1 + 1);
            }
        }
        Ok(SumsByPatient { sums })
    }

    /// The mean in which each patient's values count `weights[patient]` times.
    ///
    /// # Errors
    /// Where no value counts.
    pub fn mean(&self, weights: &[u32]) -> Measured {
        let (mut sum, mut count) = (0.0, 0);
        for (&(of_patient, values), &weight) in self.sums.iter().zip(weights) {
            sum += f64::from(weight) * of_patient;
            count += u64::from(weight) * u64::from(values);
        }
        if count == 0 { Err(Undefined::NoCases) } else { Ok(sum / count as f64) }
    }
}

/// Whether there is a patient for each case.
pub(super) fn check(cases: usize, patients: &Patients) -> Result<(), Problem> {
    let of_cases = patients.of_cases().len();
    if cases == of_cases {
        return Ok(());
    }
    Err(Problem::new(format!("patients of {of_cases} cases for {cases} cases")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::Scored;
    use crate::stats::ranked::Ranked;

    /// Cases as (patient, truth, predicted or score) and a weight for each of
    /// three patients.
    fn cases() -> impl Strategy<Value = (Vec<(u8, u8, u8)>, [u32; 3])> {
        (prop::collection::vec((0u8..3, 0u8..3, 0u8..3), 0..40), [0u32..4, 0u32..4, 0u32..4])
    }

    fn patients(cases: &[(u8, u8, u8)]) -> Patients {
        // Every patient exists, so that weights keep their places.
        let names = cases.iter().map(|case| format!("p{}", case.0));
        let all = names.chain((0..3).map(|patient| format!("p{patient}")));
        let all = Patients::named(&all.collect::<Vec<_>>());
        all.keep(&(0..cases.len()).collect::<Vec<_>>())
    }

    /// Each case as often as its patient counts.
    fn repeated(cases: &[(u8, u8, u8)], weights: [u32; 3]) -> Vec<(u8, u8, u8)> {
        let times = |case: &(u8, u8, u8)| weights[usize::from(case.0)] as usize;
        cases.iter().flat_map(|case| vec![*case; times(case)]).collect()
    }

    fn graded(cases: &[(u8, u8, u8)]) -> Graded {
        let truth: Vec<u8> = cases.iter().map(|case| case.1).collect();
        let predicted: Vec<u8> = cases.iter().map(|case| case.2).collect();
        Graded::new(3, &truth, &predicted).unwrap()
    }

    fn scored(cases: &[(u8, u8, u8)]) -> Scored {
        let truth: Vec<bool> = cases.iter().map(|case| case.1 > 0).collect();
        let scores: Vec<f64> = cases.iter().map(|case| f64::from(case.2)).collect();
        Scored::new(&truth, &scores).unwrap()
    }

    proptest! {
        #[test]
        fn a_weight_repeats_a_patients_cases((cases, weights) in cases()) {
            let (patients, repeated) = (patients(&cases), repeated(&cases, weights));
            let counts = CountsByPatient::new(&graded(&cases), &patients).unwrap();
            prop_assert_eq!(counts.weighted(&weights), graded(&repeated).confusion());
            let ranked = Ranked::new(&scored(&cases), &patients).unwrap();
            prop_assert_eq!(ranked.auc(&weights), scored(&repeated).auc());
            let values = |cases: &[(u8, u8, u8)]| -> Vec<Option<f64>> {
                cases.iter().map(|case| (case.1 > 0).then_some(f64::from(case.2))).collect()
            };
            let sums = SumsByPatient::new(&values(&cases), &patients).unwrap();
            let flat: Vec<f64> = values(&repeated).into_iter().flatten().collect();
            match (sums.mean(&weights), crate::stats::interval::mean(&flat)) {
                (Ok(mean), Ok(expected)) => prop_assert!((mean - expected).abs() < 1e-12),
                (mean, expected) => prop_assert_eq!(mean, expected),
            }
        }
    }

    #[test]
    fn every_case_has_a_patient() {
        let graded = Graded::new(2, &[0, 1], &[0, 1]).unwrap();
        assert!(CountsByPatient::new(&graded, &Patients::one_per_case(1)).is_err());
    }
}
