//! Features brought to a common scale before the head, and back into its weights.

use rating::Problem;
use rating_frozen::weights::Weights;

/// Mean and deviation of each feature over the training pairs.
#[derive(Debug, Clone, PartialEq)]
pub struct Scale {
    mean: Vec<f64>,
    deviation: Vec<f64>,
}

/// A feature that hardly varies is not blown up beyond this part of the mean
/// deviation.
const LEAST_SHARE: f64 = 0.05;

impl Scale {
    /// The scale of these rows of features, one row a pair.
    pub fn of(rows: &[f32], features: usize) -> Scale {
        let count = (rows.len() / features).max(1) as f64;
        let mut mean = vec![0.0; features];
        let mut square = vec![0.0; features];
        for row in rows.chunks_exact(features) {
            for (index, &value) in row.iter().enumerate() {
                mean[index] += f64::from(value) / count;
                square[index] += f64::from(value).powi(2) / count;
            }
        }
        let deviations =
            mean.iter().zip(&square).map(|(mean, square)| (square - mean * mean).max(0.0).sqrt());
        let deviation: Vec<f64> = deviations.collect();
        let least = LEAST_SHARE * deviation.iter().sum::<f64>() / features as f64;
        let least = if least > 0.0 { least } else { 1.0 };
        Scale { mean, deviation: deviation.into_iter().map(|value| value.max(least)).collect() }
    }

    /// Brings rows of features to the scale.
    pub fn apply(&self, rows: &mut [f32]) {
        for row in rows.chunks_exact_mut(self.mean.len()) {
            for (index, value) in row.iter_mut().enumerate() {
                *value = ((f64::from(*value) - self.mean[index]) / self.deviation[index]) as f32;
            }
        }
    }

    /// Folds the scale into the first layer of a head, so that it takes
    /// features as they are: `W (x - m) / s + b = (W / s) x + (b - (W / s) m)`.
    ///
    /// # Errors
    /// Weights without that layer, or for another number of features.
    pub fn fold_into(&self, head: &mut Weights) -> Result<(), Problem> {
        let features = self.mean.len();
        let misfit = || Problem::new("the head's first layer does not fit its features");
        let mut bias = head.get("head1.0.bias").ok_or_else(misfit)?.data.clone();
        let weight = head.get_mut("head1.0.weight").ok_or_else(misfit)?;
        if weight.data.len() != features * bias.len() {
            return Err(misfit());
        }
        for (row, bias) in weight.data.chunks_exact_mut(features).zip(&mut bias) {
            let mut shift = 0.0;
            for (index, value) in row.iter_mut().enumerate() {
                let scaled = f64::from(*value) / self.deviation[index];
                shift += scaled * self.mean[index];
                *value = scaled as f32;
            }
            *bias = (f64::from(*bias) - shift) as f32;
        }
        if let Some(array) = head.get_mut("head1.0.bias") {
            array.data = bias;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rating_frozen::weights::Array;

    use super::*;

    #[test]
    fn scaled_features_have_mean_0_and_deviation_1() {
        let mut rows = vec![1.0, 10.0, 3.0, 30.0, 5.0, 50.0];
        Scale::of(&rows, 2).apply(&mut rows);
        let unit = 1.5_f32.sqrt();
        for (value, expected) in rows.iter().zip([-unit, -unit, 0.0, 0.0, unit, unit]) {
            assert!((value - expected).abs() < 1e-6, "{rows:?}");
        }
    }

    #[test]
    fn a_feature_that_never_varies_stays_finite() {
        let mut rows = vec![2.0, 2.0];
        Scale::of(&rows, 1).apply(&mut rows);
        assert_eq!(rows, [0.0, 0.0]);
    }

    #[test]
    fn a_folded_head_answers_plain_features_as_the_head_answers_scaled_ones() {
        let rows = [1.0_f32, 10.0, 3.0, 20.0, 5.0, 60.0];
        let scale = Scale::of(&rows, 2);
        let array =
            |shape: &[usize], data: &[f32]| Array { shape: shape.to_vec(), data: data.to_vec() };
        let mut head = Weights::from([
            ("head1.0.weight".to_owned(), array(&[1, 2], &[0.5, -2.0])),
            ("head1.0.bias".to_owned(), array(&[1], &[0.25])),
        ]);
        let answer = |head: &Weights, row: &[f32]| {
            let weight = &head["head1.0.weight"].data;
            weight[0] * row[0] + weight[1] * row[1] + head["head1.0.bias"].data[0]
        };
        let mut scaled = rows;
        scale.apply(&mut scaled);
        let expected: Vec<f32> = scaled.chunks(2).map(|row| answer(&head, row)).collect();
        scale.fold_into(&mut head).unwrap();
        for (row, expected) in rows.chunks(2).zip(expected) {
            assert!((answer(&head, row) - expected).abs() < 1e-5);
        }
    }
}
