//! Multinomial logistic regression with an L2 penalty.

use super::newton::{self, Fitting};
use crate::stats::interval::mean;
use crate::{Grade, Problem};

/// The penalty of the baseline, fixed in advance and never tuned: scikit-learn's
/// default, `C = 1` (its `C` is one over ours).
pub const PENALTY: f64 = 1.0;

/// A fitted regression from features to a grade.
///
/// Minimised is the **sum** over cases of the cross-entropy, plus `penalty / 2`
/// times the sum of all squared weights. Features are first standardised with
/// mean and (population) standard deviation of the training cases; those that
/// do not vary there are dropped. Intercepts are not penalised. Grades that no
/// training case has are never predicted.
#[derive(Debug, Clone, PartialEq)]
pub struct Logistic {
    scaling: Scaling,
    /// The grades seen, ascending.
    grades: Vec<Grade>,
    /// For each grade seen the intercept, then a weight for each feature kept.
    weights: Vec<Vec<f64>>,
}

impl Logistic {
    /// Fits the regression by Newton's method; the same cases give the same
    /// weights, to the last bit on one machine.
    ///
    /// # Errors
    /// No cases; not one grade for each; features that are not finite or not as
    /// many in each case; a grade beyond `n_grades`; a penalty that is not positive.
    pub fn fit(
        features: &[Vec<f64>],
        grades: &[Grade],
        n_grades: u8,
        penalty: f64,
    ) -> Result<Logistic, Problem> {
        check(features, grades, n_grades, penalty)?;
        let scaling = Scaling::of(features);
        let mut seen = grades.to_vec();
        seen.sort_unstable();
        seen.dedup();
        let fitting = Fitting {
            inputs: features.iter().map(|case| scaling.input(case)).collect(),
            classes: grades
                .iter()
                .map(|grade| seen.partition_point(|other| other < grade))
                .collect(),
            n_classes: seen.len(),
            penalty,
        };
        Ok(Logistic { scaling, weights: newton::minimise(&fitting), grades: seen })
    }

    /// The likeliest grade; ties go to the smaller one.
    ///
    /// `features` are as many as at fitting; what is missing counts as the
    /// training mean.
    #[must_use]
    pub fn predict(&self, features: &[f64]) -> Grade {
        let input = self.scaling.input(features);
        let mut best = (f64::NEG_INFINITY, 0);
        for (&grade, weights) in self.grades.iter().zip(&self.weights) {
            let logit = newton::dot(weights, &input);
            if logit > best.0 {
                best = (logit, grade);
            }
        }
        best.1
    }
}

fn check(
    features: &[Vec<f64>],
    grades: &[Grade],
    n_grades: u8,
    penalty: f64,
) -> Result<(), Problem> {
    let Some(first) = features.first() else {
        return Err(Problem::new("there are no cases to fit a regression to"));
    };
    if features.len() != grades.len() {
        let (cases, grades) = (features.len(), grades.len());
        return Err(Problem::new(format!("{grades} grades for {cases} cases")));
    }
    for case in features {
        if case.len() != first.len() {
            let (one, other) = (first.len(), case.len());
            return Err(Problem::new(format!("cases of {one} and of {other} features")));
        }
        if case.iter().any(|value| !value.is_finite()) {
            return Err(Problem::new("a feature is not a finite number"));
        }
    }
    if let Some(grade) = grades.iter().find(|&&grade| grade >= n_grades) {
        return Err(Problem::new(format!("grade {grade} in a measurement of {n_grades} grades"))
            .hint("grades count from 0"));
    }
    if !(penalty > 0.0 && penalty.is_finite()) {
        return Err(Problem::new(format!("a penalty of {penalty}"))
            .hint("without a penalty separable grades have no best weights"));
    }
    Ok(())
}

/// How features become inputs of mean 0 and deviation 1.
#[derive(Debug, Clone, PartialEq)]
struct Scaling {
    /// Position, mean and standard deviation of each feature that varies.
    kept: Vec<(usize, f64, f64)>,
}

impl Scaling {
    fn of(features: &[Vec<f64>]) -> Scaling {
        let count = features.first().map_or(0, Vec::len);
        let kept = (0..count).filter_map(|feature| {
            let values: Vec<f64> = features.iter().map(|case| case[feature]).collect();
            // Asked of the values: a sum of equal ones need not divide evenly.
            let varies = values.iter().any(|value| value != &values[0]);
            let middle = mean(&values).ok()?;
            let squares: Vec<f64> = values.iter().map(|value| (value - middle).powi(2)).collect();
            let deviation = mean(&squares).ok()?.sqrt();
            let usable = varies && deviation.is_normal() && middle.is_finite();
            usable.then_some((feature, middle, deviation))
        });
        Scaling { kept: kept.collect() }
    }

