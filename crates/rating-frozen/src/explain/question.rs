//! One network asked about one pair: noisy copies, gradients on their paths,
//! their mean. Shared out among threads, whose number changes nothing.

use rating::heatmap::PathPoint;
use rating::network::NetworkId;
use rating::{Problem, Seed};
use rayon::prelude::*;

use super::noise::{added, noise};
use super::{Completeness, NetworkMaps, Recipe, Target};
use crate::cpu::CpuScorer;
use crate::cpu::Progress;
use crate::network::{Network, Workspace, probability_above};
use crate::scorer::{ScoreError, not_a_number};

/// Copies of one point each that pass together; even, so that opposite copies
/// share their noise.
const TOGETHER: usize = 10;

/// One network asked about one pair.
pub(super) struct Question<'t> {
    /// Lends memory for passes.
    pub(super) scorer: &'t CpuScorer,
    pub(super) network: &'t Network,
    pub(super) id: &'t NetworkId,
    /// Normalised, in the network's order.
    pub(super) inputs: &'t [&'t [f32]],
    pub(super) px: usize,
    pub(super) recipe: &'t Recipe,
    /// Of the network and the pair.
    pub(super) seed: Seed,
}

/// What one noisy copy gives.
struct Answer {
    /// Per modality, summed over channels.
    maps: Vec<Vec<f32>>,
    attributed: f64,
    /// The logit of the noisy copy; only where paths are followed.
    logit: Option<f64>,
}

