//! What networks learn from: the pairs of the training cohort, checked once.

use std::collections::BTreeMap;

use rating::preprocess::Prepared;
use rating::{Grade, Problem, Protocol};

/// One pair of the training cohort.
#[derive(Debug, Clone)]
pub struct Example {
    /// Name of the pair.
    pub pair_id: String,
    /// Whose joint it is, where known.
    pub patient_id: Option<String>,
    /// The fold that holds it out, from 1.
    pub fold: u8,
    /// Reference grade of each measurement, in the protocol's order.
    pub grades: Vec<Grade>,
    /// One image for each modality, in the protocol's order.
    pub views: Vec<Prepared>,
    /// A hash over the pixels and ROIs of its images: what decides whether
    /// finished work still stands.
    pub digest: [u8; 32],
}

/// The pairs of the training cohort, in the order of their names.
///
/// The order of the input never matters.
#[derive(Debug)]
pub struct Data {
    examples: Vec<Example>,
}

/// The two parts of a fold, as positions in [`Data::examples`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Pairs of the other folds.
    pub training: Vec<usize>,
    /// Pairs of the fold held out.
    pub validation: Vec<usize>,
}

impl Data {
    /// Sorts and checks the pairs.
    ///
    /// # Errors
    /// A pair named twice, grades or images that do not fit the protocol, a
    /// patient in two folds, a fold out of range or without pairs.
    pub fn new(
        mut examples: Vec<Example>,
        protocol: &Protocol,
        folds: u8,
    ) -> Result<Data, Vec<Problem>> {
        examples.sort_by(|a, b| a.pair_id.cmp(&b.pair_id));
        let mut problems = Vec::new();
        for twin in examples.windows(2).filter(|pair| pair[0].pair_id == pair[1].pair_id) {
            problems.push(Problem::new(format!("pair {} stands twice", twin[0].pair_id)));
        }
        problems.extend(examples.iter().filter_map(|example| misfit(example, protocol, folds)));
        problems.extend(patients_in_two_folds(&examples));
        for fold in 1..=folds {
            if !examples.iter().any(|example| example.fold == fold) {
                problems.push(
                    Problem::new(format!("fold {fold} has no pairs"))
                        .hint("use fewer folds or more patients"),
                );
            }
        }
        if problems.is_empty() { Ok(Data { examples }) } else { Err(problems) }
    }

    /// The pairs, in the order of their names.
    #[must_use]
    pub fn examples(&self) -> &[Example] {
        &self.examples
    }

    /// The two parts of a fold.
    #[must_use]
    pub fn split(&self, fold: u8) -> Split {
        let (validation, training) =
            (0..self.examples.len()).partition(|&index| self.examples[index].fold == fold);
        Split { training, validation }
    }
}

fn misfit(example: &Example, protocol: &Protocol, folds: u8) -> Option<Problem> {
    let Example { pair_id, grades, views, fold, .. } = example;
    if views.len() != protocol.modalities().len() {
        return Some(Problem::new(format!(
            "pair {pair_id} has {} images, protocol {} wants {}",
            views.len(),
            protocol.name(),
            protocol.modalities().len()
        )));
    }
    if grades.len() != protocol.measurements().len() {
        return Some(Problem::new(format!(
            "pair {pair_id} has not one grade for each measurement"
        )));
    }
    if let Some((measurement, grade)) = protocol
        .measurements()
        .iter()
        .zip(grades)
        .find(|(measurement, grade)| **grade >= measurement.grades)
    {
        return Some(
            Problem::new(format!(
                "pair {pair_id}: grade {grade} is outside 0-{}",
                measurement.tasks()
            ))
            .in_column(measurement.name.clone()),
        );
    }
    (!(1..=folds).contains(fold)).then(|| {
        Problem::new(format!("pair {pair_id} is in fold {fold} of {folds}")).in_column("fold")
    })
}

fn patients_in_two_folds(examples: &[Example]) -> Vec<Problem> {
    let mut fold_of = BTreeMap::new();
    let mut found = BTreeMap::new();
    for example in examples {
        let Some(patient) = &example.patient_id else { continue };
        let first = *fold_of.entry(patient).or_insert(example.fold);
        if first != example.fold {
            found.entry(patient).or_insert_with(|| {
                Problem::new(format!("patient {patient} is in folds {first} and {}", example.fold))
                    .in_column("fold")
                    .hint("folds are by patient: what a network has seen must not judge it")
            });
        }
    }
    found.into_values().collect()
}