    /// 1 for the intercept, then the standardised features.
    fn input(&self, features: &[f64]) -> Vec<f64> {
        let scaled = self.kept.iter().map(|&(feature, mean, deviation)| {
            features.get(feature).map_or(0.0, |value| (value - mean) / deviation)
        });
        std::iter::once(1.0).chain(scaled).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(features: &[Vec<f64>], grades: &[Grade]) -> Logistic {
        Logistic::fit(features, grades, 4, PENALTY).unwrap()
    }

    #[test]
    fn weights_as_scikit_learn_finds_them() {
        // scikit-learn 1.9.1, LogisticRegression(C=1.0, tol=1e-12) on the first two
        // columns standardised with ddof = 0; intercepts there are centred. The
        // third column does not vary and grade 2 does not occur.
        let features: Vec<Vec<f64>> = [
            [1.0, 5.0],
            [2.0, 4.0],
            [3.0, 7.0],
            [4.0, 1.0],
            [5.0, 3.0],
            [6.0, 8.0],
            [7.0, 2.0],
            [8.0, 6.0],
            [2.5, 9.0],
        ]
        .map(|[first, second]| vec![first, second, 2.0])
        .to_vec();
        let fitted = fit(&features, &[0, 0, 1, 1, 3, 3, 3, 1, 0]);
        let expected = [
            [-0.26167737, -1.01161585, 0.24115426],
            [0.20861664, 0.31862032, -0.07568881],
            [0.05306073, 0.69299552, -0.16546544],
        ];
        assert_eq!(fitted.grades, [0, 1, 3]);
        for (weights, expected) in fitted.weights.iter().zip(expected) {
            assert_eq!(weights.len(), expected.len());
            for (weight, expected) in weights.iter().zip(expected) {
                assert!((weight - expected).abs() < 1e-6, "{weight} {expected}");
            }
        }
        let predicted: Vec<Grade> = features.iter().map(|case| fitted.predict(case)).collect();
        assert_eq!(predicted, [0, 0, 0, 1, 3, 3, 3, 3, 0]);
    }

    #[test]
    fn separable_grades_are_told_apart() {
        let features: Vec<Vec<f64>> = (0..40).map(|case| vec![f64::from(case), 7.0]).collect();
        let grades: Vec<Grade> = (0..40).map(|case| case / 10).collect();
        let fitted = fit(&features, &grades);
        let right =
            features.iter().zip(&grades).filter(|(case, grade)| fitted.predict(case) == **grade);
        // A penalty keeps the middle grades, which linear logits tell apart least, a little short.
        assert!(right.count() >= 34);
        assert_eq!((fitted.predict(&[-100.0, 7.0]), fitted.predict(&[100.0, 7.0])), (0, 3));
    }

    #[test]
    fn one_grade_is_always_predicted() {
        let fitted = fit(&[vec![1.0], vec![2.0]], &[2, 2]);
        assert_eq!(fitted.predict(&[99.0]), 2);
    }

    #[test]
    fn ties_go_to_the_smaller_grade() {
        // Nothing varies and both grades are as frequent.
        let fitted = fit(&[vec![1.0], vec![1.0]], &[3, 1]);
        assert_eq!(fitted.predict(&[1.0]), 1);
    }

    #[test]
    fn more_features_than_cases_are_no_obstacle() {
        let case = |shift: f64| (0..50).map(|place| f64::from(place) + shift).collect::<Vec<f64>>();
        let fitted = fit(&[case(0.0), case(1.0), case(5.0)], &[0, 0, 3]);
        assert_eq!((fitted.predict(&case(0.0)), fitted.predict(&case(6.0))), (0, 3));
    }

    #[test]
    fn what_cannot_be_fitted_is_said() {
        let refused = |features: &[Vec<f64>], grades: &[Grade], penalty| {
            Logistic::fit(features, grades, 4, penalty).unwrap_err().what
        };
        assert!(refused(&[], &[], 1.0).contains("no cases"));
        assert!(refused(&[vec![1.0]], &[0, 1], 1.0).contains("2 grades for 1 cases"));
        assert!(refused(&[vec![1.0], vec![]], &[0, 1], 1.0).contains("cases of 1 and of 0"));
        assert!(refused(&[vec![f64::NAN]], &[0], 1.0).contains("finite"));
        assert!(refused(&[vec![1.0]], &[4], 1.0).contains("grade 4"));
        assert!(refused(&[vec![1.0]], &[0], 0.0).contains("penalty of 0"));
    }
}
