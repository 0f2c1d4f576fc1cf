//! The bootstrap: how a figure would vary if the study were repeated.
//!
//! Joints of one patient resemble each other, so patients are drawn, each with
//! all of its pairs; drawing pairs one by one, as the paper does, makes the
//! interval too narrow. Every figure reads the same samples, so two figures of
//! one cohort are compared pair by pair.
//!
//! A sample is a weight for each patient: how often it was drawn. Figures that
//! are asked by weights are in [`weighted`](super::weighted).

use std::num::NonZero;
use std::ops::Range;

use rand::{Rng, RngExt};

use super::{Interval, Measured, Patients, Undefined};

/// Samples of a study's figures that the paper draws.
pub const SAMPLES: usize = 1000;

/// Bootstrap samples of the patients of one cohort.
///
/// Samples are drawn anew whenever they are asked for, from the state the
/// generator had at the beginning of each: a thousand samples of a hundred
/// thousand patients take no memory, any sample can be asked for alone, and
/// the answer does not depend on who asks or in which order.
#[derive(Debug, Clone)]
pub struct Resamples<R> {
    patients: Patients,
    /// The generator at the beginning of each sample.
    starts: Vec<R>,
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

impl Bootstrap {
    /// Gathers the values of all samples, in the order drawn.
    ///
    /// # Errors
    /// Where no sample defines the figure.
    pub fn gather(of_samples: &[Measured]) -> Result<Bootstrap, Undefined> {
        let values: Vec<f64> = of_samples.iter().copied().flatten().collect();
        let interval = Interval::percentile(&values).map_err(|_| Undefined::NoSample)?;
        Ok(Bootstrap { interval, undefined: of_samples.len() - values.len(), values })
    }
}

impl<R: Rng + Clone + Sync> Resamples<R> {
    /// Samples that draw as many patients as there are, with replacement, each
    /// with all of its cases. `names` holds the patient of each case.
    #[must_use]
    pub fn by_patient<P: AsRef<str>>(names: &[P], samples: usize, rng: &mut R) -> Resamples<R> {
        Resamples::of_patients(Patients::named(names), samples, rng)
    }

    /// Samples that draw the cases one by one, as if all were of different
    /// patients. Of several joints of one patient the interval is too narrow.
    #[must_use]
    pub fn by_case(cases: usize, samples: usize, rng: &mut R) -> Resamples<R> {
        Resamples::of_patients(Patients::one_per_case(cases), samples, rng)
    }

    /// Samples of these patients.
    #[must_use]
    pub fn of_patients(patients: Patients, samples: usize, rng: &mut R) -> Resamples<R> {
        let mut starts = Vec::with_capacity(samples);
        for _ in 0..samples {
            starts.push(rng.clone());
            draw(patients.count() as u32, rng, |_| {});
        }
        Resamples { patients, starts }
    }

    /// Whose case is whose.
    #[must_use]
    pub fn patients(&self) -> &Patients {
        &self.patients
    }

    /// How often each patient was drawn in a sample, `weights[patient]`. What
    /// `weights` held is overwritten.
    ///
    /// # Panics
    /// When there is no such sample.
    pub fn weights(&self, sample: usize, weights: &mut Vec<u32>) {
        weights.clear();
        weights.resize(self.patients.count(), 0);
        let mut rng = self.starts[sample].clone();
        draw(self.patients.count() as u32, &mut rng, |patient| weights[patient as usize] += 1);
    }

    /// How a figure varies. `figure` is asked once per sample, with the weight
    /// of each patient.
    ///
    /// # Errors
    /// Where the figure is defined in no sample, or there are no patients.
    pub fn of(&self, figure: impl Fn(&[u32]) -> Measured + Sync) -> Result<Bootstrap, Undefined> {
        let [bootstrap] = self.of_each(|weights| [figure(weights)]);
        bootstrap
    }

