//! The bootstrap: how a figure would vary if the study were repeated.
//!
//! Joints of one patient resemble each other, so patients are drawn, each with
//! all of its pairs; drawing pairs one by one, as the paper does, makes the
//! interval too narrow. Every figure reads the same samples, so two figures of
//! one cohort are compared pair by pair.

use std::collections::BTreeMap;

use rand::{Rng, RngExt};

use super::{Interval, Measured, Undefined};

/// Samples of a study's figures that the paper draws.
pub const SAMPLES: usize = 1000;

/// Bootstrap samples of the cases of one cohort.
#[derive(Debug, Clone)]
pub struct Resamples {
    /// The cases of each patient.
    clusters: Vec<Vec<usize>>,
    /// The patients of each sample.
    samples: Vec<Vec<u32>>,
}

/// What a figure did over the samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Bootstrap {
    /// The 2.5th and 97.5th percentile of the values.
    pub interval: Interval,
    /// The value in each sample where it is defined, in the order drawn.
    pub values: Vec<f64>,
    /// In how many samples it is not defined; those are left out.
    pub undefined: usize,
}

impl Resamples {
    /// Samples that draw as many patients as there are, with replacement, each
    /// with all of its cases. `patients` names the patient of each case.
    ///
    /// Patients are taken in the order of their names, so the order of cases
    /// does not change which patients are drawn.
    #[must_use]
    pub fn by_patient<P: AsRef<str>>(
        patients: &[P],
        samples: usize,
        rng: &mut impl Rng,
    ) -> Resamples {
        let mut clusters: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (case, patient) in patients.iter().enumerate() {
            clusters.entry(patient.as_ref()).or_default().push(case);
        }
        Resamples::draw(clusters.into_values().collect(), samples, rng)
    }

    /// Samples that draw the cases one by one, as if all were of different
    /// patients. Of several joints of one patient the interval is too narrow.
    #[must_use]
    pub fn by_case(cases: usize, samples: usize, rng: &mut impl Rng) -> Resamples {
        Resamples::draw((0..cases).map(|case| vec![case]).collect(), samples, rng)
    }

    fn draw(clusters: Vec<Vec<usize>>, samples: usize, rng: &mut impl Rng) -> Resamples {
        // 32 bits, so that the draws are the same on every machine.
        let count = u32::try_from(clusters.len()).unwrap_or(u32::MAX);
        let mut sample = || (0..count).map(|_| rng.random_range(0..count)).collect();
        let samples = (0..samples).map(|_| sample()).collect();
        Resamples { clusters, samples }
    }

    /// How many patients there are (by case: how many cases).
    #[must_use]
    pub fn clusters(&self) -> usize {
        self.clusters.len()
    }

    /// How a figure varies. `figure` is asked once per sample, with the
    /// positions of the sample's cases.
    ///
    /// # Errors
    /// Where the figure is defined in no sample, or there are no cases.
    pub fn of(&self, figure: impl Fn(&[usize]) -> Measured) -> Result<Bootstrap, Undefined> {
        if self.clusters.is_empty() {
            return Err(Undefined::NoCases);
        }
        let mut values = Vec::with_capacity(self.samples.len());
        let mut cases = Vec::new();
        for sample in &self.samples {
            cases.clear();
            cases.extend(sample.iter().flat_map(|&cluster| &self.clusters[cluster as usize]));
            values.extend(figure(&cases));
        }
        let interval = Interval::percentile(&values).map_err(|_| Undefined::NoSample)?;
        let undefined = self.samples.len() - values.len();
        Ok(Bootstrap { interval, values, undefined })
    }