impl Question<'_> {
    /// All copies, on the threads of the pool this runs in.
    pub(super) fn run(&self, progress: &Progress<'_>) -> Result<NetworkMaps, ScoreError> {
        let lent = |workspace: &mut Workspace| self.network.logits(self.inputs, self.px, workspace);
        let logits = self.scorer.with_workspace(lent)?;
        let probability = probability_above(&logits).ok_or_else(|| not_a_number(self.id))?;
        let class = match self.recipe.target {
            Target::Above => 1,
            Target::Predicted => usize::from(probability > 0.5),
        };
        let points = self.recipe.points(self.seed);
        let together = if points.iter().all(|points| points.len() == 1) { TOGETHER } else { 1 };
        let answers: Result<Vec<Vec<Answer>>, ScoreError> = points
            .par_chunks(together)
            .enumerate()
            .map(|(chunk, points)| {
                progress.check()?;
                let answers = self.scorer.with_workspace(|workspace| {
                    self.answers(class, chunk * together, points, workspace)
                })?;
                answers.iter().for_each(|_| progress.one_more());
                Ok(answers)
            })
            .collect();
        let answers: Vec<Answer> = answers?.into_iter().flatten().collect();
        let completeness = self
            .scorer
            .with_workspace(|workspace| self.completeness(class, &answers, workspace))?;
        let signed = mean_maps(&answers, self.inputs.len());
        let maps_are_finite = signed.iter().flatten().all(|value| value.is_finite());
        let error_is_finite =
            completeness.is_none_or(|completeness| completeness.error().is_finite());
        if !(maps_are_finite && error_is_finite) {
            return Err(not_a_number(self.id));
        }
        Ok(NetworkMaps { network: self.id.clone(), probability, class, signed, completeness })
    }

    /// What the copies from `first` on give; `points` holds those of each.
    fn answers(
        &self,
        class: usize,
        first: usize,
        points: &[Vec<PathPoint>],
        workspace: &mut Workspace,
    ) -> Result<Vec<Answer>, Problem> {
        let copies = self.copies(first, points.len());
        if let [points] = points {
            return Ok(vec![self.along_path(class, &copies[0], points, workspace)?]);
        }
        let points: Vec<PathPoint> = points.iter().flatten().copied().collect();
        self.at_points(class, &copies, &points, workspace)
    }

    /// So many noisy copies, `[copy][modality]`.
    fn copies(&self, first: usize, count: usize) -> Vec<Vec<Vec<f32>>> {
        let mut copies = Vec::with_capacity(count);
        let mut known: Option<(usize, Vec<Vec<f32>>)> = None;
        for copy in first..first + count {
            let (number, sign) = match self.recipe.antithetic {
                true => (copy / 2, if copy.is_multiple_of(2) { 1.0 } else { -1.0 }),
                false => (copy, 1.0),
            };
            let drawn = match known.take() {
                Some((same, drawn)) if same == number => drawn,
                _ => noise(self.inputs, self.seed.child(number)),
            };
            copies.push(added(self.inputs, &drawn, sign));
            known = Some((number, drawn));
        }
        copies
    }

    /// Integrated gradients of one copy, many points on its path.
    fn along_path(
        &self,
        class: usize,
        copy: &[Vec<f32>],
        points: &[PathPoint],
        workspace: &mut Workspace,
    ) -> Result<Answer, Problem> {
        let inputs: Vec<&[f32]> = copy.iter().map(Vec::as_slice).collect();
        let slopes = self.network.path_gradient(class, &inputs, self.px, points, workspace)?;
        let slopes: Vec<&[f32]> = slopes.iter().map(Vec::as_slice).collect();
        let mut answer = self.attribution(&inputs, &slopes, 1.0);
        if self.recipe.follows_paths() {
            let logits = self.network.logits(&inputs, self.px, workspace)?;
            answer.logit = Some(f64::from(logits[class]));
        }
        Ok(answer)
    }

    /// Several copies, one point on the path of each.
    fn at_points(
        &self,
        class: usize,
        copies: &[Vec<Vec<f32>>],
        points: &[PathPoint],
        workspace: &mut Workspace,
    ) -> Result<Vec<Answer>, Problem> {
        let scaled = |modality: usize| -> Vec<Vec<f32>> {
            let at_point = |(copy, point): (&Vec<Vec<f32>>, &PathPoint)| {
                copy[modality].iter().map(|value| point.alpha as f32 * value).collect()
            };
            copies.iter().zip(points).map(at_point).collect()
        };
        let scaled: Vec<Vec<Vec<f32>>> = (0..self.inputs.len()).map(scaled).collect();
        let scaled: Vec<Vec<&[f32]>> =
            scaled.iter().map(|images| images.iter().map(Vec::as_slice).collect()).collect();
        let scaled: Vec<&[&[f32]]> = scaled.iter().map(Vec::as_slice).collect();
        let slopes = self.network.input_gradient(class, &scaled, self.px, workspace)?;
        let values = 3 * self.px * self.px;
        let answer = |(number, (copy, point)): (usize, (&Vec<Vec<f32>>, &PathPoint))| {
            let inputs: Vec<&[f32]> = copy.iter().map(Vec::as_slice).collect();
            let slopes: Vec<&[f32]> =
                slopes.iter().map(|slopes| &slopes[number * values..][..values]).collect();
            self.attribution(&inputs, &slopes, point.weight as f32)
        };
        Ok(copies.iter().zip(points).enumerate().map(answer).collect())
    }

    /// Inputs times weighted slopes.
    fn attribution(&self, inputs: &[&[f32]], slopes: &[&[f32]], weight: f32) -> Answer {
        let area = self.px * self.px;
        let mut attributed = 0.0;
        let mut maps = Vec::with_capacity(inputs.len());
        for (input, slope) in inputs.iter().zip(slopes) {
            let mut map = vec![0.0; area];
            for (values, slopes) in input.chunks_exact(area).zip(slope.chunks_exact(area)) {
                for (sum, (value, slope)) in map.iter_mut().zip(values.iter().zip(slopes)) {
                    let part = value * slope * weight;
                    *sum += if self.recipe.squared { part * part } else { part };
                }
            }
            attributed += f64::from(weight) * product(input, slope);
            maps.push(map);
        }
        Answer { maps, attributed, logit: None }
    }

    fn completeness(
        &self,
        class: usize,
        answers: &[Answer],
        workspace: &mut Workspace,
    ) -> Result<Option<Completeness>, Problem> {
        let logits: Option<Vec<f64>> = answers.iter().map(|answer| answer.logit).collect();
        let Some(logits) = logits.filter(|logits| !logits.is_empty()) else { return Ok(None) };
        let zeros = vec![0.0; 3 * self.px * self.px];
        let baseline: Vec<&[f32]> = self.inputs.iter().map(|_| zeros.as_slice()).collect();
        let at_baseline = f64::from(self.network.logits(&baseline, self.px, workspace)?[class]);
        let mean =
            |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / answers.len() as f64;
        Ok(Some(Completeness {
            attributed: mean(&mut answers.iter().map(|answer| answer.attributed)),
            logit_change: mean(&mut logits.iter().copied()) - at_baseline,
        }))
    }
}

/// The scalar product, in as many sums as a processor adds at once.
fn product(first: &[f32], second: &[f32]) -> f64 {
    const SUMS: usize = 16;
    let mut sums = [0.0_f64; SUMS];
    for (first, second) in first.chunks(SUMS).zip(second.chunks(SUMS)) {
        for (sum, (a, b)) in sums.iter_mut().zip(first.iter().zip(second)) {
            *sum += f64::from(a * b);
        }
    }
    sums.iter().sum()
}

/// The mean over copies, for each modality; in the copies' order, so that
/// threads do not change it.
fn mean_maps(answers: &[Answer], modalities: usize) -> Vec<Vec<f32>> {
    let of_modality = |modality: usize| {
        let mut sums: Vec<f64> = Vec::new();
        for answer in answers {
            let map = &answer.maps[modality];
            sums.resize(map.len(), 0.0);
            sums.iter_mut().zip(map).for_each(|(sum, &value)| *sum += f64::from(value));
        }
        sums.into_iter().map(|sum| (sum / answers.len() as f64) as f32).collect()
    };
    (0..modalities).map(of_modality).collect()
}
