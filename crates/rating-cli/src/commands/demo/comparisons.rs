//! What a demo compares its networks with: one modality alone, a shortcut
//! without anatomy, and how well the readers agree.

use std::collections::BTreeMap;
use std::path::Path;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rating::evaluate::compare::{Difference, accuracy_difference};
use rating::manifest::Row;
use rating::preprocess::Preprocess;
use rating::shortcut::{self, Logistic, PENALTY};
use rating::stats::{Graded, Interval};
use rating::{Grade, Problem, Protocol, Seed};
use rating_report::{Comparison, ComparisonRow};

use crate::commands::score::Scored;
use crate::data::{LoadedPair, ManifestFile};
use crate::failure::Failure;
use crate::readings;

const SAMPLES: usize = 1000;

/// Grades of one measurement by pair.
type Grades<'a> = BTreeMap<&'a str, Grade>;

/// Scores in which one measurement is read from one modality alone.
pub struct Alone {
    /// Position of the measurement in the protocol.
    pub measurement: usize,
    /// Position of the modality in the protocol.
    pub modality: usize,
    /// The scores.
    pub scored: Scored,
}

/// All comparisons, on both test cohorts together.
pub fn all(
    protocol: &Protocol,
    file: &ManifestFile,
    phantoms: &Path,
    scored: &Scored,
    alone: &[Alone],
    seed: Seed,
) -> Result<Vec<Comparison>, Failure> {
    let mut comparisons = Vec::new();
    for arm in alone {
        comparisons.push(fusion_against(protocol, file, scored, arm, seed)?);
    }
    comparisons.extend(against_shortcut(protocol, file, scored, seed)?);
    comparisons.push(reader_agreement(protocol, file, phantoms)?);
    Ok(comparisons)
}

/// Every comparison as lines of text.
pub fn words(comparisons: &[Comparison]) -> String {
    let mut text = String::new();
    for comparison in comparisons {
        text += &format!("{}\n", comparison.title);
        for row in &comparison.rows {
            let value = row.value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"));
            let interval = row
                .interval
                .map(|interval| format!(" [{:.3}, {:.3}]", interval.low, interval.high))
                .unwrap_or_default();
            text += &format!("  {:44} {value}{interval}\n", row.name);
        }
    }
    text
}

/// Grades of a measurement in a score file.
fn grades_of(scored: &Scored, measurement: usize) -> Grades<'_> {
    scored
        .scores
        .iter()
        .map(|score| (score.pair_id.as_str(), score.decision.grades[measurement]))
        .collect()
}

fn rng(seed: Seed, label: &str) -> ChaCha8Rng {
    ChaCha8Rng::from_seed(seed.child(label).bytes())
}

/// A measurement from both images against the extractors of one modality;
/// everything else, decoding included, is alike.
fn fusion_against(
    protocol: &Protocol,
    file: &ManifestFile,
    scored: &Scored,
    arm: &Alone,
    seed: Seed,
) -> Result<Comparison, Failure> {
    let &Alone { measurement, modality, .. } = arm;
    let (first, second) = (grades_of(scored, measurement), grades_of(&arm.scored, measurement));
    let modality = &protocol.modalities()[modality].name;
    let mut rng = rng(seed, &format!("fusion against {modality}"));
    let difference = difference(protocol, file, measurement, &first, &second, &mut rng)?;
    let name = protocol.measurements()[measurement].name.replace('_', " ");
    Ok(Comparison {
        title: format!("Is {name} graded better from both images than from {modality} alone?"),
        sentence: format!(
            "Accuracy of the fusion networks and of the {modality} networks alone, both test cohorts together, same decoding."
        ),
        rows: difference_rows(&difference, "fusion of both images", &format!("{modality} alone")),
    })
}

fn difference(
    protocol: &Protocol,
    file: &ManifestFile,
    measurement: usize,
    first: &Grades<'_>,
    second: &Grades<'_>,
    rng: &mut ChaCha8Rng,
) -> Result<Difference, Problem> {
    let grades = protocol.measurements()[measurement].grades;
    accuracy_difference(&file.manifest.rows, measurement, grades, first, second, SAMPLES, rng)
}

