//! What becomes of the answer when parts of the pair are replaced by the
//! baseline, or put back.

use std::cmp::Ordering;

use rayon::prelude::*;

use crate::control::Control;
use crate::cpu::{CpuScorer, Progress};
use crate::inputs::Inputs;
use crate::network::{Network, Workspace, probability_above};
use crate::scorer::{ScoreError, not_a_number};

/// Each image is taken apart in so many squares along each side.
pub const SQUARES: usize = 16;

/// Parts in which all squares are replaced, one after the other.
pub const STEPS: usize = 16;

/// Squares of a pair from the one with the largest sum of its map to the one
/// with the smallest; of equals the first. `maps` holds a `side` x `side` map
/// for each modality. Squares count row after row, modality after modality.
#[must_use]
pub fn order_of(maps: &[Vec<f32>], side: usize) -> Vec<usize> {
    let mut sums = vec![0.0_f64; maps.len() * SQUARES * SQUARES];
    for (modality, map) in maps.iter().enumerate() {
        for (at, &value) in map.iter().enumerate() {
            sums[modality * SQUARES * SQUARES + square_of(at, side)] += f64::from(value);
        }
    }
    let mut order: Vec<usize> = (0..sums.len()).collect();
    order.sort_by(|&a, &b| sums[b].partial_cmp(&sums[a]).unwrap_or(Ordering::Equal));
    order
}

/// The square of a pixel.
fn square_of(pixel: usize, side: usize) -> usize {
    let along = |place: usize| place * SQUARES / side;
    along(pixel / side) * SQUARES + along(pixel % side)
}

/// What replaces what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replace {
    /// The image by the baseline: deletion.
    Image,
    /// The baseline by the image: insertion.
    Baseline,
}

impl CpuScorer {
    /// The mean probability of `grade > cut-off` over the networks of the
    /// explained decision, from nothing replaced to everything in [`STEPS`]
    /// steps: one curve for each of `orders`, `STEPS + 1` values each.
    ///
    /// # Errors
    /// As for [`Scorer::score`](crate::Scorer::score).
    pub fn occluded(
        &self,
        inputs: &Inputs,
        orders: &[(Replace, Vec<usize>)],
        control: &dyn Control,
    ) -> Result<Vec<Vec<f64>>, ScoreError> {
        let positions = self.deciding_networks()?;
        let normalised = inputs.normalised();
        let progress = Progress::new(positions.len(), control);
        let mut sums = vec![vec![0.0; STEPS + 1]; orders.len()];
        for &position in &positions {
            progress.check()?;
            let network = self.network(position, self.explaining())?;
            let images = self.images_of(position, &normalised);
            let curve = |(replace, order): &(Replace, Vec<usize>)| {
                self.with_workspace(|workspace| {
                    curve(&network, &images, self.side_px(), *replace, order, workspace)
                })
            };
            let curves: Result<Vec<Option<Vec<f64>>>, ScoreError> =
                self.pool().install(|| orders.par_iter().map(curve).collect());
            for (sums, curve) in sums.iter_mut().zip(curves?) {
                let id = &self.bundle().info().networks[position].id;
                let curve = curve.ok_or_else(|| not_a_number(id))?;
                sums.iter_mut().zip(curve).for_each(|(sum, value)| *sum += value);
            }
            progress.one_more();
        }
        let mean = |sum: f64| sum / positions.len() as f64;
        Ok(sums.into_iter().map(|sums| sums.into_iter().map(mean).collect()).collect())
    }
}

/// The probabilities of one network; `None` where one is no number.
fn curve(
    network: &Network,
    images: &[&[f32]],
    side: usize,
    replace: Replace,
    order: &[usize],
    workspace: &mut Workspace,
) -> Result<Option<Vec<f64>>, ScoreError> {
    let mut rank = vec![0; order.len()];
    for (place, &square) in order.iter().enumerate() {
        rank[square] = place;
    }
    let mut values = Vec::with_capacity(STEPS + 1);
    for step in 0..=STEPS {
        let replaced = step * order.len() / STEPS;
        let shown = |modality: usize, at: usize| {
            let rank = rank[modality * SQUARES * SQUARES + square_of(at % (side * side), side)];
            (rank < replaced) == (replace == Replace::Baseline)
        };
        let partly: Vec<Vec<f32>> = images
            .iter()
            .enumerate()
            .map(|(modality, image)| {
                let value =
                    |(at, &value): (usize, &f32)| if shown(modality, at) { value } else { 0.0 };
                image.iter().enumerate().map(value).collect()
            })
            .collect();
        let partly: Vec<&[f32]> = partly.iter().map(Vec::as_slice).collect();
        let logits = network.logits(&partly, side, workspace)?;
        let Some(probability) = probability_above(&logits) else { return Ok(None) };
        values.push(probability);
    }
    Ok(Some(values))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_are_ordered_by_their_sums() {
        let side = 33;
        let mut maps = vec![vec![0.0; side * side], vec![0.0; side * side]];
        maps[1][side * side - 1] = 3.0;
        maps[0][0] = 2.0;
        maps[0][side * side - 1] = -1.0;
        let order = order_of(&maps, side);
        assert_eq!(order.len(), 512);
        assert_eq!(order[..3], [511, 0, 1]);
        assert_eq!(order[511], 255);
    }
}
