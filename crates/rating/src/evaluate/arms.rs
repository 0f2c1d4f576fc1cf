//! Several ways of training and deciding, judged on the same pairs.
//!
//! An arm answers with one grade a pair, or with one from each of several
//! models; figures of the latter are means over the models (method, section 7).

use rand::Rng;
use serde::Serialize;

use super::interval;
use crate::stats::weighted::{CountsByPatient, SumsByPatient};
use crate::stats::{Graded, Interval, Measured, Patients, Resamples, Undefined, Weights};
use crate::{Grade, Problem};

/// The pairs that arms are judged on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cases {
    /// Whose pair it is: names that are unique over all studies gathered here.
    pub patients: Vec<String>,
    /// The test cohort of each pair.
    pub cohorts: Vec<String>,
    /// Reference grades, `truth[quantity][case]`.
    pub truth: Vec<Vec<Option<Grade>>>,
}

/// What an arm answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers {
    /// `grades[quantity][model][case]`; no model for a quantity that the arm does
    /// not grade, `None` for a pair it gave no grade.
    pub grades: Vec<Vec<Vec<Option<Grade>>>>,
}

/// A figure with the interval of its patients resampled.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ranged {
    /// The figure; `None` where it is not defined.
    pub value: Option<f64>,
    /// Its 95 % interval.
    pub interval: Option<Interval>,
}

/// The figures of one arm and quantity.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ArmFigures {
    /// Pairs with a reference grade and an answer.
    pub pairs: usize,
    /// Share of exact agreement with the reference (PEA, four-class accuracy).
    pub accuracy: Ranged,
    /// Linearly weighted kappa.
    pub kappa_linear: Ranged,
}

/// Two arms side by side, or one in two cohorts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Compared {
    /// Exact agreement of the first.
    pub first: Ranged,
    /// Exact agreement of the second.
    pub second: Ranged,
    /// First minus second, on the same samples of patients.
    pub difference: Ranged,
}

/// What a difference says about a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The whole interval is beyond the claim's limit.
    Holds,
    /// The whole interval is on the other side of it.
    DoesNot,
    /// The interval contains the limit, or there is none.
    Undecided,
}

impl Verdict {
    /// The verdict as people say it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Holds => "holds",
            Verdict::DoesNot => "does not hold",
            Verdict::Undecided => "undecided",
        }
    }
}

impl Compared {
    /// Whether the difference is greater than a limit.
    #[must_use]
    pub fn verdict(&self, limit: f64) -> Verdict {
        match self.difference.interval {
            Some(interval) if interval.low > limit => Verdict::Holds,
            Some(interval) if interval.high < limit => Verdict::DoesNot,
            _ => Verdict::Undecided,
        }
    }
}

/// Some of the pairs: those of these cohorts, or all.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// The quantity, as a position in [`Cases::truth`].
    pub quantity: usize,
    /// The cohorts; all when `None`.
    pub cohorts: Option<&'a [String]>,
}

impl Cases {
    /// Figures of an arm on a part of the pairs.
    ///
    /// # Errors
    /// A grade that is not below `grades`.
    pub fn figures(
        &self,
        answers: &Answers,
        part: Part<'_>,
        grades: u8,
        samples: usize,
        rng: &mut (impl Rng + Clone + Sync),
    ) -> Result<ArmFigures, Problem> {
        let patients = Patients::named(&self.patients);
        let right = self.right(answers, part);
        let resamples = Resamples::of_patients(patients, samples, rng);
        let accuracy = ranged(&resamples, &[&right])?;
        let kappas = self.confusions(answers, part, grades, resamples.patients())?;
        let kappa = |weights: &[u32]| -> Measured {
            let of_models: Result<Vec<f64>, Undefined> = kappas
                .iter()
                .map(|counts| counts.weighted(weights).kappa(Weights::Linear))
                .collect();
            crate::stats::interval::mean(&of_models?)
        };
        Ok(ArmFigures {
            pairs: right.iter().flatten().count(),
            accuracy: accuracy[0],
            kappa_linear: Ranged {
                value: kappa(&once(&resamples)).ok(),
                interval: interval(resamples.of(kappa)),
            },
        })
    }

