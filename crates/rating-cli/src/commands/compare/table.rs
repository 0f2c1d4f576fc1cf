//! `comparison.csv`: a row for each figure of each file.

use rating::evaluate::Figure;
use rating::evaluate::comparison::{Comparison, Evidence, PairedTest, Quantity};

use crate::failure::Failure;

/// What stands for the cohort where all of them are together.
pub const TOGETHER: &str = "all together";

const COLUMNS: [&str; 18] = [
    "cohort",
    "measurement",
    "task",
    "figure",
    "scores",
    "reference",
    "pairs",
    "value",
    "low",
    "high",
    "difference",
    "difference_low",
    "difference_high",
    "test",
    "p",
    "p_holm",
    "undefined",
    "origin",
];

/// The table; its first file has no difference.
pub fn csv(comparison: &Comparison) -> Result<Vec<u8>, Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let bug = |error: csv::Error| Failure::Bug(error.to_string());
    writer.write_record(COLUMNS).map_err(bug)?;
    let cohorts = comparison.cohorts.iter().map(|(name, part)| (name.as_str(), part));
    let together = comparison.together.iter().map(|part| (TOGETHER, part));
    for (cohort, part) in cohorts.chain(together) {
        let measurements = part.measurements.iter().map(|(name, found)| (name, "", found));
        let tasks = part.tasks.iter().flat_map(|(name, tasks)| {
            tasks.iter().map(move |(task, found)| (name, task.as_str(), found))
        });
        for (measurement, task, found) in measurements.chain(tasks) {
            for record in records(comparison, [cohort, measurement, task], found) {
                writer.write_record(record).map_err(bug)?;
            }
        }
    }
    writer.into_inner().map_err(|error| Failure::Bug(error.to_string()))
}

fn records(comparison: &Comparison, place: [&str; 3], found: &Quantity) -> Vec<Vec<String>> {
    let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    let numbers = |figure: Option<&Figure>| {
        let interval = figure.and_then(|figure| figure.interval);
        let low = interval.map(|interval| interval.low);
        let high = interval.map(|interval| interval.high);
        [figure.and_then(|figure| figure.value), low, high].map(number)
    };
    let mut records = Vec::new();
    for (name, compared) in &found.figures {
        for (position, (file, figure)) in comparison.files.iter().zip(&compared.files).enumerate() {
            let difference =
                position.checked_sub(1).and_then(|other| compared.differences.get(other));
            let test = difference.and_then(|difference| difference.test.as_ref());
            let reasons = [
                figure.undefined.as_deref(),
                difference.and_then(|difference| difference.figure.undefined.as_deref()),
                test.and_then(|test| test.undefined.as_deref()),
            ];
            let mut record = place.map(str::to_owned).to_vec();
            record.extend([*name, &file.name, &comparison.files[0].name].map(str::to_owned));
            record.push(found.n.to_string());
            record.extend(numbers(Some(figure)));
            record.extend(numbers(difference.map(|difference| &difference.figure)));
            record.push(test.and_then(test_name).unwrap_or_default().to_owned());
            record.push(number(test.and_then(|test| test.p)));
            record.push(number(test.and_then(|test| test.p_holm)));
            record.push(reasons.into_iter().flatten().next().unwrap_or_default().to_owned());
            record.push(comparison.origin.to_string());
            records.push(record);
        }
    }
    records
}

fn test_name(test: &PairedTest) -> Option<&'static str> {
    test.evidence.map(|evidence| match evidence {
        Evidence::McNemar { .. } => "McNemar, exact",
        Evidence::Wilcoxon { .. } => "Wilcoxon",
        Evidence::DeLong { .. } => "DeLong",
    })
}
