//! Calibration slope and intercept, by logistic recalibration. The curve is in
//! [`reliability`](super::reliability).

use serde::Serialize;

use super::reliability::probabilities;
use super::weighted::check;
use super::{Estimate, Patients, Scored, Undefined};
use crate::Problem;

/// Probabilities nearer to 0 or 1 than this are moved here before their logit
/// is taken, because 0 and 1 have none.
pub const EDGE: f64 = 1e-6;

/// Steps after which a fit that still moves is given up; it settles in about ten.
const MOST_STEPS: usize = 100;

/// How the log odds have to be stretched and shifted to fit the truth (Cox,
/// Biometrika 1958): logit P(positive) = intercept + slope x logit p.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Recalibration {
    /// 1 is right; below 1 probabilities are too extreme, above too timid.
    pub slope: Estimate,
    /// The intercept beside that slope.
    pub intercept: Estimate,
    /// The intercept when the slope is held at 1 (calibration in the large):
    /// 0 is right, below 0 probabilities are too high on the whole.
    pub in_the_large: Estimate,
    /// How many probabilities were 0 or 1 up to [`EDGE`] and moved there.
    pub moved: usize,
}

impl Scored {
    /// Calibration slope and intercept by maximum likelihood. Standard errors
    /// treat cases as independent.
    ///
    /// # Errors
    /// Where a class is missing, all probabilities are alike, a score is not a
    /// probability, or a cut-off separates the classes (the slope is infinite).
    pub fn recalibration(&self) -> Result<Recalibration, Undefined> {
        self.recalibrated(|_, _, fit| Ok(fit.covariance))
    }

    /// The same with standard errors that hold where cases of one patient
    /// resemble each other: the sandwich of Huber and White, clustered by patient
    /// (Liang and Zeger, Biometrika 1986), times patients / (patients - 1).
    ///
    /// # Errors
    /// Not one patient for each case. Inside, as [`Scored::recalibration`], and
    /// with fewer than two patients.
    pub fn recalibration_by_patient(
        &self,
        patients: &Patients,
    ) -> Result<Result<Recalibration, Undefined>, Problem> {
        check(self.cases(), patients)?;
        Ok(self.recalibrated(|cases, slope, fit| sandwich(cases, slope, fit, patients)))
    }

    fn recalibrated(
        &self,
        covariance: impl Fn(&[Case], Slope, &Fit) -> Result<Matrix, Undefined>,
    ) -> Result<Recalibration, Undefined> {
        probabilities(self)?;
        self.auc()?;
        let inside = |probability: f64| probability.clamp(EDGE, 1.0 - EDGE);
        let cases: Vec<Case> = self
            .iter()
            .map(|(truth, probability)| {
                let p = inside(probability);
                Case { truth: f64::from(u8::from(truth)), logit: (p / (1.0 - p)).ln() }
            })
            .collect();
        overlap(&cases)?;
        let estimates = |slope: Slope| -> Result<[Estimate; 2], Undefined> {
            let fit = fit(&cases, slope)?;
            let covariance = covariance(&cases, slope, &fit)?;
            Ok([0, 1].map(|of| Estimate::of(fit.weights[of], covariance[of][of])))
        };
        let [intercept, slope] = estimates(Slope::Free)?;
        let [in_the_large, _] = estimates(Slope::HeldAtOne)?;
        Ok(Recalibration {
            slope,
            intercept,
            in_the_large,
            moved: self.iter().filter(|case| inside(case.1) != case.1).count(),
        })
    }
}

struct Case {
    truth: f64,
    logit: f64,
}

#[derive(Clone, Copy, PartialEq)]
enum Slope {
    Free,
    HeldAtOne,
}

type Matrix = [[f64; 2]; 2];

/// The best weights (intercept, slope), and the inverse of the information.
struct Fit {
    weights: [f64; 2],
    covariance: Matrix,
}

/// Best weights exist only where the classes overlap by more than one value.
fn overlap(cases: &[Case]) -> Result<(), Undefined> {
    let ends = |truth: f64| {
        let of_class = cases.iter().filter(move |case| case.truth == truth).map(|case| case.logit);
        of_class.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), logit| {
            (low.min(logit), high.max(logit))
        })
    };
    let (negatives, positives) = (ends(0.0), ends(1.0));
    if negatives.0.min(positives.0) == negatives.1.max(positives.1) {
        return Err(Undefined::NoSpread);
    }
    let separated = negatives.1 <= positives.0 || positives.1 <= negatives.0;
    if separated { Err(Undefined::Separated) } else { Ok(()) }
}

