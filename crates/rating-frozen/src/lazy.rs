//! Asking no more networks about a pair than its grades need.

use std::collections::BTreeMap;

use rating::Protocol;
use rating::scores::Probability;
use rayon::prelude::*;

use crate::bundle::NetworkInfo;
use crate::control::Control;
use crate::cpu::{CpuScorer, Progress};
use crate::inputs::Inputs;
use crate::scorer::ScoreError;

impl CpuScorer {
    /// Like [`CpuScorer::score_inputs`], but a pair's networks are asked in
    /// steps until `decided` says that its answers so far are enough. Networks
    /// that were not asked are absent; the others say exactly what they say
    /// there, and stand in the bundle's order.
    ///
    /// A step is one task of one fold: all its measurements and seeds. Steps
    /// and their order are the same for any number of threads and pairs.
    ///
    /// # Errors
    /// As for [`Scorer::score`](crate::Scorer::score).
    pub fn score_inputs_lazily(
        &self,
        inputs: &[Inputs],
        decided: &(dyn Fn(&[Probability]) -> bool + Sync),
        control: &dyn Control,
    ) -> Result<Vec<Vec<Probability>>, ScoreError> {
        let info = self.bundle().info();
        // That of all pairs, however few are left: the algorithm, and so the
        // last digits, must be those of a scoring that is not lazy.
        let purpose = self.scoring(inputs.len());
        let progress = Progress::new(inputs.len() * info.networks.len(), control);
        let mut answers: Vec<Vec<Probability>> = vec![Vec::new(); inputs.len()];
        let mut open: Vec<usize> = (0..inputs.len()).collect();
        for step in steps(&info.protocol, &info.networks) {
            let asked: Vec<&Inputs> = open.iter().map(|&pair| &inputs[pair]).collect();
            for (&pair, more) in open.iter().zip(self.ask(&step, purpose, &asked, &progress)?) {
                answers[pair].extend(more);
            }
            let is_open: Vec<bool> = self
                .pool()
                .install(|| open.par_iter().map(|&pair| !decided(&answers[pair])).collect());
            for (pair, _) in open.iter().zip(&is_open).filter(|(_, is_open)| !**is_open) {
                progress.more(info.networks.len() - answers[*pair].len());
            }
            let mut is_open = is_open.into_iter();
            open.retain(|_| is_open.next().unwrap_or(true));
        }
        for answers in &mut answers {
            answers.sort_by_cached_key(|answer| self.bundle().position(&answer.network));
        }
        Ok(answers)
    }
}

/// The networks' positions in the order of asking: fold by fold, because a
/// scoring model votes only when its networks have answered; within a fold the
/// task in the middle of the grades first, which halves what the vote can be.
fn steps(protocol: &Protocol, networks: &[NetworkInfo]) -> Vec<Vec<usize>> {
    let mut steps: BTreeMap<(u8, usize), Vec<usize>> = BTreeMap::new();
    for (position, network) in networks.iter().enumerate() {
        let measurement = protocol.measurement(&network.id.measurement);
        let tasks =
            measurement.map_or(0, |measurement| protocol.measurements()[measurement].tasks());
        let step = (network.id.fold, turn(network.id.above, tasks));
        steps.entry(step).or_default().push(position);
    }
    steps.into_values().collect()
}

/// When a task's turn comes, from 0: the middle task first, then outwards, the
/// smaller of two equally far first. `> 1`, `> 0`, `> 2` with three tasks.
fn turn(above: u8, tasks: u8) -> usize {
    let distance = |above: u8| (2 * i16::from(above) + 1 - i16::from(tasks)).abs();
    let before = |other: &u8| (distance(*other), *other) < (distance(above), above);
    (0..tasks).filter(before).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_task_comes_first() {
        let order = |tasks: u8| {
            let mut order: Vec<u8> = (0..tasks).collect();
            order.sort_by_key(|&above| turn(above, tasks));
            order
        };
        assert_eq!(order(3), [1, 0, 2]);
        assert_eq!(order(4), [1, 2, 0, 3]);
        assert_eq!(order(1), [0]);
        assert_eq!(order(9), [4, 3, 5, 2, 6, 1, 7, 0, 8]);
    }
}
