//! The system against each reader, case by case.

use serde::Serialize;

use super::table::{Grid, Table};
use crate::stats::{Discordance, holm};

/// The system's own grades against those of every reader in one arm.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SystemTests {
    /// The arm.
    pub arm: String,
    /// Readers with a case that both graded.
    pub readers: Vec<SystemTest>,
}

/// The system against one reader, on the cases that both graded and that have a
/// reference grade.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SystemTest {
    /// The reader's name.
    pub reader: String,
    /// Those cases.
    pub cases: usize,
    /// In which of them who was right; first is the system.
    pub right: Discordance,
    /// Exact McNemar test of the accuracies; takes cases for independent.
    pub mcnemar: f64,
    /// The same corrected for all readers of the arm (Holm).
    pub mcnemar_holm: Option<f64>,
}

/// By arm; none where the system gave no grades.
pub(super) fn against_readers(table: &Table<'_>, grid: &Grid) -> Vec<SystemTests> {
    if grid.system.iter().all(Option::is_none) {
        return Vec::new();
    }
    let of_arm = |(arm, readers): (&String, &Vec<Vec<_>>)| {
        let mut tests = Vec::new();
        for (reader, given) in table.study.readers.iter().zip(readers) {
            let (cases, truth) = grid.known(&[&grid.system, given]);
            let is_right = |grades: &[Option<_>], at: usize| grades[cases[at]] == Some(truth[at]);
            let both = (0..cases.len()).map(|at| (is_right(&grid.system, at), is_right(given, at)));
            let right = Discordance::count(both);
            if !cases.is_empty() {
                tests.push(SystemTest {
                    reader: reader.name.clone(),
                    cases: cases.len(),
                    mcnemar: right.mcnemar(),
                    right,
                    mcnemar_holm: None,
                });
            }
        }
        let p: Vec<Option<f64>> = tests.iter().map(|test| Some(test.mcnemar)).collect();
        for (test, p) in tests.iter_mut().zip(holm::holm(&p)) {
            test.mcnemar_holm = p;
        }
        SystemTests { arm: arm.clone(), readers: tests }
    };
    table.study.arms.iter().zip(&grid.grades).map(of_arm).collect()
}