fn difference_rows(difference: &Difference, first: &str, second: &str) -> Vec<ComparisonRow> {
    let row = |name: String, value: Option<f64>, interval: Option<Interval>| ComparisonRow {
        name,
        value,
        interval,
        note: format!("{} pairs", difference.n),
    };
    vec![
        row(first.to_owned(), difference.first, difference.first_interval),
        row(second.to_owned(), difference.second, difference.second_interval),
        row(
            format!("{first} minus {second}"),
            difference.difference,
            difference.difference_interval,
        ),
    ]
}

/// The networks against a logistic regression that sees ROI sizes, gray
/// levels, the coloured share and thumbnails, but no anatomy.
fn against_shortcut(
    protocol: &Protocol,
    file: &ManifestFile,
    scored: &Scored,
    seed: Seed,
) -> Result<Vec<Comparison>, Failure> {
    let floor = Preprocess::default().mask.floor;
    let features = |_: &Row, loaded: &LoadedPair| shortcut::features(&loaded.pair, floor);
    let features = file.load_all(protocol, "shortcut baseline", |_| true, features)?.kept;
    let rows = &file.manifest.rows;
    let mut comparisons = Vec::new();
    for (measurement, described) in protocol.measurements().iter().enumerate() {
        let mut learned = Vec::new();
        let mut grades = Vec::new();
        for (row, features) in rows.iter().zip(&features).filter(|(row, _)| row.cohort == "train") {
            if let (Some(features), Some(grade)) = (features, row.grades[measurement]) {
                learned.push(features.clone());
                grades.push(grade);
            }
        }
        let baseline = Logistic::fit(&learned, &grades, described.grades, PENALTY)?;
        let first = grades_of(scored, measurement);
        let mut second = Grades::new();
        for (row, features) in rows.iter().zip(&features) {
            if let (Some(features), true) = (features, first.contains_key(row.pair_id.as_str())) {
                second.insert(&row.pair_id, baseline.predict(features));
            }
        }
        let label = format!("shortcut {}", described.name);
        let difference =
            difference(protocol, file, measurement, &first, &second, &mut rng(seed, &label))?;
        comparisons.push(Comparison {
            title: format!("Could {} be guessed without anatomy?", described.name.replace('_', " ")),
            sentence: "Accuracy of the networks and of a logistic regression on ROI size, gray mean and deviation, coloured share and 8x8 thumbnails, both test cohorts together.".to_owned(),
            rows: difference_rows(&difference, "networks", "shortcut"),
        });
    }
    Ok(comparisons)
}

/// How often two readers, each alone, give the same combined grade.
fn reader_agreement(
    protocol: &Protocol,
    file: &ManifestFile,
    phantoms: &Path,
) -> Result<Comparison, Failure> {
    let readings = readings::first(protocol, &phantoms.join("readings.csv"))?;
    let mut readers: Vec<&str> =
        readings.values().flat_map(|by_reader| by_reader.keys().map(String::as_str)).collect();
    readers.sort_unstable();
    readers.dedup();
    let grades = protocol.combined_grades().unwrap_or(0);
    let combined = |pair: &str, reader: &str| -> Option<Grade> {
        let all: Option<Vec<Grade>> = readings.get(pair)?.get(reader)?.iter().copied().collect();
        protocol.combined(&all?)
    };
    let mut rows = Vec::new();
    for (position, first) in readers.iter().enumerate() {
        for second in &readers[position + 1..] {
            let pairs = file.manifest.rows.iter().filter_map(|row| {
                Some((combined(&row.pair_id, first)?, combined(&row.pair_id, second)?))
            });
            let (a, b): (Vec<Grade>, Vec<Grade>) = pairs.unzip();
            rows.push(ComparisonRow {
                name: format!("{first} and {second}"),
                value: Graded::new(grades, &a, &b)?.confusion().accuracy().ok(),
                interval: None,
                note: format!("{} pairs", a.len()),
            });
        }
    }
    Ok(Comparison {
        title: "How often do two simulated readers agree?".to_owned(),
        sentence: "Share of pairs, all cohorts, to which two simulated readers, each alone, give the same combined grade.".to_owned(),
        rows,
    })
}
