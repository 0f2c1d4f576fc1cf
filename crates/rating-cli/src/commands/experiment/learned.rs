//! What an arm learns from: whose grades, of how many patients.

use std::collections::{BTreeMap, BTreeSet};

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rating::words::counted;
use rating::{Grade, Problem, Protocol, Seed};
use rating_net::Example;
use rating_net::experiment::Arm;

use super::graders;
use crate::data::ManifestFile;
use crate::failure::Failure;

/// The examples of the base as an arm sees them. Pairs that its grader did not
/// grade are left out.
pub fn examples(
    arm: &Arm,
    base: &[Example],
    file: &ManifestFile,
    protocol: &Protocol,
    study_seed: u64,
) -> Result<Vec<Example>, Failure> {
    let mut examples = base.to_vec();
    if let Some(patients) = arm.patients {
        examples = fewer(examples, patients, study_seed);
    }
    if !arm.learns_from.is_reference() {
        let grades = graders::grades(&arm.learns_from, file, protocol)?;
        let of_pair: BTreeMap<&str, Option<Vec<Grade>>> = (file.manifest.rows.iter())
            .map(|row| row.pair_id.as_str())
            .zip(grades.into_iter().map(|grades| grades.into_iter().collect()))
            .collect();
        examples.retain_mut(|example| {
            let grades = of_pair.get(example.pair_id.as_str()).cloned().flatten();
            grades.map(|grades| example.grades = grades).is_some()
        });
    }
    if arm.combined_from.is_some() {
        for example in &mut examples {
            example.grades = protocol.combined(&example.grades).into_iter().collect();
        }
    }
    Ok(examples)
}

/// Whether there are as many patients as the arm is to learn from.
pub fn check_patients(arm: &Arm, base: &[Example]) -> Result<(), Problem> {
    let there = base.iter().map(patient_of).collect::<BTreeSet<&str>>().len();
    match arm.patients {
        Some(patients) if patients == 0 || patients > there => {
            let patients = counted(patients, "patient", "patients");
            Err(Problem::new(format!("{patients} wanted, {there} to learn from"))
                .hint(format!("see arm {:?}", arm.name)))
        }
        _ => Ok(()),
    }
}

/// The pairs of some patients, of whom there are enough. Fold after fold gives its next
/// patient, in an order drawn from the seed: folds stay even, and fewer are some of
/// more.
fn fewer(examples: Vec<Example>, patients: usize, seed: u64) -> Vec<Example> {
    let mut folds: BTreeMap<u8, BTreeSet<&str>> = BTreeMap::new();
    for example in &examples {
        folds.entry(example.fold).or_default().insert(patient_of(example));
    }
    let mut rng = ChaCha8Rng::from_seed(Seed::new(seed).child("patients").bytes());
    let mut orders: Vec<Vec<&str>> = Vec::new();
    for fold in folds.into_values() {
        let mut order: Vec<&str> = fold.into_iter().collect();
        order.shuffle(&mut rng);
        orders.push(order);
    }
    let longest = orders.iter().map(Vec::len).max().unwrap_or(0);
    let in_turn = (0..longest).flat_map(|turn| orders.iter().filter_map(move |o| o.get(turn)));
    let chosen: BTreeSet<String> =
        in_turn.take(patients).map(|&patient| patient.to_owned()).collect();
    examples.into_iter().filter(|example| chosen.contains(patient_of(example))).collect()
}

/// A pair whose patient is unknown is a patient of its own.
fn patient_of(example: &Example) -> &str {
    example.patient_id.as_deref().unwrap_or(&example.pair_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(patient: usize, pair: usize) -> Example {
        Example {
            pair_id: format!("{patient}-{pair}"),
            patient_id: Some(format!("p{patient}")),
            fold: (patient % 5) as u8 + 1,
            grades: vec![0, 0],
            views: Vec::new(),
            digest: [0; 32],
        }
    }

    #[test]
    fn fewer_patients_are_some_of_more_and_folds_stay_even() {
        let all: Vec<Example> =
            (0..20).flat_map(|patient| (0..3).map(move |pair| example(patient, pair))).collect();
        let names = |count| -> BTreeSet<String> {
            let few = fewer(all.clone(), count, 7);
            assert_eq!(few.len(), 3 * count);
            let mut sizes = BTreeMap::new();
            few.iter().for_each(|example| *sizes.entry(example.fold).or_insert(0) += 1);
            assert!(sizes.values().max().unwrap() - sizes.values().min().unwrap() <= 3);
            few.iter().map(|example| patient_of(example).to_owned()).collect()
        };
        let (five, ten) = (names(5), names(10));
        assert!(five.is_subset(&ten));
        assert_ne!(five, fewer_names(&all, 5, 8));
        let arm = |patients| Arm { patients, ..Arm::base() };
        for (patients, fits) in
            [(Some(20), true), (Some(21), false), (Some(0), false), (None, true)]
        {
            assert_eq!(check_patients(&arm(patients), &all).is_ok(), fits);
        }
    }

    fn fewer_names(all: &[Example], count: usize, seed: u64) -> BTreeSet<String> {
        let few = fewer(all.to_vec(), count, seed);
        few.iter().map(|example| patient_of(example).to_owned()).collect()
    }
}