/// Intercept and slope by Newton's method; a step that does not raise the
/// likelihood is halved.
fn fit(cases: &[Case], slope: Slope) -> Result<Fit, Undefined> {
    let mut weights = [0.0, 1.0];
    let mut likelihood = log_likelihood(cases, weights);
    // What rounding may add to or take from the likelihood of so many cases.
    let rounding = (1e-12 * cases.len() as f64).max(1e-9);
    for _ in 0..MOST_STEPS {
        let (gradient, information) = derivatives(cases, weights, slope);
        let [[a, b], [_, d]] = information;
        let determinant = a * d - b * b;
        if !(determinant > 0.0 && determinant.is_finite()) {
            return Err(Undefined::NotConverged);
        }
        let step = [
            (d * gradient[0] - b * gradient[1]) / determinant,
            (a * gradient[1] - b * gradient[0]) / determinant,
        ];
        // What a whole step can still gain, in units of the likelihood.
        let gain = step[0] * gradient[0] + step[1] * gradient[1];
        if gain < 1e-20 * cases.len() as f64 {
            let covariance = [[d, -b], [-b, a]].map(|row| row.map(|cell| cell / determinant));
            return Ok(Fit { weights, covariance });
        }
        let mut share = 1.0;
        loop {
            let next = [weights[0] + share * step[0], weights[1] + share * step[1]];
            let reached = log_likelihood(cases, next);
            // Near the top rounding decides; the step is tiny there.
            if reached >= likelihood || gain < rounding {
                (weights, likelihood) = (next, reached);
                break;
            }
            share /= 2.0;
            if share < 1e-12 {
                return Err(Undefined::NotConverged);
            }
        }
    }
    Err(Undefined::NotConverged)
}

/// What each patient's cases pull at the weights, between two of `covariance`.
fn sandwich(
    cases: &[Case],
    slope: Slope,
    fit: &Fit,
    patients: &Patients,
) -> Result<Matrix, Undefined> {
    let mut pulls = vec![[0.0; 2]; patients.count()];
    for (case, &patient) in cases.iter().zip(patients.of_cases()) {
        let missed = case.truth - probability(case, fit.weights);
        let pull = &mut pulls[patient as usize];
        pull[0] += missed;
        pull[1] += if slope == Slope::Free { missed * case.logit } else { 0.0 };
    }
    let mut asked = vec![false; patients.count()];
    patients.of_cases().iter().for_each(|&patient| asked[patient as usize] = true);
    let count = asked.into_iter().filter(|&asked| asked).count() as f64;
    if count < 2.0 {
        return Err(Undefined::FewerThanTwo);
    }
    let mut filling = [[0.0; 2]; 2];
    for pull in pulls {
        for (row, column) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            filling[row][column] += pull[row] * pull[column] * count / (count - 1.0);
        }
    }
    Ok(product(&product(&fit.covariance, &filling), &fit.covariance))
}

fn product(left: &Matrix, right: &Matrix) -> Matrix {
    let cell = |row: usize, column: usize| {
        left[row][0] * right[0][column] + left[row][1] * right[1][column]
    };
    [[cell(0, 0), cell(0, 1)], [cell(1, 0), cell(1, 1)]]
}

fn probability(case: &Case, [intercept, slope]: [f64; 2]) -> f64 {
    1.0 / (1.0 + (-(intercept + slope * case.logit)).exp())
}

fn log_likelihood(cases: &[Case], [intercept, slope]: [f64; 2]) -> f64 {
    let of = |case: &Case| {
        let odds = intercept + slope * case.logit;
        // ln(1 + e^odds) without overflow.
        case.truth * odds - (odds.max(0.0) + (-odds.abs()).exp().ln_1p())
    };
    cases.iter().map(of).sum()
}