    /// How several figures vary on the same samples, each drawn once.
    pub fn of_each<const N: usize>(
        &self,
        figures: impl Fn(&[u32]) -> [Measured; N] + Sync,
    ) -> [Result<Bootstrap, Undefined>; N] {
        let mut all = self.of_all(N, |weights| figures(weights).to_vec()).into_iter();
        std::array::from_fn(|_| all.next().expect("one bootstrap a figure"))
    }

    /// How `count` figures vary on the same samples, each drawn once: `figures`
    /// answers with as many values. All cores share the samples; how many there
    /// are does not change the answer.
    pub fn of_all(
        &self,
        count: usize,
        figures: impl Fn(&[u32]) -> Vec<Measured> + Sync,
    ) -> Vec<Result<Bootstrap, Undefined>> {
        if self.patients.count() == 0 {
            return vec![Err(Undefined::NoCases); count];
        }
        let samples = self.starts.len();
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
        let part = samples.div_ceil(threads).max(1);
        let parts = (0..samples).step_by(part).map(|first| first..samples.min(first + part));
        let figures = &figures;
        let values: Vec<Vec<Vec<Measured>>> = std::thread::scope(|scope| {
            let started: Vec<_> =
                parts.map(|part| scope.spawn(move || self.values(part, count, figures))).collect();
            // A panic inside is a bug, and goes on as one.
            let values = started.into_iter().map(|part| part.join());
            values.map(|part| part.unwrap_or_else(|bug| std::panic::resume_unwind(bug))).collect()
        });
        let of_figure = |figure: usize| -> Vec<Measured> {
            values.iter().flat_map(|part| part[figure].iter().copied()).collect()
        };
        (0..count).map(|figure| Bootstrap::gather(&of_figure(figure))).collect()
    }

    /// `values[figure][sample]` of some samples.
    fn values(
        &self,
        samples: Range<usize>,
        count: usize,
        figures: &impl Fn(&[u32]) -> Vec<Measured>,
    ) -> Vec<Vec<Measured>> {
        let mut values = vec![Vec::with_capacity(samples.len()); count];
        let mut weights = Vec::new();
        for sample in samples {
            self.weights(sample, &mut weights);
            for (values, value) in values.iter_mut().zip(figures(&weights)) {
                values.push(value);
            }
        }
        values
    }

    /// How the difference `first - second` varies, both taken on the same
    /// samples.
    ///
    /// # Errors
    /// Where no sample defines both, or there are no patients.
    pub fn of_difference(
        &self,
        first: impl Fn(&[u32]) -> Measured + Sync,
        second: impl Fn(&[u32]) -> Measured + Sync,
    ) -> Result<Bootstrap, Undefined> {
        self.of(|weights| Ok(first(weights)? - second(weights)?))
    }
}

/// Draws `count` of `count` patients with replacement.
fn draw(count: u32, rng: &mut impl Rng, mut drawn: impl FnMut(u32)) {
    for _ in 0..count {
        drawn(rng.random_range(0..count));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::Seed;
    use crate::stats::weighted::SumsByPatient;

    fn rng(seed: u64) -> ChaCha8Rng {
        ChaCha8Rng::from_seed(Seed::new(seed).bytes())
    }

    /// The mean of values whose patients are those of the samples.
    fn mean_of<'r>(
        resamples: &'r Resamples<ChaCha8Rng>,
        values: &[f64],
    ) -> impl Fn(&[u32]) -> Measured + use<'r> {
        let values: Vec<Option<f64>> = values.iter().copied().map(Some).collect();
        let sums = SumsByPatient::new(&values, resamples.patients()).unwrap();
        move |weights| sums.mean(weights)
    }

    #[test]
    fn one_patient_has_an_interval_of_no_width() {
        let resamples = Resamples::by_patient(&["a"; 4], SAMPLES, &mut rng(1));
        let bootstrap = resamples.of(mean_of(&resamples, &[1.0, 2.0, 3.0, 6.0])).unwrap();
        assert_eq!(bootstrap.interval, Interval { low: 3.0, high: 3.0 });
        assert_eq!(bootstrap.values.len(), SAMPLES);
    }