    /// The exact agreement of two arms, each on a part of the pairs; where the
    /// parts are the same, pair by pair.
    ///
    /// # Errors
    /// Never for answers of these cases.
    pub fn compare(
        &self,
        first: (&Answers, Part<'_>),
        second: (&Answers, Part<'_>),
        samples: usize,
        rng: &mut (impl Rng + Clone + Sync),
    ) -> Result<Compared, Problem> {
        let resamples = Resamples::of_patients(Patients::named(&self.patients), samples, rng);
        let of = |(answers, part): (&Answers, Part<'_>)| self.right(answers, part);
        let (first, second) = (of(first), of(second));
        let ranged = ranged(&resamples, &[&first, &second])?;
        Ok(Compared { first: ranged[0], second: ranged[1], difference: ranged[2] })
    }

    /// The share of an arm's models that agree with each pair's reference.
    fn right(&self, answers: &Answers, part: Part<'_>) -> Vec<Option<f64>> {
        let models = answers.grades.get(part.quantity).map_or(&[][..], Vec::as_slice);
        let share = |case: usize| {
            let truth = self.truth[part.quantity][case].filter(|_| self.is_in(case, part))?;
            let given: Option<Vec<Grade>> = models.iter().map(|grades| grades[case]).collect();
            let given = given.filter(|given| !given.is_empty())?;
            let right = given.iter().filter(|&&grade| grade == truth).count();
            Some(right as f64 / given.len() as f64)
        };
        (0..self.patients.len()).map(share).collect()
    }

    fn is_in(&self, case: usize, part: Part<'_>) -> bool {
        part.cohorts.is_none_or(|cohorts| cohorts.contains(&self.cohorts[case]))
    }

    /// The confusion of each model, by patient.
    fn confusions(
        &self,
        answers: &Answers,
        part: Part<'_>,
        grades: u8,
        patients: &Patients,
    ) -> Result<Vec<CountsByPatient>, Problem> {
        let models = answers.grades.get(part.quantity).map_or(&[][..], Vec::as_slice);
        let of_model = |given: &Vec<Option<Grade>>| {
            let (mut truth, mut predicted, mut cases) = (Vec::new(), Vec::new(), Vec::new());
            for case in (0..self.patients.len()).filter(|&case| self.is_in(case, part)) {
                if let (Some(right), Some(grade)) = (self.truth[part.quantity][case], given[case]) {
                    truth.push(right);
                    predicted.push(grade);
                    cases.push(case);
                }
            }
            CountsByPatient::new(&Graded::new(grades, &truth, &predicted)?, &patients.keep(&cases))
        };
        models.iter().map(of_model).collect()
    }
}

/// Every patient once.
fn once<R>(resamples: &Resamples<R>) -> Vec<u32>
where
    R: Rng + Clone + Sync,
{
    vec![1; resamples.patients().count()]
}

/// The means of one or two lists of values, and the first minus the second.
fn ranged<R: Rng + Clone + Sync>(
    resamples: &Resamples<R>,
    lists: &[&[Option<f64>]],
) -> Result<[Ranged; 3], Problem> {
    let sums: Result<Vec<SumsByPatient>, Problem> =
        lists.iter().map(|values| SumsByPatient::new(values, resamples.patients())).collect();
    let sums = sums?;
    let figures = |weights: &[u32]| -> [Measured; 3] {
        let mean =
            |list: usize| sums.get(list).map_or(Err(Undefined::NoCases), |sums| sums.mean(weights));
        let (first, second) = (mean(0), mean(1));
        [first, second, first.and_then(|first| Ok(first - second?))]
    };
    let values = figures(&once(resamples));
    let intervals = resamples.of_each(figures).map(interval);
    let ranged =
        |position: usize| Ranged { value: values[position].ok(), interval: intervals[position] };
    Ok([ranged(0), ranged(1), ranged(2)])
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    fn rng() -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(1)
    }

    fn some(grades: &[Grade]) -> Vec<Option<Grade>> {
        grades.iter().copied().map(Some).collect()
    }

    /// Ten patients of four pairs each, all of grades 0, 1, 2, 3.
    fn cases() -> Cases {
        Cases {
            patients: (0..40).map(|case| format!("p{}", case / 4)).collect(),
            cohorts: (0..40).map(|case| if case < 20 { "a" } else { "b" }.to_owned()).collect(),
            truth: vec![some(&[0, 1, 2, 3].repeat(10))],
        }
    }

    fn part(cohorts: Option<&[String]>) -> Part<'_> {
        Part { quantity: 0, cohorts }
    }

    #[test]
    fn several_models_count_by_their_mean() {
        let cases = cases();
        let right = cases.truth[0].clone();
        let half = some(&[0, 1, 0, 0].repeat(10));
        let answers = Answers { grades: vec![vec![right, half]] };
        let figures = cases.figures(&answers, part(None), 4, 50, &mut rng()).unwrap();
        assert_eq!((figures.pairs, figures.accuracy.value), (40, Some(0.75)));
        // Every patient is alike, so nothing varies. Kappa of the second model: observed
        // disagreement (0 + 0 + 2 + 3) / 4 thirds, expected (3 x (0 + 1 + 2 + 3) + 1 x
        // (1 + 0 + 1 + 2)) / 16 thirds.
        let second = 1.0 - (5.0 / 4.0) / (22.0 / 16.0);
        let kappa = figures.kappa_linear.value.unwrap();
        assert!((kappa - (1.0 + second) / 2.0).abs() < 1e-12, "{kappa}");
        assert_eq!(figures.accuracy.interval, None);
    }

    #[test]
    fn a_difference_decides_a_claim_or_does_not() {
        let cases = cases();
        let right = Answers { grades: vec![vec![cases.truth[0].clone()]] };
        // Wrong about one pair of each patient, about two of the last.
        let mut wrong = [0, 1, 2, 0].repeat(10);
        wrong[38] = 0;
        let worse = Answers { grades: vec![vec![some(&wrong)]] };
        let compare = |first, second| {
            cases.compare((first, part(None)), (second, part(None)), 50, &mut rng()).unwrap()
        };
        let better = compare(&right, &worse);
        assert_eq!(better.difference.value, Some(0.275));
        assert_eq!(better.verdict(0.0), Verdict::Holds);
        assert_eq!(compare(&worse, &right).verdict(0.0), Verdict::DoesNot);
        assert_eq!(compare(&worse, &right).verdict(-0.4), Verdict::Holds);
        assert_eq!(compare(&right, &right).verdict(0.0), Verdict::Undecided);
        // Where every patient differs alike, nothing says how far patients vary.
        let alike = Answers { grades: vec![vec![some(&[0, 1, 2, 0].repeat(10))]] };
        assert_eq!(compare(&right, &alike).difference.value, Some(0.25));
        assert_eq!(compare(&right, &alike).verdict(0.0), Verdict::Undecided);
    }

    #[test]
    fn one_arm_in_two_cohorts() {
        let cases = cases();
        let mut given = cases.truth[0].clone();
        given[20..].iter_mut().step_by(2).for_each(|grade| *grade = Some(1));
        let answers = Answers { grades: vec![vec![given]] };
        let (a, b) = (["a".to_owned()], ["b".to_owned()]);
        let compared = cases
            .compare((&answers, part(Some(&b))), (&answers, part(Some(&a))), 50, &mut rng())
            .unwrap();
        assert_eq!((compared.first.value, compared.second.value), (Some(0.5), Some(1.0)));
    }

    #[test]
    fn an_arm_without_answers_has_no_figures() {
        let figures = cases().figures(&Answers::default(), part(None), 4, 10, &mut rng()).unwrap();
        assert_eq!((figures.pairs, figures.accuracy.value), (0, None));
        assert_eq!(figures.kappa_linear.value, None);
    }
}