/// Gradient of the log likelihood and its information matrix. A slope that is
/// held has no gradient, and an information that leaves the intercept alone.
fn derivatives(cases: &[Case], weights: [f64; 2], kind: Slope) -> ([f64; 2], Matrix) {
    let (mut gradient, mut information) = ([0.0; 2], [[0.0; 2]; 2]);
    for case in cases {
        let p = probability(case, weights);
        let (missed, spread) = (case.truth - p, p * (1.0 - p));
        gradient[0] += missed;
        gradient[1] += missed * case.logit;
        information[0][0] += spread;
        information[0][1] += spread * case.logit;
        information[1][1] += spread * case.logit * case.logit;
    }
    if kind == Slope::HeldAtOne {
        gradient[1] = 0.0;
        information = [[information[0][0], 0.0], [0.0, 1.0]];
    }
    information[1][0] = information[0][1];
    (gradient, information)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRUTH: [bool; 8] = [true, false, true, true, false, true, false, false];
    const PROBABILITIES: [f64; 8] = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.1];

    fn by_patient(times: usize) -> Recalibration {
        let (truth, probabilities) = (TRUTH.repeat(times), PROBABILITIES.repeat(times));
        let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let scored = Scored::new(&truth, &probabilities).unwrap();
        scored.recalibration_by_patient(&Patients::named(&names.repeat(times))).unwrap().unwrap()
    }

    #[test]
    fn pairs_that_repeat_a_patient_do_not_make_it_surer() {
        let (once, thrice) = (by_patient(1), by_patient(3));
        type Of = fn(&Recalibration) -> Estimate;
        let all: [Of; 3] = [|fit| fit.slope, |fit| fit.intercept, |fit| fit.in_the_large];
        for of in all {
            assert!((of(&once).value - of(&thrice).value).abs() < 1e-9);
            assert!((of(&once).standard_error - of(&thrice).standard_error).abs() < 1e-9);
        }
        let naive = |times: usize| {
            let (truth, scores) = (TRUTH.repeat(times), PROBABILITIES.repeat(times));
            Scored::new(&truth, &scores).unwrap().recalibration().unwrap().slope.standard_error
        };
        assert!((naive(1) / naive(3) - 3.0_f64.sqrt()).abs() < 1e-6);
        let scored = Scored::new(&TRUTH, &PROBABILITIES).unwrap();
        let alone = scored.recalibration_by_patient(&Patients::named(&["p"; 8])).unwrap();
        assert_eq!(alone, Err(Undefined::FewerThanTwo));
        assert!(scored.recalibration_by_patient(&Patients::one_per_case(1)).is_err());
    }

    fn scored(truth: &[u8], scores: &[f64]) -> Scored {
        Scored::new(&truth.iter().map(|&class| class == 1).collect::<Vec<_>>(), scores).unwrap()
    }

    #[test]
    fn two_probabilities_worked_by_hand() {
        // Of p = 0.2 one of four is positive, of p = 0.8 three of four. Exact fit: logit
        // 1/4 = -ln 3 and +ln 3 where the probabilities have -ln 4 and ln 4.
        let cases = scored(&[1, 0, 0, 0, 1, 1, 1, 0], &[0.2, 0.2, 0.2, 0.2, 0.8, 0.8, 0.8, 0.8]);
        let found = cases.recalibration().unwrap();
        assert!((found.slope.value - 3.0_f64.ln() / 4.0_f64.ln()).abs() < 1e-9);
        assert!(found.intercept.value.abs() < 1e-9 && found.in_the_large.value.abs() < 1e-9);
        // Information of the slope: 8 x 3/16 x ln(4)^2.
        assert!((found.slope.standard_error - 1.0 / (1.5_f64.sqrt() * 4.0_f64.ln())).abs() < 1e-9);
    }

    #[test]
    fn certainty_is_moved_and_counted() {
        let cases = scored(&[0, 1, 1, 0, 1, 0], &[0.0, 0.3, 1.0, 0.4, 0.6, 0.7]);
        assert_eq!(cases.recalibration().unwrap().moved, 2);
    }

    #[test]
    fn what_has_no_slope_says_why() {
        let reason =
            |truth: &[u8], scores: &[f64]| scored(truth, scores).recalibration().unwrap_err();
        assert_eq!(reason(&[0, 0, 1], &[0.1, 0.2, 0.3]), Undefined::Separated);
        assert_eq!(reason(&[0, 0, 1, 1], &[0.1, 0.2, 0.2, 0.3]), Undefined::Separated);
        assert_eq!(reason(&[1, 1, 0], &[0.1, 0.2, 0.3]), Undefined::Separated);
        assert_eq!(reason(&[0, 1], &[0.4, 0.4]), Undefined::NoSpread);
        assert_eq!(reason(&[1, 1], &[0.4, 0.5]), Undefined::NoNegatives);
        assert_eq!(reason(&[0, 1], &[0.4, 1.5]), Undefined::NotProbabilities);
        assert_eq!(reason(&[], &[]), Undefined::NoCases);
    }
}
