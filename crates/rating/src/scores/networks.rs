//! What the networks say of one pair, checked and in order.

use std::collections::BTreeMap;

use super::Probability;
use crate::{Grade, Problem, Protocol};

/// The networks of one pair, by measurement, task, fold and seed.
#[derive(Default)]
pub(super) struct Networks<'a>(BTreeMap<(usize, Grade, u8, u8), &'a Probability>);

impl<'a> Networks<'a> {
    pub fn add(
        &mut self,
        protocol: &Protocol,
        probability: &'a Probability,
    ) -> Result<(), Problem> {
        let id = &probability.network;
        let problem = |what: &str| Problem::new(format!("network {id} {what}"));
        let measurement = protocol
            .measurements()
            .iter()
            .position(|measurement| measurement.short == id.measurement)
            .filter(|&position| id.above < protocol.measurements()[position].tasks())
            .ok_or_else(|| problem(&format!("is not of protocol {}", protocol.name())))?;
        if !(0.0..=1.0).contains(&probability.probability) {
            return Err(problem(&format!(
                "answers {}, not a probability",
                probability.probability
            )));
        }
        if probability.threshold.is_nan() {
            return Err(problem("has no threshold"));
        }
        let key = (measurement, id.above, id.fold, id.seed);
        match self.0.insert(key, probability) {
            None => Ok(()),
            Some(_) => Err(problem("answers twice")),
        }
    }

    pub fn folds(&self) -> Vec<u8> {
        let mut folds: Vec<u8> = self.0.keys().map(|key| key.2).collect();
        folds.sort_unstable();
        folds.dedup();
        folds
    }

    pub fn seeds(&self) -> Vec<u8> {
        let mut seeds: Vec<u8> = self.0.keys().map(|key| key.3).collect();
        seeds.sort_unstable();
        seeds.dedup();
        seeds
    }

    /// What one network says, `None` when it was not asked.
    pub fn answer(
        &self,
        measurement: usize,
        above: Grade,
        fold: u8,
        seed: u8,
    ) -> Option<&'a Probability> {
        self.0.get(&(measurement, above, fold, seed)).copied()
    }

    /// The answers of all seeds, `None` when one is missing.
    pub fn answers(
        &self,
        measurement: usize,
        above: Grade,
        fold: u8,
        seeds: &[u8],
    ) -> Option<Vec<&'a Probability>> {
        seeds.iter().map(|&seed| self.answer(measurement, above, fold, seed)).collect()
    }

    /// The mean probability of each task of each measurement, `None` where one
    /// of its networks was not asked.
    pub fn means(&self, protocol: &Protocol, folds: &[u8], seeds: &[u8]) -> Vec<Vec<Option<f64>>> {
        let mean = |measurement: usize, above: Grade| -> Option<f64> {
            let mut sum = 0.0;
            for &fold in folds {
                let answers = self.answers(measurement, above, fold, seeds)?;
                sum += answers.iter().map(|answer| answer.probability).sum::<f64>();
            }
            Some(sum / (folds.len() * seeds.len()) as f64)
        };
        let measurements = protocol.measurements().iter().enumerate();
        measurements
            .map(|(position, measurement)| {
                (0..measurement.tasks()).map(|above| mean(position, above)).collect()
            })
            .collect()
    }
}
