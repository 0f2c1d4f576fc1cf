//! How a heatmap is computed: the settings, and what they mean in numbers.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rating::Seed;
use rating::heatmap::PathPoint;
use rating::heatmap::quadrature::{gauss_legendre, right_riemann, stratified};
use serde::{Deserialize, Serialize};

/// What a person asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct How {
    /// How many gradients are taken.
    pub mode: Mode,
    /// Whose definition.
    pub variant: Variant,
    /// Root of the noise; another seed gives another noise.
    pub seed: u64,
}

impl Default for How {
    /// The paper's heatmap.
    fn default() -> How {
        How { mode: Mode::Exact, variant: Variant::Paper, seed: 1 }
    }
}

/// How many gradients are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The paper's: 8 noisy copies of 50 points each, 400 for each network.
    Exact,
    /// A tenth of that, for a reader who waits: 40 noisy copies of one point
    /// each, in twos with opposite noise. As like an exact map as another exact
    /// map with other noise is; the authors' variant, of 10 copies and 4 points,
    /// is a little less so (docs/log.md).
    Fast,
}

/// Whose definition of the map (method, section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Variant {
    /// The paper's: right Riemann sum, mean over noisy copies, always the
    /// logit of `grade > cut-off`.
    Paper,
    /// What the authors' code computes: Gauss-Legendre nodes, mean of squares
    /// over noisy copies, the logit of the class the network predicts.
    Authors,
}

/// What is done for each network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Recipe {
    /// Noisy copies of the pair.
    pub copies: usize,
    /// Where on the path of each copy gradients are taken.
    pub path: Path,
    /// Whether copies come in twos with opposite noise and the same points.
    pub antithetic: bool,
    /// Which logit is explained.
    pub target: Target,
    /// Whether attributions are squared before the mean over copies.
    pub squared: bool,
}

/// Where on the path gradients are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Path {
    /// Right Riemann sum of so many points on each copy's path.
    RightRiemann(usize),
    /// Gauss-Legendre nodes, so many on each copy's path.
    GaussLegendre(usize),
    /// One point on each copy's path, at random in the copy's own part of the
    /// line; the copies' parts cover it.
    Stratified,
}

/// Which logit is explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// That of `grade > cut-off`.
    Above,
    /// That of the class the network predicts for the pair.
    Predicted,
}

/// Noisy copies of the paper.
const COPIES: usize = 8;
/// Points on the path of each, m in the paper.
const POINTS: usize = 50;
/// Noisy copies of the fast mode.
const FAST_COPIES: usize = 40;

impl How {
    /// What these settings mean.
    #[must_use]
    pub fn recipe(&self) -> Recipe {
        let (target, squared) = match self.variant {
            Variant::Paper => (Target::Above, false),
            Variant::Authors => (Target::Predicted, true),
        };
        let (copies, path) = match (self.mode, self.variant) {
            (Mode::Exact, Variant::Paper) => (COPIES, Path::RightRiemann(POINTS)),
            (Mode::Exact, Variant::Authors) => (COPIES, Path::GaussLegendre(POINTS)),
            // Squares of single gradients would not be those of integrals.
            (Mode::Fast, Variant::Authors) => (10, Path::GaussLegendre(4)),
            (Mode::Fast, Variant::Paper) => (FAST_COPIES, Path::Stratified),
        };
        let antithetic = self.mode == Mode::Fast;
        Recipe { copies, path, antithetic, target, squared }
    }
}

impl Recipe {
    /// Gradients taken for each network; those of all images of a pair count
    /// once.
    #[must_use]
    pub fn evaluations(&self) -> usize {
        match self.path {
            Path::RightRiemann(points) | Path::GaussLegendre(points) => self.copies * points,
            Path::Stratified => self.copies,
        }
    }

    /// Whether each copy's path is followed closely enough to compare its
    /// attributions with the change of its logit.
    #[must_use]
    pub fn follows_paths(&self) -> bool {
        !matches!(self.path, Path::Stratified)
    }

    /// The points of each copy, for the network that `seed` is of.
    pub(super) fn points(&self, seed: Seed) -> Vec<Vec<PathPoint>> {
        match self.path {
            Path::RightRiemann(points) => vec![right_riemann(points); self.copies],
            Path::GaussLegendre(points) => vec![gauss_legendre(points); self.copies],
            Path::Stratified => {
                let mut rng = ChaCha8Rng::from_seed(seed.child("path").bytes());
                let each = if self.antithetic { 2 } else { 1 };
                let points = stratified(self.copies.div_ceil(each), &mut rng);
                (0..self.copies).map(|copy| vec![points[copy / each]]).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fast_takes_a_tenth_of_the_gradients() {
        for variant in [Variant::Paper, Variant::Authors] {
            let evaluations = |mode| How { mode, variant, seed: 1 }.recipe().evaluations();
            assert_eq!(evaluations(Mode::Exact), 400);
            assert_eq!(evaluations(Mode::Fast), 40);
        }
    }

    #[test]
    fn opposite_copies_share_their_point() {
        let recipe = How { mode: Mode::Fast, ..How::default() }.recipe();
        let points = recipe.points(Seed::new(1));
        assert_eq!(points.len(), 40);
        assert_eq!(points[6], points[7]);
        assert_ne!(points[7], points[8]);
        assert_eq!(points, recipe.points(Seed::new(1)));
        assert_ne!(points, recipe.points(Seed::new(2)));
    }
}
