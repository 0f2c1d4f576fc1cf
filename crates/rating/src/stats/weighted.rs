//! Figures in which each patient counts a whole number of times: what a
//! bootstrap asks a thousand times over.
//!
//! A sample of patients is a weight for each of them. Cases are counted or
//! sorted once; asking for the figure of a sample then costs one addition a
//! case at most and copies nothing.

use super::{Confusion, Graded, Measured, Patients, Scored, Undefined, share};
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

/// Scored cases in falling order, for the AUC of weighted patients.
#[derive(Debug, Clone)]
pub struct Ranked {
    /// The patients of the cases, by falling score.
    patients: Vec<u32>,
    steps: Vec<Step>,
}

/// Part of [`Ranked::patients`]: first positive cases, then negative ones. A
/// step holds cases of one score, or neighbouring scores that only one class has.
#[derive(Debug, Clone, Copy)]
struct Step {
    begin: u32,
    positives_end: u32,
    negatives_end: u32,
}

impl Step {
    fn has_positives(self) -> bool {
        self.begin < self.positives_end
    }

    fn has_negatives(self) -> bool {
        self.positives_end < self.negatives_end
    }

    /// This and the next step as one, where both are of the same single class.
    fn joined(self, next: Step) -> Option<Step> {
        match (self.has_negatives(), next.has_negatives()) {
            (false, false) => Some(Step { begin: self.begin, ..next }),
            (true, true) if !self.has_positives() && !next.has_positives() => {
                Some(Step { negatives_end: next.negatives_end, ..self })
            }
            _ => None,
        }
    }
}

impl Ranked {
    /// Sorts the cases.
    ///
    /// # Errors
    /// Not one patient for each case.
    pub fn new(scored: &Scored, patients: &Patients) -> Result<Ranked, Problem> {
        check(scored.cases(), patients)?;
        let cases = scored.iter().zip(patients.of_cases());
        let mut falling: Vec<(f64, bool, u32)> =
            cases.map(|((truth, score), &patient)| (score + 0.0, truth, patient)).collect();
        // Positive cases first where scores are tied; patients only so that
        // neighbours in memory are asked together.
        falling
            .sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)).then(a.2.cmp(&b.2)));
        let mut steps: Vec<Step> = Vec::new();
        let mut begin = 0;
        for same in falling.chunk_by(|a, b| a.0 == b.0) {
            let positives = same.iter().filter(|case| case.1).count() as u32;
            let negatives_end = begin + same.len() as u32;
            let step = Step { begin, positives_end: begin + positives, negatives_end };
            let joined = steps.last().and_then(|last| last.joined(step));
            if joined.is_some() {
                steps.pop();
            }
            steps.push(joined.unwrap_or(step));
            begin = negatives_end;
        }
        Ok(Ranked { patients: falling.into_iter().map(|case| case.2).collect(), steps })
    }

    /// The area under the ROC curve ([`Scored::auc`]) in which each patient's
    /// cases count `weights[patient]` times.
    ///
    /// # Errors
    /// Where a class is missing.
    ///
    /// # Panics
    /// When there are fewer weights than patients.
    pub fn auc(&self, weights: &[u32]) -> Measured {
        let total = |from: u32, to: u32| -> u64 {
            let patients = &self.patients[from as usize..to as usize];
            patients.iter().map(|&patient| u64::from(weights[patient as usize])).sum()
        };
        let (mut above, mut all_negatives) = (0, 0);
        // Twice the pairs won, so that a tie counts 1.
        let mut won: u128 = 0;
        for step in &self.steps {
            let positives = total(step.begin, step.positives_end);
            let negatives = total(step.positives_end, step.negatives_end);
            won += u128::from(negatives) * u128::from(2 * above + positives);
            above += positives;
            all_negatives += negatives;
        }
        match (above, all_negatives) {
            (0, 0) => Err(Undefined::NoCases),
            (0, _) => Err(Undefined::NoPositives),
            (_, 0) => Err(Undefined::NoNegatives),
            _ => share(won, 2 * u128::from(above) * u128::from(all_negatives), Undefined::NoCases),
        }
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

fn check(cases: usize, patients: &Patients) -> Result<(), Problem> {
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
    fn distinct_scores_of_one_class_are_one_step() {
        let truth = [true, true, false, false, true, false];
        let scores = [9.0, 8.0, 7.0, 6.0, 5.0, 5.0];
        let scored = Scored::new(&truth, &scores).unwrap();
        let ranked = Ranked::new(&scored, &Patients::one_per_case(6)).unwrap();
        assert_eq!(ranked.steps.len(), 3);
        assert_eq!(ranked.auc(&[1; 6]), scored.auc());
    }

    #[test]
    fn zero_and_minus_zero_are_one_score() {
        let scored = Scored::new(&[true, false], &[-0.0, 0.0]).unwrap();
        assert_eq!(Ranked::new(&scored, &Patients::one_per_case(2)).unwrap().auc(&[1, 1]), Ok(0.5));
    }

    #[test]
    fn every_case_has_a_patient() {
        let graded = Graded::new(2, &[0, 1], &[0, 1]).unwrap();
        assert!(CountsByPatient::new(&graded, &Patients::one_per_case(1)).is_err());
    }
}