    /// How the difference `first - second` varies, both taken on the same
    /// samples.
    ///
    /// # Errors
    /// Where no sample defines both, or there are no cases.
    pub fn of_difference(
        &self,
        first: impl Fn(&[usize]) -> Measured,
        second: impl Fn(&[usize]) -> Measured,
    ) -> Result<Bootstrap, Undefined> {
        self.of(|cases| Ok(first(cases)? - second(cases)?))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::Seed;
    use crate::stats::interval::mean;

    fn rng(seed: u64) -> ChaCha8Rng {
        ChaCha8Rng::from_seed(Seed::new(seed).bytes())
    }

    fn mean_of(values: &[f64]) -> impl Fn(&[usize]) -> Measured {
        move |cases| mean(&cases.iter().map(|&case| values[case]).collect::<Vec<_>>())
    }

    #[test]
    fn one_patient_has_an_interval_of_no_width() {
        let resamples = Resamples::by_patient(&["a"; 4], SAMPLES, &mut rng(1));
        let bootstrap = resamples.of(mean_of(&[1.0, 2.0, 3.0, 6.0])).unwrap();
        assert_eq!(bootstrap.interval, Interval { low: 3.0, high: 3.0 });
        assert_eq!(bootstrap.values.len(), SAMPLES);
    }

    #[test]
    fn a_patient_brings_all_cases() {
        let resamples = Resamples::by_patient(&["b", "a", "b"], 200, &mut rng(2));
        assert_eq!(resamples.clusters(), 2);
        let alike = |cases: &[usize]| {
            let count = |case| cases.iter().filter(|&&drawn| drawn == case).count();
            assert_eq!(count(0), count(2));
            assert_eq!(count(0) + count(1), 2);
            Ok(0.0)
        };
        assert!(resamples.of(alike).is_ok());
    }

    #[test]
    fn clustered_intervals_are_wider_where_patients_differ() {
        let patients: Vec<String> = (0..200).map(|case| format!("p{}", case / 10)).collect();
        let values: Vec<f64> = (0..200).map(|case| f64::from(case / 10 % 2)).collect();
        let width = |resamples: Resamples| {
            let interval = resamples.of(mean_of(&values)).unwrap().interval;
            interval.high - interval.low
        };
        let clustered = width(Resamples::by_patient(&patients, SAMPLES, &mut rng(3)));
        let plain = width(Resamples::by_case(200, SAMPLES, &mut rng(3)));
        // A tenth as many independent values: sqrt(10) times as wide.
        assert!((2.5..4.0).contains(&(clustered / plain)), "{clustered} {plain}");
    }

    #[test]
    fn undefined_samples_are_left_out_and_counted() {
        let resamples = Resamples::by_case(2, 400, &mut rng(4));
        let needs_both = |cases: &[usize]| {
            if cases[0] == cases[1] { Err(Undefined::NoPositives) } else { Ok(1.0) }
        };
        let bootstrap = resamples.of(needs_both).unwrap();
        assert_eq!(bootstrap.values.len() + bootstrap.undefined, 400);
        // Half of the samples draw one case twice; 5 standard deviations are 50.
        assert!((150..250).contains(&bootstrap.undefined));
        assert_eq!(resamples.of(|_| Err(Undefined::NoPositives)), Err(Undefined::NoSample));
    }

    #[test]
    fn no_cases_are_no_interval() {
        let resamples = Resamples::by_patient::<&str>(&[], SAMPLES, &mut rng(5));
        assert_eq!(resamples.of(|_| Ok(1.0)), Err(Undefined::NoCases));
    }

    #[test]
    fn the_interval_of_a_mean_is_near_the_normal_one() {
        let values: Vec<f64> = (0..400).map(|case| f64::from(case % 2)).collect();
        let interval =
            Resamples::by_case(400, SAMPLES, &mut rng(6)).of(mean_of(&values)).unwrap().interval;
        // 0.5 +- 1.96 x 0.5 / 20.
        assert!(
            (interval.low - 0.451).abs() < 0.01 && (interval.high - 0.549).abs() < 0.01,
            "{interval:?}"
        );
    }

    proptest! {
        #[test]
        fn a_figure_does_not_differ_from_itself(values in prop::collection::vec(0.0f64..1.0, 1..20), seed: u64) {
            let resamples = Resamples::by_case(values.len(), 50, &mut rng(seed));
            let difference = resamples.of_difference(mean_of(&values), mean_of(&values)).unwrap();
            prop_assert_eq!(difference.interval, Interval { low: 0.0, high: 0.0 });
        }

        #[test]
        fn a_paired_shift_has_no_width(values in prop::collection::vec(0u8..100, 1..20), seed: u64) {
            let first: Vec<f64> = values.iter().map(|&value| f64::from(value) + 8.0).collect();
            let second: Vec<f64> = values.iter().map(|&value| f64::from(value)).collect();
            let resamples = Resamples::by_case(values.len(), 50, &mut rng(seed));
            let interval = resamples.of_difference(mean_of(&first), mean_of(&second)).unwrap().interval;
            prop_assert!((interval.low - 8.0).abs() < 1e-9 && (interval.high - 8.0).abs() < 1e-9);
        }

        #[test]
        fn the_same_seed_draws_the_same(patients in prop::collection::vec("[a-e]", 1..20), seed: u64) {
            let draw = || Resamples::by_patient(&patients, 20, &mut rng(seed)).samples;
            prop_assert_eq!(draw(), draw());
        }

        #[test]
        fn the_order_of_rows_does_not_matter(rows in prop::collection::vec(("[a-e]", 0u8..10), 1..30), seed: u64) {
            let interval = |rows: &[(String, u8)]| {
                let patients: Vec<&str> = rows.iter().map(|row| row.0.as_str()).collect();
                let share = |cases: &[usize]| Ok(cases.iter().map(|&case| u32::from(rows[case].1)).sum::<u32>().into());
                Resamples::by_patient(&patients, 50, &mut rng(seed)).of(share).unwrap()
            };
            let mut reversed = rows.clone();
            reversed.reverse();
            prop_assert_eq!(interval(&rows), interval(&reversed));
        }
    }
}
