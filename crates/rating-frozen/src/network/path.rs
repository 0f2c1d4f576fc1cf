//! Gradients along the path of integrated gradients.

use rating::Problem;
pub use rating::heatmap::PathPoint;

use super::{Network, Workspace};

impl Network {
    /// The weighted sum of gradients along the straight line from the baseline
    /// (zeros in normalised space) to a pair's images: over `points`, `weight *
    /// d logit[class] / d input` at `alpha * inputs`. One `[3, px, px]` for each
    /// of `inputs`.
    ///
    /// # Errors
    /// Another number of images, images of another size, no such class.
    pub fn path_gradient(
        &self,
        class: usize,
        inputs: &[&[f32]],
        px: usize,
        points: &[PathPoint],
        _workspace: &mut Workspace,
    ) -> Result<Vec<Vec<f32>>, Problem> {
        self.check_inputs(inputs, px)?;
        if class >= self.classes() {
            return Err(Problem::new(format!("no class {class} of {}", self.classes())));
        }
        let sums = self.plain.path_gradient(class, inputs, px, points);
        let single = |sum: Vec<f64>| sum.into_iter().map(|value| value as f32).collect();
        Ok(sums.into_iter().map(single).collect())
    }
}
