//! Gradients along the path of integrated gradients.

use rating::Problem;
pub use rating::heatmap::PathPoint;

use super::{Network, Workspace};
use crate::engine::{End, Start};

/// Points that pass together.
const AT_ONCE: usize = 10;

impl Network {
    /// The weighted sum of gradients along the straight line from the baseline
    /// (zeros in normalised space) to a pair's images: over `points`, `weight *
    /// d logit[class] / d input` at `alpha * inputs`. One `[3, px, px]` for each
    /// of `inputs`.
    ///
    /// The stem's convolution is linear: it runs once forward and once backward,
    /// however many points there are. One thread works.
    ///
    /// # Errors
    /// Another number of images, images of another size, no such class.
    ///
    /// # Panics
    /// The network's purpose does not include gradients.
    pub fn path_gradient(
        &self,
        class: usize,
        inputs: &[&[f32]],
        px: usize,
        points: &[PathPoint],
        workspace: &mut Workspace,
    ) -> Result<Vec<Vec<f32>>, Problem> {
        let images: Vec<&[&[f32]]> = inputs.iter().map(std::slice::from_ref).collect();
        self.check_inputs(&images, px)?;
        self.check_class(class)?;
        let mut alone = Workspace::new(1);
        std::mem::swap(&mut alone.spaces, &mut workspace.spaces);
        let stems: Vec<Vec<f32>> = self
            .backbones
            .iter()
            .zip(inputs)
            .zip(alone.parts(self.modalities()).0)
            .map(|((backbone, image), space)| backbone.stem_sums(image, px, space))
            .collect();
        let mut sums: Vec<Vec<f32>> = stems.iter().map(|stem| vec![0.0; stem.len()]).collect();
        for points in points.chunks(AT_ONCE) {
            let factors: Vec<f32> = points.iter().map(|point| point.alpha as f32).collect();
            let weights: Vec<f32> = points.iter().map(|point| point.weight as f32).collect();
            let starts: Vec<Start<'_>> =
                stems.iter().map(|stem| Start::Path(stem, &factors)).collect();
            let features = self.forward(&starts, points.len(), px, &mut alone);
            let gradients = self.head_gradient(class, &features);
            let (spaces, crew) = alone.parts(self.modalities());
            for (((backbone, space), gradient), sum) in
                self.backbones.iter().zip(spaces).zip(gradients).zip(&mut sums)
            {
                backbone.backward(&gradient, px, crew, space, End::Sums(sum, &weights));
            }
        }
        let mut gradients = Vec::new();
        for ((backbone, space), sum) in
            self.backbones.iter().zip(alone.parts(self.modalities()).0).zip(&sums)
        {
            let mut image = vec![0.0; 3 * px * px];
            backbone.image_gradient(sum, px, space, &mut image);
            gradients.push(image);
        }
        std::mem::swap(&mut alone.spaces, &mut workspace.spaces);
        Ok(gradients)
    }
}
