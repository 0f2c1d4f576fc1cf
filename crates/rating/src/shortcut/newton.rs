//! Newton's method for multinomial logistic regression.
//!
//! The penalised loss is convex and has one minimum, so a plain method finds
//! it: solve for the Newton step, halve it until the loss falls, stop when it
//! promises nothing more.

/// A regression to be fitted.
pub(super) struct Fitting {
    /// For each case 1 (the intercept), then its standardised features.
    pub(super) inputs: Vec<Vec<f64>>,
    /// The class of each case, below `n_classes`.
    pub(super) classes: Vec<usize>,
    pub(super) n_classes: usize,
    /// On half the sum of squared weights, intercepts excepted.
    pub(super) penalty: f64,
}

/// Most Newton steps; about ten are taken.
const STEPS: usize = 100;

/// The fall of the loss, promised by a step, that is not worth taking.
const TOLERANCE: f64 = 1e-9;

/// The weights of each class: intercept, then features.
pub(super) fn minimise(fitting: &Fitting) -> Vec<Vec<f64>> {
    let size = fitting.inputs.first().map_or(1, Vec::len);
    let mut weights = vec![vec![0.0; size]; fitting.n_classes];
    let mut loss = fitting.loss(&weights);
    for _ in 0..STEPS {
        let (gradient, hessian) = fitting.derivatives(&weights);
        let Some(step) = solve(hessian, &gradient) else { break };
        let promised = dot(&gradient, &step) / 2.0;
        if promised.is_nan() || promised < TOLERANCE {
            break;
        }
        let Some((better, lower)) = fitting.along(&weights, &step, loss) else { break };
        (weights, loss) = (better, lower);
    }
    weights
}

impl Fitting {
    /// The first of the step, its half, its quarter, ... that lowers the loss.
    fn along(&self, weights: &[Vec<f64>], step: &[f64], loss: f64) -> Option<(Vec<Vec<f64>>, f64)> {
        let size = weights.first().map_or(1, Vec::len);
        (0..30).find_map(|halvings| {
            let share = 0.5_f64.powi(halvings);
            let mut moved = weights.to_vec();
            for (class, part) in moved.iter_mut().zip(step.chunks_exact(size)) {
                for (weight, step) in class.iter_mut().zip(part) {
                    *weight -= share * step;
                }
            }
            let lower = self.loss(&moved);
            (lower < loss).then_some((moved, lower))
        })
    }

    fn loss(&self, weights: &[Vec<f64>]) -> f64 {
        let mut loss = 0.0;
        for (input, &class) in self.inputs.iter().zip(&self.classes) {
            loss -= self.probabilities(weights, input)[class].max(f64::MIN_POSITIVE).ln();
        }
        let squares: f64 = weights.iter().flat_map(|class| &class[1..]).map(|w| w * w).sum();
        loss + self.penalty / 2.0 * squares
    }

    /// The softmax of one case.
    fn probabilities(&self, weights: &[Vec<f64>], input: &[f64]) -> Vec<f64> {
        let logits: Vec<f64> = weights.iter().map(|class| dot(class, input)).collect();
        let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut shares: Vec<f64> = logits.iter().map(|logit| (logit - most).exp()).collect();
        let sum: f64 = shares.iter().sum();
        shares.iter_mut().for_each(|share| *share /= sum);
        shares
    }

    /// Gradient and Hessian of the loss, classes one after the other.
    fn derivatives(&self, weights: &[Vec<f64>]) -> (Vec<f64>, Vec<Vec<f64>>) {
        let size = weights.first().map_or(1, Vec::len);
        let total = self.n_classes * size;
        let mut gradient = vec![0.0; total];
        let mut hessian = vec![vec![0.0; total]; total];
        for (input, &truth) in self.inputs.iter().zip(&self.classes) {
            let p = self.probabilities(weights, input);
            for class in 0..self.n_classes {
                let error = p[class] - if class == truth { 1.0 } else { 0.0 };
                add_scaled(&mut gradient[class * size..][..size], error, input);
                for other in 0..=class {
                    let curvature = p[class] * (if class == other { 1.0 } else { 0.0 } - p[other]);
                    for (row, &value) in input.iter().enumerate() {
                        let into = &mut hessian[class * size + row][other * size..][..size];
                        add_scaled(into, curvature * value, input);
                    }
                }
            }
        }
        for class in 0..self.n_classes {
            for place in class * size + 1..(class + 1) * size {
                gradient[place] += self.penalty * weights[class][place - class * size];
                hessian[place][place] += self.penalty;
            }
            // The same number added to all intercepts changes nothing, so the
            // loss is flat in that direction and the gradient has no part in it.
            // A curvature there makes the solution unique and leaves it alone.
            for other in 0..=class {
                hessian[class * size][other * size] += 1.0;
            }
        }
        (gradient, hessian)
    }
}

/// Solves `matrix x = right` by Cholesky's decomposition; only the lower half of
/// the matrix is read. `None` where it is not positive definite.
fn solve(mut matrix: Vec<Vec<f64>>, right: &[f64]) -> Option<Vec<f64>> {
    for row in 0..matrix.len() {
        let (above, from_row) = matrix.split_at_mut(row);
        let current = &mut from_row[0];
        for (column, pivot_row) in above.iter().enumerate() {
            let known = dot(&current[..column], &pivot_row[..column]);
            current[column] = (current[column] - known) / pivot_row[column];
        }
        let square = current[row] - dot(&current[..row], &current[..row]);
        if !(square > 0.0 && square.is_finite()) {
            return None;
        }
        current[row] = square.sqrt();
    }
    let mut solution = right.to_vec();
    for row in 0..matrix.len() {
        let known = dot(&matrix[row][..row], &solution[..row]);
        solution[row] = (solution[row] - known) / matrix[row][row];
    }
    for row in (0..matrix.len()).rev() {
        solution[row] /= matrix[row][row];
        let value = solution[row];
        add_scaled(&mut solution[..row], -value, &matrix[row][..row]);
    }
    Some(solution)
}

pub(super) fn dot(first: &[f64], second: &[f64]) -> f64 {
    first.iter().zip(second).map(|(a, b)| a * b).sum()
}

fn add_scaled(to: &mut [f64], factor: f64, values: &[f64]) {
    for (to, value) in to.iter_mut().zip(values) {
        *to += factor * value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_solved_by_hand() {
        // 4x + 2y = 10, 2x + 5y = 17: x = 1, y = 3.
        let solution = solve(vec![vec![4.0, 2.0], vec![2.0, 5.0]], &[10.0, 17.0]).unwrap();
        assert!((solution[0] - 1.0).abs() < 1e-12 && (solution[1] - 3.0).abs() < 1e-12);
        assert_eq!(solve(vec![vec![0.0]], &[1.0]), None);
    }

    #[test]
    fn without_features_the_intercepts_are_the_frequencies() {
        let classes = vec![0, 0, 0, 1];
        let fitting = Fitting { inputs: vec![vec![1.0]; 4], classes, n_classes: 2, penalty: 1.0 };
        let weights = minimise(&fitting);
        let probabilities = fitting.probabilities(&weights, &[1.0]);
        assert!((probabilities[0] - 0.75).abs() < 1e-6, "{probabilities:?}");
    }
}
