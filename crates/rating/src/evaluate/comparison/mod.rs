//! Several score files on the same pairs: how good is each, and does it differ
//! from the first?
//!
//! Only pairs that every file scores count, so that each figure is about the
//! same pairs.

mod gather;
mod paired_tests;
mod part;
mod quantity;

use std::collections::BTreeMap;

use rand::Rng;
use serde::Serialize;

use super::figure::Figure;
use super::role::{self, Role};
use crate::manifest::References;
use crate::scores::ScoreTable;
use crate::stats::holm::holm;
use crate::{Origin, Problem, Protocol};

use gather::Gathered;
pub use paired_tests::{Evidence, PairedTest};

/// How many pairs that do not count are named.
const NAMED: usize = 5;

/// The comparison of score files, as `comparison.json` holds it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// `rating.comparison/1`.
    pub schema: &'static str,
    /// The most doubtful origin of the manifest's pairs and of the scores.
    pub origin: Origin,
    /// Always true.
    pub research_use_only: bool,
    /// Name of the protocol.
    pub protocol: String,
    /// Bootstrap samples behind each interval.
    pub bootstrap_samples: usize,
    /// The files in the order given; the first is what the others are compared with.
    pub files: Vec<ComparedFile>,
    /// How many tests Holm's correction is for: all that have a p, those on pairs
    /// the networks learned from aside. These are corrected among themselves.
    pub tests: usize,
    /// By name of the cohort.
    pub cohorts: BTreeMap<String, Part>,
    /// All test cohorts together, where there are several.
    pub together: Option<Part>,
}

impl Comparison {
    /// Whether the tests of a part are corrected among themselves: those on pairs the
    /// networks learned from, beside others.
    #[must_use]
    pub fn is_apart(&self, part: &Part) -> bool {
        part.role.is_training() && self.cohorts.len() > 1
    }
}

/// One file of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComparedFile {
    /// What it is called here.
    pub name: String,
    /// Bundles its scores come from (hashes).
    pub bundles: Vec<String>,
    /// Pairs it scores.
    pub pairs: usize,
    /// Those of them that another file does not score; they count nowhere.
    pub left_out: usize,
    /// The first few of these, in the manifest's order.
    pub first_left_out: Vec<String>,
    /// Pairs that count in which its models contradict the protocol.
    pub conflicts: usize,
}

/// The figures of one cohort, or of all.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    /// Whether the networks learned from these pairs.
    pub role: Role,
    /// Pairs that every file scores.
    pub pairs: usize,
    /// Their patients, `None` where some are unknown; then there is no interval.
    pub patients: Option<usize>,
    /// Those of them whose reference grades medicine excludes; they count nowhere.
    pub invalid_reference: usize,
    /// By measurement, and `combined`.
    pub measurements: BTreeMap<String, Quantity>,
    /// By measurement, then by task (`gt0`, `gt1`, ...).
    pub tasks: BTreeMap<String, BTreeMap<String, Quantity>>,
}

/// Everything about one measurement or one binary task.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quantity {
    /// Pairs with a reference grade.
    pub n: usize,
    /// Pairs without one.
    pub missing: usize,
    /// Of a task: pairs whose reference grade is greater than the cut-off.
    pub positives: Option<usize>,
    /// By name: `accuracy` (PEA), `close_agreement` (PCA), `kappa_linear` and
    /// `absolute_error` (in grades) of a measurement, `auc` of a task.
    pub figures: BTreeMap<&'static str, Compared>,
}

/// One figure of every file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    /// In the order of the files.
    pub files: Vec<Figure>,
    /// Each of the other files minus the first, in their order.
    pub differences: Vec<Difference>,
}

/// How far a file is from the first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// The figure minus that of the first, its interval on the same samples.
    #[serde(flatten)]
    pub figure: Figure,
    /// The test of the pairs, where the figure has one.
    pub test: Option<PairedTest>,
}

/// Scores with the name they are called by.
#[derive(Debug, Clone, Copy)]
pub struct Scored<'a> {
    /// The name.
    pub name: &'a str,
    /// The scores, of pairs of the manifest.
    pub scores: &'a ScoreTable,
}

/// Compares scores of the same pairs with their reference grades and with each
/// other. The order of rows and scores does not matter.
///
/// # Errors
/// Fewer than two files; no pair that every file scores.
pub fn compare_scores(
    protocol: &Protocol,
    references: &References,
    files: &[Scored<'_>],
    samples: usize,
    rng: &mut (impl Rng + Clone + Sync),
) -> Result<Comparison, Problem> {
    if files.len() < 2 {
        return Err(Problem::new(format!("a comparison of {} score files", files.len()))
            .hint("name two or more"));
    }
    let gathered = Gathered::new(references, files)?;
    let names = gathered.cohorts();
    let mut cohorts = BTreeMap::new();
    for name in &names {
        let of_cohort = gathered.only(name);
        let part = part::part(protocol, Role::of(name), &of_cohort, samples, rng)?;
        cohorts.insert((*name).to_owned(), part);
    }
    let pooled = role::pooled(names.iter().copied());
    let mut together = None;
    if pooled.len() > 1 {
        let of_tests = gathered.filter(|row| pooled.contains(&row.cohort.as_ref()));
        together = Some(part::part(protocol, Role::Test, &of_tests, samples, rng)?);
    }
    let of_pooled = |name: &str| pooled.contains(&name);
    let parts = cohorts.iter_mut();
    let (tested, trained): (Vec<_>, Vec<_>) = parts.partition(|(name, _)| of_pooled(name));
    correct(trained.into_iter().map(|(_, part)| part));
    let tests = correct(tested.into_iter().map(|(_, part)| part).chain(&mut together));
    let rows = references.rows().iter().map(|row| row.origin);
    let scores = files.iter().flat_map(|file| file.scores.iter()).map(|score| score.origin());
    Ok(Comparison {
        schema: "rating.comparison/1",
        origin: rows.chain(scores).max().unwrap_or(Origin::Clinical),
        research_use_only: true,
        protocol: protocol.name().to_owned(),
        bootstrap_samples: samples,
        files: gathered.files(files),
        tests,
        cohorts,
        together,
    })
}

/// Adds Holm's p to every test: they are asked together, so they are one family.
fn correct<'p>(parts: impl Iterator<Item = &'p mut Part>) -> usize {
    let quantities = parts.flat_map(|part| {
        part.measurements.values_mut().chain(part.tasks.values_mut().flat_map(BTreeMap::values_mut))
    });
    let figures = quantities.flat_map(|quantity| quantity.figures.values_mut());
    let differences = figures.flat_map(|figure| &mut figure.differences);
    let mut tests: Vec<&mut PairedTest> =
        differences.filter_map(|difference| difference.test.as_mut()).collect();
    let raw: Vec<Option<f64>> = tests.iter().map(|test| test.p).collect();
    for (test, p) in tests.iter_mut().zip(holm(&raw)) {
        test.p_holm = p;
    }
    raw.iter().flatten().count()
}