    #[test]
    fn a_sample_draws_as_many_patients_as_there_are() {
        let resamples = Resamples::by_patient(&["b", "a", "b", "c"], 200, &mut rng(2));
        let drawn = |weights: &[u32]| {
            assert_eq!((weights.len(), weights.iter().sum::<u32>()), (3, 3));
            Ok(0.0)
        };
        assert!(resamples.of(drawn).is_ok());
    }

    #[test]
    fn a_sample_is_the_same_whenever_it_is_asked_for() {
        let resamples = Resamples::by_case(30, 20, &mut rng(7));
        let (mut first, mut again) = (Vec::new(), vec![9; 3]);
        resamples.weights(13, &mut first);
        resamples.weights(4, &mut again);
        assert_ne!(first, again);
        resamples.weights(13, &mut again);
        assert_eq!(first, again);
    }

    #[test]
    fn samples_follow_one_another_in_the_generator() {
        // Two samples of five cases are the first ten draws.
        let mut generator = rng(8);
        let mut weights = Vec::new();
        let resamples = Resamples::by_case(5, 2, &mut rng(8));
        for sample in 0..2 {
            let mut expected = [0; 5];
            for _ in 0..5 {
                expected[generator.random_range(0..5) as usize] += 1;
            }
            resamples.weights(sample, &mut weights);
            assert_eq!(weights, expected);
        }
    }

    #[test]
    fn clustered_intervals_are_wider_where_patients_differ() {
        let patients: Vec<String> = (0..200).map(|case| format!("p{}", case / 10)).collect();
        let values: Vec<f64> = (0..200).map(|case| f64::from(case / 10 % 2)).collect();
        let width = |resamples: Resamples<ChaCha8Rng>| {
            let interval = resamples.of(mean_of(&resamples, &values)).unwrap().interval;
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
        let needs_both = |weights: &[u32]| {
            if weights.contains(&0) { Err(Undefined::NoPositives) } else { Ok(1.0) }
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
        let resamples = Resamples::by_case(400, SAMPLES, &mut rng(6));
        let interval = resamples.of(mean_of(&resamples, &values)).unwrap().interval;
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
            let difference = resamples.of_difference(mean_of(&resamples, &values), mean_of(&resamples, &values)).unwrap();
            prop_assert_eq!(difference.interval, Interval { low: 0.0, high: 0.0 });
        }

        #[test]
        fn a_paired_shift_has_no_width(values in prop::collection::vec(0u8..100, 1..20), seed: u64) {
            let first: Vec<f64> = values.iter().map(|&value| f64::from(value) + 8.0).collect();
            let second: Vec<f64> = values.iter().map(|&value| f64::from(value)).collect();
            let resamples = Resamples::by_case(values.len(), 50, &mut rng(seed));
            let interval = resamples.of_difference(mean_of(&resamples, &first), mean_of(&resamples, &second)).unwrap().interval;
            prop_assert!((interval.low - 8.0).abs() < 1e-9 && (interval.high - 8.0).abs() < 1e-9);
        }

        #[test]
        fn the_order_of_rows_does_not_matter(rows in prop::collection::vec(("[a-e]", 0u8..10), 1..30), seed: u64) {
            let interval = |rows: &[(String, u8)]| {
                let patients: Vec<&str> = rows.iter().map(|row| row.0.as_str()).collect();
                let values: Vec<f64> = rows.iter().map(|row| f64::from(row.1)).collect();
                let resamples = Resamples::by_patient(&patients, 50, &mut rng(seed));
                resamples.of(mean_of(&resamples, &values)).unwrap()
            };
            let mut reversed = rows.clone();
            reversed.reverse();
            prop_assert_eq!(interval(&rows), interval(&reversed));
        }
    }
}
